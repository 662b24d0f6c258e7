/*
 * tcp_ends.h -- a TCP connection between the two instances of a duo, driven without sockets: pattern
 * buffers on both sides, a client that connects, a server that accepts, and what events have said.
 */
#ifndef TESTS_SUPPORT_TCP_ENDS_H
#define TESTS_SUPPORT_TCP_ENDS_H

#include <holm/tcp.h>

#include "tests/support/duo.h"

#define ENDS_PORT 7000u

/* One side: 0 connects, 1 listens. */
struct tcp_end {
	struct holm_tcp *tcp; /* NULL: none (yet, or any more) */
	struct holm_pattern_sndbuf snd;
	struct holm_pattern_rcvbuf rcv;
	uint64_t to_send;  /* bytes not yet queued */
	bool shut_at_end;  /* FIN behind the last byte */
	bool close_at_eof; /* close the handle once the peer's FIN was read and all is sent */
	bool paused;	   /* the reader does not read */
	bool shut;
	bool connected, eof, closed;
	int error; /* negative errno, as taken */
	uint64_t events;
};

struct tcp_ends {
	struct duo *d;
	struct holm_tcp *listener;
	struct tcp_end end[2];
	uint8_t *table;
	uint64_t rcvbuf;
	uint64_t sent[2];  /* frames that left side i */
	uint64_t lose[2];  /* this one of them (1, 2, ...) is lost; 0: none */
	uint32_t released; /* buffers whose released() was called */
};

/* Listen on side 1, connect from side 0. `bytes[i]` is what side i sends. 0 or a negative errno. */
int ends_open(struct tcp_ends *e, struct duo *d, const uint64_t bytes[2], uint64_t rcvbuf);

/* Let programs react to what has happened; true if something was there to react to. */
bool ends_react(struct tcp_ends *e);

/* Rounds and reactions at the present time, until all is quiet. */
void ends_settle(struct tcp_ends *e);

/* Settle, then go on to the next deadline before `until`; false: there is none. */
bool ends_advance(struct tcp_ends *e, uint64_t until);

/* Go on until both handles are given up, or `ns` have passed. Were they? */
bool ends_finish(struct tcp_ends *e, uint64_t ns);

/* Go on until `ns` have passed. */
void ends_run(struct tcp_ends *e, uint64_t ns);

/* Give up what is still there. */
void ends_fini(struct tcp_ends *e);

#endif
