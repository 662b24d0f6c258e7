/*
 * TCP between two instances: connect, transfer, close, as programs see it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <holm/stats.h>

#include "tests/support/duo.h"
#include "tests/support/tcp_ends.h"

#define S 1000000000ull

static void assert_transfer(struct tcp_ends *e, const uint64_t bytes[2])
{
	for (int i = 0; i < 2; i++) {
		assert_int_equal(e->end[i].error, 0);
		assert_true(e->end[i].connected);
		assert_true(e->end[i].eof);
		assert_int_equal(e->end[i].rcv.mismatches, 0);
		assert_int_equal(e->end[i].rcv.tail, bytes[1 - i]);
	}
}

static void transfer(const struct duo_options *o, uint64_t there, uint64_t back, uint64_t limit_ns)
{
	uint64_t bytes[2] = { there, back };
	struct tcp_ends e;
	struct duo d;

	duo_init(&d, o);
	assert_int_equal(ends_open(&e, &d, bytes, 65536), 0);
	assert_true(ends_finish(&e, limit_ns));
	assert_transfer(&e, bytes);
	ends_run(&e, 120 * S);
	ends_fini(&e);
	duo_fini(&d);
}

static void nothing_is_sent_and_both_ends_close(void **state)
{
	(void)state;
	transfer(&(struct duo_options){ .seed = 1 }, 0, 0, 10 * S);
}

static void a_few_bytes_go_both_ways(void **state)
{
	(void)state;
	transfer(&(struct duo_options){ .seed = 2 }, 100, 200, 10 * S);
}

static void a_megabyte_arrives_unchanged(void **state)
{
	(void)state;
	transfer(&(struct duo_options){ .seed = 3 }, 1 << 20, 0, 10 * S);
}

static void megabytes_go_both_ways_at_once(void **state)
{
	(void)state;
	transfer(&(struct duo_options){ .seed = 4 }, 3000000, 2000000, 10 * S);
}

static void a_lossy_link_loses_no_byte(void **state)
{
	struct holm_impair_config impair = {
		.seed = 5,
		.drop_ppm = 20000,
		.duplicate_ppm = 10000,
		.reorder_ppm = 20000,
		.corrupt_ppm = 5000,
		.delay_ns = 5000000,
		.jitter_ns = 1000000,
		.queue_frames = 512,
	};

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		impair.seed = seed * 2 + 5;
		transfer(&(struct duo_options){ .seed = seed, .impair = &impair }, 200000, 100000,
			 4000 * S);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_sent_and_both_ends_close),
		cmocka_unit_test(a_few_bytes_go_both_ways),
		cmocka_unit_test(a_megabyte_arrives_unchanged),
		cmocka_unit_test(megabytes_go_both_ways_at_once),
		cmocka_unit_test(a_lossy_link_loses_no_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
