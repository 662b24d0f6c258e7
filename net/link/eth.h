/*
 * Ethernet: which protocol a received frame is for, the header of one that is sent, and when a
 * received frame may become its own answer. IEEE 802.3 framing with types only; tagged frames are
 * no protocol's here.
 */
#ifndef NET_LINK_ETH_H
#define NET_LINK_ETH_H

#include "net/core/proto.h"
#include "net/link/netif.h"
#include "net/wire/eth.h"

/* Look up the named link protocols; every one of them calls it in its start(). */
void eth_start(struct holm_net *net);

/* A frame off the wire, beginning with its ethernet header; ownership passes. f->dev is set. */
void eth_input(struct holm_net *net, struct holm_frame *f);

/* The same for a frame of a device without link layer: it begins with its network header. */
void eth_input_bare(struct holm_net *net, struct holm_frame *f);

/*
 * The ethernet header that a looped frame would have, addresses zero, for those who look at every frame:
 * writes ETH_HDR_BYTES and returns how many, or 0 where the frame has one.
 */
size_t eth_missing_header(const struct holm_dev *dev, const struct holm_frame *f, uint8_t *p);

/*
 * Put the header in front and send. The frame's offsets already count the header. For broadcasts
 * and multicasts; frames for one host go through neigh_output().
 */
void eth_output(struct holm_netif *netif, struct holm_frame *f, const struct holm_mac *dst,
		uint16_t type);

/*
 * May a received frame be rewritten and sent from where it lies? Only if nobody else sees its bytes
 * and the device finds the head-room that it asked for.
 */
bool eth_may_reply_in_place(const struct holm_netif *netif, const struct holm_frame *f);

/* Forget what reception noted in a frame that is about to be sent. */
void eth_reset_for_reply(struct holm_frame *f);

#endif
