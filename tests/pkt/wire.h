/*
 * wire.h -- packets to bytes and back, in the numbers of the wire. Written on its own, byte by byte:
 * what the stack builds and reads is checked against it.
 */
#ifndef TESTS_PKT_WIRE_H
#define TESTS_PKT_WIRE_H

#include "tests/pkt/packet.h"

#define WIRE_MAX 66000u

/* What an ICMP error quotes of a segment that we are said to have sent. */
struct wire_quote {
	struct holm_addr src, dst;
	uint16_t sport, dport;
	uint32_t seq;
	uint16_t l4_len; /* header and payload */
	uint8_t proto;
};

/*
 * An IP packet, of the family of its addresses, with all of p's numbers, addresses and ports as
 * they are; `payload` has p->len bytes. Returns its length.
 */
size_t wire_build(const struct packet *p, const uint8_t *payload, const struct wire_quote *quote,
		  uint8_t out[static WIRE_MAX]);

/*
 * Read an IP packet that the stack sent; *payload points into it. Fails the script where a checksum
 * or a length is wrong. `sums`: the device leaves transport checksums to the stack.
 */
void wire_read(const uint8_t *bytes, size_t len, bool sums, struct packet *p,
	       const uint8_t **payload);

#endif
