/*
 * Endpoints that keep copies of whole frames: what packet, raw and echo endpoints share, which is a
 * bounded queue, an error that waits to be taken, room at the device they send by, and readiness from
 * these three. What is kept and what is sent is their own business.
 */
#ifndef NET_LINK_FRAME_END_H
#define NET_LINK_FRAME_END_H

#include "net/core/ep.h"
#include "net/core/rxq.h"
#include "net/link/netif.h"

/* The first member of what has it: its address is the event's. */
struct frame_end {
	struct ep ep;
	struct holm_net *net;
	struct rxq rxq;
	struct netif_waiter waiter;
	int error; /* positive, to be taken; 0: none */
};

/* From zero bytes on: owned, empty, writable; holds as much as the instance's settings allow. */
void frame_end_open(struct frame_end *e, struct holm_net *net, enum holm_ep_kind kind);
/* What waits is thrown away, who asks for readiness is told no more. */
void frame_end_close(struct frame_end *e);

/* Queue a copy of the endpoint's own, got from rxq_copy(). */
void frame_end_put(struct frame_end *e, struct holm_frame *copy);
/* The oldest frame, which stays where it is: -HOLM_EAGAIN, or a pending error. */
int frame_end_peek(struct frame_end *e, struct holm_frame **f);
/* Throw it away. */
void frame_end_drop(struct frame_end *e);

/* 0, or the negative error that has waited, which waits no more. */
int frame_end_take_error(struct frame_end *e);
void frame_end_set_error(struct frame_end *e, int error);

/* The device has no room: writable again when it has. -HOLM_EAGAIN. */
int frame_end_wait(struct frame_end *e, struct holm_netif *netif);
/* An interface is no more: frames forget where they came in; `bound`: it was the endpoint's own. */
void frame_end_netif_gone(struct frame_end *e, const struct holm_netif *netif, bool bound);

#endif
