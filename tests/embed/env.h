/*
 * env.h -- what the programs here give an instance: memory of the C library, which is counted, and
 * random bytes that are the same in every run. minimal/ is a program by itself and shows the same
 * without counting.
 */
#ifndef TESTS_EMBED_ENV_H
#define TESTS_EMBED_ENV_H

#include <holm/env.h>

#include <stdlib.h>
#include <string.h>

/* The context of the callbacks: one per instance. */
struct env {
	uint32_t seed;
	uint32_t nrandom; /* how often it asked for random bytes */
	uint32_t nblocks; /* of memory that it has from us */
};

static inline void *env_alloc(void *ctx, size_t size, size_t align)
{
	struct env *env = ctx;
	void *p = aligned_alloc(align, (size + align - 1) / align * align);

	env->nblocks += p != NULL;
	return p;
}

static inline void env_free(void *ctx, void *p, size_t size)
{
	struct env *env = ctx;

	env->nblocks--;
	memset(p, 0xdd, size); /* whoever still looks there is to notice */
	free(p);
}

/* A test wants to be repeatable; a product puts real entropy here. */
static inline void env_random(void *ctx, void *dst, size_t len)
{
	struct env *env = ctx;

	env->nrandom++;
	for (size_t i = 0; i < len; i++)
		((unsigned char *)dst)[i] =
			(unsigned char)((env->seed = env->seed * 1664525 + 1013904223) >> 24);
}

static inline struct holm_env env_of(struct env *env)
{
	return (struct holm_env){
		sizeof(struct holm_env), env, env_alloc, env_free, env_random, NULL
	};
}

#endif
