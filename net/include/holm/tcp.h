/*
 * tcp.h -- TCP endpoints (RFC 9293), driven directly, without sockets.
 *
 *	struct holm_tcp *t;
 *	holm_tcp_open(net, &t);
 *	holm_tcp_attach(t, &snd.base, &rcv.base);       the program's own buffers
 *	holm_tcp_connect(t, &remote);                   -> event HOLM_CONNECTED | HOLM_WRITABLE
 *	holm_ring_sndbuf_write(&snd, ...); holm_tcp_send(t);
 *	holm_ring_rcvbuf_read(&rcv, ...); holm_tcp_received(t);
 *	holm_tcp_shutdown(t);                           FIN behind what is queued
 *	holm_tcp_close(t);                              the handle is given up
 *
 * Nothing is sent by these calls; the next holm_net_poll() does. A handle stays valid until its owner
 * closes or aborts it, also after a reset: reads drain what was received, then the error shows.
 */
#ifndef HOLM_TCP_H
#define HOLM_TCP_H

#include <holm/buf.h>
#include <holm/net.h>

#ifdef __cplusplus
extern "C" {
#endif

struct holm_tcp;

/* RFC 9293 section 3.3.2, with Linux's numbers. */
enum holm_tcp_state {
	HOLM_TCP_ESTABLISHED = 1,
	HOLM_TCP_SYN_SENT = 2,
	HOLM_TCP_SYN_RECEIVED = 3,
	HOLM_TCP_FIN_WAIT_1 = 4,
	HOLM_TCP_FIN_WAIT_2 = 5,
	HOLM_TCP_TIME_WAIT = 6,
	HOLM_TCP_CLOSED = 7,
	HOLM_TCP_CLOSE_WAIT = 8,
	HOLM_TCP_LAST_ACK = 9,
	HOLM_TCP_LISTEN = 10,
	HOLM_TCP_CLOSING = 11,
};

/* "ESTABLISHED", "FIN-WAIT-1", ... */
const char *holm_tcp_state_name(enum holm_tcp_state state);

/*
 * A new endpoint in CLOSED. -HOLM_ENOBUFS at config.tcp_conns_max, -HOLM_ENOMEM; -HOLM_EPROTONOSUPPORT:
 * the instance has no holm_tcp.
 */
int holm_tcp_open(struct holm_net *net, struct holm_tcp **out);
/* The same with all settings of another one: one to take its place when it is spent. */
int holm_tcp_open_like(const struct holm_tcp *t, struct holm_tcp **out);

/* What events about this endpoint carry. */
void holm_tcp_set_cookie(struct holm_tcp *t, void *cookie);
void *holm_tcp_cookie(const struct holm_tcp *t);

/*
 * Give the endpoint its buffers; they must stay until their released() is called. Each once, before
 * bytes flow: for an active open before connect(), for an accepted one before the next poll after
 * accept() (until then the peer sees the window that config.tcp_rcvbuf_bytes promises, so a receive
 * buffer must offer at least that when data has arrived: bytes beyond its window are dropped and
 * sent again). Either may be NULL to leave it as it is. -HOLM_EISCONN if that side has one already.
 */
int holm_tcp_attach(struct holm_tcp *t, struct holm_sndbuf *snd, struct holm_rcvbuf *rcv);

enum holm_tcp_bind_flag {
	HOLM_TCP_REUSEADDR = 1 << 0, /* as Linux: a port in TIME-WAIT or of a child may be bound */
	HOLM_TCP_V6ONLY = 1 << 1,
	/* Several listeners share a port, each flow keeps to one of them; all of them must say so. */
	HOLM_TCP_REUSEPORT = 1 << 2,
	/* Port 0 chooses none yet: connect() does, by the four-tuple, or listen(). */
	HOLM_TCP_ADDR_ONLY = 1 << 3,
	HOLM_TCP_FOREIGN = 1 << 4, /* the address need not be one of ours, or not yet */
};

/*
 * Choose the local end. Port 0 chooses an ephemeral port (RFC 6056) now. -HOLM_EADDRINUSE,
 * -HOLM_EADDRNOTAVAIL (not a local address), -HOLM_EINVAL (bound to a port, or connected, already).
 */
int holm_tcp_bind(struct holm_tcp *t, const struct holm_endpoint *local, unsigned flags);

/*
 * OPEN, active. The local end is chosen where bind() has not (RFC 6724 source, RFC 6056 port).
 * Returns 0 when the SYN is under way; the outcome is an event: HOLM_CONNECTED, or HOLM_ERROR.
 * -HOLM_EISCONN, -HOLM_EALREADY, -HOLM_ENETUNREACH, -HOLM_EADDRNOTAVAIL (no port left),
 * -HOLM_EADDRINUSE (the four-tuple exists), -HOLM_EINVAL (the wildcard, multicast or broadcast,
 * MUST-46), -HOLM_EAFNOSUPPORT, -HOLM_ENOMEM.
 */
int holm_tcp_connect(struct holm_tcp *t, const struct holm_endpoint *remote);

/*
 * OPEN, passive: LISTEN. `backlog` bounds connections that wait to be accepted (clamped to 1 ..
 * config.tcp_backlog_max); called again it changes the bound. -HOLM_EADDRINUSE, -HOLM_EINVAL.
 */
int holm_tcp_listen(struct holm_tcp *t, uint32_t backlog);

/* Take the oldest complete connection; it is the caller's. -HOLM_EAGAIN, -HOLM_EINVAL (no listener). */
int holm_tcp_accept(struct holm_tcp *listener, struct holm_tcp **child);

/*
 * A listener with HOLM_TCP_OPT_HOLD answers no SYN by itself: it shows HOLM_PENDING, and its program asks
 * for the requests, one after the other, and decides about each, now or later. What is not decided
 * within 30 seconds, or does not fit config.tcp_half_open_max, is dropped.
 */
struct holm_tcp_request {
	struct holm_endpoint local, remote;
};

/* The next request that was not asked for yet. -HOLM_EAGAIN, -HOLM_EINVAL (no listener). */
int holm_tcp_pending(struct holm_tcp *listener, struct holm_tcp_request *request);

enum holm_tcp_decision {
	HOLM_TCP_ACCEPT, /* the SYN-ACK is sent; the connection comes by holm_tcp_accept() */
	HOLM_TCP_REFUSE, /* a RST is sent */
	HOLM_TCP_IGNORE, /* nothing is sent; the peer may ask again */
};

/* -HOLM_ENOENT: no such request of this listener waits (any more). */
int holm_tcp_decide(struct holm_tcp *listener, const struct holm_tcp_request *request,
		    enum holm_tcp_decision decision);

/* SEND: the send buffer has more bytes (or its owner set flags below). Sent at the next poll. */
void holm_tcp_send(struct holm_tcp *t);

/*
 * What is queued now is urgent, up to its last byte (RFC 9293 3.8.5; RFC 6093 advises new programs
 * against it). Sent at the next poll. -HOLM_EPIPE when nothing may be sent, -HOLM_ENOMEM.
 */
int holm_tcp_send_urgent(struct holm_tcp *t);

/*
 * Is urgent data there, or announced, that was not read yet? *ahead: how many unread bytes end with
 * the last urgent one, some of which may still be under way; *id differs from one piece of urgent
 * data to the next. Urgent bytes are in the stream like all others.
 */
bool holm_tcp_urgent(const struct holm_tcp *t, uint32_t *ahead, uint32_t *id);

/*
 * The same, and more follows at once (MSG_MORE): a segment that is not full waits for it, until the next
 * holm_tcp_send() or for about 200 ms.
 */
void holm_tcp_send_more(struct holm_tcp *t);

/* RECEIVE: the reader took bytes from the receive buffer, so the window may have opened. */
void holm_tcp_received(struct holm_tcp *t);

/*
 * No more will be sent: FIN behind the last queued byte. Bytes may still be received. -HOLM_ENOTCONN: closed,
 * or a listener.
 */
int holm_tcp_shutdown(struct holm_tcp *t);

/*
 * CLOSE, and give the handle up. Queued bytes are still delivered, then FIN. If received bytes are
 * unread, or arrive later, the connection is reset instead (RFC 9293 SHLD-3, as Linux does).
 * The buffers stay in use until their released().
 */
void holm_tcp_close(struct holm_tcp *t);

/* ABORT, and give the handle up: RST where RFC 9293 3.10.5 says so, both buffers are released. */
void holm_tcp_abort(struct holm_tcp *t);

/* Readiness now (enum holm_state). */
unsigned holm_tcp_ready(const struct holm_tcp *t);

/* Take the pending error: 0 or -HOLM_ECONNREFUSED, -HOLM_ECONNRESET, -HOLM_ETIMEDOUT, ... */
int holm_tcp_take_error(struct holm_tcp *t);

enum holm_tcp_state holm_tcp_state(const struct holm_tcp *t);
void holm_tcp_local(const struct holm_tcp *t, struct holm_endpoint *e);
void holm_tcp_remote(const struct holm_tcp *t, struct holm_endpoint *e);

/* Per-connection settings; a child inherits its listener's. */
enum holm_tcp_option {
	HOLM_TCP_OPT_NODELAY = 1,     /* 0/1: no Nagle */
	HOLM_TCP_OPT_KEEPALIVE = 2,   /* 0/1, default off (MUST-25) */
	HOLM_TCP_OPT_KEEPIDLE_S = 3,  /* default 7200 (MUST-28) */
	HOLM_TCP_OPT_KEEPINTVL_S = 4, /* default 75 */
	HOLM_TCP_OPT_KEEPCNT = 5,     /* default 9 */
	HOLM_TCP_OPT_MAXSEG = 6,      /* both ways, 0: no bound; before connect/listen */
	HOLM_TCP_OPT_USER_TIMEOUT_MS =
		7, /* R2 as a time (MUST-21), closed windows included; 0: 15 retransmissions */
	HOLM_TCP_OPT_TTL = 8,	      /* MUST-49, default 64 */
	HOLM_TCP_OPT_TOS = 9,	      /* MUST-48, default 0 */
	HOLM_TCP_OPT_TIMESTAMPS = 10, /* 0/1: offer RFC 7323 timestamps; default 1 */
	HOLM_TCP_OPT_SACK = 11,	      /* 0/1: offer SACK-permitted; default 1 with holm_tcp_sack */
	HOLM_TCP_OPT_LINGER2_S = 12,  /* FIN-WAIT-2 without an owner; default 60 */
	/*
	 * Bytes a second that are never exceeded; bytes then leave evenly spread, whatever the
	 * controller. Default 0: no limit, and paced only if the controller wants it (BBR).
	 */
	HOLM_TCP_OPT_MAX_PACING_RATE = 13,
	/* 0/1: only full segments leave, but for what waits longer than about 200 ms; default 0 */
	HOLM_TCP_OPT_CORK = 14,
	HOLM_TCP_OPT_QUICKACK = 15, /* 1: acknowledge at once for a while; 0: delay again */
	/*
	 * Congestion notification: 0 never; 1 offered as RFC 3168 has it, 3 as RFC 9768 (accurate, with
	 * holm_tcp_accecn), and accepted like 2; 2 where the peer offers it, in either form; default 2.
	 * Before connect/listen.
	 */
	HOLM_TCP_OPT_ECN = 17,
	HOLM_TCP_OPT_WINDOW_CLAMP =
		16,		/* the window announced is never larger; default 0: no bound */
	HOLM_TCP_OPT_HOLD = 20, /* 0/1: a listener's program decides about each SYN, see above */
	/*
	 * A listener has a connection for accept() only when its first data is there, or these seconds
	 * are over; rounded up to when the SYN-ACK would be sent again. Default 0: at once.
	 */
	HOLM_TCP_OPT_DEFER_ACCEPT_S = 21,
	/*
	 * TCP Fast Open (RFC 7413), with holm_tcp_fastopen. A listener: how many connections opened by
	 * a SYN with data may wait for the rest of their handshake; default 0, none. Their requests must
	 * be such that seeing one twice does no harm.
	 */
	HOLM_TCP_OPT_FASTOPEN = 22,
	/* 0/1: what is queued before the next poll after connect() goes with the SYN, if it can. */
	HOLM_TCP_OPT_FASTOPEN_CONNECT = 23,
	/*
	 * HOLM_WRITABLE only while fewer bytes than this wait to be sent for the first time; default 0: no
	 * bound but the buffer's. Who has much to say can so decide late what that is.
	 */
	HOLM_TCP_OPT_NOTSENT_LOWAT = 24,
	HOLM_TCP_OPT_SYNCNT = 25, /* R2 of a SYN: 1 to 127 retransmissions; default 8 (MUST-23) */
};

/* -HOLM_EINVAL for a value out of range or a moment too late, -HOLM_ENOPROTOOPT for others. */
int holm_tcp_set_option(struct holm_tcp *t, enum holm_tcp_option opt, uint32_t value);
int holm_tcp_get_option(const struct holm_tcp *t, enum holm_tcp_option opt, uint32_t *value);

/*
 * How many bytes may be queued now: room in the send buffer, and what HOLM_TCP_OPT_NOTSENT_LOWAT
 * leaves of it.
 */
size_t holm_tcp_send_room(const struct holm_tcp *t);
/* Has this server given us a Fast Open cookie, so that data may go with the SYN? */
bool holm_tcp_has_cookie(struct holm_net *net, const struct holm_addr *server);

/*
 * By which way segments go: through this device only (NULL: any; a listener then hears no others), by the
 * routes for `mark` first, and `onlink` by no gateway. -HOLM_ENOMEM. A connection without such a way keeps
 * the one it has.
 */
int holm_tcp_set_way(struct holm_tcp *t, struct holm_dev *dev, uint32_t mark, bool onlink);

/* What the path is like: for who sizes buffers by it. Cheaper than the figures below. */
struct holm_tcp_path {
	uint64_t rtt_ns; /* smoothed; 0: not known */
	uint32_t cwnd_bytes;
};

void holm_tcp_get_path(const struct holm_tcp *t, struct holm_tcp_path *path);

/*
 * The congestion controller, by Linux's name: "reno" (NewReno), and of the parts that the instance was
 * given "cubic", "bbr". Default: the first of these parts in its list, else "reno". May change at any
 * time. -HOLM_ENOENT for a name that is not there, -HOLM_ENOMEM.
 */
int holm_tcp_set_congestion(struct holm_tcp *t, const char *name, size_t len);
const char *holm_tcp_congestion(const struct holm_tcp *t);

/* Of loss recovery, with Linux's numbers. */
enum holm_tcp_phase {
	HOLM_TCP_PHASE_OPEN = 0,
	HOLM_TCP_PHASE_DISORDER = 1, /* ACKs say that something is missing, but not for sure */
	HOLM_TCP_PHASE_CWR = 2,	     /* the window was reduced because of marks */
	HOLM_TCP_PHASE_RECOVERY = 3,
	HOLM_TCP_PHASE_LOSS = 4, /* after a timeout */
};

/* Figures of one endpoint, for `ss`-like listings and TCP_INFO. */
struct holm_tcp_info {
	uint8_t state;	     /* enum holm_tcp_state */
	uint8_t retransmits; /* in a row */
	uint8_t backoff;
	uint8_t snd_wscale, rcv_wscale;
	uint8_t timestamps, sack; /* negotiated */
	struct holm_endpoint local, remote;
	uint32_t rcv_queue; /* unread bytes; a listener's waiting connections */
	uint32_t snd_queue; /* unacknowledged or unsent bytes; a listener's backlog */
	uint32_t snd_wnd, rcv_wnd;
	uint32_t cwnd_bytes, ssthresh_bytes;
	uint32_t snd_mss, rcv_mss;
	uint64_t srtt_ns, rttvar_ns, rto_ns;
	uint32_t in_flight;
	uint32_t retrans_total; /* segments */
	uint8_t phase;		/* enum holm_tcp_phase */
	uint8_t probes;		/* of a closed window, without an answer */
	uint8_t ecn, ecn_seen;	/* negotiated; marks were sent or came */
	uint8_t fast_data;	/* data went with the SYN */
	uint32_t advertised_mss, path_mtu;
	uint32_t sacked_bytes, lost_bytes, not_sent_bytes;
	uint64_t idle_rx_ns;		       /* since the last segment came, in steps of 17 ms */
	uint64_t min_rtt_ns;		       /* 0: not known */
	uint64_t pacing_rate, max_pacing_rate; /* bytes a second; 0: none */
};

void holm_tcp_get_info(const struct holm_tcp *t, struct holm_tcp_info *info);

#ifdef __cplusplus
}
#endif

#endif
