/*
 * The neighbour cache: who on the link has which hardware address, and is it still there?
 *
 * One machine of neighbour unreachability detection (RFC 4861 section 7.3) for every family; what
 * differs between ARP and ND is in struct neigh_ops, registered by the protocol that is named. A
 * frame for a neighbour that is not resolved yet waits here, a few per neighbour.
 *
 * An entry is held by destinations (struct ip_dst) that are in use. Without a holder it stays as
 * long as there is room: entries that were never confirmed go first, the oldest before the others;
 * entries that are held or fresh are never evicted, so noise on the link cannot stall a flow.
 */
#ifndef NET_LINK_NEIGH_H
#define NET_LINK_NEIGH_H

#include "net/link/netif.h"
#include "net/wire/eth.h"

/* Is what is known of each no entry of a table, but his who asks for it: neigh_small.h? */
static inline bool neigh_is_small(void)
{
	return !HOLM_WITH_NEIGHBOURS && !HOLM_WITH_IPV6;
}

enum neigh_state {
	NEIGH_NONE,	  /* nothing asked yet */
	NEIGH_INCOMPLETE, /* asked, no answer yet: frames wait */
	NEIGH_REACHABLE,  /* confirmed within the reachable time */
	NEIGH_STALE,	  /* known once; used as it is, and checked when used */
	NEIGH_DELAY,	  /* used since: waiting whether a transport confirms it */
	NEIGH_PROBE,	  /* asking again, meanwhile still used */
	NEIGH_FAILED,	  /* no answer; asked again when there is something to send */
	NEIGH_DEAD,	  /* its interface is gone or was flushed: holders must look again */
};

/* RFC 4861 section 10, with its names. */
#define NEIGH_REACHABLE_NS 30000000000u
#define NEIGH_RETRANS_NS 1000000000u
#define NEIGH_DELAY_NS 5000000000u
enum {
	NEIGH_SOLICIT_MAX = 3, /* unanswered requests, broadcast, before giving up */
	NEIGH_PROBE_MAX = 3,   /* before that, unanswered requests to the address known so far */
};

/*
 * All neighbours together park at most this part of the pool's frames, so that a flood from hosts that
 * never answer cannot deafen the instance.
 */
#define NEIGH_POOL_PART 4u

/* How long a request waits that the interface queue has no room for. It does not count as sent. */
#define NEIGH_BUSY_NS 10000000u

struct neigh;

/* RFC 4861 section 6.3.2. */
struct neigh_times {
	uint64_t reachable_ns; /* the base that REACHABLE is drawn from */
	uint64_t retrans_ns;   /* at least NEIGH_RETRANS_NS */
};

/* What differs between ARP and ND. */
struct neigh_ops {
	uint16_t ethertype; /* of the frames that neighbours get */
	/* Ask for n->addr: the one with hardware address `to`, or everybody if that is NULL. */
	void (*solicit)(struct holm_net *net, struct neigh *n, const struct holm_mac *to);
	/* The interface has got an address: tell the link. */
	void (*announce)(struct holm_net *net, struct holm_netif *netif,
			 const struct holm_addr *addr);
	/* It has lost it: stop telling. */
	void (*withdraw)(struct holm_net *net, struct holm_netif *netif,
			 const struct holm_addr *addr);
	/* Nobody answers for n->addr, or somebody does again. NULL: nobody asks. */
	void (*reachable)(struct holm_net *net, const struct neigh *n, bool yes);
	/* The interface's, which a router may set; NULL: NEIGH_REACHABLE_NS and NEIGH_RETRANS_NS. */
	const struct neigh_times *(*times)(const struct holm_net *net,
					   const struct holm_netif *netif);
};

/* One per neighbour of an interface. Owned by the table. */
struct neigh {
	/* Read for every frame that is sent. */
	uint64_t fresh_until_ns; /* of NEIGH_REACHABLE and NEIGH_DELAY, else 0: one comparison */
	struct holm_netif *netif;
	uint8_t header[ETH_HDR_BYTES]; /* ready to be copied: its address, ours, the type */
	uint8_t state;		       /* enum neigh_state */
	uint8_t probes;		       /* requests since it began to ask */

	uint32_t refs;
	uint32_t nqueued;
	struct holm_frame *first, *last; /* waiting frames, link header included, linked by next */
	uint64_t asked_ns;		 /* when the last request went, if `asked` */
	bool asked;
	bool known;  /* was confirmed at least once */
	bool router; /* says that it forwards (RFC 4861 section 7.3.3, IsRouter) */
	struct holm_addr addr;
	const struct neigh_ops *ops;
	struct net_timer timer;
	struct neigh *hash_next;
	struct list_node idle; /* refs == 0: on table->noise or table->settled */
};

/* Where an address pair came from, in the order of trust. */
enum neigh_evidence {
	NEIGH_HEARSAY,	/* said to others, or unasked: updates what is there, creates nothing */
	NEIGH_ASKED_US, /* a request for our address: worth remembering for the answer */
	NEIGH_ANSWER,	/* an answer to us: counts as confirmation if we had asked */
};

enum { NEIGH_FAMILY_IP4, NEIGH_FAMILY_IP6, NEIGH_FAMILIES };

/* One per instance. */
struct neigh_table {
	const struct neigh_ops *ops[NEIGH_FAMILIES];
	struct neigh **buckets;
	uint32_t mask; /* number of buckets - 1 */
	uint32_t count;
	uint32_t parked;     /* frames that wait at all entries together */
	uint64_t removals;   /* entries that have gone: see struct neigh_memo */
	struct list noise;   /* entries without holder that were never confirmed, oldest first */
	struct list settled; /* ...that were, least recently used first; all small ones */
	/* Of small ones: who asked for us last, of whom nobody wanted to know yet. */
	struct neigh asker;
	/*
	 * A frame whose neighbour does not answer; ownership passes. Set by the network layer, which
	 * counts it and tells the transport; it begins with its link header.
	 */
	void (*unreachable)(struct holm_net *net, struct holm_frame *f);
};

/* arp.c: those that every build has. */
extern const struct neigh_ops arp_neigh_ops;

/* Each family's protocol registers its operations; the first call makes the table. -HOLM_ENOMEM. */
int neigh_start(struct holm_net *net, unsigned family, const struct neigh_ops *ops);
/* The last one ends it. */
void neigh_stop(struct holm_net *net, unsigned family);

/* The operations for addresses like this one, or NULL if their protocol is not named. */
const struct neigh_ops *neigh_ops_of(const struct holm_net *net, const struct holm_addr *addr);

/*
 * The entry of a neighbour, with a reference for the caller; made if there is none, without asking
 * for it yet. -HOLM_ENOBUFS (table full, counted), -HOLM_ENOMEM, -HOLM_ENETUNREACH (no protocol).
 */
int neigh_get(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr,
	      struct neigh **out);
void neigh_put(struct holm_net *net, struct neigh *n);

/*
 * An entry that somebody remembers without holding it: good as long as no entry has gone since, so
 * it keeps nothing in the table and costs nothing to take again.
 */
struct neigh_memo {
	struct neigh *n; /* NULL: nothing is remembered */
	uint64_t removals;
};

/* Give up the reference and remember the entry. */
struct neigh_memo neigh_put_memo(struct holm_net *net, struct neigh *n);
/* The entry again, with a reference; NULL: look it up anew. */
struct neigh *neigh_take(struct holm_net *net, const struct neigh_memo *memo);

/* The entry, if there is one. No reference is taken. */
struct neigh *neigh_find(const struct holm_net *net, const struct holm_netif *netif,
			 const struct holm_addr *addr);

/* The part of neigh_output() that is not every frame's. */
void neigh_output_slow(struct holm_net *net, struct neigh *n, struct holm_frame *f);

/*
 * Send a frame to the neighbour, asking for it first where needed. The frame begins with its network
 * header and has room for the link header, which its offsets already count. Ownership passes.
 */
static inline void neigh_output(struct holm_net *net, struct neigh *n, struct holm_frame *f)
{
	if (FOR_SIZE || unlikely(net->now >= n->fresh_until_ns)) {
		neigh_output_slow(net, n, f);
		return;
	}
	memcpy(holm_frame_push(f, ETH_HDR_BYTES), n->header, ETH_HDR_BYTES);
	netif_output(n->netif, f);
}

/* An address pair was heard on the interface. */
void neigh_heard(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr,
		 const struct holm_mac *mac, enum neigh_evidence evidence);

/* A neighbour advertisement, RFC 4861 section 4.4. */
struct neigh_advert {
	const struct holm_mac *mac; /* NULL: it does not say */
	bool solicited, override, router;
};

/*
 * RFC 4861 section 7.2.5. False: nobody asked for this neighbour, or the address that it was asked for is
 * missing. *no_router: it was a router until now.
 */
bool neigh_advertised(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr,
		      const struct neigh_advert *advert, bool *no_router);

/* A transport made progress through this neighbour: it is reachable (RFC 4861 section 7.3.1). */
void neigh_confirm_anew(struct holm_net *net, struct neigh *n);
_Static_assert(NEIGH_DELAY_NS <= NEIGH_REACHABLE_NS / 4, "who waits to be confirmed hears of it");
static inline void neigh_confirm(struct holm_net *net, struct neigh *n)
{
	if (unlikely(net->now + NEIGH_REACHABLE_NS / 4 >= n->fresh_until_ns))
		neigh_confirm_anew(net, n);
}
/* A transport doubts it: ask again now. */
void neigh_doubt(struct holm_net *net, struct neigh *n);

/*
 * Forget entries of the interface, those whose address `goes`, NULL: all; frames that wait are dropped. Held
 * entries become DEAD.
 */
void neigh_flush_some(struct holm_net *net, const struct holm_netif *netif,
		      bool (*goes)(const struct holm_addr *addr, const void *ctx), const void *ctx);
static inline void neigh_flush(struct holm_net *net, const struct holm_netif *netif)
{
	neigh_flush_some(net, netif, NULL, NULL);
}

#endif
