/*
 * LISTEN, RFC 9293 section 3.10.7.2. What a SYN becomes: a small record where the instance has these
 * (half.c), a connection in SYN-RECEIVED where it has not, or where Fast Open allows it (child.c).
 */
#include "net/tcp/opening.h"

static void read_syn(struct tcp_half *half, const struct tcp_rx *rx,
		     const struct holm_tcp *listener)
{
	const struct tcp_ecn_ops *ecn = HOLM_WITH_ECN ? rx->net->tcp->ecn : NULL;
	const struct tcp_hdr_info *h = rx->h;

	half->irs = rx->orig_seq;
	half->peer_mss = h->has_mss ? h->mss : 0;
	half->wscale = h->has_wscale ? h->wscale & 15u : TCP_HALF_NO_WSCALE;
	half->has_sack = h->sack_permitted && tcp_wants_sack(listener);
	half->has_ts = h->has_ts && tcp_wants_timestamps(listener);
	half->ecn = ecn ? ecn->asked(rx, listener->settings) & 7u : TCP_HALF_NO_ECN;
	half->ts_recent = h->tsval;
	half->iss = rx->has_iss ? rx->iss : tcp_isn(rx->net, &rx->ends);
}

/*
 * RFC 7413 4.2: a good cookie makes a connection, unless too many wait for their handshake; then, and
 * for any other cookie, the three-way handshake is what remains.
 */
static struct holm_tcp *open_fast(struct tcp_bind *bind, struct tcp_half *half, struct tcp_rx *rx)
{
	const struct tcp_state *ts = rx->net->tcp;
	const struct tcp_settings *s = tcp_settings(bind->owner);
	enum tcp_fast_syn fast;

	if (likely(!s->fastopen) || !tcp_fastopen(ts) || s->hold)
		return NULL;
	fast = ts->fastopen->syn(rx);
	half->fast = fast == TCP_FAST_ASKED;
	if (fast != TCP_FAST_SHOWN || ts->nfast >= s->fastopen)
		return NULL;
	return rx->net->tcp->fastopen->child(bind, half, rx);
}

/*
 * RFC 9293 3.10.7.2:
 *   First, check for a RST: An incoming RST segment should be ignored.
 *   Second, check for an ACK: Any acknowledgment is bad if it arrives on a connection still in the
 *   LISTEN state. An acceptable reset segment should be formed [...]
 *   Third, check for a SYN.
 */
enum tcp_verdict tcp_input_listen(struct tcp_bind *bind, struct tcp_rx *rx, struct holm_tcp **child)
{
	const struct tcp_state *ts = rx->net->tcp;
	struct tcp_half half = { .retries = 0 };

	if (rx->h->flags & TCP_RST)
		return tcp_drop(rx, HOLM_DROP_TCP_RST_STRAY, TCP_REPLY_NONE);
	if (rx->h->flags & TCP_ACK)
		return tcp_cookies(ts) ? ts->cookies->input(bind, rx, child)
				       : tcp_drop(rx, HOLM_DROP_TCP_NO_PORT, TCP_REPLY_RST);
	if (!(rx->h->flags & TCP_SYN))
		return tcp_drop(rx, HOLM_DROP_TCP_ACK_MISSING, TCP_REPLY_NONE);
	/* MUST-63, an invalid source gets no answer: of addresses, the network layer lets none in. */
	if (rx->h->sport == 0)
		return tcp_drop(rx, HOLM_DROP_TCP_ADDRESS, TCP_REPLY_NONE);
	if (bind->nchildren >= bind->backlog)
		return tcp_drop(rx, HOLM_DROP_TCP_BACKLOG_FULL, TCP_REPLY_NONE);
	read_syn(&half, rx, bind->owner);
	*child = open_fast(bind, &half, rx);
	if (*child)
		return TCP_DONE;
	return tcp_small(ts) ? ts->small->syn(bind, &half, rx)
			     : tcp_child_half(bind, &half, rx, child);
}
