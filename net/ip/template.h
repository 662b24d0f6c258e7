/*
 * The network header that all packets from here to there have in common, of either family: made once,
 * copied in front of each of them, where its length is written and, over IPv4, the checksum finished.
 * For senders whose packets need no identification (RFC 6864).
 */
#ifndef NET_IP_TEMPLATE_H
#define NET_IP_TEMPLATE_H

#include "net/ip/ip4_send.h"
#include "net/ip/ip6_send.h"

struct ip_template {
	uint8_t bytes[IP6_HDR_BYTES]; /* length and checksum are 0 */
	uint16_t sum;		      /* of IPv4's words, as they lie in memory */
	uint8_t len;		      /* IP4_HDR_BYTES or IP6_HDR_BYTES */
};

/* Of packets that tx, which does not let them be fragmented, is true of. */
static inline void ip_template_init(struct ip_template *t, const struct ip_tx *tx)
{
	uint16_t checksum;

	if (holm_addr_is_ip4(tx->dst)) {
		const struct ip4_tx ip4 = {
			.src = ip4_from_addr(tx->src),
			.dst = ip4_from_addr(tx->dst),
			.frag = IP4_DF,
			.proto = tx->proto,
			.tos = tx->tos,
			.ttl = tx->ttl,
		};

		ip4_write_header(t->bytes, 0, &ip4);
		memcpy(&checksum, t->bytes + offsetof(struct ip4_hdr, checksum), sizeof(checksum));
		t->sum = (uint16_t)~checksum;
		store_be16(t->bytes + offsetof(struct ip4_hdr, checksum), 0);
		t->len = IP4_HDR_BYTES;
	} else {
		const struct ip6_tx ip6 = {
			.src = tx->src,
			.dst = tx->dst,
			.flow_label = tx->flow_label,
			.proto = tx->proto,
			.tos = tx->tos,
			.ttl = tx->ttl,
		};

		ip6_write_header(t->bytes, 0, &ip6);
		t->len = IP6_HDR_BYTES;
	}
}

/* The header in front of `len` bytes, of IPv4 and of IPv6. */
static always_inline void ip_template_write4(uint8_t *p, uint32_t len, const struct ip_template *t)
{
	uint16_t total = checksum_word((uint16_t)(IP4_HDR_BYTES + len));
	/* Words are added as the machine has them (RFC 1071 section 2 (B)); two have one carry. */
	uint32_t sum = (uint32_t)t->sum + total;
	uint16_t checksum = (uint16_t) ~(sum + (sum >> 16));

	memcpy(p, t->bytes, IP4_HDR_BYTES);
	memcpy(p + offsetof(struct ip4_hdr, total_len), &total, sizeof(total));
	memcpy(p + offsetof(struct ip4_hdr, checksum), &checksum, sizeof(checksum));
}

static always_inline void ip_template_write6(uint8_t *p, uint32_t len, const struct ip_template *t)
{
	memcpy(p, t->bytes, IP6_HDR_BYTES);
	store_be16(p + offsetof(struct ip6_hdr, payload_len), (uint16_t)len);
}

#endif
