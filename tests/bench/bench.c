/*
 * The benchmark's program: runs rows in one of several ways and prints one line per row.
 *
 *	bench list		 the names of the rows
 *	bench count [NAME ...]	 instructions (under callgrind, dumps one profile per row)
 *	bench time [NAME ...]	 nanoseconds per unit and the floor's, median of seven
 *	bench verify		 looks at every byte that bulk moves, with damaged frames under way
 *	bench values		 bytes per connection
 *
 * tests/bench/run.sh puts it all together.
 */
#define _POSIX_C_SOURCE 199309L /* clock_gettime */

#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool bench_counting;
bool bench_collecting;

static bool profiled;	    /* under callgrind */
static bool instrumented;   /* and it has begun to look */
static uint64_t copied;	    /* payload bytes copied with collection off */
static uint64_t elapsed_ns; /* what bench_start() and bench_stop() had between them */

/* Copies of payload: larger than any header, so nothing else is taken for one. */
#define PAYLOAD_COPY_MIN 256u
/* Samples of a time, of which the median counts. */
#define SAMPLES 7
#define FLOOR_UNITS 20000u
/* Connections of which the memory is divided by their number. */
#define CONNECTIONS 100000u
#define FLOOR_UNITS_COUNTED 320u

void *__real_memcpy(void *dst, const void *src, size_t n);
void *__wrap_memcpy(void *dst, const void *src, size_t n);

void *__wrap_memcpy(void *dst, const void *src, size_t n)
{
	if (!bench_counting || !bench_collecting || n < PAYLOAD_COPY_MIN)
		return __real_memcpy(dst, src, n);
	CALLGRIND_TOGGLE_COLLECT;
	copied += n;
	__real_memcpy(dst, src, n);
	CALLGRIND_TOGGLE_COLLECT;
	return dst;
}

void bench_check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

/* Time of this process alone: others may be busy on the same machine. */
static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void bench_warm_caches(void)
{
	if (!profiled || instrumented)
		return;
	CALLGRIND_START_INSTRUMENTATION;
	instrumented = true;
}

void bench_start(void)
{
	bench_warm_caches();
	if (profiled)
		CALLGRIND_ZERO_STATS;
	copied = 0;
	bench_counting = profiled;
	elapsed_ns = now_ns();
}

void bench_stop(void)
{
	elapsed_ns = now_ns() - elapsed_ns;
	bench_counting = false;
}

const struct row bench_rows[] = {
	{ "bulk", { 0 }, run_bulk, 40, 4000, floor_bulk },
	{ "bulk.ts", { .timestamps = true }, run_bulk, 40, 4000, floor_bulk },
	{ "bulk.nocsum", { .nocsum = true }, run_bulk, 40, 4000, floor_memcpy },
	{ "bulk.super", { .super = true }, run_bulk, 40, 4000, floor_memcpy },
	{ "bulk.w16k", { .window = 16 * 1024 }, run_bulk, 160, 16000, floor_bulk },
	{ "bulk.w256k", { .window = 256 * 1024 }, run_bulk, 20, 1000, floor_bulk },
	{ "bulk.w1m", { .window = 1024 * 1024 }, run_bulk, 10, 280, floor_bulk },
	{ "rr", { 0 }, run_rr, 500, 100000, floor_rr },
	{ "rr.ts", { .timestamps = true }, run_rr, 500, 100000, floor_rr },
	{ "crr", { 0 }, run_crr, 300, 20000, NULL },
	{ "crr.ts", { .timestamps = true }, run_crr, 300, 20000, NULL },
	{ "udp64", { 0 }, run_udp64, 50, 10000, floor_udp64 },
	{ "udp1472", { 0 }, run_udp1472, 50, 5000, floor_udp1472 },
	{ "bulk@100", { .idle = 100 }, run_bulk, 40, 4000, floor_bulk },
	{ "bulk@1000", { .idle = 1000 }, run_bulk, 40, 4000, floor_bulk },
	{ "bulk@10000", { .idle = 10000 }, run_bulk, 40, 4000, floor_bulk },
	{ "bulk@100000", { .idle = 100000 }, run_bulk, 40, 4000, floor_bulk },
	{ "rr@100", { .idle = 100 }, run_rr, 500, 100000, floor_rr },
	{ "rr@1000", { .idle = 1000 }, run_rr, 500, 100000, floor_rr },
	{ "rr@10000", { .idle = 10000 }, run_rr, 500, 100000, floor_rr },
	{ "rr@100000", { .idle = 100000 }, run_rr, 500, 100000, floor_rr },
	{ "crr@100", { .idle = 100 }, run_crr, 300, 20000, NULL },
	{ "crr@1000", { .idle = 1000 }, run_crr, 300, 20000, NULL },
	{ "crr@10000", { .idle = 10000 }, run_crr, 300, 20000, NULL },
	{ "crr@100000", { .idle = 100000 }, run_crr, 300, 20000, NULL },
	{ "rrn@1", { .idle = 1 }, run_rrn, 10000, 140000, floor_rr },
	{ "rrn@100", { .idle = 100 }, run_rrn, 10000, 140000, floor_rr },
	{ "rrn@1000", { .idle = 1000 }, run_rrn, 10000, 140000, floor_rr },
	{ "rrn@10000", { .idle = 10000 }, run_rrn, 10000, 140000, floor_rr },
	{ "rrn@100000", { .idle = 100000 }, run_rrn, 10000, 700000, floor_rr },
	{ "rrn.quick@100000",
	  { .idle = 100000, .round_ns = 200 },
	  run_rrn,
	  10000,
	  700000,
	  floor_rr },
};
const size_t bench_nrows = sizeof(bench_rows) / sizeof(bench_rows[0]);

static bool wanted(const char *name, char **names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return n == 0;
}

/* The floor's profile is the second. */
static void count_floor(const struct row *row)
{
	if (!row->floor)
		return;
	row->floor(FLOOR_UNITS_COUNTED);
	bench_start();
	bench_on();
	row->floor(FLOOR_UNITS_COUNTED);
	bench_off();
	bench_stop();
	CALLGRIND_DUMP_STATS_AT("floor");
	printf("floor %u %llu\n", FLOOR_UNITS_COUNTED, (unsigned long long)copied);
}

/* A profile per row, which run.sh reads. How many units it is for and what was copied is printed. */
static void count_row(const struct row *row)
{
	static struct world w;
	double units;

	profiled = true;
	world_init(&w, &row->options);
	units = row->run(&w, row->ops_counted);
	CALLGRIND_DUMP_STATS_AT(row->name);
	world_fini(&w);
	printf("%s %.2f %llu\n", row->name, units, (unsigned long long)copied);
	count_floor(row);
	CALLGRIND_STOP_INSTRUMENTATION;
	instrumented = false;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double time_floor(const struct row *row)
{
	uint64_t start = now_ns();

	if (!row->floor)
		return 0;
	row->floor(FLOOR_UNITS);
	return (double)(now_ns() - start) / FLOOR_UNITS;
}

/* Row and floor in turn, so that whatever else the machine does meets both. */
static void time_row(const struct row *row)
{
	static struct world w;
	double ns[SAMPLES];
	double floor_ns[SAMPLES];

	world_init(&w, &row->options);
	for (int i = 0; i < SAMPLES; i++) {
		double units = row->run(&w, row->ops_timed / SAMPLES);

		ns[i] = (double)elapsed_ns / units;
		floor_ns[i] = time_floor(row);
	}
	world_fini(&w);
	qsort(ns, SAMPLES, sizeof(ns[0]), compare);
	qsort(floor_ns, SAMPLES, sizeof(floor_ns[0]), compare);
	printf("%s %.1f %.1f\n", row->name, ns[SAMPLES / 2], floor_ns[SAMPLES / 2]);
}

/* The same driver with every byte looked at and frames damaged: are checksums really checked? */
static void verify(void)
{
	static const struct world_options options[] = {
		{ .verify = true },
		{ .verify = true, .timestamps = true },
		{ .verify = true, .window = 1024 * 1024 },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		static struct world w;
		double units;

		world_init(&w, &options[i]);
		units = run_bulk(&w, 400);
		world_fini(&w);
		printf("verified %.0f bytes\n", units * 1460);
	}
}

static void print_values(char **names, int n)
{
	static const struct {
		const char *name;
		double (*measure)(uint32_t connections);
	} values[] = {
		{ "idle_bytes", memory_idle_bytes },
		{ "halfopen_bytes", memory_halfopen_bytes },
		{ "timewait_bytes", memory_timewait_bytes },
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (wanted(values[i].name, names, n))
			printf("%s %.1f bytes\n", values[i].name, values[i].measure(CONNECTIONS));
}

static void run_row(const char *mode, const struct row *row)
{
	if (mode[0] == 'l')
		printf("%s\n", row->name);
	else if (mode[0] == 'c')
		count_row(row);
	else
		time_row(row);
	fflush(stdout);
}

static bool is_mode(const char *word)
{
	static const char *const modes[] = { "list", "count", "time", "verify", "values" };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(word, modes[i]) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	if (argc < 2 || !is_mode(argv[1])) {
		fprintf(stderr, "usage: bench list|count|time|verify|values [ROW ...]\n");
		return 2;
	}
	if (strcmp(argv[1], "values") == 0) {
		print_values(argv + 2, argc - 2);
		return 0;
	}
	if (strcmp(argv[1], "verify") == 0) {
		verify();
		return 0;
	}
	for (size_t i = 0; i < bench_nrows; i++)
		if (wanted(bench_rows[i].name, argv + 2, argc - 2))
			run_row(argv[1], &bench_rows[i]);
	return 0;
}
