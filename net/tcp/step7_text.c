/*
 * The seventh and eighth steps, text and FIN: RFC 9293 section 3.10.7.4. Bytes go from the frames to
 * the receive buffer; what lies out of order is a part's, out_of_order.c.
 */
#include "net/tcp/hot.h"

/* ---- Bytes to the buffer ------------------------------------------------------------------------- */

/* Payload bytes of one frame of the chain, as its IP header says. */
static uint32_t frame_payload(struct holm_frame *f)
{
	return ip_rx(f)->l4_len - (uint32_t)(f->payload_off - f->l4_off);
}

uint32_t tcp_accept_bytes(const struct holm_tcp *c, struct tcp_rx *rx, uint32_t skip, uint32_t off,
			  uint32_t len)
{
	uint32_t done = 0;

	for (struct holm_frame *f = rx->f; f && done < len; f = f->chain) {
		uint32_t have = frame_payload(f);
		uint32_t n;
		size_t taken;

		if (skip >= have) {
			skip -= have;
			continue;
		}
		n = min_u32(have - skip, len - done);
		taken = holm_rcvbuf_accept(c->rcv, off + done, f, f->payload_off + skip, n);
		done += (uint32_t)taken;
		if (taken < n)
			break;
		skip = 0;
	}
	return done;
}

/*
 * The buffer's own window may be smaller than what was announced before it was attached. Once it has
 * caught up it never is again.
 */
uint32_t tcp_fitting(struct holm_tcp *c, uint32_t off, uint32_t len)
{
	size_t wnd;

	if (likely(!(c->flags & TCP_OVERPROMISED)))
		return len;
	wnd = holm_rcvbuf_window(c->rcv);
	if (wnd >= tcp_rcv_wnd(c))
		c->flags &= ~(uint32_t)TCP_OVERPROMISED;
	return off >= wnd ? 0 : (uint32_t)min_size(len, wnd - off);
}

void tcp_text_in_order(struct holm_tcp *c, struct tcp_rx *rx)
{
	uint32_t off = rx->f->payload_off + rx->skip;
	uint32_t n;

	if (!rx->f->chain && tcp_text_short(rx->net, c, rx->f, off, rx->len, rx->frame_len))
		return;
	n = tcp_accept_bytes(c, rx, rx->skip, 0, tcp_fitting(c, 0, rx->len));
	if (unlikely(!tcp_text_taken(rx->net, c, rx->len, n, rx->frame_len)))
		rx->fin = false;
}

/* Nobody keeps it: the peer hears at once what is missing in front of it, and sends both again. */
static void drop_out_of_order(struct holm_tcp *c, struct tcp_rx *rx)
{
	c->flags |= TCP_ACK_NOW;
	rx->fin = false;
	net_drop_note(rx->net, HOLM_DROP_TCP_REASSEMBLY);
}

/*
 * RFC 9293 3.10.7.4, seventh:
 *   Once in the ESTABLISHED state, it is possible to deliver segment data to user RECEIVE buffers.
 *   CLOSE-WAIT, CLOSING, LAST-ACK, TIME-WAIT: This should not occur since a FIN has been received
 *   from the remote side. Ignore the segment text.
 */
enum tcp_verdict tcp_step7_text(struct holm_tcp *c, struct tcp_rx *rx)
{
	/* A FIN alone waits behind text that was set aside. */
	if (rx->len == 0 && !(rx->fin && c->flight->held_first))
		return TCP_NEXT;
	if (unlikely(c->flags & TCP_FIN_RCVD))
		return TCP_NEXT;
	if (unlikely(tcp_is_orphan(c))) {
		/* SHLD-3: new data after CLOSE was called is lost; show that. */
		tcp_rx_why(rx, HOLM_DROP_TCP_AFTER_CLOSE);
		rx->reply = TCP_REPLY_RST;
		net_drop_note(rx->net, rx->why);
		tcp_conn_closed(c, 0);
		return TCP_GONE;
	}
	if (unlikely(!c->rcv)) {
		if (!tcp_hold(c, rx))
			return tcp_drop(rx, HOLM_DROP_TCP_RCVBUF, TCP_REPLY_NONE);
		return TCP_DONE;
	}
	/*
	 * RFC 4861 7.3.1: the arrival of new (non-duplicate) data indicates that earlier
	 * acknowledgments are being delivered to the remote peer.
	 */
	if (likely(seq_eq(rx->seq, c->rcv_nxt)))
		ip_dst_confirm(rx->net, c->dst);
	if (likely(seq_eq(rx->seq, c->rcv_nxt) &&
		   !(tcp_has_reasm(c->flight) && c->flight->reasm->n > 0)))
		tcp_text_in_order(c, rx);
	else if (HOLM_WITH_REASSEMBLY && rx->net->tcp->reasm)
		rx->net->tcp->reasm->text(c, rx);
	else
		drop_out_of_order(c, rx);
	return TCP_NEXT;
}

/*
 * RFC 9293 3.10.7.4, eighth:
 *   If the FIN bit is set, signal the user "connection closing" and return any pending RECEIVEs with
 *   same message, advance RCV.NXT over the FIN, and send an acknowledgment for the FIN.
 */
enum tcp_verdict tcp_fin_arrived(struct holm_tcp *c)
{
	tcp_count_fin(c);
	switch ((enum holm_tcp_state)c->state) {
	case HOLM_TCP_ESTABLISHED:
		tcp_set_state(c, HOLM_TCP_CLOSE_WAIT);
		break;
	case HOLM_TCP_FIN_WAIT_1:
		/* Had our FIN been acknowledged, step 5 would have left this state. */
		tcp_set_state(c, HOLM_TCP_CLOSING);
		break;
	case HOLM_TCP_FIN_WAIT_2:
		return tcp_time_wait_enter(c, true);
	case HOLM_TCP_SYN_RECEIVED:
	case HOLM_TCP_CLOSE_WAIT:
	case HOLM_TCP_CLOSING:
	case HOLM_TCP_LAST_ACK:
	case HOLM_TCP_TIME_WAIT:
	case HOLM_TCP_CLOSED:
	case HOLM_TCP_LISTEN:
	case HOLM_TCP_SYN_SENT:
		break;
	}
	return TCP_DONE;
}

enum tcp_verdict tcp_step8_fin(struct holm_tcp *c, struct tcp_rx *rx)
{
	if (likely(!rx->fin) || (c->flags & TCP_FIN_RCVD))
		return TCP_DONE;
	/* A FIN out of order is not kept: it comes again. */
	if (!seq_eq(seq_add(rx->seq, rx->len), c->rcv_nxt))
		return TCP_DONE;
	return tcp_fin_arrived(c);
}
