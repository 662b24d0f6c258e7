/*
 * Calm: a connection that asks and answers. What goes is all that is queued, or what the peer's
 * window lets go of it, in one segment or a run of them, while nothing else is in flight; what
 * comes is next in order and acknowledges all of that, or carries text and acknowledges nothing
 * new.
 *
 * flight->calm says that all is well, in place of a dozen questions, and of what is in flight only its
 * end (SND.NXT) and when it left (flight->timed_ns) are noted. Scoreboard, controller and deadlines do
 * not know of it until somebody asks for more: tcp_stir() in front of everything that is not in these
 * files has them catch up.
 *
 * This file is how it begins and ends; what comes in it is calm_in.c's, what goes calm_out.c's. The steps
 * and output.c are the definition: tests/sim/same.c runs the same streams with and without these files
 * and compares every frame.
 */
#include "net/tcp/hot.h"
#include "net/tcp/lend.h"

/* ---- Its beginning and end ----------------------------------------------------------------------- */

/* With one of these there is more to send, or less, or more to ask of what comes. */
#define UNCALM                                                                                     \
	((uint32_t)(TCP_REXMT | TCP_PROBE_DUE | TCP_KEEP_DUE | TCP_SHUTDOWN | TCP_CWND_LIMITED))
/* Recovery is by SACK, and has nothing to do, or was not needed yet. */
static inline bool may_repair(const struct holm_tcp *c)
{
	const struct tcp_flight *fl = c->flight;

	return fl->repair ? tcp_is_plain(fl) : (c->flags & TCP_SACK) && fl->phase == TCP_OPEN;
}

/*
 * Nothing is in flight, to be sent again, held back, or to go along. No segment has overtaken the next one:
 * its window would be the newer one.
 */
static inline bool is_at_rest(const struct holm_tcp *c)
{
	const struct tcp_flight *fl = c->flight;

	return seq_eq(fl->snd_nxt, c->snd_una) && seq_leq(fl->snd_wl1, c->rcv_nxt) &&
	       may_repair(c) && seq_eq(fl->rtx_nxt, fl->rtx_end) && fl->credit == 0 &&
	       fl->wait == TCP_WAIT_NONE && !fl->timing && !fl->urgent && !fl->has_dsack &&
	       !fl->rack.in_dsack_round;
}

/* What is queued begins at SND.NXT: no frame refers to what has been acknowledged. */
static inline bool has_released(const struct holm_tcp *c)
{
	return seq_eq(c->flight->buf_seq, c->snd_una);
}

/* Nobody wants to know more of what leaves than that it did. */
static inline bool is_unwatched(const struct holm_tcp *c)
{
	const struct tcp_flight *fl = c->flight;
	const struct tcp_settings *s = tcp_settings(c);

	return !fl->pacer && !fl->cc_ops->rate && !s->cork && !s->notsent_lowat && !s->keepalive &&
	       !s->window_clamp;
}

/* Nothing speaks against it, and it has none of these flags. */
static always_inline bool is_still(const struct holm_tcp *c, uint32_t unusual)
{
	return !(c->flags & unusual) && is_at_rest(c) && has_released(c) && is_unwatched(c);
}

static always_inline void become_calm(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;

	if (!(c->flags & TCP_IP6))
		fl->ip = tcp_ip4_kind(c);
	fl->retries = 0;
	fl->lends = fl->lend != NULL;
	fl->calm = (uint16_t)min_u32(min_u32(tcp_mss(c), fl->cc.mss),
				     min_u32(TCP_FRAME_PAYLOAD, c->cwnd / 2 + 1));
}

bool tcp_calm_begin(struct holm_tcp *c)
{
	if (!is_still(c, UNCALM) || !tcp_is_usual(c))
		return false;
	become_calm(c);
	return true;
}

/* With one of these there is more for it to send, or to ask. */
#define UNCALM_END                                                                                 \
	((uint32_t)(TCP_REXMT | TCP_PERSIST | TCP_PROBE_DUE | TCP_KEEP_DUE | TCP_TLP_DUE |         \
		    TCP_SYN_DUE | TCP_CHILD | TCP_ECN | TCP_SEARCH | TCP_CWND_LIMITED |            \
		    TCP_WND_LIMITED))

bool tcp_calm_begin_end(struct holm_tcp *c)
{
	if ((c->state != HOLM_TCP_FIN_WAIT_1 && c->state != HOLM_TCP_LAST_ACK) || !c->snd ||
	    c->flight->reasm || tcp_net(c)->tcp->unpredicted || !is_still(c, UNCALM_END))
		return false;
	become_calm(c);
	return true;
}

static void end_calm(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;
	bool flies = tcp_in_flight(c) > 0;

	fl->calm = 0;
	fl->rtx_nxt = fl->snd_nxt;
	fl->rtx_end = fl->snd_nxt;
	if (fl->calm_acked)
		tcp_cc_catch_up(c);
	c->flags &= ~(uint32_t)TCP_REXMT;
	tcp_net(c)->tcp->sack->catch_up(c);
	fl->calm_acked = false;
	if (!flies)
		return;
	fl->progress_ns = fl->timed_ns;
	fl->timing = true;
	/* The first segment of a run: the others wait for it on the way. */
	fl->timed = seq_add(c->snd_una, min_u32(tcp_in_flight(c), tcp_mss(c)));
	tcp_timer_rexmt_from(c, fl->timed_ns);
}

void tcp_calm_discard(struct holm_tcp *c)
{
	(void)tcp_lend_discard(c);
	if (!has_released(c))
		end_calm(c);
}

/* ---- What the rest of TCP calls where this is linked ---------------------------------------------- */

const struct tcp_calm_ops tcp_calm_ops = {
	.begin = tcp_calm_begin,
	.predicted = tcp_predicted_input,
	.frames = tcp_calm_input_run,
	.input = tcp_calm_input,
	.ack = tcp_calm_send_ack,
	.end = end_calm,
};
