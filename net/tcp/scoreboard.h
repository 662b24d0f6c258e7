/*
 * What a sender knows of the bytes between SND.UNA and SND.NXT: when each was sent, whether again,
 * whether the peer has it or it is lost. RFC 2018 section 5, RFC 6675, with the transmit times of
 * RFC 8985. Holds ranges, not segments; decides nothing (rack.c and sack_recovery.c do).
 *
 * Times are units of 2^10 ns, 32 bits, compared modulo 2^32 (over an hour).
 */
#ifndef NET_TCP_SCOREBOARD_H
#define NET_TCP_SCOREBOARD_H

#include "net/core/mem.h"
#include "net/tcp/seq.h"

/*
 * The most ranges of one connection: 64 for a round trip of undisturbed sending, whatever the window
 * (what is sent within a 64th of it is one range), as many again for a queue that doubled the round
 * trip, and 384 for the edges of 192 holes, 5 % of a window of 5 MB.
 */
#define SCORE_MAX 512u
/* A request and its answer need no memory but this. */
#define SCORE_FEW 4u
/* From here on a range is no longer split for what the peer announces: sending comes first. */
#define SCORE_SPLIT_MAX (SCORE_MAX - 16u)

enum tcp_sent_flag {
	SENT_SACKED = 1, /* the peer has it */
	SENT_LOST = 2,	 /* lost, and not sent again since */
	SENT_AGAIN = 4,	 /* sent more than once */
};

/* Bytes of one fate, from the end of the range before (or `una`) to `end`. */
struct tcp_sent {
	struct tcp_seq end;
	uint32_t at; /* when its first byte was last sent */
	uint32_t tx; /* which transmission: an order that no clock blurs */
	uint32_t flags;
};

/* At most one per connection, while bytes are in flight. Owned by struct tcp_flight. */
struct tcp_score {
	struct tcp_sent *sent; /* [cap], in use: n from `first` on; `few` at first */
	uint32_t first, n, cap;
	uint32_t tx;	       /* of the latest transmission */
	uint32_t sacked, lost; /* bytes of ranges with these flags */
	struct tcp_seq una;
	struct tcp_seq top;	  /* highest end ever delivered: RACK.fack */
	struct tcp_seq again_end; /* no range above this was sent again */
	struct tcp_seq lost_from; /* no range below this is lost */
	uint32_t forgotten;	  /* how often memory or SCORE_MAX cost what was known */
	struct tcp_sent few[SCORE_FEW];
};

/* What one ACK newly delivered; filled by tcp_score_ack() and tcp_score_sack(). */
struct tcp_delivery {
	/* Given: the time, and what tells apart the answers to the two sendings of a segment. */
	uint32_t now;
	uint32_t min_rtt; /* an answer sooner than that was to an earlier sending */
	bool has_echo;	  /* a timestamp came back, sent at `echo` (rounded down to ticks) */
	uint32_t echo;
	struct tcp_seq limit; /* originals below this count for `original` */
	/* Found. */
	uint32_t bytes;
	uint32_t acked; /* of these, cumulatively; and those sacked before do not count again */
	bool any;	/* `newest` is valid: sent last of what arrived, if that is sure */
	bool again;	/* something that was sent again, cumulatively */
	bool original;	/* something that was never sent again, below `limit` */
	bool reordered; /* something that was never sent again, below what had been delivered */
	struct tcp_sent newest;
	struct tcp_seq top; /* highest sequence number newly delivered */
	bool top_once;	    /* ... and it was sent only once */
	bool any_top;
};

/* Ready for bytes from `una` on. It does not move from here on. */
void tcp_score_init(struct tcp_score *s, struct tcp_seq una);
void tcp_score_fini(struct tcp_score *s, struct mem *mem);

/*
 * Bytes up to `end`, all new, leave at `now`. What leaves within `grain` of the last range, all of
 * it sent once, joins it.
 */
void tcp_score_sent(struct tcp_score *s, struct mem *mem, struct tcp_seq end, uint32_t now,
		    uint32_t grain);
/* [from, to) leaves again. */
void tcp_score_resent(struct tcp_score *s, struct mem *mem, struct tcp_seq from, struct tcp_seq to,
		      uint32_t now);

/* SEG.ACK has moved to `ack`. */
void tcp_score_ack(struct tcp_score *s, struct tcp_seq ack, struct tcp_delivery *d);
/* A block that the peer announced, checked: within [una, SND.NXT). */
void tcp_score_sack(struct tcp_score *s, struct mem *mem, struct tcp_seq left, struct tcp_seq right,
		    struct tcp_delivery *d);

/* Mark as lost: the range with this index, or what is not sacked of [una, una + len). */
void tcp_score_lose(struct tcp_score *s, uint32_t i);
void tcp_score_lose_first(struct tcp_score *s, struct mem *mem, uint32_t len);
void tcp_score_lose_all(struct tcp_score *s);
/* Nothing is lost after all. */
void tcp_score_unlose(struct tcp_score *s);
/* The peer may have dropped what it announced (RFC 2018 section 8). */
void tcp_score_unsack(struct tcp_score *s);

/* The first range of lost bytes, ranges that follow each other together. False: there is none. */
bool tcp_score_next_lost(struct tcp_score *s, struct tcp_seq *left, struct tcp_seq *right);

/*
 * RFC 6675 section 4, IsLost(): has the peer announced more than `bytes` bytes, or `blocks` separate
 * ranges of them, above? Marks what was sent once and is; returns how many bytes.
 */
uint32_t tcp_score_lose_below(struct tcp_score *s, uint32_t bytes, uint32_t blocks);

static inline struct tcp_sent *tcp_score_at(const struct tcp_score *s, uint32_t i)
{
	return &s->sent[s->first + i];
}

static inline struct tcp_seq tcp_score_left(const struct tcp_score *s, uint32_t i)
{
	return i == 0 ? s->una : s->sent[s->first + i - 1].end;
}

static inline struct tcp_seq tcp_score_end(const struct tcp_score *s)
{
	return tcp_score_left(s, s->n);
}

/* Is everything in flight sent once, and nothing of it known to have arrived or to be lost? */
static inline bool tcp_score_is_plain(const struct tcp_score *s)
{
	return (s->sacked | s->lost) == 0 && seq_eq(s->again_end, s->una);
}

/* The front is at `ack`, and nothing above it is known. */
static inline void score_front(struct tcp_score *s, struct tcp_seq ack)
{
	s->una = ack;
	s->top = ack;
	s->again_end = ack;
	s->lost_from = ack;
}

/* Then this is all the news of an ACK that moves to `ack`: which of that was sent last. */
static inline struct tcp_sent tcp_score_ack_plain(struct tcp_score *s, struct tcp_seq ack)
{
	struct tcp_sent newest;

	do {
		newest = *tcp_score_at(s, 0);
		if (seq_gt(newest.end, ack)) {
			newest.end = ack;
			break;
		}
		s->first++;
	} while (--s->n > 0 && seq_lt(newest.end, ack));
	if (s->n == 0)
		s->first = 0;
	score_front(s, ack);
	return newest;
}

/* Nothing was in flight; `una` has moved since, by what left and was acknowledged one by one. */
static inline void tcp_score_move(struct tcp_score *s, struct tcp_seq una)
{
	s->tx++;
	score_front(s, una);
}

/* RFC 6675 section 4, pipe: what is thought to be in the network. */
static inline uint32_t tcp_score_pipe(const struct tcp_score *s)
{
	return seq_diff(tcp_score_end(s), s->una) - s->sacked - s->lost;
}

#endif
