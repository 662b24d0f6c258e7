/*
 * Whose an address is: announced twice, and again when the link comes up, and defended once in ten seconds
 * where somebody else uses it (RFC 5227 sections 2.3 and 2.4 (b)). The part holm_arp_claims: without it an
 * address is announced once and a conflict is only counted.
 */
#include "net/link/arp.h"

#include "net/core/proto.h"
#include "net/link/netif.h"

/* One per address of an ethernet interface, from its first announcement on. */
struct announcement {
	struct list_node node;
	struct net_timer timer; /* until the next announcement */
	struct holm_netif *netif;
	uint32_t addr;
	uint32_t left; /* announcements still to be made */
	bool defended;
	uint64_t defended_ns; /* when it last was */
};

static struct announcement *find_announcement(struct arp_state *arp, const struct holm_netif *netif,
					      uint32_t addr)
{
	struct list_node *n;

	for (n = list_first(&arp->announcements); n; n = list_next(&arp->announcements, n)) {
		struct announcement *a = container_of(n, struct announcement, node);

		if (a->netif == netif && a->addr == addr)
			return a;
	}
	return NULL;
}

static void forget_announcement(struct holm_net *net, struct announcement *a)
{
	net_timer_cancel(net, &a->timer);
	list_remove(&a->node);
	mem_free(&net->mem, a, sizeof(*a));
}

static void announce_now(struct holm_net *net, struct announcement *a)
{
	if (a->netif->dev->link_up)
		arp_announce_once(net, a->netif, a->addr);
	if (a->left > 0)
		a->left--;
	if (a->left > 0)
		net_timer_arm(net, &a->timer, net->now + ARP_ANNOUNCE_INTERVAL_NS);
}

static void announcement_due(struct holm_net *net, struct net_timer *timer)
{
	announce_now(net, container_of(timer, struct announcement, timer));
}

static void restart_announcement(struct holm_net *net, struct announcement *a)
{
	a->left = ARP_ANNOUNCE_NUM;
	announce_now(net, a);
}

static void announce(struct holm_net *net, struct holm_netif *netif, uint32_t addr)
{
	struct announcement *a = find_announcement(net->arp, netif, addr);

	if (!a) {
		a = mem_zalloc(&net->mem, sizeof(*a));
		if (!a) {
			/* Without memory to remember the second announcement, there is one. */
			arp_announce_once(net, netif, addr);
			return;
		}
		a->netif = netif;
		a->addr = addr;
		net_timer_init(&a->timer, announcement_due);
		list_push_back(&net->arp->announcements, &a->node);
	}
	restart_announcement(net, a);
}

static void withdraw(struct holm_net *net, struct holm_netif *netif, uint32_t addr)
{
	struct announcement *a = find_announcement(net->arp, netif, addr);

	if (a)
		forget_announcement(net, a);
}

/* The line about a conflict, written without lib/fmt, which every program would link for it. */
#define CONFLICT_NAME_MAX 32u
#define CONFLICT_TEXT (CONFLICT_NAME_MAX + 72u)

static char *put_text(char *at, const char *text)
{
	for (size_t i = 0; text[i] && i < CONFLICT_NAME_MAX; i++)
		*at++ = text[i];
	return at;
}

static char *put_decimal(char *at, unsigned byte)
{
	if (byte >= 100)
		*at++ = (char)('0' + byte / 100);
	if (byte >= 10)
		*at++ = (char)('0' + byte / 10 % 10);
	*at++ = (char)('0' + byte % 10);
	return at;
}

static char *put_hex(char *at, unsigned byte)
{
	*at++ = "0123456789abcdef"[byte >> 4];
	*at++ = "0123456789abcdef"[byte & 15];
	return at;
}

static void log_conflict(struct holm_net *net, const struct holm_netif *netif, uint32_t addr,
			 const struct holm_mac *other)
{
	char text[CONFLICT_TEXT];
	char *at = put_text(text, "arp: ");

	at = put_text(at, netif->dev->name);
	at = put_text(at, ": address ");
	for (int shift = 24; shift >= 0; shift -= 8) {
		at = put_decimal(at, addr >> shift & 0xff);
		*at++ = shift > 0 ? '.' : ' ';
	}
	at = put_text(at, "is also used by ");
	for (size_t i = 0; i < sizeof(other->b); i++) {
		at = put_hex(at, other->b[i]);
		*at++ = ':';
	}
	net_log_text(net, HOLM_LOG_WARN, text, (size_t)(at - text) - 1);
}

/*
 * Somebody else uses our address. Say once more that it is ours, but not more often than
 * DEFEND_INTERVAL: RFC 5227 section 2.4 (b); then it stays as it is.
 */
static void contested(struct holm_net *net, struct holm_netif *netif, uint32_t addr,
		      const struct holm_mac *other)
{
	struct announcement *a = find_announcement(net->arp, netif, addr);

	if (!a || (a->defended && net->now - a->defended_ns < ARP_DEFEND_INTERVAL_NS))
		return;
	a->defended = true;
	a->defended_ns = net->now;
	log_conflict(net, netif, addr, other);
	arp_announce_once(net, netif, addr);
}

/* A link that comes up leads perhaps to another place: say who is here. */
static void netif_changed(struct holm_net *net, struct holm_netif *netif, bool gone, bool up)
{
	struct arp_state *arp = net->arp;
	struct list_node *n, *next;

	for (n = list_first(&arp->announcements); n; n = next) {
		struct announcement *a = container_of(n, struct announcement, node);

		next = list_next(&arp->announcements, n);
		if (a->netif != netif)
			continue;
		if (gone)
			forget_announcement(net, a);
		else if (up)
			restart_announcement(net, a);
	}
}

static const struct arp_claim_ops ops = {
	.announce = announce,
	.withdraw = withdraw,
	.contested = contested,
	.netif_changed = netif_changed,
};

static int start(struct holm_net *net)
{
	list_init(&net->arp->announcements);
	net->arp->claims = &ops;
	return 0;
}

static void stop(struct holm_net *net)
{
	struct arp_state *arp = net->arp;
	struct list_node *n;

	if (!arp || !arp->claims)
		return;
	while ((n = list_first(&arp->announcements)) != NULL)
		forget_announcement(net, container_of(n, struct announcement, node));
	arp->claims = NULL;
}

static const struct holm_proto *const needs[] = { &holm_arp, NULL };

const struct holm_proto holm_arp_claims = {
	.name = "arp-claims",
	.kind = PROTO_PART,
	.needs = needs,
	.start = start,
	.stop = stop,
};
