/*
 * world.h -- two instances joined by the pair device, in which the rows of this stack run.
 */
#ifndef TESTS_BENCH_WORLD_H
#define TESTS_BENCH_WORLD_H

#include <holm/buf.h>
#include <holm/net.h>
#include <holm/pair.h>
#include <holm/tcp.h>

#include "tests/bench/bench.h"

struct world_side {
	struct holm_net *net;
	void *region;
	size_t env_bytes; /* bytes that the instance holds of its env */
	struct holm_addr addr;
};

/* One end of a connection with its rings, each at a line of the cache as <holm/buf.h> advises. */
struct end {
	_Alignas(64) struct holm_ring_sndbuf snd;
	_Alignas(64) struct holm_ring_rcvbuf rcv;
	struct holm_tcp *t;
};

struct world {
	struct world_options options;
	struct world_side side[2];
	struct holm_pair pair;
	uint64_t now;
	struct holm_tcp **idle[2];
	uint32_t nidle;
	struct end (*robin)[2]; /* of rrn: the idle connections with rings */
	uint32_t next;		/* whose turn it is */
	struct big *big;	/* [WORLD_BIGS], of world_land() */
};

/* Where rows of crowds say so they come from so many addresses, in turn: 10.0.0.101 (fd00::65) and so on. */
#define WORLD_HOSTS 8u
struct holm_addr world_crowd_addr(const struct world *w, uint32_t i);

/* The second side listens for many connections from this port on, for WORLD_PER_PORT on each. */
#define WORLD_IDLE_PORT 1000u
#define WORLD_PER_PORT 25000u
#define WORLD_PORT 80u
/* So many at once in the rows of crowds: their frames come in one batch. */
#define WORLD_CROWD 32u
/* A window is one and a rest; those of the last one may still be read. */
#define WORLD_BIGS 8

/* What a program's loop does on one side, in its two halves: frames in, then frames out. Counted. */
void world_in(struct world *w, int side);
void world_out(struct world *w, int side);
/*
 * What waits for a side lands in frames of its own, as a card writes it there. Of that only what it takes to
 * tell the sender so is counted.
 */
void world_land(struct world *w, int side);
/* Both halves. */
void world_round(struct world *w, int side);

/* Rounds of both sides until nothing moves at the present time. */
void world_settle(struct world *w);

/* Rings of `limit` bytes for one end of a connection; given back by end_fini(). */
void end_attach(struct world *w, int side, struct end *e, uint32_t limit);
void end_fini(struct end *e);
/*
 * Take what is readable as a program does: in place or, of small messages, by a copy. Returns how many bytes;
 * of more than `size` the last ones are at `dst`. Counted.
 */
size_t end_read(struct end *e, void *dst, size_t size);
/* No delay, and timestamps where the row says so. */
void world_set_options(const struct world *w, struct holm_tcp *t);
/* Both programs hear what has happened. Counted. */
void world_forget_events(struct world *w);

/* Connect side 0 to a listener of side 1; both ends get small fixed buffers of the caller. */
void world_connect(struct world *w, struct holm_tcp *listener, uint16_t port,
		   struct holm_tcp *end[2]);

/* Each side learns where the other is. */
void world_introduce(struct world *w);

struct holm_tcp *world_listen(struct world *w, int side, uint16_t port, uint32_t backlog);

/* The runs (rows_tcp.c, rows_crowd.c, rows_udp.c, rows_socket.c). */
double run_bulk(struct world *w, uint32_t ops);
double run_bulk_crowd(struct world *w, uint32_t ops);
double run_rr(struct world *w, uint32_t ops);
double run_rrn(struct world *w, uint32_t ops);
double run_crr(struct world *w, uint32_t ops);
double run_rr_crowd(struct world *w, uint32_t ops);
double run_crr_crowd(struct world *w, uint32_t ops);
double run_udp_crowd(struct world *w, uint32_t ops);
double run_udp64(struct world *w, uint32_t ops);
double run_udp1472(struct world *w, uint32_t ops);
double run_socket_rr(struct world *w, uint32_t ops);
double run_socket_crr(struct world *w, uint32_t ops);
double run_epoll(struct world *w, uint32_t ops);
double run_unix_64k(struct world *w, uint32_t ops);
double run_unix_pingpong(struct world *w, uint32_t ops);

/* Gives back what run_rrn keeps from one run to the next. */
void rrn_fini(struct world *w);

/* All bytes of the env divided by connections that are in one state (memory.c). */
double memory_idle_bytes(uint32_t connections, bool ip6);
double memory_halfopen_bytes(uint32_t connections, bool ip6);
double memory_timewait_bytes(uint32_t connections, bool ip6);

#endif
