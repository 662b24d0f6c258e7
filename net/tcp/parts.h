/*
 * The operation tables of TCP's parts: what a part enters in struct tcp_state at its start, grouped by file.
 * Where a program does not name the part the pointer there is NULL.
 */
#ifndef NET_TCP_PARTS_H
#define NET_TCP_PARTS_H

#include "net/tcp/records.h"
#include "net/tcp/segment.h"
#include "net/tcp/tcb.h"

struct tcp_rx;
struct tcp_tx;

/* What a step says of a segment, and who looks at it in a step's place. */
enum tcp_verdict {
	TCP_NEXT, /* go on with the next step */
	TCP_DONE, /* consumed */
	TCP_DROP, /* not processed: rx->why */
	TCP_GONE, /* the connection is closed and maybe freed: do not touch it */
};

/* ---- half.c, timewait_record.c */
/* A four-tuple's record that an active open takes over: 0, none, or where to begin. */
struct tcp_taken {
	tcp_ref ref;
	struct tcp_seq iss;
};
/* A part: holm_tcp_records. Without it who is half-open or in TIME-WAIT is a connection. */
struct tcp_small_ops {
	/* A SYN that a listener hears: it is answered, or held. */
	enum tcp_verdict (*syn)(struct tcp_bind *bind, struct tcp_half *half, struct tcp_rx *rx);
	/*
	 * A segment that is for no connection. TCP_NEXT: it is for a listener, or nobody; or, with *child,
	 * for that one, which it has made.
	 */
	enum tcp_verdict (*input)(struct tcp_rx *rx, struct holm_tcp **child);
	/* Take the place of a connection that enters TIME-WAIT. `ack`: the peer's FIN is to be answered. */
	void (*time_wait)(struct holm_tcp *c, bool ack);
	/* May a connection be opened under this four-tuple? */
	bool (*may_open)(struct tcp_state *ts, const struct tcp_tuple *t, uint32_t hash,
			 bool take_over, struct tcp_taken *taken);
	void (*remove)(struct tcp_state *ts, tcp_ref ref, uint32_t hash);
};

/* ---- cookie.c, a part */
struct tcp_cookie_ops {
	/* tcp_input_cookie(). */
	enum tcp_verdict (*input)(struct tcp_bind *bind, struct tcp_rx *rx,
				  struct holm_tcp **child);
	/* Choose the ISS that says what `half` says; the half is sealed then. */
	void (*seal)(struct holm_net *net, const struct tcp_tuple *ends, struct tcp_half *half);
	/* The timestamp of its SYN-ACK, instead of `tsval`. */
	uint32_t (*stamp)(const struct tcp_half *half, uint32_t tsval);
	/* Does the segment acknowledge a cookie? Then *half, sealed and zero, is what that says. */
	bool (*open)(const struct tcp_rx *rx, struct tcp_half *half);
	/* Was one sent lately? */
	bool (*recent)(const struct holm_net *net);
};

/* ---- fastopen.c, a part */
#define TCP_FAST_COOKIE_MAX 16u
#define TCP_FAST_COOKIE 8u
struct tcp_fast_cache;
enum tcp_fast_syn { TCP_FAST_NOT, TCP_FAST_ASKED, TCP_FAST_SHOWN };
struct tcp_fast_ops {
	/* What a SYN says. */
	enum tcp_fast_syn (*syn)(const struct tcp_rx *rx);
	size_t (*make_cookie)(const struct holm_net *net, const struct holm_addr *client,
			      uint8_t *out);
	/* What our SYN says: a cookie, give me one, or nothing. */
	void (*fill)(const struct holm_tcp *c, struct tcp_extra *x);
	/* How many bytes go with our SYN, this time. */
	uint32_t (*syn_data)(const struct tcp_tx *tx);
	/* Of a client that asks for cookies: the SYN-ACK came; nothing came. */
	void (*answered)(struct holm_tcp *c, const struct tcp_rx *rx);
	void (*failed)(struct holm_tcp *c);
	/* Was a cookie given that may be shown now? */
	bool (*knows)(const struct holm_net *net, const struct holm_addr *server);
	/* tcp_child_fast(). */
	struct holm_tcp *(*child)(struct tcp_bind *bind, const struct tcp_half *half,
				  struct tcp_rx *rx);
	/* The end of the instance. */
	void (*forget)(struct holm_net *net);
};

/* ---- out_of_order.c, a part */
struct tcp_reasm_ops {
	/* The seventh step of what is not next in order, or where something lies out of order. */
	void (*text)(struct holm_tcp *c, struct tcp_rx *rx);
	void (*destroy)(struct holm_net *net, struct tcp_reasm *r);
};

/* ---- urgent.c */
/* A part: holm_tcp_urg. All but the first are for connections with flight->urgent. */
struct tcp_urgent_ops {
	/* The sixth step, of a segment with URG. */
	void (*step6)(struct holm_tcp *c, const struct tcp_rx *rx);
	/* Is there urgent data that the program has not read? */
	bool (*waits)(const struct holm_tcp *c);
	/* Nothing urgent is under way in either direction. */
	bool (*is_idle)(const struct holm_tcp *c);
	/* URG and the pointer of a segment that begins at `seq`. */
	void (*fill)(const struct holm_tcp *c, struct tcp_seq seq, struct tcp_hdr_info *h);
	/* Are urgent bytes in flight, or still to be sent? Then segments go one by one. */
	bool (*is_sending)(const struct holm_tcp *c);
};

/* ---- ecn.c */
/* A part: holm_tcp_ecn. Without it nothing is offered and nothing agreed to. */
struct tcp_ecn_ops {
	/* What our SYN offers, this time: flags, and tx->ecn. */
	uint8_t (*offer)(struct tcp_tx *tx);
	/* What a SYN asks for, and this side agrees to: enum tcp_half_ecn. */
	unsigned (*asked)(const struct tcp_rx *rx, const struct tcp_settings *s);
	/* What a SYN-ACK agrees to. */
	unsigned (*agreed)(const struct holm_tcp *c, const struct tcp_rx *rx);
	/* The flags and the option of a SYN-ACK that agrees. */
	void (*answer)(const struct holm_net *net, struct tcp_reply *r,
		       const struct tcp_half *half);
	/*
	 * From now on; `how` is one of the above. It may turn out that there is no memory for it: then
	 * without. The others are for connections with TCP_ECN.
	 */
	void (*begin)(struct holm_tcp *c, unsigned how, const struct tcp_rx *syn_ack);
	/* A pure ACK is to go before anything else. */
	bool (*greets)(const struct holm_tcp *c);
	/* A segment whose ACK is acceptable. */
	void (*input)(struct holm_tcp *c, const struct tcp_rx *rx, uint32_t flight_size);
	/* A segment leaves: its flags, and tx->ecn. */
	uint8_t (*mark)(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags);
};

/* ---- accecn.c, a part */
struct tcp_accecn;
struct tcp_accecn_ops {
	/*
	 * False: no memory. `arrived`: the IP-ECN field of the peer's SYN or SYN-ACK, which is given if it
	 * is that.
	 */
	bool (*begin)(struct holm_tcp *c, unsigned arrived, const struct tcp_rx *syn_ack);
	void (*end)(struct holm_tcp *c);
	/* What the connection has, when its block is made anew; NULL: RFC 3168's form. */
	struct tcp_accecn *(*find)(const struct holm_tcp *c);
	bool (*greets)(const struct tcp_accecn *a);
	/* A segment whose ACK is acceptable. */
	void (*input)(struct holm_tcp *c, const struct tcp_rx *rx, uint32_t flight_size);
	uint8_t (*mark)(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags);
	/*
	 * The counters, as far as they are news and fit beside `len` bytes, which are less than a
	 * full segment.
	 */
	void (*fill)(const struct tcp_tx *tx, const struct tcp_hdr_info *h, uint32_t len,
		     struct tcp_extra *x);
	/* Those of a SYN-ACK. */
	void (*fill_first)(struct tcp_extra *x);
};

/* ---- pacing.c */
/* Entered by who may want a pacer: BBR, the option that sets a limit. */
struct tcp_pacing_ops {
	/* False: no memory. */
	bool (*begin)(struct holm_tcp *c);
	/* The others are for connections with a pacer. */
	void (*end)(struct holm_tcp *c);
	/* Window or round-trip time have changed: a new rate. */
	void (*update)(struct holm_tcp *c);
	/* Is it too early? Then output is noted when it is not any more. */
	bool (*waits)(struct holm_tcp *c);
	/* How much may leave at a time. */
	uint32_t (*burst)(const struct holm_tcp *c, uint32_t mss);
	/* `len` bytes up to `right` leave; `again`: not for the first time. */
	void (*sent)(struct holm_tcp *c, struct tcp_seq right, uint32_t len, bool again);
};
extern const struct tcp_pacing_ops tcp_pacing;

/* ---- keepalive.c */
/* Entered by the option that switches it on. */
struct tcp_keep_alive_ops {
	/* When a probe is due, or the end. */
	uint64_t (*deadline)(const struct holm_tcp *c);
	/* That is now. False: it was the end of the connection. */
	bool (*fire)(struct holm_tcp *c);
	/* TCP_KEEP_DUE. False: no room. */
	bool (*send)(struct tcp_tx *tx);
};
extern const struct tcp_keep_alive_ops tcp_keep_alive;

/* ---- plpmtud.c, a part; but for begin() and timeout() for connections with TCP_SEARCH */
struct tcp_search_ops {
	/* Begin at what every path takes. */
	void (*begin)(struct holm_tcp *c);
	void (*end)(struct holm_tcp *c);
	void (*timeout)(struct holm_tcp *c);
	/* tcp_send_mtu_probe(). */
	void (*probe)(struct tcp_tx *tx);
	/* How many bytes of payload a probe has that may leave now; 0: none. Then sent() follows. */
	uint32_t (*size)(struct holm_tcp *c);
	/* It left with `len` bytes; 0: it did not. */
	void (*sent)(struct holm_tcp *c, struct tcp_seq left, uint32_t len);
	void (*acked)(struct holm_tcp *c);
	/*
	 * `bytes` are lost, the first at SND.UNA; 0: it is not known how many. Returns the size of the
	 * probe that this was, and no congestion; 0: it was not.
	 */
	uint32_t (*lost)(struct holm_tcp *c, uint32_t bytes);
};

#endif
