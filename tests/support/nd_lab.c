/* An instance on a link that speaks IPv6: see nd_lab.h. */
#include "tests/support/nd_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/ip/state.h"
#include "net/wire/eth.h"

const struct holm_proto *const nd_lab_protos[] = { &holm_ipv6, &holm_loopback, &holm_icmp6,
						   &holm_nd, NULL };
const struct holm_proto *const nd_lab_protos_mld[] = { &holm_ipv6, &holm_loopback, &holm_icmp6,
						       &holm_nd,   &holm_mld,	   NULL };

void nd_lab_begin(struct lab *lab, const struct holm_proto *const *protos,
		  const struct holm_config *config)
{
	const struct lab_options options = { .protos = protos,
					     .config = config,
					     .no_address = true };

	lab_init(lab, &options);
}

void nd_lab_init(struct lab *lab)
{
	nd_lab_begin(lab, nd_lab_protos, NULL);
	lab_run(lab, 60 * LAB_S);
	lab_clear(lab);
}

struct holm_addr nd_lab_addr(const char *text)
{
	struct holm_addr a;

	assert_int_equal(holm_addr_parse(&a, text, strlen(text)), 0);
	return a;
}

struct holm_addr nd_lab_host(unsigned n)
{
	struct holm_addr a = nd_lab_addr("fe80::");

	a.b[15] = (uint8_t)n;
	a.b[14] = (uint8_t)(n >> 8);
	return a;
}

struct netif_addr *nd_lab_find(struct lab *lab, const char *prefix, unsigned len)
{
	const struct holm_addr p = nd_lab_addr(prefix);
	struct holm_netif *netif = lab->dev.netif;

	for (uint32_t i = 0; i < netif->naddrs; i++)
		if (ip_prefix_match(&netif->addrs[i].addr, &p, len))
			return &netif->addrs[i];
	return NULL;
}

struct holm_addr nd_lab_self(struct lab *lab)
{
	const struct netif_addr *a = nd_lab_find(lab, "fe80::", 64);

	assert_non_null(a);
	return a->addr;
}

/* ---- In. */

void nd_lab_hear(struct lab *lab, const struct nd_lab_packet *packet)
{
	static const uint8_t alert[8] = { IP6_PROTO_ICMP, 0, 5, 2, 0, 0, 1, 0 };
	const struct holm_addr none = holm_addr_any6();
	struct ip6_info info = {
		.src = packet->src,
		.dst = packet->dst,
		.payload_len = (uint16_t)(packet->len + (packet->alert ? sizeof(alert) : 0)),
		.next = packet->alert ? IP6_PROTO_HOPOPTS : IP6_PROTO_ICMP,
		.hop_limit = packet->hop_limit ? packet->hop_limit : 255,
	};
	uint8_t frame[1600], *p = frame + ETH_HDR_BYTES + IP6_HDR_BYTES;

	if (holm_addr_equal(&info.src, &none) && !packet->any_src)
		info.src = nd_lab_host(packet->from);
	if (holm_addr_equal(&info.dst, &none))
		info.dst = ip6_all_nodes();
	lab_eth(frame, ip6_is_multicast(&info.dst) ? ip6_multicast_mac(&info.dst) : lab_mac(1),
		lab_mac(packet->from), ETH_TYPE_IP6);
	ip6_build(frame + ETH_HDR_BYTES, &info);
	if (packet->alert) {
		memcpy(p, alert, sizeof(alert));
		p += sizeof(alert);
	}
	memcpy(p, packet->message, packet->len);
	store_be16(p + 2, 0);
	store_be16(p + 2, checksum_finish(checksum_partial(p, packet->len,
							   ip_pseudo_sum(&info.src, &info.dst,
									 IP6_PROTO_ICMP,
									 (uint32_t)packet->len))));
	lab_receive(lab, frame, (size_t)(p - frame) + packet->len);
}

void nd_lab_hear_advert(struct lab *lab, unsigned from, const struct holm_addr *dst, uint8_t flags,
			const struct holm_mac *mac)
{
	const struct holm_addr target = nd_lab_host(from);
	uint8_t p[ND_SENT_MAX];
	const struct nd_lab_packet packet = {
		.from = from,
		.dst = dst ? *dst : holm_addr_any6(),
		.message = p,
		.len = nd_build_advert(p, &target, flags, mac),
	};

	nd_lab_hear(lab, &packet);
}

void nd_lab_hear_solicit(struct lab *lab, unsigned from, const struct holm_addr *target)
{
	const struct holm_mac mac = lab_mac(from);
	uint8_t p[ND_SENT_MAX];
	const struct nd_lab_packet packet = {
		.from = from,
		.dst = ip6_solicited_node(target),
		.message = p,
		.len = nd_build_solicit(p, target, &mac, NULL),
	};

	nd_lab_hear(lab, &packet);
}

static uint8_t *add(struct nd_lab_router *r, uint8_t type, size_t len)
{
	uint8_t *p = r->p + r->len;

	assert_true(r->len + len <= sizeof(r->p));
	memset(p, 0, len);
	p[0] = type;
	p[1] = (uint8_t)(len / 8);
	r->len += len;
	return p;
}

void nd_lab_router_begin(struct nd_lab_router *r, unsigned from, uint16_t lifetime_s)
{
	const struct holm_mac mac = lab_mac(from);

	memset(r, 0, sizeof(*r));
	r->p[0] = ND_ROUTER_ADVERT;
	r->p[4] = 64;
	store_be16(r->p + 6, lifetime_s);
	r->len = ND_ROUTER_ADVERT_BYTES;
	memcpy(add(r, ND_OPTION_SOURCE_MAC, 8) + 2, &mac, sizeof(mac));
}

void nd_lab_router_prefix(struct nd_lab_router *r, const char *prefix, unsigned len, uint8_t flags,
			  uint32_t valid_s, uint32_t preferred_s)
{
	const struct holm_addr addr = nd_lab_addr(prefix);
	uint8_t *p = add(r, ND_OPTION_PREFIX, 32);

	p[2] = (uint8_t)len;
	p[3] = flags;
	store_be32(p + 4, valid_s);
	store_be32(p + 8, preferred_s);
	memcpy(p + 16, addr.b, sizeof(addr.b));
}

void nd_lab_router_mtu(struct nd_lab_router *r, uint32_t mtu)
{
	store_be32(add(r, ND_OPTION_MTU, 8) + 4, mtu);
}

void nd_lab_router_server(struct nd_lab_router *r, const char *server, uint32_t lifetime_s)
{
	const struct holm_addr addr = nd_lab_addr(server);
	uint8_t *p = add(r, ND_OPTION_RDNSS, 24);

	store_be32(p + 4, lifetime_s);
	memcpy(p + 8, addr.b, sizeof(addr.b));
}

void nd_lab_router_hear(struct lab *lab, unsigned from, const struct nd_lab_router *r)
{
	const struct nd_lab_packet packet = { .from = from, .message = r->p, .len = r->len };

	nd_lab_hear(lab, &packet);
}

/* ---- Out. */

/* An ICMPv6 message, its checksum good. */
static bool read_sent(const struct lab_sent *s, struct nd_lab_sent *out)
{
	const uint8_t *p = s->data + ETH_HDR_BYTES;
	struct ip6_info info;
	enum holm_drop why;
	size_t skip = IP6_HDR_BYTES;

	if (load_be16(s->data + 12) != ETH_TYPE_IP6)
		return false;
	assert_true(ip6_parse(p, s->len - ETH_HDR_BYTES, s->len - ETH_HDR_BYTES, &info, &why));
	if (info.next == IP6_PROTO_HOPOPTS) {
		/* RFC 2711: of two bytes, and 0 is what MLD says. */
		out->alert = load_be32(p + skip + 2) == 0x05020000;
		info.next = p[skip];
		skip += 8;
	}
	if (info.next != IP6_PROTO_ICMP)
		return false;
	memcpy(&out->mac, s->data, sizeof(out->mac));
	out->src = info.src;
	out->dst = info.dst;
	out->hop_limit = info.hop_limit;
	out->at_ns = s->at_ns;
	out->p = p + skip;
	out->len = info.payload_len + IP6_HDR_BYTES - skip;
	assert_int_equal(
		checksum_finish(checksum_partial(
			out->p, out->len,
			ip_pseudo_sum(&out->src, &out->dst, IP6_PROTO_ICMP, (uint32_t)out->len))),
		0);
	if (out->p[0] >= ND_ROUTER_SOLICIT && out->p[0] <= ND_REDIRECT)
		assert_true(nd_parse(out->p, out->len, &out->nd, &why));
	return true;
}

bool nd_lab_sent(const struct lab *lab, uint8_t type, size_t i, struct nd_lab_sent *out)
{
	for (size_t at = 0; at < lab->nsent; at++) {
		*out = (struct nd_lab_sent){ 0 };
		if (read_sent(&lab->sent[at], out) && out->p[0] == type && i-- == 0)
			return true;
	}
	return false;
}

size_t nd_lab_count(const struct lab *lab, uint8_t type)
{
	struct nd_lab_sent sent;
	size_t n = 0;

	while (nd_lab_sent(lab, type, n, &sent))
		n++;
	return n;
}

int nd_lab_send(struct lab *lab, const struct holm_addr *to)
{
	struct holm_frame *f =
		holm_frame_alloc(holm_net_pool(lab->net), HOLM_FRAME_HEADROOM, false);
	const struct ip_via via = { .dev = &lab->dev };
	struct ip_dst *dst;
	int err = ip_dst_get_via(lab->net, to, ip6_needs_zone(to) ? &via : &(struct ip_via){ 0 },
				 &dst);

	assert_non_null(f);
	if (err) {
		holm_frame_free(f);
		return err;
	}
	memset(holm_frame_put(f, 8), 0, 8);
	ip_output(
		lab->net, dst, f,
		&(struct ip_tx){ .src = &dst->src, .dst = to, .proto = IP6_PROTO_UDP, .ttl = 64 });
	ip_dst_put(lab->net, dst);
	lab->net->work = true;
	lab_poll(lab);
	return 0;
}

size_t nd_lab_count_udp(const struct lab *lab)
{
	size_t n = 0;

	for (size_t at = 0; at < lab->nsent; at++)
		n += load_be16(lab->sent[at].data + 12) == ETH_TYPE_IP6 &&
		     lab->sent[at].data[ETH_HDR_BYTES + 6] == IP6_PROTO_UDP;
	return n;
}
