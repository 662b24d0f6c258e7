/*
 * The instance: what every room of net/ hangs its state on, and the calls between rooms that are so
 * common that they have their home here: counting, dropping, memory, randomness, time.
 *
 * One struct holm_net per instance; it belongs to one thread. Room-private parts are pointers to
 * types that only their room completes.
 */
#ifndef NET_CORE_NET_H
#define NET_CORE_NET_H

#include <holm/build.h>
#include <holm/net.h>
#include <holm/stats.h>

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/hash.h"
#include "lib/list.h"
#include "lib/rng.h"
#include "lib/siphash.h"
#include "net/core/flow.h"
#include "net/core/mem.h"
#include "net/core/timers.h"

struct neigh_table;
struct arp_state;
struct loopback;
struct ip_state;
struct icmp_state;
struct udp_state;
struct tcp_state;
struct socket_state;
struct unix_state_table;
struct holm_netif;
struct packet_ends;

enum tap_direction {
	TAP_IN,
	TAP_OUT,
};

/*
 * Embedded in whoever looks at every frame (net/core/tap.h). `see` neither keeps nor changes the frame,
 * and does not call in. Zero bytes are one that does not.
 */
struct net_tap {
	struct list_node node;
	void (*see)(struct net_tap *tap, struct holm_dev *dev, enum tap_direction direction,
		    const struct holm_frame *f);
};

/* Secrets of the instance, drawn at creation. One per use, so that no output helps another. */
struct net_secrets {
	struct hash_key flow;	   /* demultiplexing tables: keyed multiply-fold */
	struct siphash_key isn;	   /* RFC 6528 */
	struct siphash_key port;   /* RFC 6056 */
	struct siphash_key cookie; /* SYN cookies */
};

struct holm_net {
	/* Read on every frame. */
	uint64_t now;	 /* the round's time; never goes backwards */
	uint64_t due_ns; /* no timer of either wheel is due before it */
	struct holm_pool *pool;
	struct holm_netif **netifs; /* [config.devices_max + 1]: index 0 is the loopback, or NULL */
	struct holm_netif *only;    /* of the devices beside it, where there is one */
	uint32_t nnetifs;	    /* slots in use or once used, loopback included */
	uint8_t callbacks;	    /* > 0 while inside a callback: no calling in */
	bool queued;		    /* frames wait in interface queues for the end of the round */
	bool work;		    /* something waits for the next holm_net_poll(): net_kick() */
	bool looped;		    /* frames wait on the loopback */
	bool last_of_batch;	    /* behind the frame that is being received comes none */
	bool held;		    /* something waits for the end of the batch: net_hold() */
	/* Shows a frame to everybody in `taps`; NULL while there is nobody. */
	void (*tap)(struct holm_net *net, struct holm_dev *dev, enum tap_direction direction,
		    const struct holm_frame *f);
	struct net_flow flow; /* of the last packet */
	/* Who takes TCP's frames that come one by one, see net_flow.alone; NULL: nobody. */
	void (*alone)(struct holm_net *net, struct holm_frame *f);
	const struct holm_proto *const *protos; /* NULL-terminated, as given */
	/*
	 * The one who sends in a round what was noted since the last, TCP or a part of it, where
	 * somebody is named who takes notes. At most `budget` bursts; returns what is left of it.
	 * Who has more kicks.
	 */
	size_t (*output)(struct holm_net *net, size_t budget);
	/* What of them is called at the end of a batch: NULL-terminated, in their order. */
	void (**input_done)(struct holm_net *net);
	uint32_t ninput_done;

	/* gso_output(), where somebody is named who sends super-frames; see netif_output(). */
	void (*gso)(struct holm_netif *netif, struct holm_frame *f);
	uint32_t
		ip_gen; /* of routes, addresses, interfaces: net/ip's destinations compare theirs */
	/* The link protocols that are named, found once by eth_start(). */
	const struct holm_proto *link_ip4, *link_ip6, *link_arp;

	struct tcp_state *tcp;
	struct udp_state *udp;
	struct ip_state *ip;
	struct icmp_state *icmp;
	struct neigh_table *neigh;
	struct arp_state *arp;
	struct loopback *loopback;
	struct socket_state *sockets;
	struct unix_state_table *unixes;

	struct list taps;	    /* of struct net_tap */
	struct net_tap trace_tap;   /* net/link/trace.c's */
	struct packet_ends *packet; /* net/link/packet.c's */

	struct list ready; /* of struct ep */
	struct timers timers;
	struct timers *fine; /* NULL until net_fine_start() */
	uint64_t fine_from;  /* its time is counted from here */
	struct rng rng;
	struct net_secrets secrets;
	struct mem mem;

	uint64_t counters[HOLM_COUNT_COUNT];
	uint64_t drops[HOLM_DROP_COUNT];

	struct holm_env env;
	struct holm_config config;
};

/* Is one device, with one address, all that there can be? */
static inline bool net_is_single(void)
{
	return !HOLM_WITH_DEVICES && !HOLM_WITH_IPV6 && !HOLM_WITH_LOOPBACK;
}

/* Where interfaces may lie in net->netifs: from here, up to net_slots_end(). Some are NULL. */
static inline uint32_t net_slots_begin(void)
{
	return net_is_single() ? 1 : 0;
}
static inline uint32_t net_slots_end(const struct holm_net *net)
{
	return net_is_single() ? 2 : net->nnetifs;
}

static inline uint32_t net_devices_max(const struct holm_net *net)
{
	return net_is_single() ? 1 : net->config.devices_max;
}
static inline uint32_t net_addrs_max(const struct holm_net *net)
{
	return net_is_single() ? 1 : net->config.addrs_max;
}

/* May a frame be of several pieces? */
static inline bool net_has_pieces(void)
{
	return HOLM_WITH_PIECES || HOLM_WITH_SUPER || HOLM_WITH_TAPS || HOLM_WITH_DATAGRAMS;
}

/* holm_frame_pullup() for a frame whose first piece is shorter: where there is no other, nothing helps. */
static inline bool net_pull(struct holm_frame *f, size_t len)
{
	return net_has_pieces() && holm_frame_pullup(f, len);
}

/* Does somebody look at every frame? */
static inline bool net_is_tapped(const struct holm_net *net)
{
	return HOLM_WITH_TAPS && unlikely(net->tap != NULL);
}

/* Is there a wheel of fine timers? Only those who recover with RACK or are paced ask for it. */
static inline bool net_has_fine(const struct holm_net *net)
{
	return (HOLM_WITH_SACK || HOLM_WITH_CONTROLLERS || HOLM_WITH_OPTIONS) && net->fine;
}

/* The batch is over: what GRO held back goes through the steps. */
static inline void net_finish_batch(struct holm_net *net)
{
	if (!HOLM_WITH_GRO || likely(!net->held))
		return;
	net->held = false;
	for (void (**done)(struct holm_net *) = net->input_done; *done; done++)
		(*done)(net);
}

/* Something is to be sent: the next holm_net_poll() is due now. */
static inline void net_kick(struct holm_net *net)
{
	net->work = true;
}

/* A frame that net->alone was shown, and that is not what it takes: it is input as any other. */
void net_input_other(struct holm_net *net, struct holm_frame *f);

/* What is being received is not done with: input_done() is to be called when the batch is over. */
static inline void net_hold(struct holm_net *net)
{
	net->held = true;
}

static inline void net_count_n(struct holm_net *net, enum holm_counter counter, uint64_t n)
{
	if (HOLM_WITH_COUNTERS)
		net->counters[counter] += n;
}

static inline void net_count(struct holm_net *net, enum holm_counter counter)
{
	net_count_n(net, counter, 1);
}

/* Count a drop that involves no frame (any more). */
static inline void net_drop_note(struct holm_net *net, enum holm_drop reason)
{
	if (HOLM_WITH_COUNTERS)
		net->drops[reason]++;
}

/* The one way to end a frame's life early: counted, by reason. */
static inline void net_drop(struct holm_net *net, struct holm_frame *f, enum holm_drop reason)
{
	net_drop_note(net, reason);
	holm_frame_free(f);
}

/*
 * A timer of the instance. Fires on the instance's thread from holm_net_poll(), never early. Arm
 * lazily: where a deadline only moves later, leave the timer and look at the real deadline in fire().
 */
struct net_timer;
typedef void net_timer_fn(struct holm_net *net, struct net_timer *timer);

struct net_timer {
	struct wheel_timer wheel;
	net_timer_fn *fire;
};

/* net_timer_init() as a call, for who counts bytes. */
void net_timer_begin(struct net_timer *t, net_timer_fn *fire);

static inline void net_timer_init(struct net_timer *t, net_timer_fn *fire)
{
	if (FOR_SIZE) {
		net_timer_begin(t, fire);
		return;
	}
	wheel_timer_init(&t->wheel);
	t->fire = fire;
}

static inline bool net_timer_is_armed(const struct net_timer *t)
{
	return wheel_timer_is_armed(&t->wheel);
}

/* The next timer may be due at another time than was thought: net->due_ns follows. */
void net_timers_moved(struct holm_net *net);

/* net_timer_arm() as a call, for who counts bytes. */
void net_timer_file(struct holm_net *net, struct net_timer *t, uint64_t deadline);

/* Arm or re-arm for `deadline` (a past one fires at the next poll). */
static inline void net_timer_arm(struct holm_net *net, struct net_timer *t, uint64_t deadline)
{
	if (FOR_SIZE)
		net_timer_file(net, t, deadline);
	else if (timers_arm(&net->timers, &t->wheel, deadline))
		net_timers_moved(net);
}

static inline void net_timer_cancel(struct holm_net *net, struct net_timer *t)
{
	timers_cancel(&net->timers, &t->wheel);
}

/*
 * Timers whose deadlines mean microseconds, as pacing's do: a wheel of the same kind with ticks of 2^14
 * ns. It counts in units of 2^-6 ns, which 64 bits hold for nine years: from a moment that moves on, as
 * a clock may begin anywhere. Made on first use, for those who need it; 0 or -HOLM_ENOMEM.
 */
#define NET_FINE_SHIFT 6

must_check int net_fine_start(struct holm_net *net);
/* Counts from now on; what is armed stays so. */
void net_fine_recount(struct holm_net *net);

static inline uint64_t net_fine_units(const struct holm_net *net, uint64_t ns)
{
	return min_u64(ns - net->fine_from, UINT64_MAX >> NET_FINE_SHIFT) << NET_FINE_SHIFT;
}

static inline void net_fine_arm(struct holm_net *net, struct net_timer *t, uint64_t deadline)
{
	/* Half of what there is: no deadline is years ahead. */
	if (unlikely((deadline - net->fine_from) >> (63 - NET_FINE_SHIFT)))
		net_fine_recount(net);
	deadline = max_u64(deadline, net->fine_from);
	if (timers_arm(net->fine, &t->wheel, net_fine_units(net, deadline)))
		net_timers_moved(net);
}

static inline void net_fine_cancel(struct holm_net *net, struct net_timer *t)
{
	if (net_timer_is_armed(t))
		timers_cancel(net->fine, &t->wheel);
}

/* One log line. */
void net_log_text(struct holm_net *net, enum holm_log_level level, const char *text, size_t len);

/* One log line, formatted by lib/fmt: for what is not part of every program. */
void net_log(struct holm_net *net, enum holm_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
