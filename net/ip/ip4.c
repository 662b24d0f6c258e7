/*
 * IPv4 in and out: RFC 791, RFC 1122 section 3.2.1, RFC 6864. A packet is validated once, here;
 * transports find what they need in ip_rx(). Fragments are put together by reasm4.c, made by split4.c.
 */
#include "net/ip/ip4_send.h"
#include "net/ip/state.h"

#include "lib/mem.h"
#include "net/link/eth.h"
#include "net/link/loopback.h"
#include "net/link/neigh.h"
#include "net/wire/ip4.h"

/* ---- Input. */

/* What a destination address is to the interface that the packet came in on. */
enum role { ROLE_FOREIGN, ROLE_OURS, ROLE_BROADCAST, ROLE_MULTICAST };

static enum role role_of_group(const struct holm_net *net, const struct holm_netif *netif,
			       uint32_t dst)
{
	const struct holm_addr group = ip4_to_addr(dst);

	if (dst == UINT32_MAX)
		return ROLE_BROADCAST;
	return ip_group_has(net, netif, &group) ? ROLE_MULTICAST : ROLE_FOREIGN;
}

/*
 * May a packet with this source, which is neither ours nor loopback's, come from the wire? RFC 1122 section
 * 3.2.1.3: not from a group. 0.0.0.0 asks the link for an address (DHCP).
 */
static bool source_is_possible(uint32_t src, enum role role)
{
	if (unlikely(src >= 0xe0000000u))
		return false;
	if (unlikely(src >> 24 == 0))
		return src == 0 && role == ROLE_BROADCAST;
	return true;
}

/*
 * Classify both addresses in one walk over ours, of which there are few. False: the source is ours or
 * a broadcast address, or cannot be one at all; or we are said to have sent it, and could not have.
 */
static bool classify(const struct holm_net *net, const struct holm_frame *f,
		     const struct ip4_info *info, enum role *role)
{
	const struct ip_state *ip = net->ip;
	const struct holm_netif *netif = f->dev->netif;
	bool looped = HOLM_WITH_LOOPBACK && (f->flags & HOLM_FRAME_LOOPED);
	bool ours = ip4_is_loopback(info->src), broadcast = false;

	*role = looped && ip4_is_loopback(info->dst) ? ROLE_OURS : ROLE_FOREIGN;
	for (uint32_t i = 0; i < ip->nlocals4; i++) {
		const struct ip4_local *l = &ip->locals4[i];

		ours |= info->src == l->addr;
		broadcast |= info->src == l->broadcast;
		if (info->dst == l->addr)
			*role = ROLE_OURS;
		else if (unlikely(info->dst == l->broadcast && l->netif_index == netif->index))
			*role = ROLE_BROADCAST;
	}
	if (unlikely(*role != ROLE_OURS && info->dst >= 0xe0000000u))
		*role = role_of_group(net, netif, info->dst);
	if (looped)
		return ours;
	return !ours && !broadcast && source_is_possible(info->src, *role);
}

static void fill_rx(struct holm_frame *f, const struct ip4_info *info, enum role role)
{
	static const uint8_t flags_of[] = {
		[ROLE_FOREIGN] = IP_RX_FOREIGN,
		[ROLE_OURS] = 0,
		[ROLE_BROADCAST] = IP_RX_BROADCAST,
		[ROLE_MULTICAST] = IP_RX_MULTICAST,
	};
	struct ip_rx *rx = ip_rx(f);

	rx->src = ip4_to_addr(info->src);
	rx->dst = ip4_to_addr(info->dst);
	rx->l4_len = ip4_payload_len(info);
	rx->proto = info->proto;
	rx->ttl = info->ttl;
	rx->tos = info->tos;
	rx->flags = flags_of[role];
	f->l4_off = (uint16_t)(f->l3_off + info->hdr_len);
}

/* Make the whole header, options included, lie in one piece. */
static bool pull_header(struct holm_frame *f)
{
	size_t want = (size_t)f->l3_off + IP4_HDR_BYTES;

	if (f->len < want || !holm_frame_pullup(f, want))
		return false;
	want = (size_t)f->l3_off + (size_t)(holm_frame_data(f)[f->l3_off] & 0xf) * 4;
	return want <= f->segs[0].len || holm_frame_pullup(f, want);
}

static void reject(struct holm_net *net, struct holm_frame *f, enum holm_drop why)
{
	if (why == HOLM_DROP_IP4_PROTOCOL)
		ip_send_error(net, f, IP_ERROR_PROTOCOL_UNREACHABLE);
	net_drop(net, f, why);
}

/* The verdict on addresses; HOLM_DROP_COUNT: accepted. */
static enum holm_drop examine(const struct holm_net *net, const struct holm_frame *f,
			      const struct ip4_info *info, enum role *role)
{
	if (!classify(net, f, info, role))
		return HOLM_DROP_IP4_SOURCE;
	if (*role == ROLE_OURS) {
		/* RFC 1122 section 3.3.6: a unicast packet in a broadcast frame is a trick. */
		if (f->flags & HOLM_FRAME_BROADCAST)
			return HOLM_DROP_IP4_NOT_OURS;
		return HOLM_DROP_COUNT;
	}
	if (*role == ROLE_FOREIGN && (!ip_takes_any_dst(net->ip) || info->proto != IP4_PROTO_UDP ||
				      info->dst >= 0xe0000000u || ip4_is_loopback(info->dst)))
		return HOLM_DROP_IP4_NOT_OURS;
	return HOLM_DROP_COUNT;
}

static bool parse(struct holm_frame *f, struct ip4_info *info, enum holm_drop *why)
{
	const uint8_t *p = holm_frame_data(f) + f->l3_off;
	size_t linear = f->segs[0].len - f->l3_off;
	size_t len = f->len - f->l3_off;

	if (f->dev->netif->features & HOLM_DEV_NO_CSUM)
		return ip4_parse_nocsum(p, linear, len, info, why);
	return ip4_parse(p, linear, len, info, why);
}

/* A piece: the whole, when nothing is missing any more. Who names no fragments gets none. */
static struct holm_frame *join(struct holm_net *net, struct holm_frame *f,
			       const struct ip4_info *info)
{
	if (ip_fragments4(net->ip))
		return ip_fragments4(net->ip)->join(net, f, info);
	net_drop(net, f, HOLM_DROP_IP_FRAGMENT);
	return NULL;
}

/* Every packet that is not like the one before it: what is, net/ip/flow.h knows. */
static void ip4_input(struct holm_net *net, struct holm_frame *f)
{
	const struct holm_proto *transport;
	struct ip4_info info;
	enum holm_drop why;
	enum role role = ROLE_FOREIGN;

	if (net_has_pieces() && f->segs[0].len < (size_t)f->l3_off + IP4_HDR_MAX && f->nsegs > 1 &&
	    !pull_header(f)) {
		net_drop(net, f, HOLM_DROP_IP4_SHORT);
		return;
	}
	if (!parse(f, &info, &why)) {
		net_drop(net, f, why);
		return;
	}
	why = examine(net, f, &info, &role);
	if (HOLM_WITH_DATAGRAMS && why == HOLM_DROP_IP4_NOT_OURS && role == ROLE_FOREIGN &&
	    info.dst < 0xe0000000u && !ip4_is_loopback(info.dst) && net->ip->early.keep &&
	    net->ip->early.keep(net, f))
		return;
	if (why != HOLM_DROP_COUNT) {
		net_drop(net, f, why);
		return;
	}
	fill_rx(f, &info, role);
	transport = ip_transport(net, info.proto);
	if (ip_flow_is_wanted())
		ip_flow_note(net, f, transport);
	if (ip4_is_fragment(&info)) {
		f = join(net, f, &info);
		if (!f)
			return;
	}
	if (ip_has_raw(net->ip) && net->ip->raw_input(net, f) && !transport)
		holm_frame_free(f);
	else if (likely(transport))
		transport->input(net, f);
	else
		reject(net, f, HOLM_DROP_IP4_PROTOCOL);
}

/* ---- Output. */

/*
 * RFC 6864: a packet that cannot be fragmented needs no identification. Others get a number that
 * does not repeat soon and tells nobody how much we send to whom.
 */
static uint16_t next_id(struct holm_net *net, const struct ip_dst *dst, bool dont_fragment)
{
	return dont_fragment ? 0 : ip4_next_id(net, dst);
}

uint16_t ip4_next_id(struct holm_net *net, const struct ip_dst *dst)
{
	return (uint16_t)(net->ip->id_counter++ + dst->node.hash);
}

/* A frame that begins with its header goes on its way. */
static inline void emit(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f,
			bool no_loop)
{
	ip4_note_header(f, netif_is_loopback(dst->netif) ? 0 : ETH_HDR_BYTES);
	if (likely(dst->neigh) || ip_is_for_neighbours())
		neigh_output(net, dst->neigh, f);
	else if (netif_is_loopback(dst->netif))
		loopback_output(net, f);
	else
		net->ip->cast->send4(net, dst, f, no_loop);
}

void ip4_emit(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f, bool no_loop)
{
	emit(net, dst, f, no_loop);
}

static inline void send_whole(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f,
			      const struct ip_tx *tx)
{
	uint32_t total = f->len + (uint32_t)IP4_HDR_BYTES;
	const struct ip4_tx ip4 = {
		.src = ip4_from_addr(tx->src),
		.dst = ip4_from_addr(tx->dst),
		.id = next_id(net, dst, tx->dont_fragment),
		.frag = tx->dont_fragment ? IP4_DF : 0,
		.proto = tx->proto,
		.tos = tx->tos,
		.ttl = tx->ttl,
	};

	ip4_write_header(holm_frame_push(f, IP4_HDR_BYTES), total, &ip4);
	emit(net, dst, f, tx->no_loop);
}

/* A packet that is larger than the path lets through. */
static never_inline void output_large(struct holm_net *net, struct ip_dst *dst,
				      struct holm_frame *f, const struct ip_tx *tx)
{
	size_t total = (size_t)f->len + IP4_HDR_BYTES;
	uint16_t mtu = tx->link_mtu ? dst->netif->mtu : dst->mtu;

	if (total <= mtu)
		send_whole(net, dst, f, tx);
	else if (tx->dont_fragment || total > IP4_TOTAL_MAX || !ip_fragments4(net->ip))
		net_drop(net, f, HOLM_DROP_IP_TOO_BIG);
	else
		ip_fragments4(net->ip)->split(net, dst, f, tx, mtu);
}

static void ip4_output(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f,
		       const struct ip_tx *tx)
{
	size_t total = (size_t)f->len + IP4_HDR_BYTES;

	if (unlikely(total > dst->mtu && (f->gso == HOLM_GSO_NONE || total > IP4_TOTAL_MAX)))
		output_large(net, dst, f, tx);
	else
		send_whole(net, dst, f, tx);
}

/* ---- Addresses. */

static bool ip4_is_assignable(const struct holm_netif *netif, const struct holm_addr *addr,
			      unsigned prefix_len)
{
	uint32_t ip = ip4_from_addr(addr);
	uint32_t host;

	if (prefix_len > 32 || ip >> 24 == 0 || ip4_is_multicast(ip) || ip4_is_reserved(ip))
		return false;
	if (ip4_is_loopback(ip) != netif_is_loopback(netif))
		return false;
	host = ip & ~ip4_mask(prefix_len);
	/* A network of two addresses, or of one, has no broadcast address (RFC 3021). */
	return prefix_len >= 31 || (host != 0 && host != ~ip4_mask(prefix_len));
}

static void add_local(struct ip_state *ip, const struct holm_netif *netif,
		      const struct netif_addr *a)
{
	struct ip4_local *l = &ip->locals4[ip->nlocals4];

	if (!ip4_is_addr(&a->addr) || netif_is_loopback(netif) || ip->nlocals4 >= ip->locals4_room)
		return;
	l->addr = ip4_from_addr(&a->addr);
	l->mask = ip4_mask(a->prefix_len);
	l->broadcast = a->prefix_len >= 31 ? UINT32_MAX : l->addr | ~l->mask;
	l->netif_index = netif->index;
	ip->nlocals4++;
}

/* `ours`: 0 of what is not. */
static void add_ending(struct ip4_endings *e, uint32_t a, uint32_t ours)
{
	e->ours[a % IP4_ENDINGS] = ours;
	e->taken |= UINT64_C(1) << a % IP4_ENDINGS;
}

static void set_endings(struct ip_state *ip)
{
	memset(&ip->endings4, 0, sizeof(ip->endings4));
	for (uint32_t i = 0; i < ip->nlocals4; i++) {
		const struct ip4_local *l = &ip->locals4[i];

		add_ending(&ip->endings4, l->addr, l->addr);
		add_ending(&ip->endings4, l->broadcast, 0);
	}
}

/*
 * Input compares with a compact copy of the addresses. When memory for a larger one is refused, it
 * goes on with what there is room for, and the newest addresses stay deaf until the next change.
 */
static void ip4_addrs_changed(struct holm_net *net)
{
	struct ip_state *ip = net->ip;
	uint32_t room = ip_count_addrs(net);

	ip_flow_forget(net); /* what was let in before is looked at again */
	if (room > ip->locals4_room) {
		struct ip4_local *locals = mem_zalloc(&net->mem, room * sizeof(*locals));

		if (locals) {
			mem_free(&net->mem, ip->locals4, ip->locals4_room * sizeof(*locals));
			ip->locals4 = locals;
			ip->locals4_room = room;
		}
	}
	ip->nlocals4 = 0;
	for (uint32_t i = net_slots_begin(); i < net_slots_end(net); i++)
		for (uint32_t j = 0; net->netifs[i] && j < netif_count_addrs(net->netifs[i]); j++)
			add_local(ip, net->netifs[i], &net->netifs[i]->addrs[j]);
	if (!FOR_SIZE)
		set_endings(ip);
	if (HOLM_WITH_DATAGRAMS)
		ip_early_retry(net, &net->ip->early);
}

/* RFC 3927: 169.254.0.0/16. */
static bool is_link_local(const struct holm_addr *a)
{
	return a->b[12] == 169 && a->b[13] == 254;
}

/* RFC 6724 section 5: rules 1, 2 and 8 are all that IPv4 knows. */
static bool ip4_select_source(const struct holm_net *net, const struct holm_netif *netif,
			      const struct holm_addr *remote, struct holm_addr *src)
{
	unsigned best = 0;
	bool found = false;

	(void)net;
	for (uint32_t i = 0; i < netif_count_addrs(netif); i++) {
		const struct netif_addr *a = &netif->addrs[i];
		unsigned match;

		if (!ip4_is_addr(&a->addr))
			continue;
		match = min_u32(ip_common_prefix(&a->addr, remote), a->prefix_len + 96u);
		if (is_link_local(&a->addr) && !is_link_local(remote))
			match = 0;
		if (!found || match > best) {
			*src = a->addr;
			best = match;
			found = true;
		}
	}
	return found;
}

/* ---- Life. */

const struct ip_family ip4_family = {
	.header_bytes = IP4_HDR_BYTES,
	.output = ip4_output,
	.addrs_changed = ip4_addrs_changed,
	.is_assignable = ip4_is_assignable,
	.emit = ip4_emit,
	.select_source = ip4_select_source,
	.mtu_min = IP_PMTU_MIN,
};

static int ip4_start(struct holm_net *net)
{
	int err = ip_start(net, IP_FAMILY_4, &ip4_family);

	if (!err)
		eth_start(net);
	return err;
}

static void ip4_stop(struct holm_net *net)
{
	if (!net->ip)
		return;
	ip_stop(net, IP_FAMILY_4);
}

const struct holm_proto holm_ipv4 = {
	.name = "ipv4",
	.kind = PROTO_LINK,
	.number = ETH_TYPE_IP4,
	.start = ip4_start,
	.stop = PROTO_STOP(ip4_stop),
	.input = ip4_input,
	.netif_changed = ip_netif_changed,
};
