/*
 * The network layer's part of an instance, shared by the files of net/ip and nobody else. Addresses
 * and prefixes are kept in 128 bits for both families: an IPv4 prefix of n bits has 96 + n.
 */
#ifndef NET_IP_STATE_H
#define NET_IP_STATE_H

#include "net/core/proto.h"
#include "net/core/table.h"
#include "net/ip/early.h"
#include "net/ip/flow.h"
#include "net/ip/group.h"
#include "net/ip/ip.h"
#include "net/ip/reasm.h"
#include "net/wire/ip4.h"
#include "net/wire/ip6.h"

enum { IP_FAMILY_4, IP_FAMILY_6, IP_FAMILIES };

/*
 * Read the headers of a packet that we sent, for an error about it. Where its transport's begins; 0: too
 * short.
 */
typedef size_t ip_quote_fn(const struct holm_frame *f, struct ip_error *error);

/* What differs between the families; each one's protocol registers its table at start. */
struct ip_family {
	/* Push the header in front of a transport segment and send. Ownership passes. */
	void (*output)(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f,
		       const struct ip_tx *tx);
	uint8_t header_bytes;
	/* The addresses of some interface changed: refresh what input compares with. */
	void (*addrs_changed)(struct holm_net *net);
	/* May a host have this address with this prefix (in bits of the family)? */
	bool (*is_assignable)(const struct holm_netif *netif, const struct holm_addr *addr,
			      unsigned prefix_len);
	/* Send a frame that begins with its network header. */
	void (*emit)(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f, bool no_loop);
	/* Choose a source address for `remote`, which is reached through `netif`. False: there is none. */
	bool (*select_source)(const struct holm_net *net, const struct holm_netif *netif,
			      const struct holm_addr *remote, struct holm_addr *src);
	/*
	 * An address is about to be an interface's, or no longer is. -HOLM_ENOBUFS, -HOLM_ENOMEM.
	 * NULL: so be it.
	 */
	int (*addr_comes)(struct holm_net *net, struct holm_netif *netif,
			  const struct holm_addr *addr);
	void (*addr_goes)(struct holm_net *net, struct holm_netif *netif,
			  const struct holm_addr *addr);
	/* Is a packet let in that came by this interface, to one address of ours? IPv4: see ip4_endings. */
	bool (*lets_in)(const struct holm_net *net, const struct holm_netif *netif,
			const struct holm_addr *src, const struct holm_addr *dst);
	uint16_t mtu_min; /* no router makes a path narrower than this */
	/* The label of a flow, from how its transport header begins. NULL: the family has none. */
	uint32_t (*flow_label)(const struct holm_net *net, const struct holm_addr *src,
			       const struct holm_addr *dst, uint8_t proto, uint32_t ports);
};

struct ip_route {
	struct holm_addr dst;
	struct holm_addr gateway; /* wildcard: on link */
	struct holm_netif *netif;
	uint32_t metric;
	uint32_t mark;	    /* not 0: only for what carries it */
	uint8_t prefix_len; /* of 128 */
};

/* One of our IPv4 addresses as input compares with it. */
struct ip4_local {
	uint32_t addr;
	uint32_t broadcast; /* of its network; 255.255.255.255 where the network has none */
	uint32_t mask;
	uint32_t netif_index;
};

/*
 * They and the broadcast addresses of their networks by how they end, for whom one comparison must do. An
 * ending that is not taken is none's of them.
 */
#define IP4_ENDINGS 64u

struct ip4_endings {
	uint64_t taken;		    /* a bit for each ending */
	uint32_t ours[IP4_ENDINGS]; /* the last of our addresses that has it; 0: it may be none */
};

/* Of most that are ours. */
static inline bool ip4_is_known(const struct ip4_endings *e, uint32_t a)
{
	return e->ours[a % IP4_ENDINGS] == a && a != 0;
}

/* The same of IPv6. Tentative ones are not among them. */
struct ip6_local {
	struct holm_addr addr;
	uint32_t netif_index;
};

/* Datagrams in pieces: reasm4.c and split4.c, where they are named. */
struct ip4_fragments {
	/* ip_reasm_input() for a piece with this header, which is checked. */
	struct holm_frame *(*join)(struct holm_net *net, struct holm_frame *f,
				   const struct ip4_info *info);
	/* Send a frame that begins with its transport header in pieces that fit `mtu`. */
	void (*split)(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f,
		      const struct ip_tx *tx, uint16_t mtu);
};

/* What goes to everybody or to a group: cast.c. */
struct ip_cast_ops {
	/* `remote` is 255.255.255.255 or a group: no neighbour. `only`: through this interface; NULL: any. */
	int (*resolve)(struct holm_net *net, struct ip_dst *dst, struct holm_netif *only);
	/* The network's own broadcast address (RFC 919), seen from this interface. */
	bool (*is_broadcast)(const struct holm_net *net, const struct holm_netif *netif,
			     const struct holm_addr *a);
	/* A frame to them that begins with its IPv4 header. */
	void (*send4)(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f, bool no_loop);
};

/*
 * Members here get a copy of what goes to a group or to everybody: RFC 1112 section 6.1, and as Linux does
 * it of broadcasts too. There is a loopback; the frame stays the caller's.
 */
void ip_cast_loop(struct holm_net *net, const struct ip_dst *dst, const struct holm_frame *f);

/* Destinations that are asked for in turn are found without a probe, if they are no more than about this. */
#define IP_DSTS_RECENT 32u

/* One per instance. Made by the first family's start, freed by the last one's stop. */
struct ip_state {
	/* Read for every packet. */
	uint32_t nlocals4;
	struct ip4_local *locals4;
	uint32_t locals4_room;
	uint32_t any_dst_users;
	const struct holm_proto *tcp, *udp, *icmp4, *igmp;
	uint32_t id_counter; /* identification of packets that may be fragmented on the way */

	/*
	 * Endpoints without a transport, where those are named: a copy of a packet (true: somebody has the
	 * protocol), an error about one, an echo reply. The first two are NULL while nobody is raw.
	 */
	struct ip_ends *ends;
	bool (*raw_input)(struct holm_net *net, struct holm_frame *f);
	bool (*raw_error)(struct holm_net *net, const struct ip_error *error);
	bool (*echo_reply)(struct holm_net *net, struct holm_frame *f, uint16_t id);
	bool (*echo_error)(struct holm_net *net, const struct ip_error *error);

	const struct ip_family *families[IP_FAMILIES];
	uint32_t nroutes;
	struct ip_route *routes; /* [config.routes_max] */

	struct allocator allocator;
	struct table dsts;
	struct ip_dst *parting; /* the last without holder, not listed: its neighbour is held */
	struct list unused;	/* destinations without holder, least recently used first */
	struct net_timer pmtu_age;
	struct list keepers; /* of struct ip_keeper */
	struct ip_early early;
	struct ip_reasm reasm;
	const struct ip4_fragments *fragments4; /* NULL: not named */
	const struct ip_cast_ops *cast;		/* NULL: nobody has called ip_cast_start() */
	struct ip_groups groups;
	struct igmp_state *igmp_state; /* NULL: IGMP is not named */
	struct nd_state *nd;	       /* nd.h; NULL: not named, as the next */
	struct mld_state *mld_state;

	/* Set by the families' ICMP where it is named: answer `f` with an error of this kind. */
	void (*send_error[IP_FAMILIES])(struct holm_net *net, struct holm_frame *f,
					enum ip_error_kind kind);

	/* Frames that a neighbour did not want: see ip_tell_unreachable(). NULL: nobody is told. */
	void (*neighbour_unreachable)(struct holm_net *net, struct holm_frame *f);
	ip_quote_fn *quote[IP_FAMILIES];

	/* IPv6's. As above: addresses of ours. */
	uint32_t nlocals6;
	struct ip6_local *locals6;
	uint32_t locals6_room;
	uint64_t endings6; /* a bit for what one of them ends with */
	const struct holm_proto *icmp6;
	struct hash_key label_key; /* of flow labels (RFC 6437) */
	struct net_timer life;	   /* the next address that is to be deprecated, or to go */

	/*
	 * Set by ICMPv6 when it is named: answer `f` with a Parameter Problem of this code (enum
	 * ip6_problem), pointing at a byte, counted from the IPv6 header's first. It stays the caller's.
	 */
	void (*send_problem6)(struct holm_net *net, struct holm_frame *f, uint8_t code,
			      uint32_t pointer);
	/*
	 * Where ICMPv6 hands messages of neighbour discovery (types 133 to 137) and of multicast listener
	 * discovery (130 to 132, 143): checksum, ip_rx() and l4_off are good, ownership passes. NULL: not
	 * named.
	 */
	void (*nd_input)(struct holm_net *net, struct holm_frame *f);
	void (*mld_input)(struct holm_net *net, struct holm_frame *f);
	/*
	 * Set by neighbour discovery: an address that was added is tentative, ask whether somebody has it;
	 * ip_addr_set_state() when that is known. NULL: nobody asks.
	 */
	void (*dad_start)(struct holm_net *net, struct holm_netif *netif,
			  const struct holm_addr *addr);

	struct ip4_endings endings4; /* of locals4 */
	/* In the table: of remotes that end in the same bits the one asked for last; NULL: none. */
	struct ip_dst *recent_dsts[IP_DSTS_RECENT];
};

/* What datagrams are sent and received with; NULL: not a part of this instance, or of the build. */
static inline const struct ip4_fragments *ip_fragments4(const struct ip_state *ip)
{
	return HOLM_WITH_DATAGRAMS ? ip->fragments4 : NULL;
}
static inline const struct ip_cast_ops *ip_cast(const struct ip_state *ip)
{
	return HOLM_WITH_DATAGRAMS || HOLM_WITH_IPV6 ? ip->cast : NULL;
}

/* Do raw endpoints, or echo endpoints, want to see what comes in? */
static inline bool ip_has_raw(const struct ip_state *ip)
{
	return HOLM_WITH_DATAGRAMS && unlikely(ip->raw_input != NULL);
}
static inline bool ip_has_echo(const struct ip_state *ip)
{
	return HOLM_WITH_DATAGRAMS && ip->echo_reply;
}

/* Do datagrams for any unicast address pass: see ip_any_dst_users()? */
static inline bool ip_takes_any_dst(const struct ip_state *ip)
{
	return HOLM_WITH_DATAGRAMS && ip->any_dst_users > 0;
}

/* Are packets to this group let in by this interface? */
static inline bool ip_group_has(const struct holm_net *net, const struct holm_netif *netif,
				const struct holm_addr *addr)
{
	const struct ip_groups *gs = &net->ip->groups;

	return (HOLM_WITH_DATAGRAMS || HOLM_WITH_IPV6) && gs->has && gs->has(net, netif, addr);
}

/* Is an address that a program gives of a family that the build does not have? */
static inline bool ip_is_unknown(const struct holm_addr *a)
{
	return !HOLM_WITH_IPV6 && !ip4_is_mapped(a);
}

static inline unsigned ip_family_index(const struct holm_addr *a)
{
	return ip4_is_addr(a) ? IP_FAMILY_4 : IP_FAMILY_6;
}

/* ip4.c: the one that every build has. */
extern const struct ip_family ip4_family;

/* The family of an address, or NULL if its protocol is not named. */
static inline const struct ip_family *ip_family_of(const struct holm_net *net,
						   const struct holm_addr *a)
{
	if (!HOLM_WITH_IPV6)
		return net->ip ? &ip4_family : NULL;
	return net->ip ? net->ip->families[ip_family_index(a)] : NULL;
}

static inline const struct ip_family *ip_dst_family(const struct ip_dst *dst)
{
	return HOLM_WITH_IPV6 ? dst->family : &ip4_family;
}

/* Register a family. -HOLM_ENOMEM. */
int ip_start(struct holm_net *net, unsigned family, const struct ip_family *ops);
void ip_stop(struct holm_net *net, unsigned family);

/*
 * Routes, addresses or an interface changed: every destination resolves anew. Transports hear about
 * `netif`; NULL: nobody is told.
 */
void ip_changed(struct holm_net *net, struct holm_netif *netif);
/*
 * An interface came, changed or is no more: its routes go, its addresses have gone before. Once for both
 * families.
 */
void ip_netif_changed(struct holm_net *net, struct holm_netif *netif);

/* Of all interfaces. */
static inline uint32_t ip_count_addrs(const struct holm_net *net)
{
	uint32_t n = 0;

	for (uint32_t i = net_slots_begin(); i < net_slots_end(net); i++)
		if (net->netifs[i])
			n += netif_count_addrs(net->netifs[i]);
	return n;
}

/* Do the first `prefix_len` bits of 128 agree? */
bool ip_prefix_match(const struct holm_addr *a, const struct holm_addr *b, unsigned prefix_len);

/* The best route: the longest prefix, then the smallest metric, then the oldest. NULL: none. */
const struct ip_route *ip_route_lookup(const struct holm_net *net, const struct holm_addr *remote,
				       const struct holm_netif *only);
/* The same among the routes for a mark. */
const struct ip_route *ip_route_lookup_marked(const struct holm_net *net,
					      const struct holm_addr *remote,
					      const struct holm_netif *only, uint32_t mark);
/* The on-link route of an address's prefix. -HOLM_ENOSPC; that it is there already is fine. */
int ip_route_add_onlink(struct holm_net *net, struct holm_netif *netif,
			const struct holm_addr *addr, unsigned prefix_len);
void ip_route_del_onlink(struct holm_net *net, struct holm_netif *netif,
			 const struct holm_addr *addr, unsigned prefix_len);

/* How many leading bits do two addresses share? */
unsigned ip_common_prefix(const struct holm_addr *a, const struct holm_addr *b);

/* The family's choice of a source: see select_source. */
static inline bool ip_select_source(const struct holm_net *net, const struct holm_netif *netif,
				    const struct holm_addr *remote, struct holm_addr *src)
{
	const struct ip_family *family = ip_family_of(net, remote);

	return family && family->select_source(net, netif, remote, src);
}

/* select.c: RFC 6724 section 5 for IPv6. */
bool ip6_select_source(const struct holm_net *net, const struct holm_netif *netif,
		       const struct holm_addr *remote, struct holm_addr *src);

/* An address goes to an interface, unchecked and without a word to anybody: -HOLM_ENOSPC. */
int ip_addr_install(struct holm_net *net, struct holm_netif *netif, const struct netif_addr *a);

/*
 * What holm_addr_add() and holm_addr_del() do, for the room's own: with lifetimes and origin, `state` being
 * what duplicate address detection, where it is named, has not yet to find out (preferred or deprecated).
 * The same errors.
 */
int ip_addr_add(struct holm_net *net, struct holm_netif *netif, const struct netif_addr *a);
int ip_addr_remove(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr);
/* The entry, tentative or not; NULL: the interface does not have it. Good until addresses change. */
struct netif_addr *ip_addr_find(struct holm_netif *netif, const struct holm_addr *addr);
/*
 * Its state, or how long it stays (0: for ever), is another now. Preferred lifetimes do not end that of
 * tentative ones.
 */
void ip_addr_set_state(struct holm_net *net, struct holm_netif *netif, struct netif_addr *a,
		       enum netif_addr_state state);
void ip_addr_set_life(struct holm_net *net, struct holm_netif *netif, struct netif_addr *a,
		      uint64_t preferred_until_ns, uint64_t valid_until_ns);
/* lifetime.c, for IPv6: addresses have changed, the timer may have to. */
void ip6_life_start(struct holm_net *net);
void ip6_life_stop(struct holm_net *net);
void ip6_life_changed(struct holm_net *net);

/* The destination table. */
void ip_dst_start(struct holm_net *net);
void ip_dst_stop(struct holm_net *net);
/* Its route, through `only` unless that is NULL. NULL: there is none. */
const struct ip_route *ip_dst_find_route(const struct holm_net *net, const struct ip_dst *dst,
					 const struct holm_netif *only);
/* Destinations that were asked for through this interface alone lead nowhere from now on. */
void ip_dst_netif_gone(struct holm_net *net, const struct holm_netif *netif);

/* The transport protocol of this number, looked up once at start; NULL: not named. */
static inline const struct holm_proto *ip_transport(const struct holm_net *net, uint8_t proto)
{
	if (proto == IP4_PROTO_TCP)
		return net->ip->tcp;
	if (HOLM_WITH_DATAGRAMS && proto == IP4_PROTO_UDP)
		return net->ip->udp;
	if (HOLM_WITH_DATAGRAMS && proto == IP4_PROTO_IGMP)
		return net->ip->igmp;
	return proto == IP4_PROTO_ICMP ? net->ip->icmp4 : NULL;
}

/* The same of IPv6. */
static inline const struct holm_proto *ip6_transport(const struct holm_net *net, uint8_t proto)
{
	if (proto == IP6_PROTO_TCP)
		return net->ip->tcp;
	if (proto == IP6_PROTO_UDP)
		return net->ip->udp;
	return proto == IP6_PROTO_ICMP ? net->ip->icmp6 : NULL;
}

/*
 * reasm6.c: what came with a fragment header, at which the chain is. A frame with which the walk goes on:
 * the same one, if it is whole all the same, or the whole, with a chain that begins anew; NULL: consumed.
 */
struct holm_frame *ip6_reasm_input(struct holm_net *net, struct holm_frame *f, struct ip6_chain *c);
/* split6.c: send a frame that begins with its transport header in pieces that fit `mtu`. */
void ip6_split(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f,
	       const struct ip_tx *tx, uint32_t flow_label, uint16_t mtu);
/* ip6_ext.c: walk on, making bytes lie in one piece where it takes that; never IP6_WALK_SHORT. */
enum ip6_walk ip6_ext_walk(struct holm_frame *f, struct ip6_chain *c);
/* Drop a packet, for this reason, and tell the sender what is wrong with it: see send_problem6. */
void ip6_tell_problem(struct holm_net *net, struct holm_frame *f, uint8_t code, uint32_t pointer,
		      enum holm_drop why);
/* ip6.c: send a frame that begins with its IPv6 header. */
void ip6_emit(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f, bool no_loop);
/* A packet whose header and addresses are good: on from where the chain is, to its transport. */
void ip6_continue(struct holm_net *net, struct holm_frame *f, struct ip6_chain *chain);

/*
 * ip4.c: send a frame that begins with its IPv4 header. The identification of the next packet that may
 * be fragmented: it does not repeat soon and tells nobody how much we send to whom.
 */
void ip4_emit(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f, bool no_loop);
uint16_t ip4_next_id(struct holm_net *net, const struct ip_dst *dst);
/* split4.c: see struct ip4_fragments. */
void ip4_split(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f,
	       const struct ip_tx *tx, uint16_t mtu);

/* From now on transports hear of a packet of this family that no neighbour has answered for. */
void ip_tell_unreachable(struct holm_net *net, unsigned family, ip_quote_fn *quote);
/* Hear from the neighbour cache about frames that it gives up. */
void ip_watch_neighbours(struct holm_net *net);

/* Answer a packet that came in with an error, if its family's ICMP is named. It stays the caller's. */
void ip_send_error(struct holm_net *net, struct holm_frame *f, enum ip_error_kind kind);

/* Hand an error about a packet of ours to the transport that sent it. False: nobody is concerned. */
bool ip_report_error(struct holm_net *net, const struct ip_error *error);

#endif
