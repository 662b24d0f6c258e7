/* See family.h. */
#include "tests/pkt/family.h"

#include <string.h>

#include "lib/bytes.h"
#include "tests/pkt/token.h"

#define LEVEL_IP 0
#define LEVEL_IP6 41
#define DOMAIN_INET 2u
#define DOMAIN_INET6 10u

/* fd3d:a0b:17d6::/96: the network that packetdrill's scripts live in, and an IPv4 address behind it. */
static const uint8_t network[12] = { 0xfd, 0x3d, 0x0a, 0x0b, 0x17, 0xd6 };
/* ff05::/96: groups of the site. */
static const uint8_t groups[12] = { 0xff, 0x05 };

enum script_family family_of_script(const char *text)
{
	static const char option[] = "--ip_version=";

	for (const char *at = text; (at = strstr(at, option)); at++) {
		if (at != text && at[-1] != '\n')
			continue;
		return strncmp(at + sizeof(option) - 1, "ipv6", 4) == 0 ? FAMILY_IP6 : FAMILY_IP4;
	}
	return FAMILY_ANY;
}

struct holm_addr family_addr(const struct family *fm, const struct holm_addr *a)
{
	struct holm_addr out = *a;

	if (!fm->ip6 || !holm_addr_is_ip4(a))
		return out;
	if (holm_addr_is_any(a))
		return holm_addr_any6();
	if (a->b[12] == 127) {
		memset(&out, 0, sizeof(out));
		out.b[15] = a->b[15];
		return out;
	}
	memcpy(out.b, a->b[12] >> 4 == 14 ? groups : network, sizeof(network));
	return out;
}

static void translate(const struct family *fm, struct packet *p)
{
	if (p->has_addrs) {
		p->src = family_addr(fm, &p->src);
		p->dst = family_addr(fm, &p->dst);
	}
	if (p->has_mtu)
		p->mtu = (uint16_t)(p->mtu + fm->extra);
}

void family_script(const struct family *fm, struct script *s)
{
	for (struct event *e = s->first; e; e = e->next)
		if (e->kind == EVENT_PACKET)
			translate(fm, &e->packet);
}

struct sock_name family_sock_name(const struct family *fm, const struct holm_addr *a, uint16_t port)
{
	struct holm_addr own = family_addr(fm, a);
	uint16_t domain = fm->ip6 ? DOMAIN_INET6 : DOMAIN_INET;
	struct sock_name name = { .len = fm->ip6 ? 28 : 16 };

	/* The family is in the machine's order, as Linux has it. */
	memcpy(name.bytes, &domain, sizeof(domain));
	store_be16(name.bytes + 2, port);
	if (fm->ip6)
		memcpy(name.bytes + 8, own.b, 16);
	else
		memcpy(name.bytes + 4, own.b + 12, 4);
	return name;
}

void family_sockopt(const struct family *fm, int *level, int *name)
{
	static const struct {
		int ip4, ip6;
	} same[] = {
		{ 1, 67 },  /* IP_TOS, IPV6_TCLASS */
		{ 2, 16 },  /* IP_TTL, IPV6_UNICAST_HOPS */
		{ 10, 23 }, /* MTU_DISCOVER */
		{ 11, 25 }, /* RECVERR */
		{ 14, 24 }, /* MTU */
	};

	if (!fm->ip6 || *level != LEVEL_IP)
		return;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		if (same[i].ip4 != *name)
			continue;
		*level = LEVEL_IP6;
		*name = same[i].ip6;
		return;
	}
	fail("option %d of SOL_IP has no counterpart in IPv6", *name);
}
