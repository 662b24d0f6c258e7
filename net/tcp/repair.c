/*
 * Loss recovery with SACK: RFC 2018 section 5, RFC 6675. Keeps the scoreboard, finds what is lost by
 * what was announced above it (or has repair_rack.c find it by time), begins and ends recovery, and
 * says what is sent again. How large windows are is the controller's (congestion.c).
 */
#include "net/tcp/repair.h"

#include "net/core/proto.h"
#include "net/tcp/hot.h"

/* A range is what was sent within this part of a round trip. */
#define GRAIN_SHIFT 6

static uint32_t units_now(const struct holm_tcp *c)
{
	return repair_units(tcp_net(c)->now);
}

static const struct tcp_rack_ops *rack_of(const struct holm_tcp *c)
{
	return tcp_net(c)->tcp->rack;
}

/*
 * RFC 8985 7.2: schedule a loss probe when new data was sent or SND.UNA advanced, unless in recovery, or
 * the last transmission was a probe itself. Not later than the retransmission timer.
 */
static inline void schedule_probe(struct holm_tcp *c, uint64_t now)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_repair *r = fl->repair;
	uint64_t pto;
	uint32_t tick;

	if (fl->wait == TCP_WAIT_REORDER)
		return;
	fl->wait = TCP_WAIT_NONE;
	if (r->score.n == 0 || fl->phase != TCP_OPEN || r->tlp.outstanding || fl->retries > 0)
		return;
	pto = tlp_pto(c->rtt.srtt8 >> 3, tcp_in_flight(c) <= fl->cc.mss);
	/* One tick more: the present one has begun already. */
	tick = tcp_ticks(now + (pto << RTT_UNIT_SHIFT)) + 1;
	if ((c->flags & TCP_REXMT) && serial_lt(fl->rexmt, tick))
		tick = fl->rexmt;
	fl->wait = TCP_WAIT_PROBE;
	fl->wait_tick = tick;
}

/* ---- Its life ------------------------------------------------------------------------------------ */

/* All before SND.UNA was delivered in the order in which it was sent, one by one. */
static void move_on(struct holm_tcp *c, struct tcp_repair *r)
{
	struct tcp_rack *rack = &c->flight->rack;

	tcp_score_move(&r->score, c->snd_una);
	r->dups = 0;
	rack->tx = r->score.tx;
	rack->end = c->snd_una;
	rack->has_segment = true;
}

/* What is in flight was sent at `at`. */
static bool begin_at(struct holm_tcp *c, uint32_t at)
{
	struct mem *mem = &tcp_net(c)->mem;
	struct tcp_flight *fl = c->flight;
	struct tcp_repair *r = mem_zalloc(mem, sizeof(*r));

	if (!r)
		return false;
	tcp_score_init(&r->score, c->snd_una);
	if (fl->rack.has_rtt)
		move_on(c, r);
	if (!seq_eq(c->snd_una, fl->snd_nxt))
		tcp_score_sent(&r->score, mem, fl->snd_nxt, at, 0);
	fl->repair = r;
	return true;
}

static bool begin(struct holm_tcp *c)
{
	/* What is in flight already was sent some time ago; when is not known. */
	return begin_at(c, units_now(c));
}

static void end(struct holm_tcp *c)
{
	struct mem *mem = &tcp_net(c)->mem;
	struct tcp_repair *r = c->flight->repair;

	if (!r)
		return;
	tcp_score_fini(&r->score, mem);
	mem_free(mem, r, sizeof(*r));
	c->flight->repair = NULL;
}

/* ---- What is sent -------------------------------------------------------------------------------- */

/* What is lost goes first: [rtx_nxt, rtx_end) of the flight is the first of it. */
static void aim(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_repair *r = fl->repair;

	if (r->frto == TCP_FRTO_NEW ||
	    !tcp_score_next_lost(&r->score, &fl->rtx_nxt, &fl->rtx_end)) {
		fl->rtx_nxt = c->flight->snd_nxt;
		fl->rtx_end = c->flight->snd_nxt;
	}
}

static void note_out(struct holm_tcp *c, uint32_t n)
{
	struct tcp_flight *fl = c->flight;

	fl->credit -= min_u32(fl->credit, n);
	if (fl->phase == TCP_RECOVERY)
		fl->repair->prr.out += n;
}

static void sent(struct holm_tcp *c, uint32_t n)
{
	struct tcp_repair *r = c->flight->repair;
	const struct tcp_rack_ops *rack = rack_of(c);

	tcp_score_sent(&r->score, &tcp_net(c)->mem, c->flight->snd_nxt, units_now(c),
		       c->rtt.srtt8 >> (3 + GRAIN_SHIFT));
	note_out(c, n);
	if (!rack)
		return;
	if (unlikely(c->flags & TCP_TLP_DUE)) {
		c->flags &= ~(uint32_t)TCP_TLP_DUE;
		rack->probed(c, false);
	}
	schedule_probe(c, tcp_net(c)->now);
}

static void resent(struct holm_tcp *c, struct tcp_seq from, struct tcp_seq to)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_repair *r = fl->repair;
	uint32_t n = seq_diff(to, from);

	tcp_score_resent(&r->score, &tcp_net(c)->mem, from, to, units_now(c));
	note_out(c, n);
	r->undo_bytes += n;
	if (!r->sent_again) {
		r->sent_again = true;
		r->again_tsval = tcp_tsval(tcp_net(c), c->flight->ts_offset);
	}
	/* RFC 6298 5.1, as for a segment that is new: its ACK is a round trip away. */
	if (fl->phase == TCP_RECOVERY && seq_eq(from, c->snd_una))
		tcp_timer_rexmt(c);
	aim(c);
}

/* ---- What an ACK says ---------------------------------------------------------------------------- */

/*
 * RFC 2883 section 4:
 *   If the sequence space in the first SACK block is less than the Cumulative ACK [...] or is a subset
 *   of the sequence space in the second SACK block, it is a D-SACK.
 */
static bool read_dsack(const struct holm_tcp *c, struct tcp_news *n)
{
	const struct tcp_sack_block *b = n->h->sack;

	n->dsack_left = seq_of(b[0].left);
	n->dsack_right = seq_of(b[0].right);
	if (!seq_lt(n->dsack_left, n->dsack_right))
		return false;
	if (seq_leq(n->dsack_right, c->snd_una))
		return true;
	return n->h->nsack > 1 && seq_geq(n->dsack_left, seq_of(b[1].left)) &&
	       seq_leq(n->dsack_right, seq_of(b[1].right));
}

/* In the order of the stream, so that what one ACK reports late is not taken for reordering. */
static uint32_t sort_in(struct tcp_range *sorted, uint32_t n, struct tcp_seq left,
			struct tcp_seq right)
{
	uint32_t i = n;

	for (; i > 0 && seq_lt(left, sorted[i - 1].left); i--)
		sorted[i] = sorted[i - 1];
	sorted[i].left = left;
	sorted[i].right = right;
	return n + 1;
}

static void read_blocks(struct holm_tcp *c, struct tcp_news *n)
{
	struct tcp_range sorted[TCP_SACK_MAX];
	struct holm_net *net = tcp_net(c);
	uint32_t count = 0;

	n->has_dsack = read_dsack(c, n);
	if (n->has_dsack)
		net_count(net, HOLM_COUNT_TCP_DSACKS_RECEIVED);
	for (uint32_t i = n->has_dsack ? 1 : 0; i < n->h->nsack; i++) {
		struct tcp_seq left = seq_of(n->h->sack[i].left);
		struct tcp_seq right = seq_of(n->h->sack[i].right);

		if (seq_lt(left, right) && seq_leq(right, c->snd_una))
			continue; /* old news */
		if (!seq_lt(left, right) || seq_lt(left, c->snd_una) ||
		    seq_gt(right, c->flight->snd_nxt))
			net_count(net, HOLM_COUNT_TCP_SACKS_INVALID);
		else
			count = sort_in(sorted, count, left, right);
	}
	for (uint32_t i = 0; i < count; i++)
		tcp_score_sack(&c->flight->repair->score, &net->mem, sorted[i].left,
			       sorted[i].right, &n->d);
}

static void read_ack(struct holm_tcp *c, const struct tcp_rx *rx, struct tcp_news *n)
{
	struct tcp_repair *r = c->flight->repair;
	uint32_t forgotten = r->score.forgotten;

	n->d.now = units_now(c);
	/* Before the first sample from data the handshake's is what there is. */
	n->d.min_rtt = c->flight->rack.has_rtt ? c->flight->rack.min_rtt : c->rtt.srtt8 >> 3;
	n->d.limit = c->flight->recover;
	n->h = rx->h;
	if ((c->flags & TCP_TS) && rx->h->has_ts && rx->h->tsecr != 0) {
		n->d.has_echo = true;
		n->d.echo = (rx->h->tsecr - c->flight->ts_offset)
			    << (TCP_TICK_SHIFT - RTT_UNIT_SHIFT);
	}
	n->prior_in_flight = tcp_score_pipe(&r->score);
	tcp_score_ack(&r->score, c->snd_una, &n->d);
	if (unlikely(rx->h->nsack > 0))
		read_blocks(c, n);
	if (n->acked > 0)
		r->dups = 0;
	else if (n->d.bytes > 0 && r->dups < UINT8_MAX)
		r->dups++;
	if (unlikely(r->score.forgotten != forgotten))
		net_count_n(tcp_net(c), HOLM_COUNT_TCP_SCOREBOARD_FULL,
			    r->score.forgotten - forgotten);
}

/* ---- Recovery ------------------------------------------------------------------------------------ */

/* From here on it may turn out that nothing was lost. */
static void may_undo(struct holm_tcp *c)
{
	struct tcp_repair *r = c->flight->repair;

	r->can_undo = true;
	r->sent_again = false;
	r->undo_from = c->snd_una;
	r->undo_bytes = 0;
}

/*
 * RFC 6675 section 5, step 4, RFC 9937 6.1: once per window.
 */
static void begin_recovery(struct holm_tcp *c, struct tcp_news *n)
{
	struct tcp_flight *fl = c->flight;

	if (tcp_search_lost(c, fl->repair->score.lost) > 0) {
		/* A probe that was too big: again, in smaller segments, and nothing else happens. */
		fl->credit = max_u32(fl->credit, tcp_mss(c));
		n->lost = 0;
		return;
	}
	/* RFC 5681's FlightSize is that of before this ACK, which may be for many segments. */
	tcp_cc_on_recovery(c, tcp_in_flight(c) + n->acked);
	fl->phase = TCP_RECOVERY;
	fl->recover = c->flight->snd_nxt;
	fl->recover_valid = true;
	fl->timing = false;
	prr_begin(&fl->repair->prr, n->prior_in_flight);
	may_undo(c);
	net_count(tcp_net(c), HOLM_COUNT_TCP_FAST_RETRANSMITS);
}

/* RFC 6675 section 5: cwnd is ssthresh, and what pipe leaves of it goes. The first segment always does. */
static void set_window(struct holm_tcp *c, const struct tcp_news *n)
{
	const struct tcp_rack_ops *rack = rack_of(c);

	if (tcp_cc_owns_cwnd(c))
		return;
	if (rack)
		rack->window(c, n->d.bytes, n->acked > 0 && n->lost == 0);
	else
		c->cwnd = c->ssthresh;
}

static void end_phase(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;
	const struct tcp_rack_ops *rack = rack_of(c);

	if (fl->phase == TCP_RECOVERY)
		tcp_cc_on_recovered(c);
	if (rack)
		rack->recovered(c);
	fl->phase = TCP_OPEN;
	fl->credit = 0;
	fl->repair->frto = TCP_FRTO_OFF;
}

/* Nothing was lost: RFC 4015, RFC 5682. What was to be sent again is only late. */
static void undo(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_repair *r = fl->repair;

	r->can_undo = false;
	r->frto = TCP_FRTO_OFF;
	rack_mistaken(&fl->rack);
	if (fl->phase != TCP_OPEN) {
		tcp_score_unlose(&r->score);
		fl->phase = TCP_OPEN;
		fl->credit = 0;
	}
	tcp_cc_on_spurious(c);
	net_count(tcp_net(c), HOLM_COUNT_TCP_UNDONE);
}

/* RFC 6675 section 5: (1) DupAcks >= DupThresh, or IsLost(HighACK + 1); section 4 for the others. */
static uint32_t detect(struct holm_tcp *c)
{
	struct tcp_repair *r = c->flight->repair;
	const struct tcp_rack_ops *rack = rack_of(c);
	uint32_t before = r->score.lost;
	uint32_t mss = tcp_mss(c);

	if (rack)
		return rack->detect(c);
	if (r->score.sacked == 0)
		return 0;
	(void)tcp_score_lose_below(&r->score, (TCP_DUPTHRESH - 1) * mss, TCP_DUPTHRESH);
	if (c->flight->phase == TCP_OPEN && r->dups >= TCP_DUPTHRESH && r->score.lost == before)
		tcp_score_lose_first(&r->score, &tcp_net(c)->mem, mss);
	return r->score.lost - before;
}

static uint32_t to_us(uint32_t units)
{
	return max_u32((uint32_t)((uint64_t)units * 1024 / 1000), 1);
}

static void tell_controller(struct holm_tcp *c, const struct tcp_news *n)
{
	const struct tcp_delivery *d = &n->d;
	struct tcp_cc_ack ack = {
		.delivered_bytes = d->bytes,
		.acked_bytes = n->acked,
		.lost_bytes = n->lost,
		.prior_in_flight = n->prior_in_flight,
		.in_flight = tcp_pipe(c),
		.newest_end = d->top.v,
		.newest_once = d->top_once,
	};

	if (d->any && !(d->newest.flags & SENT_AGAIN))
		ack.rtt_us = to_us(d->now - d->newest.at);
	tcp_cc_on_ack(c, &ack);
}

/* What is lost, what was not after all, where the window goes: in the order of RFC 8985 and 9937. */
static never_inline void acked_otherwise(struct holm_tcp *c, const struct tcp_rx *rx,
					 uint32_t n_acked, bool duplicate)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_repair *r = fl->repair;
	const struct tcp_rack_ops *rack = rack_of(c);
	struct tcp_news n = { .acked = n_acked, .duplicate = duplicate };

	read_ack(c, rx, &n);
	if (rack && rack->acked(c, &n))
		undo(c);
	if (unlikely(fl->phase != TCP_OPEN) && seq_geq(c->snd_una, fl->recover))
		end_phase(c);
	n.lost = detect(c);
	if (unlikely(n.lost > 0) && fl->phase == TCP_OPEN) {
		begin_recovery(c, &n);
		if (!rack)
			fl->credit = tcp_mss(c);
	}
	if (n.d.bytes > 0 || n.lost > 0) {
		tell_controller(c, &n);
		if (unlikely(fl->phase == TCP_RECOVERY))
			set_window(c, &n);
	}
	if (n_acked > 0) {
		if (fl->phase == TCP_OPEN)
			fl->credit = 0;
		if (rack)
			schedule_probe(c, tcp_net(c)->now);
	}
	if (unlikely(r->score.lost > 0) || seq_lt(fl->rtx_nxt, fl->rtx_end))
		aim(c);
}

/* The usual ACK: in order, of what was sent once, when nothing is amiss. */
static void acked_plain(struct holm_tcp *c, uint32_t n_acked)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_repair *r = fl->repair;
	uint32_t now = units_now(c);
	struct tcp_sent newest = tcp_score_ack_plain(&r->score, c->snd_una);

	fl->credit = 0;
	r->dups = 0;
	tcp_cc_on_plain_ack(c, n_acked, to_us(now - newest.at));
	rack_sample(&fl->rack, &newest, now);
	rack_acked(&fl->rack, c->snd_una);
	if (fl->wait == TCP_WAIT_REORDER)
		fl->wait = TCP_WAIT_NONE;
	if (rack_of(c))
		schedule_probe(c, tcp_net(c)->now);
}

/* One range at most is in flight, and nothing was amiss: what acked_plain() and sent() would have noted. */
static void catch_up(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_repair *r = fl->repair;
	bool flies = tcp_in_flight(c) > 0;

	if (r && fl->calm_acked)
		move_on(c, r);
	if (!flies)
		return;
	if (r)
		tcp_score_sent(&r->score, &tcp_net(c)->mem, fl->snd_nxt, repair_units(fl->timed_ns),
			       0);
	else if (!begin_at(c, repair_units(fl->timed_ns)))
		return; /* what is in flight now is recovered as for a peer without SACK */
	if (rack_of(c))
		schedule_probe(c, fl->timed_ns);
}

static void acked(struct holm_tcp *c, const struct tcp_rx *rx, uint32_t n_acked, bool duplicate)
{
	if (likely(n_acked > 0 && rx->h->nsack == 0 && tcp_is_plain(c->flight)))
		acked_plain(c, n_acked);
	else
		acked_otherwise(c, rx, n_acked, duplicate);
}

/* ---- Timeout ------------------------------------------------------------------------------------- */

static void timeout(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_repair *r = fl->repair;
	const struct tcp_rack_ops *rack = rack_of(c);
	bool first = c->flight->retries == 0;

	/* RFC 2018 section 8: what it announced at SND.UNA a peer would acknowledge, had it kept that. */
	if (r->score.n > 0 && (tcp_score_at(&r->score, 0)->flags & SENT_SACKED)) {
		tcp_score_unsack(&r->score);
		net_count(tcp_net(c), HOLM_COUNT_TCP_RENEGED);
	}
	tcp_cc_on_timeout(c, first);
	if (first)
		may_undo(c);
	if (rack)
		rack->timeout(c, first);
	else
		tcp_score_lose_all(&r->score);
	fl->phase = TCP_LOSS;
	fl->recover = c->flight->snd_nxt;
	fl->recover_valid = true;
	fl->timing = false;
	fl->wait = TCP_WAIT_NONE;
	/* RFC 6298 5.4: the earliest segment goes, whatever else is thought to be in flight. */
	fl->credit = tcp_mss(c);
	r->dups = 0;
	aim(c);
}

static void resend(struct holm_tcp *c)
{
	tcp_score_lose_all(&c->flight->repair->score);
	c->flight->timing = false;
	aim(c);
}

static uint32_t oldest_ticks(const struct holm_tcp *c)
{
	const struct tcp_score *s = &c->flight->repair->score;

	return s->n > 0 ? (units_now(c) - tcp_score_at(s, 0)->at) >>
				  (TCP_TICK_SHIFT - RTT_UNIT_SHIFT)
			: 0;
}

/* RFC 8985 6.2, when the reordering window has passed. */
static void look_again(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_news n = { .prior_in_flight = tcp_pipe(c) };

	n.lost = detect(c);
	if (n.lost == 0)
		return;
	if (fl->phase == TCP_OPEN)
		begin_recovery(c, &n);
	n.d.top = c->snd_una;
	tell_controller(c, &n);
	if (fl->phase == TCP_RECOVERY)
		set_window(c, &n);
	aim(c);
}

static void fire(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;
	uint8_t why = fl->wait;

	fl->wait = TCP_WAIT_NONE;
	if (why == TCP_WAIT_REORDER) {
		look_again(c);
	} else if ((c->flags & TCP_REXMT) && c->snd_wnd > 0) {
		/* A window that has closed since has probes of its own, or the retransmission timer. */
		/* RFC 8985 7.3: one segment, whatever cwnd says; and the retransmission timer anew. */
		c->flags |= TCP_TLP_DUE;
		fl->credit = tcp_mss(c);
		tcp_timer_rexmt(c);
	}
	tcp_note_output(c);
}

const struct tcp_sack_ops tcp_sack_ops = {
	.announce = tcp_sack_announce,
	.duplicate = tcp_sack_note_duplicate,
	.begin = begin,
	.end = end,
	.sent = sent,
	.resent = resent,
	.acked = acked,
	.acked_plain = acked_plain,
	.catch_up = catch_up,
	.timeout = timeout,
	.resend = resend,
	.fire = fire,
	.oldest_ticks = oldest_ticks,
};

/* ---- The part ------------------------------------------------------------------------------------ */

void repair_register(struct holm_net *net)
{
	net->tcp->sack = &tcp_sack_ops;
	tcp_reasm_register(net);
	net->tcp->calm = &tcp_calm_ops;
	net->alone = FOR_SIZE ? NULL : tcp_calm_alone;
	net->output = tcp_calm_output_all;
	net->tcp->defaults.sack = true;
}

static int start(struct holm_net *net)
{
	repair_register(net);
	return 0;
}

static const struct holm_proto *const needs[] = { &holm_tcp, NULL };

const struct holm_proto holm_tcp_sack = {
	.name = "tcp-sack",
	.kind = PROTO_PART,
	.needs = needs,
	.start = start,
};
