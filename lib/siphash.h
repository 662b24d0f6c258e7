/*
 * SipHash: a keyed hash that nobody predicts without the key (Aumasson and Bernstein, 2012).
 *
 * SipHash-2-4 for what is a secret in itself: initial sequence numbers, ports, cookies.
 * SipHash-1-3 for tables filled by strangers, where it is enough that collisions cannot be chosen.
 * lib/hash.h is cheaper still, for tuples of a few words.
 *
 * The _words forms hash n 64-bit words as if each were stored with its low byte first. They give
 * the same value on every machine and skip the handling of a tail. The _short forms hash 15 bytes so, one
 * word and the 7 low bytes of another: the length lies in the last word with them, and takes none of its own.
 * That of SipHash-2-4 comes in two steps, too, for who hashes several that begin with the same word.
 */
#ifndef LIB_SIPHASH_H
#define LIB_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* Drawn at random by the owner, one for each purpose. */
struct siphash_key {
	uint64_t k0;
	uint64_t k1;
};

uint64_t siphash24(const struct siphash_key *key, const void *p, size_t n);
uint64_t siphash13(const struct siphash_key *key, const void *p, size_t n);

uint64_t siphash24_words(const struct siphash_key *key, const uint64_t *words, size_t n);
uint64_t siphash13_words(const struct siphash_key *key, const uint64_t *words, size_t n);

/* What the key and the first word make of each other: as secret as the key. */
struct siphash_state {
	uint64_t v0, v1, v2, v3;
};

/* `tail` is below 2^56. */
void siphash24_short_begin(struct siphash_state *s, const struct siphash_key *key, uint64_t word);
uint64_t siphash24_short_end(const struct siphash_state *s, uint64_t tail);
uint64_t siphash24_short(const struct siphash_key *key, uint64_t word, uint64_t tail);
uint64_t siphash13_short(const struct siphash_key *key, uint64_t word, uint64_t tail);

#endif
