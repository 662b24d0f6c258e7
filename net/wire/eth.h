/*
 * Ethernet II framing (IEEE 802.3 clause 3) and where an 802.1Q tag would lie.
 *
 * 802.3 frames with a length instead of a type are reported with that length as their type, which
 * no protocol here has registered. Tags are not looked into: a tagged frame has type ETH_TYPE_VLAN.
 */
#ifndef NET_WIRE_ETH_H
#define NET_WIRE_ETH_H

#include <holm/stats.h>

#include "lib/bytes.h"

struct fmt_out;

enum {
	ETH_HDR_BYTES = 14,
	ETH_VLAN_BYTES = 4,  /* an 802.1Q tag, between the addresses and the type */
	ETH_FRAME_MIN = 60,  /* senders pad to this; the checksum of the medium is not counted */
	ETH_TYPE_MIN = 0x600 /* smaller values are the length of an 802.3 frame */
};

enum eth_type {
	ETH_TYPE_IP4 = 0x0800,
	ETH_TYPE_ARP = 0x0806,
	ETH_TYPE_VLAN = 0x8100,
	ETH_TYPE_IP6 = 0x86dd
};

struct eth_hdr {
	struct holm_mac dst;
	struct holm_mac src;
	struct be16 type;
};

struct eth_vlan_tag {
	struct be16 tci;  /* priority 3 bits, drop eligible 1, identifier 12 */
	struct be16 type; /* of what follows the tag */
};

_Static_assert(sizeof(struct eth_hdr) == ETH_HDR_BYTES, "an ethernet header is 14 bytes");
_Static_assert(sizeof(struct eth_vlan_tag) == ETH_VLAN_BYTES, "a VLAN tag is 4 bytes");

struct eth_info {
	struct holm_mac dst;
	struct holm_mac src;
	uint16_t type; /* enum eth_type, or whatever was there */
};

static inline struct holm_mac eth_broadcast(void)
{
	struct holm_mac mac = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

	return mac;
}

/* Group addresses are multicast and broadcast: the first bit on the medium is set. */
static inline bool eth_is_group(const struct holm_mac *mac)
{
	return (mac->b[0] & 1) != 0;
}

static inline bool eth_is_zero(const struct holm_mac *mac)
{
	return (load_be32(mac->b) | load_be16(mac->b + 4)) == 0;
}

static inline bool eth_equal(const struct holm_mac *a, const struct holm_mac *b)
{
	uint32_t high[2];
	uint16_t low[2];

	memcpy(&high[0], a->b, 4);
	memcpy(&high[1], b->b, 4);
	memcpy(&low[0], a->b + 4, 2);
	memcpy(&low[1], b->b + 4, 2);
	return high[0] == high[1] && low[0] == low[1];
}

/* `len` bytes at p lie in one piece. False: ETH_SHORT. */
static inline bool eth_parse(const uint8_t *p, size_t len, struct eth_info *out,
			     enum holm_drop *why)
{
	if (unlikely(len < ETH_HDR_BYTES)) {
		*why = HOLM_DROP_ETH_SHORT;
		return false;
	}
	memcpy(&out->dst, p, sizeof(out->dst));
	memcpy(&out->src, p + 6, sizeof(out->src));
	out->type = load_be16(p + 12);
	return true;
}

/* Writes ETH_HDR_BYTES. */
static inline void eth_build(uint8_t *p, const struct eth_info *info)
{
	memcpy(p, &info->dst, sizeof(info->dst));
	memcpy(p + 6, &info->src, sizeof(info->src));
	store_be16(p + 12, info->type);
}

/*
 * One readable line about a frame, whatever is in it: damaged frames say what is wrong. Reads
 * nothing beyond `len`, which may be only the beginning of the frame. NUL-terminated if room > 0;
 * returns the length of the text, which is below `room`.
 */
size_t eth_print(char *text, size_t room, const uint8_t *frame, size_t len);

/* aa:bb:cc:dd:ee:ff */
void eth_print_mac(struct fmt_out *out, const struct holm_mac *mac);

#endif
