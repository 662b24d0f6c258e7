/*
 * IPv6: what is not every packet's of it, the chain of extension headers first of all; the line that a
 * trace prints. See ip6.h.
 */
#include "net/wire/ip6.h"

#include "lib/fmt.h"
#include "net/wire/icmp6.h"
#include "net/wire/tcp.h"
#include "net/wire/udp.h"

enum { OPT_PAD1 = 0, OPT_PADN = 1 };

/* RFC 8200 section 4.2: what the highest two bits of an option say to who does not know it. */
enum { UNKNOWN_SKIP = 0, UNKNOWN_DISCARD = 1, UNKNOWN_TELL = 2, UNKNOWN_TELL_UNLESS_GROUP = 3 };

/* ---- Addresses. */

static enum ip6_scope scope_of_ip4(const struct holm_addr *a)
{
	bool link = a->b[12] == 127 || (a->b[12] == 169 && a->b[13] == 254);

	return link ? IP6_SCOPE_LINK : IP6_SCOPE_GLOBAL;
}

enum ip6_scope ip6_scope_of(const struct holm_addr *a)
{
	if (ip6_is_mapped(a))
		return scope_of_ip4(a);
	if (ip6_is_multicast(a))
		return (enum ip6_scope)(a->b[1] & 0xf);
	if (ip6_is_link_local(a) || ip6_is_loopback(a))
		return IP6_SCOPE_LINK;
	/* fec0::/10, deprecated by RFC 3879, still has its place in RFC 6724. */
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0xc0 ? IP6_SCOPE_SITE : IP6_SCOPE_GLOBAL;
}

/* ---- The header. */

bool ip6_parse_header(const uint8_t *p, size_t len, struct ip6_info *out, enum holm_drop *why)
{
	uint32_t flow;

	*out = (struct ip6_info){ 0 };
	*why = HOLM_DROP_IP6_SHORT;
	if (len < IP6_HDR_BYTES)
		return false;
	flow = load_be32(p);
	if (flow >> 28 != 6) {
		*why = HOLM_DROP_IP6_VERSION;
		return false;
	}
	out->traffic_class = (uint8_t)(flow >> 20);
	out->flow_label = flow & 0xfffff;
	out->payload_len = load_be16(p + 4);
	out->next = p[6];
	out->hop_limit = p[7];
	memcpy(out->src.b, p + 8, sizeof(out->src.b));
	memcpy(out->dst.b, p + 24, sizeof(out->dst.b));
	return true;
}

bool ip6_parse(const uint8_t *p, size_t linear, size_t len, struct ip6_info *out,
	       enum holm_drop *why)
{
	if (!ip6_parse_header(p, linear, out, why))
		return false;
	if (out->payload_len > len - IP6_HDR_BYTES) {
		*why = HOLM_DROP_IP6_SHORT;
		return false;
	}
	if (out->payload_len == 0 && out->next == IP6_PROTO_HOPOPTS) {
		*why = HOLM_DROP_IP6_JUMBO;
		return false;
	}
	return true;
}

/* ---- Extension headers. */

static enum ip6_walk drop(struct ip6_chain *c, enum holm_drop why)
{
	c->why = why;
	return IP6_WALK_DROP;
}

static enum ip6_walk problem(struct ip6_chain *c, enum holm_drop why, enum ip6_problem code,
			     uint32_t pointer)
{
	c->why = why;
	c->code = (uint8_t)code;
	c->pointer = pointer;
	return IP6_WALK_PROBLEM;
}

/*
 * We know no option but padding: those of routers (RFC 2711) and the like may be skipped by who does
 * not. IP6_WALK_END: go on.
 */
static enum ip6_walk unknown_option(struct ip6_chain *c, uint8_t type, uint32_t at)
{
	switch (type >> 6) {
	case UNKNOWN_SKIP:
		return IP6_WALK_END;
	case UNKNOWN_DISCARD:
		return drop(c, HOLM_DROP_IP6_OPTIONS);
	case UNKNOWN_TELL_UNLESS_GROUP:
		if (c->multicast)
			return drop(c, HOLM_DROP_IP6_OPTIONS);
		break;
	default:
		break;
	}
	return problem(c, HOLM_DROP_IP6_OPTIONS, IP6_PROBLEM_OPTION, at);
}

/* RFC 4942 section 2.1.9.5: padding is zeros, and no more of them than align something. */
static bool is_padding(const uint8_t *data, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if (data[i] != 0)
			return false;
	return true;
}

/* The options in [at, end) of the packet at p. IP6_WALK_END: nothing stands against it. */
static enum ip6_walk walk_options(struct ip6_chain *c, const uint8_t *p, uint32_t at, uint32_t end)
{
	uint32_t options = 0;
	uint32_t padding = 0;

	while (at < end) {
		enum ip6_walk verdict;
		uint32_t len = 1;

		if (p[at] != OPT_PAD1) {
			if (end - at < 2 || p[at + 1] > end - at - 2)
				return drop(c, HOLM_DROP_IP6_OPTIONS);
			len = p[at + 1] + 2u;
		}
		if (p[at] == OPT_PAD1 || p[at] == OPT_PADN) {
			padding += len;
			if (padding > IP6_PADDING_MAX ||
			    (len > 2 && !is_padding(p + at + 2, len - 2)))
				return drop(c, HOLM_DROP_IP6_OPTIONS);
			at += len;
			continue;
		}
		padding = 0;
		if (++options > IP6_OPTIONS_MAX)
			return drop(c, HOLM_DROP_IP6_CHAIN);
		verdict = unknown_option(c, p[at], at);
		if (verdict != IP6_WALK_END)
			return verdict;
		at += len;
	}
	return IP6_WALK_END;
}

/*
 * RFC 8200 section 4.4, and RFC 5095 for type 0:
 *   If, while processing a received packet, a node encounters a Routing header with an unrecognized
 *   Routing Type value, the required behavior of the node depends on the value of the Segments Left
 *   field.
 */
static enum ip6_walk check_routing(struct ip6_chain *c, const uint8_t *p)
{
	if (p[c->at + 3] == 0)
		return IP6_WALK_END;
	return problem(c, HOLM_DROP_IP6_ROUTING, IP6_PROBLEM_HEADER, c->at + 2);
}

static enum ip6_walk need(struct ip6_chain *c, uint32_t bytes)
{
	c->need = bytes;
	return IP6_WALK_SHORT;
}

/* The header at c->at, which is none of a fragment, and over it. IP6_WALK_END: over it we are. */
static enum ip6_walk walk_header(struct ip6_chain *c, const uint8_t *p, size_t linear)
{
	enum ip6_walk verdict;
	uint32_t len;

	if (c->end - c->at < 8)
		return drop(c, HOLM_DROP_IP6_SHORT);
	if (linear < c->at + 8)
		return need(c, c->at + 8);
	len = (p[c->at + 1] + 1u) * 8;
	if (len > c->end - c->at)
		return drop(c, HOLM_DROP_IP6_SHORT);
	if (c->headers >= IP6_EXT_HEADERS_MAX ||
	    c->at + len - IP6_HDR_BYTES > (uint32_t)IP6_EXT_BYTES_MAX)
		return drop(c, HOLM_DROP_IP6_CHAIN);
	if (linear < c->at + len)
		return need(c, c->at + len);
	verdict = c->next == IP6_PROTO_ROUTING ? check_routing(c, p)
					       : walk_options(c, p, c->at + 2, c->at + len);
	if (verdict != IP6_WALK_END)
		return verdict;
	c->next = p[c->at];
	c->next_at = c->at;
	c->at += len;
	c->headers++;
	return IP6_WALK_END;
}

static enum ip6_walk check_fragment(struct ip6_chain *c, size_t linear)
{
	if (c->end - c->at < IP6_FRAGMENT_BYTES)
		return drop(c, HOLM_DROP_IP6_SHORT);
	if (c->headers >= IP6_EXT_HEADERS_MAX)
		return drop(c, HOLM_DROP_IP6_CHAIN);
	if (linear < c->at + IP6_FRAGMENT_BYTES)
		return need(c, c->at + IP6_FRAGMENT_BYTES);
	return IP6_WALK_FRAGMENT;
}

enum ip6_walk ip6_chain_walk(struct ip6_chain *c, const uint8_t *p, size_t linear)
{
	while (ip6_is_extension(c->next)) {
		enum ip6_walk verdict;

		if (c->next == IP6_PROTO_FRAGMENT)
			return check_fragment(c, linear);
		/*
		 * RFC 8200 section 4.1: the Hop-by-Hop Options header [...] is restricted to appear
		 * immediately after an IPv6 header only.
		 */
		if (c->next == IP6_PROTO_HOPOPTS && c->at != IP6_HDR_BYTES)
			return problem(c, HOLM_DROP_IP6_CHAIN, IP6_PROBLEM_NEXT_HEADER, c->next_at);
		verdict = walk_header(c, p, linear);
		if (verdict != IP6_WALK_END)
			return verdict;
	}
	return IP6_WALK_END;
}

enum ip6_walk ip6_chain_find_transport(struct ip6_chain *c, const uint8_t *p, size_t linear)
{
	enum ip6_walk verdict = ip6_chain_walk(c, p, linear);

	if (verdict != IP6_WALK_FRAGMENT || ip6_fragment_offset(p + c->at) != 0)
		return verdict;
	ip6_chain_pass_fragment(c, p);
	return ip6_chain_walk(c, p, linear);
}

/* ---- Print. */

/* An address, and the port at p if the packet begins with ports. */
static void print_end(struct fmt_out *out, const struct holm_addr *addr, const uint8_t *p,
		      bool has_ports)
{
	char text[HOLM_ADDR_TEXT_MAX];

	holm_addr_format(addr, text, sizeof(text));
	if (has_ports)
		fmt_printf(out, "[%s]:%u", text, (unsigned)load_be16(p));
	else
		fmt_printf(out, "%s", text);
}

static void print_payload(struct fmt_out *out, const struct ip6_chain *c, const uint8_t *p,
			  size_t len)
{
	uint32_t l4_len = c->end - c->at;

	switch (c->next) {
	case IP6_PROTO_ICMP:
		icmp6_print(out, p, len, l4_len);
		break;
	case IP6_PROTO_TCP:
		tcp_print(out, p, len, l4_len);
		break;
	case IP6_PROTO_UDP:
		udp_print(out, p, len, l4_len);
		break;
	default:
		fmt_printf(out, "IPv6 next header %u len %u", (unsigned)c->next, (unsigned)l4_len);
	}
}

void ip6_print(struct fmt_out *out, const uint8_t *p, size_t len)
{
	struct ip6_info info;
	struct ip6_chain chain;
	enum holm_drop why;
	enum ip6_walk walk;
	const uint8_t *l4;
	size_t l4_len;
	bool has_ports;

	if (!ip6_parse_header(p, len, &info, &why)) {
		fmt_printf(out, "IPv6 [%s]",
			   why == HOLM_DROP_IP6_VERSION ? "bad version" : "too short");
		return;
	}
	ip6_chain_init(&chain, &info);
	walk = ip6_chain_walk(&chain, p, len);
	l4_len = len > chain.at ? min_size(len - chain.at, chain.end - chain.at) : 0;
	l4 = p + min_size(len, chain.at);
	has_ports = walk == IP6_WALK_END && l4_len >= 4 &&
		    (chain.next == IP6_PROTO_TCP || chain.next == IP6_PROTO_UDP);
	print_end(out, &info.src, l4, has_ports);
	fmt_printf(out, " > ");
	print_end(out, &info.dst, has_ports ? l4 + 2 : l4, has_ports);
	fmt_printf(out, " ");
	if (walk == IP6_WALK_END)
		print_payload(out, &chain, l4, l4_len);
	else
		fmt_printf(out, "IPv6 next header %u%s", (unsigned)chain.next,
			   walk == IP6_WALK_FRAGMENT ? " (fragment)" : " [not read on]");
}
