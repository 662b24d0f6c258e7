/*
 * Tests of net/core/buf_pattern.c: the pattern is checked, and a wrong byte is seen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <holm/buf.h>

#include "tests/support/pool.h"

static uint8_t *make_table(void)
{
	uint8_t *table = malloc(HOLM_PATTERN_TABLE_BYTES);

	holm_pattern_fill(table);
	return table;
}

static void lent_bytes_are_the_pattern_at_any_position(void **state)
{
	uint8_t *table = make_table();
	struct holm_pattern_sndbuf b;
	struct holm_span spans[3];

	(void)state;
	holm_pattern_sndbuf_init(&b, table, 1u << 20, NULL);
	assert_int_equal(holm_pattern_sndbuf_write(&b, 2u << 20), 1u << 20);
	assert_int_equal(holm_sndbuf_room(&b.base), 0);
	for (int i = 0; i < 300; i++) {
		uint64_t pos = b.head + 77;
		size_t n = holm_sndbuf_lend(&b.base, 77, 150000, spans, 3);

		assert_int_equal(n, 3);
		for (size_t s = 0; s < n; s++) {
			assert_int_equal(spans[s].data[0], holm_pattern_byte(pos));
			pos += spans[s].len;
			assert_int_equal(spans[s].data[spans[s].len - 1],
					 holm_pattern_byte(pos - 1));
		}
		assert_int_equal(pos, b.head + 77 + 150000);
		holm_sndbuf_discard(&b.base, 99991);
		holm_pattern_sndbuf_write(&b, 99991);
	}
	free(table);
}

static struct holm_frame *pattern_frame(struct holm_pool *pool, const uint8_t *table, uint64_t pos,
					size_t len)
{
	struct holm_frame *f = pool_frame(pool, 0, 54 + len, 0);

	memcpy(holm_frame_data(f) + 54, table + pos % HOLM_PATTERN_PERIOD, len);
	return f;
}

static void a_flipped_bit_and_a_shifted_stream_are_seen(void **state)
{
	struct holm_pool *pool = pool_make(2, 0);
	uint8_t *table = make_table();
	struct holm_pattern_rcvbuf b;
	struct holm_frame *f;

	(void)state;
	holm_pattern_rcvbuf_init(&b, table, 65536, NULL);
	f = pattern_frame(pool, table, 0, 1000);
	assert_int_equal(holm_rcvbuf_accept(&b.base, 0, f, 54, 1000), 1000);
	holm_rcvbuf_advance(&b.base, 1000);
	assert_int_equal(b.mismatches, 0);
	assert_int_equal(holm_rcvbuf_window(&b.base), 64536);
	holm_frame_data(f)[54 + 500] ^= 4;
	holm_rcvbuf_accept(&b.base, 0, f, 54, 1000); /* the bytes of position 0 at 1000 */
	assert_true(b.mismatches > 900);
	holm_frame_free(f);
	b.mismatches = 0;
	f = pattern_frame(pool, table, 3000, 800);
	holm_frame_data(f)[54 + 500] ^= 4;
	holm_rcvbuf_accept(&b.base, 2000, f, 54, 800);
	assert_int_equal(b.mismatches, 1);
	assert_int_equal(holm_pattern_rcvbuf_read(&b, 5000), 1000);
	holm_frame_free(f);
	free(table);
	pool_end(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lent_bytes_are_the_pattern_at_any_position),
		cmocka_unit_test(a_flipped_bit_and_a_shifted_stream_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
