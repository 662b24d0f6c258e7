/*
 * Ports in use: every bound endpoint, listeners among them, in a table by port. Connections are not
 * here: four-tuples keep them apart.
 */
#include "net/tcp/opening.h"

static uint32_t port_hash(const struct tcp_state *ts, uint16_t port)
{
	return table_hash_2(&ts->net->secrets.flow, port, 0);
}

static struct tcp_bind *bind_at(struct htab_node *n)
{
	return container_of(n, struct tcp_bind, node);
}

/* Could one address mean the other? "::" without V6ONLY means IPv4, too. */
static bool overlap(const struct tcp_bind *b, const struct holm_addr *addr, bool v6only)
{
	bool b4 = ip4_is_addr(&b->addr);
	bool a4 = ip4_is_addr(addr);

	if (b4 != a4)
		return b4 ? holm_addr_is_any(addr) && !v6only
			  : holm_addr_is_any(&b->addr) && !b->v6only;
	return holm_addr_is_any(addr) || holm_addr_is_any(&b->addr) ||
	       holm_addr_equal(addr, &b->addr);
}

/* The device that its listener hears, NULL: all. */
static const struct holm_dev *dev_of(const struct holm_tcp *owner)
{
	return tcp_settings(owner)->via.dev;
}

/* Bound to two devices, they never hear the same. */
static bool is_apart(const struct holm_tcp *a, const struct holm_tcp *b)
{
	return dev_of(a) && dev_of(b) && dev_of(a) != dev_of(b);
}

/* Is there who does not share the port with one that is bound so? */
static bool is_taken(struct tcp_state *ts, const struct holm_tcp *c, const struct holm_addr *addr,
		     uint16_t port, unsigned flags)
{
	const struct tcp_bind *b;

	if (!HOLM_WITH_PORTS)
		return tcp_port_is_bound(ts, port);
	for (struct htab_node *n = table_first(&ts->binds, port_hash(ts, port)); n;
	     n = table_next(&ts->binds, n)) {
		b = bind_at(n);
		if (b->port != port || !overlap(b, addr, (flags & HOLM_TCP_V6ONLY) != 0) ||
		    is_apart(b->owner, c))
			continue;
		if ((flags & HOLM_TCP_REUSEPORT) && b->share)
			continue;
		if (!(flags & HOLM_TCP_REUSEADDR) || !b->reuse ||
		    b->owner->state == HOLM_TCP_LISTEN)
			return true;
	}
	return false;
}

int tcp_bind_add(struct tcp_state *ts, struct holm_tcp *c, const struct holm_addr *addr,
		 uint16_t port, unsigned flags)
{
	struct tcp_bind *b;

	/* Without a port there is nothing that two could want. */
	if (port && is_taken(ts, c, addr, port, flags))
		return -HOLM_EADDRINUSE;
	b = mem_zalloc(&ts->net->mem, sizeof(*b));
	if (!b)
		return -HOLM_ENOMEM;
	b->owner = c;
	b->addr = *addr;
	b->port = port;
	if (HOLM_WITH_PORTS) {
		b->reuse = (flags & HOLM_TCP_REUSEADDR) != 0;
		b->share = (flags & HOLM_TCP_REUSEPORT) != 0;
	}
	b->v6only = HOLM_WITH_IPV6 && (flags & HOLM_TCP_V6ONLY);
	list_init(&b->children);
	if (!table_insert(&ts->binds, &b->node, port_hash(ts, port))) {
		mem_free(&ts->net->mem, b, sizeof(*b));
		return -HOLM_ENOMEM;
	}
	c->lport = port;
	c->flags |= TCP_BOUND;
	return 0;
}

struct tcp_bind *tcp_bind_of(struct tcp_state *ts, const struct holm_tcp *c)
{
	struct htab_node *n;

	if (!FOR_SIZE && ts->heard.bind && ts->heard.bind->owner == c)
		return ts->heard.bind;
	n = table_first(&ts->binds, port_hash(ts, c->lport));
	while (n && bind_at(n)->owner != c)
		n = table_next(&ts->binds, n);
	return n ? bind_at(n) : NULL;
}

void tcp_bind_drop(struct tcp_state *ts, struct tcp_bind *b)
{
	ASSERT(b && list_is_empty(&b->children));
	ts->heard.bind = NULL;
	table_remove(&ts->binds, &b->node);
	mem_free(&ts->net->mem, b, sizeof(*b));
}

void tcp_bind_remove(struct tcp_state *ts, struct holm_tcp *c)
{
	tcp_bind_drop(ts, tcp_bind_of(ts, c));
	c->flags &= ~(uint32_t)TCP_BOUND;
}

int tcp_bind_find_port(struct tcp_state *ts, struct holm_tcp *c, struct tcp_bind *b)
{
	unsigned flags = (b->reuse ? HOLM_TCP_REUSEADDR : 0u) |
			 (b->share ? HOLM_TCP_REUSEPORT : 0u) | (b->v6only ? HOLM_TCP_V6ONLY : 0u);
	uint16_t port = HOLM_WITH_PORTS ? tcp_port_any(ts, &b->addr) : 0;
	int err;

	if (port == 0)
		return -HOLM_EADDRINUSE;
	err = tcp_bind_add(ts, c, &b->addr, port, flags);
	if (!err)
		tcp_bind_drop(ts, b);
	return err;
}

bool tcp_bind_is_listened(struct tcp_state *ts, const struct tcp_bind *bind)
{
	struct htab_node *n =
		HOLM_WITH_PORTS ? table_first(&ts->binds, port_hash(ts, bind->port)) : NULL;

	for (; n; n = table_next(&ts->binds, n)) {
		const struct tcp_bind *b = bind_at(n);

		if (b != bind && b->port == bind->port && b->owner->state == HOLM_TCP_LISTEN &&
		    !(b->share && bind->share) && overlap(b, &bind->addr, bind->v6only) &&
		    !is_apart(b->owner, bind->owner))
			return true;
	}
	return false;
}

/* What a listener is looked for with. */
struct wanted {
	const struct holm_addr *addr;
	const struct holm_dev *dev; /* by which it came; NULL: not known */
	uint16_t port;
};

/* Does it listen to this port, and by this device? */
static bool may_hear(const struct tcp_bind *b, const struct wanted *w)
{
	const struct holm_dev *dev = dev_of(b->owner);

	return b->port == w->port && b->owner->state == HOLM_TCP_LISTEN &&
	       !(dev && w->dev && dev != w->dev);
}

/*
 * How well does a listener fit? 0: not at all. An address before a wildcard, a device before any, and a
 * wildcard of the segment's own family before "::", as on Linux.
 */
static unsigned fitness(const struct tcp_bind *b, const struct wanted *w)
{
	const struct holm_dev *dev = dev_of(b->owner);
	bool exact = holm_addr_equal(&b->addr, w->addr);

	if (!may_hear(b, w) || !(exact || overlap(b, w->addr, true)))
		return 0;
	return 1u + (exact ? 4u : 0u) + (dev ? 2u : 0u) +
	       (ip4_is_addr(&b->addr) == ip4_is_addr(w->addr) ? 1u : 0u);
}

/* The `pick`th of those that fit equally well. */
static struct tcp_bind *pick_listener(const struct tcp_state *ts, struct htab_node *n,
				      const struct wanted *w, unsigned fits, uint32_t pick)
{
	while (fitness(bind_at(n), w) != fits || pick-- > 0)
		n = table_next(&ts->binds, n);
	return bind_at(n);
}

/* Where ports are not shared. */
static struct tcp_bind *only_listener(struct tcp_state *ts, const struct wanted *w)
{
	struct htab_node *n = table_first(&ts->binds, port_hash(ts, w->port));

	while (n && !(may_hear(bind_at(n), w) && overlap(bind_at(n), w->addr, true)))
		n = table_next(&ts->binds, n);
	return n ? bind_at(n) : NULL;
}

/* *by_dev: on another device it may be somebody else. */
static struct tcp_bind *look_up(struct tcp_state *ts, const struct wanted *w, uint32_t flow,
				bool *by_dev)
{
	struct htab_node *first;
	struct tcp_bind *best = NULL;
	unsigned best_fits = 0;
	uint32_t equals = 0;

	*by_dev = false;
	if (!HOLM_WITH_PORTS)
		return only_listener(ts, w);
	first = table_first(&ts->binds, port_hash(ts, w->port));
	for (struct htab_node *n = first; n; n = table_next(&ts->binds, n)) {
		unsigned fits = fitness(bind_at(n), w);

		*by_dev |= bind_at(n)->port == w->port && dev_of(bind_at(n)->owner);
		if (fits == 0 || fits < best_fits)
			continue;
		equals = fits > best_fits ? 1 : equals + 1;
		if (fits > best_fits)
			best = bind_at(n);
		best_fits = fits;
	}
	if (equals > 1)
		return pick_listener(ts, first, w, best_fits, flow % equals);
	if (!*by_dev)
		ts->heard = (struct tcp_heard){ best, *w->addr, w->port };
	return best;
}

struct tcp_bind *tcp_look_up_listener(struct tcp_state *ts, const struct holm_addr *addr,
				      uint16_t port, const struct holm_dev *dev, uint32_t flow)
{
	const struct wanted w = { addr, dev, port };
	bool by_dev;

	return look_up(ts, &w, flow, &by_dev);
}

struct tcp_bind *tcp_find_listener_of(struct tcp_state *ts, const struct tcp_tuple *ends)
{
	const struct ip_via any = { 0 };
	const struct ip_via via = tcp_via(ts->net, &any, ends->scope);
	uint32_t flow = tcp_hash(ts->net, ends);
	struct wanted w = { &ends->local, via.dev, ends->lport };
	struct tcp_bind *b;
	struct ip_dst *dst;
	bool by_dev;

	if (tcp_is_heard(ts, w.addr, w.port))
		return ts->heard.bind;
	b = look_up(ts, &w, flow, &by_dev);
	if (!by_dev || via.dev || ip_dst_get_via(ts->net, &ends->remote, &via, &dst) != 0)
		return b;
	w.dev = dst->netif ? dst->netif->dev : NULL;
	ip_dst_put(ts->net, dst);
	return look_up(ts, &w, flow, &by_dev);
}

bool tcp_port_is_bound(struct tcp_state *ts, uint16_t port)
{
	struct htab_node *n =
		table_nodes(&ts->binds) > 0 ? table_first(&ts->binds, port_hash(ts, port)) : NULL;

	while (n && bind_at(n)->port != port)
		n = table_next(&ts->binds, n);
	return n != NULL;
}
