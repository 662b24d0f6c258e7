/*
 * Tests of net/core/buf_ring_snd.c against a plain model of a byte queue.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <holm/buf.h>

#include "lib/compiler.h"

#include "tests/support/books.h"
#include "tests/support/expect.h"

static size_t read_lent(struct holm_sndbuf *b, size_t off, size_t max, uint8_t *out)
{
	struct holm_span spans[HOLM_LEND_SPANS_MAX];
	size_t n = holm_sndbuf_lend(b, off, max, spans, HOLM_LEND_SPANS_MAX);
	size_t total = 0;

	for (size_t i = 0; i < n; i++) {
		assert_true(spans[i].len > 0);
		memcpy(out + total, spans[i].data, spans[i].len);
		total += spans[i].len;
	}
	return total;
}

static void memory_comes_with_the_first_byte_and_goes_when_drained(void **state)
{
	struct holm_ring_sndbuf b;
	struct books books;

	(void)state;
	books_init(&books);
	holm_ring_sndbuf_init(&b, &books.memory, 65536, NULL);
	assert_int_equal(books.blocks, 0);
	assert_int_equal(holm_sndbuf_room(&b.base), 65536);
	assert_int_equal(holm_ring_sndbuf_write(&b, "hello", 5), 5);
	assert_int_equal(books.in_use, 4096);
	assert_int_equal(holm_sndbuf_queued(&b.base), 5);
	holm_sndbuf_discard(&b.base, 5);
	assert_int_equal(books.blocks, 0);
}

static void what_its_memory_held_before_is_of_no_account(void **state)
{
	struct holm_ring_sndbuf b;
	struct holm_span span;
	struct books books;
	uint8_t data[8192] = { 0 };

	(void)state;
	books_init(&books);
	memset(&b, 0xee, sizeof(b));
	holm_ring_sndbuf_init(&b, &books.memory, 65536, NULL);
	assert_int_equal(holm_ring_sndbuf_write(&b, data, 4096), 4096);
	assert_int_equal(holm_sndbuf_lend(&b.base, 0, 4096, &span, 1), 1);
	assert_int_equal(holm_ring_sndbuf_write(&b, data, 1), 1);
	/* As much as the ring has: while a block is retired it does not grow. */
	assert_int_equal(holm_sndbuf_room(&b.base), b.cap - 4097);
	holm_ring_sndbuf_fini(&b);
	assert_int_equal(books.blocks, 0);
}

static void it_grows_to_the_limit_and_no_further(void **state)
{
	struct holm_ring_sndbuf b;
	struct books books;
	static uint8_t data[40000];

	(void)state;
	books_init(&books);
	holm_ring_sndbuf_init(&b, &books.memory, 16384, NULL);
	assert_int_equal(holm_ring_sndbuf_write(&b, data, 40000), 16384);
	assert_int_equal(holm_ring_sndbuf_write(&b, data, 1), 0);
	assert_int_equal(books.in_use, 16384);
	assert_int_equal(holm_sndbuf_room(&b.base), 0);
	holm_ring_sndbuf_fini(&b);
	assert_int_equal(books.blocks, 0);
}

static void lent_bytes_do_not_move_when_the_ring_grows(void **state)
{
	struct holm_ring_sndbuf b;
	struct holm_span span[2];
	struct books books;
	uint8_t data[8192];

	(void)state;
	memset(data, 'x', sizeof(data));
	books_init(&books);
	holm_ring_sndbuf_init(&b, &books.memory, 65536, NULL);
	holm_ring_sndbuf_write(&b, "abc", 3);
	assert_int_equal(holm_sndbuf_lend(&b.base, 0, 3, span, 2), 1);
	assert_int_equal(holm_ring_sndbuf_write(&b, data, 8192), 8192);
	assert_int_equal(books.blocks, 2);
	assert_memory_equal(span[0].data, "abc", 3); /* also what ASan says */
	holm_sndbuf_discard(&b.base, 3);
	assert_int_equal(books.blocks, 1);
	holm_ring_sndbuf_fini(&b);
}

static void while_a_block_is_retired_the_ring_does_not_grow_again(void **state)
{
	struct holm_ring_sndbuf b;
	struct holm_span span[2];
	struct books books;
	static uint8_t data[32768];

	(void)state;
	books_init(&books);
	holm_ring_sndbuf_init(&b, &books.memory, 65536, NULL);
	holm_ring_sndbuf_write(&b, data, 10);
	holm_sndbuf_lend(&b.base, 0, 10, span, 2);
	assert_int_equal(holm_ring_sndbuf_write(&b, data, 8000), 8000);
	assert_int_equal(holm_sndbuf_room(&b.base), 8192 - 8010);
	assert_int_equal(holm_ring_sndbuf_write(&b, data, 32768), 8192 - 8010);
	assert_int_equal(holm_sndbuf_room(&b.base), 0); /* what a writer waits for */
	holm_sndbuf_discard(&b.base, 10);
	assert_int_equal(holm_ring_sndbuf_write(&b, data, 32768), 32768);
	holm_ring_sndbuf_fini(&b);
	assert_int_equal(books.blocks, 0);
}

static void what_a_writer_has_room_for_then_are_bytes_of_the_ring(void **state)
{
	static const uint8_t page[100];
	struct holm_ring_sndbuf b;
	struct holm_span span[2];
	struct books books;
	uint8_t data[8192] = { 0 };

	(void)state;
	books_init(&books);
	holm_ring_sndbuf_init(&b, &books.memory, 65536, NULL);
	holm_ring_sndbuf_write(&b, data, 10);
	holm_sndbuf_lend(&b.base, 0, 10, span, 2);
	holm_ring_sndbuf_write(&b, data, 8000);
	/* Constant regions take none of them. */
	assert_int_equal(holm_ring_sndbuf_write_const(&b, page, 100), 100);
	assert_int_equal(holm_sndbuf_room(&b.base), 8192 - 8010);
	assert_int_equal(holm_ring_sndbuf_write(&b, data, 8192), 8192 - 8010);
	assert_int_equal(holm_sndbuf_room(&b.base), 0);
	holm_ring_sndbuf_fini(&b);
	assert_int_equal(books.blocks, 0);
}

static void bytes_across_the_end_of_the_ring_are_lent_in_two_pieces(void **state)
{
	struct holm_ring_sndbuf b;
	struct books books;
	uint8_t data[4096] = { 0 };

	(void)state;
	books_init(&books);
	holm_ring_sndbuf_init(&b, &books.memory, 4096, NULL);
	assert_int_equal(holm_ring_sndbuf_write(&b, data, 4096), 4096);
	holm_sndbuf_discard(&b.base, 4090);
	assert_int_equal(holm_ring_sndbuf_write(&b, "abcdefghij", 10), 10);
	for (size_t max = 1; max <= 16; max++) {
		struct holm_span span[2];
		size_t n = holm_sndbuf_lend(&b.base, 0, max, span, 2);

		assert_int_equal(n, max > 6 ? 2 : 1);
		assert_int_equal(span[0].len, min_size(max, 6));
		if (n == 2)
			assert_memory_equal(span[1].data, "abcdefghij", span[1].len);
	}
	holm_ring_sndbuf_fini(&b);
	assert_int_equal(books.blocks, 0);
}

static void without_memory_nothing_is_queued_and_nothing_breaks(void **state)
{
	struct holm_ring_sndbuf b;
	struct books books;

	(void)state;
	books_init(&books);
	books.fail = true;
	holm_ring_sndbuf_init(&b, &books.memory, 65536, NULL);
	assert_int_equal(holm_ring_sndbuf_write(&b, "x", 1), 0);
	assert_int_equal(holm_ring_sndbuf_reserve(&b, 1).len, 0);
	books.fail = false;
	assert_int_equal(holm_ring_sndbuf_write(&b, "x", 1), 1);
	holm_ring_sndbuf_fini(&b);
}

static void constant_regions_are_lent_as_they_are(void **state)
{
	static const uint8_t page[] = "constant page";
	struct holm_ring_sndbuf b;
	struct holm_span span[3];
	struct books books;

	(void)state;
	books_init(&books);
	holm_ring_sndbuf_init(&b, &books.memory, 65536, NULL);
	holm_ring_sndbuf_write(&b, "head", 4);
	assert_int_equal(holm_ring_sndbuf_write_const(&b, page, 13), 13);
	holm_ring_sndbuf_write(&b, "tail", 4);
	assert_int_equal(holm_sndbuf_queued(&b.base), 21);
	assert_int_equal(holm_sndbuf_lend(&b.base, 0, 100, span, 3), 3);
	assert_ptr_equal(span[1].data, page);
	assert_int_equal(span[1].len, 13);
	assert_int_equal(holm_sndbuf_lend(&b.base, 6, 4, span, 3), 1);
	assert_ptr_equal(span[0].data, page + 2);
	assert_int_equal(span[0].len, 4);
	holm_sndbuf_discard(&b.base, 21);
	assert_int_equal(books.blocks, 0);
}

static void the_table_of_regions_is_bounded(void **state)
{
	static const uint8_t page[] = "p";
	struct holm_ring_sndbuf b;
	struct books books;

	(void)state;
	books_init(&books);
	holm_ring_sndbuf_init(&b, &books.memory, 4096, NULL);
	for (uint32_t i = 0; i < HOLM_RING_CONST_MAX; i++)
		assert_int_equal(holm_ring_sndbuf_write_const(&b, page, 1), 1);
	assert_int_equal(holm_ring_sndbuf_write_const(&b, page, 1), 0);
	holm_sndbuf_discard(&b.base, 1);
	assert_int_equal(holm_ring_sndbuf_write_const(&b, page, 1), 1);
	assert_int_equal(holm_ring_sndbuf_write_const(&b, page, 0), 0);
	holm_ring_sndbuf_fini(&b);
}

static void reserve_and_commit_queue_in_place(void **state)
{
	struct holm_ring_sndbuf b;
	struct holm_mspan m;
	struct books books;
	uint8_t got[8];

	(void)state;
	books_init(&books);
	holm_ring_sndbuf_init(&b, &books.memory, 4096, NULL);
	m = holm_ring_sndbuf_reserve(&b, 100);
	assert_int_equal(m.len, 100);
	memcpy(m.data, "in place", 8);
	holm_ring_sndbuf_commit(&b, 8);
	assert_int_equal(read_lent(&b.base, 0, 8, got), 8);
	assert_memory_equal(got, "in place", 8);
	holm_ring_sndbuf_fini(&b);
}

static unsigned released;

static void count_released(struct holm_ring_sndbuf *b)
{
	(void)b;
	released++;
}

static void released_is_handed_on(void **state)
{
	struct holm_ring_sndbuf b;
	struct books books;

	(void)state;
	released = 0;
	books_init(&books);
	holm_ring_sndbuf_init(&b, &books.memory, 4096, count_released);
	b.base.ops->released(&b.base);
	assert_int_equal(released, 1);
}

/* The model: the whole stream ever written, in one array. */
struct model {
	uint8_t *bytes;
	size_t head, tail;
};

static void check_against(struct holm_ring_sndbuf *b, const struct model *m, uint64_t *seed)
{
	size_t queued = m->tail - m->head;
	size_t off = queued ? expect_random_below(seed, queued) : 0;
	size_t max = 1 + expect_random_below(seed, 9000);
	static uint8_t got[9000];
	size_t n = read_lent(&b->base, off, max, got);

	assert_int_equal(holm_sndbuf_queued(&b->base), queued);
	assert_true(n <= max && n <= queued - off);
	assert_true(n > 0 || off == queued);
	assert_memory_equal(got, m->bytes + m->head + off, n);
}

static void keeps_the_stream(bool regions)
{
	uint64_t seed = expect_seed(7);
	static uint8_t pages[65536];
	struct model m = { malloc(64u << 20), 0, 0 };
	struct holm_ring_sndbuf b;
	struct books books;

	for (size_t i = 0; i < sizeof(pages); i++)
		pages[i] = (uint8_t)expect_random(&seed);
	books_init(&books);
	holm_ring_sndbuf_init(&b, &books.memory, 32768, NULL);
	for (int step = 0; step < 8000; step++) {
		size_t at = expect_random_below(&seed, 32768);
		size_t len = 1 + expect_random_below(&seed, step % 7 ? 900 : 20000);
		size_t n;

		switch (expect_random_below(&seed, 4)) {
		case 0:
			n = regions ? holm_ring_sndbuf_write_const(&b, pages + at, len) : 0;
			break;
		case 1:
			n = min_size(len, m.tail - m.head);
			holm_sndbuf_discard(&b.base, n);
			m.head += n;
			n = 0;
			break;
		default:
			n = holm_ring_sndbuf_write(&b, pages + at, len);
			break;
		}
		memcpy(m.bytes + m.tail, pages + at, n);
		m.tail += n;
		check_against(&b, &m, &seed);
	}
	holm_ring_sndbuf_fini(&b);
	assert_int_equal(books.blocks, 0);
	free(m.bytes);
}

static void any_mixture_of_writes_and_discards_keeps_the_stream(void **state)
{
	(void)state;
	keeps_the_stream(false);
}

static void any_mixture_with_constant_regions_keeps_the_stream(void **state)
{
	(void)state;
	keeps_the_stream(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_comes_with_the_first_byte_and_goes_when_drained),
		cmocka_unit_test(what_its_memory_held_before_is_of_no_account),
		cmocka_unit_test(it_grows_to_the_limit_and_no_further),
		cmocka_unit_test(lent_bytes_do_not_move_when_the_ring_grows),
		cmocka_unit_test(while_a_block_is_retired_the_ring_does_not_grow_again),
		cmocka_unit_test(what_a_writer_has_room_for_then_are_bytes_of_the_ring),
		cmocka_unit_test(bytes_across_the_end_of_the_ring_are_lent_in_two_pieces),
		cmocka_unit_test(without_memory_nothing_is_queued_and_nothing_breaks),
		cmocka_unit_test(constant_regions_are_lent_as_they_are),
		cmocka_unit_test(the_table_of_regions_is_bounded),
		cmocka_unit_test(reserve_and_commit_queue_in_place),
		cmocka_unit_test(released_is_handed_on),
		cmocka_unit_test(any_mixture_of_writes_and_discards_keeps_the_stream),
		cmocka_unit_test(any_mixture_with_constant_regions_keeps_the_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
