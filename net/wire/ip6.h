/*
 * IPv6 headers and the chain of extension headers: RFC 8200; kinds and scopes of addresses: RFC 4291,
 * RFC 4007.
 *
 * Addresses are struct holm_addr, in network order. An IPv4-mapped address is IPv4's form inside this
 * stack and never passes as one of IPv6's. The chain is walked with bounds, so that a packet costs no
 * more than a named number of headers and options (RFC 8504 section 5.3). Whether an address may be a
 * source, and what becomes of fragments, is decided in net/ip.
 *
 * Functions on the input path distinguish two lengths, as IPv4's do: `linear` bytes at p lie in one
 * piece, `len` >= linear is what the frame has from p on.
 */
#ifndef NET_WIRE_IP6_H
#define NET_WIRE_IP6_H

#include <holm/build.h>
#include <holm/stats.h>

#include "lib/bytes.h"
#include "lib/checksum.h"

struct fmt_out;

enum {
	IP6_HDR_BYTES = 40,
	IP6_PAYLOAD_MAX = 65535,
	IP6_MTU_MIN = 1280, /* RFC 8200 section 5: every link passes this */
	IP6_FRAGMENT_BYTES = 8,

	/*
	 * RFC 8504 section 5.3: a host may limit what it looks at. Nobody sends more headers than the seven
	 * that RFC 8200 section 4.1 lists, nor options by the dozen, in good faith.
	 */
	IP6_EXT_HEADERS_MAX = 8,
	IP6_EXT_BYTES_MAX = 512, /* of all extension headers together */
	IP6_OPTIONS_MAX = 8,	 /* per header, padding not counted */
	IP6_PADDING_MAX = 7	 /* bytes in a row: more aligns nothing */
};

/* Next headers. */
enum ip6_proto {
	IP6_PROTO_HOPOPTS = 0,
	IP6_PROTO_TCP = 6,
	IP6_PROTO_UDP = 17,
	IP6_PROTO_ROUTING = 43,
	IP6_PROTO_FRAGMENT = 44,
	IP6_PROTO_ICMP = 58,
	IP6_PROTO_NONE = 59,
	IP6_PROTO_DSTOPTS = 60
};

struct ip6_hdr {
	struct be32 flow; /* 6 << 28 | traffic class << 20 | flow label */
	struct be16 payload_len;
	uint8_t next;
	uint8_t hop_limit;
	struct holm_addr src;
	struct holm_addr dst;
};

_Static_assert(sizeof(struct ip6_hdr) == IP6_HDR_BYTES, "an IPv6 header is 40 bytes");

struct ip6_info {
	struct holm_addr src;
	struct holm_addr dst;
	uint32_t flow_label;
	uint16_t payload_len; /* extension headers included; what follows it is padding */
	uint8_t traffic_class;
	uint8_t next; /* enum ip6_proto, or whatever was there */
	uint8_t hop_limit;
};

/* ---- Addresses. */

/* RFC 4291 section 2.7; unicast addresses have scopes, too. The numbers order them. */
enum ip6_scope {
	IP6_SCOPE_RESERVED = 0,
	IP6_SCOPE_INTERFACE = 1,
	IP6_SCOPE_LINK = 2,
	IP6_SCOPE_ADMIN = 4,
	IP6_SCOPE_SITE = 5,
	IP6_SCOPE_ORGANIZATION = 8,
	IP6_SCOPE_GLOBAL = 14
};

/* fe80::/10 */
static inline bool ip6_is_link_local(const struct holm_addr *a)
{
	return HOLM_WITH_IPV6 && a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/* ff00::/8. For addresses of IPv6; holm_addr_is_multicast() is for both families. */
static inline bool ip6_is_multicast(const struct holm_addr *a)
{
	return a->b[0] == 0xff;
}

/* :: */
static inline bool ip6_is_any(const struct holm_addr *a)
{
	return (load_be64(a->b) | load_be64(a->b + 8)) == 0;
}

/* ::1 */
static inline bool ip6_is_loopback(const struct holm_addr *a)
{
	return load_be64(a->b) == 0 && load_be64(a->b + 8) == 1;
}

/* ::ffff:0:0/96, which is IPv4 to us and nothing on the wire. */
static inline bool ip6_is_mapped(const struct holm_addr *a)
{
	return load_be64(a->b) == 0 && load_be32(a->b + 8) == 0xffff;
}

/* The scope of an address of either family: RFC 4291, RFC 6724 section 3.1 and 3.2. */
enum ip6_scope ip6_scope_of(const struct holm_addr *a);

/* Does the address mean something only together with a link (RFC 4007 section 6)? Of IPv6 alone. */
static inline bool ip6_needs_zone(const struct holm_addr *a)
{
	if (HOLM_WITH_IPV6 && ip6_is_multicast(a))
		return (a->b[1] & 0xf) <= IP6_SCOPE_LINK;
	return ip6_is_link_local(a);
}

/* ::1 */
static inline struct holm_addr ip6_loopback(void)
{
	struct holm_addr a = { { [15] = 1 } };

	return a;
}

/* ff02::1, every node of the link. */
static inline struct holm_addr ip6_all_nodes(void)
{
	struct holm_addr a = { { 0xff, 0x02, [15] = 1 } };

	return a;
}

/* ff02::2, every router of the link. */
static inline struct holm_addr ip6_all_routers(void)
{
	struct holm_addr a = { { 0xff, 0x02, [15] = 2 } };

	return a;
}

/* The group in which a neighbour asks for the address: RFC 4291 section 2.7.1. */
static inline struct holm_addr ip6_solicited_node(const struct holm_addr *a)
{
	struct holm_addr g = {
		{ 0xff,
		  0x02, [11] = 1, [12] = 0xff, [13] = a->b[13], [14] = a->b[14], [15] = a->b[15] }
	};

	return g;
}

/* The ethernet group address of a multicast address: RFC 2464 section 7. */
static inline struct holm_mac ip6_multicast_mac(const struct holm_addr *a)
{
	struct holm_mac mac = { { 0x33, 0x33, a->b[12], a->b[13], a->b[14], a->b[15] } };

	return mac;
}

/* ---- The header. */

/*
 * Reads a header whose packet may be cut short, as ICMP errors and traces have them; `len` bytes at p
 * lie in one piece. False: IP6_SHORT, IP6_VERSION.
 */
bool ip6_parse_header(const uint8_t *p, size_t len, struct ip6_info *out, enum holm_drop *why);

/*
 * Reads and checks the header of a whole packet. False: IP6_SHORT, IP6_VERSION; IP6_JUMBO: a payload
 * length of 0 with more to come is a jumbogram's (RFC 2675), which no link of ours carries.
 */
bool ip6_parse(const uint8_t *p, size_t linear, size_t len, struct ip6_info *out,
	       enum holm_drop *why);

/* Writes IP6_HDR_BYTES. */
static inline void ip6_build(uint8_t *p, const struct ip6_info *info)
{
	store_be32(p, 6u << 28 | (uint32_t)info->traffic_class << 20 | info->flow_label);
	store_be16(p + 4, info->payload_len);
	p[6] = info->next;
	p[7] = info->hop_limit;
	memcpy(p + 8, info->src.b, sizeof(info->src.b));
	memcpy(p + 24, info->dst.b, sizeof(info->dst.b));
}

/* ---- Extension headers. */

enum ip6_walk {
	IP6_WALK_END,	   /* at the transport's header, or what we take for one */
	IP6_WALK_FRAGMENT, /* at a fragment header: what is behind it waits for the whole packet */
	IP6_WALK_SHORT, /* more bytes must lie in one piece first: `need`, from the IPv6 header on */
	IP6_WALK_DROP,	/* `why`; the sender hears nothing */
	IP6_WALK_PROBLEM /* `why`; ICMP Parameter Problem of `code`, pointing at `pointer` */
};

/* RFC 4443 section 3.4: codes of a Parameter Problem. */
enum ip6_problem {
	IP6_PROBLEM_HEADER = 0,
	IP6_PROBLEM_NEXT_HEADER = 1,
	IP6_PROBLEM_OPTION = 2,
	IP6_PROBLEM_CHAIN = 3 /* RFC 7112: the first piece does not have all headers */
};

/* How far a walk has come. Offsets count from the IPv6 header's first byte. */
struct ip6_chain {
	uint32_t at;	  /* of the header that `next` names */
	uint32_t next_at; /* of the byte that names it */
	uint32_t end;	  /* of the packet */
	uint8_t next;
	uint8_t headers; /* that were walked through */
	bool multicast;	 /* the packet is for a group: options may care */
	/* The result, where there is one. */
	uint8_t code;
	uint32_t pointer;
	uint32_t need;
	enum holm_drop why;
};

/* Before the first header. */
static inline void ip6_chain_init(struct ip6_chain *c, const struct ip6_info *info)
{
	*c = (struct ip6_chain){
		.at = IP6_HDR_BYTES,
		.next_at = 6,
		.end = (uint32_t)IP6_HDR_BYTES + info->payload_len,
		.next = info->next,
		.multicast = ip6_is_multicast(&info->dst),
	};
}

/*
 * Walk on, over hop-by-hop and destination options and routing headers that have nothing left to do,
 * in any order (RFC 8200 section 4.1) but hop-by-hop options first. `p` is the IPv6 header, `linear`
 * bytes of which lie in one piece. After IP6_WALK_SHORT it may be called again, with more.
 */
enum ip6_walk ip6_chain_walk(struct ip6_chain *c, const uint8_t *p, size_t linear);

/* Past the fragment header of a packet that is whole all the same: its offset is 0, no more follows. */
static inline void ip6_chain_pass_fragment(struct ip6_chain *c, const uint8_t *p)
{
	c->next = p[c->at];
	c->next_at = c->at;
	c->at += IP6_FRAGMENT_BYTES;
	c->headers++;
}

/* The fragment header: RFC 8200 section 4.5. */
struct ip6_piece {
	uint32_t id;
	uint32_t off; /* in bytes, a multiple of 8 */
	uint8_t next;
	bool more;
};

/* Of the header at p. */
static inline uint32_t ip6_fragment_offset(const uint8_t *p)
{
	return load_be16(p + 2) & 0xfff8;
}

/* Both: IP6_FRAGMENT_BYTES at p. Reserved bits are neither looked at nor set. */
static inline void ip6_parse_piece(const uint8_t *p, struct ip6_piece *out)
{
	out->id = load_be32(p + 4);
	out->off = ip6_fragment_offset(p);
	out->next = p[0];
	out->more = p[3] & 1;
}

static inline void ip6_build_piece(uint8_t *p, const struct ip6_piece *piece)
{
	p[0] = piece->next;
	p[1] = 0;
	store_be16(p + 2, (uint16_t)(piece->off | piece->more));
	store_be32(p + 4, piece->id);
}

/* Is this the number of a header that ip6_chain_walk() deals with? */
static inline bool ip6_is_extension(uint8_t next)
{
	return next == IP6_PROTO_HOPOPTS || next == IP6_PROTO_ROUTING ||
	       next == IP6_PROTO_FRAGMENT || next == IP6_PROTO_DSTOPTS;
}

/*
 * The same for a packet that somebody else quotes, or that was sent: on behind the fragment header of a
 * first piece. IP6_WALK_FRAGMENT: a later one, which has no transport header.
 */
enum ip6_walk ip6_chain_find_transport(struct ip6_chain *c, const uint8_t *p, size_t linear);

/* The packet and what it carries. */
void ip6_print(struct fmt_out *out, const uint8_t *p, size_t len);

#endif
