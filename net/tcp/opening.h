/*
 * How a connection begins: what the files that open one offer each other and the rest of TCP. Active and
 * passive, RFC 9293 sections 3.10.7.2 and 3.10.7.3; records of half-open connections are in records.h.
 */
#ifndef NET_TCP_OPENING_H
#define NET_TCP_OPENING_H

#include "net/tcp/hot.h"

/* ---- bind.c */
/* Is it who was found last? That takes no call. */
static inline bool tcp_is_heard(const struct tcp_state *ts, const struct holm_addr *addr,
				uint16_t port)
{
	const struct tcp_heard *h = &ts->heard;

	return !FOR_SIZE &&
	       likely(h->bind && h->port == port && tcp_addr_diff(&h->addr, addr) == 0);
}
struct tcp_bind *tcp_look_up_listener(struct tcp_state *ts, const struct holm_addr *addr,
				      uint16_t port, const struct holm_dev *dev, uint32_t flow);
/*
 * Who listens for this address and port, and hears what comes by this device; an exact address before the
 * wildcard, a device before any. Of those who share a port, one for each `flow`, the hash of the four-tuple.
 * NULL: nobody.
 */
static inline struct tcp_bind *tcp_find_listener(struct tcp_state *ts, const struct holm_addr *addr,
						 uint16_t port, const struct holm_dev *dev,
						 uint32_t flow)
{
	return tcp_is_heard(ts, addr, port) ? ts->heard.bind
					    : tcp_look_up_listener(ts, addr, port, dev, flow);
}

/* ---- syn.c */
/* A segment for a listener. Does not free the frame. */
enum tcp_verdict tcp_input_listen(struct tcp_bind *bind, struct tcp_rx *rx,
				  struct holm_tcp **child);

/* ---- child.c */
/*
 * The connection, ESTABLISHED, of a handshake that this segment completes, in its listener's queue.
 * NULL: no memory, and rx->why says so.
 */
struct holm_tcp *tcp_child_make(struct tcp_bind *bind, const struct tcp_half *half,
				struct tcp_rx *rx);
/*
 * What completed its handshake, if it is the next in order, as the steps would have it: its text waits for
 * the program. TCP_NEXT: nothing has happened.
 */
enum tcp_verdict tcp_child_input(struct holm_tcp *c, struct tcp_rx *rx);
/* Without records: a SYN is a connection, which its listener hears of when ... */
enum tcp_verdict tcp_child_half(const struct tcp_bind *bind, const struct tcp_half *half,
				struct tcp_rx *rx, struct holm_tcp **child);
/* ... an acceptable ACK completes its handshake. */
enum tcp_verdict tcp_child_complete(struct holm_tcp *c, struct tcp_rx *rx);
/* Is an ACK's number a cookie of ours? Then half says what it says. */
bool tcp_child_cookie(struct tcp_rx *rx, struct tcp_half *half);
/* An ACK for a listener, where cookies are a part: it may acknowledge one. */
enum tcp_verdict tcp_input_cookie(struct tcp_bind *bind, struct tcp_rx *rx,
				  struct holm_tcp **child);

/*
 * RFC 7413: a SYN with a good cookie is a connection at once, and its data is looked at. NULL: no memory;
 * the segment's verdict is TCP_DONE otherwise.
 */
struct holm_tcp *tcp_child_fast(struct tcp_bind *bind, const struct tcp_half *half,
				struct tcp_rx *rx);

/* ---- opening.c */
/*
 * The SYN of a connection in SYN-SENT, and the SYN-ACK of a record, where they are as most are.
 * False: nothing was sent, another way may know how.
 */
bool tcp_send_usual_syn(struct holm_net *net, struct holm_tcp *c);
bool tcp_send_usual_syn_ack(struct holm_net *net, const struct tcp_half *half,
			    const struct tcp_tuple *ends, const struct tcp_settings *s);

#endif
