/*
 * Explicit congestion notification: who negotiates which form of it, and RFC 3168's: marks that arrived
 * are echoed until the peer says that it has reduced its window, echoes reduce ours once a round trip.
 * RFC 9768's form, which counts, is a part of its own: accecn.c.
 */
#include "net/tcp/room.h"

#include "net/core/proto.h"

/* ---- Negotiation --------------------------------------------------------------------------------- */

enum { ACE_NONE = 0, ACE_ECN = 1, ACE_ECN_SYN = 3, ACE_ALL = 7 };

/*
 * RFC 3168 6.1.1.1: once; where it was lost, perhaps for that, without. RFC 9768 3.1.4.1:
 *   the sender [...] SHOULD attempt to negotiate AccECN at least one more time
 */
static uint8_t offer(struct tcp_tx *tx)
{
	const struct holm_tcp *c = tx->c;

	if (c->settings->ecn == TCP_ECN_OFFER_ACCURATE && c->flight->retries <= 1) {
		tx->ecn = TCP_TX_AE;
		return TCP_ECN_SETUP;
	}
	return c->settings->ecn == TCP_ECN_OFFER && !(c->flags & TCP_SYN_AGAIN) ? TCP_ECN_SETUP : 0;
}

/*
 * RFC 9768 3.1.2: what is neither 000 nor RFC 3168's 011 asks for accurate ECN, also what is not in use
 * yet. Without that part it is at most RFC 3168's form.
 */
static unsigned asked(const struct tcp_rx *rx, const struct tcp_settings *s)
{
	unsigned ace = tcp_ace(rx);

	if (likely(ace == ACE_NONE) || s->ecn == TCP_ECN_NEVER)
		return TCP_HALF_NO_ECN;
	if (ace != ACE_ECN_SYN && rx->net->tcp->accecn)
		return TCP_HALF_ACCECN + (ip_rx(rx->f)->tos & (unsigned)IP_ECN_MASK);
	return (rx->h->flags & TCP_ECN_SETUP) == TCP_ECN_SETUP ? TCP_HALF_ECN : TCP_HALF_NO_ECN;
}

/*
 * RFC 3168 6.1.1: ECE without CWR; not where the SYN that offered it was lost. RFC 9768, table 2: no
 * flags, or all of them as a broken peer reflects them, mean no.
 */
static unsigned agreed(const struct holm_tcp *c, const struct tcp_rx *rx)
{
	unsigned ace = tcp_ace(rx);

	if (c->settings->ecn == TCP_ECN_OFFER)
		return (ace & 3u) == ACE_ECN && !(c->flags & TCP_SYN_AGAIN) ? TCP_HALF_ECN
									    : TCP_HALF_NO_ECN;
	if (ace == ACE_NONE || ace == ACE_ALL)
		return TCP_HALF_NO_ECN;
	if (ace == ACE_ECN)
		return TCP_HALF_ECN;
	return TCP_HALF_ACCECN + (ip_rx(rx->f)->tos & (unsigned)IP_ECN_MASK);
}

unsigned tcp_ace_of_syn(unsigned ip_ecn)
{
	static const uint8_t aces[] = {
		[IP_NOT_ECT] = 2, [IP_ECT1] = 3, [IP_ECT0] = 4, [IP_CE] = 6
	};

	return aces[ip_ecn & IP_ECN_MASK];
}

static void answer(const struct holm_net *net, struct tcp_reply *r, const struct tcp_half *half)
{
	unsigned ace = ACE_ECN;

	if (half->ecn >= TCP_HALF_ACCECN)
		ace = tcp_ace_of_syn(half->ecn - (unsigned)TCP_HALF_ACCECN);
	r->h.flags |= (uint8_t)((ace & 3u) << 6);
	r->ae = (ace & 4u) != 0;
	/* RFC 9768 3.2.3.2.2: a SYN-ACK that is sent again goes without the option. */
	if (half->ecn >= TCP_HALF_ACCECN && half->retries == 0 && !half->fast)
		net->tcp->accecn->fill_first(&r->extra);
}

static void begin(struct holm_tcp *c, unsigned how, const struct tcp_rx *syn_ack)
{
	const struct tcp_accecn_ops *accurate = tcp_net(c)->tcp->accecn;

	if (how == TCP_HALF_NO_ECN)
		return;
	/* A peer to which no counter is told sees zero, and marks nothing. */
	if (how >= TCP_HALF_ACCECN && !accurate->begin(c, how - TCP_HALF_ACCECN, syn_ack))
		return;
	c->flags |= TCP_ECN;
}

static bool greets(const struct holm_tcp *c)
{
	return c->flight->accecn && tcp_net(c)->tcp->accecn->greets(c->flight->accecn);
}

/* ---- RFC 3168 ------------------------------------------------------------------------------------ */

/*
 * RFC 3168 6.1.2:
 *   The indication of congestion should be treated just as a congestion loss in non-ECN-capable TCP. [...]
 *   TCP should not react to congestion indications more than once every window of data.
 */
bool tcp_ecn_reduce(struct holm_tcp *c, uint32_t flight_size)
{
	struct tcp_flight *fl = c->flight;

	if ((fl->ecn & TCP_ECN_REDUCED) || flight_size == 0)
		return false;
	/* In recovery the window has been reduced already. */
	if (fl->phase == TCP_OPEN) {
		tcp_cc_on_ecn(c, flight_size);
		net_count(tcp_net(c), HOLM_COUNT_TCP_ECN_REDUCTIONS);
	}
	fl->ecn |= TCP_ECN_REDUCED;
	fl->ecn_end = fl->snd_nxt;
	return true;
}

/*
 * RFC 3168 6.1.3:
 *   the TCP receiver sends an ECN-Echo acknowledgement [...] the TCP receiver continues to set the
 *   ECN-Echo flag in ACK packets until it receives a CWR packet
 */
static void input(struct holm_tcp *c, const struct tcp_rx *rx, uint32_t flight_size)
{
	struct tcp_flight *fl = c->flight;

	if (seq_gt(c->snd_una, fl->ecn_end))
		fl->ecn &= (uint8_t) ~(unsigned)TCP_ECN_REDUCED;
	if (fl->accecn) {
		rx->net->tcp->accecn->input(c, rx, flight_size);
		return;
	}
	if (rx->h->flags & TCP_CWR)
		fl->ecn &= (uint8_t) ~(unsigned)TCP_ECN_ECE_DUE;
	if ((ip_rx(rx->f)->tos & IP_ECN_MASK) == IP_CE) {
		fl->ecn |= TCP_ECN_ECE_DUE;
		c->flags |= TCP_ACK_NOW;
		net_count(rx->net, HOLM_COUNT_TCP_ECN_MARKS);
	}
	if ((rx->h->flags & TCP_ECE) && tcp_ecn_reduce(c, flight_size))
		fl->ecn |= TCP_ECN_CWR_DUE;
}

/*
 * RFC 3168 6.1.4 and 6.1.5: no ECT on bare ACKs, on what is sent again, on window probes. 6.1.2: CWR on
 * the first new data after the reduction.
 */
static uint8_t mark(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	struct tcp_flight *fl = tx->c->flight;

	tx->ecn = 0;
	if (fl->accecn)
		return tx->net->tcp->accecn->mark(tx, seq, len, flags);
	if (flags & TCP_SYN)
		return flags | TCP_ECE;
	if (tcp_ecn_may_be_marked(tx, seq, len))
		tx->ecn = TCP_TX_ECT;
	if (fl->ecn & TCP_ECN_ECE_DUE)
		flags |= TCP_ECE;
	if (tx->ecn && (fl->ecn & TCP_ECN_CWR_DUE)) {
		fl->ecn &= (uint8_t) ~(unsigned)TCP_ECN_CWR_DUE;
		flags |= TCP_CWR;
	}
	return flags;
}

/* ---- The part ------------------------------------------------------------------------------------ */

static const struct tcp_ecn_ops ops = {
	.offer = offer,
	.asked = asked,
	.agreed = agreed,
	.answer = answer,
	.begin = begin,
	.greets = greets,
	.input = input,
	.mark = mark,
};

static int start(struct holm_net *net)
{
	net->tcp->ecn = &ops;
	net->tcp->defaults.ecn = TCP_ECN_ACCEPT;
	return 0;
}

static const struct holm_proto *const needs[] = { &holm_tcp, &holm_tcp_records, NULL };

const struct holm_proto holm_tcp_ecn = {
	.name = "tcp-ecn",
	.kind = PROTO_PART,
	.needs = needs,
	.start = start,
};
