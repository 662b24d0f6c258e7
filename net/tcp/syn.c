/*
 * LISTEN, RFC 9293 section 3.10.7.2, and SYN-RECEIVED of a passive open as a small record. The
 * control block is made when the handshake completes. A flood of SYNs fills a bounded table, in which
 * a random record yields to a new one.
 */
#include "net/tcp/room.h"

/* ---- SYN-ACK ------------------------------------------------------------------------------------- */

static void send_syn_ack(struct holm_net *net, const struct tcp_half *half,
			 const struct tcp_tuple *ends, const struct tcp_settings *s)
{
	struct tcp_reply r = {
		.src = &ends->local,
		.dst = &ends->remote,
		.syn = s,
		.tos = s->tos,
		.ttl = s->ttl,
	};

	r.h.sport = ends->lport;
	r.h.dport = ends->rport;
	r.h.seq = half->iss.v;
	r.h.ack = half->irs.v + 1;
	r.h.flags = TCP_SYN | TCP_ACK;
	r.h.wnd = (uint16_t)tcp_offer_window(net, NULL);
	r.h.has_wscale = half->has_wscale;
	r.h.wscale = tcp_offer_wscale(net, NULL);
	r.h.sack_permitted = half->has_sack;
	r.h.has_ts = half->has_ts;
	if (half->has_ts) {
		r.h.tsval = tcp_tsval(net, tcp_ts_offset(net, ends));
		r.h.tsecr = half->ts_recent;
	}
	tcp_send_reply(net, &r);
}

/* ---- Records ------------------------------------------------------------------------------------- */

static uint64_t wait_ns(unsigned retries)
{
	return TCP_S(1) << retries;
}

static void start_wait(struct tcp_state *ts, tcp_ref ref)
{
	struct holm_net *net = ts->net;
	unsigned retries = tcp_half_at(&ts->records, ref)->retries;
	uint64_t at = net->now + wait_ns(retries);

	tcp_record_wait(&ts->records, ref, retries, (uint16_t)tcp_ticks_up(at));
	if (!net_timer_is_armed(&ts->half_timer) || ts->half_timer.wheel.deadline_ns > at)
		net_timer_arm(net, &ts->half_timer, at);
}

/* How many ticks ahead a record is due; past: 0. */
static uint32_t ahead(const struct holm_net *net, const struct tcp_half *half)
{
	int16_t left = (int16_t)(uint16_t)(tcp_record_due(&half->record) - tcp_ticks(net->now));

	return left > 0 ? (uint32_t)left : 0;
}

/* Any one: the arrays are dense. */
static void evict(struct tcp_state *ts)
{
	const struct tcp_slots *s = ts->records.slots;
	uint32_t i = rng_below(&ts->net->rng, tcp_records_count(&ts->records, TCP_KIND_HALF));
	tcp_ref ref = i < s[TCP_KIND_HALF].n ? tcp_ref_of(TCP_KIND_HALF, i)
					     : tcp_ref_of(TCP_KIND_IP6, i - s[TCP_KIND_HALF].n);

	net_drop_note(ts->net, HOLM_DROP_TCP_SYN_QUEUE_FULL);
	tcp_record_remove(ts, ref);
}

static tcp_ref make_record(struct tcp_rx *rx)
{
	struct tcp_state *ts = rx->net->tcp;

	if (tcp_records_count(&ts->records, TCP_KIND_HALF) >= rx->net->config.tcp_half_open_max)
		evict(ts);
	return tcp_record_add(ts, TCP_KIND_HALF, &rx->ends, rx->hash);
}

/* ---- LISTEN -------------------------------------------------------------------------------------- */

static void read_syn(struct tcp_half *half, const struct tcp_rx *rx, const struct tcp_settings *s)
{
	const struct tcp_hdr_info *h = rx->h;

	half->irs = rx->orig_seq;
	half->peer_mss = h->has_mss ? h->mss : 0;
	half->has_wscale = h->has_wscale;
	half->wscale = h->wscale & 15u;
	half->has_sack = h->sack_permitted && s->sack;
	half->has_ts = h->has_ts && s->timestamps;
	half->ts_recent = h->tsval;
	half->iss = rx->has_iss ? rx->iss : tcp_isn(rx->net, &rx->ends);
}

/*
 * RFC 9293 3.10.7.2:
 *   First, check for a RST: An incoming RST segment should be ignored.
 *   Second, check for an ACK: Any acknowledgment is bad if it arrives on a connection still in the
 *   LISTEN state. An acceptable reset segment should be formed [...]
 *   Third, check for a SYN.
 */
enum tcp_verdict tcp_input_listen(struct tcp_bind *bind, struct tcp_rx *rx)
{
	struct tcp_state *ts = rx->net->tcp;
	const struct tcp_settings *s = bind->owner->settings;
	const struct ip_rx *ip = ip_rx(rx->f);
	struct tcp_half *half;
	tcp_ref ref;

	if (rx->h->flags & TCP_RST)
		return tcp_drop(rx, HOLM_DROP_TCP_RST_STRAY, TCP_REPLY_NONE);
	if (rx->h->flags & TCP_ACK)
		return tcp_drop(rx, HOLM_DROP_TCP_NO_PORT, TCP_REPLY_RST);
	if (!(rx->h->flags & TCP_SYN))
		return tcp_drop(rx, HOLM_DROP_TCP_ACK_MISSING, TCP_REPLY_NONE);
	/* MUST-63: an invalid source gets no answer. */
	if (!ip_addr_is_unicast(rx->net, &ip->src) || rx->h->sport == 0)
		return tcp_drop(rx, HOLM_DROP_TCP_ADDRESS, TCP_REPLY_NONE);
	if (bind->nchildren >= bind->backlog)
		return tcp_drop(rx, HOLM_DROP_TCP_BACKLOG_FULL, TCP_REPLY_NONE);
	ref = make_record(rx);
	if (!ref)
		return tcp_drop(rx, HOLM_DROP_TCP_NO_MEMORY, TCP_REPLY_NONE);
	half = tcp_half_at(&ts->records, ref);
	read_syn(half, rx, s);
	start_wait(ts, ref);
	send_syn_ack(rx->net, half, &rx->ends, s);
	return TCP_DONE;
}

/* ---- Completion ---------------------------------------------------------------------------------- */

static void sample_handshake(struct holm_tcp *c, const struct tcp_half *half,
			     const struct tcp_hdr_info *h)
{
	struct holm_net *net = tcp_net(c);
	/* Both were rounded up: the SYN-ACK may seem to leave in the tick after this one. */
	uint32_t passed = tcp_ticks_up(wait_ns(half->retries));

	passed -= min_u32(passed, ahead(net, half));

	if (half->has_ts && h->has_ts && h->tsecr != 0)
		passed = tcp_tsval(net, c->flight->ts_offset) - h->tsecr;
	else if (half->retries > 0)
		return;
	if ((int32_t)passed >= 0)
		tcp_conn_handshake_rtt(c, ((uint64_t)passed << TCP_TICK_SHIFT) +
						  (1u << (TCP_TICK_SHIFT - 1)));
}

static void fill_child(struct holm_tcp *c, const struct tcp_half *half,
		       const struct tcp_tuple *ends)
{
	struct holm_net *net = tcp_net(c);
	uint32_t offer = tcp_offer_window(net, NULL);
	struct tcp_flight *fl = c->flight;

	c->ts_recent = half->ts_recent;
	if (half->has_ts) {
		c->flags |= TCP_TS;
		fl->ts_offset = tcp_ts_offset(net, ends);
	}
	if (half->has_sack)
		c->flags |= TCP_SACK;
	if (half->has_wscale) {
		c->flags |= TCP_WSCALE;
		c->wscales = (uint8_t)(half->wscale | tcp_offer_wscale(net, NULL) << 4);
	}
	if (half->retries > 0)
		c->flags |= TCP_SYN_AGAIN;
	fl->snd_nxt = seq_add(half->iss, 1);
	fl->buf_seq = fl->snd_nxt;
	tcp_conn_start(c, half->irs, 0); /* the ACK that is looked at next has the window */
	c->rcv_adv = seq_add(c->rcv_nxt, offer);
}

/* Memory for everything that a child is made of. */
static struct holm_tcp *alloc_child(struct tcp_bind *bind, const struct tcp_half *half,
				    const struct tcp_rx *rx)
{
	struct holm_net *net = rx->net;
	struct holm_tcp *c;

	if (tcp_conn_create(net, bind->owner->settings, &c) != 0)
		return NULL;
	c->snd_una = half->iss;
	if (ip_dst_get(net, &rx->ends.remote, NULL, &c->dst) != 0)
		c->dst = NULL;
	if (!c->dst || !tcp_set_ends(c, &rx->ends))
		goto fail;
	c->peer_mss = tcp_peer_mss(c, half->peer_mss);
	if (tcp_flight_get(c) && tcp_table_insert(net->tcp, c, rx->hash))
		return c;
fail:
	tcp_conn_destroy(c);
	return NULL;
}

/* The control block, in SYN-RECEIVED, in the record's place. NULL: refused and counted. */
static struct holm_tcp *make_child(struct tcp_bind *bind, tcp_ref ref, struct tcp_rx *rx)
{
	struct tcp_state *ts = rx->net->tcp;
	const struct tcp_half *half = tcp_half_at(&ts->records, ref);
	struct holm_tcp *c = alloc_child(bind, half, rx);

	rx->why = HOLM_DROP_TCP_NO_MEMORY;
	if (!c)
		return NULL;
	fill_child(c, half, &rx->ends);
	sample_handshake(c, half, rx->h);
	tcp_record_remove(ts, ref);
	c->flags |= TCP_CHILD;
	tcp_set_state(c, HOLM_TCP_SYN_RECEIVED);
	list_push_back(&bind->children, &c->ep.ready);
	bind->nchildren++;
	net_count(rx->net, HOLM_COUNT_TCP_PASSIVE_OPENS);
	tcp_publish_listener(rx->net, bind);
	return c;
}

/* What is not the ACK that we wait for. */
static enum tcp_verdict answer_other(const struct tcp_bind *bind, const struct tcp_half *half,
				     struct tcp_rx *rx)
{
	const struct tcp_hdr_info *h = rx->h;

	/* The SYN again: our SYN-ACK was lost, or is late. */
	if ((h->flags & TCP_SYN) && !(h->flags & TCP_ACK) && seq_eq(rx->orig_seq, half->irs)) {
		if (bind)
			send_syn_ack(rx->net, half, &rx->ends, bind->owner->settings);
		return TCP_DONE;
	}
	if ((h->flags & TCP_ACK) && h->ack != half->iss.v + 1)
		return tcp_drop(rx, HOLM_DROP_TCP_ACK_INVALID, TCP_REPLY_RST);
	/*
	 * Outside the window: RFC 9293 3.10.7.4, first. The SYN-ACK again says what we expect; a peer
	 * that has restarted answers it with the RST that ends this record.
	 */
	if (bind && !(h->flags & TCP_RST))
		send_syn_ack(rx->net, half, &rx->ends, bind->owner->settings);
	return tcp_drop(rx, HOLM_DROP_TCP_HALF_OPEN, TCP_REPLY_NONE);
}

enum tcp_verdict tcp_input_half(tcp_ref ref, struct tcp_rx *rx, struct holm_tcp **child)
{
	struct tcp_state *ts = rx->net->tcp;
	const struct tcp_half *half = tcp_half_at(&ts->records, ref);
	struct tcp_bind *bind = tcp_find_listener(ts, &rx->ends.local, rx->ends.lport);
	struct tcp_seq nxt = seq_add(half->irs, 1);
	const struct tcp_hdr_info *h = rx->h;

	if (h->flags & TCP_RST) {
		if (!seq_eq(rx->orig_seq, nxt))
			return tcp_drop(rx, HOLM_DROP_TCP_RST_INVALID, TCP_REPLY_NONE);
		net_count(rx->net, HOLM_COUNT_TCP_RESETS_RECEIVED);
		tcp_record_remove(ts, ref);
		return TCP_DONE;
	}
	if ((h->flags & TCP_SYN) || !(h->flags & TCP_ACK) || h->ack != half->iss.v + 1 ||
	    !seq_in(rx->orig_seq, nxt, tcp_offer_window(rx->net, NULL)))
		return answer_other(bind, half, rx);
	if (half->has_ts && h->has_ts && serial_lt(h->tsval, half->ts_recent))
		return tcp_drop(rx, HOLM_DROP_TCP_PAWS, TCP_REPLY_NONE);
	if (!bind) {
		tcp_record_remove(ts, ref);
		return tcp_drop(rx, HOLM_DROP_TCP_NO_PORT, TCP_REPLY_RST);
	}
	/* The record stays: our SYN-ACK, sent again, asks for this ACK again. */
	if (bind->nchildren >= bind->backlog)
		return tcp_drop(rx, HOLM_DROP_TCP_BACKLOG_FULL, TCP_REPLY_NONE);
	*child = make_child(bind, ref, rx);
	return *child ? TCP_NEXT : TCP_DROP;
}

/* ---- Timer --------------------------------------------------------------------------------------- */

static void retry(struct tcp_state *ts, tcp_ref ref)
{
	struct tcp_half *half = tcp_half_at(&ts->records, ref);
	struct tcp_bind *bind;
	struct tcp_tuple ends;

	tcp_record_tuple(&ts->records, ref, &ends);
	bind = tcp_find_listener(ts, &ends.local, ends.lport);
	if (!bind || half->retries == TCP_HALF_RETRIES) {
		net_count(ts->net, HOLM_COUNT_TCP_FAILED_OPENS);
		tcp_record_remove(ts, ref);
		return;
	}
	tcp_record_unwait(&ts->records, ref, half->retries);
	half->retries++;
	start_wait(ts, ref);
	net_count(ts->net, HOLM_COUNT_TCP_RETRANSMITS);
	send_syn_ack(ts->net, half, &ends, bind->owner->settings);
}

/* Those of one list that are due; returns when the next one is. */
static uint64_t retry_list(struct tcp_state *ts, unsigned kind, unsigned list)
{
	tcp_ref ref;

	while ((ref = tcp_record_first(&ts->records, kind, list)) != 0) {
		uint64_t ticks = ahead(ts->net, tcp_half_at(&ts->records, ref));

		if (ticks > 0)
			return ts->net->now + (ticks << TCP_TICK_SHIFT);
		retry(ts, ref);
	}
	return WHEEL_NEVER;
}

void tcp_half_timer(struct holm_net *net, struct net_timer *timer)
{
	struct tcp_state *ts = container_of(timer, struct tcp_state, half_timer);
	uint64_t next = WHEEL_NEVER;

	/* From the last on: what is sent again waits on the list behind. */
	for (unsigned list = TCP_WAITS; list-- > 0;) {
		next = min_u64(next, retry_list(ts, TCP_KIND_HALF, list));
		next = min_u64(next, retry_list(ts, TCP_KIND_HALF | TCP_KIND_IP6, list));
	}
	/* Starting to wait may have armed it for less. */
	if (next != WHEEL_NEVER && (!net_timer_is_armed(timer) || timer->wheel.deadline_ns > next))
		net_timer_arm(net, timer, next);
}
