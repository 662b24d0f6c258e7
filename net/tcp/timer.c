/*
 * The timer of an active connection: one for all its deadlines, armed lazily for the earliest.
 * Retransmission and window probe (RFC 9293 3.8.1, 3.8.6.1) exclude each other and share its
 * `rexmt`; delayed ACK (3.8.6.3), keep-alive (3.8.4), FIN-WAIT-2 of an orphan,
 * and TIME-WAIT.
 */
#include "net/tcp/hot.h"

/* How long a block that nothing waits for any more is kept: the next request may follow. */
#define FLIGHT_KEEP_NS 1000000000u

/* What calm.c arms for: no retransmission and no probe of a single segment is due earlier. */
_Static_assert(TCP_CALM_NS <= (uint64_t)TLP_ACK_DELAY << RTT_UNIT_SHIFT, "PTO");
_Static_assert(TCP_CALM_NS <= (uint64_t)TLP_FIRST << RTT_UNIT_SHIFT, "PTO of the first");
#define DELACK_TICKS ((TCP_DELACK_NS >> TCP_TICK_SHIFT) + 2u)
/* A quarter of the circle of ticks. */
#define LATE_NS ((uint64_t)1 << (TCP_TICK_SHIFT + 30))
/* A peer that answers no probe for longer than R2 takes is gone. */
#define SILENCE_MAX_S 462u

static bool tick_is_due(const struct holm_net *net, uint32_t tick)
{
	return !serial_lt(tcp_ticks(net->now), tick);
}

/* ---- Setting ------------------------------------------------------------------------------------- */

static uint32_t rto_ticks(const struct holm_tcp *c)
{
	/* RFC 6298 5.7: without a sample after a lost SYN, three seconds. */
	if (c->rtt.srtt8 == 0 && (c->flags & TCP_SYN_AGAIN) && tcp_is_synchronized(c))
		return RTO_SYN_LOST_TICKS;
	return rtt_rto_ticks(&c->rtt);
}

/* When the user timeout (RFC 5482) is over that is told, not when there would be another repetition. */
static uint32_t backed_off(const struct holm_tcp *c, uint32_t rto)
{
	uint64_t over = c->flight->progress_ns + TCP_MS(tcp_settings(c)->user_timeout_ms);
	uint64_t now = tcp_net(c)->now;

	rto = rtt_backoff_ticks(rto, c->flight->retries);
	if (!tcp_settings(c)->user_timeout_ms)
		return rto;
	return over > now ? (uint32_t)min_u64(rto, tcp_ticks_up(over - now)) : 0;
}

static inline void start(struct holm_tcp *c, uint64_t now)
{
	uint32_t rto = rto_ticks(c);

	if (unlikely(c->flight->retries > 0))
		rto = backed_off(c, rto);
	/* One more: the tick that runs has begun already. */
	c->flight->rexmt = tcp_ticks(now) + 1 + rto;
}

void tcp_timer_rexmt_from(struct holm_tcp *c, uint64_t sent_ns)
{
	start(c, sent_ns);
	c->flags = (c->flags & ~(uint32_t)TCP_PERSIST) | TCP_REXMT;
}

void tcp_timer_rexmt(struct holm_tcp *c)
{
	tcp_timer_rexmt_from(c, tcp_net(c)->now);
}

/*
 * RFC 7765 4:
 *   when an ACK is received that acknowledges new data [...] (a) the number of outstanding segments and
 *   the number of previously unsent segments [...] is less than RRTHRESH [...] set RTO to RTO - T_earliest
 * Too few are in flight for fast retransmit: their timeout is theirs, not one from the last ACK on.
 */
void tcp_timer_restart(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;
	uint32_t flying = tcp_in_flight(c), unsent = seq_diff(tcp_snd_end(c), fl->snd_nxt);
	uint32_t age;

	tcp_timer_rexmt(c);
	if (!tcp_has_repair(fl) || fl->phase != TCP_OPEN || (c->flags & TCP_FIN_SENT) ||
	    flying + unsent >= TCP_RESTART_SEGMENTS * tcp_mss(c))
		return;
	age = tcp_net(c)->tcp->sack->oldest_ticks(c);
	/* RFC 7765 4 (b): not where nothing would be left of it. */
	if (age + 1 < rto_ticks(c))
		fl->rexmt -= age;
}

/* How many ticks ago the retransmission was sent whose deadline `rexmt` is. */
uint32_t tcp_timer_rexmt_age(const struct holm_tcp *c)
{
	uint32_t sent = c->flight->rexmt - 1 - rtt_backoff_ticks(rto_ticks(c), c->flight->retries);

	return tcp_ticks(tcp_net(c)->now) - sent;
}

void tcp_timer_persist(struct holm_tcp *c)
{
	start(c, tcp_net(c)->now);
	c->flags = (c->flags & ~(uint32_t)TCP_REXMT) | TCP_PERSIST;
}

void tcp_timer_rexmt_stop(struct holm_tcp *c)
{
	c->flags &= ~(uint32_t)(TCP_REXMT | TCP_PERSIST);
}

/* ---- The deadlines that follow from other facts -------------------------------------------------- */

/* RFC 9293 3.8.4: only when no sent data is outstanding. */
static bool keep_alive_runs(const struct holm_tcp *c)
{
	return tcp_settings(c)->keepalive && tcp_is_synchronized(c) &&
	       !(c->flags & (TCP_REXMT | TCP_PERSIST));
}

/* FIN-WAIT-2 of an orphan, or TIME-WAIT: the end comes by itself. */
static bool end_runs(const struct holm_tcp *c)
{
	return (c->state == HOLM_TCP_FIN_WAIT_2 && tcp_is_orphan(c)) ||
	       c->state == HOLM_TCP_TIME_WAIT;
}

static uint64_t end_deadline(const struct holm_tcp *c)
{
	return c->state == HOLM_TCP_TIME_WAIT
		       ? tcp_after_last_rx(c, 0) + tcp_net(c)->config.tcp_time_wait_ns
		       : tcp_after_last_rx(c, tcp_settings(c)->linger2_s);
}

static uint64_t delack_deadline(const struct holm_tcp *c)
{
	const struct holm_net *net = tcp_net(c);
	uint32_t now = tcp_ticks(net->now);
	uint16_t ahead = (uint16_t)(c->flight->delack - (uint16_t)now);

	/* Further ahead than any delay: long past. */
	return ahead > DELACK_TICKS ? net->now : tcp_ns_of_tick(net, now + ahead);
}

/* Reordering, or a probe: see repair.h. */
static uint64_t wait_deadline(const struct holm_tcp *c)
{
	if (!HOLM_WITH_SACK || !c->flight || c->flight->wait == TCP_WAIT_NONE)
		return WHEEL_NEVER;
	return tcp_ns_of_tick(tcp_net(c), c->flight->wait_tick);
}

/* In calm `rexmt` and `wait_tick` are not known yet: when they may be, at the earliest. */
static uint64_t earliest_calm(const struct holm_tcp *c)
{
	uint64_t at = WHEEL_NEVER;

	if (c->flags & TCP_REXMT)
		at = c->flight->timed_ns + tcp_calm_wait_ns(c);
	return c->flags & TCP_ACK_DELAYED ? min_u64(at, delack_deadline(c)) : at;
}

static uint64_t earliest(const struct holm_tcp *c)
{
	uint64_t at = WHEEL_NEVER;

	/* While something is in flight, keep-alive waits, and FIN-WAIT-2 is still to come. */
	if (likely((c->flags & (TCP_REXMT | TCP_ACK_DELAYED)) == TCP_REXMT))
		return min_u64(wait_deadline(c), tcp_ns_of_tick(tcp_net(c), c->flight->rexmt));
	if (c->flags & (TCP_REXMT | TCP_PERSIST))
		at = tcp_ns_of_tick(tcp_net(c), c->flight->rexmt);
	at = min_u64(at, wait_deadline(c));
	if (c->flags & TCP_ACK_DELAYED)
		at = min_u64(at, delack_deadline(c));
	if (unlikely(keep_alive_runs(c)))
		at = min_u64(at, tcp_net(c)->tcp->keep_alive->deadline(c));
	if (unlikely(end_runs(c)))
		at = min_u64(at, end_deadline(c));
	return at;
}

void tcp_timer_update(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);
	uint64_t at = tcp_is_calm(c) ? earliest_calm(c) : earliest(c);

	/* Nothing to wait for: some time later the block goes. */
	if (at == WHEEL_NEVER)
		at = net->now + FLIGHT_KEEP_NS;
	net_timer_arm(net, &c->flight->timer, at);
}

bool tcp_timer_is_needed(const struct holm_tcp *c)
{
	return (c->flags & (TCP_REXMT | TCP_PERSIST | TCP_ACK_DELAYED)) || keep_alive_runs(c) ||
	       end_runs(c);
}

/* ---- Firing -------------------------------------------------------------------------------------- */

/* Each returns false if that was the end of the connection. */

/*
 * RFC 9293 3.8.6.1: as long as ACKs come the connection stays open (MUST-37), unless nobody waits for it, or
 * the program does not wait for ever: as on Linux its time is also that of bytes which no window lets go.
 */
static bool is_shut_out(const struct holm_tcp *c)
{
	uint64_t now = tcp_net(c)->now;

	if (tcp_is_orphan(c) && c->flight->retries >= TCP_R2_ORPHAN)
		return true;
	if (tcp_settings(c)->user_timeout_ms)
		return now - c->flight->progress_ns >= TCP_MS(tcp_settings(c)->user_timeout_ms);
	return c->flight->retries > 0 && tcp_after_last_rx(c, SILENCE_MAX_S) <= now;
}

static bool fire_persist(struct holm_tcp *c)
{
	if (is_shut_out(c)) {
		tcp_conn_closed(c, tcp_timeout_error(c));
		return false;
	}
	if (c->flight->retries < UINT8_MAX)
		c->flight->retries++;
	c->flags |= TCP_PROBE_DUE;
	tcp_timer_persist(c);
	tcp_note_output(c);
	return true;
}

static bool fire_due(struct holm_tcp *c)
{
	const struct holm_net *net = tcp_net(c);

	if (HOLM_WITH_SACK && wait_deadline(c) <= net->now)
		net->tcp->sack->fire(c);
	if ((c->flags & (TCP_REXMT | TCP_PERSIST)) && tick_is_due(net, c->flight->rexmt)) {
		bool alive = c->flags & TCP_REXMT ? tcp_recovery_timeout(c) : fire_persist(c);

		if (!alive)
			return false;
	}
	if ((c->flags & TCP_ACK_DELAYED) && delack_deadline(c) <= net->now) {
		c->flags &= ~(uint32_t)TCP_ACK_DELAYED;
		c->flags |= TCP_ACK_NOW;
		c->quick = TCP_QUICK_AGAIN;
		tcp_note_output(c);
	}
	if (keep_alive_runs(c) && net->tcp->keep_alive->deadline(c) <= net->now)
		return net->tcp->keep_alive->fire(c);
	if (end_runs(c) && end_deadline(c) <= net->now) {
		tcp_conn_closed(c, 0);
		return false;
	}
	return true;
}

/* Ticks of so long ago would look as if they were still to come: the instance was not polled. */
static void catch_up(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;

	fl->rexmt = tcp_ticks(tcp_net(c)->now);
	fl->wait_tick = fl->rexmt;
}

void tcp_timer_fire(struct holm_net *net, struct net_timer *timer)
{
	struct holm_tcp *c = container_of(timer, struct tcp_flight, timer)->conn;

	tcp_stir(c);
	if (unlikely(net->now > timer->wheel.deadline_ns + LATE_NS))
		catch_up(c);
	if (!fire_due(c))
		return;
	tcp_flight_put_if_idle(c);
	/* What is unsaid waits for a segment or for bytes: either sets the timer again. */
	if (c->flight && (tcp_timer_is_needed(c) || !tcp_has_unsaid(c->flight)))
		tcp_timer_update(c);
}
