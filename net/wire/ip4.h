/*
 * IPv4 headers: RFC 791, RFC 1122 section 3.2.1.
 *
 * Addresses are uint32_t in host order here (10.0.0.1 is 0x0a000001), which is what prefixes and
 * checksums want; ip4_to_addr and ip4_from_addr go between that and struct holm_addr. Options are
 * skipped, but source routes are refused. Whether an address may be a source, and what becomes of a
 * fragment, is decided in net/ip.
 *
 * Functions on the input path distinguish two lengths: `linear` bytes at p lie in one piece,
 * `len` >= linear is what the frame has from p on. Headers must be linear, payload need not be.
 */
#ifndef NET_WIRE_IP4_H
#define NET_WIRE_IP4_H

#include <holm/build.h>
#include <holm/stats.h>

#include "lib/bytes.h"
#include "lib/checksum.h"

struct fmt_out;

enum {
	IP4_HDR_BYTES = 20, /* without options */
	IP4_HDR_MAX = 60,
	IP4_TOTAL_MAX = 65535,
	IP4_MTU_MIN = 68 /* RFC 791: every link passes this without fragmenting */
};

enum ip4_proto { IP4_PROTO_ICMP = 1, IP4_PROTO_IGMP = 2, IP4_PROTO_TCP = 6, IP4_PROTO_UDP = 17 };

/* The 16 bits that hold the flags and the fragment offset. */
enum { IP4_DF = 0x4000, IP4_MF = 0x2000, IP4_OFFSET_MASK = 0x1fff };

struct ip4_hdr {
	uint8_t version_ihl; /* 4 << 4 | 32-bit words of header */
	uint8_t tos;
	struct be16 total_len;
	struct be16 id;
	struct be16 frag; /* IP4_DF, IP4_MF, offset in units of 8 bytes */
	uint8_t ttl;
	uint8_t proto;
	struct be16 checksum;
	struct be32 src;
	struct be32 dst;
};

_Static_assert(sizeof(struct ip4_hdr) == IP4_HDR_BYTES, "an IPv4 header is 20 bytes");

struct ip4_info {
	uint32_t src;
	uint32_t dst;
	uint16_t total_len; /* what follows it in the frame is padding */
	uint16_t hdr_len;   /* options included */
	uint16_t id;
	uint16_t frag; /* as on the wire; see ip4_is_fragment */
	uint8_t tos;
	uint8_t ttl;
	uint8_t proto; /* enum ip4_proto, or whatever was there */
};

/* A part of a datagram: not the whole. */
static inline bool ip4_is_fragment(const struct ip4_info *info)
{
	return (info->frag & (IP4_MF | IP4_OFFSET_MASK)) != 0;
}

static inline uint32_t ip4_frag_offset_bytes(const struct ip4_info *info)
{
	return (uint32_t)(info->frag & IP4_OFFSET_MASK) * 8;
}

static inline uint16_t ip4_payload_len(const struct ip4_info *info)
{
	return (uint16_t)(info->total_len - info->hdr_len);
}

static inline struct holm_addr ip4_to_addr(uint32_t a)
{
	return holm_addr_ip4((uint8_t)(a >> 24), (uint8_t)(a >> 16), (uint8_t)(a >> 8), (uint8_t)a);
}

/* holm_addr_is_ip4(), for where each segment asks; of an address that may be anybody's. */
static inline bool ip4_is_mapped(const struct holm_addr *a)
{
	return load_be64(a->b) == 0 && load_be32(a->b + 8) == 0xffff;
}

/* The same of one that was heard, or has been taken: where there is no IPv6 there are no others. */
static inline bool ip4_is_addr(const struct holm_addr *a)
{
	return !HOLM_WITH_IPV6 || ip4_is_mapped(a);
}

/* The address must be an IPv4 one. */
static inline uint32_t ip4_from_addr(const struct holm_addr *a)
{
	return load_be32(a->b + 12);
}

/* `prefix_len` <= 32. */
static inline uint32_t ip4_mask(unsigned prefix_len)
{
	return prefix_len == 0 ? 0 : UINT32_MAX << (32 - prefix_len);
}

/* 224.0.0.0/4 */
static inline bool ip4_is_multicast(uint32_t a)
{
	return a >> 28 == 0xe;
}

/* 240.0.0.0/4, the limited broadcast 255.255.255.255 included: no host has such an address. */
static inline bool ip4_is_reserved(uint32_t a)
{
	return a >> 28 == 0xf;
}

/* 127.0.0.0/8 */
static inline bool ip4_is_loopback(uint32_t a)
{
	return a >> 24 == 127;
}

/* The ethernet group address of a multicast address: RFC 1112 section 6.4. */
static inline struct holm_mac ip4_multicast_mac(uint32_t a)
{
	struct holm_mac mac = { { 0x01, 0x00, 0x5e, (uint8_t)(a >> 16 & 0x7f), (uint8_t)(a >> 8),
				  (uint8_t)a } };

	return mac;
}

/*
 * Reads a header whose packet may be cut short, as ICMP errors and traces have them: the total
 * length is only checked against the header's, the checksum and options not at all. `len` bytes at
 * p lie in one piece. False: IP4_SHORT, IP4_VERSION.
 */
bool ip4_parse_header(const uint8_t *p, size_t len, struct ip4_info *out, enum holm_drop *why);

/* ip4_parse for headers that are not 20 bytes of version 4. */
bool ip4_parse_unusual(const uint8_t *p, size_t linear, size_t len, bool check_sum,
		       struct ip4_info *out, enum holm_drop *why);

/*
 * Does a 20-byte header sum up to a multiple of 0xffff, as it does with the right checksum? (It
 * cannot be zero, because of the version.) Byte order does not matter to that, and 2^64 - 1 is a
 * multiple of 0xffff, so 64-bit words may be added. A multiple of an odd number is found by
 * multiplying with its inverse modulo 2^64: the product is the quotient, no larger than quotients
 * can be.
 */
static inline uint64_t ip4_sum_quotient(const uint8_t *p)
{
	uint64_t sum = checksum_fold_in(checksum_load64(p), checksum_load64(p + 8));

	return checksum_fold_in(sum, checksum_load32(p + 16)) * 0xfffefffefffeffffu;
}

/* The same where the addresses' words are known to add up to `ends`: three more need no carry. */
static inline uint64_t ip4_sum_quotient_of(const uint8_t *p, uint64_t ends)
{
	return (ends + checksum_load32(p) + checksum_load32(p + 4) + checksum_load32(p + 8)) *
	       0xfffefffefffeffffu;
}

/* What the quotient is at most if the header is undamaged. */
#define IP4_SUM_QUOTIENT_MAX (UINT64_MAX / 0xffff)

static inline bool ip4_sum_holds(const uint8_t *p)
{
	return ip4_sum_quotient(p) <= IP4_SUM_QUOTIENT_MAX;
}

/* What is to be believed as it stands. */
static always_inline void ip4_take_fields(const uint8_t *p, struct ip4_info *out)
{
	out->tos = p[1];
	out->id = load_be16(p + 4);
	out->frag = load_be16(p + 6);
	out->ttl = p[8];
	out->proto = p[9];
	out->src = load_be32(p + 12);
	out->dst = load_be32(p + 16);
}

static always_inline bool ip4_parse_with(const uint8_t *p, size_t linear, size_t len,
					 bool check_sum, struct ip4_info *out, enum holm_drop *why)
{
	if (unlikely(linear < IP4_HDR_BYTES)) {
		*why = HOLM_DROP_IP4_SHORT;
		return false;
	}
	if (unlikely(p[0] != (4 << 4 | IP4_HDR_BYTES / 4))) {
		struct ip4_info unusual; /* a copy, so that *out may live in registers */
		bool ok = ip4_parse_unusual(p, linear, len, check_sum, &unusual, why);

		*out = unusual;
		return ok;
	}
	out->hdr_len = IP4_HDR_BYTES;
	out->total_len = load_be16(p + 2);
	if (unlikely(out->total_len < IP4_HDR_BYTES || out->total_len > len)) {
		*why = HOLM_DROP_IP4_SHORT;
		return false;
	}
	if (unlikely(check_sum && !ip4_sum_holds(p))) {
		*why = HOLM_DROP_IP4_CSUM;
		return false;
	}
	ip4_take_fields(p, out);
	return true;
}

/* Reads and checks everything. False: IP4_SHORT, IP4_VERSION, IP4_OPTIONS, IP4_CSUM. */
static inline bool ip4_parse(const uint8_t *p, size_t linear, size_t len, struct ip4_info *out,
			     enum holm_drop *why)
{
	return ip4_parse_with(p, linear, len, true, out, why);
}

/* The same without the checksum, for devices whose bytes cannot be damaged (HOLM_DEV_NO_CSUM). */
static inline bool ip4_parse_nocsum(const uint8_t *p, size_t linear, size_t len,
				    struct ip4_info *out, enum holm_drop *why)
{
	return ip4_parse_with(p, linear, len, false, out, why);
}

/* Writes IP4_HDR_BYTES, checksum included; info->hdr_len is not looked at. */
static inline void ip4_build(uint8_t *p, const struct ip4_info *info)
{
	p[0] = 4 << 4 | IP4_HDR_BYTES / 4;
	p[1] = info->tos;
	store_be16(p + 2, info->total_len);
	store_be16(p + 4, info->id);
	store_be16(p + 6, info->frag);
	p[8] = info->ttl;
	p[9] = info->proto;
	store_be16(p + 10, 0);
	store_be32(p + 12, info->src);
	store_be32(p + 16, info->dst);
	store_be16(p + 10, checksum_finish(checksum_20(p, 0)));
}

/*
 * The sum of the pseudo header (RFC 9293 section 3.1, RFC 768), to go on with over `l4_len` bytes of
 * transport header and payload.
 */
static inline uint32_t ip4_pseudo_sum(uint32_t src, uint32_t dst, uint8_t proto, uint32_t l4_len)
{
	return checksum_add(checksum_add(src, dst), proto + l4_len);
}

/*
 * The same of either family: both addresses IPv4, or both IPv6 (RFC 8200 section 8.1). The prefix of
 * an IPv4-mapped address sums up to 0xffff, which is a zero, so families need not be told apart.
 */
static inline uint32_t ip_pseudo_sum(const struct holm_addr *src, const struct holm_addr *dst,
				     uint8_t proto, uint32_t l4_len)
{
	uint64_t sum = checksum_fold_in(checksum_load64(src->b), checksum_load64(src->b + 8));

	sum = checksum_fold_in(sum, checksum_load64(dst->b));
	sum = checksum_fold_in(sum, checksum_load64(dst->b + 8));
	return checksum_add(checksum_from_memory(sum), proto + l4_len);
}

/* Is `a` something that one host can have: not 0.0.0.0/8, loopback, multicast, reserved? */
static inline bool ip4_is_unicast(uint32_t a)
{
	return a - (1u << 24) < (223u << 24) && !ip4_is_loopback(a);
}

/* a.b.c.d */
void ip4_print_addr(struct fmt_out *out, uint32_t a);

/* The packet and what it carries. */
void ip4_print(struct fmt_out *out, const uint8_t *p, size_t len);

#endif
