/*
 * Software segmentation: a TCP super-frame becomes frames of MTU size at the last moment, when the
 * device cannot do it. A device that gathers gets the lent bytes where they lie, summed; for others
 * payload is copied once, together with its checksum.
 */
#ifndef NET_LINK_GSO_H
#define NET_LINK_GSO_H

#include "net/link/netif.h"

/*
 * Cut `f` (csum PARTIAL, gso != NONE, hdr_len and gso_size set, headers in the first segment) and
 * netif_enqueue() the pieces, which fit the device. Also serves a frame of a single
 * segment that must become linear. Ownership of `f` passes. When the pool runs out, the rest is a
 * counted drop.
 */
void gso_output(struct holm_netif *netif, struct holm_frame *f);

#endif
