/*
 * Sending over IPv4, in one piece with who sends: the header, the neighbour's, the interface queue. For
 * transports whose segments are short and many; others call ip_output(), which comes here in the end.
 */
#ifndef NET_IP_IP4_SEND_H
#define NET_IP_IP4_SEND_H

#include "lib/checksum.h"
#include "net/ip/ip.h"
#include "net/wire/ip4.h"

/* The fields of a header that its sender chooses; addresses as numbers. */
struct ip4_tx {
	uint32_t src, dst;
	uint16_t id;
	uint16_t frag; /* IP4_DF, or 0 */
	uint8_t proto, tos, ttl;
};

/* A header for `total` bytes, summed while it is put together. */
static always_inline void ip4_write_header(uint8_t *p, uint32_t total, const struct ip4_tx *tx)
{
	uint32_t first = 0x45000000u | (uint32_t)tx->tos << 16 | total;
	uint32_t second = (uint32_t)tx->id << 16 | tx->frag;
	uint32_t third = (uint32_t)tx->ttl << 24 | (uint32_t)tx->proto << 16;
	uint64_t sum = (uint64_t)first + second + third + tx->src + tx->dst;

	store_be32(p, first);
	store_be32(p + 4, second);
	store_be32(p + 8, third | checksum_finish(checksum_fold64(sum)));
	store_be32(p + 12, tx->src);
	store_be32(p + 16, tx->dst);
}

/* What the headers have in common of packets between two ends that are not to be cut and differ in length. */
struct ip4_kind {
	uint32_t first, third; /* words, without length and checksum */
	uint16_t sum;	       /* of all there is, folded */
};

static inline struct ip4_kind ip4_kind_of(const struct ip4_tx *tx)
{
	uint32_t first = 0x4500u | tx->tos, third = (uint32_t)tx->ttl << 8 | tx->proto;
	uint64_t sum = (uint64_t)first + IP4_DF + third + tx->src + tx->dst;

	return (struct ip4_kind){
		.first = first << 16,
		.third = third << 16,
		.sum = (uint16_t)~checksum_finish(checksum_fold64(sum)),
	};
}

/* ip4_write_header() of one of them, `ends` being its source and, in the lower half, its destination. */
static always_inline void ip4_write_header_of_kind(uint8_t *p, uint32_t total,
						   const struct ip4_kind *kind, uint64_t ends)
{
	/* Of two numbers of 16 bits: there is one carry. */
	uint32_t sum = kind->sum + total;
	uint32_t csum = ~(sum + (sum >> 16)) & 0xffffu;

	store_be32(p, kind->first | total);
	store_be32(p + 4, IP4_DF);
	store_be32(p + 8, kind->third | csum);
	store_be64(p + 12, ends);
}

/* The frame begins with its IPv4 header; `link` bytes of link header will be in front of it. */
static always_inline void ip4_note_header(struct holm_frame *f, uint32_t link)
{
	uint32_t headers = link + IP4_HDR_BYTES;

	f->l3_off = (uint16_t)link;
	f->l4_off = (uint16_t)headers;
	f->csum_start = (uint16_t)(f->csum_start + headers);
	f->payload_off = (uint16_t)(f->payload_off + headers);
	f->hdr_len = (uint16_t)(f->hdr_len + headers);
}

/* Does ip4_send() know the way? Asked after ip_dst_check(). */
static inline bool ip4_can_send(const struct ip_dst *dst, const struct holm_frame *f)
{
	return !FOR_SIZE && likely(dst->neigh && (f->len + IP4_HDR_BYTES <= dst->mtu || f->gso));
}

static always_inline void ip4_send(struct holm_net *net, const struct ip_dst *dst,
				   struct holm_frame *f, const struct ip4_tx *tx)
{
	uint32_t total = f->len + IP4_HDR_BYTES;

	ip4_write_header(holm_frame_push(f, IP4_HDR_BYTES), total, tx);
	ip4_note_header(f, ETH_HDR_BYTES);
	neigh_output(net, dst->neigh, f);
}

#endif
