/*
 * Between a connection and its congestion controller: what the controller is told, when its windows
 * become the connection's, and which controllers an instance has. Decides nothing about what was lost
 * (recovery.c) and nothing about how windows grow (cc_*.c).
 */
#include "net/tcp/hot.h"

#include "lib/copy.h"
#include "lib/mem.h"
#include "net/core/random.h"
#include "net/tcp/rate.h"

/* ---- The controllers of an instance ---------------------------------------------------------------- */

int tcp_cc_register(struct holm_net *net, const struct tcp_cc_ops *ops)
{
	struct tcp_state *ts = net->tcp;

	if (ts->ncc == TCP_CC_MAX)
		return -HOLM_ENOSPC;
	/* The first that is named is who does not choose gets. */
	if (ts->ncc == 1)
		ts->defaults.cc = ops;
	ts->cc[ts->ncc++] = ops;
	return 0;
}

static const struct tcp_cc_ops *find(const struct tcp_state *ts, const char *name, size_t len)
{
	for (uint32_t i = 0; i < ts->ncc; i++) {
		const char *has = ts->cc[i]->name;
		size_t n = 0;

		while (n < len && has[n] && has[n] == name[n])
			n++;
		if (n == len && !has[n])
			return ts->cc[i];
	}
	return NULL;
}

/* ---- Its state ------------------------------------------------------------------------------------- */

/* The controller's view of the connection; unload() takes back what it may change. */
static inline struct tcp_cc *load(struct holm_tcp *c)
{
	struct tcp_cc *cc = &c->flight->cc;

	cc->cwnd = c->cwnd;
	cc->ssthresh = c->ssthresh;
	cc->mss = tcp_mss(c);
	if (HOLM_WITH_CONTROLLERS)
		cc->srtt_us = (uint32_t)(rtt_srtt_ns(&c->rtt) / 1000u);
	return cc;
}

static inline void unload(struct holm_tcp *c, const struct tcp_cc *cc)
{
	c->cwnd = cc->cwnd;
	c->ssthresh = cc->ssthresh;
}

void tcp_cc_restart(struct holm_tcp *c, uint32_t mss)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_cc *cc;

	ASSERT(fl->cc_ops);
	if (tcp_cc_of(fl)->init) {
		cc = load(c);
		tcp_cc_of(fl)->init(cc, tcp_net(c)->now);
		unload(c, cc);
	} else {
		zero_lines(&fl->cc.cubic, sizeof(fl->cc.cubic));
		fl->cc.mss = mss;
	}
	if (tcp_is_paced(c))
		tcp_pacing_update(c);
}

/* What the controller so far had of its own. */
static void forget(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;

	if (HOLM_WITH_CONTROLLERS && fl->cc_ops && fl->cc_ops->state_bytes)
		mem_free(&tcp_net(c)->mem, fl->cc.own, fl->cc_ops->state_bytes);
	fl->cc_ops = NULL;
	fl->cc.own = NULL;
}

void tcp_cc_end(struct holm_tcp *c)
{
	forget(c);
	tcp_pacing_end(c);
}

bool tcp_cc_begin(struct holm_tcp *c, const struct tcp_cc_ops *ops)
{
	struct tcp_flight *fl = c->flight;
	void *own = NULL;

	if (HOLM_WITH_CONTROLLERS && ops->state_bytes) {
		own = mem_zalloc(&tcp_net(c)->mem, ops->state_bytes);
		if (!own)
			return false;
	}
	if (!tcp_pacing_begin(c, ops)) {
		mem_free(&tcp_net(c)->mem, own, ops->state_bytes);
		return false;
	}
	forget(c);
	fl->cc_ops = ops;
	if (HOLM_WITH_CONTROLLERS) {
		fl->cc.own = own;
		fl->cc.random = ops->rate ? net_random_u32(tcp_net(c)) : 0;
	}
	fl->cc.paced = tcp_has_pacer(fl);
	fl->round_end = fl->snd_nxt;
	/* Before the handshake there is no window: tcp_conn_start() sets one, and restarts. */
	if (c->cwnd > 0)
		tcp_cc_restart(c, tcp_mss(c));
	return true;
}

/* ---- What happens ---------------------------------------------------------------------------------- */

/* Does the window hold us back? If not, its growth would mean nothing (RFC 7661). */
static bool window_is_used(const struct holm_tcp *c, uint32_t acked)
{
	if (c->flags & TCP_CWND_LIMITED)
		return true;
	return c->cwnd < c->ssthresh && tcp_in_flight(c) + acked > c->cwnd / 2;
}

/* A round: from a moment until all that was in flight then is acknowledged. */
static bool round_has_passed(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;

	if (seq_leq(c->snd_una, fl->round_end))
		return false;
	fl->round_end = fl->snd_nxt;
	c->flags &= ~(uint32_t)(TCP_CWND_LIMITED | TCP_WND_LIMITED);
	return true;
}

static void sample_rate(struct holm_tcp *c, const struct tcp_cc *cc, const struct tcp_cc_ack *ack,
			struct tcp_rate_sample *sample)
{
	const struct tcp_rate_ack r = {
		.now_us = (uint32_t)(ack->now_ns / 1000u),
		.delivered = ack->delivered_bytes,
		.lost = ack->lost_bytes,
		.newest_end = ack->newest_end,
		.newest_once = ack->newest_once,
		.una = c->snd_una.v,
		.min_rtt_us = cc->min_rtt_us,
	};

	c->flight->cc_ops->rate->acked(cc->own, &r, sample);
}

void tcp_cc_on_ack(struct holm_tcp *c, struct tcp_cc_ack *ack)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_cc *cc = load(c);
	struct tcp_rate_sample sample;

	ack->cwnd_limited = window_is_used(c, ack->acked_bytes);
	/* NewReno asks neither. */
	if (HOLM_WITH_CONTROLLERS) {
		ack->now_ns = tcp_net(c)->now;
		ack->wnd_limited =
			(c->flags & (TCP_CWND_LIMITED | TCP_WND_LIMITED)) == TCP_WND_LIMITED;
	}
	ack->in_recovery = fl->phase == TCP_RECOVERY;
	ack->round_start = round_has_passed(c);
	if (unlikely(c->flags & TCP_ECN)) {
		ack->ce_bytes = fl->ce_bytes;
		fl->ce_bytes = 0;
	}
	if (HOLM_WITH_CONTROLLERS && unlikely(tcp_cc_of(fl)->rate)) {
		sample_rate(c, cc, ack, &sample);
		ack->rate = &sample;
	}
	tcp_cc_of(fl)->acked(cc, ack);
	unload(c, cc);
	if (tcp_is_paced(c))
		tcp_pacing_update(c);
}

void tcp_cc_on_plain_ack(struct holm_tcp *c, uint32_t acked, uint32_t rtt_us)
{
	struct tcp_flight *fl = c->flight;
	const struct tcp_cc_ops *ops = tcp_cc_of(fl);
	struct tcp_cc_ack ack;

	if (likely(!ops->rate && !tcp_has_pacer(fl) && !(c->flags & TCP_ECN) &&
		   !window_is_used(c, acked))) {
		(void)round_has_passed(c);
		if (ops->passed)
			ops->passed(&fl->cc, tcp_net(c)->now);
		return;
	}
	ack = (struct tcp_cc_ack){
		.delivered_bytes = acked,
		.acked_bytes = acked,
		.in_flight = tcp_in_flight(c),
		.rtt_us = rtt_us,
		.newest_end = c->snd_una.v,
		.newest_once = true,
	};
	ack.prior_in_flight = ack.in_flight + acked;
	tcp_cc_on_ack(c, &ack);
}

void tcp_cc_catch_up(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;

	fl->round_end = c->snd_una;
	if (tcp_cc_of(fl)->passed)
		tcp_cc_of(fl)->passed(&fl->cc, fl->progress_ns);
}

void tcp_cc_on_sent(struct holm_tcp *c, struct tcp_seq end, uint32_t len)
{
	struct tcp_flight *fl = c->flight;
	uint64_t now = tcp_net(c)->now;

	if (!HOLM_WITH_CONTROLLERS || !tcp_cc_of(fl)->rate)
		return;
	if (tcp_in_flight(c) == 0 && fl->cc_ops->restarted)
		fl->cc_ops->restarted(load(c), now);
	fl->cc_ops->rate->sent(fl->cc.own, (uint32_t)(now / 1000u), end.v, len, tcp_pipe(c));
}

void tcp_cc_on_app_limited(struct holm_tcp *c)
{
	if (HOLM_WITH_CONTROLLERS && c->flight->cc_ops->rate)
		tcp_rate_app_limited(c->flight->cc.own, tcp_pipe(c));
}

/* The controller's answer to a congestion event; cwnd stays. */
static void reduce(struct holm_tcp *c, enum tcp_cc_event why, uint32_t flight_size)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_cc *cc = load(c);

	cc->prior_cwnd = cc->cwnd;
	cc->prior_ssthresh = cc->ssthresh;
	cc->ssthresh = tcp_cc_of(fl)->reduce(cc, why, flight_size, tcp_net(c)->now);
	unload(c, cc);
}

void tcp_cc_on_recovery(struct holm_tcp *c, uint32_t flight_size)
{
	reduce(c, TCP_CC_LOSS, flight_size);
}

void tcp_cc_on_ecn(struct holm_tcp *c, uint32_t flight_size)
{
	reduce(c, TCP_CC_ECN, flight_size);
	if (!tcp_cc_owns_cwnd(c))
		c->cwnd = c->ssthresh;
}

void tcp_cc_on_recovered(struct holm_tcp *c)
{
	if (!tcp_cc_owns_cwnd(c))
		c->cwnd = c->ssthresh;
}

/* RFC 5681 3.1: ssthresh is held while the same segment is sent again and again. */
void tcp_cc_on_timeout(struct holm_tcp *c, bool first)
{
	if (first)
		reduce(c, TCP_CC_TIMEOUT, tcp_in_flight(c));
	c->cwnd = tcp_mss(c);
}

void tcp_cc_on_spurious(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_cc *cc = load(c);

	cc->cwnd = max_u32(cc->cwnd, cc->prior_cwnd);
	cc->ssthresh = max_u32(cc->ssthresh, cc->prior_ssthresh);
	if (tcp_cc_of(fl)->restored)
		tcp_cc_of(fl)->restored(cc);
	unload(c, cc);
}

/*
 * RFC 5681 4.1:
 *   if TCP has not received a segment for more than one retransmission timeout, cwnd is reduced to
 *   the value of the restart window before transmission begins.
 */
void tcp_cc_on_idle(struct holm_tcp *c)
{
	/* A stamp is sixteen ticks. */
	uint64_t idle = (uint64_t)(tcp_stamp(tcp_net(c)->now) - c->last_rx)
			<< (TCP_STAMP_SHIFT - TCP_TICK_SHIFT);

	if (c->flags & (TCP_REXMT | TCP_PERSIST) || tcp_cc_owns_cwnd(c))
		return;
	if (unlikely(idle > RTO_MIN_TICKS && idle > rtt_rto_ticks(&c->rtt)))
		c->cwnd = min_u32(c->cwnd, cc_initial_window(tcp_mss(c)));
}

/* ---- The program's choice -------------------------------------------------------------------------- */

const char *holm_tcp_congestion(const struct holm_tcp *t)
{
	return t->settings->cc->name;
}

int holm_tcp_set_congestion(struct holm_tcp *t, const char *name, size_t len)
{
	const struct tcp_cc_ops *ops = find(tcp_net(t)->tcp, name, len);
	struct tcp_settings *s;

	ASSERT(!tcp_net(t)->callbacks);
	if (!ops)
		return -HOLM_ENOENT;
	if (ops == t->settings->cc)
		return 0;
	tcp_stir(t);
	s = tcp_settings_own(t);
	/* The block of one that has ended is there for what it lent: its windows are no more. */
	if (!s || (t->flight && (t->flags & TCP_HASHED) && !tcp_cc_begin(t, ops)))
		return -HOLM_ENOMEM;
	s->cc = ops;
	return 0;
}
