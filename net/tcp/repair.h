/*
 * Loss recovery where the peer takes SACK: what a sender keeps for it, and the two parts that a
 * protocol list may name. SACK alone finds losses as RFC 6675 does (repair.c); RACK adds time, probes,
 * proportional rate reduction and the undoing of what was spurious (repair_rack.c).
 */
#ifndef NET_TCP_REPAIR_H
#define NET_TCP_REPAIR_H

#include "net/tcp/prr.h"
#include "net/tcp/rack.h"
#include "net/tcp/rtt.h"
#include "net/wire/tcp.h"

struct holm_tcp;
struct tcp_tx;
struct holm_net;
struct tcp_rx;

/* RFC 5681's and RFC 6675's DupThresh. */
#define TCP_DUPTHRESH 3u

/* The scoreboard's and RACK's time. */
static inline uint32_t repair_units(uint64_t ns)
{
	return (uint32_t)(ns >> RTT_UNIT_SHIFT);
}

/* What the second deadline of a connection is for: struct tcp_flight, wait. */
enum tcp_wait {
	TCP_WAIT_NONE,
	TCP_WAIT_REORDER, /* RFC 8985 6.2: then more may be lost */
	TCP_WAIT_PROBE,	  /* RFC 8985 7.2, PTO */
};

/* RFC 5682, the SACK-enhanced version. */
enum tcp_frto {
	TCP_FRTO_OFF,
	TCP_FRTO_FIRST, /* step 2: the first ACK after the timeout is awaited */
	TCP_FRTO_NEW,	/* step 3: new data was sent instead of more retransmissions */
};

/* One per connection that has sent something since it was last idle. Owned by struct tcp_flight. */
struct tcp_repair {
	struct tcp_score score;
	struct tcp_tlp tlp;
	struct tcp_prr prr;
	/* The last reduction, while it may turn out to be spurious. */
	struct tcp_seq undo_from; /* SND.UNA then */
	uint32_t undo_bytes;	  /* sent again since and not reported as duplicates */
	uint32_t again_tsval;	  /* of the first retransmission since, if sent_again */
	bool can_undo, sent_again;
	uint8_t frto; /* enum tcp_frto */
	uint8_t dups; /* ACKs in a row that delivered something and did not move SND.UNA */
};

/* What one ACK said. */
struct tcp_news {
	struct tcp_delivery d;
	uint32_t prior_in_flight;
	uint32_t lost;
	uint32_t acked; /* by how much SND.UNA moved */
	bool duplicate; /* RFC 5681 section 2, without SACK blocks */
	bool has_dsack;
	struct tcp_seq dsack_left, dsack_right;
	const struct tcp_hdr_info *h;
};

/* Selective acknowledgment, if the part is linked. TCP_SACK on a connection implies that it is. */
struct tcp_sack_ops {
	/* The blocks of a segment with `len` bytes, a D-SACK first. What was told is forgotten. */
	void (*announce)(struct tcp_tx *tx, struct tcp_hdr_info *h, uint32_t len);
	/* [left, right) has arrived again. */
	void (*duplicate)(struct holm_tcp *c, struct tcp_seq left, struct tcp_seq right);

	/* flight->repair is made before the first byte is sent, and freed. False: no memory. */
	bool (*begin)(struct holm_tcp *c);
	void (*end)(struct holm_tcp *c);
	/* SND.NXT has moved: `n` new sequence numbers are on their way. */
	void (*sent)(struct holm_tcp *c, uint32_t n);
	void (*resent)(struct holm_tcp *c, struct tcp_seq from, struct tcp_seq to);
	/* SND.UNA has moved by `acked`, or there is news of what lies above it. */
	void (*acked)(struct holm_tcp *c, const struct tcp_rx *rx, uint32_t acked, bool duplicate);
	/* The same where there is no other news, and tcp_is_plain() was true before SND.UNA moved. */
	void (*acked_plain)(struct holm_tcp *c, uint32_t acked);
	/*
	 * Calm has ended: what was acknowledged since it began, and what is in flight, left at
	 * flight->timed_ns, are news here.
	 */
	void (*catch_up)(struct holm_tcp *c);
	/* The retransmission timer has expired. */
	void (*timeout)(struct holm_tcp *c);
	/* All of it is to be sent again, and that is not congestion. */
	void (*resend)(struct holm_tcp *c);
	/* How long ago what is at SND.UNA was sent. There is something in flight. */
	uint32_t (*oldest_ticks)(const struct holm_tcp *c);
	/* The second deadline has come. */
	void (*fire)(struct holm_tcp *c);
};

/* What the RACK part does better. */
struct tcp_rack_ops {
	/* After the scoreboard: returns whether the last reduction proves spurious. */
	bool (*acked)(struct holm_tcp *c, const struct tcp_news *n);
	/* Mark what is lost; returns how many bytes. */
	uint32_t (*detect)(struct holm_tcp *c);
	/* The congestion window during fast recovery. */
	void (*window)(struct holm_tcp *c, uint32_t delivered, bool safe);
	void (*recovered)(struct holm_tcp *c);
	void (*timeout)(struct holm_tcp *c, bool first);
	void (*probed)(struct holm_tcp *c, bool again);
	/* TCP_TLP_DUE. False: no room. */
	bool (*probe)(struct tcp_tx *tx);
};

/* ---- repair.c */
extern const struct tcp_sack_ops tcp_sack_ops;
/* SACK is part of the instance from now on. */
void repair_register(struct holm_net *net);

/* ---- sack.c */
void tcp_sack_announce(struct tcp_tx *tx, struct tcp_hdr_info *h, uint32_t len);
void tcp_sack_note_duplicate(struct holm_tcp *c, struct tcp_seq left, struct tcp_seq right);

#endif
