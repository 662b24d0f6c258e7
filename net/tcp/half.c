/*
 * Half-open records: SYN-RECEIVED of a passive open, RFC 9293 section 3.10.7.4 as far as a small record
 * can do it. A SYN is answered at once, or when the program has decided. Where a flood of SYNs has filled
 * the bounded table they are answered by cookies, if the instance has that part, or a random record
 * yields. The control block is made when the handshake completes: child.c.
 */
#include "net/core/proto.h"
#include "net/core/random.h"
#include "net/tcp/opening.h"

/* ---- SYN-ACK ------------------------------------------------------------------------------------- */

static never_inline void answer_any(struct holm_net *net, const struct tcp_half *half,
				    const struct tcp_tuple *ends, const struct tcp_settings *s)
{
	struct tcp_reply r;

	tcp_reply_begin(&r, ends, half->iss.v, half->irs.v + 1, TCP_SYN | TCP_ACK);
	r.syn = s;
	r.tos = s->tos;
	r.ttl = s->ttl;
	r.h.wnd = (uint16_t)tcp_offer_window(net, NULL);
	r.h.has_wscale = tcp_half_has_wscale(half);
	r.h.wscale = tcp_offer_wscale(net, NULL);
	r.h.sack_permitted = half->has_sack;
	r.h.has_ts = half->has_ts;
	if (half->has_ts) {
		r.h.tsval = tcp_tsval(net, tcp_ts_offset(net, ends));
		if (half->held == TCP_HELD_SEALED)
			r.h.tsval = net->tcp->cookies->stamp(half, r.h.tsval);
		r.h.tsecr = half->ts_recent;
	}
	if (half->fast) {
		r.extra.kind = TCP_OPT_FASTOPEN;
		r.extra.len =
			(uint8_t)net->tcp->fastopen->make_cookie(net, &ends->remote, r.extra.value);
	}
	if (unlikely(half->ecn))
		net->tcp->ecn->answer(net, &r, half);
	tcp_send_reply(net, &r);
}

static inline void answer(struct holm_net *net, const struct tcp_half *half,
			  const struct tcp_tuple *ends, const struct tcp_settings *s)
{
	if (FOR_SIZE || !tcp_send_usual_syn_ack(net, half, ends, s))
		answer_any(net, half, ends, s);
}

/* ---- Records ------------------------------------------------------------------------------------- */

/* How long each list waits. A program decides within the time that a peer's SYNs take. */
static uint64_t wait_ns(unsigned list)
{
	return list <= TCP_HALF_RETRIES ? TCP_S(1) << list : TCP_S(30);
}

/* What is to be done at `at` is not forgotten. */
static inline void arm_for(struct tcp_state *ts, uint64_t at)
{
	if (!net_timer_is_armed(&ts->half_timer) || ts->half_timer.wheel.deadline_ns > at)
		net_timer_arm(ts->net, &ts->half_timer, at);
}

static void start_wait(struct tcp_state *ts, tcp_ref ref)
{
	unsigned list = tcp_half_list(tcp_half_at(&ts->records, ref));
	uint64_t at = ts->net->now + wait_ns(list);

	tcp_record_wait(&ts->records, ref, list, (uint16_t)tcp_ticks_up(at));
	arm_for(ts, at);
}

/* How many ticks ahead a record is due; past: 0. */
static uint32_t ahead(const struct holm_net *net, const struct tcp_half *half)
{
	int16_t left = (int16_t)(uint16_t)(tcp_record_due(&half->record) - tcp_ticks(net->now));

	return left > 0 ? (uint32_t)left : 0;
}

static uint32_t age_ticks(const struct holm_net *net, const struct tcp_half *half)
{
	uint32_t waits = tcp_ticks_up(wait_ns(tcp_half_list(half)));

	/* Both were rounded up: it may seem to begin in the tick after this one. */
	return waits - min_u32(waits, ahead(net, half));
}

/* Any one: the arrays are dense. */
static void evict(struct tcp_state *ts)
{
	const struct tcp_slots *s = ts->records.slots;
	uint32_t i = net_random_below(ts->net, tcp_records_count(&ts->records, TCP_KIND_HALF));
	tcp_ref ref = i < s[TCP_KIND_HALF].n ? tcp_ref_of(TCP_KIND_HALF, i)
					     : tcp_ref_of(TCP_KIND_IP6, i - s[TCP_KIND_HALF].n);

	net_drop_note(ts->net, HOLM_DROP_TCP_SYN_QUEUE_FULL);
	tcp_record_remove(ts, ref);
}

static bool is_full(const struct tcp_state *ts)
{
	return tcp_records_count(&ts->records, TCP_KIND_HALF) >= ts->net->config.tcp_half_open_max;
}

/* ---- A SYN ---------------------------------------------------------------------------------------- */

/* The record for a SYN, waiting for what its list waits for. False: no memory. */
static bool keep(struct tcp_rx *rx, const struct tcp_half *half)
{
	struct tcp_state *ts = rx->net->tcp;
	unsigned list = tcp_half_list(half);
	uint64_t at = rx->net->now + wait_ns(list);
	struct tcp_record *record = tcp_record_add(ts, TCP_KIND_HALF, &rx->ends, rx->hash, list,
						   (uint16_t)tcp_ticks_up(at));

	if (!record)
		return false;
	tcp_half_fill(container_of(record, struct tcp_half, record), half);
	arm_for(ts, at);
	return true;
}

/* Nothing is answered before the program has decided. */
static enum tcp_verdict hold_syn(struct tcp_bind *bind, struct tcp_half *half, struct tcp_rx *rx)
{
	half->held = TCP_HELD_NEW;
	if (is_full(rx->net->tcp))
		return tcp_drop(rx, HOLM_DROP_TCP_SYN_QUEUE_FULL, TCP_REPLY_NONE);
	if (!keep(rx, half))
		return tcp_drop(rx, HOLM_DROP_TCP_NO_MEMORY, TCP_REPLY_NONE);
	ep_set(rx->net, &bind->owner->ep, bind->owner->ep.state | (unsigned)HOLM_PENDING);
	return TCP_DONE;
}

static enum tcp_verdict answer_syn(struct tcp_bind *bind, struct tcp_half *half, struct tcp_rx *rx)
{
	struct tcp_state *ts = rx->net->tcp;

	if (is_full(ts) && !ts->cookies)
		evict(ts);
	if (is_full(ts) || !keep(rx, half)) {
		if (!ts->cookies)
			return tcp_drop(rx, HOLM_DROP_TCP_NO_MEMORY, TCP_REPLY_NONE);
		ts->cookies->seal(rx->net, &rx->ends, half);
		net_count(rx->net, HOLM_COUNT_TCP_COOKIES_SENT);
	}
	answer(rx->net, half, &rx->ends, bind->owner->settings);
	return TCP_DONE;
}

static enum tcp_verdict input_syn(struct tcp_bind *bind, struct tcp_half *half, struct tcp_rx *rx)
{
	return bind->owner->settings->hold ? hold_syn(bind, half, rx) : answer_syn(bind, half, rx);
}

/* ---- What comes for a record --------------------------------------------------------------------- */

static void sample_handshake(struct holm_tcp *c, const struct tcp_half *half,
			     const struct tcp_hdr_info *h)
{
	struct holm_net *net = tcp_net(c);
	uint32_t passed = age_ticks(net, half);

	/* A cookie knows no time, and its timestamp is not one. An answered one was held back. */
	if (half->held == TCP_HELD_SEALED || half->acked)
		return;
	if (half->has_ts && h->has_ts && h->tsecr != 0)
		passed = tcp_tsval(net, c->flight->ts_offset) - h->tsecr;
	else if (half->retries > 0)
		return;
	if ((int32_t)passed >= 0)
		tcp_conn_handshake_rtt(c, ((uint64_t)passed << TCP_TICK_SHIFT) +
						  (1u << (TCP_TICK_SHIFT - 1)));
}

/* What is not the ACK that we wait for. */
static enum tcp_verdict answer_other(const struct tcp_bind *bind, const struct tcp_half *half,
				     struct tcp_rx *rx)
{
	const struct tcp_hdr_info *h = rx->h;

	/* The SYN again: our SYN-ACK was lost, or is late. */
	if ((h->flags & TCP_SYN) && !(h->flags & TCP_ACK) && seq_eq(rx->orig_seq, half->irs)) {
		if (bind)
			answer(rx->net, half, &rx->ends, bind->owner->settings);
		return TCP_DONE;
	}
	if ((h->flags & TCP_ACK) && h->ack != half->iss.v + 1)
		return tcp_drop(rx, HOLM_DROP_TCP_ACK_INVALID, TCP_REPLY_RST);
	/*
	 * Outside the window: RFC 9293 3.10.7.4, first. The SYN-ACK again says what we expect; a peer
	 * that has restarted answers it with the RST that ends this record.
	 */
	if (bind)
		answer(rx->net, half, &rx->ends, bind->owner->settings);
	return tcp_drop(rx, HOLM_DROP_TCP_HALF_OPEN, TCP_REPLY_NONE);
}

static never_inline enum tcp_verdict input_half(tcp_ref ref, struct tcp_rx *rx,
						struct holm_tcp **child)
{
	struct tcp_state *ts = rx->net->tcp;
	struct tcp_half *half = tcp_half_at(&ts->records, ref);
	struct tcp_bind *bind =
		tcp_find_listener(ts, &rx->ends.local, rx->ends.lport, rx->f->dev, rx->hash);
	struct tcp_half cookie;
	struct tcp_seq nxt = seq_add(half->irs, 1);
	const struct tcp_hdr_info *h = rx->h;

	if (h->flags & TCP_RST) {
		if (!seq_eq(rx->orig_seq, nxt))
			return tcp_drop(rx, HOLM_DROP_TCP_RST_INVALID, TCP_REPLY_NONE);
		net_count(rx->net, HOLM_COUNT_TCP_RESETS_RECEIVED);
		tcp_record_remove(ts, ref);
		return TCP_DONE;
	}
	if (half->held)
		return tcp_drop(rx, HOLM_DROP_TCP_HALF_OPEN, TCP_REPLY_NONE);
	/* A SYN before the one that the record was made for may have been answered by a cookie. */
	if (bind && ts->cookies && (h->flags & (TCP_SYN | TCP_ACK)) == TCP_ACK &&
	    h->ack != half->iss.v + 1 && tcp_child_cookie(rx, &cookie)) {
		tcp_record_remove(ts, ref);
		return ts->cookies->input(bind, rx, child);
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
	/* A listener that defers waits for data, or the end of its patience. */
	if (rx->orig_len + rx->fin == 0 && half->retries < bind->owner->settings->defer_retries) {
		half->acked = 1;
		return TCP_DONE;
	}
	*child = tcp_child_make(bind, half, rx);
	if (!*child)
		return TCP_DROP;
	sample_handshake(*child, half, rx->h);
	tcp_record_remove_hashed(ts, ref, rx->hash);
	return tcp_child_input(*child, rx);
}

/* ---- The program decides ------------------------------------------------------------------------- */

/* A record that waits for a decision, and is this listener's to decide upon. 0: none. */
static tcp_ref find_held(const struct holm_tcp *listener, const struct tcp_tuple *t)
{
	const struct tcp_state *ts = tcp_net(listener)->tcp;
	tcp_ref ref = tcp_record_find(&ts->records, t, tcp_hash(ts->net, t));
	const struct tcp_bind *bind = tcp_find_listener_of(tcp_net(listener)->tcp, t);

	if (!ref || !tcp_ref_is_half(ref) || !bind || bind->owner != listener)
		return 0;
	return tcp_half_at(&ts->records, ref)->held ? ref : 0;
}

/* The next that this listener's program was not told of. */
static tcp_ref next_held(const struct holm_tcp *listener, unsigned kind, struct tcp_tuple *t)
{
	struct tcp_state *ts = tcp_net(listener)->tcp;
	tcp_ref ref = tcp_record_first(&ts->records, kind, TCP_WAIT_NEW);

	for (; ref; ref = tcp_record_next(&ts->records, ref)) {
		const struct tcp_bind *bind;

		tcp_record_tuple(&ts->records, ref, t);
		bind = tcp_find_listener_of(ts, t);
		if (bind && bind->owner == listener)
			return ref;
	}
	return 0;
}

int holm_tcp_pending(struct holm_tcp *listener, struct holm_tcp_request *r)
{
	struct tcp_state *ts = tcp_net(listener)->tcp;
	struct tcp_tuple t;
	tcp_ref ref;

	ASSERT(!ts->net->callbacks);
	if (listener->state != HOLM_TCP_LISTEN)
		return -HOLM_EINVAL;
	ref = next_held(listener, TCP_KIND_HALF, &t);
	if (!ref)
		ref = next_held(listener, TCP_KIND_HALF | TCP_KIND_IP6, &t);
	if (!ref) {
		listener->ep.state &= (uint16_t)~HOLM_PENDING;
		return -HOLM_EAGAIN;
	}
	tcp_record_unwait(&ts->records, ref, TCP_WAIT_NEW);
	tcp_half_at(&ts->records, ref)->held = TCP_HELD_TOLD;
	start_wait(ts, ref);
	*r = (struct holm_tcp_request){
		.local = { .addr = t.local, .port = t.lport },
		.remote = { .addr = t.remote, .scope = t.scope, .port = t.rport },
	};
	return 0;
}

/* RFC 9293 3.10.7.1: a SYN is refused by <SEQ=0><ACK=SEG.SEQ+1><CTL=RST,ACK>. */
static void send_refusal(struct holm_net *net, const struct tcp_half *half,
			 const struct tcp_tuple *ends)
{
	struct tcp_reply r;

	tcp_reply_begin(&r, ends, 0, half->irs.v + 1, TCP_RST | TCP_ACK);
	net_count(net, HOLM_COUNT_TCP_RESETS_SENT);
	tcp_send_reply(net, &r);
}

int holm_tcp_decide(struct holm_tcp *listener, const struct holm_tcp_request *r,
		    enum holm_tcp_decision decision)
{
	struct holm_net *net = tcp_net(listener);
	struct tcp_state *ts = net->tcp;
	const struct tcp_tuple t = {
		.remote = r->remote.addr,
		.local = r->local.addr,
		.rport = r->remote.port,
		.lport = r->local.port,
		.scope = (uint16_t)r->remote.scope,
	};
	struct tcp_half *half;
	tcp_ref ref;

	ASSERT(!net->callbacks);
	ref = listener->state == HOLM_TCP_LISTEN ? find_held(listener, &t) : 0;
	if (!ref)
		return -HOLM_ENOENT;
	half = tcp_half_at(&ts->records, ref);
	if (decision == HOLM_TCP_ACCEPT) {
		tcp_record_unwait(&ts->records, ref, tcp_half_list(half));
		half->held = TCP_HELD_NOT;
		start_wait(ts, ref);
		answer(net, half, &t, listener->settings);
	} else {
		if (decision == HOLM_TCP_REFUSE)
			send_refusal(net, half, &t);
		net_count(net, HOLM_COUNT_TCP_FAILED_OPENS);
		tcp_record_remove(ts, ref);
	}
	net_kick(net);
	return 0;
}

/* ---- Timer --------------------------------------------------------------------------------------- */

/*
 * Linux's rule for a listener that defers: the SYN-ACK is not sent again to a peer that has answered it
 * until the time for its data is over, and then the record lives as long as without deferring.
 */
static bool is_expired(const struct tcp_half *half, const struct tcp_settings *s)
{
	return half->held || (half->retries >= TCP_HALF_RETRIES &&
			      (!half->acked || half->retries >= s->defer_retries));
}

static void retry(struct tcp_state *ts, tcp_ref ref)
{
	struct tcp_half *half = tcp_half_at(&ts->records, ref);
	const struct tcp_settings *s;
	struct tcp_bind *bind;
	struct tcp_tuple ends;

	tcp_record_tuple(&ts->records, ref, &ends);
	bind = tcp_find_listener_of(ts, &ends);
	s = bind ? bind->owner->settings : NULL;
	if (!s || is_expired(half, s)) {
		net_count(ts->net, HOLM_COUNT_TCP_FAILED_OPENS);
		tcp_record_remove(ts, ref);
		return;
	}
	tcp_record_unwait(&ts->records, ref, half->retries);
	half->retries = (half->retries + 1u) & 7;
	start_wait(ts, ref);
	if (half->acked && half->retries < s->defer_retries)
		return;
	net_count(ts->net, HOLM_COUNT_TCP_RETRANSMITS);
	answer(ts->net, half, &ends, s);
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

static void fire(struct holm_net *net, struct net_timer *timer)
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

/* ---- The part ------------------------------------------------------------------------------------ */

static enum tcp_verdict input(struct tcp_rx *rx, struct holm_tcp **child)
{
	tcp_ref ref = tcp_record_find(&rx->net->tcp->records, &rx->ends, rx->hash);

	if (!ref)
		return TCP_NEXT;
	return tcp_ref_is_half(ref) ? input_half(ref, rx, child) : tcp_input_tw(ref, rx);
}

static const struct tcp_small_ops ops = {
	.syn = input_syn,
	.input = input,
	.time_wait = tcp_tw_make,
	.may_open = tcp_tw_may_open,
	.remove = tcp_record_remove_hashed,
};

static int start(struct holm_net *net)
{
	struct tcp_state *ts = net->tcp;

	net_timer_init(&ts->half_timer, fire);
	net_timer_init(&ts->time_wait_timer, tcp_tw_timer);
	ts->small = &ops;
	return 0;
}

static void stop(struct holm_net *net)
{
	struct tcp_state *ts = net->tcp;

	if (!ts || !ts->small)
		return;
	tcp_records_fini(ts);
	net_timer_cancel(net, &ts->half_timer);
	net_timer_cancel(net, &ts->time_wait_timer);
}

static const struct holm_proto *const needs[] = { &holm_tcp, NULL };

const struct holm_proto holm_tcp_records = {
	.name = "tcp-records",
	.kind = PROTO_PART,
	.needs = needs,
	.start = start,
	.stop = stop,
};
