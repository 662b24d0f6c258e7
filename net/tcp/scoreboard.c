/*
 * The sender's scoreboard: see scoreboard.h. Ranges lie in one array, sorted, without gaps; found by
 * binary search, taken off at the front, split and joined in the middle. What an ACK costs depends on
 * what it newly says, not on the window.
 */
#include "net/tcp/scoreboard.h"

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/mem.h"

static uint32_t len_of(const struct tcp_score *s, uint32_t i)
{
	return seq_diff(tcp_score_at(s, i)->end, tcp_score_left(s, i));
}

void tcp_score_init(struct tcp_score *s, struct tcp_seq una)
{
	s->sent = s->few;
	s->cap = SCORE_FEW;
	s->first = 0;
	s->n = 0;
	s->tx = 0;
	s->sacked = 0;
	s->lost = 0;
	s->forgotten = 0;
	s->una = una;
	s->top = una;
	s->again_end = una;
	s->lost_from = una;
}

static void give_back(struct tcp_score *s, struct mem *mem)
{
	if (s->sent != s->few)
		mem_free(mem, s->sent, s->cap * sizeof(*s->sent));
}

void tcp_score_fini(struct tcp_score *s, struct mem *mem)
{
	give_back(s, mem);
	s->n = 0;
}

/* ---- Room ---------------------------------------------------------------------------------------- */

static bool grow(struct tcp_score *s, struct mem *mem)
{
	uint32_t cap = s->cap * 2;
	struct tcp_sent *sent;

	if (cap > SCORE_MAX)
		return false;
	sent = mem_alloc(mem, cap * sizeof(*sent));
	if (!sent)
		return false;
	memcpy(sent, &s->sent[s->first], s->n * sizeof(*sent));
	give_back(s, mem);
	s->sent = sent;
	s->cap = cap;
	s->first = 0;
	return true;
}

/* Room for one more range at the end of the array. */
static never_inline bool find_room(struct tcp_score *s, struct mem *mem)
{
	/* Half of the array is free: moving costs no more than taking off that half did. */
	if (s->n > s->cap / 2 && grow(s, mem))
		return true;
	if (s->first == 0)
		return false;
	memmove(s->sent, &s->sent[s->first], s->n * sizeof(*s->sent));
	s->first = 0;
	return true;
}

static inline bool make_room(struct tcp_score *s, struct mem *mem)
{
	return likely(s->first + s->n < s->cap) || find_room(s, mem);
}

/* Everything in flight becomes one range that left now, perhaps again. The safe thing to know. */
static void forget(struct tcp_score *s, struct tcp_seq end, uint32_t now)
{
	s->forgotten++;
	s->first = 0;
	s->n = 1;
	s->sacked = 0;
	s->lost = 0;
	s->tx++;
	s->sent[0] = (struct tcp_sent){ .end = end, .at = now, .tx = s->tx, .flags = SENT_AGAIN };
	s->again_end = end;
	s->lost_from = end;
}

static void remove_at(struct tcp_score *s, uint32_t i, uint32_t n)
{
	struct tcp_sent *at = tcp_score_at(s, i);

	s->n -= n;
	memmove(at, at + n, (s->n - i) * sizeof(*at));
}

/* The range that holds `seq`, or n if it is not below the end. */
static uint32_t find(const struct tcp_score *s, struct tcp_seq seq)
{
	uint32_t low = 0, high = s->n;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (seq_leq(tcp_score_at(s, mid)->end, seq))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Have a range begin at `seq`; returns its index, or n if `seq` is the end. -1: no room. */
static int64_t split(struct tcp_score *s, struct mem *mem, struct tcp_seq seq, uint32_t max)
{
	uint32_t i = find(s, seq);
	struct tcp_sent *at;

	if (i == s->n || seq_eq(tcp_score_left(s, i), seq))
		return i;
	if (s->n >= max || !make_room(s, mem))
		return -1;
	at = tcp_score_at(s, i);
	memmove(at + 1, at, (s->n - i) * sizeof(*at));
	s->n++;
	at->end = seq;
	return (int64_t)i + 1;
}

/* ---- Sending ------------------------------------------------------------------------------------- */

/* Nothing may have been sent again since: that its answer comes first would not be seen. */
static bool joins_last(const struct tcp_score *s, uint32_t now, uint32_t grain)
{
	const struct tcp_sent *last = tcp_score_at(s, s->n - 1);

	return last->flags == 0 && last->tx == s->tx && now - last->at <= grain;
}

/* No room for one more: the last range counts as sent later than it was, so nothing is lost too early. */
static void join_anyway(struct tcp_score *s, struct tcp_seq end, uint32_t now)
{
	struct tcp_sent *last = tcp_score_at(s, s->n - 1);

	if (last->flags != 0) {
		forget(s, end, now);
		return;
	}
	s->tx++;
	last->end = end;
	last->at = now;
	last->tx = s->tx;
}

void tcp_score_sent(struct tcp_score *s, struct mem *mem, struct tcp_seq end, uint32_t now,
		    uint32_t grain)
{
	if (s->n > 0 && joins_last(s, now, grain)) {
		tcp_score_at(s, s->n - 1)->end = end;
		return;
	}
	if (unlikely(!make_room(s, mem))) {
		join_anyway(s, end, now);
		return;
	}
	s->tx++;
	*tcp_score_at(s, s->n++) = (struct tcp_sent){ .end = end, .at = now, .tx = s->tx };
}

static void uncount(struct tcp_score *s, uint32_t i)
{
	uint32_t flags = tcp_score_at(s, i)->flags;

	if (flags & SENT_LOST)
		s->lost -= len_of(s, i);
	if (flags & SENT_SACKED)
		s->sacked -= len_of(s, i);
}

void tcp_score_resent(struct tcp_score *s, struct mem *mem, struct tcp_seq from, struct tcp_seq to,
		      uint32_t now)
{
	int64_t left, right;

	right = split(s, mem, to, SCORE_MAX);
	left = right < 0 ? -1 : split(s, mem, from, SCORE_MAX);
	if (left < 0) {
		forget(s, tcp_score_end(s), now);
		return;
	}
	right = find(s, to);
	for (int64_t i = left; i < right; i++)
		uncount(s, (uint32_t)i);
	if (right > left + 1)
		remove_at(s, (uint32_t)left, (uint32_t)(right - left - 1));
	s->tx++;
	*tcp_score_at(s, (uint32_t)left) =
		(struct tcp_sent){ .end = to, .at = now, .tx = s->tx, .flags = SENT_AGAIN };
	s->again_end = seq_max(s->again_end, to);
	if (seq_eq(s->lost_from, from))
		s->lost_from = to;
}

/* ---- Delivery ------------------------------------------------------------------------------------ */

/*
 * RFC 8985 section 6.2, step 2: is this ACK perhaps for an earlier sending of a segment that was sent
 * again?
 *   if Segment.retransmitted is TRUE: IF ACK.ts_option.echo_reply < Segment.xmit_ts or [...]
 *   rtt < RACK.min_RTT: return
 */
static bool is_ambiguous(const struct tcp_sent *e, const struct tcp_delivery *d)
{
	if (!(e->flags & SENT_AGAIN))
		return false;
	/* The echo knows whole ticks only. */
	if (d->has_echo && serial_lt(d->echo, e->at & ~1023u))
		return true;
	return d->now - e->at < d->min_rtt;
}

static void deliver(struct tcp_score *s, const struct tcp_sent *e, struct tcp_seq left,
		    struct tcp_seq end, struct tcp_delivery *d)
{
	uint32_t len = seq_diff(end, left);

	d->bytes += len;
	if (e->flags & SENT_LOST)
		s->lost -= len;
	if (!d->any_top || seq_gt(end, d->top)) {
		d->any_top = true;
		d->top = end;
		d->top_once = !(e->flags & SENT_AGAIN);
	}
	if (!(e->flags & SENT_AGAIN)) {
		if (seq_lt(left, d->limit))
			d->original = true;
		if (seq_lt(end, s->top))
			d->reordered = true;
	}
	s->top = seq_max(s->top, end);
	if (is_ambiguous(e, d))
		return;
	if (!d->any || serial_lt(d->newest.tx, e->tx) ||
	    (d->newest.tx == e->tx && seq_lt(d->newest.end, end))) {
		d->any = true;
		d->newest = *e;
		d->newest.end = end;
	}
}

void tcp_score_ack(struct tcp_score *s, struct tcp_seq ack, struct tcp_delivery *d)
{
	d->acked += seq_diff(ack, s->una);
	while (s->n > 0) {
		struct tcp_sent *e = tcp_score_at(s, 0);
		struct tcp_seq end = seq_min(e->end, ack);

		if (!seq_lt(s->una, end))
			break;
		if (e->flags & SENT_SACKED)
			s->sacked -= seq_diff(end, s->una);
		else
			deliver(s, e, s->una, end, d);
		d->again |= (e->flags & SENT_AGAIN) != 0;
		s->una = end;
		if (!seq_eq(e->end, end))
			break;
		s->first++;
		s->n--;
	}
	if (s->n == 0)
		s->first = 0;
	s->una = ack;
	/* Marks that the front has passed say nothing; they must not lie half a circle behind. */
	s->top = seq_max(s->top, ack);
	s->again_end = seq_max(s->again_end, ack);
	s->lost_from = seq_max(s->lost_from, ack);
}

/* One sacked range of those from `left` to `right` and of sacked neighbours. */
static void join_sacked(struct tcp_score *s, uint32_t left, uint32_t right)
{
	if (left > 0 && (tcp_score_at(s, left - 1)->flags & SENT_SACKED))
		left--;
	if (right < s->n && (tcp_score_at(s, right)->flags & SENT_SACKED))
		right++;
	tcp_score_at(s, right - 1)->flags = SENT_SACKED;
	if (right - left > 1)
		remove_at(s, left, right - left - 1);
}

void tcp_score_sack(struct tcp_score *s, struct mem *mem, struct tcp_seq left, struct tcp_seq right,
		    struct tcp_delivery *d)
{
	uint32_t i = find(s, left);
	int64_t from, to;

	ASSERT(seq_geq(left, s->una) && seq_leq(right, tcp_score_end(s)));
	/* What the peer repeats is the usual case. */
	if ((tcp_score_at(s, i)->flags & SENT_SACKED) && seq_leq(right, tcp_score_at(s, i)->end))
		return;
	to = split(s, mem, right, SCORE_SPLIT_MAX);
	from = to < 0 ? -1 : split(s, mem, left, SCORE_SPLIT_MAX);
	if (from < 0) {
		/* Not to know it costs a retransmission at worst. */
		s->forgotten++;
		return;
	}
	to = find(s, right);
	for (i = (uint32_t)from; i < (uint32_t)to; i++) {
		struct tcp_sent *e = tcp_score_at(s, i);

		if (e->flags & SENT_SACKED)
			continue;
		deliver(s, e, tcp_score_left(s, i), e->end, d);
		s->sacked += len_of(s, i);
		e->flags = SENT_SACKED;
	}
	join_sacked(s, (uint32_t)from, (uint32_t)to);
}

/* ---- Loss ---------------------------------------------------------------------------------------- */

void tcp_score_lose(struct tcp_score *s, uint32_t i)
{
	struct tcp_sent *e = tcp_score_at(s, i);

	if (e->flags & (SENT_LOST | SENT_SACKED))
		return;
	e->flags |= SENT_LOST;
	s->lost += len_of(s, i);
	s->lost_from = seq_min(s->lost_from, tcp_score_left(s, i));
}

void tcp_score_lose_first(struct tcp_score *s, struct mem *mem, uint32_t len)
{
	/* Without room for an edge more than that is lost: sent again needlessly, nothing worse. */
	(void)split(s, mem, seq_min(seq_add(s->una, len), tcp_score_end(s)), SCORE_MAX);
	if (s->n > 0)
		tcp_score_lose(s, 0);
}

void tcp_score_lose_all(struct tcp_score *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		tcp_score_lose(s, i);
}

void tcp_score_unlose(struct tcp_score *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		tcp_score_at(s, i)->flags &= ~(uint32_t)SENT_LOST;
	s->lost = 0;
	s->lost_from = tcp_score_end(s);
}

void tcp_score_unsack(struct tcp_score *s)
{
	/* When it was sent is not known any more: at least once. */
	for (uint32_t i = 0; i < s->n; i++) {
		struct tcp_sent *e = tcp_score_at(s, i);

		if (e->flags & SENT_SACKED) {
			e->flags = SENT_AGAIN;
			s->again_end = seq_max(s->again_end, e->end);
		}
	}
	s->sacked = 0;
	s->top = s->una;
}

bool tcp_score_next_lost(struct tcp_score *s, struct tcp_seq *left, struct tcp_seq *right)
{
	uint32_t i;

	if (s->lost == 0)
		return false;
	i = find(s, s->lost_from);
	while (!(tcp_score_at(s, i)->flags & SENT_LOST))
		i++;
	*left = tcp_score_left(s, i);
	s->lost_from = *left;
	for (; i < s->n && (tcp_score_at(s, i)->flags & SENT_LOST); i++)
		*right = tcp_score_at(s, i)->end;
	return true;
}

uint32_t tcp_score_lose_below(struct tcp_score *s, uint32_t bytes, uint32_t blocks)
{
	uint32_t before = s->lost;
	uint32_t above = 0, seen = 0;

	if (s->sacked == 0)
		return 0;
	for (uint32_t i = s->n; i-- > 0;) {
		struct tcp_sent *e = tcp_score_at(s, i);

		if (e->flags & SENT_SACKED) {
			above += len_of(s, i);
			seen++;
		} else if ((above > bytes || seen >= blocks) && !(e->flags & SENT_AGAIN)) {
			tcp_score_lose(s, i);
		}
	}
	return s->lost - before;
}
