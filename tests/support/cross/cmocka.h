/*
 * cmocka.h -- the part of cmocka's interface that our tests use, for machines for which the
 * distribution has no cmocka (32-bit x86, s390x).
 *
 * A failed assertion ends its test and the program goes on with the next one. Prints what cmocka
 * prints, so that one script counts both. No mocks, no allocation checks.
 */
#ifndef TESTS_SUPPORT_CROSS_CMOCKA_H
#define TESTS_SUPPORT_CROSS_CMOCKA_H

#include <stddef.h>
#include <stdint.h>

struct CMUnitTest {
	const char *name;
	void (*test_func)(void **state);
	int (*setup_func)(void **state);
	int (*teardown_func)(void **state);
	void *initial_state;
};

#define cmocka_unit_test(f)                                                                        \
	{                                                                                          \
#f, f, NULL, NULL, NULL                                                            \
	}
#define cmocka_unit_test_setup(f, setup)                                                           \
	{                                                                                          \
#f, f, setup, NULL, NULL                                                           \
	}
#define cmocka_unit_test_teardown(f, teardown)                                                     \
	{                                                                                          \
#f, f, NULL, teardown, NULL                                                        \
	}
#define cmocka_unit_test_setup_teardown(f, setup, teardown)                                        \
	{                                                                                          \
#f, f, setup, teardown, NULL                                                       \
	}
#define cmocka_unit_test_prestate(f, state)                                                        \
	{                                                                                          \
#f, f, NULL, NULL, state                                                           \
	}
#define cmocka_run_group_tests(tests, setup, teardown)                                             \
	cross_run_tests(#tests, tests, sizeof(tests) / sizeof((tests)[0]), setup, teardown)

#define assert_true(c) cross_check((c) ? 1 : 0, #c, __FILE__, __LINE__)
#define assert_false(c) cross_check((c) ? 0 : 1, "!(" #c ")", __FILE__, __LINE__)
#define assert_null(p) cross_check((p) == NULL, #p " == NULL", __FILE__, __LINE__)
#define assert_non_null(p) cross_check((p) != NULL, #p " != NULL", __FILE__, __LINE__)
#define assert_int_equal(a, b)                                                                     \
	cross_check_int((uintmax_t)(a), (uintmax_t)(b), 1, #a " == " #b, __FILE__, __LINE__)
#define assert_int_not_equal(a, b)                                                                 \
	cross_check_int((uintmax_t)(a), (uintmax_t)(b), 0, #a " != " #b, __FILE__, __LINE__)
#define assert_ptr_equal(a, b)                                                                     \
	cross_check((const void *)(a) == (const void *)(b), #a " == " #b, __FILE__, __LINE__)
#define assert_ptr_not_equal(a, b)                                                                 \
	cross_check((const void *)(a) != (const void *)(b), #a " != " #b, __FILE__, __LINE__)
#define assert_memory_equal(a, b, n) cross_check_memory(a, b, n, 1, __FILE__, __LINE__)
#define assert_memory_not_equal(a, b, n) cross_check_memory(a, b, n, 0, __FILE__, __LINE__)
#define assert_string_equal(a, b) cross_check_string(a, b, 1, __FILE__, __LINE__)
#define assert_string_not_equal(a, b) cross_check_string(a, b, 0, __FILE__, __LINE__)
#define assert_in_range(v, lo, hi)                                                                 \
	cross_check_range((uintmax_t)(v), (uintmax_t)(lo), (uintmax_t)(hi), #v, __FILE__, __LINE__)
#define fail() cross_check(0, "fail()", __FILE__, __LINE__)
#define fail_msg(...) cross_fail(__FILE__, __LINE__, __VA_ARGS__)
#define print_message(...) cross_print(__VA_ARGS__)
#define print_error(...) cross_print(__VA_ARGS__)
#define skip() cross_skip()

typedef int (*cross_fixture)(void **state);

int cross_run_tests(const char *group, const struct CMUnitTest *tests, size_t n,
		    cross_fixture setup, cross_fixture teardown);
void cross_check(int holds, const char *what, const char *file, int line);
void cross_check_int(uintmax_t a, uintmax_t b, int equal, const char *what, const char *file,
		     int line);
void cross_check_memory(const void *a, const void *b, size_t n, int equal, const char *file,
			int line);
void cross_check_string(const char *a, const char *b, int equal, const char *file, int line);
void cross_check_range(uintmax_t v, uintmax_t lo, uintmax_t hi, const char *what, const char *file,
		       int line);
void cross_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void cross_skip(void);
_Noreturn void cross_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
