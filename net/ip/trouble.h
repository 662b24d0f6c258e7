/*
 * trouble.h -- what went wrong with packets that an endpoint has sent, kept for it in a queue until it
 * asks (IP_RECVERR of Linux). Shared by the transports; each endpoint that wants it has one.
 */
#ifndef NET_IP_TROUBLE_H
#define NET_IP_TROUBLE_H

#include "net/ip/ip.h"

/* Troubles of one endpoint that wait; later ones are dropped and counted. */
#define IP_TROUBLES_MAX 32u
/* What is kept of the packet that an error quotes: what RFC 1812 lets routers quote. */
#define IP_TROUBLE_QUOTE_MAX 548u

/* Zero is an empty one. */
struct ip_troubles {
	struct ip_trouble *first, *last;
	uint32_t count;
};

/* An error about a packet to `to`. */
void ip_trouble_note(struct holm_net *net, struct ip_troubles *q, const struct ip_error *error,
		     const struct holm_endpoint *to);
/* Something that was refused here: `error` is a positive errno, `info` what belongs to it. */
void ip_trouble_note_local(struct holm_net *net, struct ip_troubles *q, int error, uint32_t info,
			   const struct holm_endpoint *to);
/*
 * The oldest, with up to `max` bytes of what the packet carried; t->payload_len is all there is.
 * -HOLM_EAGAIN: none.
 */
int ip_trouble_take(struct holm_net *net, struct ip_troubles *q, struct holm_trouble *t,
		    void *payload, size_t max);
/* The oldest; NULL: none. */
const struct holm_trouble *ip_trouble_first(const struct ip_troubles *q);
void ip_troubles_clear(struct holm_net *net, struct ip_troubles *q);

#endif
