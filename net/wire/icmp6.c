/*
 * ICMP messages of IPv6: RFC 4443. See icmp6.h.
 */
#include "net/wire/icmp6.h"

#include "lib/fmt.h"
#include "net/wire/mld.h"
#include "net/wire/nd.h"

static bool is_echo(uint8_t type)
{
	return type == ICMP6_ECHO || type == ICMP6_ECHO_REPLY;
}

bool icmp6_parse(const uint8_t *p, size_t len, struct icmp6_info *out, enum holm_drop *why)
{
	if (len < ICMP6_HDR_BYTES) {
		*why = HOLM_DROP_ICMP_SHORT;
		return false;
	}
	*out = (struct icmp6_info){ .type = p[0], .code = p[1] };
	if (is_echo(out->type)) {
		out->id = load_be16(p + 4);
		out->seq = load_be16(p + 6);
	}
	if (out->type == ICMP6_TOO_BIG || out->type == ICMP6_PARAM_PROBLEM)
		out->value = load_be32(p + 4);
	return true;
}

/* To the transport header of a packet that was cut: HOLM_DROP_COUNT, or why there is none. */
static enum holm_drop find_transport(struct ip6_chain *c, const uint8_t *p, size_t len)
{
	enum ip6_walk verdict = ip6_chain_find_transport(c, p, len);

	if (verdict == IP6_WALK_SHORT)
		return HOLM_DROP_ICMP_SHORT;
	if (verdict != IP6_WALK_END)
		return HOLM_DROP_ICMP_QUOTE;
	return len < (size_t)c->at + ICMP6_QUOTE_MIN ? HOLM_DROP_ICMP_SHORT : HOLM_DROP_COUNT;
}

static void read_ports(const uint8_t *l4, struct icmp6_quote *out)
{
	if (out->proto == IP6_PROTO_TCP || out->proto == IP6_PROTO_UDP) {
		out->sport = load_be16(l4);
		out->dport = load_be16(l4 + 2);
	}
	if (out->proto == IP6_PROTO_TCP)
		out->tcp_seq = load_be32(l4 + 4);
}

bool icmp6_parse_quote(const uint8_t *p, size_t len, struct icmp6_quote *out, enum holm_drop *why)
{
	struct ip6_chain chain;

	*out = (struct icmp6_quote){ 0 };
	if (len < ICMP6_HDR_BYTES) {
		*why = HOLM_DROP_ICMP_SHORT;
		return false;
	}
	p += ICMP6_HDR_BYTES;
	len -= ICMP6_HDR_BYTES;
	if (!ip6_parse_header(p, len, &out->ip, why)) {
		*why = *why == HOLM_DROP_IP6_SHORT ? HOLM_DROP_ICMP_SHORT : HOLM_DROP_ICMP_QUOTE;
		return false;
	}
	ip6_chain_init(&chain, &out->ip);
	*why = find_transport(&chain, p, len);
	if (*why != HOLM_DROP_COUNT)
		return false;
	out->proto = chain.next;
	out->l4_at = chain.at;
	read_ports(p + chain.at, out);
	return true;
}

bool icmp6_is_unanswerable(const uint8_t *p, size_t len)
{
	size_t at = IP6_HDR_BYTES, size;
	uint8_t next;

	if (len < IP6_HDR_BYTES)
		return false;
	next = p[6];
	for (int i = 0; i < IP6_EXT_HEADERS_MAX && ip6_is_extension(next); i++) {
		if (at + 8 > len)
			return false;
		if (next == IP6_PROTO_FRAGMENT && ip6_fragment_offset(p + at) != 0)
			return false;
		size = next == IP6_PROTO_FRAGMENT ? (size_t)IP6_FRAGMENT_BYTES
						  : (p[at + 1] + (size_t)1) * 8;
		next = p[at];
		at += size;
	}
	return next == IP6_PROTO_ICMP && at < len &&
	       (icmp6_is_error(p[at]) || p[at] == ICMP6_REDIRECT);
}

void icmp6_build(uint8_t *p, const struct icmp6_info *info)
{
	struct icmp6_hdr h = { .type = info->type, .code = info->code };

	if (is_echo(info->type)) {
		h.a = be16_of(info->id);
		h.b = be16_of(info->seq);
	} else {
		h.a = be16_of((uint16_t)(info->value >> 16));
		h.b = be16_of((uint16_t)info->value);
	}
	memcpy(p, &h, sizeof(h));
}

void icmp6_seal(uint8_t *p, size_t len, const struct holm_addr *src, const struct holm_addr *dst)
{
	uint32_t sum = ip_pseudo_sum(src, dst, IP6_PROTO_ICMP, (uint32_t)len);

	store_be16(p + 2, 0);
	store_be16(p + 2, checksum_finish(checksum_partial(p, len, sum)));
}

void icmp6_echo_to_reply(uint8_t *p)
{
	uint16_t was = load_be16(p);
	uint16_t is = (uint16_t)(ICMP6_ECHO_REPLY << 8 | (was & 0xff));

	store_be16(p, is);
	store_be16(p + 2, checksum_update16(load_be16(p + 2), was, is));
}

void icmp6_change_source(uint8_t *p, const struct holm_addr *was, const struct holm_addr *is)
{
	uint16_t sum = load_be16(p + 2);

	for (size_t i = 0; i < sizeof(was->b); i += 2)
		sum = checksum_update16(sum, load_be16(was->b + i), load_be16(is->b + i));
	store_be16(p + 2, sum);
}

/* ---- Print. */

static const char *unreachable_text(uint8_t code)
{
	static const char *const texts[] = {
		[ICMP6_NO_ROUTE] = "no route", [ICMP6_PROHIBITED] = "prohibited",
		[ICMP6_SCOPE] = "scope",       [ICMP6_ADDRESS] = "address",
		[ICMP6_PORT] = "port",	       [ICMP6_POLICY] = "policy",
		[ICMP6_REJECT] = "reject",
	};

	return code < ARRAY_LEN(texts) ? texts[code] : "code";
}

static void print_error(struct fmt_out *out, const struct icmp6_info *info)
{
	switch (info->type) {
	case ICMP6_UNREACHABLE:
		fmt_printf(out, "unreachable: %s (%u)", unreachable_text(info->code),
			   (unsigned)info->code);
		break;
	case ICMP6_TOO_BIG:
		fmt_printf(out, "too big, mtu %u", (unsigned)info->value);
		break;
	case ICMP6_TIME_EXCEEDED:
		fmt_printf(out, "time exceeded (%u)", (unsigned)info->code);
		break;
	case ICMP6_PARAM_PROBLEM:
		fmt_printf(out, "parameter problem (%u) at byte %u", (unsigned)info->code,
			   (unsigned)info->value);
		break;
	default:
		fmt_printf(out, "type %u code %u", (unsigned)info->type, (unsigned)info->code);
	}
}

/* " for [src]:port > [dst]:port", as far as the quote reaches. */
static void print_quote(struct fmt_out *out, const uint8_t *p, size_t len)
{
	char src[HOLM_ADDR_TEXT_MAX], dst[HOLM_ADDR_TEXT_MAX];
	struct icmp6_quote quote;
	enum holm_drop why;

	if (!icmp6_parse_quote(p, len, &quote, &why))
		return;
	holm_addr_format(&quote.ip.src, src, sizeof(src));
	holm_addr_format(&quote.ip.dst, dst, sizeof(dst));
	fmt_printf(out, " for [%s]:%u > [%s]:%u proto %u", src, (unsigned)quote.sport, dst,
		   (unsigned)quote.dport, (unsigned)quote.proto);
}

static bool is_listeners(uint8_t type)
{
	return (type >= MLD_QUERY && type <= MLD1_DONE) || type == MLD2_REPORT;
}

void icmp6_print(struct fmt_out *out, const uint8_t *p, size_t len, size_t l4_len)
{
	struct icmp6_info info;
	enum holm_drop why;

	fmt_printf(out, "ICMPv6 ");
	if (!icmp6_parse(p, len, &info, &why)) {
		fmt_printf(out, "[too short]");
		return;
	}
	if (info.type >= ND_ROUTER_SOLICIT && info.type <= ND_REDIRECT) {
		nd_print(out, p, min_size(len, l4_len));
		return;
	}
	if (is_listeners(info.type)) {
		mld_print(out, p, min_size(len, l4_len), l4_len);
		return;
	}
	if (is_echo(info.type)) {
		fmt_printf(out, "echo %s id %u seq %u len %zu",
			   info.type == ICMP6_ECHO ? "request" : "reply", (unsigned)info.id,
			   (unsigned)info.seq, l4_len - ICMP6_HDR_BYTES);
		return;
	}
	print_error(out, &info);
	if (icmp6_is_error(info.type))
		print_quote(out, p, len);
}
