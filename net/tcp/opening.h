/*
 * How a connection begins: what the files that open one offer each other and the rest of TCP. Active and
 * passive, RFC 9293 sections 3.10.7.2 and 3.10.7.3; records of half-open connections are in records.h.
 */
#ifndef NET_TCP_OPENING_H
#define NET_TCP_OPENING_H

#include "net/tcp/room.h"

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

/* A SYN or SYN-ACK without what is rare: see opening.c. */
struct tcp_opening {
	const struct holm_addr *local6, *remote6; /* NULL: over IPv4 */
	uint32_t flow_label;			  /* over IPv6 */
	uint32_t local4, remote4;		  /* over IPv4, as numbers */
	uint32_t ports;				  /* ours in the high half */
	uint32_t seq, ack;
	uint16_t wnd;
	uint8_t flags, tos, ttl;
	struct tcp_offer offer;
};

/* ---- opening.c */
/* What we offer whoever is there, as these settings have it; timestamps and SACK are the caller's. */
void tcp_opening_offer(struct tcp_opening *o, const struct holm_net *net, const struct ip_dst *dst,
		       const struct tcp_settings *s, const struct holm_rcvbuf *rcv);
/* Send it; false: nothing was sent, another way may know how. */
bool tcp_send_opening(struct holm_net *net, const struct ip_dst *dst, const struct tcp_opening *o);

#endif
