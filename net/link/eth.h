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

/* eth_input() of frames that are not like most. */
void eth_input_any(struct holm_net *net, struct holm_frame *f);

/* Is it like most: for the device alone, and of IPv4? */
static inline bool eth_is_usual(const struct holm_dev *dev, const struct holm_frame *f)
{
	const struct eth_hdr *h = (const struct eth_hdr *)(const void *)holm_frame_data(f);

	return likely(f->segs[0].len >= ETH_HDR_BYTES && eth_equal(&h->dst, &dev->mac) &&
		      be16_get(h->type) == ETH_TYPE_IP4);
}

/* A frame off the wire, beginning with its ethernet header; ownership passes. f->dev is set. */
static inline void eth_input(struct holm_net *net, struct holm_frame *f)
{
	if (unlikely(!net->link_ip4 || !eth_is_usual(f->dev, f))) {
		eth_input_any(net, f);
		return;
	}
	f->l3_off = ETH_HDR_BYTES;
	net->link_ip4->input(net, f);
}

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
