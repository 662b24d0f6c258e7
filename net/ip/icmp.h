/*
 * icmp.h -- what ICMP of both families has in common: the rate of errors, replies to echo requests,
 * the frame of an error, the way of a received message. Shared by icmp4.c and icmp6.c; messages of
 * both begin with eight bytes of header.
 */
#ifndef NET_IP_ICMP_H
#define NET_IP_ICMP_H

#include "net/ip/ip.h"

#define ICMP_HDR_BYTES 8u
#define ICMP_REPLY_TTL 64u
/* RFC 1812 section 4.3.2.5: internetwork control; RFC 4443 does not say, Linux sends 0 over IPv6. */
#define ICMP4_ERROR_TOS 0xc0u

/* One per instance, made by the first family's start, freed by the last one's stop. */
struct icmp_state {
	uint64_t next_ns;     /* when an evenly spaced sender would send its next error */
	uint64_t interval_ns; /* between errors at the permitted rate */
	struct ip_dst *last; /* the destination of the last echo reply: bursts come from one host */
	uint8_t families;    /* that have started: bits of 1 << IP_FAMILY_... */
};

/* 0 or -HOLM_ENOMEM. Stopping what has not started does nothing. */
must_check int icmp_start(struct holm_net *net, unsigned family);
void icmp_stop(struct holm_net *net, unsigned family);

/* May one more error go, at config.icmp_rate_per_s with bursts? Counted against it if so, dropped if not. */
bool icmp_rate_allows(struct holm_net *net);

/* The way back to who sent an echo request; `dev`, if not NULL, is the one that leads there. NULL: none. */
struct ip_dst *icmp_reply_dst(struct holm_net *net, const struct holm_addr *remote,
			      struct holm_dev *dev);
/*
 * A received message of `len` bytes becomes the frame of its reply, which begins with the header: in place
 * where it can, else the payload is shared. The header is still the request's. NULL: no frame, counted.
 */
struct holm_frame *icmp_make_reply(struct holm_net *net, const struct ip_dst *dst,
				   struct holm_frame *f, size_t len);
/*
 * The frame of an error about `f`: room for the header in front, then up to `max` bytes of the packet from
 * its network header on. NULL: no frame, counted.
 */
struct holm_frame *icmp_quote_frame(struct holm_net *net, struct holm_frame *f, size_t max);

/* The first `len` bytes of a received message, in one piece. NULL: it has been dropped. */
const uint8_t *icmp_pull(struct holm_net *net, struct holm_frame *f, size_t len);

/* An echo reply with this identifier goes to its endpoint, or is dropped. */
void icmp_reply_input(struct holm_net *net, struct holm_frame *f, uint16_t id);

/* What a code of "destination unreachable" means to transports. */
struct icmp_meaning {
	uint8_t kind;  /* enum ip_error_kind */
	uint8_t error; /* enum holm_errno */
	bool fatal;
};

/* To the transport whose packet is quoted, if `is_ours`; the frame goes. */
void icmp_report(struct holm_net *net, struct holm_frame *f, const struct ip_error *error,
		 bool is_ours);

static inline void icmp_set_meaning(struct ip_error *error, const struct icmp_meaning *meaning)
{
	error->kind = (enum ip_error_kind)meaning->kind;
	error->error = meaning->error;
	error->fatal = meaning->fatal;
}

#endif
