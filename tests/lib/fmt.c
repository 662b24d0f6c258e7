/* Tests of lib/fmt: every conversion, cut buffers, sinks, numbers read back. */
#include "lib/fmt.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/mem.h"

static char line[200];

/* The format is checked by the compiler at each call; the answer by its text and its length. */
#define assert_prints(expected, ...)                                                               \
	assert_int_equal(fmt_string(line, sizeof(line), __VA_ARGS__), sizeof(expected) - 1);       \
	assert_string_equal(line, expected)

static void integers_of_every_length_print(void **state)
{
	(void)state;
	assert_prints("0 -1 2147483647 -2147483648", "%d %d %i %d", 0, -1, INT_MAX, INT_MIN);
	assert_prints("0 4294967295", "%u %u", 0u, UINT_MAX);
	assert_prints("-9223372036854775808", "%lld", LLONG_MIN);
	assert_prints("9223372036854775807", "%lld", LLONG_MAX);
	assert_prints("18446744073709551615", "%llu", ULLONG_MAX);
	assert_prints("ffffffffffffffff", "%llx", ULLONG_MAX);
	assert_prints("-77 77 4d", "%ld %lu %lx", -77L, 77UL, 77UL);
	assert_prints("12345 -12345", "%zu %zd", (size_t)12345, (ptrdiff_t)-12345);
	assert_prints("beef BEEF 0", "%x %X %x", 0xbeefu, 0xbeefu, 0u);
	assert_prints("0a ff", "%02x %hhx", 10u, (unsigned char)0xff);
	assert_prints("-3 -5", "%hhd %hd", (signed char)-3, (short)-5);
}

static void width_pads_on_the_side_that_was_asked_for(void **state)
{
	(void)state;
	assert_prints("[   42][42   ][00042]", "[%5d][%-5d][%05d]", 42, 42, 42);
	assert_prints("[  -42][-42  ][-0042]", "[%5d][%-5d][%05d]", -42, -42, -42);
	assert_prints("[123456]", "[%3d]", 123456);
	assert_prints("[    7][7    ]", "[%*d][%*d]", 5, 7, -5, 7);
	assert_prints("[        x][x  ]", "[%9c][%-3c]", 'x', 'x');
	assert_prints("[                                       1]", "[%40d]", 1);
	assert_prints("[0000000000000000000000000000000000000001]", "[%040d]", 1);
}

static void text_is_cut_by_its_precision_and_not_read_beyond(void **state)
{
	const char *volatile no_text = NULL;
	char *exact = malloc(3);

	(void)state;
	memset(exact, 'x', 3);
	assert_prints("[xxx]", "[%.*s]", 3, exact);
	free(exact);
	assert_prints("[holm][ho][    ho][ho    ][]", "[%s][%.2s][%6.2s][%-6.2s][%.0s]", "holm",
		      "holm", "holm", "holm", "holm");
	assert_prints("[holm]", "[%.*s]", -1, "holm");
	assert_prints("[(null)]", "[%s]", no_text);
}

static void pointers_and_percent_signs_print(void **state)
{
	(void)state;
	assert_prints("0xabcd", "%p", (void *)(uintptr_t)0xabcd);
	assert_prints("0x0", "%p", NULL);
	assert_prints("100%", "%d%%", 100);
	assert_prints("", "%s", "");
}

/* Not literals, so that the compiler lets them through. */
static void what_is_not_understood_is_printed_as_it_stands(void **state)
{
	static const char *const odd[] = { "%q", "a%", "%-08", "%5.3k!", "%ll" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		struct fmt_out out = fmt_to_buffer(line, sizeof(line));
		size_t (*print)(struct fmt_out *, const char *, ...) = fmt_printf;

		print(&out, odd[i]);
		assert_string_equal(line, odd[i]);
	}
}

static void a_buffer_is_never_overrun_and_always_terminated(void **state)
{
	static const char whole[] = "one 2 three 0004";

	(void)state;
	for (size_t size = 0; size < 20; size++) {
		char *buf = malloc(size + 1);

		buf[size] = 'E';
		assert_int_equal(fmt_string(buf, size, "one %d %s %04x", 2, "three", 4u),
				 sizeof(whole) - 1);
		assert_int_equal(buf[size], 'E');
		if (size > 0) {
			size_t fits = min_size(size - 1, sizeof(whole) - 1);

			assert_memory_equal(buf, whole, fits);
			assert_int_equal(buf[fits], '\0');
		}
		free(buf);
	}
}

static void calls_append_to_one_buffer(void **state)
{
	struct fmt_out out = fmt_to_buffer(line, 12);

	(void)state;
	assert_string_equal(line, "");
	assert_int_equal(fmt_puts(&out, "ab"), 2);
	assert_int_equal(fmt_printf(&out, "%d", 345), 3);
	assert_int_equal(fmt_write(&out, "xyz", 2), 2);
	assert_string_equal(line, "ab345xy");
	assert_int_equal(fmt_puts(&out, "0123456789"), 10);
	assert_string_equal(line, "ab345xy0123");
	assert_int_equal(fmt_puts(&out, "more"), 4);
	assert_string_equal(line, "ab345xy0123");
	assert_int_equal(out.len, 21);
}

static void collect(void *ctx, const char *text, size_t n)
{
	struct fmt_out *to = ctx;

	fmt_write(to, text, n);
}

static void a_sink_gets_the_text_in_order(void **state)
{
	struct fmt_out buffer = fmt_to_buffer(line, sizeof(line));
	struct fmt_out out = fmt_to_sink(collect, &buffer);

	(void)state;
	assert_int_equal(fmt_printf(&out, "%s=%05d;%-4s|", "key", -12, "ab"), 15);
	assert_string_equal(line, "key=-0012;ab  |");
}

static void numbers_are_read_up_to_their_last_digit(void **state)
{
	uint64_t v = 0;

	(void)state;
	assert_int_equal(fmt_parse_u64("192.168", 7, 10, 255, &v), 3);
	assert_true(v == 192);
	assert_int_equal(fmt_parse_u64("007x", 4, 10, 255, &v), 3);
	assert_true(v == 7);
	assert_int_equal(fmt_parse_u64("dEadg", 5, 16, UINT64_MAX, &v), 4);
	assert_true(v == 0xdead);
	assert_int_equal(fmt_parse_u64("12345", 2, 10, UINT64_MAX, &v), 2);
	assert_true(v == 12);
	assert_int_equal(fmt_parse_u64("18446744073709551615", 20, 10, UINT64_MAX, &v), 20);
	assert_true(v == UINT64_MAX);
	assert_int_equal(fmt_parse_u64("0", 1, 10, 0, &v), 1);
	assert_true(v == 0);
}

static void numbers_too_large_or_absent_are_refused(void **state)
{
	uint64_t v = 99;

	(void)state;
	assert_int_equal(fmt_parse_u64("256", 3, 10, 255, &v), 0);
	assert_int_equal(fmt_parse_u64("18446744073709551616", 20, 10, UINT64_MAX, &v), 0);
	assert_int_equal(fmt_parse_u64("10000000000000000", 17, 16, UINT64_MAX, &v), 0);
	assert_int_equal(fmt_parse_u64("1", 1, 10, 0, &v), 0);
	assert_int_equal(fmt_parse_u64("", 0, 10, 255, &v), 0);
	assert_int_equal(fmt_parse_u64("-1", 2, 10, 255, &v), 0);
	assert_int_equal(fmt_parse_u64(" 1", 2, 10, 255, &v), 0);
	assert_int_equal(fmt_parse_u64("abc", 3, 10, 255, &v), 0);
	assert_true(v == 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_of_every_length_print),
		cmocka_unit_test(width_pads_on_the_side_that_was_asked_for),
		cmocka_unit_test(text_is_cut_by_its_precision_and_not_read_beyond),
		cmocka_unit_test(pointers_and_percent_signs_print),
		cmocka_unit_test(what_is_not_understood_is_printed_as_it_stands),
		cmocka_unit_test(a_buffer_is_never_overrun_and_always_terminated),
		cmocka_unit_test(calls_append_to_one_buffer),
		cmocka_unit_test(a_sink_gets_the_text_in_order),
		cmocka_unit_test(numbers_are_read_up_to_their_last_digit),
		cmocka_unit_test(numbers_too_large_or_absent_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
