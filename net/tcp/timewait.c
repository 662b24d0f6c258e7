/*
 * TIME-WAIT: RFC 9293 section 3.6.1, 2 * MSL in which what comes late is answered, and a new incarnation let
 * through when that is safe (RFC 6191). As a state of the connection; where the instance has small
 * records, one takes the connection's place (timewait_record.c).
 */
#include "net/tcp/opening.h"

/* ---- Segments ------------------------------------------------------------------------------------ */

/*
 * RFC 9293 3.10.7.4, fourth, TIME-WAIT:
 *   If the SYN bit is set [...] If Timestamps are [in use and the timestamp is newer, RFC 6191] or
 *   the sequence number is larger than the last one seen, accept [it] and reopen the connection.
 */
static bool is_new_incarnation(const struct tcp_tw *tw, const struct tcp_hdr_info *h)
{
	if (h->flags & TCP_ACK)
		return false;
	if (HOLM_WITH_TIMESTAMPS && tw->has_ts && h->has_ts && h->tsval != tw->ts_recent)
		return serial_lt(tw->ts_recent, h->tsval);
	return seq_gt(seq_of(h->seq), tw->rcv_nxt);
}

enum tcp_tw_says tcp_time_wait_judge(const struct tcp_tw *tw, struct tcp_rx *rx)
{
	const struct tcp_hdr_info *h = rx->h;

	if (h->flags & TCP_RST) {
		if (seq_eq(rx->orig_seq, tw->rcv_nxt) && !rx->net->config.tcp_rfc1337)
			return TCP_TW_END;
		tcp_rx_why(rx, HOLM_DROP_TCP_RST_INVALID);
		return TCP_TW_IGNORE;
	}
	/* Where nobody listens there is none to come: the old one is not to end for it. */
	if ((h->flags & TCP_SYN) && is_new_incarnation(tw, h) &&
	    tcp_find_listener(rx->net->tcp, &rx->ends.local, rx->ends.lport, rx->f->dev,
			      rx->hash)) {
		rx->has_iss = true;
		rx->iss = seq_add(tw->snd_nxt, TCP_TW_ISS_STEP);
		net_count(rx->net, HOLM_COUNT_TCP_TIME_WAIT_RECYCLED);
		return TCP_TW_REOPEN;
	}
	tcp_rx_why(rx, HOLM_DROP_TCP_TIME_WAIT);
	/* RFC 9293 3.10.7.4, eighth: restart the 2 MSL time-wait timeout. */
	if (h->flags & TCP_FIN)
		return TCP_TW_RESTART;
	/* A bare ACK gets no answer, or two ends would go on answering each other. */
	return (h->flags & TCP_SYN) || rx->orig_len > 0 ? TCP_TW_ANSWER : TCP_TW_IGNORE;
}

enum tcp_verdict tcp_input_time_wait(struct holm_tcp *c, struct tcp_rx *rx)
{
	struct tcp_tw tw;

	tcp_tw_fill(&tw, c);
	switch (tcp_time_wait_judge(&tw, rx)) {
	case TCP_TW_END:
		tcp_conn_closed(c, 0);
		return TCP_GONE;
	case TCP_TW_REOPEN:
		tcp_conn_closed(c, 0);
		return TCP_NEXT;
	case TCP_TW_RESTART:
		c->last_rx = tcp_stamp(rx->net->now);
		rx->reply = TCP_REPLY_ACK;
		break;
	case TCP_TW_ANSWER:
		rx->reply = TCP_REPLY_ACK;
		break;
	case TCP_TW_IGNORE:
		break;
	}
	return TCP_DROP;
}

/* ---- Entering ------------------------------------------------------------------------------------ */

/* It is none of those that tcp_conns_max and tcp_orphans_max bound any more. */
static void stay(struct tcp_state *ts, struct holm_tcp *c, bool ack)
{
	tcp_set_state(c, HOLM_TCP_TIME_WAIT);
	c->last_rx = tcp_stamp(ts->net->now);
	c->flags &= ~(uint32_t)TCP_ACK_DELAYED;
	if (ack)
		c->flags |= TCP_ACK_NOW;
	ts->nconns--;
	ts->ntime_wait++;
	/* Its program has gone: all that it queued has arrived, and its buffer is not to stay. */
	if (tcp_is_orphan(c))
		tcp_release_snd(c);
	if (c->flags & TCP_ORPHAN)
		ts->norphans--;
	c->flags &= ~(uint32_t)TCP_ORPHAN;
}

enum tcp_verdict tcp_time_wait_enter(struct holm_tcp *c, bool ack)
{
	struct holm_net *net = tcp_net(c);
	struct tcp_state *ts = net->tcp;

	if (likely(tcp_small(ts))) {
		/* It is the record's state, never the connection's. */
		ts->small->time_wait(c, ack);
	} else if (ts->ntime_wait < net->config.tcp_time_wait_max) {
		stay(ts, c, ack);
		return TCP_DONE;
	} else {
		/* Nobody is left to answer the FIN when it comes again. */
		if (ack)
			(void)tcp_send_ack(c);
		net_count(net, HOLM_COUNT_TCP_TIME_WAIT_RECYCLED);
	}
	tcp_conn_closed(c, 0);
	return TCP_GONE;
}
