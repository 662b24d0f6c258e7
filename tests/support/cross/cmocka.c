/*
 * cmocka.c -- the code behind our cross-machine cmocka.h: runs tests one after the other, a failed
 * assertion jumps back to the loop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum outcome { PASSED, FAILED, SKIPPED };

/* Where the running test goes when it ends early. */
static jmp_buf end_of_test;

static _Noreturn void end_test(enum outcome outcome)
{
	longjmp(end_of_test, (int)outcome);
}

void cross_print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
}

_Noreturn void cross_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("%s:%d: ", file, line);
	vprintf(format, args);
	printf("\n");
	va_end(args);
	end_test(FAILED);
}

_Noreturn void cross_skip(void)
{
	end_test(SKIPPED);
}

void cross_check(int holds, const char *what, const char *file, int line)
{
	if (!holds)
		cross_fail(file, line, "does not hold: %s", what);
}

void cross_check_int(uintmax_t a, uintmax_t b, int equal, const char *what, const char *file,
		     int line)
{
	if ((a == b) != equal)
		cross_fail(file, line, "does not hold: %s (%#jx and %#jx)", what, a, b);
}

void cross_check_memory(const void *a, const void *b, size_t n, int equal, const char *file,
			int line)
{
	const unsigned char *x = a, *y = b;
	size_t i = 0;

	while (i < n && x[i] == y[i])
		i++;
	if (equal && i < n)
		cross_fail(file, line, "byte %zu of %zu: %#x and %#x", i, n, x[i], y[i]);
	if (!equal && i == n)
		cross_fail(file, line, "all %zu bytes are equal", n);
}

void cross_check_string(const char *a, const char *b, int equal, const char *file, int line)
{
	if ((strcmp(a, b) == 0) != equal)
		cross_fail(file, line, "\"%s\" and \"%s\"", a, b);
}

void cross_check_range(uintmax_t v, uintmax_t lo, uintmax_t hi, const char *what, const char *file,
		       int line)
{
	if (v < lo || v > hi)
		cross_fail(file, line, "%s is %#jx, not in %#jx to %#jx", what, v, lo, hi);
}

/* Set-up, the test and tear-down; each may end the test. */
static enum outcome run_stages(const struct CMUnitTest *t, void **state)
{
	if (t->setup_func && t->setup_func(state) != 0)
		return FAILED;
	t->test_func(state);
	if (t->teardown_func && t->teardown_func(state) != 0)
		return FAILED;
	return PASSED;
}

/* Holds no variables of its own, because longjmp() may spoil them. */
static enum outcome run_until_end(const struct CMUnitTest *t, void **state)
{
	int outcome = setjmp(end_of_test);

	return outcome == PASSED ? run_stages(t, state) : (enum outcome)outcome;
}

static enum outcome run_test(const struct CMUnitTest *t, void **group_state)
{
	void *own = t->initial_state;

	return run_until_end(t, t->setup_func || own ? &own : group_state);
}

int cross_run_tests(const char *group, const struct CMUnitTest *tests, size_t n,
		    cross_fixture setup, cross_fixture teardown)
{
	static const char *const label[] = { "      OK", " FAILED ", " SKIPPED" };
	void *state = NULL;
	int failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("[==========] %s: Running %zu test(s).\n", group, n);
	if (setup && setup(&state) != 0) {
		printf("group set-up failed\n");
		return (int)n;
	}
	for (size_t i = 0; i < n; i++) {
		printf("[ RUN      ] %s\n", tests[i].name);
		enum outcome outcome = run_test(&tests[i], &state);

		printf("[ %s ] %s\n", label[outcome], tests[i].name);
		failed += outcome == FAILED;
	}
	if (teardown && teardown(&state) != 0) {
		printf("group tear-down failed\n");
		failed++;
	}
	printf("[==========] %zu test(s) run, %d failed.\n", n, failed);
	return failed;
}
