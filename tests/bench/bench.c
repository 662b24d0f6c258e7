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
#define FLOOR_UNITS_COUNTED 320u

void *bench_copy(void *dst, const void *src, size_t n, void *(*copy)(void *, const void *, size_t))
{
	if (!bench_counting || !bench_collecting || n < PAYLOAD_COPY_MIN)
		return copy(dst, src, n);
	CALLGRIND_TOGGLE_COLLECT;
	copied += n;
	copy(dst, src, n);
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

bool bench_wanted(const char *name, char **names, int n)
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
	struct world *w;
	double units;

	if (row->ops_counted == 0)
		return;
	profiled = true;
	w = world_new(&row->options);
	units = row->run(w, row->ops_counted);
	CALLGRIND_DUMP_STATS_AT(row->name);
	world_delete(w);
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
	struct world *w = world_new(&row->options);
	double ns[SAMPLES];
	double floor_ns[SAMPLES];

	for (int i = 0; i < SAMPLES; i++) {
		double units = row->run(w, row->ops_timed / SAMPLES);

		ns[i] = (double)elapsed_ns / units;
		floor_ns[i] = time_floor(row);
	}
	world_delete(w);
	qsort(ns, SAMPLES, sizeof(ns[0]), compare);
	qsort(floor_ns, SAMPLES, sizeof(floor_ns[0]), compare);
	printf("%s %.1f %.1f\n", row->name, ns[SAMPLES / 2], floor_ns[SAMPLES / 2]);
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
	return !strcmp(word, "list") || !strcmp(word, "count") || !strcmp(word, "time");
}

int main(int argc, char **argv)
{
	if (argc < 2 || (!is_mode(argv[1]) && !bench_other(argv[1], argv + 2, argc - 2))) {
		fprintf(stderr, "usage: bench list|count|time|verify|values [ROW ...]\n");
		return 2;
	}
	for (size_t i = 0; is_mode(argv[1]) && i < bench_nrows; i++)
		if (bench_wanted(bench_rows[i].name, argv + 2, argc - 2))
			run_row(argv[1], &bench_rows[i]);
	return 0;
}
