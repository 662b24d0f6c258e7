/*
 * IPv6 in and out: RFC 8200, RFC 4291, RFC 4007. A packet is validated once, here; its extension
 * headers in ip6_ext.c; transports find what they need in ip_rx(). The choice of sources is in select.c,
 * the life of addresses in lifetime.c. No forwarding.
 */
#include "net/ip/ip6_send.h"
#include "net/ip/state.h"

#include "lib/mem.h"
#include "net/core/random.h"
#include "net/link/eth.h"
#include "net/link/loopback.h"
#include "net/link/neigh.h"
#include "net/wire/ip6.h"
#include "net/wire/nd.h"

/* ---- Input. */

/* How an address ends: for most that are not ours this is all that has to be asked. */
static inline uint64_t ending_of(const struct holm_addr *a)
{
	return UINT64_C(1) << (a->b[15] & 63);
}

/* Is it an address of ours, for a packet that came in by this interface? */
static inline bool is_ours(const struct ip_state *ip, const struct holm_netif *netif,
			   const struct holm_addr *a)
{
	const uint64_t high = load_be64(a->b), low = load_be64(a->b + 8);

	if (!(ip->endings6 & ending_of(a)))
		return false;
	for (uint32_t i = 0; i < ip->nlocals6; i++) {
		const struct ip6_local *l = &ip->locals6[i];

		if (load_be64(l->addr.b + 8) == low && load_be64(l->addr.b) == high &&
		    (!ip6_is_link_local(a) || l->netif_index == netif->index))
			return true;
	}
	return false;
}

/*
 * May a packet with this source come from the wire? Not from a group (RFC 4291 section 2.7), not from
 * loopback (2.5.3), not from an address of ours; from no address at all only to a group, as hosts
 * do that are to get one (RFC 4862 section 5.4.2).
 */
static bool source_is_possible(const struct holm_net *net, const struct holm_netif *netif,
			       const struct holm_addr *src, const struct holm_addr *dst)
{
	if (ip6_is_multicast(src) || ip6_is_loopback(src) || ip6_is_mapped(src))
		return false;
	if (ip6_is_any(src))
		return ip6_is_multicast(dst);
	return !is_ours(net->ip, netif, src);
}

static bool ip6_lets_in(const struct holm_net *net, const struct holm_netif *netif,
			const struct holm_addr *src, const struct holm_addr *dst)
{
	return is_ours(net->ip, netif, dst) && source_is_possible(net, netif, src, dst);
}

/* From ourselves: only what we could have sent. */
static bool looped_source_is_possible(const struct holm_net *net, const struct holm_netif *netif,
				      const struct ip6_info *info)
{
	if (ip6_is_any(&info->src))
		return ip6_is_multicast(&info->dst);
	return ip6_is_loopback(&info->src) || is_ours(net->ip, netif, &info->src);
}

/*
 * Of groups, those that the interface is in; RFC 4291 section 2.7, and its erratum 3480: what says that
 * it does not leave the host, or has no scope at all, comes from no wire.
 */
static bool group_is_ours(const struct holm_net *net, const struct holm_frame *f,
			  const struct holm_addr *group)
{
	enum ip6_scope scope = ip6_scope_of(group);

	if (scope == IP6_SCOPE_RESERVED ||
	    (scope == IP6_SCOPE_INTERFACE && !(f->flags & HOLM_FRAME_LOOPED)))
		return false;
	return ip_group_has(net, f->dev->netif, group);
}

/*
 * A neighbour advertisement for all to hear. One from an address of ours is from somebody who has it as
 * well, and neighbour discovery is to know.
 */
static bool is_claim(const struct holm_frame *f, const struct ip6_info *info)
{
	size_t at = (size_t)f->l3_off + IP6_HDR_BYTES;

	return info->next == IP6_PROTO_ICMP && info->hop_limit == ND_HOP_LIMIT &&
	       ip6_is_multicast(&info->dst) && f->segs[0].len > at &&
	       holm_frame_data(f)[at] == ND_NEIGHBOUR_ADVERT;
}

/* The verdict on addresses; HOLM_DROP_COUNT: accepted. */
static enum holm_drop examine(const struct holm_net *net, const struct holm_frame *f,
			      const struct ip6_info *info)
{
	const struct holm_netif *netif = f->dev->netif;
	bool looped = (f->flags & HOLM_FRAME_LOOPED) != 0;

	if (!(looped ? looped_source_is_possible(net, netif, info)
		     : source_is_possible(net, netif, &info->src, &info->dst)) &&
	    !(is_claim(f, info) && is_ours(net->ip, netif, &info->src)))
		return HOLM_DROP_IP6_SOURCE;
	if (ip6_is_multicast(&info->dst))
		return group_is_ours(net, f, &info->dst) ? HOLM_DROP_COUNT : HOLM_DROP_IP6_NOT_OURS;
	/* As for IPv4: a unicast packet in a group's frame is a trick. */
	if (f->flags & HOLM_FRAME_BROADCAST)
		return HOLM_DROP_IP6_NOT_OURS;
	if (is_ours(net->ip, netif, &info->dst) || (looped && ip6_is_loopback(&info->dst)))
		return HOLM_DROP_COUNT;
	return HOLM_DROP_IP6_NOT_OURS;
}

static void fill_rx(struct holm_frame *f, const struct ip6_info *info)
{
	struct ip_rx *rx = ip_rx(f);

	rx->src = info->src;
	rx->dst = info->dst;
	rx->l4_len = info->payload_len;
	rx->proto = info->next;
	rx->ttl = info->hop_limit;
	rx->tos = info->traffic_class;
	rx->flags = ip6_is_multicast(&info->dst) ? IP_RX_MULTICAST : 0;
	f->l4_off = (uint16_t)(f->l3_off + IP6_HDR_BYTES);
}

/* Every packet that is not like the one before it: what is, net/ip/flow.h knows. */
static void ip6_input(struct holm_net *net, struct holm_frame *f)
{
	size_t want = (size_t)f->l3_off + IP6_HDR_BYTES;
	struct ip6_chain chain;
	struct ip6_info info;
	enum holm_drop why;

	if (f->segs[0].len < want && (f->len < want || !holm_frame_pullup(f, want))) {
		net_drop(net, f, HOLM_DROP_IP6_SHORT);
		return;
	}
	if (!ip6_parse(holm_frame_data(f) + f->l3_off, f->segs[0].len - f->l3_off,
		       f->len - f->l3_off, &info, &why)) {
		net_drop(net, f, why);
		return;
	}
	why = examine(net, f, &info);
	if (why != HOLM_DROP_COUNT) {
		net_drop(net, f, why);
		return;
	}
	fill_rx(f, &info);
	ip_flow_note(net, f, ip6_transport(net, info.next));
	ip6_chain_init(&chain, &info);
	ip6_continue(net, f, &chain);
}

/* ---- Output. */

uint32_t ip6_flow_label(const struct holm_net *net, const struct holm_addr *src,
			const struct holm_addr *dst, uint8_t proto, uint32_t ports)
{
	const struct hash_key *key = &net->ip->label_key;
	uint64_t h = fold_hash_mix(key, 0, load_be64(src->b), load_be64(src->b + 8));

	h = fold_hash_mix(key, h, load_be64(dst->b), load_be64(dst->b + 8));
	h = fold_hash_mix(key, h, ports, proto);
	h = fold_hash_end(key, h) >> 12;
	/* 0 means that there is none. */
	return h ? (uint32_t)h : 1;
}

static void send_to_group(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f,
			  bool no_loop)
{
	struct holm_mac mac = ip6_multicast_mac(&dst->remote);

	if (!no_loop && net->loopback && netif_has_family(dst->netif, false))
		ip_cast_loop(net, dst, f);
	/* It does not leave the host. */
	if (holm_frame_data(f)[offsetof(struct ip6_hdr, hop_limit)] == 0 ||
	    ip6_scope_of(&dst->remote) <= IP6_SCOPE_INTERFACE) {
		holm_frame_free(f);
		return;
	}
	eth_output(dst->netif, f, &mac, ETH_TYPE_IP6);
}

/* A frame that begins with its header goes on its way. */
static inline void emit(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f,
			bool no_loop)
{
	ip6_note_header(f, dst->netif->loopback ? 0 : ETH_HDR_BYTES);
	if (likely(dst->neigh))
		neigh_output(net, dst->neigh, f);
	else if (!dst->netif->loopback)
		send_to_group(net, dst, f, no_loop);
	else if (ip6_is_link_local(&dst->remote))
		loopback_output_from(net, f, dst->via.dev);
	else
		loopback_output(net, f);
}

void ip6_emit(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f, bool no_loop)
{
	emit(net, dst, f, no_loop);
}

/* What a transport's header begins with, where it has ports. */
static uint32_t ports_of(const struct holm_frame *f, uint8_t proto)
{
	bool has_ports = proto == IP6_PROTO_TCP || proto == IP6_PROTO_UDP;

	return has_ports && f->segs[0].len >= 4 ? load_be32(holm_frame_data(f)) : 0;
}

static inline uint32_t label_of(const struct holm_net *net, const struct holm_frame *f,
				const struct ip_tx *tx)
{
	if (likely(tx->flow_label))
		return tx->flow_label;
	return ip6_flow_label(net, tx->src, tx->dst, tx->proto, ports_of(f, tx->proto));
}

static inline void send_whole(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f,
			      const struct ip_tx *tx)
{
	uint32_t len = f->len;
	const struct ip6_tx ip6 = {
		.src = tx->src,
		.dst = tx->dst,
		.flow_label = label_of(net, f, tx),
		.proto = tx->proto,
		.tos = tx->tos,
		.ttl = tx->ttl,
	};

	ip6_write_header(holm_frame_push(f, IP6_HDR_BYTES), len, &ip6);
	emit(net, dst, f, tx->no_loop);
}

/* A packet that is larger than the path lets through. */
static never_inline void output_large(struct holm_net *net, struct ip_dst *dst,
				      struct holm_frame *f, const struct ip_tx *tx)
{
	uint16_t mtu = tx->link_mtu ? ip_link_mtu(dst) : dst->mtu;

	if ((size_t)f->len + IP6_HDR_BYTES <= mtu)
		send_whole(net, dst, f, tx);
	else if (tx->dont_fragment || f->len > IP6_PAYLOAD_MAX)
		net_drop(net, f, HOLM_DROP_IP_TOO_BIG);
	else
		ip6_split(net, dst, f, tx, label_of(net, f, tx), mtu);
}

static void ip6_output(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f,
		       const struct ip_tx *tx)
{
	size_t total = (size_t)f->len + IP6_HDR_BYTES;

	if (unlikely(total > dst->mtu && (f->gso == HOLM_GSO_NONE || f->len > IP6_PAYLOAD_MAX)))
		output_large(net, dst, f, tx);
	else
		send_whole(net, dst, f, tx);
}

/* ---- Addresses. */

static bool ip6_is_assignable(const struct holm_netif *netif, const struct holm_addr *addr,
			      unsigned prefix_len)
{
	if (prefix_len > 128 || ip6_is_any(addr) || ip6_is_multicast(addr))
		return false;
	return ip6_is_loopback(addr) == netif->loopback && netif->mtu >= IP6_MTU_MIN;
}

/* RFC 4291 section 2.8: a host is in the solicited-node group of each of its addresses. */
static int ip6_addr_comes(struct holm_net *net, struct holm_netif *netif,
			  const struct holm_addr *addr)
{
	const struct holm_addr group = ip6_solicited_node(addr);

	return netif->loopback ? 0 : ip_group_join(net, netif, &group);
}

static void ip6_addr_goes(struct holm_net *net, struct holm_netif *netif,
			  const struct holm_addr *addr)
{
	const struct holm_addr group = ip6_solicited_node(addr);

	if (!netif->loopback)
		ip_group_leave(net, netif, &group);
}

static void add_local(struct ip_state *ip, const struct holm_netif *netif,
		      const struct netif_addr *a)
{
	if (holm_addr_is_ip4(&a->addr) || netif->loopback || a->state >= NETIF_ADDR_TENTATIVE ||
	    ip->nlocals6 >= ip->locals6_room)
		return;
	ip->locals6[ip->nlocals6++] =
		(struct ip6_local){ .addr = a->addr, .netif_index = netif->index };
	ip->endings6 |= ending_of(&a->addr);
}

/* Input compares with a compact copy of the addresses: see IPv4's. */
static void ip6_addrs_changed(struct holm_net *net)
{
	struct ip_state *ip = net->ip;
	uint32_t room = ip_count_addrs(net);

	ip_flow_forget(net); /* what was let in before is looked at again */
	if (room > ip->locals6_room) {
		struct ip6_local *locals = mem_zalloc(&net->mem, room * sizeof(*locals));

		if (locals) {
			mem_free(&net->mem, ip->locals6, ip->locals6_room * sizeof(*locals));
			ip->locals6 = locals;
			ip->locals6_room = room;
		}
	}
	ip->nlocals6 = 0;
	ip->endings6 = 0;
	for (uint32_t i = 0; i < net->nnetifs; i++)
		for (uint32_t j = 0; net->netifs[i] && j < net->netifs[i]->naddrs; j++)
			add_local(ip, net->netifs[i], &net->netifs[i]->addrs[j]);
	ip6_life_changed(net);
}

/* What an error about this packet of ours has to say to its transport. */
static size_t ip6_quote(const struct holm_frame *f, struct ip_error *error)
{
	const uint8_t *p = holm_frame_data(f) + f->l3_off;
	struct ip6_chain chain;
	struct ip6_info info;
	enum holm_drop why;

	if (f->segs[0].len < (size_t)f->l3_off + IP6_HDR_BYTES ||
	    !ip6_parse_header(p, f->segs[0].len - f->l3_off, &info, &why))
		return 0;
	ip6_chain_init(&chain, &info);
	if (ip6_chain_find_transport(&chain, p, f->segs[0].len - f->l3_off) != IP6_WALK_END)
		return 0;
	error->proto = chain.next;
	error->local = info.src;
	error->remote = info.dst;
	return (size_t)f->l3_off + chain.at;
}

/* ---- Life. */

static const struct ip_family ip6_family = {
	.header_bytes = IP6_HDR_BYTES,
	.output = ip6_output,
	.addrs_changed = ip6_addrs_changed,
	.is_assignable = ip6_is_assignable,
	.emit = ip6_emit,
	.select_source = ip6_select_source,
	.addr_comes = ip6_addr_comes,
	.addr_goes = ip6_addr_goes,
	.lets_in = ip6_lets_in,
	.mtu_min = IP6_MTU_MIN,
	.flow_label = ip6_flow_label,
};

static int ip6_start(struct holm_net *net)
{
	int err = ip_start(net, IP_FAMILY_6, &ip6_family);

	if (err)
		return err;
	net->ip->icmp6 = proto_find(net, PROTO_TRANSPORT, IP6_PROTO_ICMP);
	net_random_fill(net, &net->ip->label_key, sizeof(net->ip->label_key));
	ip6_life_start(net);
	eth_start(net);
	ip_cast_start(net);
	ip_tell_unreachable(net, IP_FAMILY_6, ip6_quote);
	return 0;
}

static void ip6_stop(struct holm_net *net)
{
	if (!net->ip || !net->ip->families[IP_FAMILY_6])
		return;
	ip6_life_stop(net);
	ip_stop(net, IP_FAMILY_6);
}

static void ip6_netif_changed(struct holm_net *net, struct holm_netif *netif)
{
	/* What both families share is IPv4's to do, where that is named. */
	if (!net->ip->families[IP_FAMILY_4])
		ip_netif_changed(net, netif);
}

const struct holm_proto holm_ipv6 = {
	.name = "ipv6",
	.kind = PROTO_LINK,
	.number = ETH_TYPE_IP6,
	.start = ip6_start,
	.stop = ip6_stop,
	.input = ip6_input,
	.netif_changed = ip6_netif_changed,
};
