/*
 * Readiness of endpoints. struct ep is the base of every public endpoint: its level state, its
 * place on the instance's ready list, its owner's cookie. State is published here before anyone can
 * be told of it, so no wake is lost.
 */
#ifndef NET_CORE_EP_H
#define NET_CORE_EP_H

#include <holm/net.h>

#include "lib/htab.h"
#include "net/core/net.h"

/* The first member of every endpoint, so that its address is the handle's. */
struct ep {
	struct list_node ready; /* on net->ready while its change has not been handed out */
	void *cookie;
	uint16_t state;	       /* enum holm_state */
	uint8_t kind;	       /* enum holm_ep_kind */
	bool owned;	       /* a program holds the handle: events may name it */
	struct htab_node node; /* in its transport's table of flows, while it is in that */
};

/* All zero but the kind; not owned yet. */
static inline void ep_init(struct ep *e, enum holm_ep_kind kind)
{
	list_node_init(&e->ready);
	e->cookie = NULL;
	e->state = 0;
	e->kind = (uint8_t)kind;
	e->owned = false;
}

/* Something worth a look has happened (again), whether or not the level changed: new bytes, say. */
static inline void ep_notify(struct holm_net *net, struct ep *e)
{
	if (e->owned && !list_is_linked(&e->ready))
		list_push_back(&net->ready, &e->ready);
}

/* Set the level state; a change puts the endpoint on the ready list. */
static inline void ep_set(struct holm_net *net, struct ep *e, unsigned state)
{
	if (e->state == state)
		return;
	e->state = (uint16_t)state;
	ep_notify(net, e);
}

/* The handle was given up: no event names it again. */
static inline void ep_disown(struct ep *e)
{
	e->owned = false;
	if (list_is_linked(&e->ready))
		list_remove(&e->ready);
}

#endif
