/*
 * The ChaCha20 block function: RFC 8439 section 2.3.
 *
 * Only the key stream; nothing here encrypts. Its one user is lib/rng.
 */
#ifndef LIB_CHACHA20_H
#define LIB_CHACHA20_H

#include <stdint.h>

enum {
	CHACHA20_KEY_BYTES = 32,
	CHACHA20_NONCE_BYTES = 12,
	CHACHA20_BLOCK_BYTES = 64,
};

void chacha20_block(const uint8_t key[static CHACHA20_KEY_BYTES], uint32_t counter,
		    const uint8_t nonce[static CHACHA20_NONCE_BYTES],
		    uint8_t out[static CHACHA20_BLOCK_BYTES]);

#endif
