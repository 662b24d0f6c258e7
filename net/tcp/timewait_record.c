/*
 * TIME-WAIT as small records in the table beside the connections: see timewait.c. A part, half.c.
 */
#include "net/tcp/room.h"

/* An active open takes over a record's four-tuple when timestamps have moved this far. */
#define REUSE_NS 1000000000u

static void send_ack(struct holm_net *net, const struct tcp_tw *tw, const struct tcp_tuple *ends)
{
	struct tcp_reply r;

	tcp_reply_begin(&r, ends, tw->snd_nxt.v, tw->rcv_nxt.v, TCP_ACK);
	r.tos = tw->tos;
	r.h.has_ts = tw->has_ts;
	if (tw->has_ts) {
		r.h.tsval = tcp_tsval(net, tcp_ts_offset(net, ends));
		r.h.tsecr = tw->ts_recent;
	}
	tcp_send_reply(net, &r);
}

/* ---- Time ---------------------------------------------------------------------------------------- */

/* How many stamps ahead a record is due; past: 0. */
static uint32_t ahead(const struct holm_net *net, const struct tcp_tw *tw)
{
	int16_t left = (int16_t)(uint16_t)(tcp_record_due(&tw->record) - tcp_stamp(net->now));

	return left > 0 ? (uint32_t)left : 0;
}

/* The oldest of both families; 0: none. */
static tcp_ref oldest(const struct tcp_state *ts)
{
	const struct tcp_records *r = &ts->records;
	tcp_ref a = tcp_record_first(r, TCP_KIND_TIME_WAIT, 0);
	tcp_ref b = tcp_record_first(r, TCP_KIND_TIME_WAIT | TCP_KIND_IP6, 0);

	if (!a || !b)
		return a ? a : b;
	return ahead(ts->net, tcp_tw_at(r, a)) <= ahead(ts->net, tcp_tw_at(r, b)) ? a : b;
}

/* When a wait that begins now is over, as a record says it. */
static uint16_t due(const struct holm_net *net)
{
	return (uint16_t)(tcp_stamp(net->now + net->config.tcp_time_wait_ns) + 1);
}

/* All wait for the same time. */
static inline void arm(struct holm_net *net)
{
	struct net_timer *timer = &net->tcp->time_wait_timer;

	if (!net_timer_is_armed(timer))
		net_timer_arm(net, timer, net->now + net->config.tcp_time_wait_ns);
}

void tcp_tw_timer(struct holm_net *net, struct net_timer *timer)
{
	struct tcp_state *ts = container_of(timer, struct tcp_state, time_wait_timer);
	tcp_ref ref;

	while ((ref = oldest(ts)) != 0) {
		uint64_t stamps = ahead(net, tcp_tw_at(&ts->records, ref));

		if (stamps > 0) {
			net_timer_arm(net, timer,
				      ((net->now >> TCP_STAMP_SHIFT) + stamps) << TCP_STAMP_SHIFT);
			return;
		}
		tcp_record_remove(ts, ref);
	}
}

/* ---- Entering ------------------------------------------------------------------------------------ */

/* The oldest yields when there are too many. */
static inline struct tcp_tw *make_record(struct tcp_state *ts, const struct holm_tcp *c)
{
	struct tcp_record *record;

	if (unlikely(tcp_records_count(&ts->records, TCP_KIND_TIME_WAIT) >=
		     ts->net->config.tcp_time_wait_max)) {
		net_count(ts->net, HOLM_COUNT_TCP_TIME_WAIT_RECYCLED);
		tcp_record_remove(ts, oldest(ts));
	}
	record = tcp_record_add_for(ts, c, due(ts->net));
	if (unlikely(!record)) {
		net_drop_note(ts->net, HOLM_DROP_TCP_NO_MEMORY);
		return NULL;
	}
	return container_of(record, struct tcp_tw, record);
}

void tcp_tw_make(struct holm_tcp *c, bool ack)
{
	struct holm_net *net = tcp_net(c);
	struct tcp_tw *tw;

	/* The connection's own, with its window; if it finds no frame the FIN comes again. */
	if (ack)
		(void)tcp_send_ack(c);
	tw = make_record(net->tcp, c);
	if (unlikely(!tw))
		return;
	tcp_tw_fill(tw, c);
	arm(net);
}

/* ---- Segments ------------------------------------------------------------------------------------ */

enum tcp_verdict tcp_input_tw(tcp_ref ref, struct tcp_rx *rx)
{
	struct tcp_state *ts = rx->net->tcp;
	const struct tcp_tw *tw = tcp_tw_at(&ts->records, ref);

	switch (tcp_time_wait_judge(tw, rx)) {
	case TCP_TW_END:
		tcp_record_remove(ts, ref);
		return TCP_DONE;
	case TCP_TW_REOPEN:
		tcp_record_remove(ts, ref);
		return TCP_NEXT;
	case TCP_TW_RESTART:
		send_ack(rx->net, tw, &rx->ends);
		tcp_record_unwait(&ts->records, ref, 0);
		tcp_record_wait(&ts->records, ref, 0, due(rx->net));
		arm(rx->net);
		break;
	case TCP_TW_ANSWER:
		send_ack(rx->net, tw, &rx->ends);
		break;
	case TCP_TW_IGNORE:
		break;
	}
	return TCP_DROP;
}

/* ---- An active open ------------------------------------------------------------------------------ */

bool tcp_tw_may_open(struct tcp_state *ts, const struct tcp_tuple *t, uint32_t hash, bool take_over,
		     struct tcp_taken *taken)
{
	const struct holm_net *net = ts->net;
	const struct tcp_tw *tw;
	uint64_t left;

	taken->ref = tcp_record_find(&ts->records, t, hash);
	if (!taken->ref)
		return true;
	if (!take_over || tcp_ref_is_half(taken->ref))
		return false;
	tw = tcp_tw_at(&ts->records, taken->ref);
	left = (uint64_t)ahead(net, tw) << TCP_STAMP_SHIFT;
	if (!tw->has_ts || left + REUSE_NS > net->config.tcp_time_wait_ns)
		return false;
	taken->iss = seq_add(tw->snd_nxt, TCP_TW_ISS_STEP);
	net_count(ts->net, HOLM_COUNT_TCP_TIME_WAIT_RECYCLED);
	return true;
}
