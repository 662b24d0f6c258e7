/*
 * Finding the endpoint of a datagram; see udp.h. Of several, exact flows first, then the best of those bound
 * to the port: a specific address before the wildcard, a device before any device, the datagram's own
 * family before the other, the last that was bound before those before it.
 */
#include "net/udp/udp.h"

static uint32_t flow_hash(const struct holm_net *net, const struct holm_addr *local, uint16_t lport,
			  const struct holm_addr *remote, uint16_t rport)
{
	const struct hash_key *key = &net->secrets.flow;
	uint64_t ports = (uint64_t)lport << 16 | rport;
	uint64_t state = fold_hash_mix(key, ports, load_be64(local->b), load_be64(local->b + 8));

	state = fold_hash_mix(key, state, load_be64(remote->b), load_be64(remote->b + 8));
	return fold_hash_end(key, state);
}

static bool is_between(const struct holm_udp *u, const struct holm_addr *local, uint16_t lport,
		       const struct holm_addr *remote, uint16_t rport)
{
	return u->lport == lport && u->rport == rport && udp_same_addr(&u->local, local) &&
	       udp_same_addr(&u->remote, remote);
}

/* Is it, where it is bound to one, the device that it is bound to? */
static bool hears(const struct holm_udp *u, const struct holm_dev *dev)
{
	return !u->dev_gone && (!u->dev || u->dev == dev);
}

/* Of those connected alike, who share a port: who is bound to the device, then the last, as on Linux. */
static bool is_before(const struct holm_udp *u, const struct holm_udp *best)
{
	if (!best || !u->dev != !best->dev)
		return !best || u->dev;
	return u->connection > best->connection;
}

struct holm_udp *udp_find_connected(const struct holm_net *net, const struct holm_addr *local,
				    uint16_t lport, const struct holm_addr *remote, uint16_t rport,
				    const struct holm_dev *dev)
{
	const struct table *flows = &net->udp->flows;
	struct holm_udp *best = NULL;
	struct htab_node *n;

	if (table_nodes(flows) == 0)
		return NULL;
	for (n = table_first(flows, flow_hash(net, local, lport, remote, rport)); n;
	     n = table_next(flows, n)) {
		struct holm_udp *u = container_of(n, struct holm_udp, ep.node);

		if (hears(u, dev) && is_between(u, local, lport, remote, rport) &&
		    is_before(u, best))
			best = u;
	}
	return best;
}

int udp_flow_insert(struct holm_udp *u)
{
	struct holm_net *net = u->net;
	uint32_t hash = flow_hash(net, &u->local, u->lport, &u->remote, u->rport);

	u->connection = ++net->udp->connections;
	return table_insert(&net->udp->flows, &u->ep.node, hash) ? 0 : -HOLM_ENOMEM;
}

void udp_flow_remove(struct holm_udp *u)
{
	table_remove(&u->net->udp->flows, &u->ep.node);
}

/* The wildcard of IPv6 takes both families unless it was told not to. */
static bool wildcard_takes(const struct holm_udp *u, const struct holm_addr *dst)
{
	if (!holm_addr_is_any(&u->local))
		return false;
	return holm_addr_is_ip4(&u->local) == holm_addr_is_ip4(dst) ||
	       (!holm_addr_is_ip4(&u->local) && !u->v6only);
}

bool udp_takes(const struct holm_udp *u, const struct holm_addr *dst, const struct holm_dev *dev)
{
	return hears(u, dev) && (udp_same_addr(&u->local, dst) || wildcard_takes(u, dst));
}

/*
 * How well does a bound endpoint fit? 0: not at all. An address before a wildcard, a device before any, and
 * of the wildcards that of the datagram's own family.
 */
static unsigned fitness(const struct holm_udp *u, const struct holm_addr *dst,
			const struct holm_dev *dev)
{
	if (!udp_takes(u, dst, dev))
		return 0;
	return 1u + (holm_addr_is_ip4(&u->local) == holm_addr_is_ip4(dst) ? 1u : 0u) +
	       (u->dev ? 2u : 0u) + (holm_addr_is_any(&u->local) ? 0u : 4u);
}

/* The `pick`th of those that share the port and fit equally well. */
static struct holm_udp *pick_sharer(const struct udp_port *port, const struct holm_addr *dst,
				    const struct holm_dev *dev, unsigned fits, uint32_t pick)
{
	struct list_node *n = list_first(&port->unconnected);

	for (;; n = list_next(&port->unconnected, n)) {
		struct holm_udp *u = container_of(n, struct holm_udp, port_node);

		if (u->share && fitness(u, dst, dev) == fits && pick-- == 0)
			return u;
	}
}

/*
 * Of those that fit equally well the last that was bound, as on Linux; but those who share the port each
 * get their part of the flows.
 */
static struct holm_udp *best_bound(const struct holm_net *net, const struct udp_port *port,
				   const struct holm_dev *dev, const struct ip_rx *rx,
				   uint16_t sport)
{
	struct holm_udp *best = NULL;
	unsigned best_fits = 0;
	uint32_t sharers = 0;
	struct list_node *n;

	for (n = list_first(&port->unconnected); n; n = list_next(&port->unconnected, n)) {
		struct holm_udp *u = container_of(n, struct holm_udp, port_node);
		unsigned fits = fitness(u, &rx->dst, dev);

		if (fits == 0 || fits < best_fits)
			continue;
		if (fits > best_fits)
			sharers = 0;
		best = u;
		best_fits = fits;
		sharers += u->share ? 1u : 0u;
	}
	if (likely(sharers <= 1))
		return best;
	return pick_sharer(port, &rx->dst, dev, best_fits,
			   flow_hash(net, &rx->dst, port->port, &rx->src, sport) % sharers);
}

static never_inline struct holm_udp *find(const struct holm_net *net, const struct udp_port *port,
					  const struct holm_dev *dev, const struct ip_rx *rx,
					  uint16_t sport)
{
	struct holm_udp *u = NULL;

	if (!list_is_empty(&port->connected))
		u = udp_find_connected(net, &rx->dst, port->port, &rx->src, sport, dev);
	return u ? u : best_bound(net, port, dev, rx, sport);
}

struct holm_udp *udp_lookup(const struct holm_net *net, const struct holm_dev *dev,
			    const struct ip_rx *rx, const uint8_t *ports)
{
	uint16_t sport = load_be16(ports), dport = load_be16(ports + 2);
	const struct udp_port *port = udp_port_find(net, dport);
	struct holm_udp *u;
	bool takes;

	if (unlikely(!port))
		return NULL;
	u = port->only;
	if (unlikely(!u))
		return find(net, port, dev, rx, sport);
	if (u->connected)
		takes = hears(u, dev) && is_between(u, &rx->dst, dport, &rx->src, sport);
	else
		takes = udp_takes(u, &rx->dst, dev);
	return likely(takes) ? u : NULL;
}
