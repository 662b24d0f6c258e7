/*
 * The Internet checksum of long and odd blocks: RFC 1071.
 *
 * Words are added as the machine reads them and the total is turned round once at the end (RFC 1071
 * section 2 B), so both byte orders run the same code. From 128 bytes on, 16-byte vectors of two
 * 64-bit lanes are added twice: t collects the whole lanes and may wrap, h collects their upper
 * halves. The sum of the lower halves is then t - (h << 32), exactly, as long as it stays under
 * 2^64, which takes 64 GiB. That is four operations for 16 bytes and no carry to look after; the
 * compiler makes scalar code of it where the machine has no vectors. Where the machine has an
 * add-with-carry that reads memory, a chain of them sums without copying: one operation for 8 bytes.
 *
 * Shorter blocks, and the rest of longer ones, go down the powers of two without a loop. A library that
 * is to be small sums word by word.
 */
#include "lib/checksum.h"

#include "lib/checksum_short.h"

typedef uint64_t lanes __attribute__((vector_size(16)));

#ifdef __OPTIMIZE_SIZE__

static uint32_t sum_block(uint8_t *d, const uint8_t *s, size_t n, bool copy, uint32_t sum)
{
	struct checksum_tally t = { .sum = checksum_to_memory(sum) };
	const uint8_t *end = s + (n & ~(size_t)7);

	if (copy)
		memcpy(d, s, n);
	for (; s != end; s += 8)
		checksum_tally_add(&t, checksum_load64(s));
	checksum_tail(d, s, n, false, &t);
	return checksum_from_memory(checksum_fold_in(t.sum, t.wraps));
}

#else

#if defined(__x86_64__)

static always_inline unsigned char chain_64(unsigned char carry, const uint8_t *s, uint64_t *sum)
{
	carry = checksum_chain(carry, checksum_load64(s), sum);
	carry = checksum_chain(carry, checksum_load64(s + 8), sum);
	carry = checksum_chain(carry, checksum_load64(s + 16), sum);
	carry = checksum_chain(carry, checksum_load64(s + 24), sum);
	carry = checksum_chain(carry, checksum_load64(s + 32), sum);
	carry = checksum_chain(carry, checksum_load64(s + 40), sum);
	carry = checksum_chain(carry, checksum_load64(s + 48), sum);
	return checksum_chain(carry, checksum_load64(s + 56), sum);
}

/* Whole groups of 128 bytes. A carry out of the group comes back in at its end, and cannot again. */
static always_inline void chain_groups(const uint8_t *s, const uint8_t *end,
				       struct checksum_tally *tally)
{
	uint64_t sum = 0;

	for (; s != end; s += 128) {
		unsigned char carry = chain_64(0, s, &sum);

		carry = chain_64(carry, s + 64, &sum);
		sum += carry;
	}
	checksum_tally_add(tally, sum);
}

#else

static always_inline void chain_groups(const uint8_t *s, const uint8_t *end,
				       struct checksum_tally *tally)
{
	(void)s;
	(void)end;
	(void)tally;
}

#endif

static always_inline void take_lanes(uint8_t *d, const uint8_t *s, bool copy, lanes *t, lanes *h)
{
	lanes v;

	memcpy(&v, s, sizeof(v));
	if (copy)
		memcpy(d, &v, sizeof(v));
	*t += v;
	*h += v >> 32;
}

static always_inline void take_group(uint8_t *d, const uint8_t *s, bool copy, lanes t[4],
				     lanes h[4])
{
	size_t step = copy ? 16 : 0;

	take_lanes(d, s, copy, &t[0], &h[0]);
	take_lanes(d + step, s + 16, copy, &t[1], &h[1]);
	take_lanes(d + 2 * step, s + 32, copy, &t[2], &h[2]);
	take_lanes(d + 3 * step, s + 48, copy, &t[3], &h[3]);
}

/*
 * Whole groups of 64 bytes, two at a time. Each of the eight vectors has a sum of its own, so that additions
 * do not wait for each other and none can be rearranged into more of them.
 */
static always_inline void sum_groups(uint8_t *d, const uint8_t *s, const uint8_t *end, bool copy,
				     struct checksum_tally *tally)
{
	lanes t[8] = { { 0 } };
	lanes h[4] = { { 0 } };
	size_t step = copy ? 64 : 0;
	lanes low, high;

	if ((size_t)(end - s) & 64) {
		take_group(d, s, copy, t, h);
		s += 64;
		d += step;
	}
	for (; s != end; s += 128, d += 2 * step) {
		take_group(d, s, copy, t, h);
		take_group(d + step, s + 64, copy, t + 4, h);
	}
	high = (h[0] + h[1]) + (h[2] + h[3]);
	low = ((t[0] + t[4]) + (t[1] + t[5])) + ((t[2] + t[6]) + (t[3] + t[7])) - (high << 32);
	checksum_tally_add(tally, low[0]);
	checksum_tally_add(tally, low[1]);
	checksum_tally_add(tally, high[0]);
	checksum_tally_add(tally, high[1]);
}

static always_inline uint32_t sum_block(uint8_t *d, const uint8_t *s, size_t n, bool copy,
					uint32_t sum)
{
	struct checksum_tally t = { .sum = checksum_to_memory(sum) };

	if (!copy && CHECKSUM_HAS_CHAIN) {
		size_t done = n & ~(size_t)127;

		chain_groups(s, s + done, &t);
		s += done;
		n &= 127;
	} else if (n >= CHECKSUM_SHORT) {
		size_t done = n & ~(size_t)63;

		sum_groups(d, s, s + done, copy, &t);
		s += done;
		d += copy ? done : 0;
		n &= 63;
	}
	checksum_short(d, s, n, copy, &t);
	return checksum_from_memory(checksum_fold_in(t.sum, t.wraps));
}

#endif

uint32_t checksum_partial(const void *p, size_t n, uint32_t sum)
{
	/* Nothing is copied, but pointers are moved, which C allows only within something. */
	return sum_block((uint8_t *)(uintptr_t)p, p, n, false, sum);
}

uint32_t checksum_copy(void *restrict dst, const void *restrict src, size_t n, uint32_t sum)
{
	return sum_block(dst, src, n, true, sum);
}
