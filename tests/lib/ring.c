/* Tests of lib/ring: order across the end of the memory, lending, gaps, exchange of memory. */
#include "lib/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/mem.h"

/* A ring of 16 bytes whose positions begin at `at`, so that wrapping can be placed. */
static struct ring ring_at(uint8_t *mem, uint32_t at)
{
	return (struct ring){ .mem = mem, .cap = 16, .head = at, .tail = at };
}

static void without_memory_it_is_empty_and_full_at_once(void **state)
{
	struct ring r;
	struct span w[2];
	struct cspan p[2];
	uint8_t byte = 1;

	(void)state;
	ring_init(&r);
	assert_true(ring_is_empty(&r));
	assert_int_equal(ring_space(&r), 0);
	assert_int_equal(ring_write(&r, "x", 1), 0);
	assert_int_equal(ring_read(&r, &byte, 1), 0);
	assert_int_equal(ring_reserve(&r, 10, w), 0);
	assert_int_equal(ring_peek(&r, 0, 10, p), 0);
	assert_int_equal(w[0].n + w[1].n + p[0].n + p[1].n, 0);
	assert_null(ring_grow(&r, NULL, 0, 0));
}

static void bytes_come_out_in_order_wherever_the_positions_are(void **state)
{
	static const uint32_t starts[] = { 0,		5,	     15,	  16,
					   0x7ffffff8u, 0xfffffff0u, 0xfffffffau, 0xffffffffu };
	uint8_t mem[16], out[20];

	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(starts); s++) {
		struct ring r = ring_at(mem, starts[s]);

		assert_int_equal(ring_write(&r, "0123456789", 10), 10);
		assert_int_equal(ring_write(&r, "abcdefghij", 10), 6);
		assert_int_equal(ring_space(&r), 0);
		assert_int_equal(ring_len(&r), 16);
		assert_int_equal(ring_read(&r, out, 3), 3);
		assert_memory_equal(out, "012", 3);
		assert_int_equal(ring_write(&r, "XYZ", 3), 3);
		assert_int_equal(ring_copy(&r, 5, out, 4), 4);
		assert_memory_equal(out, "89ab", 4);
		assert_int_equal(ring_copy(&r, 14, out, 9), 2);
		assert_memory_equal(out, "YZ", 2);
		assert_int_equal(ring_copy(&r, 16, out, 9), 0);
		assert_int_equal(ring_copy(&r, 1000, out, 9), 0);
		assert_int_equal(ring_read(&r, out, 20), 16);
		assert_memory_equal(out, "3456789abcdefXYZ", 16);
		assert_true(ring_is_empty(&r));
	}
}

static void a_range_across_the_end_is_lent_as_two_spans(void **state)
{
	uint8_t mem[16];
	struct ring r = ring_at(mem, 12);
	struct span w[2];
	struct cspan p[2];

	(void)state;
	assert_int_equal(ring_reserve(&r, 7, w), 7);
	assert_ptr_equal(w[0].p, mem + 12);
	assert_int_equal(w[0].n, 4);
	assert_ptr_equal(w[1].p, mem);
	assert_int_equal(w[1].n, 3);
	memcpy(w[0].p, "abcd", 4);
	memcpy(w[1].p, "efg", 3);
	ring_commit(&r, 6);
	assert_int_equal(ring_peek(&r, 0, 100, p), 6);
	assert_memory_equal(p[0].p, "abcd", 4);
	assert_memory_equal(p[1].p, "ef", 2);
	assert_int_equal(ring_peek(&r, 4, 100, p), 2);
	assert_ptr_equal(p[0].p, mem);
	assert_int_equal(p[1].n, 0);
	assert_int_equal(ring_peek(&r, 1, 2, p), 2);
	assert_memory_equal(p[0].p, "bc", 2);
	ring_release(&r, 6);
	assert_true(ring_is_empty(&r));
	assert_int_equal(ring_reserve(&r, 100, w), 16);
}

static void bytes_ahead_become_readable_when_the_gap_closes(void **state)
{
	uint8_t mem[16], out[16];
	struct ring r = ring_at(mem, 0xfffffffcu);

	(void)state;
	assert_int_equal(ring_write(&r, "ab", 2), 2);
	assert_int_equal(ring_write_at(&r, 3, "fgh", 3), 3);
	assert_int_equal(ring_len(&r), 2);
	assert_int_equal(ring_write_at(&r, 12, "0123", 4), 2);
	assert_int_equal(ring_write_at(&r, 14, "x", 1), 0);
	assert_int_equal(ring_write_at(&r, 99, "x", 1), 0);
	assert_int_equal(ring_write(&r, "cde", 3), 3);
	ring_commit(&r, 3);
	assert_int_equal(ring_read(&r, out, 16), 8);
	assert_memory_equal(out, "abcdefgh", 8);
}

static void new_memory_takes_over_what_is_readable_and_what_is_ahead(void **state)
{
	uint8_t small[16], large[64], tiny[8], out[64];

	(void)state;
	for (uint32_t at = 0; at < 130; at++) {
		struct ring r = ring_at(small, at - 65);

		assert_int_equal(ring_write(&r, "abcdefghij", 10), 10);
		assert_int_equal(ring_write_at(&r, 2, "MNOP", 4), 4);
		assert_ptr_equal(ring_grow(&r, large, 64, 6), small);
		memset(small, 0xee, sizeof(small));
		assert_int_equal(ring_space(&r), 54);
		assert_int_equal(ring_write(&r, "kl", 2), 2);
		ring_commit(&r, 4);
		assert_int_equal(ring_read(&r, out, 11), 11);
		assert_memory_equal(out, "abcdefghijk", 11);
		assert_ptr_equal(ring_grow(&r, tiny, 8, 0), large);
		memset(large, 0xee, sizeof(large));
		assert_int_equal(ring_read(&r, out, 64), 5);
		assert_memory_equal(out, "lMNOP", 5);
		assert_ptr_equal(ring_grow(&r, NULL, 0, 0), tiny);
		assert_int_equal(ring_space(&r), 0);
	}
}

/* Byte i of the stream is a function of i: what goes in by any door must come out by any other. */
static uint8_t stream_byte(uint64_t i)
{
	return (uint8_t)(i * 131 + (i >> 8) * 31);
}

static void random_traffic_by_seed_keeps_the_stream(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 20; seed++) {
		uint8_t *mem = malloc(64), chunk[100];
		struct ring r = {
			.mem = mem, .cap = 64, .head = 0 - seed * 7, .tail = 0 - seed * 7
		};
		uint64_t in = 0, out = 0;
		uint32_t random = seed * 0x9e3779b1u;

		printf("seed %u\n", (unsigned)seed);
		for (int step = 0; step < 3000; step++) {
			size_t n, done;

			random = random * 1664525u + 1013904223u;
			n = (random >> 16) % sizeof(chunk);
			for (size_t i = 0; i < n; i++)
				chunk[i] = stream_byte(in + i);
			if (random >> 31) {
				in += ring_write(&r, chunk, n);
				continue;
			}
			done = ring_read(&r, chunk, n);
			for (size_t i = 0; i < done; i++)
				assert_int_equal(chunk[i], stream_byte(out + i));
			out += done;
			if ((random >> 24) % 16 == 0) {
				uint32_t cap = r.cap == 64 || ring_len(&r) > 64 ? 256 : 64;

				free(ring_grow(&r, malloc(cap), cap, 0));
			}
		}
		assert_true(in - out == ring_len(&r));
		free(r.mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_memory_it_is_empty_and_full_at_once),
		cmocka_unit_test(bytes_come_out_in_order_wherever_the_positions_are),
		cmocka_unit_test(a_range_across_the_end_is_lent_as_two_spans),
		cmocka_unit_test(bytes_ahead_become_readable_when_the_gap_closes),
		cmocka_unit_test(new_memory_takes_over_what_is_readable_and_what_is_ahead),
		cmocka_unit_test(random_traffic_by_seed_keeps_the_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
