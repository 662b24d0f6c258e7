/*
 * Neighbour and router discovery: the messages and options of RFC 4861 that hosts send or hear, the
 * nonce of RFC 3971 as RFC 7527 uses it, and the name servers of RFC 8106.
 *
 * A message lies in one piece, as no link carries one that is larger than a frame, and fragments of
 * one are refused (RFC 6980). The checksum, the hop limit and the addresses of the packet are for
 * whoever has them. Options that are not known here are skipped.
 */
#ifndef NET_WIRE_ND_H
#define NET_WIRE_ND_H

#include <holm/stats.h>

#include "lib/bytes.h"

struct fmt_out;

enum nd_type {
	ND_ROUTER_SOLICIT = 133,
	ND_ROUTER_ADVERT = 134,
	ND_NEIGHBOUR_SOLICIT = 135,
	ND_NEIGHBOUR_ADVERT = 136,
	ND_REDIRECT = 137
};

/* Without options. */
enum {
	ND_ROUTER_SOLICIT_BYTES = 8,
	ND_ROUTER_ADVERT_BYTES = 16,
	ND_NEIGHBOUR_BYTES = 24, /* solicitation and advertisement */
	ND_REDIRECT_BYTES = 40,
	ND_MAC_OPTION_BYTES = 8,
	ND_NONCE_OPTION_BYTES = 8,
	ND_SENT_MAX = 40, /* the longest that is built here */
	ND_HOP_LIMIT = 255
};

enum nd_option_type {
	ND_OPTION_SOURCE_MAC = 1,
	ND_OPTION_TARGET_MAC = 2,
	ND_OPTION_PREFIX = 3,
	ND_OPTION_MTU = 5,
	ND_OPTION_NONCE = 14,
	ND_OPTION_RDNSS = 25
};

/* Of a neighbour advertisement. */
enum { ND_ROUTER = 0x80, ND_SOLICITED = 0x40, ND_OVERRIDE = 0x20 };
/* Of a router advertisement; behind them two bits of preference (RFC 4191). */
enum { ND_MANAGED = 0x80, ND_OTHER = 0x40 };
/* Of a prefix. */
enum { ND_ON_LINK = 0x80, ND_AUTONOMOUS = 0x40 };

#define ND_FOREVER UINT32_MAX /* a lifetime */

struct nd_nonce {
	uint8_t b[6];
};

/* What is not in the message is zero. */
struct nd_info {
	uint8_t type;
	uint8_t flags;	       /* of an advertisement */
	int8_t preference;     /* of a router: -1, 0, 1 (RFC 4191; what is reserved counts as 0) */
	uint8_t hop_limit;     /* of a router advertisement, as all that follow; 0: unspecified */
	uint16_t lifetime_s;   /* as a default router */
	uint32_t reachable_ms; /* 0: unspecified */
	uint32_t retrans_ms;   /* 0: unspecified */
	uint32_t mtu;	       /* 0: none */
	struct holm_addr target; /* of solicitation, advertisement and redirect */
	struct holm_addr dst;	 /* of a redirect */
	/* The first option of its kind. */
	bool has_source_mac, has_target_mac, has_nonce;
	struct holm_mac source_mac, target_mac;
	/* Of other than six bytes: its first six, zeroes behind a shorter one. */
	struct nd_nonce nonce;
	/* All options: each has a length, and they end where the message ends. */
	const uint8_t *options;
	size_t options_len;
};

struct nd_option {
	uint8_t type;
	const uint8_t *p; /* from its type on */
	size_t len;
};

struct nd_prefix {
	struct holm_addr addr; /* what is behind the prefix is as it came */
	uint8_t len;	       /* of the prefix, up to 128 */
	uint8_t flags;
	uint32_t valid_s, preferred_s;
};

/* Name servers; the i-th of `n` is nd_rdnss_server()'s. */
struct nd_rdnss {
	uint32_t lifetime_s;
	size_t n;
	const uint8_t *servers;
};

/* Reads the message and walks its options. False: ND_MALFORMED, ND_SOURCE (a target that none has). */
bool nd_parse(const uint8_t *p, size_t len, struct nd_info *out, enum holm_drop *why);

/* The options of a parsed message, one after the other: *at begins at 0. */
bool nd_next_option(const struct nd_info *info, size_t *at, struct nd_option *out);
/* False: it says nothing that could be followed (lengths, lifetimes that contradict). */
bool nd_parse_prefix(const struct nd_option *option, struct nd_prefix *out);
bool nd_parse_rdnss(const struct nd_option *option, struct nd_rdnss *out);

static inline struct holm_addr nd_rdnss_server(const struct nd_rdnss *rdnss, size_t i)
{
	struct holm_addr a;

	memcpy(a.b, rdnss->servers + i * sizeof(a.b), sizeof(a.b));
	return a;
}

/* Each builds a message with a zero checksum and returns its length; NULL: without that option. */
size_t nd_build_router_solicit(uint8_t *p, const struct holm_mac *source);
size_t nd_build_solicit(uint8_t *p, const struct holm_addr *target, const struct holm_mac *source,
			const struct nd_nonce *nonce);
size_t nd_build_advert(uint8_t *p, const struct holm_addr *target, uint8_t flags,
		       const struct holm_mac *mac);

/* A message of the types above; `len` bytes are at hand. */
void nd_print(struct fmt_out *out, const uint8_t *p, size_t len);

#endif
