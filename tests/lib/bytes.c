/* Tests of lib/bytes.h: order of bytes in memory, round trips, alignment. */
#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint8_t memory[] = { 0xee, 0x01, 0x82, 0x03, 0x84, 0x05, 0x86, 0x07, 0x88, 0xee };

static void loads_read_bytes_in_the_named_order(void **state)
{
	(void)state;
	assert_int_equal(load_be16(memory + 1), 0x0182);
	assert_true(load_be32(memory + 1) == 0x01820384);
	assert_true(load_be64(memory + 1) == 0x0182038405860788u);
	assert_int_equal(load_le16(memory + 1), 0x8201);
	assert_true(load_le32(memory + 1) == 0x84038201);
	assert_true(load_le64(memory + 1) == 0x8807860584038201u);
}

static void stores_write_what_loads_read_and_nothing_beside_it(void **state)
{
	uint8_t out[10];

	(void)state;
	memset(out, 0xee, sizeof(out));
	store_be64(out + 1, 0x0182038405860788u);
	assert_memory_equal(out, memory, 10);
	memset(out, 0xee, sizeof(out));
	store_le64(out + 1, 0x8807860584038201u);
	assert_memory_equal(out, memory, 10);
	memset(out, 0xee, sizeof(out));
	store_be32(out + 1, 0x01820384);
	store_be16(out + 5, 0x0586);
	store_le16(out + 7, 0x8807);
	assert_memory_equal(out, memory, 10);
	store_le32(out + 2, 0x05840382);
	assert_memory_equal(out, memory, 10);
}

static void wire_integers_go_in_and_come_out(void **state)
{
	struct {
		uint8_t odd;
		struct be16 a;
		struct be32 b;
		struct be64 c;
	} header;

	(void)state;
	assert_int_equal(sizeof(header), 15);
	be16_put(&header.a, 0x1234);
	be32_put(&header.b, 0x56789abc);
	be64_put(&header.c, 0xdef0123456789abcu);
	assert_int_equal(header.a.b[0], 0x12);
	assert_int_equal(header.b.b[0], 0x56);
	assert_int_equal(header.c.b[7], 0xbc);
	assert_int_equal(be16_get(header.a), 0x1234);
	assert_true(be32_get(header.b) == 0x56789abc);
	assert_true(be64_get(header.c) == 0xdef0123456789abcu);
	assert_int_equal(be16_get(be16_of(0xfffe)), 0xfffe);
	assert_true(be32_get(be32_of(0xfffefdfc)) == 0xfffefdfc);
	assert_true(be64_get(be64_of(0xfffefdfcfbfaf9f8u)) == 0xfffefdfcfbfaf9f8u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_read_bytes_in_the_named_order),
		cmocka_unit_test(stores_write_what_loads_read_and_nothing_beside_it),
		cmocka_unit_test(wire_integers_go_in_and_come_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
