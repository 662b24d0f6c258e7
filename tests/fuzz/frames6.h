/*
 * frames6.h -- frames of IPv6 that somebody on the link could have sent: raw behind headers that fit,
 * chains of extension headers, fragments, neighbour and router discovery, listener reports, datagrams.
 * Checksums and lengths are good, so that each layer gets its share of nonsense.
 */
#ifndef TESTS_FUZZ_FRAMES6_H
#define TESTS_FUZZ_FRAMES6_H

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stage.h"

#define FRAMES6_BYTES 1600u

struct frames6 {
	struct fuzz_input *in;
	struct holm_addr link_local; /* of the instance; all zero: not known yet */
	uint16_t service_port;
};

/* A frame of one of these kinds into FRAMES6_BYTES; returns its length. */
size_t frames6_make(const struct frames6 *m, uint8_t kind, uint8_t *frame);

#endif
