/*
 * env.h -- the simplest env, for tests that want nothing of it: the C library's memory, and random numbers
 * that are always the same.
 */
#ifndef TESTS_SUPPORT_ENV_H
#define TESTS_SUPPORT_ENV_H

#include <holm/env.h>

#include <stdlib.h>
#include <string.h>

static void *plain_alloc(void *ctx, size_t size, size_t align)
{
	(void)ctx;
	return aligned_alloc(align, (size + align - 1) / align * align);
}

static void plain_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

static void plain_random(void *ctx, void *dst, size_t len)
{
	(void)ctx;
	memset(dst, 42, len);
}

static const struct holm_env plain_env = { .size = sizeof(struct holm_env),
					   .alloc = plain_alloc,
					   .free = plain_free,
					   .random = plain_random };

#endif
