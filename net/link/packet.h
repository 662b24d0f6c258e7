/*
 * Packet endpoints, behind packet sockets: copies of the frames that pass devices, in both directions or
 * of one ethertype only, and frames that a program has written itself. Nothing is asked of the network
 * layer. A frame costs one look by each endpoint, of which there are few.
 */
#ifndef NET_LINK_PACKET_H
#define NET_LINK_PACKET_H

#include <holm/socket.h>

#include "net/link/frame_end.h"

/* Linux's numbers for an endpoint's ethertype: frames of every type, and none. */
#define PACKET_TYPE_ALL 0x0003u
#define PACKET_TYPE_NONE 0u

/* What a frame is to the machine: sll_pkttype. */
enum packet_kind {
	PACKET_HOST = 0,
	PACKET_BROADCAST = 1,
	PACKET_MULTICAST = 2,
	PACKET_OTHERHOST = 3,
	PACKET_OUTGOING = 4,
};

/* What is remembered of a copy, in its scratch. The device may go before it is read. */
struct packet_rx {
	uint32_t ifindex; /* as Linux counts, the loopback is 1 */
	uint16_t type;	  /* ethertype */
	uint8_t kind;	  /* enum packet_kind */
	bool looped;	  /* the device is the loopback */
	struct holm_mac src;
};

/* One per endpoint. Owned by its socket until packet_close(). */
struct packet_end {
	struct frame_end base; /* first */
	struct list_node all_node;
	struct net_tap tap;   /* linked while the type is not PACKET_TYPE_NONE */
	struct holm_dev *dev; /* NULL: all of them */
	bool dev_gone;
	bool cooked;  /* programs see and write no link header */
	bool sending; /* the frame that passes is its own */
	bool ignore_outgoing;
	uint16_t type;
	uint32_t packets, drops; /* since somebody asked */
};

/* One per instance. */
struct packet_ends {
	struct list all;
	uint32_t count;
};

/* Where a frame goes. */
struct packet_to {
	struct holm_dev *dev;
	uint16_t type;		    /* cooked ones write it */
	const struct holm_mac *mac; /* NULL: none, which only the loopback takes */
};

must_check int packet_start(struct holm_net *net);
void packet_stop(struct holm_net *net);
void packet_netif_changed(struct holm_net *net, struct holm_netif *netif);

/* -HOLM_ENOBUFS, -HOLM_ENOMEM. */
int packet_open(struct holm_net *net, bool cooked, uint16_t type, struct packet_end **out);
void packet_close(struct packet_end *e);
/* Frames of this type and device from now on; what waits stays. */
void packet_bind(struct packet_end *e, struct holm_dev *dev, uint16_t type);

/*
 * Send one frame. -HOLM_EMSGSIZE, -HOLM_EINVAL (too short for a header, or no destination), -HOLM_ENETDOWN,
 * -HOLM_EAGAIN (no room: writable says when).
 */
int packet_send(struct packet_end *e, const struct packet_to *to, const struct holm_msg *msg);

/* Where what a program sees of a frame begins. */
size_t packet_offset(const struct packet_end *e);

static inline const struct packet_rx *packet_rx(const struct holm_frame *f)
{
	return (const struct packet_rx *)(const void *)f->cb.bytes;
}

#endif
