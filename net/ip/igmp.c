/*
 * IGMP, a host's part: RFC 3376, and versions 1 and 2 (RFC 2236) while a router of theirs is there. When
 * something is said is group_report.c's. A query about single sources is answered for the whole group, as
 * no endpoint chooses sources.
 */
#include "net/ip/state.h"

#include "net/core/sum.h"
#include "net/link/eth.h"
#include "net/link/netif.h"
#include "net/wire/igmp.h"

#define ALL_SYSTEMS 0xe0000001u	      /* 224.0.0.1: never reported */
#define ALL_ROUTERS 0xe0000002u	      /* 224.0.0.2: hears version 2 leaves */
#define ALL_IGMP3_ROUTERS 0xe0000016u /* 224.0.0.22: hears version 3 reports */
/* Between two reports of a change: sections 8.11, and RFC 2236 section 8.10. */
#define CHANGE_INTERVAL_NS 1000000000ull
#define CHANGE2_INTERVAL_NS 10000000000ull
/* How long a router of an older version is believed in: section 8.12, with the intervals of 8.2, 8.3. */
#define OLD_ROUTER_NS 260000000000ull
/* RFC 791 header with the router alert option of RFC 2113. */
#define HEADER_BYTES 24u
#define REPORT_TOS 0xc0u

/* One per instance: the oldest version heard lately. Hosts have few interfaces, and routers agree. */
struct igmp_state {
	uint64_t v1_until_ns, v2_until_ns;
};

static unsigned version_now(const struct holm_net *net)
{
	if (net->now < net->ip->igmp_state->v1_until_ns)
		return 1;
	return net->now < net->ip->igmp_state->v2_until_ns ? 2 : 3;
}

/* ---- Out. */

static uint32_t source_of(const struct holm_netif *netif)
{
	for (uint32_t i = 0; i < netif->naddrs; i++)
		if (holm_addr_is_ip4(&netif->addrs[i].addr))
			return ip4_from_addr(&netif->addrs[i].addr);
	return 0;
}

/* The header, with the option that makes routers look. */
static void build_header(uint8_t *p, uint32_t src, uint32_t dst, size_t payload)
{
	const struct ip4_info info = {
		.src = src,
		.dst = dst,
		.total_len = (uint16_t)(HEADER_BYTES + payload),
		.frag = IP4_DF,
		.tos = REPORT_TOS,
		.ttl = 1,
		.proto = IP4_PROTO_IGMP,
	};

	ip4_build(p, &info);
	p[0] = 4 << 4 | HEADER_BYTES / 4;
	store_be32(p + 20, 0x94040000u);
	store_be16(p + 10, 0);
	store_be16(p + 10, checksum_finish(checksum_partial(p, HEADER_BYTES, 0)));
}

static void send_message(struct holm_net *net, struct holm_netif *netif, uint32_t dst,
			 const uint8_t *message, size_t len)
{
	struct holm_mac mac = ip4_multicast_mac(dst);
	struct holm_frame *f = holm_frame_alloc(net->pool, HOLM_FRAME_HEADROOM, true);

	if (!f) {
		net_drop_note(net, HOLM_DROP_NO_FRAME);
		return;
	}
	memcpy(holm_frame_put(f, len), message, len);
	build_header(holm_frame_push(f, HEADER_BYTES), source_of(netif), dst, len);
	f->l3_off = ETH_HDR_BYTES;
	f->l4_off = ETH_HDR_BYTES + HEADER_BYTES;
	net_count(net, HOLM_COUNT_IGMP_REPORTS_SENT);
	eth_output(netif, f, &mac, ETH_TYPE_IP4);
	net_kick(net);
}

static void send_report(struct holm_net *net, struct ip_group *g, enum igmp_record record)
{
	unsigned version = version_now(net);
	uint32_t addr = ip4_from_addr(&g->addr);
	uint8_t message[IGMP3_REPORT_BYTES];

	if (version == 3) {
		igmp3_build_report(message, record, addr);
		send_message(net, g->netif, ALL_IGMP3_ROUTERS, message, IGMP3_REPORT_BYTES);
		return;
	}
	igmp_build(message, version == 1 ? IGMP1_REPORT : IGMP2_REPORT, addr);
	send_message(net, g->netif, addr, message, IGMP_BYTES);
	g->reported = true;
}

/* RFC 2236 section 3: who reported last says that it leaves; version 1 has no word for it. */
static void send_leave(struct holm_net *net, struct ip_group *g)
{
	unsigned version = version_now(net);
	uint8_t message[IGMP3_REPORT_BYTES];

	if (version == 3) {
		send_report(net, g, IGMP_TO_INCLUDE);
	} else if (version == 2 && g->reported) {
		igmp_build(message, IGMP2_LEAVE, ip4_from_addr(&g->addr));
		send_message(net, g->netif, ALL_ROUTERS, message, IGMP_BYTES);
		g->changes = 0;
	}
}

static void say(struct holm_net *net, struct ip_group *g, enum ip_group_word word)
{
	if (word == IP_GROUP_LEFT)
		send_leave(net, g);
	else
		send_report(net, g, word == IP_GROUP_JOINED ? IGMP_TO_EXCLUDE : IGMP_IS_EXCLUDE);
}

static uint64_t change_interval_ns(const struct holm_net *net)
{
	return version_now(net) == 3 ? CHANGE_INTERVAL_NS : CHANGE2_INTERVAL_NS;
}

static bool is_reported(const struct ip_group *g)
{
	return ip4_from_addr(&g->addr) != ALL_SYSTEMS && !g->netif->loopback;
}

static const struct ip_group_ops igmp_group_ops = {
	.joined = ip_group_joined,
	.left = ip_group_left,
	.is_reported = is_reported,
	.say = say,
	.change_interval_ns = change_interval_ns,
};

/* ---- In. */

static void note_version(struct holm_net *net, unsigned version)
{
	struct igmp_state *state = net->ip->igmp_state;

	if (version == 1)
		state->v1_until_ns = net->now + OLD_ROUTER_NS;
	else if (version == 2)
		state->v2_until_ns = net->now + OLD_ROUTER_NS;
}

static void query(struct holm_net *net, const struct holm_netif *netif,
		  const struct igmp_info *info)
{
	const struct holm_addr group = ip4_to_addr(info->group);

	note_version(net, info->version);
	ip_groups_query(net, netif, true, info->group ? &group : NULL,
			info->response_ms * 1000000ull);
}

/* RFC 2236 section 3: one report of a group is enough, whoever sends it. */
static void heard_report(struct holm_net *net, const struct holm_netif *netif, uint32_t group)
{
	const struct holm_addr addr = ip4_to_addr(group);

	if (version_now(net) != 3)
		ip_group_heard_report(net, netif, &addr);
}

static void igmp_input(struct holm_net *net, struct holm_frame *f)
{
	size_t len = ip_rx(f)->l4_len, linear = min_size(len, IGMP3_QUERY_BYTES);
	const struct holm_netif *netif = f->dev->netif;
	struct igmp_info info;
	enum holm_drop why;

	if (f->segs[0].len < f->l4_off + linear && !holm_frame_pullup(f, f->l4_off + linear)) {
		net_drop(net, f, HOLM_DROP_IGMP_MALFORMED);
		return;
	}
	if (!igmp_parse(holm_frame_data(f) + f->l4_off, linear, len, &info, &why)) {
		net_drop(net, f, why);
		return;
	}
	if (checksum_finish(frame_sum(f, f->l4_off, len, 0)) != 0) {
		net_drop(net, f, HOLM_DROP_IGMP_MALFORMED);
		return;
	}
	switch (info.type) {
	case IGMP_QUERY:
		query(net, netif, &info);
		break;
	case IGMP1_REPORT:
	case IGMP2_REPORT:
		heard_report(net, netif, info.group);
		break;
	default:
		/* Leaves and version 3 reports are for routers. */
		break;
	}
	holm_frame_free(f);
}

/* ---- Life. */

static int igmp_start(struct holm_net *net)
{
	net->ip->igmp_state = mem_zalloc(&net->mem, sizeof(*net->ip->igmp_state));
	if (!net->ip->igmp_state)
		return -HOLM_ENOMEM;
	ip_cast_start(net);
	net->ip->groups.ops4 = &igmp_group_ops;
	return 0;
}

static void igmp_stop(struct holm_net *net)
{
	if (!net->ip || !net->ip->igmp_state)
		return;
	ip_groups_silence(net, true);
	net->ip->groups.ops4 = NULL;
	mem_free(&net->mem, net->ip->igmp_state, sizeof(*net->ip->igmp_state));
	net->ip->igmp_state = NULL;
}

static void igmp_netif_changed(struct holm_net *net, struct holm_netif *netif)
{
	if (net->netifs[netif->index] == netif && !netif->loopback && netif->dev->link_up)
		ip_groups_link_up(net, netif, true);
}

static const struct holm_proto *const igmp_needs[] = { &holm_ipv4, NULL };

const struct holm_proto holm_igmp = {
	.name = "igmp",
	.kind = PROTO_TRANSPORT,
	.number = IP4_PROTO_IGMP,
	.needs = igmp_needs,
	.start = igmp_start,
	.stop = igmp_stop,
	.input = igmp_input,
	.netif_changed = igmp_netif_changed,
};
