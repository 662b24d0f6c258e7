/*
 * expect.h -- what cmocka does not have: tests of ASSERT, and random numbers with a seed that a
 * failing run prints and the next run can be given (SEED=... in the environment).
 */
#ifndef TESTS_SUPPORT_EXPECT_H
#define TESTS_SUPPORT_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether run(arg) ends in a failed ASSERT, which is otherwise the end of the program. */
bool expect_assert(void (*run)(void *arg), void *arg);

/* The seed for a randomised test: SEED from the environment, else `fallback`; it is printed. */
uint64_t expect_seed(uint64_t fallback);

/* The next number of the sequence that belongs to the seed in *state (splitmix64). */
uint64_t expect_random(uint64_t *state);

/* A number from 0 to below - 1. */
size_t expect_random_below(uint64_t *state, size_t below);

#endif
