/*
 * Copying what is short more often than not, as messages are: in the caller's own code, without a call.
 * memcpy() is one of an unknown function, found through a pointer where libraries are shared, or a string
 * instruction that takes its time to begin: for a few dozen bytes that costs more than the copy.
 */
#ifndef LIB_COPY_H
#define LIB_COPY_H

#include <stdint.h>

#include "lib/compiler.h"
#include "lib/mem.h"

/*
 * From `least` to twice as many bytes, `least` being a constant: the first and the last, which may
 * overlap.
 */
static always_inline void copy_ends(uint8_t *restrict dst, const uint8_t *restrict src, size_t n,
				    size_t least)
{
	memcpy(dst, src, least);
	memcpy(dst + n - least, src + n - least, least);
}

/* Is this many bytes what copy_few() copies? */
static inline bool copy_is_few(size_t n)
{
	return !FOR_SIZE && n - 8 <= 120;
}

/* memcpy(), without a call. */
static always_inline void copy_few(void *restrict dst, const void *restrict src, size_t n)
{
	if (likely(n - 32 <= 32))
		copy_ends(dst, src, n, 32);
	else if (n > 64)
		copy_ends(dst, src, n, 64);
	else if (n < 16)
		copy_ends(dst, src, n, 8);
	else
		copy_ends(dst, src, n, 16);
}

/* memcpy(). */
static always_inline void copy_short(void *restrict dst, const void *restrict src, size_t n)
{
	if (likely(copy_is_few(n)))
		copy_few(dst, src, n);
	else
		memcpy(dst, src, n);
}

static always_inline void zero_two_lines(uint8_t *p)
{
	memset(p, 0, 64);
	memset(p + 64, 0, 64);
}

/*
 * memset(p, 0, n), without a call or that instruction, which the compiler makes of more than a line: `n` is a
 * constant, and a line at least.
 */
static always_inline void zero_lines(void *p, size_t n)
{
	uint8_t *at = p, *end = at + n;

	if (FOR_SIZE) {
		memset(p, 0, n);
		return;
	}
	for (; n >= 256; n -= 256, at += 256) {
		zero_two_lines(at);
		zero_two_lines(at + 128);
	}
	if (n >= 128)
		zero_two_lines(at);
	if (n % 128 >= 64)
		memset(end - n % 128, 0, 64);
	if (n % 64)
		memset(end - 64, 0, 64);
}

#endif
