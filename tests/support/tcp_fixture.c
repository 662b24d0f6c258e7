/*
 * One TCP connection, the test being its peer: see tcp_fixture.h.
 */
#include "tests/support/tcp_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/checksum.h"
#include "net/wire/eth.h"
#include "net/wire/ip4.h"

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &holm_tcp,  HOLM_TCP_PARTS,
						   NULL };

static uint8_t *pattern_table(void)
{
	static uint8_t table[HOLM_PATTERN_TABLE_BYTES];

	if (table[1] == 0)
		holm_pattern_fill(table);
	return table;
}

static void snd_released(struct holm_pattern_sndbuf *b)
{
	struct tcp_fixture *t = container_of(b, struct tcp_fixture, snd);

	t->snd_released++;
}

static void rcv_released(struct holm_pattern_rcvbuf *b)
{
	struct tcp_fixture *t = container_of(b, struct tcp_fixture, rcv);

	t->rcv_released++;
}

static void choose_controller(struct holm_tcp *t, const struct tcp_options *o)
{
	const char *name = o->cc ? o->cc : "reno";

	assert_int_equal(holm_tcp_set_congestion(t, name, strlen(name)), 0);
}

void fixture_init(struct tcp_fixture *t, const struct tcp_options *o)
{
	struct lab_options lo = { .protos = o->protos ? o->protos : protos,
				  .config = o->config,
				  .features = o->features,
				  .segs_max = o->segs_max,
				  .mtu = o->mtu };
	struct holm_endpoint local = { .addr = lab_addr(1), .port = FIX_PORT };

	memset(t, 0, sizeof(*t));
	t->o = *o;
	if (!t->o.peer_wnd)
		t->o.peer_wnd = 65535;
	if (!t->o.peer_mss)
		t->o.peer_mss = 1000;
	t->peer_iss = o->peer_iss;
	t->tsval = 1000;
	lab_init(&t->lab, &lo);
	lab_introduce(&t->lab, 2);
	/* Announcements are over before the test begins. */
	lab_run(&t->lab, 3 * LAB_S);
	assert_int_equal(holm_tcp_open(t->lab.net, &t->listener), 0);
	assert_int_equal(holm_tcp_bind(t->listener, &local, HOLM_TCP_REUSEADDR), 0);
	assert_int_equal(holm_tcp_listen(t->listener, 8), 0);
	choose_controller(t->listener, o);
	holm_tcp_set_option(t->listener, HOLM_TCP_OPT_NODELAY, o->nodelay);
	holm_tcp_set_option(t->listener, HOLM_TCP_OPT_TIMESTAMPS, !o->no_ts);
	fixture_skip(t);
}

void fixture_attach(struct tcp_fixture *t)
{
	holm_pattern_sndbuf_init(&t->snd, pattern_table(), t->o.sndbuf ? t->o.sndbuf : 262144,
				 snd_released);
	holm_pattern_rcvbuf_init(&t->rcv, pattern_table(), t->o.rcvbuf ? t->o.rcvbuf : 65535,
				 rcv_released);
	assert_int_equal(holm_tcp_attach(t->t, &t->snd.base, &t->rcv.base), 0);
}

void fixture_accept(struct tcp_fixture *t)
{
	assert_int_equal(holm_tcp_accept(t->listener, &t->t), 0);
	if (!t->o.no_attach)
		fixture_attach(t);
	/* A connection past its first segments: ACKs may be delayed. */
	if (t->o.slow_acks)
		t->t->quick = 0;
}

uint32_t fixture_halves(const struct tcp_fixture *t)
{
	return tcp_records_count(&t->lab.net->tcp->records, TCP_KIND_HALF);
}

struct tcp_half *fixture_half(const struct tcp_fixture *t, uint32_t i)
{
	return tcp_half_at(&t->lab.net->tcp->records, tcp_ref_of(TCP_KIND_HALF, i));
}

struct holm_tcp *fixture_opened(const struct tcp_fixture *t)
{
	const struct table *table = &t->lab.net->tcp->table;

	for (struct htab_node *n = table_walk(table, NULL); n; n = table_walk(table, n)) {
		struct holm_tcp *c = container_of(n, struct holm_tcp, ep.node);

		if (c->state == HOLM_TCP_SYN_RECEIVED)
			return c;
	}
	return NULL;
}

/* The record of the one SYN that came, or the connection: its ISS, another one if that is wanted. */
static uint32_t passive_iss(struct tcp_fixture *t, uint32_t wanted)
{
	struct holm_tcp *c = fixture_opened(t);

	if (!c) {
		assert_int_equal(fixture_halves(t), 1);
		if (wanted != FIX_ANY)
			fixture_half(t, 0)->iss = seq_of(wanted);
		return fixture_half(t, 0)->iss.v;
	}
	if (wanted != FIX_ANY) {
		c->snd_una = seq_of(wanted);
		c->flight->snd_nxt = seq_of(wanted + 1);
		c->flight->buf_seq = c->flight->snd_nxt;
		c->flight->timed = c->flight->snd_nxt;
	}
	return c->snd_una.v;
}

void fixture_passive(struct tcp_fixture *t, const struct tcp_options *o)
{
	fixture_init(t, o);
	t->peer_nxt = 0;
	if (o->iss != FIX_ANY)
		t->iss = o->iss;
	rx(t, .flags = TCP_SYN, .mss = t->o.peer_mss, .ts = o->peer_ts,
	   .sack_permitted = o->peer_sack, .has_wscale = o->peer_wscale, .wscale = o->wscale);
	t->iss = passive_iss(t, o->iss);
	fixture_skip(t);
	t->peer_nxt = 1;
	t->peer_seen = 1;
	rx(t, .ack = 1);
	fixture_accept(t);
	assert_int_equal(t->t->state, HOLM_TCP_ESTABLISHED);
	expect_silence(t);
}

void fixture_syn_sent(struct tcp_fixture *t, const struct tcp_options *o)
{
	struct holm_endpoint local = { .addr = lab_addr(1), .port = FIX_PORT };
	struct holm_endpoint remote = { .addr = lab_addr(2), .port = FIX_PEER_PORT };

	fixture_init(t, o);
	holm_tcp_close(t->listener);
	t->listener = NULL;
	assert_int_equal(holm_tcp_open(t->lab.net, &t->t), 0);
	assert_int_equal(holm_tcp_bind(t->t, &local, HOLM_TCP_REUSEADDR), 0);
	choose_controller(t->t, o);
	holm_tcp_set_option(t->t, HOLM_TCP_OPT_NODELAY, o->nodelay);
	holm_tcp_set_option(t->t, HOLM_TCP_OPT_TIMESTAMPS, !o->no_ts);
	fixture_attach(t);
	assert_int_equal(holm_tcp_connect(t->t, &remote), 0);
	if (o->iss != FIX_ANY) {
		t->t->snd_una = seq_of(o->iss);
		t->t->flight->snd_nxt = t->t->snd_una;
		t->t->flight->buf_seq = seq_of(o->iss + 1);
	}
	t->iss = t->t->snd_una.v;
	lab_poll(&t->lab);
	expect_tx(t, .flags = TCP_SYN, .seq = 0, .mss = 1460, .ts_any = true);
	t->peer_seen = 1;
}

void fixture_active(struct tcp_fixture *t, const struct tcp_options *o)
{
	fixture_syn_sent(t, o);
	rx(t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1, .mss = t->o.peer_mss,
	   .ts = o->peer_ts, .sack_permitted = o->peer_sack, .has_wscale = o->peer_wscale,
	   .wscale = o->wscale);
	t->peer_nxt = 1;
	expect_tx(t, .seq = 1, .ack = 1, .ts_any = true);
	expect_silence(t);
	if (o->slow_acks)
		t->t->quick = 0;
	assert_int_equal(t->t->state, HOLM_TCP_ESTABLISHED);
}

/* ---- In ------------------------------------------------------------------------------------------ */

static void put_header(const struct tcp_fixture *t, const struct probe *p, struct tcp_hdr_info *h)
{
	memset(h, 0, sizeof(*h));
	h->sport = p->sport;
	h->dport = p->dport;
	h->seq = p->absolute ? p->seq : t->peer_iss + p->seq;
	h->ack = p->flags & TCP_ACK ? (p->absolute ? p->ack : t->iss + p->ack) : 0;
	h->wnd = (uint16_t)p->wnd;
	h->flags = p->flags;
	h->has_mss = p->mss != 0;
	h->mss = p->mss;
	h->has_ts = p->ts || (t->t && (t->t->flags & TCP_TS) && !p->no_ts);
	h->tsval = p->tsval;
	h->tsecr = p->tsecr;
	h->sack_permitted = p->sack_permitted;
	h->has_wscale = p->has_wscale;
	h->wscale = p->wscale;
	h->nsack = p->nsack;
	for (unsigned i = 0; i < p->nsack; i++) {
		h->sack[i].left = t->iss + p->sack[i].left;
		h->sack[i].right = t->iss + p->sack[i].right;
	}
}

void fixture_rx(struct tcp_fixture *t, const struct probe *p)
{
	static uint8_t segment[65536], frame[65536];
	uint32_t src = p->src ? p->src : LAB_IP(2);
	struct tcp_hdr_info h;
	size_t hdr_len, len;
	uint32_t sum;

	put_header(t, p, &h);
	hdr_len = tcp_build(segment, &h);
	if (p->fast)
		hdr_len = tcp_option_append(segment, hdr_len, TCP_OPT_FASTOPEN, p->fast_cookie,
					    p->fast_len);
	for (uint32_t i = 0; i < p->len; i++)
		segment[hdr_len + i] =
			holm_pattern_byte(p->seq + ((p->flags & TCP_SYN) != 0) + i - 1);
	sum = ip4_pseudo_sum(src, LAB_IP(1), IP4_PROTO_TCP, (uint32_t)(hdr_len + p->len));
	sum = checksum_partial(segment, hdr_len + p->len, sum);
	store_be16(segment + TCP_CSUM_OFFSET, checksum_finish(sum));
	if (p->bad_sum)
		segment[hdr_len + p->len - 1] ^= 1;
	len = lab_ip4(frame, src, LAB_IP(1), IP4_PROTO_TCP, segment, hdr_len + p->len);
	lab_inject(&t->lab, frame, len);
	if (!p->quiet)
		lab_poll(&t->lab);
}

/* ---- Out ----------------------------------------------------------------------------------------- */

static bool is_tcp(const struct lab_sent *s)
{
	return load_be16(s->data + 12) == ETH_TYPE_IP4 && s->data[23] == IP4_PROTO_TCP;
}

/* The next TCP frame that was not looked at, or NULL. */
static const struct lab_sent *next_sent(struct tcp_fixture *t)
{
	while (t->cursor < t->lab.nsent) {
		const struct lab_sent *s = &t->lab.sent[t->cursor++];

		if (is_tcp(s))
			return s;
	}
	return NULL;
}

static void check_checksum(const struct tcp_fixture *t, const uint8_t *tcp, uint32_t l4_len,
			   uint32_t dst)
{
	uint32_t sum = ip4_pseudo_sum(LAB_IP(1), dst, IP4_PROTO_TCP, l4_len);

	if (t->lab.dev.caps.features & (HOLM_DEV_TX_CSUM | HOLM_DEV_NO_CSUM))
		return;
	assert_int_equal(checksum_finish(checksum_partial(tcp, l4_len, sum)), 0);
}

static bool same(uint32_t expected, uint32_t got, const char *what, const char *file, int line)
{
	if (expected == got)
		return true;
	fprintf(stderr, "%s:%d: %s is %u, expected %u\n", file, line, what, got, expected);
	return false;
}

static bool check_numbers(const struct tcp_fixture *t, const struct tcp_hdr_info *h,
			  const struct probe *p, uint32_t len, const char *file, int line)
{
	uint32_t base = p->absolute ? 0 : t->iss;
	uint32_t peer_base = p->absolute ? 0 : t->peer_iss;
	bool ok = same(p->flags, h->flags & ~(unsigned)TCP_PSH, "flags", file, line);

	ok &= same(p->seq, h->seq - base, "seq", file, line);
	if (p->ack != FIX_ANY)
		ok &= same(p->ack, h->ack - peer_base, "ack", file, line);
	ok &= same(p->len, len, "length", file, line);
	if (p->wnd != FIX_ANY)
		ok &= same(p->wnd, h->wnd, "window", file, line);
	ok &= same(p->dport, h->dport, "destination port", file, line);
	if (p->mss)
		ok &= same(p->mss, h->has_mss ? h->mss : 0, "mss", file, line);
	ok &= same(p->nsack, h->nsack, "SACK blocks", file, line);
	for (unsigned i = 0; i < p->nsack && i < h->nsack; i++) {
		ok &= same(p->sack[i].left, h->sack[i].left - t->peer_iss, "left", file, line);
		ok &= same(p->sack[i].right, h->sack[i].right - t->peer_iss, "right", file, line);
	}
	if (p->ts)
		ok &= same(p->tsecr, h->tsecr, "tsecr", file, line);
	return ok;
}

static void check_payload(const struct tcp_fixture *t, const struct tcp_hdr_info *h,
			  const uint8_t *payload, uint32_t len)
{
	uint32_t at = h->seq - t->iss - 1;

	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(payload[i], holm_pattern_byte(at + i));
}

void fixture_expect(struct tcp_fixture *t, const char *file, int line, const struct probe *p)
{
	const struct lab_sent *s = next_sent(t);
	struct tcp_hdr_info h;
	enum holm_drop why;
	const uint8_t *ip, *tcp;
	uint32_t l4_len, len, end;

	if (!s)
		fail_msg("%s:%d: nothing was sent", file, line);
	ip = s->data + ETH_HDR_BYTES;
	tcp = ip + IP4_HDR_BYTES;
	l4_len = load_be16(ip + 2) - (uint32_t)IP4_HDR_BYTES;
	assert_true(tcp_parse(tcp, l4_len, &h, &why));
	len = l4_len - h.hdr_len;
	check_checksum(t, tcp, l4_len, load_be32(ip + 16));
	if (!check_numbers(t, &h, p, len, file, line))
		fail_msg("%s:%d: not the segment that was expected", file, line);
	if (!(h.flags & TCP_RST) && !p->absolute)
		check_payload(t, &h, tcp + h.hdr_len, len);
	end = h.seq - t->iss + len + ((h.flags & (TCP_SYN | TCP_FIN)) != 0);
	if (!(h.flags & TCP_RST) && (int32_t)(end - t->peer_seen) > 0 && !p->absolute)
		t->peer_seen = end;
	if (h.has_ts)
		t->our_ts = h.tsval;
}

void fixture_silence(struct tcp_fixture *t, const char *file, int line)
{
	const struct lab_sent *s = next_sent(t);

	if (s)
		fail_msg("%s:%d: a segment was sent: flags %x, seq %u, ack %u, %u bytes", file,
			 line, s->data[47], load_be32(s->data + 38) - t->iss,
			 load_be32(s->data + 42) - t->peer_iss, (unsigned)s->len);
}

size_t fixture_skip(struct tcp_fixture *t)
{
	size_t n = 0;

	while (next_sent(t))
		n++;
	return n;
}

/* ---- The program --------------------------------------------------------------------------------- */

void fixture_write(struct tcp_fixture *t, size_t n)
{
	assert_int_equal(holm_pattern_sndbuf_write(&t->snd, n), n);
	holm_tcp_send(t->t);
	lab_poll(&t->lab);
}

size_t fixture_read(struct tcp_fixture *t, size_t n)
{
	n = holm_pattern_rcvbuf_read(&t->rcv, n);
	holm_tcp_received(t->t);
	lab_poll(&t->lab);
	return n;
}

/* Room for what is to come, where nothing is left to be looked at. */
static void forget_looked_at(struct tcp_fixture *t)
{
	size_t before = t->cursor;

	if (next_sent(t)) {
		t->cursor = before;
		return;
	}
	t->cursor = 0;
	lab_clear(&t->lab);
}

void fixture_wait_ms(struct tcp_fixture *t, uint64_t ms)
{
	uint64_t step = ms / 64 > 1000 ? ms / 64 : 1000;

	/* The peer answers whenever somebody asks who it is. */
	while (ms > 0) {
		uint64_t n = ms < step ? ms : step;

		forget_looked_at(t);
		lab_run(&t->lab, n * LAB_MS);
		lab_introduce(&t->lab, 2);
		ms -= n;
	}
}

size_t fixture_wait_sent(struct tcp_fixture *t, uint64_t ms)
{
	size_t i;

	for (;;) {
		for (i = t->cursor; i < t->lab.nsent; i++)
			if (is_tcp(&t->lab.sent[i]))
				return i;
		if (ms < 10)
			fail_msg("nothing was sent for too long");
		fixture_wait_ms(t, 10);
		ms -= 10;
	}
}

uint64_t fixture_drops(const struct tcp_fixture *t, enum holm_drop reason)
{
	return holm_net_drops(t->lab.net, reason);
}

uint64_t fixture_counted(const struct tcp_fixture *t, enum holm_counter counter)
{
	return holm_net_counter(t->lab.net, counter);
}

void fixture_knows_rtt(struct tcp_fixture *t, uint32_t ms)
{
	t->t->rtt.srtt8 = (ms * 1000000u >> RTT_UNIT_SHIFT) * 8;
	t->t->rtt.rttvar4 = t->t->rtt.srtt8 / 8;
}

void finish(struct tcp_fixture *t)
{
	if (t->t) {
		assert_int_equal(t->rcv.mismatches, 0);
		holm_tcp_abort(t->t);
	}
	if (t->listener)
		holm_tcp_close(t->listener);
	lab_poll(&t->lab);
	lab_fini(&t->lab);
}
