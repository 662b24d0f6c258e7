/*
 * The ChaCha20 block function, step by step as RFC 8439 section 2.3 has it.
 *
 * Constant time by construction: no table, no branch on data.
 */
#include "lib/chacha20.h"

#include "lib/bytes.h"
#include "lib/compiler.h"

/* RFC 8439 section 2.1. */
static always_inline void quarter_round(uint32_t s[static 16], unsigned a, unsigned b, unsigned c,
					unsigned d)
{
	s[a] += s[b];
	s[d] = rotl_u32(s[d] ^ s[a], 16);
	s[c] += s[d];
	s[b] = rotl_u32(s[b] ^ s[c], 12);
	s[a] += s[b];
	s[d] = rotl_u32(s[d] ^ s[a], 8);
	s[c] += s[d];
	s[b] = rotl_u32(s[b] ^ s[c], 7);
}

/* RFC 8439 section 2.3: four quarter rounds on the columns, four on the diagonals. */
static void double_round(uint32_t s[static 16])
{
	for (unsigned i = 0; i < 8; i++) {
		unsigned turn = i / 4;

		quarter_round(s, i % 4, 4 + (i + turn) % 4, 8 + (i + 2 * turn) % 4,
			      12 + (i + 3 * turn) % 4);
	}
}

void chacha20_block(const uint8_t key[static CHACHA20_KEY_BYTES], uint32_t counter,
		    const uint8_t nonce[static CHACHA20_NONCE_BYTES],
		    uint8_t out[static CHACHA20_BLOCK_BYTES])
{
	/* "expand 32-byte k" */
	uint32_t first[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	uint32_t s[16];

	for (size_t i = 0; i < 8; i++)
		first[4 + i] = load_le32(key + 4 * i);
	first[12] = counter;
	for (size_t i = 0; i < 3; i++)
		first[13 + i] = load_le32(nonce + 4 * i);
	memcpy(s, first, sizeof(s));
	for (int i = 0; i < 10; i++)
		double_round(s);
	for (size_t i = 0; i < 16; i++)
		store_le32(out + 4 * i, s[i] + first[i]);
}
