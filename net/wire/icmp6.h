/*
 * ICMP for IPv6: RFC 4443. Neighbour discovery and listener discovery are messages of it that have files
 * of their own (nd, mld).
 *
 * The checksum covers the pseudo header and the whole message, which may lie in several segments: whoever
 * has the frame verifies it (ICMP_CSUM). Whether a quoted packet was ours, and rates, are net/ip's.
 */
#ifndef NET_WIRE_ICMP6_H
#define NET_WIRE_ICMP6_H

#include "net/wire/ip4.h"
#include "net/wire/ip6.h"

enum {
	ICMP6_HDR_BYTES = 8,
	ICMP6_QUOTE_MIN = 8,	      /* of the quoted transport header: ports, sequence number */
	ICMP6_ERROR_MAX = IP6_MTU_MIN /* RFC 4443 section 2.4 (c): the whole packet of an error */
};

/* Below 128 are errors. */
enum icmp6_type {
	ICMP6_UNREACHABLE = 1,
	ICMP6_TOO_BIG = 2,
	ICMP6_TIME_EXCEEDED = 3,
	ICMP6_PARAM_PROBLEM = 4,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
	ICMP6_MLD_QUERY = 130,
	ICMP6_MLD_REPORT = 131,
	ICMP6_MLD_DONE = 132,
	ICMP6_ROUTER_SOLICIT = 133,
	ICMP6_ROUTER_ADVERT = 134,
	ICMP6_NEIGHBOUR_SOLICIT = 135,
	ICMP6_NEIGHBOUR_ADVERT = 136,
	ICMP6_REDIRECT = 137,
	ICMP6_MLD2_REPORT = 143
};

/* RFC 4443 section 3.1, RFC 7610 for the last two. */
enum icmp6_unreachable {
	ICMP6_NO_ROUTE = 0,
	ICMP6_PROHIBITED = 1,
	ICMP6_SCOPE = 2, /* beyond the scope of the source address */
	ICMP6_ADDRESS = 3,
	ICMP6_PORT = 4,
	ICMP6_POLICY = 5,
	ICMP6_REJECT = 6
};

enum icmp6_time { ICMP6_HOP_LIMIT = 0, ICMP6_REASSEMBLY = 1 };

struct icmp6_hdr {
	uint8_t type;
	uint8_t code;
	struct be16 checksum;
	struct be16
		a; /* echo: identifier; with b, the MTU of "too big", the pointer of a problem */
	struct be16 b; /* echo: sequence number */
};

_Static_assert(sizeof(struct icmp6_hdr) == ICMP6_HDR_BYTES, "an ICMPv6 header is 8 bytes");

struct icmp6_info {
	uint8_t type; /* enum icmp6_type, or whatever was there */
	uint8_t code;
	uint16_t id; /* echo and its reply */
	uint16_t seq;
	uint32_t value; /* too big: the MTU; parameter problem: offset of the offending byte */
};

/* What an error says about the packet that caused it. */
struct icmp6_quote {
	struct ip6_info ip; /* as we sent it: ip.src is ours */
	uint32_t l4_at;	    /* of its transport header, from the IPv6 header on */
	uint8_t proto;	    /* behind all extension headers */
	uint16_t sport;	    /* TCP and UDP */
	uint16_t dport;
	uint32_t tcp_seq; /* TCP */
};

/* RFC 4443 section 2.1. Errors are never answered with errors, nor are redirects. */
static inline bool icmp6_is_error(uint8_t type)
{
	return type < 128;
}

static inline bool icmp6_is_nd(uint8_t type)
{
	return type >= ICMP6_ROUTER_SOLICIT && type <= ICMP6_REDIRECT;
}

static inline bool icmp6_is_mld(uint8_t type)
{
	return (type >= ICMP6_MLD_QUERY && type <= ICMP6_MLD_DONE) || type == ICMP6_MLD2_REPORT;
}

/* `len` bytes at p lie in one piece. False: ICMP_SHORT. */
bool icmp6_parse(const uint8_t *p, size_t len, struct icmp6_info *out, enum holm_drop *why);

/*
 * The quoted packet of an error, over its extension headers: p and len as for icmp6_parse, the ICMP header
 * included. False: ICMP_SHORT (cut off before or within the first eight bytes of transport header),
 * ICMP_QUOTE (no IPv6 header, headers that cannot be, or a later fragment, which has no ports).
 */
bool icmp6_parse_quote(const uint8_t *p, size_t len, struct icmp6_quote *out, enum holm_drop *why);

/*
 * Is the packet whose IPv6 header is at p one that no error may be about (RFC 4443 section 2.4 (e.1, e.2)):
 * an ICMPv6 error or a redirect? Its extension headers are skipped whatever they say; of what ends before
 * its transport header, or is a later piece, it is not known.
 */
bool icmp6_is_unanswerable(const uint8_t *p, size_t len);

/* Writes ICMP6_HDR_BYTES with a zero checksum. */
void icmp6_build(uint8_t *p, const struct icmp6_info *info);

/* Sets the checksum of a message that lies in one piece. */
void icmp6_seal(uint8_t *p, size_t len, const struct holm_addr *src, const struct holm_addr *dst);

/* Makes an echo request its reply, in place, checksum included: addresses change places. */
void icmp6_echo_to_reply(uint8_t *p);
/* The same where the reply's source is not the request's destination, which was a group. */
void icmp6_change_source(uint8_t *p, const struct holm_addr *was, const struct holm_addr *is);

/* `l4_len` is the whole message as IP has it, of which the first `len` bytes are at hand. */
void icmp6_print(struct fmt_out *out, const uint8_t *p, size_t len, size_t l4_len);

#endif
