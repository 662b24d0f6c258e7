/*
 * Sending over IPv6, in one piece with who sends, as ip4_send.h does it for IPv4: the header, the
 * neighbour's, the interface queue.
 */
#ifndef NET_IP_IP6_SEND_H
#define NET_IP_IP6_SEND_H

#include "net/ip/ip.h"
#include "net/wire/ip6.h"

/* The fields of a header that its sender chooses. */
struct ip6_tx {
	const struct holm_addr *src, *dst;
	uint32_t flow_label; /* 20 bits: ip6_flow_label() */
	uint8_t proto, tos, ttl;
};

/*
 * RFC 6437 section 3: the same for all packets of a flow, different for others, and nothing that a
 * stranger could guess. `ports` is how the transport header begins: source and destination port.
 */
uint32_t ip6_flow_label(const struct holm_net *net, const struct holm_addr *src,
			const struct holm_addr *dst, uint8_t proto, uint32_t ports);

/* A header for `len` bytes behind it. */
static always_inline void ip6_write_header(uint8_t *p, uint32_t len, const struct ip6_tx *tx)
{
	store_be32(p, 6u << 28 | (uint32_t)tx->tos << 20 | tx->flow_label);
	store_be32(p + 4, len << 16 | (uint32_t)tx->proto << 8 | tx->ttl);
	memcpy(p + 8, tx->src->b, sizeof(tx->src->b));
	memcpy(p + 24, tx->dst->b, sizeof(tx->dst->b));
}

/* The frame begins with its IPv6 header; `link` bytes of link header will be in front of it. */
static always_inline void ip6_note_header(struct holm_frame *f, uint32_t link)
{
	uint32_t headers = link + IP6_HDR_BYTES;

	f->l3_off = (uint16_t)link;
	f->l4_off = (uint16_t)headers;
	f->csum_start = (uint16_t)(f->csum_start + headers);
	f->payload_off = (uint16_t)(f->payload_off + headers);
	f->hdr_len = (uint16_t)(f->hdr_len + headers);
}

#endif
