/*
 * ARP; see arp.h. An answer is written over its question where the frame allows it. Whose an address is,
 * said more than once, is arp_claim.c's.
 */
#include "net/link/arp.h"

#include "net/core/proto.h"
#include "net/link/eth.h"
#include "net/link/neigh.h"
#include "net/wire/arp.h"
#include "net/wire/ip4.h"

static size_t state_bytes(const struct holm_net *net)
{
	return sizeof(struct arp_state) + (net->config.devices_max + 1) * sizeof(bool);
}

/* The part, where it is named. */
static const struct arp_claim_ops *claims_of(const struct holm_net *net)
{
	return HOLM_WITH_CLAIMS ? net->arp->claims : NULL;
}

/* ---- Sending. */

static void send_packet(struct holm_net *net, struct holm_netif *netif, const struct arp_info *info,
			const struct holm_mac *to)
{
	struct holm_frame *f = holm_frame_alloc(net->pool, HOLM_FRAME_HEADROOM, true);

	if (!f) {
		net_drop_note(net, HOLM_DROP_NO_FRAME);
		return;
	}
	f->l3_off = ETH_HDR_BYTES;
	arp_build(holm_frame_put(f, ARP_BYTES), info);
	eth_output(netif, f, to, ETH_TYPE_ARP);
}

static void send_request(struct holm_net *net, struct holm_netif *netif, uint32_t sender,
			 uint32_t target, const struct holm_mac *to)
{
	struct arp_info info = {
		.op = ARP_REQUEST,
		.sender_mac = netif->dev->mac,
		.sender = sender,
		.target = target,
	};
	struct holm_mac everybody = eth_broadcast();

	net_count(net, HOLM_COUNT_ARP_REQUESTS_SENT);
	send_packet(net, netif, &info, to ? to : &everybody);
}

void arp_announce_once(struct holm_net *net, struct holm_netif *netif, uint32_t addr)
{
	send_request(net, netif, addr, addr, NULL);
}

/*
 * The sender address of a request: ours on the target's network, where there is one. Without any
 * address it is 0.0.0.0, which asks without claiming anything (RFC 5227).
 */
static uint32_t sender_for(const struct holm_netif *netif, uint32_t target)
{
	uint32_t any = 0;

	for (uint32_t i = 0; i < netif_count_addrs(netif); i++) {
		const struct netif_addr *a = &netif->addrs[i];
		uint32_t addr;

		if (!ip4_is_addr(&a->addr))
			continue;
		addr = ip4_from_addr(&a->addr);
		if (((addr ^ target) & ip4_mask(a->prefix_len)) == 0)
			return addr;
		if (any == 0)
			any = addr;
	}
	return any;
}

static void solicit(struct holm_net *net, struct neigh *n, const struct holm_mac *to)
{
	uint32_t target = ip4_from_addr(&n->addr);

	send_request(net, n->netif, sender_for(n->netif, target), target, to);
}

/* ---- Announcing. */

/* Once; the part says it again, and defends it. */
static void announce(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr)
{
	uint32_t ip = ip4_from_addr(addr);

	if (claims_of(net))
		claims_of(net)->announce(net, netif, ip);
	else
		arp_announce_once(net, netif, ip);
}

static void withdraw(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr)
{
	if (claims_of(net))
		claims_of(net)->withdraw(net, netif, ip4_from_addr(addr));
}

/* ---- Receiving. */

static bool is_ours(const struct holm_netif *netif, uint32_t addr)
{
	struct holm_addr a = ip4_to_addr(addr);

	return netif_has_addr(netif, &a);
}

static bool is_on_link(const struct holm_netif *netif, uint32_t addr)
{
	for (uint32_t i = 0; i < netif_count_addrs(netif); i++) {
		const struct netif_addr *a = &netif->addrs[i];

		if (ip4_is_addr(&a->addr) &&
		    ((ip4_from_addr(&a->addr) ^ addr) & ip4_mask(a->prefix_len)) == 0)
			return true;
	}
	return false;
}

static void answer(struct holm_net *net, struct holm_netif *netif, const struct arp_info *asked,
		   struct holm_frame *f)
{
	struct arp_info info = {
		.op = ARP_REPLY,
		.sender_mac = netif->dev->mac,
		.sender = asked->target,
		.target_mac = asked->sender_mac,
		.target = asked->sender,
	};

	net_count(net, HOLM_COUNT_ARP_REPLIES_SENT);
	if (FOR_SIZE || !eth_may_reply_in_place(netif, f)) {
		holm_frame_free(f);
		send_packet(net, netif, &info, &asked->sender_mac);
		return;
	}
	eth_reset_for_reply(f);
	holm_frame_trim(f, f->l3_off + ARP_BYTES);
	arp_build(holm_frame_data(f) + f->l3_off, &info);
	holm_frame_pull(f, f->l3_off);
	eth_output(netif, f, &asked->sender_mac, ETH_TYPE_ARP);
}

static void process(struct holm_net *net, struct holm_netif *netif, struct holm_frame *f,
		    const struct arp_info *info)
{
	bool for_us = is_ours(netif, info->target);

	if (info->sender != 0) {
		struct holm_addr sender = ip4_to_addr(info->sender);
		bool answered =
			for_us && info->op == ARP_REPLY && !(f->flags & HOLM_FRAME_BROADCAST);
		bool asked = for_us && info->op == ARP_REQUEST && is_on_link(netif, info->sender);

		neigh_heard(net, netif, &sender, &info->sender_mac,
			    answered ? NEIGH_ANSWER
			    : asked  ? NEIGH_ASKED_US
				     : NEIGH_HEARSAY);
	}
	if (for_us && info->op == ARP_REQUEST)
		answer(net, netif, info, f);
	else
		holm_frame_free(f);
}

static void arp_input(struct holm_net *net, struct holm_frame *f)
{
	struct holm_netif *netif = f->dev->netif;
	struct arp_info info;
	enum holm_drop why;

	if (f->segs[0].len < (size_t)f->l3_off + ARP_BYTES &&
	    !net_pull(f, (size_t)f->l3_off + ARP_BYTES)) {
		net_drop(net, f, HOLM_DROP_ARP_MALFORMED);
		return;
	}
	if (!arp_parse(holm_frame_data(f) + f->l3_off, f->segs[0].len - f->l3_off, &info, &why)) {
		net_drop(net, f, why);
		return;
	}
	/* Our own packets come back from some switches and bridges: no conflict, no news. */
	if (eth_equal(&info.sender_mac, &netif->dev->mac)) {
		net_drop(net, f, HOLM_DROP_ARP_SOURCE);
		return;
	}
	if (info.sender != 0 && is_ours(netif, info.sender)) {
		if (claims_of(net))
			claims_of(net)->contested(net, netif, info.sender, &info.sender_mac);
		net_drop(net, f, HOLM_DROP_ARP_SOURCE);
		return;
	}
	process(net, netif, f, &info);
}

/* ---- Life. */

const struct neigh_ops arp_neigh_ops = {
	.ethertype = ETH_TYPE_IP4,
	.solicit = solicit,
	.announce = announce,
	.withdraw = withdraw,
};

static int arp_start(struct holm_net *net)
{
	struct arp_state *arp = mem_zalloc(&net->mem, state_bytes(net));

	if (!arp)
		return -HOLM_ENOMEM;
	net->arp = arp;
	eth_start(net);
	return neigh_start(net, NEIGH_FAMILY_IP4, &arp_neigh_ops);
}

static void arp_stop(struct holm_net *net)
{
	struct arp_state *arp = net->arp;

	if (!arp)
		return;
	neigh_stop(net, NEIGH_FAMILY_IP4);
	mem_free(&net->mem, arp, state_bytes(net));
	net->arp = NULL;
}

/* A link that comes up leads perhaps to another place: forget who was there, say who is here. */
static void arp_netif_changed(struct holm_net *net, struct holm_netif *netif)
{
	struct arp_state *arp = net->arp;
	bool gone = HOLM_WITH_END && net->netifs[netif->index] != netif;
	bool up = !gone && netif->dev->link_up;
	bool was_up = arp->link_up[netif->index];

	arp->link_up[netif->index] = up;
	if (up == was_up && !gone)
		return;
	neigh_flush(net, netif);
	if (claims_of(net))
		claims_of(net)->netif_changed(net, netif, gone, up);
}

const struct holm_proto holm_arp = {
	.name = "arp",
	.kind = PROTO_LINK,
	.number = ETH_TYPE_ARP,
	.start = arp_start,
	.stop = PROTO_STOP(arp_stop),
	.input = arp_input,
	.netif_changed = arp_netif_changed,
};
