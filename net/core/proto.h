/*
 * What a protocol registers: the table behind the public names holm_arp, holm_ipv4, holm_tcp, ...
 * Lower layers call up only through it, so nothing inside names every protocol.
 */
#ifndef NET_CORE_PROTO_H
#define NET_CORE_PROTO_H

#include <holm/net.h>
#include <holm/stats.h>

#include "net/core/net.h"

struct ip_error;

enum proto_kind {
	PROTO_LINK,	 /* number is an ethertype: input() gets frames with l3_off set */
	PROTO_TRANSPORT, /* number is an IP protocol: input() gets frames with l4_off and ip_rx() set */
	PROTO_PART,	 /* of a protocol, listed behind it: start() enters there what it adds */
	PROTO_LAYER,	 /* no input of its own: sockets */
};

struct holm_proto {
	const char *name;
	enum proto_kind kind;
	uint16_t number;
	/* Protocols that must be in the list too, NULL-terminated; NULL: none. */
	const struct holm_proto *const *needs;

	/* Build the room's part of the instance. 0 or -HOLM_ENOMEM. Called in the order of `needs`. */
	int (*start)(struct holm_net *net);
	/* Free it; endpoints that are still there go without a word. Called in reverse order. */
	void (*stop)(struct holm_net *net);

	/* A frame; ownership passes. */
	void (*input)(struct holm_net *net, struct holm_frame *f);
	/*
	 * `n` > 1 frames that follow each other in a batch, plain packets of one family to addresses of
	 * ours, each as for input() and with an end of its own: one call where there would be as many.
	 * net->flow and net->last_of_batch are of the last. NULL: they come one by one.
	 */
	void (*input_run)(struct holm_net *net, struct holm_frame **frames, size_t n);
	/* The batch is over, and somebody held something (net_hold()): pass it on. May be NULL. */
	void (*input_done)(struct holm_net *net);
	/* An ICMP error about a packet that this transport sent. May be NULL. */
	void (*error)(struct holm_net *net, const struct ip_error *error);
	/* A device appeared, went, or its link changed; an address came or went. May be NULL. */
	void (*netif_changed)(struct holm_net *net, struct holm_netif *netif);
	/* Visit endpoints and records for holm_net_each_endpoint(); false to stop. May be NULL. */
	bool (*each)(struct holm_net *net,
		     bool (*visit)(void *ctx, const struct holm_ep_info *info), void *ctx);
};

/* The end of a protocol for its table, where instances have one. */
#define PROTO_STOP(stop) (HOLM_WITH_END ? (stop) : NULL)

/* A run for a protocol that takes frames one by one; net->last_of_batch is of the last. */
void proto_input_each(struct holm_net *net, const struct holm_proto *p, struct holm_frame **frames,
		      size_t n);

/*
 * Hand on `n` frames of one batch, or none; `last`: the batch ends with them.
 */
static inline void proto_input_run(struct holm_net *net, const struct holm_proto *p,
				   struct holm_frame **frames, size_t n, bool last)
{
	if (n == 0)
		return;
	net->last_of_batch = last;
	if (n == 1)
		p->input(net, frames[0]);
	else if (likely(p->input_run))
		p->input_run(net, frames, n);
	else
		proto_input_each(net, p, frames, n);
}

/* The protocol of this kind and number in the instance's list, or NULL. */
const struct holm_proto *proto_find(const struct holm_net *net, enum proto_kind kind,
				    uint16_t number);

#endif
