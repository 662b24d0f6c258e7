/*
 * The end of a connection as it usually is: a FIN leaves with the last bytes or alone, while nothing else
 * is in flight, and what comes is next in order, with a FIN or without, and acknowledges all or nothing
 * new. Such a FIN is as calm as data (calm.c): recovery does not hear of it unless it gets lost.
 *
 * The steps and output.c are the definition. tests/sim/same.c runs the same streams with and without
 * this file and compares every frame.
 */
#include "net/tcp/plain.h"

#include "net/core/pool.h"
#include "net/ip/flow.h"

/* With a FIN or without; behind the peer's there is nothing, and text is for a program that reads. */
static always_inline bool is_expected(const struct holm_tcp *c, const uint8_t *p, uint32_t len,
				      bool stamped)
{
	bool fin = (p[13] & TCP_FIN) != 0;

	return tcp_plain_header(c, p, TCP_FIN, stamped) && tcp_plain_is_next(c, p, len, fin) &&
	       !((c->flags & TCP_FIN_RCVD) && len + fin > 0) &&
	       (len == 0 || (c->rcv && c->ep.owned));
}

/*
 * Our FIN has arrived, and the peer's is here, too: nobody will ask recovery any more. Where a
 * record stays behind the connection's last word is an ACK alone, as in calm all are that go
 * without text.
 */
static never_inline enum tcp_verdict end_both(struct holm_net *net, struct holm_tcp *c, bool fin)
{
	const struct tcp_small_ops *small = tcp_small(net->tcp);

	if (fin)
		tcp_count_fin(c);
	if (small && (c->flags & TCP_ACK_NOW) && c->state != HOLM_TCP_LAST_ACK)
		(void)tcp_calm_send_ack(c);
	c->flight->calm = 0;
	if (c->state != HOLM_TCP_LAST_ACK) {
		if (unlikely(!small))
			return tcp_time_wait_enter(c, (c->flags & TCP_ACK_NOW) != 0);
		small->time_wait(c, (c->flags & TCP_ACK_NOW) != 0);
	}
	/*
	 * In calm no opening is under way, and no wait: of an orphan that is all that
	 * tcp_conn_closed() asks.
	 */
	if (likely(tcp_is_orphan(c)))
		tcp_conn_destroy(c);
	else
		tcp_conn_closed(c, 0);
	return TCP_GONE;
}

/* The fifth step's last part and the eighth at once. */
static inline enum tcp_verdict end_directions(struct holm_net *net, struct holm_tcp *c, bool fin)
{
	if (!(c->flags & TCP_FIN_SENT) || !seq_eq(c->snd_una, c->flight->snd_nxt))
		return fin ? tcp_fin_arrived(c) : TCP_DONE;
	if (fin || (c->flags & TCP_FIN_RCVD))
		return end_both(net, c, fin);
	(void)tcp_step5_fin(c);
	return TCP_DONE;
}

/* Is an ACK the last thing that an orphan waits for? Then nobody will ask for round trips or windows. */
static always_inline bool is_last(const struct holm_tcp *c, struct tcp_seq ack, bool fin)
{
	return (c->flags & TCP_FIN_SENT) && (fin || (c->flags & TCP_FIN_RCVD)) && !c->ep.owned &&
	       seq_eq(ack, c->flight->snd_nxt);
}

/*
 * A segment that was found to be expected, its header `off` bytes into the frame, does what the steps would
 * have it do, in their order.
 */
static always_inline enum tcp_verdict run(struct holm_net *net, struct holm_tcp *c,
					  struct holm_frame *f, uint32_t off, uint32_t hdr_len,
					  uint32_t len, bool stamped, bool single)
{
	const uint8_t *p = holm_frame_data(f) + off;
	struct tcp_seq ack = seq_of(load_be32(p + 8));
	/* Of what it acknowledges, if that is anything. */
	uint32_t bytes = seq_diff(ack, c->snd_una) - ((c->flags & TCP_FIN_SENT) != 0);
	bool fin = (p[13] & TCP_FIN) != 0;

	if (is_last(c, ack, fin)) {
		tcp_plain_count(net, c, p, stamped);
		tcp_calm_passed(net, c, ack, bytes);
		return end_both(net, c, fin);
	}
	tcp_plain_note(net, c, p, stamped);
	if (!seq_eq(ack, c->snd_una))
		tcp_calm_acked(net, c, ack, bytes);
	else if (len > 0)
		ip_dst_confirm(net, c->dst);
	if (len > 0 && !(single && tcp_text_linear(net, c, p + hdr_len, len, len)) &&
	    !tcp_calm_text(net, c, f, off + hdr_len, len))
		fin = false;
	return end_directions(net, c, fin);
}

enum tcp_verdict tcp_closing_input(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f)
{
	const uint8_t *p = holm_frame_data(f) + f->l4_off;
	bool stamped = (c->flags & TCP_TS) != 0;
	uint32_t hdr_len = stamped ? TCP_HDR_TS_BYTES : TCP_HDR_BYTES;
	/* Of less than a header, it wraps round to more than any window. */
	uint32_t len = ip_rx(f)->l4_len - hdr_len;

	if (f->gso != HOLM_GSO_NONE || f->segs[0].len < f->l4_off + hdr_len ||
	    !is_expected(c, p, len, stamped))
		return TCP_NEXT;
	return run(net, c, f, f->l4_off, hdr_len, len, stamped, false);
}

/*
 * A frame in one piece, with a plain IP header: is it the connection's, and what it expects? `seen`: as in
 * calm_in.c, and in place of what net->alone is to count the caller does.
 */
static always_inline bool take_frame(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f,
				     bool ip6, bool stamped, bool seen)
{
	uint32_t off = ETH_HDR_BYTES + (ip6 ? IP6_HDR_BYTES : IP4_HDR_BYTES);
	uint32_t hdr_len = stamped ? TCP_HDR_TS_BYTES : TCP_HDR_BYTES;
	const uint8_t *ip = holm_frame_data(f) + ETH_HDR_BYTES;
	const uint8_t *p = holm_frame_data(f) + off;
	size_t l4_len = seen ? ip_rx(f)->l4_len : ip6 ? ip_flow_len6(ip) : ip_flow_len4(ip);
	uint32_t len;
	enum tcp_verdict v;

	if (!seen && !(ip6 ? ip_flow_is6(&net->flow, ip) : ip_flow_is4(&net->flow, ip)))
		return false;
	if (l4_len < hdr_len || !tcp_plain_lies_well(f, off, hdr_len, l4_len, TCP_SHAPE_SINGLE))
		return false;
	len = (uint32_t)l4_len - hdr_len;
	/* Most carry nothing else: the compiler knows the sum of such a one. */
	if ((!seen && !tcp_plain_is_for(c, p, ip6)) || !is_expected(c, p, len, stamped) ||
	    !(len > 0 ? tcp_plain_sum_holds(f, p, hdr_len, len, ip6)
		      : tcp_plain_sum_holds(f, p, hdr_len, 0, ip6)))
		return false;
	if (!seen)
		tcp_count_alone(net, f);
	v = run(net, c, f, off, hdr_len, len, stamped, true);
	if (v != TCP_GONE) {
		tcp_publish_input(net, c);
		tcp_note(net, c);
	}
	pool_free(f);
	return true;
}

static always_inline bool take(struct holm_net *net, struct holm_frame *f, struct holm_tcp *c,
			       bool seen)
{
	bool stamped = (c->flags & TCP_TS) != 0;
	bool ip6 = (c->flags & TCP_IP6) != 0;

	return likely(!ip6 && !stamped) ? take_frame(net, c, f, false, false, seen)
					: take_frame(net, c, f, ip6, stamped, seen);
}

bool tcp_closing_frame(struct holm_net *net, struct holm_frame *f, struct holm_tcp *c)
{
	return take(net, f, c, true);
}

void tcp_closing_alone(struct holm_net *net, struct holm_frame *f, struct holm_tcp *c)
{
	if (unlikely(((c->flags & TCP_IP6) != 0) != net->flow.ip6) || !take(net, f, c, false))
		tcp_input_alone(net, f);
}
