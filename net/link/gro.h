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

#include "net/core/ip_rx.h"
#include "net/wire/tcp.h"

/* Payload of a super-segment is bounded as a super-frame's is: what 16 bits of length can say. */
#define GRO_BYTES_MAX 65535u

/* What is held back: a super-segment in the making. One per instance. */
struct gro {
	struct holm_frame *head, *tail; /* NULL: nothing held */
	/* The head's header (PSH if any frame had it), and room for the next one to be parsed into. */
	struct tcp_hdr_info infos[2];
	unsigned held;
	uint32_t payload_len; /* of all frames of the chain */
	uint32_t frame_len;   /* of the first frame; only the last may be shorter */
	uint32_t next_seq;    /* what the next frame must begin with */
	uint32_t last_seq;    /* of the last frame merged */
	bool closed;	      /* the last frame was a short one: nothing follows */
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
 * it is not of the kind that can be merged (no payload, or more flags than ACK and PSH).
 */
bool gro_begin(struct gro *g, struct holm_frame *f);

/*
 * Is `f` the continuation of what is held (same addresses and ports, next sequence number, same ACK,
 * window, options; only ACK and PSH set; payload of full size so far)? Then it is appended and true
 * is returned.
 */
bool gro_append(struct gro *g, struct holm_frame *f);

#endif
