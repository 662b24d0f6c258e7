/*
 * Multicast listener discovery, a host's part: RFC 3810, and version 1 (RFC 2710) while a router of that
 * version is there; as igmp.c is for IPv4. When something is said is group_report.c's. A query about single
 * sources is answered for the whole group, as no endpoint chooses sources. Before there is a link-local
 * address reports come from :: (RFC 3590), for bridges that listen.
 */
#include "net/ip/state.h"

#include "net/core/ip_rx.h"
#include "net/ip/link6.h"
#include "net/wire/mld.h"

/* Between two reports of a change: sections 9.11, and RFC 2710 section 7.10. */
#define CHANGE_INTERVAL_NS 1000000000ull
#define CHANGE1_INTERVAL_NS 10000000000ull
/* How long a router of version 1 is believed in: section 9.12, with the intervals of 9.2 and 9.3. */
#define OLD_ROUTER_NS 260000000000ull
#define REPORT_HOP_LIMIT 1u

/* One per instance. Hosts have few interfaces, and routers agree. */
struct mld_state {
	uint64_t v1_until_ns;
};

static unsigned version_now(const struct holm_net *net)
{
	return net->now < net->ip->mld_state->v1_until_ns ? 1 : 2;
}

/* ---- Out. */

static void send_message(struct holm_net *net, struct holm_netif *netif,
			 const struct holm_addr *dst, uint8_t *p, size_t len)
{
	struct link6_message m = {
		.dst = *dst,
		.p = p,
		.len = len,
		.hop_limit = REPORT_HOP_LIMIT,
		.router_alert = true,
	};

	if (!netif->dev->link_up)
		return;
	/* Without one it is ::. */
	(void)link6_local(netif, &m.src);
	net_count(net, HOLM_COUNT_MLD_REPORTS_SENT);
	link6_send(net, netif, &m);
}

static void send_report(struct holm_net *net, struct ip_group *g, enum mld_record record)
{
	/* ff02::16, all MLDv2-capable routers. */
	static const struct holm_addr mld2_routers = { { 0xff, 2, [15] = 0x16 } };
	uint8_t p[MLD_SENT_MAX];

	if (version_now(net) == 2) {
		mld2_build_report(p, record, &g->addr);
		send_message(net, g->netif, &mld2_routers, p, MLD2_REPORT_BYTES);
		return;
	}
	mld_build(p, MLD1_REPORT, &g->addr);
	send_message(net, g->netif, &g->addr, p, MLD_BYTES);
	g->reported = true;
}

/* RFC 2710 section 4: who reported last says that it leaves. */
static void send_leave(struct holm_net *net, struct ip_group *g)
{
	const struct holm_addr routers = ip6_all_routers();
	uint8_t p[MLD_SENT_MAX];

	if (version_now(net) == 2) {
		send_report(net, g, MLD_TO_INCLUDE);
		return;
	}
	if (g->reported) {
		mld_build(p, MLD1_DONE, &g->addr);
		send_message(net, g->netif, &routers, p, MLD_BYTES);
	}
	g->changes = 0;
}

static void say(struct holm_net *net, struct ip_group *g, enum ip_group_word word)
{
	if (word == IP_GROUP_LEFT)
		send_leave(net, g);
	else
		send_report(net, g, word == IP_GROUP_JOINED ? MLD_TO_EXCLUDE : MLD_IS_EXCLUDE);
}

static uint64_t change_interval_ns(const struct holm_net *net)
{
	return version_now(net) == 2 ? CHANGE_INTERVAL_NS : CHANGE1_INTERVAL_NS;
}

/* RFC 3810 section 6: not ff02::1, nor what does not leave the host. */
static bool is_reported(const struct ip_group *g)
{
	const struct holm_addr all = ip6_all_nodes();

	return !g->netif->loopback && ip6_scope_of(&g->addr) >= IP6_SCOPE_LINK &&
	       !holm_addr_equal(&g->addr, &all);
}

static const struct ip_group_ops mld_group_ops = {
	.joined = ip_group_joined,
	.left = ip_group_left,
	.is_reported = is_reported,
	.say = say,
	.change_interval_ns = change_interval_ns,
};

/* ---- In. */

static void heard_query(struct holm_net *net, const struct holm_netif *netif,
			const struct mld_info *info)
{
	if (info->version == 1)
		net->ip->mld_state->v1_until_ns = net->now + OLD_ROUTER_NS;
	ip_groups_query(net, netif, false, ip6_is_any(&info->group) ? NULL : &info->group,
			info->response_ms * 1000000ull);
}

/* RFC 2710 section 4: one report of a group is enough, whoever sends it. */
static void heard_report(struct holm_net *net, const struct holm_netif *netif,
			 const struct holm_addr *group)
{
	if (version_now(net) == 1)
		ip_group_heard_report(net, netif, group);
}

/*
 * RFC 3810 section 5.1.14: from a link-local address, with a hop limit of 1 and the router alert option,
 * which stands in a hop-by-hop header.
 */
static bool is_of_this_link(const struct holm_frame *f, const struct ip_rx *rx)
{
	return ip6_is_link_local(&rx->src) && rx->ttl == REPORT_HOP_LIMIT &&
	       f->l4_off > f->l3_off + IP6_HDR_BYTES && !(f->flags & HOLM_FRAME_LOOPED);
}

static void mld_input(struct holm_net *net, struct holm_frame *f)
{
	const struct ip_rx rx = *ip_rx(f);
	const struct holm_netif *netif = f->dev->netif;
	const uint8_t *p = link6_message(f);
	struct mld_info info;
	enum holm_drop why;

	if (!p || !is_of_this_link(f, &rx)) {
		net_drop(net, f, HOLM_DROP_MLD_MALFORMED);
		return;
	}
	if (!mld_parse(p, rx.l4_len, rx.l4_len, &info, &why)) {
		net_drop(net, f, why);
		return;
	}
	/* The rest is for routers. */
	if (info.type == MLD_QUERY)
		heard_query(net, netif, &info);
	else if (info.type == MLD1_REPORT)
		heard_report(net, netif, &info.group);
	holm_frame_free(f);
}

/* ---- Life. */

static int mld_start(struct holm_net *net)
{
	net->ip->mld_state = mem_zalloc(&net->mem, sizeof(*net->ip->mld_state));
	if (!net->ip->mld_state)
		return -HOLM_ENOMEM;
	net->ip->groups.ops6 = &mld_group_ops;
	net->ip->mld_input = mld_input;
	return 0;
}

static void mld_stop(struct holm_net *net)
{
	if (!net->ip || !net->ip->mld_state)
		return;
	ip_groups_silence(net, false);
	net->ip->groups.ops6 = NULL;
	net->ip->mld_input = NULL;
	mem_free(&net->mem, net->ip->mld_state, sizeof(*net->ip->mld_state));
	net->ip->mld_state = NULL;
}

static void mld_netif_changed(struct holm_net *net, struct holm_netif *netif)
{
	if (net->netifs[netif->index] == netif && netif->dev->link_up)
		ip_groups_link_up(net, netif, false);
}

static const struct holm_proto *const mld_needs[] = { &holm_icmp6, NULL };

const struct holm_proto holm_mld = {
	.name = "mld",
	.kind = PROTO_PART,
	.needs = mld_needs,
	.start = mld_start,
	.stop = mld_stop,
	.netif_changed = mld_netif_changed,
};
