/*
 * UDP headers: RFC 768, RFC 1122 section 4.1.
 *
 * The checksum covers the whole datagram, which may lie in several segments: whoever has the frame
 * verifies it, over the length that udp_parse reports.
 */
#ifndef NET_WIRE_UDP_H
#define NET_WIRE_UDP_H

#include <holm/stats.h>

#include "lib/bytes.h"
#include "lib/checksum.h"

struct fmt_out;

enum { UDP_HDR_BYTES = 8, UDP_CSUM_OFFSET = 6 };

struct udp_hdr {
	struct be16 sport;
	struct be16 dport;
	struct be16 len; /* header included */
	struct be16 checksum;
};

_Static_assert(sizeof(struct udp_hdr) == UDP_HDR_BYTES, "a UDP header is 8 bytes");

struct udp_info {
	uint16_t sport;
	uint16_t dport;
	uint16_t len;	   /* header included; what follows it in the packet is ignored */
	uint16_t checksum; /* 0: the sender (IPv4) has made none */
};

/*
 * `linear` bytes at p lie in one piece, `len` >= linear is what the IP packet has from p on. False:
 * UDP_SHORT: no header, or a length field that is below 8 or beyond the packet.
 */
static inline bool udp_parse(const uint8_t *p, size_t linear, size_t len, struct udp_info *out,
			     enum holm_drop *why)
{
	if (unlikely(linear < UDP_HDR_BYTES)) {
		*why = HOLM_DROP_UDP_SHORT;
		return false;
	}
	out->len = load_be16(p + 4);
	if (unlikely(out->len < UDP_HDR_BYTES || out->len > len)) {
		*why = HOLM_DROP_UDP_SHORT;
		return false;
	}
	out->sport = load_be16(p);
	out->dport = load_be16(p + 2);
	out->checksum = load_be16(p + 6);
	return true;
}

/* Writes UDP_HDR_BYTES, with the checksum as info has it. */
static inline void udp_build(uint8_t *p, const struct udp_info *info)
{
	store_be16(p, info->sport);
	store_be16(p + 2, info->dport);
	store_be16(p + 4, info->len);
	store_be16(p + 6, info->checksum);
}

/* The checksum to send for a sum: a zero, which would mean "none", goes as its other form. */
static inline uint16_t udp_checksum(uint32_t sum)
{
	uint16_t checksum = checksum_finish(sum);

	return checksum == 0 ? 0xffff : checksum;
}

/* `l4_len` is what IP has of the datagram, of which the first `len` bytes are at hand. */
void udp_print(struct fmt_out *out, const uint8_t *p, size_t len, size_t l4_len);

#endif
