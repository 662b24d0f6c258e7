/*
 * The Internet checksum of long and odd blocks: RFC 1071.
 *
 * Words are added as the machine reads them and the total is turned round once at the end (RFC 1071
 * section 2 B), so both byte orders run the same code. From 128 bytes on, 16-byte vectors of two
 * 64-bit lanes are added twice: t collects the whole lanes and may wrap, h collects their upper
 * halves. The sum of the lower halves is then t - (h << 32), exactly, as long as it stays under
 * 2^64, which takes 64 GiB. That is four operations for 16 bytes and no carry to look after; the
 * compiler makes scalar code of it where the machine has no vectors.
 *
 * Shorter blocks, and the rest of longer ones, go down the powers of two without a loop.
 */
#include "lib/checksum.h"

/* Below this the vectors' set-up costs more than they save; short headers never pay for them. */
#define VECTOR_BYTES_MIN 128

typedef uint64_t lanes __attribute__((vector_size(16)));

/* One word added to acc; and stored at d where the caller copies. */
static always_inline uint64_t take(uint8_t *d, const uint8_t *s, bool copy, uint64_t acc)
{
	uint64_t v = checksum_load64(s);

	if (copy)
		memcpy(d, &v, sizeof(v));
	return checksum_fold_in(acc, v);
}

static always_inline uint64_t take_32(uint8_t *d, const uint8_t *s, bool copy, uint64_t acc)
{
	size_t step = copy ? 8 : 0;

	acc = take(d, s, copy, acc);
	acc = take(d + step, s + 8, copy, acc);
	acc = take(d + 2 * step, s + 16, copy, acc);
	return take(d + 3 * step, s + 24, copy, acc);
}

/* The sum of one lane: lower halves and upper halves. */
static always_inline uint64_t lane_sum(uint64_t t, uint64_t h)
{
	return checksum_fold_in(t - (h << 32), h);
}

static always_inline void take_lanes(uint8_t *d, const uint8_t *s, bool copy, lanes *t, lanes *h)
{
	lanes v;

	memcpy(&v, s, sizeof(v));
	if (copy)
		memcpy(d, &v, sizeof(v));
	*t += v;
	*h += v >> 32;
}

/* Whole groups of 64 bytes. */
static always_inline uint64_t sum_groups(uint8_t *d, const uint8_t *s, size_t groups, bool copy,
					 uint64_t acc)
{
	lanes t = { 0, 0 };
	lanes h = { 0, 0 };
	size_t step = copy ? 16 : 0;

	for (const uint8_t *end = s + groups * 64; s != end; s += 64, d += 4 * step) {
		take_lanes(d, s, copy, &t, &h);
		take_lanes(d + step, s + 16, copy, &t, &h);
		take_lanes(d + 2 * step, s + 32, copy, &t, &h);
		take_lanes(d + 3 * step, s + 48, copy, &t, &h);
	}
	acc = checksum_fold_in(acc, lane_sum(t[0], h[0]));
	return checksum_fold_in(acc, lane_sum(t[1], h[1]));
}

/* The last bytes, fewer than eight, as a word whose missing bytes are zero. */
static always_inline uint64_t sum_tail(uint8_t *d, const uint8_t *s, size_t n, bool copy,
				       uint64_t acc)
{
	if (n & 4) {
		uint32_t v = checksum_load32(s);

		if (copy)
			memcpy(d, &v, sizeof(v));
		acc = checksum_fold_in(acc, v);
		s += 4;
		d += copy ? 4 : 0;
	}
	if (n & 2) {
		uint16_t v;

		memcpy(&v, s, sizeof(v));
		if (copy)
			memcpy(d, &v, sizeof(v));
		acc = checksum_fold_in(acc, v);
		s += 2;
		d += copy ? 2 : 0;
	}
	if (n & 1) {
		if (copy)
			*d = *s;
		acc = checksum_fold_in(acc, HOST_IS_BIG_ENDIAN ? (uint64_t)*s << 8 : *s);
	}
	return acc;
}

/* n is below 128. */
static always_inline uint64_t sum_short(uint8_t *d, const uint8_t *s, size_t n, bool copy,
					uint64_t acc)
{
	size_t step = copy ? 1 : 0;

	if (n & 64) {
		acc = take_32(d, s, copy, acc);
		acc = take_32(d + step * 32, s + 32, copy, acc);
		s += 64;
		d += step * 64;
	}
	if (n & 32) {
		acc = take_32(d, s, copy, acc);
		s += 32;
		d += step * 32;
	}
	if (n & 16) {
		acc = take(d, s, copy, acc);
		acc = take(d + step * 8, s + 8, copy, acc);
		s += 16;
		d += step * 16;
	}
	if (n & 8) {
		acc = take(d, s, copy, acc);
		s += 8;
		d += step * 8;
	}
	return sum_tail(d, s, n, copy, acc);
}

static always_inline uint32_t sum_block(uint8_t *d, const uint8_t *s, size_t n, bool copy,
					uint32_t sum)
{
	uint64_t acc = checksum_to_memory(sum);

	if (n >= VECTOR_BYTES_MIN) {
		size_t done = n & ~(size_t)63;

		acc = sum_groups(d, s, n / 64, copy, acc);
		s += done;
		d += copy ? done : 0;
		n &= 63;
	}
	return checksum_from_memory(sum_short(d, s, n, copy, acc));
}

uint32_t checksum_partial(const void *p, size_t n, uint32_t sum)
{
	return sum_block(NULL, p, n, false, sum);
}

uint32_t checksum_copy(void *restrict dst, const void *restrict src, size_t n, uint32_t sum)
{
	return sum_block(dst, src, n, true, sum);
}
