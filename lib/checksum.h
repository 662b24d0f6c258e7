/*
 * The Internet checksum: RFC 1071, updated in place by RFC 1624.
 *
 * A partial sum is a uint32_t. It is congruent modulo 0xffff to the sum of the data's 16-bit words,
 * each read in network order, so a sum is the same number on every machine: lengths, protocol
 * numbers and words from be16_get are added to it as they are. It is not complemented, and 0 only
 * if every byte so far was 0. Start with 0.
 *
 *	sum = checksum_partial(header, header_bytes, sum);
 *	sum = checksum_copy(dst, payload, payload_bytes, sum);
 *	be16_put(&h->checksum, checksum_finish(sum));
 *
 * To verify, sum everything with the checksum field in place: checksum_finish gives 0 if it holds.
 *
 * Data may start at any address. Blocks are summed one behind the other as long as each but the
 * last has an even length; for a block that starts at an odd offset of the packet, sum it from 0
 * and add checksum_rotate of the result. Blocks are shorter than 4 GiB.
 *
 * Pseudo headers belong to net/wire. What UDP sends for a checksum of 0 belongs to UDP.
 */
#ifndef LIB_CHECKSUM_H
#define LIB_CHECKSUM_H

#include "lib/bytes.h"

/* The sum of n bytes at p, added to `sum`. */
pure_function uint32_t checksum_partial(const void *p, size_t n, uint32_t sum);

/* The same while copying n bytes from src to dst, which do not overlap: one pass over the data. */
uint32_t checksum_copy(void *restrict dst, const void *restrict src, size_t n, uint32_t sum);

/* One's complement sum: carries come back in at the other end. */
static inline uint32_t checksum_add(uint32_t sum, uint32_t v)
{
	sum += v;
	return sum + (sum < v);
}

/* Takes out of a sum what was added before. The result may be the other zero (0xffffffff). */
static inline uint32_t checksum_sub(uint32_t sum, uint32_t v)
{
	return checksum_add(sum, ~v);
}

/* A partial sum of one in 64 bits: of numbers of 32 bits, say, that are words of a header. */
static inline uint32_t checksum_fold64(uint64_t sum)
{
	return checksum_add((uint32_t)sum, (uint32_t)(sum >> 32));
}

/*
 * The sum of a block as it counts when the block starts at an odd offset: every byte changes its
 * place within a word, which multiplies by 256, and 2^32 - 1 is a multiple of 0xffff.
 */
static inline uint32_t checksum_rotate(uint32_t sum)
{
	return rotl_u32(sum, 8);
}

/* The value for the checksum field, in host order. */
static inline uint16_t checksum_finish(uint32_t sum)
{
	sum += rotl_u32(sum, 16);
	return (uint16_t) ~(sum >> 16);
}

/*
 * A checksum field after one 16-bit word of its data changed from `was` to `is`.
 *
 * RFC 1624, equation 3:
 *   HC' = ~(~HC + ~m + m')
 */
static inline uint16_t checksum_update16(uint16_t checksum, uint16_t was, uint16_t is)
{
	return checksum_finish((uint32_t)(uint16_t)~checksum + (uint16_t)~was + is);
}

/* The same for 32 bits that start at an even offset. */
static inline uint16_t checksum_update32(uint16_t checksum, uint32_t was, uint32_t is)
{
	return checksum_finish(checksum_add(checksum_add((uint16_t)~checksum, ~was), is));
}

/* The carry of adding v comes back in; compilers make an add and an add-with-carry of it. */
static inline uint64_t checksum_fold_in(uint64_t acc, uint64_t v)
{
	acc += v;
	return acc + (acc < v);
}

/* From 64 bits that may all be set to a partial sum. */
static inline uint32_t checksum_fold_wide(uint64_t acc)
{
	return (uint32_t)((acc + rotl_u64(acc, 32)) >> 32);
}

static inline uint64_t checksum_load64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t checksum_load32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* From a sum of words as the machine reads them to a partial sum, and back. */
static inline uint32_t checksum_from_memory(uint64_t acc)
{
	uint32_t sum;

	acc += rotl_u64(acc, 32);
	sum = (uint32_t)(acc >> 32);
	return HOST_IS_BIG_ENDIAN ? sum : rotl_u32(sum, 8);
}

static inline uint32_t checksum_to_memory(uint32_t sum)
{
	return HOST_IS_BIG_ENDIAN ? sum : rotl_u32(sum, 24);
}

/* A number of 16 bits as it lies in memory in network order: a word that such sums are of. */
static inline uint16_t checksum_word(uint16_t v)
{
	uint16_t word;

	store_be16(&word, v);
	return word;
}

/* Headers of the usual sizes, without a call: IPv4 and TCP, TCP with timestamps, IPv6. */
static inline uint32_t checksum_20(const void *p, uint32_t sum)
{
	const uint8_t *b = p;
	uint64_t acc = (uint64_t)checksum_to_memory(sum) + checksum_load32(b + 16);

	acc = checksum_fold_in(acc, checksum_load64(b));
	return checksum_from_memory(checksum_fold_in(acc, checksum_load64(b + 8)));
}

static inline uint32_t checksum_32(const void *p, uint32_t sum)
{
	const uint8_t *b = p;
	uint64_t acc = checksum_fold_in(checksum_load64(b), checksum_load64(b + 8));

	acc = checksum_fold_in(acc, checksum_load64(b + 16));
	acc = checksum_fold_in(acc, checksum_load64(b + 24));
	return checksum_from_memory(checksum_fold_in(acc, checksum_to_memory(sum)));
}

static inline uint32_t checksum_40(const void *p, uint32_t sum)
{
	const uint8_t *b = p;
	uint64_t acc = checksum_fold_in(checksum_load64(b), checksum_load64(b + 8));

	acc = checksum_fold_in(acc, checksum_load64(b + 16));
	acc = checksum_fold_in(acc, checksum_load64(b + 24));
	acc = checksum_fold_in(acc, checksum_load64(b + 32));
	return checksum_from_memory(checksum_fold_in(acc, checksum_to_memory(sum)));
}

#endif
