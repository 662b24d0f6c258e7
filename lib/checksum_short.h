/*
 * The Internet checksum of blocks that are shorter than 128 bytes, and what longer ones begin with: in the
 * caller's own code. lib/checksum.c has the rest, and says how; a message pays more for the call than for
 * its sum.
 */
#ifndef LIB_CHECKSUM_SHORT_H
#define LIB_CHECKSUM_SHORT_H

#include "lib/checksum.h"
#include "lib/compiler.h"

/* Below this the vectors' set-up costs more than they save; short headers never pay for them. */
#define CHECKSUM_SHORT 128

/* A sum of words and, beside it, how often it wrapped: an add and an add-with-carry each. */
struct checksum_tally {
	uint64_t sum;
	uint64_t wraps;
};

static always_inline void checksum_tally_add(struct checksum_tally *t, uint64_t v)
{
	t->sum += v;
	t->wraps += t->sum < v;
}

/* The last bytes, fewer than eight: 4, 2 and 1, the missing byte of the last word being 0. */
static always_inline void checksum_tail(uint8_t *d, const uint8_t *s, size_t n, bool copy,
					struct checksum_tally *t)
{
	size_t step = copy ? 1 : 0;

	if (n & 4) {
		uint32_t v = checksum_load32(s);

		if (copy)
			memcpy(d, &v, sizeof(v));
		checksum_tally_add(t, v);
		s += 4;
		d += step * 4;
	}
	if (n & 2) {
		uint16_t v;

		memcpy(&v, s, sizeof(v));
		if (copy)
			memcpy(d, &v, sizeof(v));
		checksum_tally_add(t, v);
		s += 2;
		d += step * 2;
	}
	if (n & 1) {
		if (copy)
			*d = *s;
		checksum_tally_add(t, HOST_IS_BIG_ENDIAN ? (uint64_t)*s << 8 : *s);
	}
}

#if defined(__x86_64__)

#define CHECKSUM_HAS_CHAIN true

/* One link of a chain: v and the carry so far are added; the new carry comes back. */
static always_inline unsigned char checksum_chain(unsigned char carry, uint64_t v, uint64_t *sum)
{
	unsigned long long out;

	carry = __builtin_ia32_addcarryx_u64(carry, *sum, v, &out);
	*sum = out;
	return carry;
}

static always_inline void checksum_tally_add_4(struct checksum_tally *t, uint64_t a, uint64_t b,
					       uint64_t c, uint64_t d)
{
	/* Compilers take the built-in of a chain for a write to memory. */
	__asm__("addq %2, %0\n\tadcq %3, %0\n\tadcq %4, %0\n\tadcq %5, %0\n\tadcq $0, %1"
		: "+&r"(t->sum), "+&r"(t->wraps)
		: "rm"(a), "rm"(b), "rm"(c), "rm"(d)
		: "cc");
}

#else

#define CHECKSUM_HAS_CHAIN false

static always_inline void checksum_tally_add_4(struct checksum_tally *t, uint64_t a, uint64_t b,
					       uint64_t c, uint64_t d)
{
	checksum_tally_add(t, a);
	checksum_tally_add(t, b);
	checksum_tally_add(t, c);
	checksum_tally_add(t, d);
}

#endif

/* One word taken; and stored at d where the caller copies. */
static always_inline uint64_t checksum_take(uint8_t *d, const uint8_t *s, bool copy)
{
	uint64_t v = checksum_load64(s);

	if (copy)
		memcpy(d, &v, sizeof(v));
	return v;
}

/* The copy goes by wider words than the sum, which reads them where they were. */
static always_inline void checksum_take_32(uint8_t *d, const uint8_t *s, bool copy,
					   struct checksum_tally *t)
{
	if (copy)
		memcpy(d, s, 32);
	checksum_tally_add_4(t, checksum_load64(s), checksum_load64(s + 8), checksum_load64(s + 16),
			     checksum_load64(s + 24));
}

/* n is below 128. */
static always_inline void checksum_short(uint8_t *d, const uint8_t *s, size_t n, bool copy,
					 struct checksum_tally *t)
{
	size_t step = copy ? 1 : 0;

	if (n & 64) {
		checksum_take_32(d, s, copy, t);
		checksum_take_32(d + step * 32, s + 32, copy, t);
		s += 64;
		d += step * 64;
	}
	if (n & 32) {
		checksum_take_32(d, s, copy, t);
		s += 32;
		d += step * 32;
	}
	/* Messages are made of whole words like these more often than not. */
	if ((n & 31) == 0)
		return;
	if (n & 16) {
		checksum_tally_add(t, checksum_take(d, s, copy));
		checksum_tally_add(t, checksum_take(d + step * 8, s + 8, copy));
		s += 16;
		d += step * 16;
	}
	if (n & 8) {
		checksum_tally_add(t, checksum_take(d, s, copy));
		s += 8;
		d += step * 8;
	}
	if (n & 7)
		checksum_tail(d, s, n, copy, t);
}

/* A block, not copied, is summed with others, by a call: all but the last have an even length. */
static always_inline void checksum_tally_long(struct checksum_tally *t, const uint8_t *s, size_t n)
{
	checksum_tally_add(t, checksum_to_memory(checksum_partial(s, n, 0)));
}

static always_inline void checksum_tally_block(struct checksum_tally *t, const uint8_t *s, size_t n)
{
	if (!FOR_SIZE && likely(n < CHECKSUM_SHORT))
		checksum_short((uint8_t *)(uintptr_t)s, s, n, false, t);
	else
		checksum_tally_long(t, s, n);
}

/* Is it the sum of something whose checksum holds, the checksum among it? */
static always_inline bool checksum_tally_holds(const struct checksum_tally *t)
{
	uint64_t acc = checksum_fold_in(t->sum, t->wraps);

	/* Words that are read in another order have the same sum in that order: all ones. */
	return checksum_finish((uint32_t)((acc + rotl_u64(acc, 32)) >> 32)) == 0;
}

/*
 * checksum_copy() of what is short more often than not. `sum` and what comes back are partial ones of 64
 * bits, of words as they lie in memory: checksum_finish() of one has the checksum as it is to lie there.
 */
static always_inline uint64_t checksum_copy_words(void *restrict dst, const void *restrict src,
						  size_t n, uint64_t sum)
{
	struct checksum_tally t = { .sum = sum };

	if (FOR_SIZE || unlikely(n >= CHECKSUM_SHORT))
		checksum_tally_add(&t, checksum_to_memory(checksum_copy(dst, src, n, 0)));
	else
		checksum_short(dst, src, n, true, &t);
	return checksum_fold_in(t.sum, t.wraps);
}

/*
 * The same for who adds more to it: of numbers. A turn by eight bits is the step between them, as it is for
 * 32.
 */
static always_inline uint64_t checksum_copy_wide(void *restrict dst, const void *restrict src,
						 size_t n)
{
	uint64_t acc;

	if (FOR_SIZE || unlikely(n >= CHECKSUM_SHORT))
		return checksum_copy(dst, src, n, 0);
	acc = checksum_copy_words(dst, src, n, 0);
	return HOST_IS_BIG_ENDIAN ? acc : rotl_u64(acc, 8);
}

#endif
