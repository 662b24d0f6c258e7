/*
 * What a segment may carry beside its numbers, and a segment that belongs to no connection.
 * Filled by whoever sends, written by header.c and reply.c.
 */
#ifndef NET_TCP_SEGMENT_H
#define NET_TCP_SEGMENT_H

#include "net/ip/ip.h"
#include "net/tcp/tcb.h"
#include "net/wire/tcp.h"

enum tcp_tx_ecn {
	TCP_TX_ECT = HOLM_WITH_ECN << 0,    /* RFC 3168: the network may mark this segment */
	TCP_TX_AE = HOLM_WITH_ECN << 1,	    /* RFC 9768: the third bit of the ACE field */
	TCP_TX_ACCECN = HOLM_WITH_ECN << 2, /* counters may go with it */
};

/* An option that is rare and has no place in struct tcp_hdr_info. */
#define TCP_EXTRA_MAX 16u
struct tcp_extra {
	uint8_t kind, len; /* of the value */
	uint8_t value[TCP_EXTRA_MAX];
};

/* Fast Open's cookies and ECN's counters are such; kind 0: there is none. */
static inline bool tcp_has_extra(const struct tcp_extra *x)
{
	return (HOLM_WITH_RECORDS || HOLM_WITH_ECN) && x->kind;
}
/* What it adds to a header. */
static inline size_t tcp_extra_bytes(const struct tcp_extra *x)
{
	return tcp_has_extra(x) ? tcp_option_bytes(x->len) : 0;
}

/* A segment without a connection, for small records and RSTs. */
struct tcp_reply {
	const struct holm_addr *src, *dst;
	uint16_t scope;			/* of dst */
	const struct tcp_settings *syn; /* a SYN-ACK: announce our MSS, as these allow */
	struct tcp_extra extra;
	bool ae; /* the flag beside CWR */
	struct tcp_hdr_info h;
	uint8_t tos, ttl;
};

/* A segment between these ends, that are to stay until it is sent, with no options and no window. */
static inline void tcp_reply_begin(struct tcp_reply *r, const struct tcp_tuple *ends, uint32_t seq,
				   uint32_t ack, uint8_t flags)
{
	r->src = &ends->local;
	r->dst = &ends->remote;
	r->scope = ends->scope;
	r->syn = NULL;
	r->extra.kind = 0;
	r->ae = false;
	r->tos = 0;
	r->ttl = 0;
	r->h.sport = ends->lport;
	r->h.dport = ends->rport;
	r->h.seq = seq;
	r->h.ack = ack;
	r->h.flags = flags;
	r->h.wnd = 0;
	r->h.urg = 0;
	tcp_clear_options(&r->h);
}

#endif
