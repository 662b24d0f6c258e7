/*
 * Software receive merging: frames of one flow that follow each other in a batch become one
 * super-segment (linked by frame->chain), so that TCP's steps run once per burst. A frame is offered
 * after its own headers and checksum have been verified.
 *
 * Nothing is copied and no header is rewritten: each frame keeps its own, and the holder knows the
 * few fields in which the last one differs from the first.
 */
#ifndef NET_LINK_GRO_H
#define NET_LINK_GRO_H

#include <holm/frame.h>

#include "lib/checksum.h"
#include "net/core/ip_rx.h"
#include "net/wire/tcp.h"

/*
 * Payload of a super-segment is bounded: by two super-frames, so that a window of 64 KiB, which is one and
 * a rest, is one super-segment. No header says its length.
 */
#define GRO_BYTES_MAX 131072u

/* What is held back: a super-segment in the making. One per instance. */
struct gro {
	struct holm_frame *head, *tail; /* NULL: nothing held */
	const uint8_t *header;		/* the head's, where it lies */
	/* The head's header (PSH if any frame had it), and room for the next one to be parsed into. */
	struct tcp_hdr_info infos[2];
	unsigned held;
	uint32_t payload_len; /* of all frames of the chain */
	uint32_t frame_len;   /* of the first frame; only the last may be shorter */
	uint32_t next_max;    /* the most that the next frame may carry; 0: nothing follows */
	uint32_t next_seq;    /* what it must begin with */
	uint32_t last_seq;    /* of the last frame merged */
};

/* What is held: its header. */
static inline struct tcp_hdr_info *gro_info(struct gro *g)
{
	return &g->infos[g->held];
}

/* Where the header of the next frame is parsed into, so that holding it needs no copy. */
static inline struct tcp_hdr_info *gro_next_info(struct gro *g)
{
	return &g->infos[!g->held];
}

/*
 * Hold `f`, whose header is in gro_next_info(), as the first of a super-segment. Nothing is held now. False:
 * it is not of the kind that can be merged (no payload, or more flags than ACK, PSH and those of ECN).
 */
bool gro_begin(struct gro *g, struct holm_frame *f);

/* The eight bytes from the acknowledgement on, as they lie in memory, without PSH. */
static inline uint64_t gro_middle(const uint8_t *header)
{
	static const uint8_t push[8] = { [5] = TCP_PSH };

	return checksum_load64(header + 8) & ~checksum_load64(push);
}

/*
 * Is `f`, whose TCP header nobody has looked at yet, the continuation of what is held? Addresses,
 * TOS, ports, acknowledgement, window, flags but for PSH, and options are compared as they lie in
 * memory with those of the first frame, which were found good; the sequence number must be the next
 * one and the payload of full size so far. The checksum is the caller's to verify.
 */
static inline bool gro_continues(const struct gro *g, struct holm_frame *f)
{
	const uint8_t *a = g->header;
	const uint8_t *b = holm_frame_data(f) + f->l4_off;
	const struct ip_rx *x = ip_rx(g->head);
	const struct ip_rx *y = ip_rx(f);
	uint32_t hdr_len = g->infos[g->held].hdr_len;
	uint64_t diff;

	/* Too short a packet wraps round and is too long. */
	if (y->l4_len - hdr_len - 1 >= g->next_max || f->segs[0].len < f->l4_off + hdr_len ||
	    load_be32(b + 4) != g->next_seq)
		return false;
	diff = gro_middle(a) ^ gro_middle(b);
	diff |= checksum_load32(a) ^ checksum_load32(b);
	diff |= checksum_load64(x->src.b) ^ checksum_load64(y->src.b);
	diff |= checksum_load64(x->src.b + 8) ^ checksum_load64(y->src.b + 8);
	diff |= checksum_load64(x->dst.b) ^ checksum_load64(y->dst.b);
	diff |= checksum_load64(x->dst.b + 8) ^ checksum_load64(y->dst.b + 8);
	diff |= (uint64_t)(x->tos ^ y->tos);
	for (uint32_t i = TCP_HDR_BYTES; unlikely(i < hdr_len); i += 4)
		diff |= checksum_load32(a + i) ^ checksum_load32(b + i);
	return diff == 0;
}

/*
 * Is it worth while to hold `f` for `next`, which comes behind it: is that between the same ports? Nobody has
 * looked at either's header yet.
 */
static inline bool gro_may_follow(const struct holm_frame *f, const struct holm_frame *next)
{
	return f->segs[0].len >= f->l4_off + sizeof(uint32_t) &&
	       next->segs[0].len >= next->l4_off + sizeof(uint32_t) &&
	       checksum_load32(holm_frame_data(f) + f->l4_off) ==
		       checksum_load32(holm_frame_data(next) + next->l4_off);
}

/* Append it: gro_continues() has said so, and its checksum holds. */
static inline void gro_append(struct gro *g, struct holm_frame *f)
{
	struct tcp_hdr_info *held = gro_info(g);
	uint32_t len = ip_rx(f)->l4_len - held->hdr_len;

	f->payload_off = (uint16_t)(f->l4_off + held->hdr_len);
	held->flags |= holm_frame_data(f)[f->l4_off + 13];
	g->tail->chain = f;
	g->tail = f;
	g->last_seq = g->next_seq;
	g->next_seq += len;
	g->payload_len += len;
	if (unlikely(len < g->frame_len || g->payload_len > GRO_BYTES_MAX - g->frame_len))
		g->next_max = len < g->frame_len ? 0 : GRO_BYTES_MAX - g->payload_len;
}

#endif
