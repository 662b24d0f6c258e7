/*
 * peer.h -- the other end of a TCP connection whose segments a fuzz target makes up, and what can be
 * said of the instance's segments whatever those were. It knows both initial sequence numbers, so
 * that a target speaks of positions in the streams.
 *
 * Both streams are position-derived: whatever is sent, in whichever order and however often, byte i is
 * the same, so what is acknowledged and what is read can be checked without remembering it.
 */
#ifndef TESTS_FUZZ_PEER_H
#define TESTS_FUZZ_PEER_H

#include "net/wire/tcp.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stage.h"

#define PEER_PORT 4000u
#define SELF_PORT 80u

struct peer {
	struct stage *stage;
	uint16_t self_port;
	uint32_t iss;		       /* the peer's */
	uint32_t self_iss;	       /* the instance's */
	bool knows_self_iss, has_left; /* left: the user has given the connection up */
	bool has_ts;		       /* both have offered timestamps */
	bool checks_sums;
	uint8_t wscale, self_wscale; /* agreed */
	uint32_t ts_recent;	     /* the instance's latest */
	uint32_t mss;

	uint64_t written; /* by the instance's user */
	bool has_shut;	  /* and its end was said */
	uint64_t
		sent_max; /* position behind the furthest byte (or FIN) that the instance has sent */
	uint64_t edge_max; /* the furthest position that any segment of the peer has allowed */
	uint64_t acked;	   /* position up to which the instance has acknowledged, FIN included */
	uint64_t offered;  /* position behind the furthest byte (or FIN) that the peer has sent */
	uint64_t window_edge; /* the furthest position that the instance has allowed */
	uint64_t read;	      /* by the instance's user */
	bool has_window, has_sent_fin;
	/* Urgent bytes are not among those that are read, so positions are not known any more. */
	bool takes_urgent_out, has_sent_urgent;
	bool is_over; /* another connection of the same ports has begun: nothing is checked */
};

uint8_t peer_byte(uint64_t position);	   /* of the peer's stream */
uint8_t peer_self_byte(uint64_t position); /* of the instance's */

/* For stage.sent: look at what the instance sends, and hold it against everything that is known. */
void peer_see(void *peer, const uint8_t *frame, size_t len);

/*
 * A segment from the peer with this header (ports are filled in) and `len` bytes of its stream. `piece`
 * cuts the frame, see stage_receive().
 */
void peer_send(struct peer *p, struct tcp_hdr_info *info, size_t len, size_t piece);

/* The handshake of a connection that the peer opens; `options` of its SYN. */
void peer_open(struct peer *p, const struct tcp_hdr_info *options);
/* The same when the instance has sent its SYN. */
void peer_answer(struct peer *p, const struct tcp_hdr_info *options);

/* Bytes that the instance's user has read at its position. */
void peer_check_read(struct peer *p, const uint8_t *data, size_t n);

#endif
