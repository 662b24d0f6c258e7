/*
 * TIME-WAIT: RFC 9293 section 3.6.1, as small records in the table beside the connections. The
 * record answers what comes late, lets a new incarnation through when that is safe (RFC 6191), and
 * ends after 2 * MSL.
 */
#include "net/tcp/room.h"

/* What a new incarnation's ISS is above the old one's SND.NXT where the clock gives no assurance. */
#define ISS_STEP 65537u
/* An active open takes over a record's four-tuple when timestamps have moved this far (1 s). */
#define REUSE_TICKS 954u

static void send_ack(struct holm_net *net, const struct tcp_tw *tw, struct ip_dst *via)
{
	struct tcp_reply r;

	r.src = &tw->id.t.local;
	r.dst = &tw->id.t.remote;
	r.syn = NULL;
	r.via = via;
	r.tos = tw->tos;
	r.ttl = 0;
	tcp_clear_options(&r.h);
	r.h.urg = 0;
	r.h.wnd = 0;
	r.h.sport = tw->id.t.lport;
	r.h.dport = tw->id.t.rport;
	r.h.seq = tw->snd_nxt.v;
	r.h.ack = tw->rcv_nxt.v;
	r.h.flags = TCP_ACK;
	r.h.has_ts = tw->has_ts;
	if (tw->has_ts) {
		r.h.tsval = tcp_tsval(net, tw->ts_offset);
		r.h.tsecr = tw->ts_recent;
	}
	tcp_send_reply(net, &r);
}

/* ---- The list: oldest first ---------------------------------------------------------------------- */

static struct tcp_tw *oldest(const struct tcp_state *ts)
{
	struct list_node *n = list_first(&ts->time_wait);

	return n ? container_of(n, struct tcp_tw, wait) : NULL;
}

static void start_wait(struct tcp_state *ts, struct tcp_tw *tw)
{
	struct holm_net *net = ts->net;
	uint64_t at = net->now + net->config.tcp_time_wait_ns;

	tw->due = tcp_ticks_up(at);
	list_push_back(&ts->time_wait, &tw->wait);
	if (!net_timer_is_armed(&ts->time_wait_timer))
		net_timer_arm(net, &ts->time_wait_timer, at);
}

void tcp_time_wait_free(struct tcp_state *ts, struct tcp_tw *tw)
{
	htab_remove(&ts->records, &tw->id.node);
	list_remove(&tw->wait);
	ts->ntime_wait--;
	mem_free(&ts->net->mem, tw, sizeof(*tw));
}

void tcp_time_wait_timer(struct holm_net *net, struct net_timer *timer)
{
	struct tcp_state *ts = container_of(timer, struct tcp_state, time_wait_timer);
	uint32_t now = tcp_ticks(net->now);
	struct tcp_tw *tw;

	while ((tw = oldest(ts)) != NULL && !serial_lt(now, tw->due))
		tcp_time_wait_free(ts, tw);
	if (tw)
		net_timer_arm(net, timer, net->now + ((uint64_t)(tw->due - now) << TCP_TICK_SHIFT));
}

/* ---- Entering ------------------------------------------------------------------------------------ */

static struct tcp_tw *make_record(struct tcp_state *ts)
{
	struct tcp_tw *tw;

	if (ts->ntime_wait >= ts->net->config.tcp_time_wait_max) {
		net_count(ts->net, HOLM_COUNT_TCP_TIME_WAIT_RECYCLED);
		tcp_time_wait_free(ts, oldest(ts));
	}
	tw = mem_alloc(&ts->net->mem, sizeof(*tw));
	if (!tw)
		net_drop_note(ts->net, HOLM_DROP_TCP_NO_MEMORY);
	return tw;
}

void tcp_time_wait_enter(struct holm_tcp *c, bool ack)
{
	struct holm_net *net = tcp_net(c);
	struct tcp_state *ts = net->tcp;
	struct tcp_tw *record = make_record(ts);
	struct tcp_tw unkept;
	struct tcp_tw *tw = record ? record : &unkept;

	*tw = (struct tcp_tw){
		.since = tcp_ticks(net->now),
		.snd_nxt = c->flight->snd_nxt,
		.rcv_nxt = c->rcv_nxt,
		.ts_recent = c->ts_recent,
		.ts_offset = c->flight->ts_offset,
		.has_ts = (c->flags & TCP_TS) != 0,
		.tos = c->settings->tos,
	};
	tcp_get_ends(c, &tw->id.t);
	if (ack)
		send_ack(net, tw, c->dst);
	if (record && !tcp_record_insert(ts, &tw->id, TCP_KIND_TIME_WAIT, c->node.hash)) {
		net_drop_note(net, HOLM_DROP_TCP_NO_MEMORY);
		mem_free(&net->mem, record, sizeof(*record));
	} else if (record) {
		ts->ntime_wait++;
		start_wait(ts, tw);
	}
	tcp_set_state(c, HOLM_TCP_TIME_WAIT);
	tcp_conn_closed(c, 0);
}

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
	if (tw->has_ts && h->has_ts && h->tsval != tw->ts_recent)
		return serial_lt(tw->ts_recent, h->tsval);
	return seq_gt(seq_of(h->seq), tw->rcv_nxt);
}

enum tcp_verdict tcp_input_time_wait(struct tcp_tw *tw, struct tcp_rx *rx)
{
	struct tcp_state *ts = rx->net->tcp;
	const struct tcp_hdr_info *h = rx->h;

	if (h->flags & TCP_RST) {
		if (!seq_eq(rx->orig_seq, tw->rcv_nxt))
			return tcp_drop(rx, HOLM_DROP_TCP_RST_INVALID, TCP_REPLY_NONE);
		tcp_time_wait_free(ts, tw);
		return TCP_DONE;
	}
	if ((h->flags & TCP_SYN) && is_new_incarnation(tw, h)) {
		rx->has_iss = true;
		rx->iss = seq_add(tw->snd_nxt, ISS_STEP);
		net_count(rx->net, HOLM_COUNT_TCP_TIME_WAIT_RECYCLED);
		tcp_time_wait_free(ts, tw);
		return TCP_NEXT;
	}
	/* A bare ACK gets no answer, or two records would go on answering each other. */
	if ((h->flags & (TCP_SYN | TCP_FIN)) || rx->orig_len > 0)
		send_ack(rx->net, tw, NULL);
	if (h->flags & TCP_FIN) {
		/* RFC 9293 3.10.7.4, eighth: restart the 2 MSL time-wait timeout. */
		list_remove(&tw->wait);
		start_wait(ts, tw);
	}
	return tcp_drop(rx, HOLM_DROP_TCP_TIME_WAIT, TCP_REPLY_NONE);
}

bool tcp_time_wait_reuse(struct tcp_state *ts, struct tcp_tw *tw, struct tcp_seq *iss)
{
	if (!tw->has_ts || tcp_ticks(ts->net->now) - tw->since < REUSE_TICKS)
		return false;
	*iss = seq_add(tw->snd_nxt, ISS_STEP);
	net_count(ts->net, HOLM_COUNT_TCP_TIME_WAIT_RECYCLED);
	return true;
}
