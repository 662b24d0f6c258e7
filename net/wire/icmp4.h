/*
 * ICMP for IPv4: RFC 792, next-hop MTU of RFC 1191.
 *
 * The checksum covers the whole message, which may lie in several segments: whoever has the frame
 * verifies it (ICMP_CSUM). Whether a quoted datagram was ours, and rates, are net/ip's.
 */
#ifndef NET_WIRE_ICMP4_H
#define NET_WIRE_ICMP4_H

#include "net/wire/ip4.h"

enum {
	ICMP4_HDR_BYTES = 8,
	ICMP4_QUOTE_MIN = 8,   /* bytes of the quoted transport header that every sender includes */
	ICMP4_ERROR_MAX = 576, /* RFC 1812 section 4.3.2.3: the whole error datagram */
};

enum icmp4_type {
	ICMP4_ECHO_REPLY = 0,
	ICMP4_UNREACHABLE = 3,
	ICMP4_REDIRECT = 5,
	ICMP4_ECHO = 8,
	ICMP4_TIME_EXCEEDED = 11,
	ICMP4_PARAM_PROBLEM = 12
};

enum icmp4_unreachable {
	ICMP4_NET = 0,
	ICMP4_HOST = 1,
	ICMP4_PROTOCOL = 2,
	ICMP4_PORT = 3,
	ICMP4_FRAG_NEEDED = 4,
	ICMP4_SOURCE_ROUTE = 5,
	ICMP4_PROHIBITED = 13
};

struct icmp4_hdr {
	uint8_t type;
	uint8_t code;
	struct be16 checksum;
	struct be16 a; /* echo: identifier; parameter problem: pointer in the high byte */
	struct be16 b; /* echo: sequence number; fragmentation needed: MTU of the next hop */
};

_Static_assert(sizeof(struct icmp4_hdr) == ICMP4_HDR_BYTES, "an ICMP header is 8 bytes");

struct icmp4_info {
	uint8_t type; /* enum icmp4_type, or whatever was there */
	uint8_t code;
	uint8_t pointer; /* parameter problem: offset of the offending byte */
	uint16_t id;	 /* echo and its reply */
	uint16_t seq;
	uint16_t next_mtu; /* unreachable, fragmentation needed; 0 from an old router */
};

/* What an error says about the datagram that caused it. */
struct icmp4_quote {
	struct ip4_info ip; /* as we sent it: ip.src is ours */
	uint16_t sport;	    /* TCP and UDP */
	uint16_t dport;
	uint32_t tcp_seq; /* TCP */
};

/* Errors are never answered with errors: RFC 1122 section 3.2.2. */
static inline bool icmp4_is_error(uint8_t type)
{
	return type == ICMP4_UNREACHABLE || type == 4 || type == ICMP4_REDIRECT ||
	       type == ICMP4_TIME_EXCEEDED || type == ICMP4_PARAM_PROBLEM;
}

/* `len` bytes at p lie in one piece. False: ICMP_SHORT. */
bool icmp4_parse(const uint8_t *p, size_t len, struct icmp4_info *out, enum holm_drop *why);

/*
 * The quoted datagram of an error: p and len as for icmp4_parse, the ICMP header included. False:
 * ICMP_SHORT (cut off within the first eight bytes of transport header), ICMP_QUOTE (no IPv4
 * header, or a later fragment, which has no ports).
 */
bool icmp4_parse_quote(const uint8_t *p, size_t len, struct icmp4_quote *out, enum holm_drop *why);

/* Writes ICMP4_HDR_BYTES with a zero checksum. */
void icmp4_build(uint8_t *p, const struct icmp4_info *info);

/* Sets the checksum of a message that lies in one piece. */
void icmp4_seal(uint8_t *p, size_t len);

/* Makes an echo request its reply, in place, checksum included. */
void icmp4_echo_to_reply(uint8_t *p);

/* `l4_len` is the whole message as IP has it, of which the first `len` bytes are at hand. */
void icmp4_print(struct fmt_out *out, const uint8_t *p, size_t len, size_t l4_len);

#endif
