/* The list of those who look at every frame; see tap.h. */
#include "net/core/tap.h"

static void show(struct holm_net *net, struct holm_dev *dev, enum tap_direction direction,
		 const struct holm_frame *f)
{
	const uint16_t own_copy = HOLM_FRAME_LOOPED | HOLM_FRAME_BROADCAST;
	struct list_node *n;

	/* Our own copy of what goes to a group: it is seen as it leaves. */
	if ((f->flags & own_copy) == own_copy)
		return;
	net->callbacks++;
	for (n = list_first(&net->taps); n; n = list_next(&net->taps, n)) {
		struct net_tap *tap = container_of(n, struct net_tap, node);

		tap->see(tap, dev, direction, f);
	}
	net->callbacks--;
}

void tap_add(struct holm_net *net, struct net_tap *tap)
{
	list_push_back(&net->taps, &tap->node);
	net->tap = show;
	/* What comes by itself is shown, too: in a batch. */
	net->flow.alone = NULL;
}

void tap_remove(struct holm_net *net, struct net_tap *tap)
{
	if (!list_is_linked(&tap->node))
		return;
	list_remove(&tap->node);
	if (list_is_empty(&net->taps)) {
		net->tap = NULL;
		net->flow.dev = NULL;
	}
}
