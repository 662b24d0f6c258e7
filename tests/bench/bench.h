/*
 * bench.h -- measuring: rows, the collection switch, the floor. It knows of no stack: world.h does, and
 * peers/ has others for the same driver.
 *
 * A row is an operation that is repeated. It first brings everything into the state that is measured,
 * says bench_start(), repeats, and says bench_stop(). Under callgrind only what happens inside
 * measured calls counts: they are wrapped in bench_on()/bench_off(), which switch its collection.
 * Payload copies are counted as one instruction per 32 bytes: memcpy is wrapped, large copies are
 * made with collection off and booked. Otherwise the processor's time between the two is measured.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

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

/* A copy of payload, made with collection off and booked: for whoever stands in for memcpy. */
void *bench_copy(void *dst, const void *src, size_t n, void *(*copy)(void *, const void *, size_t));

/* Ends the program when a row finds that something did not work. */
void bench_check(bool ok, const char *what);

/* How the two instances are joined and what they offer each other. */
struct world_options {
	bool timestamps;
	bool ecn;	   /* explicit congestion notification is agreed on */
	bool nocsum;	   /* checksums left to the device */
	bool super;	   /* 64 KiB super-frames, partial checksums */
	bool frames;	   /* the reader of bulk keeps frames, in place of a ring */
	bool big;	   /* then: each in one buffer of 64 KiB, in place of many of the pool */
	bool verify;	   /* look at every byte, damage frames under way */
	uint32_t window;   /* of bulk; 0: 64 KiB */
	uint32_t round_ns; /* by which the clock moves; 0: 20 us */
	uint32_t idle;	   /* connections that are there and do nothing */
	bool sockets;	   /* sockets are named among the protocols */
	bool crowd;	   /* of sockets: many connections at once */
	bool ip6;	   /* over IPv6 */
	bool hosts;	   /* a crowd comes from several addresses */
	uint32_t watched;  /* descriptors that an epoll has and that do nothing */
};

/* Two ends, joined; what is in it is the stack's affair. */
struct world;

struct world *world_new(const struct world_options *o);
void world_delete(struct world *w);

struct row {
	const char *name;
	struct world_options options;
	/* Does `ops` operations; returns how many units (segments, round trips, datagrams) that was. */
	double (*run)(struct world *w, uint32_t ops);
	uint32_t ops_counted; /* under callgrind; 0: would take too long */
	uint32_t ops_timed;
	void (*floor)(uint32_t ops); /* the machine's floor for one unit, NULL: none */
};

extern const struct row bench_rows[];
extern const size_t bench_nrows;

/* The floors (floor.c): no protocol at all. */
void floor_bulk(uint32_t units);
void floor_rr(uint32_t units);
void floor_udp64(uint32_t units);
void floor_udp1472(uint32_t units);
void floor_memcpy(uint32_t units);
void floor_read(uint32_t units);
void floor_copy_64k(uint32_t units);

/* What a stack offers beside rows: "verify" and others. False if it knows no such mode. */
bool bench_other(const char *mode, char **names, int n);

/* Whether row `name` is among the n that the user named, or nobody named any. */
bool bench_wanted(const char *name, char **names, int n);

#endif
