/*
 * Packetization layer path MTU discovery, RFC 4821 and 8899, for paths that swallow what is too big and
 * tell nobody (black holes). A part of TCP. When the same segments time out again and again the MSS falls
 * to one that every path takes; from there larger ones are tried with segments of data, one at a time,
 * whose loss is not congestion. With config.tcp_mtu_probing 2 every connection begins there.
 *
 * What is found is the connection's: its peer_mss, as if the peer had announced that. struct tcp_search
 * exists, and keeps the active block, while that is less than what the peer takes. ICMP is icmp.c's and
 * the destination's.
 */
#include "net/tcp/room.h"

#include "lib/mem.h"
#include "net/core/proto.h"

/* RFC 4821 7.2: 1024 bytes, as Linux has it; below that what RFC 791 lets everybody take. */
#define BASE_MSS 1024u
#define FLOOR_MSS 512u
/* RFC 8200: 1280 bytes arrive everywhere. */
#define BASE_MSS_IP6 1220u
/* RFC 8899 5.1.2: MAX_PROBES. */
#define PROBES_MAX 3u
/* The search ends where the next step would be shorter. */
#define STEP_MIN 8u
/* RFC 8899 5.1.1: PMTU_RAISE_TIMER; and how long after a loss the next probe may leave. */
#define RAISE_TICKS tcp_ticks_up(TCP_S(600))
#define PAUSE_TICKS tcp_ticks_up(TCP_MS(100))

struct tcp_search {
	uint16_t full;	     /* the MSS that the peer announced */
	uint16_t bad;	     /* what does not arrive; above full: not known */
	uint16_t probe;	     /* that is under way; 0: none */
	uint8_t losses;	     /* of probes of this size, in a row */
	uint32_t resent;     /* flight->retransmits when the probe left */
	uint32_t not_before; /* tick of the next probe */
	struct tcp_seq left, right;
};

static struct tcp_search *search_of(const struct holm_tcp *c)
{
	return c->flight->search;
}

static void end(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;

	c->flags &= ~TCP_SEARCH;
	mem_free(&tcp_net(c)->mem, fl->search, sizeof(*fl->search));
	fl->search = NULL;
}

/* What the local end of the path takes, at most what the peer does. */
static uint32_t most(const struct holm_tcp *c)
{
	uint32_t headers = c->flags & TCP_IP6 ? 60 : 40;

	return min_u32(search_of(c)->full, c->dst->mtu > headers ? c->dst->mtu - headers : 0);
}

static void pause_for(struct holm_tcp *c, uint32_t ticks)
{
	search_of(c)->probe = 0;
	search_of(c)->not_before = tcp_ticks(tcp_net(c)->now) + ticks;
}

/* From now on segments of `mss` bytes are sent. False: they are that small, or there is no memory. */
static bool fall_to(struct holm_tcp *c, uint32_t mss)
{
	struct tcp_flight *fl = c->flight;

	if (mss >= c->peer_mss)
		return false;
	if (!fl->search) {
		fl->search = mem_zalloc(&tcp_net(c)->mem, sizeof(*fl->search));
		if (!fl->search)
			return false;
		fl->search->full = c->peer_mss;
		c->flags |= TCP_SEARCH;
	}
	c->peer_mss = (uint16_t)mss;
	fl->search->bad = UINT16_MAX;
	fl->search->losses = 0;
	pause_for(c, PAUSE_TICKS);
	return true;
}

static void begin(struct holm_tcp *c)
{
	(void)fall_to(c, c->flags & TCP_IP6 ? BASE_MSS_IP6 : BASE_MSS);
}

/*
 * RFC 4821 7.7:
 *   When a full-stop timeout [...] occurs, the sender SHOULD [...] set search_low to a smaller MSS.
 */
static void timeout(struct holm_tcp *c)
{
	uint32_t base = c->flags & TCP_IP6 ? BASE_MSS_IP6 : BASE_MSS;
	uint32_t least = c->flags & TCP_IP6 ? BASE_MSS_IP6 : FLOOR_MSS;
	uint32_t first = min_u32(tcp_mss(c), tcp_in_flight(c));
	uint32_t next = c->flight->retries == TCP_R1 ? base : least;

	if (search_of(c))
		pause_for(c, PAUSE_TICKS);
	/* At R1, and as often again; what is lost may be small enough already. */
	if (c->flight->retries % TCP_R1 != 0 || first <= next ||
	    !tcp_net(c)->config.tcp_mtu_probing)
		return;
	if (fall_to(c, next))
		net_count(tcp_net(c), HOLM_COUNT_TCP_BLACK_HOLES);
}

/* ---- Upwards ------------------------------------------------------------------------------------- */

/* The next size to try; 0: it is not worth it. RFC 4821 7.3: first all, then halves of what is left. */
static uint32_t next_size(const struct holm_tcp *c)
{
	const struct tcp_search *s = search_of(c);
	uint32_t top = most(c);
	uint32_t size = s->bad > top ? top : (c->peer_mss + s->bad) / 2u;

	return size < c->peer_mss + STEP_MIN && size != top ? 0 : size;
}

static uint32_t size(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_search *s = fl->search;
	uint32_t mss;

	if (s->probe || fl->phase != TCP_OPEN || fl->retries > 0 ||
	    serial_lt(tcp_ticks(tcp_net(c)->now), s->not_before))
		return 0;
	if (c->peer_mss >= most(c)) {
		c->peer_mss = s->full;
		end(c);
		return 0;
	}
	mss = next_size(c);
	if (mss <= c->peer_mss) {
		/* Found. In ten minutes the path may be another one. */
		s->bad = UINT16_MAX;
		pause_for(c, RAISE_TICKS);
		return 0;
	}
	s->probe = (uint16_t)mss;
	return c->flags & TCP_TS ? mss - TCP_OPT_TIMESTAMP_ALIGNED : mss;
}

static void sent(struct holm_tcp *c, struct tcp_seq left, uint32_t len)
{
	struct tcp_search *s = search_of(c);

	/* What was asked for and did not go. */
	if (len == 0) {
		s->probe = 0;
		return;
	}
	s->left = left;
	s->right = seq_add(left, len);
	s->resent = c->flight->retransmits;
	net_count(tcp_net(c), HOLM_COUNT_TCP_MTU_PROBES);
}

/* SND.UNA has moved, perhaps. */
static void acked(struct holm_tcp *c)
{
	struct tcp_search *s = search_of(c);

	if (!s->probe || seq_lt(c->snd_una, s->right))
		return;
	/* Where something was sent again it may have been this, in smaller pieces. */
	if (s->resent == c->flight->retransmits) {
		c->peer_mss = s->probe;
		s->losses = 0;
	}
	s->probe = 0;
}

/*
 * RFC 4821 7.6: the loss of a probe, and of nothing else, says that it was too big, not that there is
 * congestion. A random loss looks the same: three of them count.
 */
static uint32_t lost(struct holm_tcp *c, uint32_t bytes)
{
	struct tcp_search *s = search_of(c);
	uint16_t probe = s->probe;
	uint32_t len = seq_diff(s->right, s->left);
	bool alone = seq_eq(c->snd_una, s->left) && (bytes == 0 || bytes == len);

	if (!probe)
		return 0;
	pause_for(c, PAUSE_TICKS);
	if (!alone)
		return 0;
	net_count(tcp_net(c), HOLM_COUNT_TCP_MTU_PROBES_LOST);
	if (++s->losses >= PROBES_MAX) {
		s->bad = probe;
		s->losses = 0;
	}
	return len;
}

/* ---- The part ------------------------------------------------------------------------------------ */

static const struct tcp_search_ops ops = {
	.begin = begin,
	.end = end,
	.timeout = timeout,
	.probe = tcp_send_mtu_probe,
	.size = size,
	.sent = sent,
	.acked = acked,
	.lost = lost,
};

static int start(struct holm_net *net)
{
	net->tcp->search = &ops;
	return 0;
}

static const struct holm_proto *const needs[] = { &holm_tcp, NULL };

const struct holm_proto holm_tcp_plpmtud = {
	.name = "tcp-plpmtud",
	.kind = PROTO_PART,
	.needs = needs,
	.start = start,
};
