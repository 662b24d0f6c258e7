/*
 * bench.h -- measuring: rows, the collection switch, the world in which rows run.
 *
 * A row is an operation that is repeated. Only what happens inside measured calls counts: they are
 * wrapped in bench_on()/bench_off(), which under callgrind switch its collection on and off, so the
 * harness is not counted. Payload copies are counted as one instruction per 32 bytes: memcpy is
 * wrapped, large copies are made with collection off and booked.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <holm/net.h>
#include <holm/pair.h>
#include <holm/tcp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <valgrind/callgrind.h>

/* Counting instructions under callgrind (true) or measuring time (false). */
extern bool bench_counting;
/* Payload bytes that the wrapped memcpy copied with collection off. */
extern uint64_t bench_copied;
/* Collection is on. */
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

/* How the two instances are joined and what they offer each other. */
struct world_options {
	bool timestamps;
	bool nocsum;   /* checksums left to the device */
	bool super;    /* 64 KiB super-frames, partial checksums */
	uint32_t idle; /* connections that are there and do nothing */
};

struct world_side {
	struct holm_net *net;
	void *region;
	size_t env_bytes; /* bytes that the instance holds of its env */
	struct holm_addr addr;
};

struct world {
	struct world_side side[2];
	struct holm_pair pair;
	uint64_t now;
	struct holm_tcp **idle[2];
	uint32_t nidle;
};

/* The ports that the second side listens on for idle connections: 0 .. IDLE_PORTS - 1 above this. */
#define WORLD_IDLE_PORT 1000u
#define WORLD_PORT 80u

void world_init(struct world *w, const struct world_options *o);
void world_fini(struct world *w);

/* One round of one side: frames in, events by `events`, frames out. Counted while measuring. */
void world_round(struct world *w, int side);

/* Rounds of both sides until nothing moves at the present time. */
void world_settle(struct world *w);

/* Connect side 0 to a listener of side 1; both ends get small fixed buffers of the caller. */
void world_connect(struct world *w, struct holm_tcp *listener, uint16_t port,
		   struct holm_tcp *end[2]);

struct holm_tcp *world_listen(struct world *w, int side, uint16_t port, uint32_t backlog);

/*
 * A row: setup once, then op() `ops` times, measured as a whole. Returns how many units an op is
 * (segments of 1460 bytes, round trips, datagrams).
 */
struct row {
	const char *name;
	struct world_options options;
	/* Run `ops` operations; returns the number of units done. */
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

/* Bytes per end of an idle established connection (memory.c). */
double memory_idle_bytes(uint32_t connections);

#endif
