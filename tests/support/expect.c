/*
 * expect.c -- the test programs' own end of ASSERT, and their seeded random numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/assert.h"
#include "tests/support/expect.h"

/* Where an expected failure returns to; NULL while none is expected. */
static jmp_buf *expected;

/* Replaces the library's weak function: an unexpected failure says where, and ends the program. */
void holm_assert_failed(const char *expr, const char *file, int line)
{
	if (expected)
		longjmp(*expected, 1);
	fflush(stdout);
	fprintf(stderr, "%s:%d: ASSERT(%s) failed\n", file, line, expr);
	abort();
}

bool expect_assert(void (*run)(void *arg), void *arg)
{
	jmp_buf back;

	if (setjmp(back)) {
		expected = NULL;
		return true;
	}
	expected = &back;
	run(arg);
	expected = NULL;
	return false;
}

uint64_t expect_seed(uint64_t fallback)
{
	const char *given = getenv("SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : fallback;

	print_message("SEED=%#llx\n", (unsigned long long)seed);
	return seed;
}

uint64_t expect_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

size_t expect_random_below(uint64_t *state, size_t below)
{
	return (size_t)(expect_random(state) % below);
}
