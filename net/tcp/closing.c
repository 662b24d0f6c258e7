/*
 * The end of a connection as it usually is: a FIN leaves with the last bytes or alone, while nothing else
 * is in flight, and what comes is next in order, with a FIN or without, and acknowledges all or nothing
 * new. Such a FIN is as calm as data (calm.c): recovery does not hear of it unless it gets lost.
 *
 * The steps and output.c are the definition. tests/sim/same.c runs the same streams with and without
 * this file and compares every frame.
 */
#include "net/tcp/hot.h"

/* ---- What comes ---------------------------------------------------------------------------------- */

/* The next in order, within the window; all in flight has arrived, or nothing more. */
static bool is_next(const struct holm_tcp *c, const struct tcp_rx *rx)
{
	uint32_t ack = rx->h->ack;

	return rx->f->gso == HOLM_GSO_NONE && tcp_is_next(c, rx, TCP_FIN) &&
	       (ack == c->snd_una.v || ack == c->flight->snd_nxt.v);
}

/* It ends something, and its text, if there is any, is for a program that reads. */
static bool is_last(const struct holm_tcp *c, const struct tcp_rx *rx)
{
	bool fin = (rx->h->flags & TCP_FIN) != 0;

	if ((fin || rx->orig_len > 0) && (c->flags & TCP_FIN_RCVD))
		return false;
	if (rx->orig_len > 0 && (!c->rcv || !c->ep.owned))
		return false;
	return fin || ((c->flags & TCP_FIN_SENT) && rx->h->ack != c->snd_una.v);
}

/* The fifth step: the one segment in flight has arrived, with a FIN or without. */
static void ack_it(struct holm_tcp *c, const struct tcp_rx *rx)
{
	struct tcp_flight *fl = c->flight;
	uint32_t bytes = seq_diff(fl->snd_nxt, c->snd_una) - ((c->flags & TCP_FIN_SENT) != 0);

	tcp_calm_acked(rx->net, c, fl->snd_nxt, bytes);
}

/* Both directions end with this segment: nobody will ask recovery any more. */
static bool is_the_end(const struct holm_tcp *c, const struct tcp_rx *rx)
{
	return (c->flags & TCP_FIN_SENT) && rx->h->ack == c->flight->snd_nxt.v &&
	       ((c->flags & TCP_FIN_RCVD) || rx->fin);
}

enum tcp_verdict tcp_closing_input(struct holm_tcp *c, struct tcp_rx *rx)
{
	enum tcp_verdict v;

	if (!is_next(c, rx) || !is_last(c, rx))
		return TCP_NEXT;
	tcp_note_expected(c, rx);
	rx->seq = c->rcv_nxt;
	rx->skip = 0;
	rx->len = rx->orig_len;
	rx->fin = (rx->h->flags & TCP_FIN) != 0;
	if (is_the_end(c, rx))
		c->flight->calm = 0;
	if (rx->h->ack != c->snd_una.v)
		ack_it(c, rx);
	else if (rx->len > 0)
		ip_dst_confirm(rx->net, c->dst);
	tcp_take_window(c, rx->last_seq, rx->h->wnd);
	v = tcp_step5_fin(c);
	if (v != TCP_NEXT)
		return v;
	if (rx->len > 0 && !tcp_calm_text(rx->net, c, rx->f, rx->f->payload_off, rx->len))
		rx->fin = false;
	return tcp_step8_fin(c, rx);
}

/* ---- What goes ----------------------------------------------------------------------------------- */

/* With one of these there is more to send, or to ask. */
#define UNUSUAL                                                                                    \
	((uint32_t)(TCP_REXMT | TCP_PERSIST | TCP_PROBE_DUE | TCP_KEEP_DUE | TCP_TLP_DUE |         \
		    TCP_SYN_DUE | TCP_CHILD | TCP_ECN | TCP_SEARCH | TCP_CWND_LIMITED |            \
		    TCP_WND_LIMITED))

bool tcp_begin_closing(struct holm_tcp *c)
{
	if ((c->state != HOLM_TCP_FIN_WAIT_1 && c->state != HOLM_TCP_LAST_ACK) || !c->snd ||
	    c->flight->reasm || tcp_net(c)->tcp->unpredicted || !tcp_is_still(c, UNUSUAL))
		return false;
	tcp_become_calm(c);
	return true;
}
