/*
 * exact.h -- copies of bytes in blocks of exactly their size, so that the address sanitizer sees a
 * parser that reads one byte too many.
 */
#ifndef TESTS_SUPPORT_EXACT_H
#define TESTS_SUPPORT_EXACT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The caller frees it. */
static inline uint8_t *exact_copy(const void *src, size_t n)
{
	uint8_t *p = malloc(n > 0 ? n : 1);

	if (!p)
		abort();
	if (n > 0)
		memcpy(p, src, n);
	return p;
}

#endif
