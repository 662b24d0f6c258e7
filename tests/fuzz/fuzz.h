/*
 * fuzz.h -- what fuzz targets share: taking input apart, blocks of exact size, and a CHECK that ends
 * the program, which is how a fuzzer learns that it has found something.
 *
 * A target is one file in target/ with fuzz_one(). It must not keep anything from one input to the
 * next, so that an input alone repeats what it does.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The name that libFuzzer calls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
#define fuzz_one LLVMFuzzerTestOneInput

#define CHECK(expr) ((expr) ? (void)0 : fuzz_failed("CHECK(" #expr ")", __FILE__, __LINE__))

static inline _Noreturn void fuzz_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s failed\n", file, line, what);
	abort();
}

/* Input that is taken from the front; behind its end everything is zero. */
struct fuzz_input {
	const uint8_t *p;
	size_t n;
};

static inline uint8_t fuzz_u8(struct fuzz_input *in)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->p++;
}

static inline uint16_t fuzz_u16(struct fuzz_input *in)
{
	uint16_t high = fuzz_u8(in);

	return (uint16_t)(high << 8 | fuzz_u8(in));
}

static inline uint32_t fuzz_u32(struct fuzz_input *in)
{
	uint32_t high = fuzz_u16(in);

	return high << 16 | fuzz_u16(in);
}

/* Up to `max` bytes into `dst`; returns how many there were. */
static inline size_t fuzz_bytes(struct fuzz_input *in, void *dst, size_t max)
{
	size_t n = in->n < max ? in->n : max;

	if (n > 0)
		memcpy(dst, in->p, n);
	in->p += n;
	in->n -= n;
	return n;
}

#endif
