/*
 * split.h -- what cutting a packet that is larger than the path lets through takes in both families:
 * each piece is a frame of its own, whose payload is the whole's memory. Shared by split4.c and split6.c.
 */
#ifndef NET_IP_SPLIT_H
#define NET_IP_SPLIT_H

#include "net/core/net.h"

/* A frame with the `len` bytes at `off` of `f`, shared. NULL: out of frames, counted. */
struct holm_frame *ip_split_take(struct holm_net *net, const struct holm_frame *f, size_t off,
				 size_t len);

#endif
