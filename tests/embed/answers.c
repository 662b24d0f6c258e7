/*
 * Embedding: what a host answers by itself, and asks. Frames come and go by a device that is this program: a
 * question of ARP, an echo, the same question in two pieces; then neighbours that are asked for, answer, move
 * and are no more. It also runs on the library that is built without what is not named here (<holm/build.h>):
 * that one takes no pieces, and has no neighbour cache.
 */
#include <holm/build.h>
#include <holm/ip.h>
#include <holm/net.h>
#include <holm/stats.h>
#include <holm/tcp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"

#define FRAMES 64u
#define ECHO_DATA 1000u
#define SECOND 1000000000ull

/* From 10.0.0.2 at 02::2 to 10.0.0.1 at 02::1. */
static const uint8_t question[42] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,	0, 0, 0, 0, 2, 0x08, 0x06, /* ethernet, ARP */
	0,    1,    8,	  0,	6,    4,    0,	1,			   /* a request */
	2,    0,    0,	  0,	0,    2,    10, 0, 0, 2,		   /* by whom */
	0,    0,    0,	  0,	0,    0,    10, 0, 0, 1,		   /* for whom */
};
static const uint8_t echo_headers[42] = {
	2,    0, 0,  0, 0, 1, 2, 0, 0,	0, 0, 2, 0x08, 0x00, /* ethernet, IPv4 */
	0x45, 0, 0,  0, 0, 1, 0, 0, 64, 1, 0, 0, 10,   0,
	0,    2, 10, 0, 0, 1,	    /* sums and length below */
	8,    0, 0,  0, 0, 7, 0, 1, /* an echo request */
};

static struct holm_net *net;
static uint8_t sent[2048]; /* the last frame that left */
static size_t nsent;	   /* how many did */
static size_t nasked;	   /* how many of them were questions of ARP */
static struct env env;
static uint64_t now = SECOND;

static size_t tx(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	(void)dev;
	for (size_t i = 0; i < n; i++) {
		memset(sent, 0, sizeof(sent));
		holm_frame_read(frames[i], 0, sent, frames[i]->len);
		nsent++;
		nasked += sent[12] == 0x08 && sent[13] == 0x06 && sent[21] == 1;
	}
	holm_frame_free_batch(frames, n);
	return n;
}

static const struct holm_dev_ops ops = { .tx = tx };
static struct holm_dev dev = { .ops = &ops,
			       .name = "net0",
			       .link_up = true,
			       .mac = { { 2, 0, 0, 0, 0, 1 } },
			       .caps = { .mtu = 1500, .segs_max = 1 } };

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "not so: %s\n", what);
	exit(1);
}

static void release(struct holm_buf *buf)
{
	(void)buf;
}

/*
 * A frame comes in, its bytes behind the first `piece` in a buffer of their own; true: something
 * was answered.
 */
static bool input(const uint8_t *bytes, size_t len, size_t piece)
{
	static const struct holm_buf_owner owner = { .release = release };
	static struct holm_buf buf;
	static uint8_t rest[64];
	struct holm_frame *f = holm_frame_alloc(holm_net_pool(net), HOLM_FRAME_HEADROOM, true);

	must(f != NULL, "there are frames");
	nsent = 0;
	nasked = 0;
	memcpy(holm_frame_put(f, piece), bytes, piece);
	if (piece < len) {
		buf = (struct holm_buf){ .owner = &owner, .refs = 1, .bytes = sizeof(rest) };
		memcpy(rest, bytes + piece, len - piece);
		must(holm_frame_append(f, &buf, rest, len - piece), "a frame has two pieces");
	}
	holm_net_input(net, &dev, &f, 1, now);
	while (holm_net_poll(net, now, 64))
		continue;
	must(piece == len || buf.refs == 1, "what came in pieces was given back");
	return nsent == 1;
}

/* RFC 1071, finished; `p` lies as it may. */
static unsigned sum_of(const uint8_t *p, size_t len)
{
	unsigned long sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += (unsigned long)p[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (unsigned)~sum & 0xffff;
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Its question is answered by the address that is ours. */
static void arp(size_t piece)
{
	must(input(question, sizeof(question), piece), "who is asked by ARP answers");
	must(sent[21] == 2 && memcmp(sent + 22, dev.mac.b, 6) == 0 &&
		     memcmp(sent + 28, question + 38, 4) == 0,
	     "the answer says where we are");
}

/* The bytes come back, with sums that hold. */
static void echo(void)
{
	static uint8_t request[sizeof(echo_headers) + ECHO_DATA];

	memcpy(request, echo_headers, sizeof(echo_headers));
	for (size_t i = sizeof(echo_headers); i < sizeof(request); i++)
		request[i] = (uint8_t)(i * 7);
	put16(request + 16, sizeof(request) - 14);
	put16(request + 24, sum_of(request + 14, 20));
	put16(request + 36, sum_of(request + 34, sizeof(request) - 34));
	must(input(request, sizeof(request), sizeof(request)), "an echo is answered");
	must(memcmp(sent, request + 6, 6) == 0 && sent[34] == 0 &&
		     memcmp(sent + 38, request + 38, sizeof(request) - 38) == 0,
	     "with the same bytes");
	must(sum_of(sent + 14, 20) == 0 && sum_of(sent + 34, sizeof(request) - 34) == 0,
	     "whose sums hold");
}

/* What was not taken, where that is counted. */
static uint64_t dropped(void)
{
	return HOLM_WITH_COUNTERS ? holm_net_drops(net, HOLM_DROP_ETH_SHORT) : 0;
}

/* By a library that takes none, pieces are dropped, and counted. */
static void pieces(void)
{
	uint64_t before = dropped();

	if (HOLM_WITH_PIECES) {
		arp(10);
		arp(20);
		return;
	}
	must(!input(question, sizeof(question), 10) && !input(question, sizeof(question), 20),
	     "pieces are not answered");
	must(dropped() == before + (HOLM_WITH_COUNTERS ? 2 : 0), "they are counted");
}

/* ---- What it asks. */

/* So long, with all that is due in between. */
static void wait_s(unsigned seconds)
{
	uint64_t until = now + seconds * SECOND;

	while (now < until) {
		now += SECOND / 10;
		while (holm_net_poll(net, now, 64))
			continue;
	}
}

/* A connection to 10.0.0.`host`, which nobody accepts; what leaves at once is counted. */
static struct holm_tcp *call(uint8_t host)
{
	struct holm_endpoint at = { .addr = holm_addr_ip4(10, 0, 0, host), .port = 7 };
	struct holm_tcp *conn;

	nsent = 0;
	nasked = 0;
	must(holm_tcp_open(net, &conn) == 0 && holm_tcp_connect(conn, &at) == 0, "a connection");
	while (holm_net_poll(net, now, 64))
		continue;
	return conn;
}

/* ARP of 10.0.0.`host` at 02::`mac`: an answer to us, or what it tells everybody of itself. */
static void say(uint8_t host, uint8_t mac, bool to_us)
{
	uint8_t said[sizeof(question)];

	memcpy(said, question, sizeof(said));
	if (to_us) {
		memcpy(said, dev.mac.b, 6);
		memcpy(said + 32, dev.mac.b, 6);
	} else {
		said[41] = host;
	}
	said[11] = mac;
	said[21] = to_us ? 2 : 1;
	said[27] = mac;
	said[31] = host;
	input(said, sizeof(said), sizeof(said));
}

/* Did something for a neighbour leave last, to 02::`mac`? */
static bool left_for(uint8_t mac)
{
	return nsent > nasked && sent[12] == 0x08 && sent[13] == 0x00 && sent[5] == mac;
}

/* RFC 1122 section 2.3.2.1 and .2: a question a second, the latest that there is to send waits. */
static void asks_and_waits(void)
{
	struct holm_tcp *conn = call(9);

	must(nsent == 1 && nasked == 1 && sent[41] == 9, "who is not known is asked for");
	holm_tcp_abort(call(9));
	must(nsent == 0, "not again at once, whoever wants to know");
	wait_s(2);
	must(nasked >= 1 && nasked <= 2 && nsent == nasked, "again, once a second at most");
	say(9, 9, true);
	must(left_for(9), "what waits goes to who answers");
	holm_tcp_abort(conn);
	conn = call(9);
	must(nasked == 0 && left_for(9), "then he is known");
	say(9, 8, false);
	holm_tcp_abort(conn);
	conn = call(9);
	must(nasked == 0 && left_for(8), "and followed where he moves");
	holm_tcp_abort(conn);
}

/* What is known gets old: it is asked for again, meanwhile used, and forgotten where nobody answers. */
static void forgets(void)
{
	struct holm_tcp *conn = call(10);

	say(10, 10, true);
	holm_tcp_abort(conn);
	wait_s(100);
	conn = call(10);
	must(left_for(10), "who was known long ago is still sent to");
	holm_tcp_abort(conn);
	for (unsigned i = 0; i < 10; i++) {
		wait_s(6);
		holm_tcp_abort(call(10));
	}
	must(nsent == nasked, "not for ever, if he does not answer");
	wait_s(6);
	conn = call(10);
	must(nasked == 1 && nsent == 1, "he is asked for again");
	say(10, 11, true);
	must(left_for(11), "and is back");
	holm_tcp_abort(conn);
}

/* Strangers who do not answer do not get all frames, nor all memory, nor the place of who does. */
static void many_strangers(void)
{
	struct holm_pool_stats stats;
	struct holm_tcp *conns[100];
	size_t before = env.nblocks;

	for (unsigned i = 0; i < 100; i++)
		conns[i] = call((uint8_t)(100 + i));
	arp(sizeof(question));
	holm_pool_get_stats(holm_net_pool(net), &stats);
	must(stats.free >= FRAMES / 2, "frames are left");
	for (unsigned i = 0; i < 100; i++)
		holm_tcp_abort(conns[i]);
	for (unsigned i = 0; i < 100; i++)
		holm_tcp_abort(call((uint8_t)(100 + i % 4)));
	wait_s(10);
	conns[0] = call(20);
	say(20, 20, true);
	must(left_for(20), "there is room for the frame of who answers");
	holm_tcp_abort(conns[0]);
	must(env.nblocks <= before + 40, "what is known of them is not kept for ever");
	for (unsigned i = 0; i < 100; i++)
		say((uint8_t)(100 + i), 100, false);
}

int main(void)
{
	static const struct holm_proto *const protos[] = { &holm_arp, &holm_ipv4, &holm_icmp4,
							   &holm_tcp, NULL };
	struct holm_env callbacks = env_of(&env);
	void *frames = aligned_alloc(HOLM_FRAME_BYTES, FRAMES * HOLM_FRAME_BYTES);
	struct holm_addr addr = holm_addr_ip4(10, 0, 0, 1);
	struct holm_config config;

	holm_config_default(&config);
	must(holm_net_create(&net, &config, &callbacks, protos) == 0, "an instance");
	holm_pool_add(holm_net_pool(net), frames, FRAMES * HOLM_FRAME_BYTES);
	must(holm_net_add_dev(net, &dev) >= 0, "a device");
	must(holm_addr_add(net, &dev, &addr, 24) == 0, "an address");
	while (holm_net_poll(net, now, 64))
		continue; /* it is announced */
	arp(sizeof(question));
	echo();
	pieces();
	asks_and_waits();
	forgets();
	many_strangers();
	if (HOLM_WITH_END)
		holm_net_destroy(net);
	free(frames);
	return 0;
}
