/*
 * nd.h -- neighbour discovery's part of the instance, shared by nd.c, dad.c, router.c and slaac.c and by
 * nobody else, but for told.c, which tells programs what routers said.
 *
 * Nothing that a stranger on the link sends makes it grow: all tables have the sizes below, are made with
 * their interface, and what finds no room is dropped and counted. What is there goes when its router takes
 * it back or its time is over, never to make room.
 */
#ifndef NET_IP_ND_H
#define NET_IP_ND_H

#include "lib/siphash.h"
#include "net/ip/state.h"
#include "net/link/neigh.h"
#include "net/wire/nd.h"

enum {
	/* Default routers per interface: RFC 4861 section 6.3.4 wants two; a link has them redundant. */
	ND_ROUTERS_MAX = 4,
	/* Prefixes per interface: one of a provider's, a local one, and each twice while renumbering. */
	ND_PREFIXES_MAX = 4,
	/* Addresses made of these; config.addrs_max has room for a few others. */
	ND_AUTOCONF_MAX = 4,
	/* Name servers per interface: resolvers ask three (RFC 8106 section 5.3.1 agrees). */
	ND_SERVERS_MAX = 4
};

/* When something ends, in time of the instance; ND_NEVER: it does not. */
#define ND_NEVER UINT64_MAX

struct nd_router {
	struct holm_addr addr; /* link-local */
	uint64_t until_ns;
	int8_t preference;
	bool silent; /* does not answer: others come first (RFC 4861 section 6.3.6) */
};

/* On the link, as a router says. */
struct nd_onlink {
	struct holm_addr addr;
	uint8_t len;
	uint64_t until_ns;
};

struct nd_server {
	struct holm_addr addr;
	uint64_t until_ns;
};

enum nd_stage {
	ND_ADDR_FREE,	/* the slot is nobody's */
	ND_ADDR_ASKING, /* tentative */
	ND_ADDR_OURS,
	ND_ADDR_TAKEN /* somebody else has it */
};

/* One per IPv6 address of an interface. */
struct nd_addr {
	struct nd_if *nif;
	struct holm_addr addr;
	struct net_timer timer; /* of what the stage waits for */
	struct nd_nonce nonce;	/* of the last probe: what comes back is ours (RFC 7527) */
	uint8_t stage;		/* enum nd_stage */
	uint8_t left;		/* probes still to be sent */
	uint8_t looped;		/* of ours that came back */
	bool defended;
	uint64_t defended_ns; /* when it last was */
};

/* One per interface with a link. */
struct nd_if {
	struct holm_netif *netif;
	struct neigh_times times;
	bool link_up;
	bool told;	   /* a router has been heard since the link came up */
	uint8_t flags;	   /* of the last router advertisement */
	uint8_t hop_limit; /* the same */
	/* Interface identifiers that somebody else had since the link came up (RFC 7217, DAD_Counter). */
	uint8_t id_tries;
	struct net_timer solicit;
	uint64_t solicit_ns;   /* until the next router solicitation: doubles (RFC 7559) */
	struct net_timer life; /* the next router, prefix or server to go */
	uint32_t nrouters, nonlinks, nservers;
	struct nd_router routers[ND_ROUTERS_MAX];
	struct nd_onlink onlinks[ND_PREFIXES_MAX];
	struct nd_server servers[ND_SERVERS_MAX];
	struct nd_addr addrs[]; /* [config.addrs_max] */
};

/* One per instance. */
struct nd_state {
	struct siphash_key id_key; /* of interface identifiers */
	struct nd_if *ifs[];	   /* [config.devices_max + 1]; NULL: no link, or no memory */
};

/* nd.c. The interface's, made if there is none yet; NULL: no memory, or no link. */
struct nd_if *nd_if_of(struct holm_net *net, struct holm_netif *netif);
/* A solicitation or advertisement about an address of ours. */
void nd_send_probe(struct holm_net *net, struct nd_addr *a);
void nd_send_advert(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *target,
		    const struct holm_addr *dst, const struct holm_mac *mac, uint8_t flags);
void nd_send_router_solicit(struct holm_net *net, struct holm_netif *netif);

/* dad.c: duplicate address detection, RFC 4862 section 5.4, RFC 7527. */
void dad_start(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr);
/* It goes. */
void dad_end(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr);
struct nd_addr *dad_find(struct nd_if *nif, const struct holm_addr *addr);
/* The link came up: ask, or say once more who is here. */
void dad_link_up(struct holm_net *net, struct nd_if *nif);
/* Somebody asks for the address without having one himself. The verdict; HOLM_DROP_COUNT: go on. */
enum holm_drop dad_heard_probe(struct holm_net *net, struct nd_addr *a, const struct nd_info *info);
/* Somebody says that he has it. */
enum holm_drop dad_heard_owner(struct holm_net *net, struct nd_addr *a);

/* router.c: router discovery, RFC 4861 section 6.3, RFC 4191 (preferences), 7559, 8106. */
void router_if_start(struct nd_if *nif);
void router_if_stop(struct holm_net *net, struct nd_if *nif);
/* There is an address to ask from, or there will be none: look for routers. */
void router_solicit(struct holm_net *net, struct nd_if *nif);
/* An advertisement that is good. */
void router_heard(struct holm_net *net, struct nd_if *nif, const struct holm_addr *src,
		  const struct nd_info *info);
/* It does not answer, or does again. */
void router_reachable(struct holm_net *net, struct nd_if *nif, const struct holm_addr *addr,
		      bool yes);
/* It says that it is no router any more. */
void router_gone(struct holm_net *net, struct nd_if *nif, const struct holm_addr *addr);
/* `s` seconds from now. */
uint64_t router_until(const struct holm_net *net, uint32_t s);
/* Something ends earlier than all before it. */
void router_note_end(struct holm_net *net, struct nd_if *nif, uint64_t until_ns);

/* slaac.c: prefixes and addresses made of them, RFC 4862 section 5.5, RFC 7217. */
void slaac_link_local(struct holm_net *net, struct nd_if *nif);
void slaac_prefix(struct holm_net *net, struct nd_if *nif, const struct nd_prefix *prefix);
/* On-link prefixes whose time is over go; the next to go. */
uint64_t slaac_age(struct holm_net *net, struct nd_if *nif);
/* The address turned out to be somebody else's: try another identifier. */
void slaac_duplicate(struct holm_net *net, struct nd_if *nif, const struct holm_addr *addr);

#endif
