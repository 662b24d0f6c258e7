/*
 * Accurate ECN, RFC 9768: what arrived with which mark is counted and the counts are told, in three
 * flags of every header (ACE: packets that arrived with CE, modulo 8) and in an option (bytes by mark),
 * which is sent where it has news and which nothing depends upon. A part of TCP; ecn.c negotiates it.
 *
 * What is counted outlives the active block: one struct tcp_accecn per connection that agreed to it, in
 * a table of the instance. Not here: marks in TIME-WAIT, ECT on anything but new data.
 */
#include "net/tcp/room.h"

#include "lib/mem.h"
#include "net/core/proto.h"

/* RFC 9768 3.2.1: where the counters begin, so that zero is a middlebox's. */
#define CEP_FIRST 5u
#define CEP_FIRST_CE 6u
#define BYTES_FIRST 1u
#define BYTES_MASK 0xffffffu
/* Bytes of one counter in the option. */
#define FIELD_BYTES 3u
/* With two of them, which is what is left beside a timestamp and two SACK blocks. */
#define OPTION_MIN 8u
/* 3.2.2.5.1: so many marks since the last ACK are worth one, with unacknowledged data and without. */
#define CE_WITH_DATA 2u
#define CE_WITHOUT 3u
/* What is new is told twice: the first ACK with it may be lost. */
#define TELL_NEWS 2u

enum accecn_flag {
	GREET = 1 << 0,	    /* client: the ACK of the SYN-ACK, with what that arrived with */
	GREETED = 1 << 1,   /* server: that ACK is awaited */
	FIRST = 1 << 2,	    /* no segment without SYN has come */
	NO_ECT = 1 << 3,    /* the path mangles marks, or the peer does not count: send none */
	DEAF = 1 << 4,	    /* what is fed back says nothing */
	NO_OPTION = 1 << 5, /* options that come are not counters */
	ECT_SENT = 1 << 6,  /* ect_end is valid */
	CHECKED = 1 << 7,   /* what was sent with ECT was seen to arrive with a mark */
};

/* Counters, by IP-ECN field; what arrived without one is not counted. */
struct tcp_accecn {
	struct htab_node node; /* in tcp_state.accecns, under the connection's hash */
	const struct holm_tcp *conn;
	uint32_t bytes[IP_ECN_MASK + 1]; /* r.e1b, r.e0b, r.ceb */
	uint32_t peer_ce_bytes;		 /* s.ceb, of the last option */
	struct tcp_seq ect_end;		 /* of the first segment that was sent with ECT */
	uint8_t cep, peer_cep;		 /* r.cep, s.cep modulo 8 */
	uint8_t ce_unacked;		 /* marks since our last ACK */
	uint8_t last;			 /* IP-ECN field of the last segment with data */
	uint8_t syn;			 /* of the peer's SYN */
	uint8_t tell;			 /* options still to be sent */
	uint8_t flags;			 /* enum accecn_flag */
};

/* ---- Its life ------------------------------------------------------------------------------------ */

static struct tcp_accecn *find(const struct holm_tcp *c)
{
	struct htab_node *n = table_first(&tcp_net(c)->tcp->accecns, c->ep.node.hash);

	for (; n; n = table_next(&tcp_net(c)->tcp->accecns, n)) {
		struct tcp_accecn *a = container_of(n, struct tcp_accecn, node);

		if (a->conn == c)
			return a;
	}
	return NULL;
}

static void end(struct holm_tcp *c)
{
	struct tcp_accecn *a = find(c);

	if (!a)
		return;
	table_remove(&tcp_net(c)->tcp->accecns, &a->node);
	mem_free(&tcp_net(c)->mem, a, sizeof(*a));
	if (c->flight)
		c->flight->accecn = NULL;
}

/* RFC 9768 3.2.2.3: our SYNs go without ECT; who sees a mark on one sees what a middlebox has done. */
static void read_greeting(struct tcp_accecn *a, unsigned ace)
{
	if (ace == tcp_ace_of_syn(IP_CE))
		a->peer_cep = CEP_FIRST_CE;
	if (ace == tcp_ace_of_syn(IP_CE) || ace == tcp_ace_of_syn(IP_ECT0) ||
	    ace == tcp_ace_of_syn(IP_ECT1))
		a->flags |= NO_ECT;
}

static bool begin(struct holm_tcp *c, unsigned arrived, const struct tcp_rx *syn_ack)
{
	struct holm_net *net = tcp_net(c);
	struct tcp_accecn *a = mem_zalloc(&net->mem, sizeof(*a));

	if (!a)
		return false;
	if (!table_insert(&net->tcp->accecns, &a->node, c->ep.node.hash)) {
		mem_free(&net->mem, a, sizeof(*a));
		return false;
	}
	a->conn = c;
	a->bytes[IP_ECT1] = BYTES_FIRST;
	a->bytes[IP_ECT0] = BYTES_FIRST;
	a->cep = arrived == IP_CE ? CEP_FIRST_CE : CEP_FIRST;
	a->peer_cep = CEP_FIRST;
	a->syn = (uint8_t)arrived;
	a->tell = 1;
	a->flags = syn_ack ? FIRST | GREET : FIRST | GREETED;
	if (syn_ack)
		read_greeting(a, tcp_ace(syn_ack));
	c->flight->accecn = a;
	return true;
}

static bool greets(const struct tcp_accecn *a)
{
	return (a->flags & GREET) != 0;
}

/* ---- What arrives -------------------------------------------------------------------------------- */

/*
 * RFC 9768 3.2.2.5.1:
 *   SHOULD emit an ACK whenever a data packet marked CE arrives after the previous packet was not CE. [...]
 *   MUST emit an ACK if 'n' CE marks have arrived since the previous ACK.
 * 3.2.3.3: so it does, with the option, where another counter moves than before.
 */
static void count(struct holm_tcp *c, struct tcp_accecn *a, const struct tcp_rx *rx)
{
	uint8_t ip_ecn = ip_rx(rx->f)->tos & IP_ECN_MASK;
	uint32_t packets = rx->orig_len > 0 ? (rx->orig_len - 1) / rx->frame_len + 1 : 1;
	uint32_t enough = seq_eq(c->rcv_nxt, c->flight->rcv_acked) && rx->len == 0 ? CE_WITHOUT
										   : CE_WITH_DATA;

	if (ip_ecn == IP_CE) {
		a->cep = (uint8_t)(a->cep + packets);
		a->ce_unacked = (uint8_t)min_u32(a->ce_unacked + packets, UINT8_MAX);
		net_count_n(rx->net, HOLM_COUNT_TCP_ECN_MARKS, packets);
		if (a->ce_unacked >= enough)
			c->flags |= TCP_ACK_NOW;
	}
	if (rx->orig_len == 0)
		return;
	if (ip_ecn != IP_NOT_ECT) {
		a->bytes[ip_ecn] = (a->bytes[ip_ecn] + rx->orig_len) & BYTES_MASK;
		a->tell = TELL_NEWS;
		if (ip_ecn != a->last)
			c->flags |= TCP_ACK_NOW;
	}
	a->last = ip_ecn;
}

/* ---- What the peer tells ------------------------------------------------------------------------- */

/* The counter for an IP-ECN field in an option of either order; false: it is not in it. */
static bool read_field(const uint8_t *opt, unsigned ip_ecn, uint32_t *value)
{
	unsigned first = opt[0] == TCP_OPT_ACCECN0 ? IP_ECT0 : IP_ECT1;
	unsigned at = ip_ecn == first ? 0 : ip_ecn == IP_CE ? 1 : 2;
	const uint8_t *p = opt + 2 + at * FIELD_BYTES;

	if (opt[1] < 2 + (at + 1) * FIELD_BYTES)
		return false;
	*value = (uint32_t)load_be16(p) << 8 | p[2];
	return true;
}

static const uint8_t *find_option(const struct tcp_rx *rx)
{
	const uint8_t *header = holm_frame_data(rx->f) + rx->f->l4_off;
	const uint8_t *opt = tcp_option_find(header, rx->h->hdr_len, TCP_OPT_ACCECN0);

	return opt ? opt : tcp_option_find(header, rx->h->hdr_len, TCP_OPT_ACCECN1);
}

/*
 * RFC 9768 3.2.3.2.4: counters of ECT do not begin with zero; where they do, options are not what the
 * peer sent. Where bytes that were sent with ECT are in none of the counters, the path bleaches.
 */
static void check_option(struct tcp_accecn *a, const struct holm_tcp *c, const uint8_t *opt)
{
	uint32_t e0b, e1b, ceb;

	if (!read_field(opt, IP_ECT0, &e0b) || !read_field(opt, IP_ECT1, &e1b) ||
	    !read_field(opt, IP_CE, &ceb))
		return;
	if ((a->flags & FIRST) && (e0b == 0 || e1b == 0))
		a->flags |= NO_OPTION;
	if ((a->flags & (ECT_SENT | CHECKED)) != ECT_SENT || seq_lt(c->snd_una, a->ect_end))
		return;
	a->flags |= CHECKED;
	if (e0b == BYTES_FIRST && e1b == BYTES_FIRST && ceb == 0)
		a->flags |= NO_ECT;
}

/* How many bytes more arrived with CE, as an option says; false: none says so. */
static bool read_option(struct tcp_accecn *a, const struct holm_tcp *c, const struct tcp_rx *rx,
			uint32_t *ce_bytes)
{
	const uint8_t *opt = rx->h->hdr_len > TCP_HDR_BYTES ? find_option(rx) : NULL;
	uint32_t ceb;

	if (!opt)
		return false;
	check_option(a, c, opt);
	if ((a->flags & NO_OPTION) || !read_field(opt, IP_CE, &ceb))
		return false;
	*ce_bytes = (ceb - a->peer_ce_bytes) & BYTES_MASK;
	a->peer_ce_bytes = ceb;
	return true;
}

/*
 * RFC 9768 3.2.2.5.2: three bits may have wrapped where more than seven packets were acknowledged at
 * once. Then as many as that allows are assumed, but only where some were marked for certain.
 */
static uint32_t marked_packets(unsigned more, uint32_t acked)
{
	return more == 0 || acked <= 7 ? more : acked - ((acked - more) & 7u);
}

/* The first segment without SYN. True: what it says of marks is said. */
static bool read_first(struct tcp_accecn *a, const struct tcp_rx *rx, unsigned ace)
{
	bool pure = rx->orig_len == 0 && rx->h->nsack == 0;

	/* 3.2.2.4 and table 4: zero is no counter; send no ECT, and do not believe what comes. */
	if (ace == 0)
		a->flags |= NO_ECT | DEAF;
	if (!(a->flags & GREETED) || !pure)
		return ace == 0;
	read_greeting(a, ace);
	return true;
}

static void input(struct holm_tcp *c, const struct tcp_rx *rx, uint32_t flight_size)
{
	struct tcp_accecn *a = c->flight->accecn;
	uint32_t acked = flight_size - min_u32(flight_size, tcp_in_flight(c));
	uint32_t ce_bytes = 0, mss = tcp_mss(c);
	unsigned ace = tcp_ace(rx), more;
	bool said, counted;

	count(c, a, rx);
	/* Older than what is known: its counters are, too, and would seem to have gone round. */
	if (seq_lt(seq_of(rx->h->ack), c->snd_una) || seq_lt(rx->last_seq, c->flight->snd_wl1))
		return;
	counted = read_option(a, c, rx, &ce_bytes);
	said = (a->flags & FIRST) && read_first(a, rx, ace);
	a->flags &= (uint8_t) ~(unsigned)(FIRST | GREETED);
	if (said)
		return;
	more = (ace - a->peer_cep) & 7u;
	a->peer_cep = (uint8_t)ace;
	if (a->flags & DEAF)
		return;
	if (!counted)
		ce_bytes = min_u32(marked_packets(more, (acked + mss - 1) / mss) * mss, acked);
	c->flight->ce_bytes += ce_bytes;
	if (more > 0 || ce_bytes > 0)
		(void)tcp_ecn_reduce(c, flight_size);
}

/* ---- What we tell -------------------------------------------------------------------------------- */

static uint8_t put_ace(struct tcp_tx *tx, unsigned ace, uint8_t flags)
{
	if (ace & 4u)
		tx->ecn |= TCP_TX_AE;
	return (uint8_t)(flags | (ace & 3u) << 6);
}

/*
 * RFC 9768 3.2.2.1: the client's ACK of the SYN-ACK says what that arrived with, if it is a pure one;
 * every other segment has the low bits of the counter.
 */
static uint8_t mark(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	struct tcp_accecn *a = tx->c->flight->accecn;
	unsigned ace = a->cep & 7u;

	if (flags & TCP_SYN)
		return put_ace(tx, tcp_ace_of_syn(a->syn), flags);
	if (len == 0 && (a->flags & GREET)) {
		a->flags &= (uint8_t) ~(unsigned)GREET;
		ace = tcp_ace_of_syn(a->syn);
	}
	a->ce_unacked = 0;
	if (a->tell > 0)
		tx->ecn |= TCP_TX_ACCECN;
	if (!(a->flags & NO_ECT) && tcp_ecn_may_be_marked(tx, seq, len)) {
		tx->ecn |= TCP_TX_ECT;
		if (!(a->flags & ECT_SENT))
			a->ect_end = seq_add(seq, len);
		a->flags |= ECT_SENT;
	}
	return put_ace(tx, ace, flags);
}

static void put_fields(struct tcp_extra *x, const uint32_t *bytes, unsigned first, size_t n)
{
	const unsigned order[] = { first, IP_CE, first == IP_ECT0 ? IP_ECT1 : IP_ECT0 };

	x->kind = first == IP_ECT0 ? TCP_OPT_ACCECN0 : TCP_OPT_ACCECN1;
	x->len = (uint8_t)(n * FIELD_BYTES);
	for (size_t i = 0; i < n; i++) {
		uint32_t v = bytes[order[i]];

		store_be16(x->value + i * FIELD_BYTES, (uint16_t)(v >> 8));
		x->value[i * FIELD_BYTES + 2] = (uint8_t)v;
	}
}

/* Where not all three have room, the first is the one that moves. */
static void fill(const struct tcp_tx *tx, const struct tcp_hdr_info *h, uint32_t len,
		 struct tcp_extra *x)
{
	struct tcp_accecn *a = tx->c->flight->accecn;
	size_t room = TCP_HDR_MAX - tcp_build_bytes(h);

	if (len > 0)
		room = min_size(room, tx->mss - len);
	if (room < OPTION_MIN)
		return;
	put_fields(x, a->bytes, a->last == IP_ECT1 ? IP_ECT1 : IP_ECT0,
		   min_size(3, ((room & ~(size_t)3) - 2) / FIELD_BYTES));
	a->tell--;
}

static void fill_first(struct tcp_extra *x)
{
	static const uint32_t bytes[] = { 0, BYTES_FIRST, BYTES_FIRST, 0 };

	put_fields(x, bytes, IP_ECT0, 3);
}

/* ---- The part ------------------------------------------------------------------------------------ */

static const struct tcp_accecn_ops ops = {
	.begin = begin,
	.end = end,
	.find = find,
	.greets = greets,
	.input = input,
	.mark = mark,
	.fill = fill,
	.fill_first = fill_first,
};

static int start(struct holm_net *net)
{
	net->tcp->accecn = &ops;
	return 0;
}

static const struct holm_proto *const needs[] = { &holm_tcp_ecn, NULL };

const struct holm_proto holm_tcp_accecn = {
	.name = "tcp-accecn",
	.kind = PROTO_PART,
	.needs = needs,
	.start = start,
};
