/*
 * lwIP, as Debian packages it, under the same driver: make bench-peers.
 *
 * lwIP has one instance per process; its two network interfaces are joined here, and each end of a
 * connection is bound to its own. Both ends are therefore in the same lists. Its port layer's clock
 * and locks are replaced: time is simulated, and there is one thread. Frames are copied once when
 * they are sent, because TCP keeps what it has sent; the copy is the wire's and not counted. What is
 * received is lent to lwIP in buffers of 2 KiB, without an allocation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/pbuf.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <lwip/udp.h>
#include <netif/ethernet.h>

#include "tests/bench/bench.h"

#define QUEUE 1024u
#define BATCH 32u
#define WINDOW (64u * 1024u)
#define MESSAGE 64u
#define PORT 80u
#define IDLE_PORT 1000u
#define PER_PORT 10000u
#define CROWD 32u

/* A frame on the wire, with what lwIP wants to hold it by. First, so that one is the other. */
struct frame {
	struct pbuf_custom pbuf;
	struct frame *next_free;
	u16_t len;
	uint8_t bytes[2048];
};

/* One end's interface, and what was sent to it. */
struct side {
	struct netif netif;
	ip_addr_t addr;
	struct frame *queue[QUEUE];
	uint32_t head, tail;
};

/* One end of a connection: what it has received and not told. */
struct end {
	struct tcp_pcb *pcb;
	uint32_t received;
	bool closed;
};

struct world {
	struct world_options options;
	struct side side[2];
	struct tcp_pcb *listener;
	struct end *accepted; /* where the next accepted connection goes */
	struct end (*idle)[2];
	uint32_t next;
	uint64_t now;
};

static struct world the_world;
static struct frame *free_frames;
static uint8_t scratch[WINDOW];
static uint8_t payload[WINDOW];

/* ---- The port layer: one thread, a clock that stands still, memcpy seen by the driver. */

u32_t sys_now(void)
{
	return (u32_t)(the_world.now / 1000000);
}

sys_prot_t sys_arch_protect(void)
{
	return 0;
}

void sys_arch_unprotect(sys_prot_t p)
{
	(void)p;
}

void sys_check_core_locking(void)
{
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	return bench_copy(dst, src, n, memmove);
}

/* ---- The wire. */

static void frame_free(struct pbuf *p)
{
	struct frame *f = (struct frame *)(void *)p;

	f->next_free = free_frames;
	free_frames = f;
}

static struct side *side_of(struct netif *netif)
{
	return netif->state;
}

static err_t wire_send(struct netif *netif, struct pbuf *p)
{
	struct side *to = &the_world.side[side_of(netif) == &the_world.side[0]];
	struct frame *f = free_frames;
	bool counting = bench_counting;

	if (to->tail - to->head == QUEUE || !f)
		return ERR_MEM;
	free_frames = f->next_free;
	f->len = p->tot_len;
	if (counting)
		CALLGRIND_TOGGLE_COLLECT;
	bench_counting = false;
	pbuf_copy_partial(p, f->bytes, p->tot_len, 0);
	bench_counting = counting;
	if (counting)
		CALLGRIND_TOGGLE_COLLECT;
	to->queue[to->tail++ % QUEUE] = f;
	return ERR_OK;
}

static err_t wire_init(struct netif *netif)
{
	netif->name[0] = 'b';
	netif->name[1] = 'n';
	netif->output = etharp_output;
	netif->linkoutput = wire_send;
	netif->mtu = 1500;
	netif->hwaddr_len = 6;
	netif->flags =
		NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
	return ERR_OK;
}

/* What waits for a side, in batches of 32, and then its timers. */
static void take_in(struct world *w, int side)
{
	struct side *s = &w->side[side];
	struct frame *batch[BATCH];
	uint32_t n;

	bench_on();
	while ((n = LWIP_MIN(s->tail - s->head, BATCH)) > 0) {
		for (uint32_t i = 0; i < n; i++)
			batch[i] = s->queue[s->head++ % QUEUE];
		for (uint32_t i = 0; i < n; i++) {
			struct frame *f = batch[i];
			struct pbuf *p;

			f->pbuf.custom_free_function = frame_free;
			p = pbuf_alloced_custom(PBUF_RAW, f->len, PBUF_REF, &f->pbuf, f->bytes,
						sizeof(f->bytes));
			if (s->netif.input(p, &s->netif) != ERR_OK)
				pbuf_free(p);
		}
	}
	sys_check_timeouts();
	bench_off();
}

static void settle(struct world *w)
{
	for (int i = 0; i < 8; i++) {
		take_in(w, 1);
		take_in(w, 0);
		w->now += w->options.round_ns;
	}
}

/* ---- Connections. */

/* As a program reads: into its own memory, then the window opens. */
static err_t on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct end *e = arg;

	(void)err;
	if (!p) {
		e->closed = true;
		return ERR_OK;
	}
	pbuf_copy_partial(p, scratch, p->tot_len, 0);
	e->received += p->tot_len;
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	return ERR_OK;
}

static void on_error(void *arg, err_t err)
{
	struct end *e = arg;

	(void)err;
	e->pcb = NULL;
}

static void adopt(struct end *e, struct tcp_pcb *pcb)
{
	*e = (struct end){ .pcb = pcb };
	tcp_arg(pcb, e);
	tcp_recv(pcb, on_receive);
	tcp_err(pcb, on_error);
	tcp_nagle_disable(pcb);
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct world *w = arg;

	(void)err;
	adopt(w->accepted++, pcb);
	return ERR_OK;
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
	(void)arg;
	(void)pcb;
	return err;
}

static void listen_on(struct world *w, uint16_t port)
{
	struct tcp_pcb *pcb = tcp_new();

	if (w->listener)
		tcp_close(w->listener);
	tcp_bind(pcb, &w->side[1].addr, port);
	tcp_bind_netif(pcb, &w->side[1].netif);
	w->listener = tcp_listen(pcb);
	bench_check(w->listener != NULL, "lwip: listen");
	tcp_arg(w->listener, w);
	tcp_accept(w->listener, on_accept);
}

static void start_connecting(struct world *w, struct end end[2], uint16_t port)
{
	struct tcp_pcb *pcb = tcp_new();

	w->accepted = &end[1];
	end[1] = (struct end){ 0 };
	bench_check(pcb != NULL, "lwip: memory");
	adopt(&end[0], pcb);
	tcp_bind_netif(pcb, &w->side[0].netif);
	bench_check(tcp_connect(pcb, &w->side[1].addr, port, on_connected) == ERR_OK,
		    "lwip: connect");
}

static void open_pair(struct world *w, struct end end[2], uint16_t port)
{
	start_connecting(w, end, port);
	for (int i = 0; i < 4; i++) {
		take_in(w, 1);
		take_in(w, 0);
	}
	bench_check(end[0].pcb && end[1].pcb, "lwip: no connection");
}

static void abort_pair(struct end end[2])
{
	for (int i = 0; i < 2; i++)
		if (end[i].pcb)
			tcp_abort(end[i].pcb);
}

/* ---- The world. */

static void side_init(struct world *w, int i)
{
	struct side *s = &w->side[i];
	ip4_addr_t addr, mask, none;

	IP4_ADDR(&addr, 10, 0, 0, i + 1);
	IP4_ADDR(&mask, 255, 255, 255, 0);
	IP4_ADDR(&none, 0, 0, 0, 0);
	IP_ADDR4(&s->addr, 10, 0, 0, i + 1);
	bench_check(netif_add(&s->netif, &addr, &mask, &none, s, wire_init, ethernet_input) != NULL,
		    "lwip: netif");
	memcpy(s->netif.hwaddr, "\2\0\0\0\0", 5);
	s->netif.hwaddr[5] = (u8_t)(i + 1);
	netif_set_up(&s->netif);
}

struct world *world_new(const struct world_options *o)
{
	static struct frame frames[4 * QUEUE];
	struct world *w = &the_world;
	struct end end[2];

	w->options = *o;
	if (w->options.round_ns == 0)
		w->options.round_ns = 20000;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		frame_free(&frames[i].pbuf.pbuf);
	lwip_init();
	side_init(w, 0);
	side_init(w, 1);
	settle(w);
	listen_on(w, PORT);
	open_pair(w, end, PORT);
	abort_pair(end);
	settle(w);
	w->idle = calloc(o->idle + 1, sizeof(*w->idle));
	bench_check(w->idle != NULL, "memory");
	for (uint32_t i = 0; i < o->idle; i++) {
		if (i % PER_PORT == 0)
			listen_on(w, (uint16_t)(IDLE_PORT + i / PER_PORT));
		open_pair(w, w->idle[i], (uint16_t)(IDLE_PORT + i / PER_PORT));
	}
	if (o->idle)
		listen_on(w, PORT);
	settle(w);
	return w;
}

/* A process runs one row: lwIP cannot be started twice. */
void world_delete(struct world *w)
{
	free(w->idle);
}

/* ---- The rows. */

static void send_message(struct end *e, uint32_t n)
{
	bench_check(tcp_write(e->pcb, payload, (u16_t)n, TCP_WRITE_FLAG_COPY) == ERR_OK,
		    "lwip: write");
	tcp_output(e->pcb);
}

static void bulk_round(struct world *w, struct end end[2])
{
	bench_on();
	for (;;) {
		u16_t n = (u16_t)LWIP_MIN(tcp_sndbuf(end[0].pcb), 0x4000);

		if (n == 0 || tcp_write(end[0].pcb, payload, n, TCP_WRITE_FLAG_COPY) != ERR_OK)
			break;
	}
	tcp_output(end[0].pcb);
	bench_off();
	take_in(w, 1);
	take_in(w, 0);
	w->now += w->options.round_ns;
}

static double run_bulk(struct world *w, uint32_t ops)
{
	struct end end[2];

	open_pair(w, end, PORT);
	for (int i = 0; i < 200; i++)
		bulk_round(w, end);
	end[1].received = 0;
	bench_start();
	for (uint32_t i = 0; i < ops; i++)
		bulk_round(w, end);
	bench_stop();
	bench_check(end[1].received > ops * 1460, "lwip: bulk moved no data");
	abort_pair(end);
	settle(w);
	return (double)end[1].received / 1460;
}

static void request_response(struct world *w, struct end end[2])
{
	for (int i = 0; i < 2; i++) {
		end[!i].received = 0;
		bench_on();
		send_message(&end[i], MESSAGE);
		bench_off();
		take_in(w, !i);
		bench_check(end[!i].received == MESSAGE, "lwip: rr lost its message");
	}
	w->now += w->options.round_ns;
}

static double run_rr(struct world *w, uint32_t ops)
{
	struct end end[2];

	open_pair(w, end, PORT);
	for (int i = 0; i < 16; i++)
		request_response(w, end);
	bench_start();
	for (uint32_t i = 0; i < ops; i++)
		request_response(w, end);
	bench_stop();
	abort_pair(end);
	settle(w);
	return ops;
}

static double run_rrn(struct world *w, uint32_t ops)
{
	for (uint32_t i = 0; i < w->options.idle && i < 16; i++)
		request_response(w, w->idle[i]);
	bench_start();
	for (uint32_t i = 0; i < ops; i++) {
		request_response(w, w->idle[w->next]);
		w->next = (w->next + 1) % w->options.idle;
	}
	bench_stop();
	return ops;
}

static void connect_request_close(struct world *w)
{
	struct end end[2];

	bench_on();
	start_connecting(w, end, PORT);
	bench_off();
	take_in(w, 1);
	take_in(w, 0);
	bench_on();
	send_message(&end[0], MESSAGE);
	bench_off();
	take_in(w, 1);
	bench_check(end[1].pcb && end[1].received == MESSAGE, "lwip: crr lost its request");
	bench_on();
	send_message(&end[1], MESSAGE);
	tcp_close(end[1].pcb);
	bench_off();
	take_in(w, 0);
	bench_check(end[0].received == MESSAGE, "lwip: crr lost its answer");
	bench_on();
	tcp_close(end[0].pcb);
	bench_off();
	take_in(w, 1);
	take_in(w, 0);
	w->now += 10000000;
}

static double run_crr(struct world *w, uint32_t ops)
{
	for (int i = 0; i < 16; i++)
		connect_request_close(w);
	bench_start();
	for (uint32_t i = 0; i < ops; i++)
		connect_request_close(w);
	bench_stop();
	return ops;
}

/* ---- Crowds: what is above, of CROWD at once. */

/* The server's ends are in the order in which they were accepted. */
struct crowd {
	struct end client[CROWD], server[CROWD];
};

static void crowd_connect(struct world *w, struct crowd *c)
{
	for (uint32_t i = 0; i < CROWD; i++) {
		struct end pair[2];

		bench_on();
		start_connecting(w, pair, PORT);
		adopt(&c->client[i], pair[0].pcb);
		bench_off();
	}
	w->accepted = c->server;
	take_in(w, 1);
	take_in(w, 0);
}

static void crowd_say(struct end ends[CROWD], bool last)
{
	bench_on();
	for (uint32_t i = 0; i < CROWD; i++) {
		send_message(&ends[i], MESSAGE);
		if (last)
			tcp_close(ends[i].pcb);
	}
	bench_off();
}

static void crowd_hear(struct world *w, int side, struct end ends[CROWD])
{
	take_in(w, side);
	for (uint32_t i = 0; i < CROWD; i++) {
		bench_check(ends[i].received == MESSAGE, "lwip: a message of the crowd is lost");
		ends[i].received = 0;
	}
}

static void crowd_exchange(struct world *w, struct crowd *c, bool last)
{
	crowd_say(c->client, false);
	crowd_hear(w, 1, c->server);
	crowd_say(c->server, last);
	crowd_hear(w, 0, c->client);
}

static double run_rr_crowd(struct world *w, uint32_t ops)
{
	static struct crowd c;

	crowd_connect(w, &c);
	settle(w);
	for (uint32_t i = 0; i < 16 + ops; i++) {
		if (i == 16)
			bench_start();
		crowd_exchange(w, &c, false);
		w->now += (uint64_t)w->options.round_ns * CROWD;
	}
	bench_stop();
	for (uint32_t i = 0; i < CROWD; i++) {
		tcp_abort(c.client[i].pcb);
		tcp_abort(c.server[i].pcb);
	}
	settle(w);
	return (double)ops * CROWD;
}

static double run_crr_crowd(struct world *w, uint32_t ops)
{
	static struct crowd c;

	for (uint32_t i = 0; i < 4 + ops; i++) {
		if (i == 4)
			bench_start();
		crowd_connect(w, &c);
		crowd_exchange(w, &c, true);
		bench_on();
		for (uint32_t k = 0; k < CROWD; k++)
			tcp_close(c.client[k].pcb);
		bench_off();
		take_in(w, 1);
		take_in(w, 0);
		w->now += 10000000;
	}
	bench_stop();
	return (double)ops * CROWD;
}

/* ---- Datagrams. */

static uint32_t datagrams;

static void on_datagram(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *addr,
			u16_t port)
{
	(void)arg;
	(void)pcb;
	(void)addr;
	(void)port;
	pbuf_copy_partial(p, scratch, p->tot_len, 0);
	pbuf_free(p);
	datagrams++;
}

static struct udp_pcb *endpoint(struct world *w, int side, uint16_t port, uint16_t remote_port)
{
	struct udp_pcb *u = udp_new();

	bench_check(u && udp_bind(u, &w->side[side].addr, port) == ERR_OK, "lwip: udp bind");
	udp_bind_netif(u, &w->side[side].netif);
	bench_check(udp_connect(u, &w->side[!side].addr, remote_port) == ERR_OK,
		    "lwip: udp connect");
	return u;
}

/* The payload goes into a pbuf of lwIP's, as a program's must. */
static void udp_round(struct world *w, struct udp_pcb *from, uint16_t bytes)
{
	bench_on();
	for (uint32_t k = 0; k < BATCH; k++) {
		struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, bytes, PBUF_RAM);

		bench_check(p != NULL, "lwip: memory");
		pbuf_take(p, payload, bytes);
		udp_send(from, p);
		pbuf_free(p);
	}
	bench_off();
	take_in(w, 1);
	w->now += w->options.round_ns;
}

static double run_udp(struct world *w, uint32_t ops, uint16_t bytes)
{
	struct udp_pcb *a = endpoint(w, 0, 5000, 6000);
	struct udp_pcb *b = endpoint(w, 1, 6000, 5000);

	udp_recv(b, on_datagram, NULL);
	for (int i = 0; i < 4; i++)
		udp_round(w, a, bytes);
	datagrams = 0;
	bench_start();
	for (uint32_t i = 0; i < ops; i++)
		udp_round(w, a, bytes);
	bench_stop();
	bench_check(datagrams == ops * BATCH, "lwip: udp lost datagrams");
	udp_remove(a);
	udp_remove(b);
	return datagrams;
}

static double run_udp64(struct world *w, uint32_t ops)
{
	return run_udp(w, ops, 64);
}

static double run_udp1472(struct world *w, uint32_t ops)
{
	return run_udp(w, ops, 1472);
}

const struct row bench_rows[] = {
	{ "bulk", { 0 }, run_bulk, 40, 4000, floor_bulk },
	{ "rr", { 0 }, run_rr, 500, 70000, floor_rr },
	{ "crr", { 0 }, run_crr, 300, 2100, NULL },
	{ "rr.crowd", { 0 }, run_rr_crowd, 20, 2000, floor_rr },
	{ "crr.crowd", { 0 }, run_crr_crowd, 12, 60, NULL },
	{ "udp64", { 0 }, run_udp64, 50, 10000, floor_udp64 },
	{ "udp1472", { 0 }, run_udp1472, 50, 5000, floor_udp1472 },
	{ "rrn@1", { .idle = 1 }, run_rrn, 2000, 70000, floor_rr },
	{ "rrn@100", { .idle = 100 }, run_rrn, 2000, 70000, floor_rr },
	{ "rrn@1000", { .idle = 1000 }, run_rrn, 2000, 14000, floor_rr },
	{ "rrn@10000", { .idle = 10000 }, run_rrn, 0, 3500, floor_rr },
};
const size_t bench_nrows = sizeof(bench_rows) / sizeof(bench_rows[0]);

bool bench_other(const char *mode, char **names, int n)
{
	(void)mode;
	(void)names;
	(void)n;
	return false;
}
