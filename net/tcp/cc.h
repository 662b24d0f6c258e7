/*
 * Congestion control as an operation table, chosen per connection (through its settings). Windows are
 * bytes, times nanoseconds. What was lost and when a window may be reduced is recovery's; how far, how
 * it grows and how fast bytes leave, the controller's. Controllers know no connection: what they read
 * and write is here. congestion.c stands between the two.
 */
#ifndef NET_TCP_CC_H
#define NET_TCP_CC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/tcp/hystart.h"

/* No window needs more, and sums stay within 32 bits. */
#define TCP_CWND_MAX (1u << 30)
/* RFC 9406's L: growth per ACK in slow start, in segments, for senders that do not pace. */
#define TCP_SLOW_START_SEGMENTS 8u
/* Controllers of an instance, NewReno among them. */
#define TCP_CC_MAX 8u
/* TCP_CA_NAME_MAX, Linux's, with the zero. */
#define TCP_CC_NAME_MAX 16u

/* RFC 6928: IW = min (10*MSS, max (2*MSS, 14600)). */
static inline uint32_t cc_initial_window(uint32_t mss)
{
	uint32_t ten = 10 * mss;
	uint32_t least = 2 * mss > 14600 ? 2 * mss : 14600;

	return ten < least ? ten : least;
}

/* RFC 9438's variables, and what its section 4.9 wants restored. See cc_cubic.c. */
struct cc_cubic {
	uint64_t epoch_ns; /* when this stage of congestion avoidance began; 0: not yet */
	uint64_t last_ns;  /* of the last ACK in it */
	uint64_t w_est;	   /* in units of 2^-16 bytes */
	uint64_t fraction; /* of a byte by which cwnd is to grow, times cwnd */
	uint32_t k_ms;
	uint32_t w_max;	     /* bytes; 0: not known */
	uint32_t cwnd_prior; /* bytes */
	/* Before the last reduction. */
	uint64_t undo_epoch_ns, undo_w_est;
	uint32_t undo_k_ms, undo_w_max, undo_cwnd_prior;
	struct hystart hystart;
};

/* What a controller reads and writes. One per connection with something in flight. */
struct tcp_cc {
	uint32_t cwnd, ssthresh; /* ssthresh UINT32_MAX: no loss yet */
	uint32_t mss;
	uint32_t srtt_us;    /* 0: not known */
	uint32_t min_rtt_us; /* the shortest that the controller knows; 0: none */
	bool paced;	     /* bytes leave at a rate, so windows may grow in leaps */
	uint32_t random;     /* for who needs to differ from others; set before init() */
	/* Before the last reduction, for its undoing. */
	uint32_t prior_cwnd, prior_ssthresh;
	void *own; /* of state_bytes, or NULL */
	union {
		uint32_t acked; /* NewReno: bytes since cwnd last grew in congestion avoidance */
		struct cc_cubic cubic;
	};
};

/* Samples of the rate at which bytes arrive: see rate.h. */
struct tcp_rate_sample;
struct tcp_rate_ops;

/* One ACK that delivered something, found something lost, or brought CE. */
struct tcp_cc_ack {
	uint64_t now_ns;
	uint32_t delivered_bytes; /* newly acknowledged, cumulatively or selectively */
	uint32_t acked_bytes;	  /* cumulatively */
	uint32_t lost_bytes;	  /* newly found lost */
	uint32_t ce_bytes;	  /* that arrived with CE */
	uint32_t prior_in_flight, in_flight;
	uint32_t rtt_us;     /* 0: this ACK tells none */
	uint32_t newest_end; /* one behind the newest sequence number delivered ... */
	bool newest_once;    /* ... which was sent only once */
	bool cwnd_limited;   /* cwnd was what held us back */
	bool wnd_limited;    /* the peer's window was, and cwnd was not */
	bool in_recovery;    /* cwnd is recovery's for now */
	bool round_start;    /* what was in flight at the last round's start is acknowledged */
	const struct tcp_rate_sample *rate; /* NULL: not asked for */
};

enum tcp_cc_event {
	TCP_CC_LOSS,	/* fast recovery begins */
	TCP_CC_ECN,	/* the network marked instead */
	TCP_CC_TIMEOUT, /* nothing came back */
};

struct tcp_cc_ops {
	const char *name;   /* shorter than TCP_CC_NAME_MAX */
	size_t state_bytes; /* of a block of its own, cc->own; 0: struct tcp_cc is enough */
	bool owns_cwnd;	    /* sets cwnd in recovery, too */
	const struct tcp_rate_ops *rate; /* of delivery, with each ACK; NULL: not wanted */
	/*
	 * cwnd and ssthresh are those of before the idle time, or of the start. NULL: it begins with what
	 * struct tcp_cc has of it all zero, and has neither a block of its own nor a rate of anything.
	 */
	void (*init)(struct tcp_cc *cc, uint64_t now_ns);
	void (*acked)(struct tcp_cc *cc, const struct tcp_cc_ack *ack);
	/*
	 * In its place, of who wants no rate: an ACK of bytes that were sent once, outside recovery,
	 * while cwnd was not what held us back. Of several in a row the last alone may be told. May be
	 * NULL: then that is no news to this controller.
	 */
	void (*passed)(struct tcp_cc *cc, uint64_t now_ns);
	/*
	 * Once per round: the new ssthresh. prior_cwnd and prior_ssthresh are set, cwnd is the caller's
	 * to change unless owns_cwnd.
	 */
	uint32_t (*reduce)(struct tcp_cc *cc, enum tcp_cc_event why, uint32_t in_flight,
			   uint64_t now_ns);
	/* Bytes leave while nothing is in flight. May be NULL. */
	void (*restarted)(struct tcp_cc *cc, uint64_t now_ns);
	/* The last reduction was spurious; cwnd and ssthresh are back. May be NULL. */
	void (*restored)(struct tcp_cc *cc);
	/* Bytes a second at which to send. NULL: not paced unless the program asks for it. */
	uint64_t (*pacing_rate)(const struct tcp_cc *cc);
};

/* draft-ietf-ccwg-bbr; for tests, the part is holm_tcp_bbr. */
extern const struct tcp_cc_ops tcp_cc_bbr;
/* RFC 9438; for tests, the part is holm_tcp_cubic. */
extern const struct tcp_cc_ops tcp_cc_cubic;
uint32_t cc_cubic_root(uint64_t v);

/* Always there; the others are parts that a program names. */
extern const struct tcp_cc_ops tcp_cc_newreno;

#endif
