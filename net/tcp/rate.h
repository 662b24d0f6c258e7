/*
 * How fast bytes arrive: samples of the delivery rate (draft-cheng-iccrg-delivery-rate-estimation, kept
 * by draft-ietf-ccwg-bbr section 4.1). Pure arithmetic over what was sent when; for controllers that
 * ask for it, others do not pay. Times are microseconds modulo 2^32, compared by difference.
 */
#ifndef NET_TCP_RATE_H
#define NET_TCP_RATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Records of sending per connection. With one for each burst, and bursts of a millisecond and more, 64
 * cover paths of 64 ms and longer ones with super-frames; beyond, the last record grows and samples get
 * coarser, not wrong.
 */
#define TCP_RATE_RECORDS 64u

/* Bytes that left together: the connection's figures at that moment. */
struct tcp_rate_record {
	uint32_t end; /* sequence number behind them */
	uint32_t sent_us, first_sent_us, delivered_us;
	uint32_t delivered, lost;
	uint32_t in_flight; /* these bytes included */
	bool app_limited;
};

struct tcp_rate {
	uint32_t delivered;	/* bytes, so far */
	uint32_t delivered_us;	/* when that last changed */
	uint32_t first_sent_us; /* when the newest bytes delivered were sent */
	uint32_t lost;		/* bytes, so far */
	uint32_t app_limited;	/* the value of `delivered` at which the bubble has passed */
	bool in_bubble;
	uint32_t head, n;
	struct tcp_rate_record records[TCP_RATE_RECORDS];
};

struct tcp_rate_sample {
	uint64_t rate;		  /* bytes a second; 0: no sample */
	uint32_t delivered;	  /* bytes, over the interval */
	uint32_t prior_delivered; /* what was delivered when the newest of them was sent */
	uint32_t interval_us;
	uint32_t in_flight; /* when it was sent, itself included */
	uint32_t lost;	    /* since it was sent */
	bool app_limited;
	bool valid; /* the fields above mean something */
};

/* The program has no more to send, and the window would let more go. */
static inline void tcp_rate_app_limited(struct tcp_rate *r, uint32_t in_flight)
{
	r->app_limited = r->delivered + in_flight;
	r->in_bubble = true;
}

struct tcp_rate_ack {
	uint32_t now_us;
	uint32_t delivered, lost; /* bytes, by this ACK */
	uint32_t newest_end;	  /* one behind the newest sequence number delivered */
	bool newest_once;	  /* it was sent only once */
	uint32_t una;		  /* SND.UNA: what is before it is forgotten */
	uint32_t min_rtt_us;	  /* a shorter interval is an artefact; 0: not known */
};

/* Bytes up to `end` leave now, `in_flight` others being under way. */
void tcp_rate_sent(struct tcp_rate *r, uint32_t now_us, uint32_t end, uint32_t len,
		   uint32_t in_flight);
void tcp_rate_acked(struct tcp_rate *r, const struct tcp_rate_ack *ack, struct tcp_rate_sample *s);

/* Both, named by the controllers that want them: a program without these links nothing of it. */
struct tcp_rate_ops {
	void (*sent)(struct tcp_rate *r, uint32_t now_us, uint32_t end, uint32_t len,
		     uint32_t in_flight);
	void (*acked)(struct tcp_rate *r, const struct tcp_rate_ack *ack,
		      struct tcp_rate_sample *s);
};

extern const struct tcp_rate_ops tcp_rate;

#endif
