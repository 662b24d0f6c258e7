/*
 * bench.h -- measuring: rows, the collection switch, the world in which rows run.
 *
 * A row is an operation that is repeated. It first brings everything into the state that is measured,
 * says bench_start(), repeats, and says bench_stop(). Under callgrind only what happens inside
 * measured calls counts: they are wrapped in bench_on()/bench_off(), which switch its collection.
 * Payload copies are counted as one instruction per 32 bytes: memcpy is wrapped, large copies are
 * made with collection off and booked. Otherwise the processor's time between the two is measured.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <holm/buf.h>
#include <holm/net.h>
#include <holm/pair.h>
#include <holm/tcp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <valgrind/callgrind.h>

/* Between bench_start() and bench_stop(), with a profiler to tell. */
extern bool bench_counting;
/* Inside of a measured call. */
extern bool bench_collecting;

static inline void bench_on(void)
{
	bench_collecting = true;
	if (bench_counting)
		CALLGRIND_TOGGLE_COLLECT;
}

static inline void bench_off(void)
{
	if (bench_counting)
		CALLGRIND_TOGGLE_COLLECT;
	bench_collecting = false;
}

/* The profiler simulates the caches from here on, for rows that want them warm at the start. */
void bench_warm_caches(void);
void bench_start(void);
void bench_stop(void);

/* Ends the program when a row finds that something did not work. */
void bench_check(bool ok, const char *what);

/* How the two instances are joined and what they offer each other. */
struct world_options {
	bool timestamps;
	bool nocsum;	   /* checksums left to the device */
	bool super;	   /* 64 KiB super-frames, partial checksums */
	bool verify;	   /* look at every byte, damage frames under way */
	uint32_t window;   /* of bulk; 0: 64 KiB */
	uint32_t round_ns; /* by which the clock moves; 0: 20 us */
	uint32_t idle;	   /* connections that are there and do nothing */
};

struct world_side {
	struct holm_net *net;
	void *region;
	size_t env_bytes; /* bytes that the instance holds of its env */
	struct holm_addr addr;
};

/* One end of a connection with its rings. */
struct end {
	struct holm_tcp *t;
	struct holm_ring_sndbuf snd;
	struct holm_ring_rcvbuf rcv;
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
};

/* The second side listens for many connections from this port on, for WORLD_PER_PORT on each. */
#define WORLD_IDLE_PORT 1000u
#define WORLD_PER_PORT 25000u
#define WORLD_PORT 80u

void world_init(struct world *w, const struct world_options *o);
void world_fini(struct world *w);

/* One round of one side: frames in, events by `events`, frames out. Counted while measuring. */
void world_round(struct world *w, int side);

/* Rounds of both sides until nothing moves at the present time. */
void world_settle(struct world *w);

/* Rings of `limit` bytes for one end of a connection; given back by end_fini(). */
void end_attach(struct world *w, int side, struct end *e, uint32_t limit);
void end_fini(struct end *e);

/* Connect side 0 to a listener of side 1; both ends get small fixed buffers of the caller. */
void world_connect(struct world *w, struct holm_tcp *listener, uint16_t port,
		   struct holm_tcp *end[2]);

/* Each side learns where the other is. */
void world_introduce(struct world *w);

struct holm_tcp *world_listen(struct world *w, int side, uint16_t port, uint32_t backlog);

struct row {
	const char *name;
	struct world_options options;
	/* Does `ops` operations; returns how many units (segments, round trips, datagrams) that was. */
	double (*run)(struct world *w, uint32_t ops);
	uint32_t ops_counted; /* under callgrind */
	uint32_t ops_timed;
	void (*floor)(uint32_t ops); /* the machine's floor for one unit, NULL: none */
};

extern const struct row bench_rows[];
extern const size_t bench_nrows;

/* The runs (rows_tcp.c, rows_udp.c). */
double run_bulk(struct world *w, uint32_t ops);
double run_rr(struct world *w, uint32_t ops);
double run_rrn(struct world *w, uint32_t ops);
double run_crr(struct world *w, uint32_t ops);
double run_udp64(struct world *w, uint32_t ops);
double run_udp1472(struct world *w, uint32_t ops);

/* The floors (floor.c): no protocol at all. */
void floor_bulk(uint32_t units);
void floor_rr(uint32_t units);
void floor_udp64(uint32_t units);
void floor_udp1472(uint32_t units);
void floor_memcpy(uint32_t units);

/* Gives back what run_rrn keeps from one run to the next. */
void rrn_fini(struct world *w);

/* All bytes of the env divided by connections that are in one state (memory.c). */
double memory_idle_bytes(uint32_t connections);
double memory_halfopen_bytes(uint32_t connections);
double memory_timewait_bytes(uint32_t connections);

#endif
