/*
 * The benchmark's program: runs rows in one of three ways and prints one line per row.
 *
 *	bench list		 the names of the rows
 *	bench count [NAME ...]	 instructions (under callgrind, dumps one profile per row)
 *	bench time [NAME ...]	 nanoseconds per unit and the floor's, median of seven
 *	bench values		 rows that are no operations: idle_bytes, memcpy
 *
 * tests/bench/run.sh puts it all together.
 */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool bench_counting;
bool bench_collecting;
uint64_t bench_copied;

void rows_tcp_configure(bool timestamps);

/* Copies of payload: larger than any header, so nothing else is taken for one. */
#define PAYLOAD_COPY_MIN 256u

void *__real_memcpy(void *dst, const void *src, size_t n);
void *__wrap_memcpy(void *dst, const void *src, size_t n);

void *__wrap_memcpy(void *dst, const void *src, size_t n)
{
	if (!bench_counting || !bench_collecting || n < PAYLOAD_COPY_MIN)
		return __real_memcpy(dst, src, n);
	CALLGRIND_TOGGLE_COLLECT;
	bench_copied += n;
	__real_memcpy(dst, src, n);
	CALLGRIND_TOGGLE_COLLECT;
	return dst;
}

const struct row bench_rows[] = {
	{ "bulk", { 0 }, run_bulk, 40, 4000, floor_bulk },
	{ "bulk.ts", { .timestamps = true }, run_bulk, 40, 4000, floor_bulk },
	{ "bulk.nocsum", { .nocsum = true }, run_bulk, 40, 4000, floor_memcpy },
	{ "bulk.super", { .super = true }, run_bulk, 40, 4000, floor_memcpy },
	{ "rr", { 0 }, run_rr, 500, 100000, floor_rr },
	{ "rr.ts", { .timestamps = true }, run_rr, 500, 100000, floor_rr },
	{ "crr", { 0 }, run_crr, 300, 20000, NULL },
	{ "crr.ts", { .timestamps = true }, run_crr, 300, 20000, NULL },
	{ "udp64", { 0 }, run_udp64, 50, 10000, floor_udp64 },
	{ "udp1472", { 0 }, run_udp1472, 50, 5000, floor_udp1472 },
	{ "bulk@10000", { .idle = 10000 }, run_bulk, 40, 4000, floor_bulk },
	{ "rr@10000", { .idle = 10000 }, run_rr, 500, 100000, floor_rr },
	{ "crr@10000", { .idle = 10000 }, run_crr, 300, 20000, NULL },
	{ "rrn@10000", { .idle = 10000 }, run_rrn, 10000, 100000, floor_rr },
	{ "bulk@100000", { .idle = 100000 }, run_bulk, 40, 4000, floor_bulk },
	{ "rr@100000", { .idle = 100000 }, run_rr, 500, 100000, floor_rr },
	{ "crr@100000", { .idle = 100000 }, run_crr, 300, 20000, NULL },
};
const size_t bench_nrows = sizeof(bench_rows) / sizeof(bench_rows[0]);

static uint64_t now_ns(void)
{
	struct timespec ts;

	timespec_get(&ts, TIME_UTC);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static bool wanted(const char *name, char **names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return n == 0;
}

/* A profile per row, which run.sh reads. How many units it is for and what was copied is printed. */
static void count_row(const struct row *row)
{
	static struct world w;
	double units;

	world_init(&w, &row->options);
	rows_tcp_configure(row->options.timestamps);
	bench_copied = 0;
	CALLGRIND_START_INSTRUMENTATION;
	CALLGRIND_ZERO_STATS;
	bench_counting = true;
	units = row->run(&w, row->ops_counted);
	bench_counting = false;
	CALLGRIND_DUMP_STATS_AT(row->name);
	CALLGRIND_STOP_INSTRUMENTATION;
	world_fini(&w);
	printf("%s %.2f %llu\n", row->name, units, (unsigned long long)bench_copied);
	fflush(stdout);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static void time_row(const struct row *row)
{
	static struct world w;
	double ns[7];
	double floor_ns[7] = { 0 };

	world_init(&w, &row->options);
	rows_tcp_configure(row->options.timestamps);
	for (int i = 0; i < 7; i++) {
		uint64_t start = now_ns();
		double units = row->run(&w, row->ops_timed / 7);

		ns[i] = (double)(now_ns() - start) / units;
		if (!row->floor)
			continue;
		start = now_ns();
		row->floor(20000);
		floor_ns[i] = (double)(now_ns() - start) / 20000;
		if (row->run == run_rrn)
			break;
	}
	world_fini(&w);
	if (row->run != run_rrn) {
		qsort(ns, 7, sizeof(ns[0]), compare);
		qsort(floor_ns, 7, sizeof(floor_ns[0]), compare);
		printf("%s %.1f %.1f\n", row->name, ns[3], floor_ns[3]);
	} else {
		printf("%s %.1f %.1f\n", row->name, ns[0], floor_ns[0]);
	}
	fflush(stdout);
}

static void print_values(void)
{
	uint64_t start = now_ns();

	floor_memcpy(200000);
	printf("memcpy_ns %.1f ns\n", (double)(now_ns() - start) / 200000);
	printf("idle_bytes %.1f bytes\n", memory_idle_bytes(10000));
}

static bool is_mode(const char *word)
{
	return !strcmp(word, "list") || !strcmp(word, "count") || !strcmp(word, "time") ||
	       !strcmp(word, "values");
}

int main(int argc, char **argv)
{
	if (argc < 2 || !is_mode(argv[1])) {
		fprintf(stderr, "usage: bench list|count|time|values [ROW ...]\n");
		return 2;
	}
	if (argv[1][0] == 'v') {
		print_values();
		return 0;
	}
	for (size_t i = 0; i < bench_nrows; i++) {
		if (!wanted(bench_rows[i].name, argv + 2, argc - 2))
			continue;
		if (argv[1][0] == 'l')
			printf("%s\n", bench_rows[i].name);
		else if (argv[1][0] == 'c')
			count_row(&bench_rows[i]);
		else
			time_row(&bench_rows[i]);
	}
	return 0;
}
