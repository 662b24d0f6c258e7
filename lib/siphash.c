/*
 * SipHash-2-4 and SipHash-1-3, from the paper "SipHash: a fast short-input PRF".
 *
 * One body serves both: the numbers of rounds are constants at each call and the compiler makes a
 * function for each pair.
 */
#include "lib/siphash.h"

#include "lib/bytes.h"
#include "lib/compiler.h"

static always_inline void sip_round(struct siphash_state *s)
{
	s->v0 += s->v1;
	s->v1 = rotl_u64(s->v1, 13) ^ s->v0;
	s->v0 = rotl_u64(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotl_u64(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotl_u64(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotl_u64(s->v1, 17) ^ s->v2;
	s->v2 = rotl_u64(s->v2, 32);
}

/* One to four rounds, written out: compilers at -O2 keep short loops with constant ends. */
static always_inline void sip_rounds(struct siphash_state *s, int rounds)
{
	sip_round(s);
	if (rounds >= 2)
		sip_round(s);
	if (rounds >= 3)
		sip_round(s);
	if (rounds >= 4)
		sip_round(s);
}

static always_inline struct siphash_state sip_begin(const struct siphash_key *key)
{
	return (struct siphash_state){
		.v0 = key->k0 ^ 0x736f6d6570736575u,
		.v1 = key->k1 ^ 0x646f72616e646f6du,
		.v2 = key->k0 ^ 0x6c7967656e657261u,
		.v3 = key->k1 ^ 0x7465646279746573u,
	};
}

static always_inline void sip_word(struct siphash_state *s, uint64_t word, int rounds)
{
	s->v3 ^= word;
	sip_rounds(s, rounds);
	s->v0 ^= word;
}

static always_inline uint64_t sip_end(struct siphash_state *s, int rounds)
{
	s->v2 ^= 0xff;
	sip_rounds(s, rounds);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* The last word: what is left of the bytes, and the length modulo 256 on top. */
static always_inline uint64_t sip_last_word(const uint8_t *tail, size_t n)
{
	uint64_t word = (uint64_t)n << 56;

	for (size_t i = 0; i < (n & 7); i++)
		word |= (uint64_t)tail[i] << (8 * i);
	return word;
}

static always_inline uint64_t sip_bytes(const struct siphash_key *key, const uint8_t *p, size_t n,
					int c_rounds, int d_rounds)
{
	struct siphash_state s = sip_begin(key);
	const uint8_t *tail = p + (n & ~(size_t)7);

	for (; p != tail; p += 8)
		sip_word(&s, load_le64(p), c_rounds);
	sip_word(&s, sip_last_word(tail, n), c_rounds);
	return sip_end(&s, d_rounds);
}

static always_inline uint64_t sip_words(const struct siphash_key *key, const uint64_t *words,
					size_t n, int c_rounds, int d_rounds)
{
	struct siphash_state s = sip_begin(key);

	for (size_t i = 0; i < n; i++)
		sip_word(&s, words[i], c_rounds);
	sip_word(&s, (uint64_t)n << 59, c_rounds);
	return sip_end(&s, d_rounds);
}

/* The last word, of which the length takes the eighth byte. */
static always_inline uint64_t sip_tail(struct siphash_state *s, uint64_t tail, int c_rounds,
				       int d_rounds)
{
	sip_word(s, tail | (uint64_t)15 << 56, c_rounds);
	return sip_end(s, d_rounds);
}

uint64_t siphash24(const struct siphash_key *key, const void *p, size_t n)
{
	return sip_bytes(key, p, n, 2, 4);
}

uint64_t siphash13(const struct siphash_key *key, const void *p, size_t n)
{
	return sip_bytes(key, p, n, 1, 3);
}

uint64_t siphash24_words(const struct siphash_key *key, const uint64_t *words, size_t n)
{
	return sip_words(key, words, n, 2, 4);
}

uint64_t siphash13_words(const struct siphash_key *key, const uint64_t *words, size_t n)
{
	return sip_words(key, words, n, 1, 3);
}

void siphash24_short_begin(struct siphash_state *s, const struct siphash_key *key, uint64_t word)
{
	*s = sip_begin(key);
	sip_word(s, word, 2);
}

uint64_t siphash24_short_end(const struct siphash_state *s, uint64_t tail)
{
	struct siphash_state copy = *s;

	return sip_tail(&copy, tail, 2, 4);
}

uint64_t siphash24_short(const struct siphash_key *key, uint64_t word, uint64_t tail)
{
	struct siphash_state s = sip_begin(key);

	sip_word(&s, word, 2);
	return sip_tail(&s, tail, 2, 4);
}

uint64_t siphash13_short(const struct siphash_key *key, uint64_t word, uint64_t tail)
{
	struct siphash_state s = sip_begin(key);

	sip_word(&s, word, 1);
	return sip_tail(&s, tail, 1, 3);
}
