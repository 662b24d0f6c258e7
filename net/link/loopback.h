/*
 * The loopback interface, index 0: frames that the instance sends to itself, handed back within the
 * same poll. It has no link layer, damages nothing (HOLM_DEV_NO_CSUM) and takes super-frames whole.
 *
 * The interface queue is the whole device: loopback_output() puts frames in, loopback_take() gives
 * them to the round, which treats them as it treats any input. Lent spans are copied on the way in,
 * so that a slow reader never pins a sender.
 *
 * A part, holm_loopback: net/ip/local.c.
 */
#ifndef NET_LINK_LOOPBACK_H
#define NET_LINK_LOOPBACK_H

#include "net/link/netif.h"

/* Largest packet: what 16 bits of total length can say. */
#define LOOPBACK_MTU 65535u

struct loopback_ops {
	/* See loopback_output(), with the device that the frame is said to have come in by. */
	void (*output)(struct holm_net *net, struct holm_frame *f, struct holm_dev *dev);
	void (*give_back)(struct holm_net *net, struct holm_frame *f, struct holm_dev *dev);
	/* A device goes, and copies of what was to leave by it. */
	void (*dev_gone)(struct holm_net *net, const struct holm_dev *dev);
	/* Deliver what was sent to ourselves; true while more of it waits. */
	bool (*run)(struct holm_net *net, size_t *budget);
	void (*stop)(struct holm_net *net);
};

/* One per instance with the part; net->loopback is NULL in others, and nobody reaches interface 0. */
struct loopback {
	const struct loopback_ops *ops;
	struct holm_dev dev;
};

/* Make net->netifs[0], without addresses. -HOLM_ENOMEM. */
int loopback_start(struct holm_net *net);

/* Take up to `n` looped frames, oldest first, to be given to eth_input_bare(); returns how many. */
size_t loopback_take(struct holm_net *net, struct holm_frame **frames, size_t n);

/* Ownership passes; a full queue is a counted drop. The frame begins with its network header. */
static inline void loopback_output(struct holm_net *net, struct holm_frame *f)
{
	net->loopback->ops->output(net, f, &net->loopback->dev);
}

/* The same, as if it had come in by `dev`, unharmed: what goes to a link-local address of ours. */
static inline void loopback_output_from(struct holm_net *net, struct holm_frame *f,
					struct holm_dev *dev)
{
	f->csum = HOLM_CSUM_VERIFIED;
	net->loopback->ops->output(net, f, dev);
}

/*
 * The same for a copy of what leaves by `dev`, as if it had come in there. Taps do not see it: they have
 * seen the frame itself.
 */
static inline void loopback_return(struct holm_net *net, struct holm_frame *f, struct holm_dev *dev)
{
	net->loopback->ops->give_back(net, f, dev);
}

/* Is something waiting to be taken? */
static inline bool loopback_is_pending(const struct holm_net *net)
{
	const struct holm_netif *netif = net->netifs[0];

	return netif && netif->head != netif->tail;
}

#endif
