/*
 * The room's part of an instance: struct tcp_state.
 */
#ifndef NET_TCP_INSTANCE_H
#define NET_TCP_INSTANCE_H

#include "lib/siphash.h"
#include "net/core/net.h"
#include "net/core/table.h"
#include "net/link/gro.h"
#include "net/link/netif.h"
#include "net/tcp/cc.h"
#include "net/tcp/parts.h"
#include "net/tcp/records.h"
#include "net/tcp/repair.h"
#include "net/tcp/tcb.h"

struct tcp_calm_ops;

/* Connections that wait for room on an interface. One per interface slot. */
struct tcp_blocked {
	struct netif_waiter waiter;
	struct queue conns; /* linked by holm_tcp.out */
};

/* Who listens for an address and port, as it was found last. */
struct tcp_heard {
	struct tcp_bind *bind; /* alone; NULL: not known (any more) */
	struct holm_addr addr;
	uint16_t port;
};

/* Where ephemeral ports towards a remote end begin, as it was found out last: see port.c. */
struct tcp_towards {
	struct holm_addr local, remote;
	uint64_t hash;
	uint16_t rport; /* 0: nobody has asked yet */
};

/*
 * The two hosts whose addresses of IPv4 were the last to be hashed for an initial sequence number:
 * see isn.c.
 */
struct tcp_between {
	uint64_t ends; /* 0: nobody's yet */
	struct siphash_state begun;
};

#define TCP_PORT_COUNTERS 64u

/* One per instance. */
struct tcp_state {
	struct holm_net *net;
	struct gro gro;
	struct holm_tcp *last; /* whom the last segment was for */
	struct table table;    /* of struct holm_tcp */
	struct tcp_records records;
	struct table binds; /* of struct tcp_bind, by port */
	struct tcp_heard heard;
	struct list flights; /* of struct tcp_flight, about in the order of use */
	uint32_t nflights;
	/*
	 * The last that were given back, TCP_FLIGHTS_SPARE at most, linked by spare_next; none in a
	 * build without calm. Their timers keep their places in the wheel, armed for never: the
	 * connection that follows mostly wants one behind it, and need not be filed.
	 */
	struct tcp_flight *spare;
	uint32_t nspare;
	struct allocator memory;
	struct list unconnected;     /* of struct holm_tcp without a remote end */
	struct queue output;	     /* of struct holm_tcp: something is to be sent */
	struct tcp_blocked *blocked; /* [config.devices_max + 1] */
	struct net_timer retry;	     /* wakes who found no memory */
	struct queue starved;
	uint32_t nconns;
	uint32_t norphans; /* of these, closed by their programs */

	struct net_timer half_timer, time_wait_timer;
	const struct tcp_small_ops *small;    /* NULL: not a part of this instance */
	const struct tcp_cookie_ops *cookies; /* NULL: not a part of this instance */
	bool cookie_sent;
	uint32_t nfast;			     /* Fast Open connections in SYN-RECEIVED */
	uint32_t nhalf, ntime_wait;	     /* connections that otherwise are small records */
	const struct tcp_fast_ops *fastopen; /* NULL: not a part of this instance */
	struct tcp_fast_cache *fast_cache;
	uint64_t cookie_ns;			     /* when the last one was sent */
	const struct tcp_search_ops *search;	     /* NULL: not a part of this instance */
	const struct tcp_ecn_ops *ecn;		     /* NULL: not a part of this instance */
	const struct tcp_accecn_ops *accecn;	     /* NULL: not a part of this instance */
	const struct tcp_urgent_ops *urgent;	     /* NULL: not a part of this instance */
	const struct tcp_pacing_ops *pacing;	     /* NULL: nobody has asked for it yet */
	const struct tcp_keep_alive_ops *keep_alive; /* the same */
	const struct tcp_reasm_ops *reasm;	     /* NULL: what is out of order is dropped */
	/* A segment in SYN-SENT; NULL: nobody has asked for a connection yet. */
	enum tcp_verdict (*syn_sent)(struct holm_tcp *c, struct tcp_rx *rx);
	/* What is more than one segment: tcp_send_super(); NULL: not a part of this instance. */
	int (*send_super)(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags);
	int (*send_cut)(const struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags);
	struct table accecns; /* of struct tcp_accecn, by connection */

	uint32_t port_counters[TCP_PORT_COUNTERS]; /* RFC 6056 algorithm 4 */
	struct tcp_towards towards;
	struct tcp_between between;
	/* RSTs that may still be sent: a bucket of config.icmp_rate_per_s, and when it was filled. */
	uint32_t rst_tokens;
	uint64_t rst_filled_ns;
	/* Controllers by name, the default second where one was named: see tcp_cc_register(). */
	const struct tcp_cc_ops *cc[TCP_CC_MAX];
	uint32_t ncc;
	struct tcp_settings defaults;
	/* The parts of recovery; NULL: not linked. */
	const struct tcp_sack_ops *sack;
	const struct tcp_rack_ops *rack;
	const struct tcp_calm_ops *calm;
	uint8_t wscale;	  /* that serves tcp_rcvbuf_max_bytes */
	bool unpredicted; /* every segment takes all the steps: for tests */
};

/* Some parts' tables. NULL: not a part of this instance, or of the build (<holm/build.h>). */
static inline const struct tcp_small_ops *tcp_small(const struct tcp_state *ts)
{
	return HOLM_WITH_RECORDS ? ts->small : NULL;
}
static inline const struct tcp_cookie_ops *tcp_cookies(const struct tcp_state *ts)
{
	return HOLM_WITH_RECORDS ? ts->cookies : NULL;
}
static inline const struct tcp_fast_ops *tcp_fastopen(const struct tcp_state *ts)
{
	return HOLM_WITH_RECORDS ? ts->fastopen : NULL;
}
static inline const struct tcp_calm_ops *tcp_calm(const struct tcp_state *ts)
{
	return HOLM_WITH_SACK ? ts->calm : NULL;
}

/* Are they to be asked for, and agreed to? */
static inline bool tcp_wants_timestamps(const struct holm_tcp *c)
{
	return HOLM_WITH_TIMESTAMPS && tcp_settings(c)->timestamps;
}
static inline bool tcp_wants_sack(const struct holm_tcp *c)
{
	return HOLM_WITH_SACK && c->settings->sack;
}

#endif
