/*
 * Software segmentation: a TCP super-frame becomes frames of MTU size at the last moment, when the
 * device cannot do it. A device that gathers gets the lent bytes where they lie, summed; for others
 * payload is copied once, together with its checksum.
 */
#ifndef NET_LINK_GSO_H
#define NET_LINK_GSO_H

#include "net/link/netif.h"

/*
 * A run of segments that is about to be cut: the headers that its pieces have in common, their sums, and
 * where the payload is. Who fills it in leaves what gso_cut() puts there itself: lengths, identifiers,
 * sequence numbers, flags, checksums.
 */
struct gso_run {
	struct holm_netif *netif;
	/* Where the next payload byte is. */
	const struct holm_seg *seg;
	size_t off;
	uint32_t seq;
	uint32_t ip_sum;  /* of the IPv4 header without length and identifier */
	uint32_t pseudo;  /* of the pseudo header without the length */
	uint32_t tcp_sum; /* of TCP's header without sequence number and flags */
	uint16_t ip_id;
	uint16_t frame_flags;
	uint16_t l3_off, l4_off, hdr_len;
	uint8_t flags; /* of all of it: FIN and PSH are the last piece's, CWR the first one's */
	bool ip6;
	bool gathers; /* pieces refer to payload where it lies: the segments have buffers */
	uint8_t header[HOLM_FRAME_HEADROOM];
};

/*
 * Cut `len` payload bytes in pieces of `size` (the last may be shorter, or all of it) and netif_enqueue()
 * them. Returns how many bytes went: fewer only if the pool ran out.
 */
size_t gso_cut(struct gso_run *run, size_t len, size_t size);

/*
 * The same of `f` (csum PARTIAL, gso != NONE, hdr_len and gso_size set, headers in the first segment).
 * Also serves a frame of a single segment that must become linear. Ownership of `f` passes. When the pool
 * runs out, the rest is a counted drop.
 */
void gso_output(struct holm_netif *netif, struct holm_frame *f);

#endif
