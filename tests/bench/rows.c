/*
 * The rows of this stack, and what it says beside them: that bytes arrive as they were sent, and what
 * a connection holds of the env's memory.
 */
#include <stdio.h>
#include <string.h>

#include "tests/bench/world.h"

/* Connections of which the memory is divided by their number. */
#define CONNECTIONS 100000u

void *__real_memcpy(void *dst, const void *src, size_t n);
void *__wrap_memcpy(void *dst, const void *src, size_t n);

void *__wrap_memcpy(void *dst, const void *src, size_t n)
{
	return bench_copy(dst, src, n, __real_memcpy);
}

const struct row bench_rows[] = {
	{ "bulk", { 0 }, run_bulk, 40, 4000, floor_bulk },
	{ "bulk.ts", { .timestamps = true }, run_bulk, 40, 4000, floor_bulk },
	{ "bulk.nocsum", { .nocsum = true }, run_bulk, 40, 4000, floor_memcpy },
	{ "bulk.super", { .super = true }, run_bulk, 40, 4000, floor_memcpy },
	{ "bulk.super.w256k",
	  { .super = true, .window = 256 * 1024 },
	  run_bulk,
	  20,
	  1000,
	  floor_memcpy },
	{ "bulk.super.w1m",
	  { .super = true, .window = 1024 * 1024 },
	  run_bulk,
	  10,
	  280,
	  floor_memcpy },
	{ "bulk.super.frames", { .super = true, .frames = true }, run_bulk, 40, 4000, floor_read },
	{ "bulk.super.big",
	  { .super = true, .frames = true, .big = true },
	  run_bulk,
	  40,
	  4000,
	  floor_read },
	{ "bulk.w16k", { .window = 16 * 1024 }, run_bulk, 160, 16000, floor_bulk },
	{ "bulk.w256k", { .window = 256 * 1024 }, run_bulk, 20, 1000, floor_bulk },
	{ "bulk.w1m", { .window = 1024 * 1024 }, run_bulk, 10, 280, floor_bulk },
	{ "bulk.crowd", { 0 }, run_bulk_crowd, 10, 500, floor_bulk },
	{ "bulk.crowd.super", { .super = true }, run_bulk_crowd, 10, 500, floor_memcpy },
	{ "bulk.ecn", { .ecn = true }, run_bulk, 40, 4000, floor_bulk },
	{ "bulk.crowd.ecn", { .ecn = true }, run_bulk_crowd, 10, 500, floor_bulk },
	{ "rr", { 0 }, run_rr, 500, 100000, floor_rr },
	{ "rr.ts", { .timestamps = true }, run_rr, 500, 100000, floor_rr },
	{ "crr", { 0 }, run_crr, 300, 20000, NULL },
	{ "crr.ts", { .timestamps = true }, run_crr, 300, 20000, NULL },
	{ "rr.crowd", { 0 }, run_rr_crowd, 20, 4000, floor_rr },
	{ "rr.crowd.hosts", { .hosts = true }, run_rr_crowd, 20, 4000, floor_rr },
	{ "crr.crowd", { 0 }, run_crr_crowd, 12, 800, NULL },
	{ "crr.crowd.hosts", { .hosts = true }, run_crr_crowd, 12, 800, NULL },
	{ "udp64.crowd", { 0 }, run_udp_crowd, 20, 4000, floor_rr },
	{ "udp64.crowd.hosts", { .hosts = true }, run_udp_crowd, 20, 4000, floor_rr },
	{ "udp64", { 0 }, run_udp64, 50, 10000, floor_udp64 },
	{ "udp1472", { 0 }, run_udp1472, 50, 5000, floor_udp1472 },
	{ "bulk6", { .ip6 = true }, run_bulk, 40, 4000, floor_bulk },
	{ "bulk6.super", { .super = true, .ip6 = true }, run_bulk, 40, 4000, floor_memcpy },
	{ "rr6", { .ip6 = true }, run_rr, 500, 100000, floor_rr },
	{ "crr6", { .ip6 = true }, run_crr, 300, 20000, NULL },
	{ "rr6.crowd", { .ip6 = true }, run_rr_crowd, 20, 4000, floor_rr },
	{ "rr6.crowd.hosts", { .ip6 = true, .hosts = true }, run_rr_crowd, 20, 4000, floor_rr },
	{ "crr6.crowd.hosts", { .ip6 = true, .hosts = true }, run_crr_crowd, 12, 800, NULL },
	{ "udp64.6", { .ip6 = true }, run_udp64, 50, 10000, floor_udp64 },
	{ "socket.rr", { .sockets = true }, run_socket_rr, 500, 100000, floor_rr },
	{ "socket.rr.ts",
	  { .sockets = true, .timestamps = true },
	  run_socket_rr,
	  500,
	  100000,
	  floor_rr },
	{ "socket.rr.crowd",
	  { .sockets = true, .crowd = true },
	  run_socket_rr,
	  20,
	  4000,
	  floor_rr },
	{ "socket.crr", { .sockets = true }, run_socket_crr, 300, 20000, NULL },
	{ "socket.crr.crowd", { .sockets = true, .crowd = true }, run_socket_crr, 12, 800, NULL },
	{ "epoll@10", { .sockets = true, .watched = 10 }, run_epoll, 500, 200000, NULL },
	{ "epoll@100000", { .sockets = true, .watched = 100000 }, run_epoll, 500, 200000, NULL },
	{ "unix.64k", { .sockets = true }, run_unix_64k, 200, 20000, floor_copy_64k },
	{ "unix.pingpong", { .sockets = true }, run_unix_pingpong, 500, 200000, NULL },
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
	{ "rrn@100000", { .idle = 100000 }, run_rrn, 30000, 700000, floor_rr },
	{ "rrn.quick@100000",
	  { .idle = 100000, .round_ns = 200 },
	  run_rrn,
	  30000,
	  700000,
	  floor_rr },
};
const size_t bench_nrows = sizeof(bench_rows) / sizeof(bench_rows[0]);

/* The same driver with every byte looked at and frames damaged: are checksums really checked? */
static void verify(void)
{
	static const struct world_options options[] = {
		{ .verify = true },
		{ .verify = true, .timestamps = true },
		{ .verify = true, .window = 1024 * 1024 },
		{ .verify = true, .ip6 = true },
		{ .verify = true, .frames = true },
		{ .verify = true, .super = true },
		{ .verify = true, .super = true, .frames = true },
		{ .verify = true, .super = true, .frames = true, .big = true },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct world *w = world_new(&options[i]);
		double units = run_bulk(w, 400);

		world_delete(w);
		printf("verified %.0f bytes\n", units * 1460);
	}
}

static void print_values(char **names, int n)
{
	static const struct {
		const char *name;
		double (*measure)(uint32_t connections, bool ip6);
		bool ip6;
	} values[] = {
		{ "idle_bytes", memory_idle_bytes, false },
		{ "halfopen_bytes", memory_halfopen_bytes, false },
		{ "timewait_bytes", memory_timewait_bytes, false },
		{ "idle6_bytes", memory_idle_bytes, true },
		{ "halfopen6_bytes", memory_halfopen_bytes, true },
		{ "timewait6_bytes", memory_timewait_bytes, true },
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (bench_wanted(values[i].name, names, n))
			printf("%s %.1f bytes\n", values[i].name,
			       values[i].measure(CONNECTIONS, values[i].ip6));
}

bool bench_other(const char *mode, char **names, int n)
{
	if (strcmp(mode, "verify") == 0)
		verify();
	else if (strcmp(mode, "values") == 0)
		print_values(names, n);
	else
		return false;
	return true;
}
