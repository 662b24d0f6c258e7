/*
 * Ports: who is bound to which, and choosing one (RFC 6056 section 3.3.2). A port that nobody is
 * bound to has no record; the probe for a free one is a lookup in a hash table.
 */
#include "net/udp/udp.h"

#include "net/core/random.h"

static uint32_t port_hash(const struct holm_net *net, uint16_t port)
{
	return fold_hash_2(&net->secrets.flow, port, 0);
}

struct udp_port *udp_port_probe(const struct holm_net *net, uint16_t port)
{
	struct udp_state *udp = net->udp;
	struct htab_node *n;

	for (n = table_first(&udp->ports, port_hash(net, port)); n;
	     n = table_next(&udp->ports, n)) {
		struct udp_port *p = container_of(n, struct udp_port, node);

		if (p->port != port)
			continue;
		udp->recent[port % UDP_PORTS_RECENT] = p;
		return p;
	}
	return NULL;
}

static struct udp_port *port_create(struct holm_net *net, uint16_t port)
{
	struct udp_port *p = mem_zalloc(&net->mem, sizeof(*p));

	if (!p)
		return NULL;
	p->port = port;
	list_init(&p->unconnected);
	list_init(&p->connected);
	if (!table_insert(&net->udp->ports, &p->node, port_hash(net, port))) {
		mem_free(&net->mem, p, sizeof(*p));
		return NULL;
	}
	return p;
}

static void port_release(struct holm_net *net, struct udp_port *p)
{
	struct udp_port **recent = &net->udp->recent[p->port % UDP_PORTS_RECENT];

	if (!list_is_empty(&p->unconnected) || !list_is_empty(&p->connected))
		return;
	if (*recent == p)
		*recent = NULL;
	table_remove(&net->udp->ports, &p->node);
	mem_free(&net->mem, p, sizeof(*p));
}

/* Could a datagram be for both? */
static bool overlap(const struct holm_udp *a, const struct holm_udp *b)
{
	bool a_any = holm_addr_is_any(&a->local);
	bool b_any = holm_addr_is_any(&b->local);
	bool a4 = holm_addr_is_ip4(&a->local);
	bool b4 = holm_addr_is_ip4(&b->local);

	if (a->dev && b->dev && a->dev != b->dev)
		return false;
	if (a4 != b4)
		return (a_any && !a4 && !a->v6only) || (b_any && !b4 && !b->v6only);
	return a_any || b_any || holm_addr_equal(&a->local, &b->local);
}

static bool list_conflicts(const struct list *list, const struct holm_udp *u)
{
	struct list_node *n;

	for (n = list_first(list); n; n = list_next(list, n)) {
		const struct holm_udp *other = container_of(n, struct holm_udp, port_node);

		if (!(other->reuse && u->reuse) && !(other->share && u->share) && overlap(other, u))
			return true;
	}
	return false;
}

static bool conflicts(const struct udp_port *p, const struct holm_udp *u)
{
	/* Everybody shares: no need to look at each of perhaps many. */
	if (u->reuse && p->exclusive == 0)
		return false;
	return list_conflicts(&p->unconnected, u) || list_conflicts(&p->connected, u);
}

/* Somebody came, or went. */
static void see_who_is_left(struct udp_port *p)
{
	bool either = list_is_empty(&p->unconnected) != list_is_empty(&p->connected);
	const struct list *one = list_is_empty(&p->connected) ? &p->unconnected : &p->connected;

	p->only = either && list_is_single(one)
			  ? container_of(list_first(one), struct holm_udp, port_node)
			  : NULL;
}

static void enter(struct holm_udp *u, struct udp_port *p)
{
	u->port = p;
	u->lport = p->port;
	list_push_back(&p->unconnected, &u->port_node);
	if (!u->reuse)
		p->exclusive++;
	if (u->any_dst)
		ip_any_dst_users(u->net, 1);
	see_who_is_left(p);
}

void udp_unbind(struct holm_udp *u)
{
	struct udp_port *p = u->port;

	if (!p)
		return;
	list_remove(&u->port_node);
	if (!u->reuse)
		p->exclusive--;
	if (u->any_dst)
		ip_any_dst_users(u->net, -1);
	u->port = NULL;
	u->lport = 0;
	see_who_is_left(p);
	port_release(u->net, p);
}

int udp_bind_any_port(struct holm_udp *u)
{
	struct holm_net *net = u->net;
	uint32_t start = net_random_below(net, UDP_PORT_COUNT);

	for (uint32_t i = 0; i < UDP_PORT_COUNT; i++) {
		uint16_t port = (uint16_t)(UDP_PORT_FIRST + (start + i) % UDP_PORT_COUNT);
		struct udp_port *p;

		if (udp_port_find(net, port))
			continue;
		p = port_create(net, port);
		if (!p)
			return -HOLM_ENOMEM;
		enter(u, p);
		return 0;
	}
	return -HOLM_EADDRINUSE;
}

static int bind_port(struct holm_udp *u, uint16_t port)
{
	struct udp_port *p = udp_port_find(u->net, port);

	if (p && conflicts(p, u))
		return -HOLM_EADDRINUSE;
	if (!p)
		p = port_create(u->net, port);
	if (!p)
		return -HOLM_ENOMEM;
	enter(u, p);
	return 0;
}

/* An address that an endpoint may have: ours, a wildcard, or one that many have. */
static bool is_bindable(struct holm_net *net, const struct holm_addr *a)
{
	return holm_addr_is_any(a) || holm_addr_is_multicast(a) || ip_addr_is_local(net, a) ||
	       !ip_addr_is_unicast(net, a);
}

int udp_bind_to_scope(struct holm_udp *u, const struct holm_endpoint *e, bool *bound)
{
	struct holm_dev *dev;

	*bound = false;
	if (likely(e->scope == 0 || !ip6_needs_zone(&e->addr)))
		return 0;
	dev = holm_net_dev_at(u->net, e->scope);
	if (!dev)
		return -HOLM_ENODEV;
	if (u->dev && u->dev != dev)
		return -HOLM_EINVAL;
	*bound = !u->dev;
	u->dev = dev;
	return 0;
}

int holm_udp_bind(struct holm_udp *u, const struct holm_endpoint *local, unsigned flags)
{
	bool to_scope;
	int err;

	ASSERT(!u->net->callbacks);
	if (u->port ||
	    (flags & ~(unsigned)(HOLM_UDP_REUSEADDR | HOLM_UDP_REUSEPORT | HOLM_UDP_V6ONLY |
				 HOLM_UDP_ANY_DST | HOLM_UDP_ADDR_ONLY)))
		return -HOLM_EINVAL;
	if (!u->may_be_foreign && !is_bindable(u->net, &local->addr))
		return -HOLM_EADDRNOTAVAIL;
	err = udp_bind_to_scope(u, local, &to_scope);
	if (err)
		return err;
	u->local = local->addr;
	u->reuse = (flags & HOLM_UDP_REUSEADDR) != 0;
	u->share = (flags & HOLM_UDP_REUSEPORT) != 0;
	u->v6only |= (flags & HOLM_UDP_V6ONLY) != 0;
	u->any_dst = (flags & HOLM_UDP_ANY_DST) != 0;
	u->local_given = !holm_addr_is_any(&local->addr);
	u->local_is_many = u->local_given && !ip_addr_is_unicast(u->net, &local->addr);
	u->is_ip6 |= ip6_is_any(&local->addr);
	if (local->port)
		err = bind_port(u, local->port);
	else if (!(flags & HOLM_UDP_ADDR_ONLY))
		err = udp_bind_any_port(u);
	if (err) {
		u->local = udp_wildcard(u);
		u->local_given = false;
		u->local_is_many = false;
		u->dev = to_scope ? NULL : u->dev;
	}
	u->port_given = u->port && local->port != 0;
	return err;
}

void holm_udp_bind_dev(struct holm_udp *u, struct holm_dev *dev)
{
	u->dev = dev;
	u->dev_gone = false;
	u->dev_of_remote = false;
	udp_drop_dst(u);
}
