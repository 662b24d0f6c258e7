/* ICMPv6 messages that stay on their link; see link6.h. */
#include "net/ip/link6.h"

#include "lib/mem.h"
#include "net/core/ip_rx.h"
#include "net/ip/state.h"
#include "net/link/eth.h"
#include "net/link/neigh.h"

/* A hop-by-hop header with the router alert option (RFC 2711, value 0: MLD) and two bytes of padding. */
#define ALERT_BYTES 8u

static void push_alert(struct holm_frame *f)
{
	static const uint8_t alert[ALERT_BYTES] = { IP6_PROTO_ICMP, 0, 5, 2, 0, 0, 1, 0 };

	memcpy(holm_frame_push(f, ALERT_BYTES), alert, ALERT_BYTES);
}

static void push_header(struct holm_frame *f, const struct link6_message *m)
{
	const struct ip6_info info = {
		.src = m->src,
		.dst = m->dst,
		.payload_len = (uint16_t)f->len,
		.next = m->router_alert ? IP6_PROTO_HOPOPTS : IP6_PROTO_ICMP,
		.hop_limit = m->hop_limit,
	};

	f->l3_off = ETH_HDR_BYTES;
	f->l4_off = (uint16_t)(ETH_HDR_BYTES + IP6_HDR_BYTES + f->len - m->len);
	ip6_build(holm_frame_push(f, IP6_HDR_BYTES), &info);
}

/* The frame's way to one neighbour, which may have to be asked for first. */
static void send_to_neighbour(struct holm_net *net, struct holm_netif *netif,
			      const struct holm_addr *dst, struct holm_frame *f)
{
	struct neigh *n;

	if (neigh_get(net, netif, dst, &n) != 0) {
		net_drop(net, f, HOLM_DROP_IP_NO_ROUTE);
		return;
	}
	neigh_output(net, n, f);
	neigh_put(net, n);
}

void link6_send(struct holm_net *net, struct holm_netif *netif, const struct link6_message *m)
{
	struct holm_frame *f = holm_frame_alloc(net->pool, HOLM_FRAME_HEADROOM, true);
	uint32_t sum = ip_pseudo_sum(&m->src, &m->dst, IP6_PROTO_ICMP, (uint32_t)m->len);
	struct holm_mac mac;

	if (!f) {
		net_drop_note(net, HOLM_DROP_NO_FRAME);
		return;
	}
	store_be16(m->p + 2, 0);
	store_be16(m->p + 2, checksum_finish(checksum_partial(m->p, m->len, sum)));
	memcpy(holm_frame_put(f, m->len), m->p, m->len);
	if (m->router_alert)
		push_alert(f);
	push_header(f, m);
	net_kick(net);
	if (!m->mac && !ip6_is_multicast(&m->dst)) {
		send_to_neighbour(net, netif, &m->dst, f);
		return;
	}
	mac = m->mac ? *m->mac : ip6_multicast_mac(&m->dst);
	eth_output(netif, f, &mac, ETH_TYPE_IP6);
}

const uint8_t *link6_message(struct holm_frame *f)
{
	size_t want = (size_t)f->l4_off + ip_rx(f)->l4_len;

	if (f->segs[0].len < want && !holm_frame_pullup(f, want))
		return NULL;
	return holm_frame_data(f) + f->l4_off;
}

bool link6_local(const struct holm_netif *netif, struct holm_addr *out)
{
	for (uint32_t i = 0; i < netif->naddrs; i++) {
		const struct netif_addr *a = &netif->addrs[i];

		if (!ip6_is_link_local(&a->addr) || a->state >= NETIF_ADDR_TENTATIVE)
			continue;
		*out = a->addr;
		return true;
	}
	return false;
}
