/*
 * The transmission control block: RFC 9293 section 3.3.1, with its names, and what hangs off it.
 *
 * Cardinality, ownership and lifetime are said at each structure; README.md has the whole picture.
 */
#ifndef NET_TCP_TCB_H
#define NET_TCP_TCB_H

#include <holm/build.h>
#include <holm/tcp.h>

#include "lib/htab.h"
#include "lib/list.h"
#include "net/core/ep.h"
#include "net/ip/ip.h"
#include "net/ip/ip4_send.h"
#include "net/tcp/cc.h"
#include "net/tcp/rack.h"
#include "net/tcp/rtt.h"
#include "net/tcp/seq.h"

struct tcp_repair;
struct tcp_accecn;
struct tcp_search;

/*
 * Time inside TCP: ticks of 2^20 ns (1.05 ms), the wheel's own and within what RFC 7323 5.4 wants of
 * a timestamp clock. Stamps of 2^24 ns (17 ms) in 32 bits serve what may be two years ago, seconds of
 * 2^30 ns what needs no more.
 */
#define TCP_TICK_SHIFT 20
#define TCP_STAMP_SHIFT 24
#define TCP_SECOND_SHIFT 30

static inline uint32_t tcp_ticks(uint64_t ns)
{
	return (uint32_t)(ns >> TCP_TICK_SHIFT);
}

/* Rounded up, for durations: a deadline is never early. */
static inline uint32_t tcp_ticks_up(uint64_t ns)
{
	return (uint32_t)((ns + (1u << TCP_TICK_SHIFT) - 1) >> TCP_TICK_SHIFT);
}

static inline uint32_t tcp_stamp(uint64_t ns)
{
	return (uint32_t)(ns >> TCP_STAMP_SHIFT);
}

#define TCP_MS(ms) ((uint64_t)(ms)*1000000u)
#define TCP_S(s) ((uint64_t)(s)*1000000000u)

/* The two ends of a flow, of either family, as the rest of the stack names them. */
struct tcp_tuple {
	struct holm_addr remote, local;
	uint16_t rport, lport;
	uint16_t scope; /* the interface by which a link-local remote is reached; of others 0 */
};

/* What the build is without is never said: its flag is no bit, and who asks for it is not compiled. */
enum tcp_conn_flag {
	TCP_QUEUED = 1 << 0,	  /* on an output queue, the instance's or an interface's */
	TCP_DEAD = 1 << 1,	  /* to be freed when it comes off that queue */
	TCP_HASHED = 1 << 2,	  /* in the table of four-tuples, else on the unconnected list */
	TCP_BOUND = 1 << 3,	  /* has a struct tcp_bind */
	TCP_ACK_NOW = 1 << 4,	  /* an ACK is due at the next output */
	TCP_ACK_DELAYED = 1 << 5, /* an ACK is due by delack */
	TCP_SYN_DUE = 1 << 6,	  /* the SYN, or SYN-ACK, is to be sent (again) */
	TCP_PROBE_DUE = 1 << 7,	  /* a window probe */
	TCP_KEEP_DUE = HOLM_WITH_OPTIONS << 8, /* a keep-alive probe */
	TCP_REXMT = 1 << 9,		       /* rexmt is a retransmission deadline */
	TCP_PERSIST = 1 << 10,		       /* rexmt is the deadline of a window probe */
	TCP_SHUTDOWN = 1 << 11,		       /* nothing more will be queued: FIN behind what is */
	TCP_FIN_SENT = 1 << 12,		       /* SND.NXT counts the FIN */
	TCP_FIN_RCVD = 1 << 13,		       /* RCV.NXT counts the peer's FIN */
	TCP_CONNECTED = 1 << 14,	       /* was synchronized once */
	TCP_TS = HOLM_WITH_TIMESTAMPS << 15,   /* RFC 7323 timestamps negotiated */
	TCP_SACK = HOLM_WITH_SACK << 16,       /* the peer takes SACK blocks */
	TCP_SYN_AGAIN = 1 << 17,	/* the SYN was retransmitted: RFC 6298 5.7, and Karn */
	TCP_CWND_LIMITED = 1 << 18,	/* the window of congestion stopped output, in this round */
	TCP_CHILD = 1 << 19,		/* waits in a listener's queue, linked by ep.ready */
	TCP_NEW_BYTES = 1 << 20,	/* the reader has bytes that it was not told of */
	TCP_WSCALE = 1 << 21,		/* the peer offered a window scale */
	TCP_CHANGED = 1 << 22,		/* the level state may be another one: see tcp_publish() */
	TCP_IP6 = HOLM_WITH_IPV6 << 23, /* both addresses are IPv6 */
	TCP_OVERPROMISED = 1 << 24,	/* the buffer's window is smaller than what was announced */
	TCP_ENDS = 1 << 25,		/* both ends are chosen and stored */
	TCP_TLP_DUE = HOLM_WITH_SACK << 26, /* a tail loss probe */
	TCP_ECN = HOLM_WITH_ECN << 29,	    /* RFC 3168 negotiated */
	TCP_MORE = 1 << 28,		    /* the program has said that more follows at once */
	TCP_WND_LIMITED = 1 << 27,	    /* the peer's window stopped output, in this round */
	TCP_ORPHAN = 1 << 30,		    /* counted in tcp_state.norphans */
};

/* The last bit, which an enumeration of C11 has not: the path's MTU is searched for (flight->search). */
#define TCP_SEARCH ((uint32_t)HOLM_WITH_PLPMTUD << 31)

/* RFC 9293 3.8.3: R2 of a SYN by default, in retransmissions. */
#define TCP_R2_SYN 8u

/* An out-of-order range of bytes, [left, right). */
struct tcp_range {
	struct tcp_seq left, right;
	uint32_t stamp; /* when it last grew: SACK announces recent ranges first */
};

/*
 * Ranges beyond RCV.NXT that the receive buffer has promised to keep: sorted, disjoint, not touching.
 * At most one per connection, while there is such a range. Owned by struct tcp_flight.
 */
struct tcp_reasm {
	uint32_t n, max;
	uint32_t stamp;
	struct tcp_range ranges[];
};

/* One of two generations of lent bytes: frames hold references on `buf`. */
struct tcp_lend_gen {
	struct holm_buf buf;
	struct tcp_lend *owner;
	struct tcp_seq lowest; /* nothing below it was lent under this generation */
};

/*
 * Which lent bytes frames still refer to. At most one per connection, from the first lending on;
 * outlives the connection while frames are under way, and then owns the send buffer's release.
 */
struct tcp_lend {
	struct tcp_lend_gen gen[2];
	uint32_t current;
	struct holm_tcp *conn; /* NULL: the connection is gone */
	struct holm_net *net;
	struct holm_sndbuf *snd; /* to be released, once conn is NULL */
};

/* HOLM_TCP_OPT_ECN. What is odd is offered, what is not 0 is taken in any form that is offered. */
enum tcp_ecn_use {
	TCP_ECN_NEVER,
	TCP_ECN_OFFER, /* RFC 3168 */
	TCP_ECN_ACCEPT,
	TCP_ECN_OFFER_ACCURATE, /* RFC 9768 */
};

enum tcp_ecn_flag {
	TCP_ECN_ECE_DUE = 1 << 0, /* a mark arrived, to be echoed until CWR comes */
	TCP_ECN_CWR_DUE = 1 << 1, /* the next new data tells the peer that we have reduced */
	TCP_ECN_REDUCED = 1 << 2, /* ecn_end, up to which there is no other reduction, is ahead */
	/* What the peer, or we, still have to say: it outlives idle time, and the block with it. */
	TCP_ECN_UNSAID = TCP_ECN_ECE_DUE | TCP_ECN_CWR_DUE,
};

/* Of a connection that is paced: see pacing.c. Owned by its struct tcp_flight. */
struct tcp_pacer {
	struct net_timer timer; /* a fine one */
	struct holm_tcp *conn;
	uint64_t rate;	     /* bytes a second; 0: not known yet, no limit */
	uint64_t release_ns; /* when the next byte may leave */
};

/* Where urgent bytes end; in the active block from the first of them on. */
struct tcp_urgent {
	struct tcp_seq snd_up, rcv_up;
	bool sent, received;
};

enum tcp_phase {
	TCP_OPEN,     /* nothing known to be lost */
	TCP_RECOVERY, /* fast recovery, RFC 6582, until RECOVER is acknowledged */
	TCP_LOSS,     /* after a timeout: everything up to rtx_end is sent again */
};

/*
 * The block of an active connection: what it needs while bytes are in flight, out of order or set aside,
 * while an ACK is owed, or a deadline runs. Everything here that an idle connection also has is a known
 * function of what struct holm_tcp holds, see tcp_flight_get(). Owned by its connection; it exists while
 * a segment runs through the steps and while output looks at the connection. Its timer gives it back
 * when it finds no use.
 */
struct tcp_flight {
	/*
	 * ---- What calm (calm.c) looks at, the timer, and RACK's round trips, which calm adds to: two cache
	 * lines. While idle the first four are SND.UNA, the number behind which nothing is queued, and
	 * RCV.NXT twice.
	 */
	_Alignas(MEM_LINE) struct tcp_seq snd_nxt;
	struct tcp_seq buf_seq;	  /* of the send buffer's offset 0 */
	struct tcp_seq rcv_acked; /* Last.ACK.sent, RFC 7323 */
	struct tcp_seq snd_wl1;
	struct tcp_seq small_end; /* end of the last segment under one MSS (Nagle) */
	uint32_t max_snd_wnd;	  /* RFC 1122 4.2.3.4: the largest window seen */
	uint16_t rcv_mss;	  /* RMSS: the largest segment seen, for delayed ACKs */
	uint16_t delack;	  /* low bits of the tick by which TCP_ACK_DELAYED is due */
	uint8_t retries;	  /* timeouts, probes or keep-alives in a row */
	uint8_t challenge;	  /* second (6 bits) and how many challenge ACKs in it (2 bits) */
	uint16_t calm;		  /* more than a segment that leaves now may carry; 0: not calm */
	uint64_t timed_ns;	  /* when `timed` was sent; in calm, what is in flight */
	uint64_t progress_ns;	  /* when SND.UNA last moved, the first byte left, or could not */
	struct net_timer timer;
	struct ip4_kind ip; /* over IPv4, in calm and while a run is sent: of what leaves */
	bool calm_acked;    /* in calm something was acknowledged that recovery was not told of */
	bool lends;	    /* in calm: there is `lend` */
	struct tcp_rack rack;

	/* ---- Loss recovery. */
	bool recover_valid;
	bool timing;   /* an RTT is being measured */
	uint8_t phase; /* enum tcp_phase */
	uint8_t dupacks;
	bool doubted;	    /* R1 was reached and IP told */
	uint8_t wait;	    /* enum tcp_wait: what wait_tick is for */
	uint8_t soft_error; /* what ICMP said; reported if the connection times out */
	uint32_t soft_rx;   /* ... and nothing came from the peer since: last_rx at that time */
	/*
	 * Recovery with SACK; NULL until something is sent that calm does not answer for, and for
	 * peers without.
	 */
	struct tcp_repair *repair;
	struct tcp_reasm *reasm;
	union {
		struct holm_tcp *conn;
		struct tcp_flight *spare_next; /* of a spare one */
	};
	uint32_t rexmt;	    /* tick: see TCP_REXMT, TCP_PERSIST; of the last keep-alive probe */
	uint32_t keep_from; /* tcp_stamp(): silence before it does not count for keep-alive */
	uint32_t ts_offset;
	struct tcp_seq rtx_nxt, rtx_end; /* to be sent again: [rtx_nxt, rtx_end) */
	struct tcp_seq recover;		 /* RFC 6582: SND.NXT when the last recovery began */
	struct tcp_seq timed;		 /* an RTT is measured until this is acknowledged */
	uint32_t retransmits;		 /* segments, since this block exists */
	uint32_t credit;		 /* bytes that may go beyond cwnd */
	uint32_t wait_tick;		 /* the second deadline, besides that of retransmission */
	uint32_t held_bytes, held_frames;
	uint32_t flow_label;	  /* over IPv6, once something was sent; else 0 */
	struct tcp_seq probe_end; /* behind the last window probe; SND.NXT does not count it */
	uint16_t syn_data;	  /* bytes that went with a SYN; SND.NXT does not count them */
	bool fast; /* Fast Open: connected by its SYN, which SND.UNA does not wait for */
	bool half; /* opened by its SYN, in an instance without records; no listener knows of it */

	/* ---- Congestion control: congestion.c. */
	uint8_t ecn;		  /* enum tcp_ecn_flag */
	struct tcp_seq ecn_end;	  /* SND.NXT at the last reduction for an echo */
	uint32_t ce_bytes;	  /* reported and not told to the controller yet */
	struct tcp_seq round_end; /* SND.NXT when this round trip began */
	const struct tcp_cc_ops *cc_ops;
	struct tcp_accecn *accecn; /* NULL: RFC 3168's form, if any */
	struct tcp_cc cc;
	struct tcp_pacer *pacer; /* NULL: bytes leave when windows let them */

	struct list_node lru; /* on tcp_state.flights: about in the order of use */
	struct tcp_lend *lend;
	struct tcp_urgent *urgent;
	struct tcp_search *search; /* TCP_SEARCH */
	bool has_dsack; /* what arrived again and the peer was not told of: [dsack_left, dsack_right) */
	struct tcp_seq dsack_left, dsack_right;
	struct holm_frame *held_first, *held_last; /* set aside, linked by next */
};

_Static_assert(sizeof(struct tcp_flight) <= MEM_CLASS_MAX, "larger blocks begin anywhere");
_Static_assert(sizeof(void *) != 8 || offsetof(struct tcp_flight, rack.has_rtt) < 128,
	       "what is hot lies first");

/* Shared by connections that have the same settings; copied on change. Counted. */
struct tcp_settings {
	struct holm_net *net;
	const struct tcp_cc_ops *cc;
	uint32_t refs;
	uint32_t keepidle_s, keepintvl_s, linger2_s;
	uint32_t user_timeout_ms;
	uint16_t maxseg;
	uint16_t fastopen; /* a listener's Fast Open connections in SYN-RECEIVED; 0: none */
	bool fastopen_connect;
	uint8_t defer_retries; /* a listener waits for data until its SYN-ACK was due this often */
	bool hold;	       /* a listener's program decides before a SYN is answered */
	uint8_t keepcnt, ttl, tos;
	uint32_t window_clamp;	/* 0: none */
	uint32_t notsent_lowat; /* 0: none */
	uint8_t syncnt;		/* R2 of a SYN, in retransmissions */
	struct ip_via via; /* of what is sent; its device also of the SYNs that a listener takes */
	bool cork;
	uint8_t ecn;		  /* enum tcp_ecn_use */
	uint32_t max_pacing_rate; /* bytes a second; 0: as the controller wants it */
	bool nodelay, keepalive, timestamps, sack;
};

/* Both ends of an IPv6 connection, in a block of their own: IPv4 is not to pay for them. */
struct tcp_ends6 {
	struct holm_addr remote, local;
};

/*
 * One per connection or listener: what an idle connection has. Owned by the program from open() or
 * accept() to close(); before and after that by the instance.
 */
struct holm_tcp {
	struct ep ep;
	union { /* TCP_ENDS */
		struct {
			uint32_t local4, remote4; /* as numbers */
		};
		struct tcp_ends6 *ends6; /* TCP_IP6 */
	};
	uint16_t rport, lport;
	uint32_t flags; /* enum tcp_conn_flag */

	struct tcp_flight *flight; /* NULL: idle */
	struct holm_rcvbuf *rcv;
	struct holm_sndbuf *snd;
	struct tcp_settings *settings;
	struct tcp_seq rcv_nxt;
	struct tcp_seq rcv_adv; /* right edge ever announced: RCV.NXT + RCV.WND */
	struct tcp_seq snd_una;
	uint32_t snd_wnd;
	uint32_t cwnd;
	uint32_t last_rx;  /* tcp_stamp() of when the last segment arrived */
	uint16_t peer_mss; /* as the peer announced it, and our settings allow */
	uint16_t scope;	   /* of a link-local IPv6 remote */
	uint8_t state;	   /* enum holm_tcp_state; written by tcp_set_state() only */
	uint8_t wscales;   /* peer's in the low, ours in the high half */
	uint8_t quick;	   /* so many ACKs still go at once */
	uint8_t error;	   /* errno to be taken */

	struct ip_dst *dst;    /* NULL while there is no remote end */
	struct queue_node out; /* on an output queue while TCP_QUEUED */
	union {
		struct { /* TCP_HASHED: what was learned of the path and the peer */
			struct tcp_rtt rtt;
			uint32_t ssthresh;
			uint32_t ts_recent;
		};
		struct list_node free; /* otherwise: on tcp_state.unconnected */
	};
};

/*
 * 64-bit pointers: whom a segment is for and what its steps ask comes first, what sending needs behind it.
 * A page of memory (core/mem.c) holds 28 of these, and 127 pairs of IPv6 ends.
 */
_Static_assert(sizeof(void *) != 8 || sizeof(struct holm_tcp) == 144, "README.md: bytes per end");
_Static_assert(offsetof(struct holm_tcp, ep) == 0,
	       "the handle is the endpoint: its level is read there");

/* A port in use: every bound endpoint has one, found by (owner). Also a listener's queue. */
struct tcp_bind {
	struct htab_node node;
	struct holm_tcp *owner;
	struct holm_addr addr; /* wildcard of its family: any */
	uint16_t port;	       /* 0: none yet */
	bool reuse, share, v6only;
	struct list children; /* complete, not accepted; linked by ep.ready */
	uint32_t nchildren, backlog;
};

static inline struct holm_net *tcp_net(const struct holm_tcp *c)
{
	return c->settings->net;
}

/* RFC 9293 3.8.4 and the defaults of <holm/tcp.h>. */
static const struct tcp_settings tcp_default_settings = {
	.cc = &tcp_cc_newreno,
	.refs = 1,
	.keepidle_s = 7200,
	.keepintvl_s = 75,
	.linger2_s = 60,
	.keepcnt = 9,
	.syncnt = TCP_R2_SYN,
	.ttl = 64,
	.timestamps = HOLM_WITH_TIMESTAMPS,
};
/* What options set: where the build has none everybody has what the compiler knows. */
static inline const struct tcp_settings *tcp_settings(const struct holm_tcp *c)
{
	return HOLM_WITH_OPTIONS ? c->settings : &tcp_default_settings;
}

/* What of the block is a part's, or BBR's and an option's: not there in a build without. */
static inline bool tcp_has_repair(const struct tcp_flight *fl)
{
	return HOLM_WITH_SACK && fl->repair;
}
static inline bool tcp_has_reasm(const struct tcp_flight *fl)
{
	return HOLM_WITH_REASSEMBLY && fl->reasm;
}
static inline bool tcp_has_urgent(const struct tcp_flight *fl)
{
	return HOLM_WITH_URG && fl->urgent;
}
static inline bool tcp_has_search(const struct tcp_flight *fl)
{
	return HOLM_WITH_PLPMTUD && fl->search;
}
static inline bool tcp_has_unsaid(const struct tcp_flight *fl)
{
	return HOLM_WITH_ECN && (fl->ecn & TCP_ECN_UNSAID);
}
static inline bool tcp_has_lent(const struct tcp_flight *fl)
{
	return HOLM_WITH_SUPER && fl->lend;
}
static inline bool tcp_has_pacer(const struct tcp_flight *fl)
{
	return (HOLM_WITH_CONTROLLERS || HOLM_WITH_OPTIONS) && fl->pacer;
}

/* What controls congestion: where there are no others, NewReno. */
static inline const struct tcp_cc_ops *tcp_cc_of(const struct tcp_flight *fl)
{
	return HOLM_WITH_CONTROLLERS ? fl->cc_ops : &tcp_cc_newreno;
}

static inline unsigned tcp_snd_wscale(const struct holm_tcp *c)
{
	return c->wscales & 15u;
}

static inline unsigned tcp_rcv_wscale(const struct holm_tcp *c)
{
	return c->wscales >> 4;
}

/* RCV.WND: what was promised to the peer and not used yet. */
static inline uint32_t tcp_rcv_wnd(const struct holm_tcp *c)
{
	return seq_diff(c->rcv_adv, c->rcv_nxt);
}

/* SND.NXT, where the block may not be there. */
static inline struct tcp_seq tcp_snd_nxt(const struct holm_tcp *c)
{
	return c->flight ? c->flight->snd_nxt : c->snd_una;
}

/* A server's Fast Open connection, until its handshake is complete. */
static inline bool tcp_is_fast(const struct holm_tcp *c)
{
	return HOLM_WITH_RECORDS && c->flight && c->flight->fast;
}

static inline uint32_t tcp_in_flight(const struct holm_tcp *c)
{
	return seq_diff(tcp_snd_nxt(c), c->snd_una);
}

static inline size_t tcp_queued_bytes(const struct holm_tcp *c)
{
	return c->snd ? holm_sndbuf_queued(c->snd) : 0;
}

/* One behind the last byte queued: where the FIN goes. There is a block. */
static inline struct tcp_seq tcp_snd_end(const struct holm_tcp *c)
{
	return seq_add(c->flight->buf_seq, (uint32_t)tcp_queued_bytes(c));
}

/* Bytes that are queued and were never sent. */
static inline uint32_t tcp_not_sent(const struct holm_tcp *c)
{
	if (!c->flight || seq_leq(tcp_snd_end(c), c->flight->snd_nxt))
		return c->flight ? 0 : (uint32_t)tcp_queued_bytes(c);
	return seq_diff(tcp_snd_end(c), c->flight->snd_nxt);
}

/* Between SYN and the last FIN: ESTABLISHED and everything behind it but CLOSED. */
static inline bool tcp_is_synchronized(const struct holm_tcp *c)
{
	const uint32_t others = 1u << HOLM_TCP_CLOSED | 1u << HOLM_TCP_LISTEN |
				1u << HOLM_TCP_SYN_SENT | 1u << HOLM_TCP_SYN_RECEIVED;

	return !(others >> c->state & 1);
}

#endif
