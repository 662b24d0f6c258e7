/* Messages of neighbour discovery; see nd.h. */
#include "net/wire/nd.h"

#include "lib/fmt.h"
#include "lib/mem.h"

/* Lengths of options are in these units: RFC 4861 section 4.6. */
#define UNIT_BYTES 8u
#define PREFIX_BYTES 32u
#define MTU_BYTES 8u
#define RDNSS_HEAD_BYTES 8u

static size_t head_bytes(uint8_t type)
{
	switch (type) {
	case ND_ROUTER_SOLICIT:
		return ND_ROUTER_SOLICIT_BYTES;
	case ND_ROUTER_ADVERT:
		return ND_ROUTER_ADVERT_BYTES;
	case ND_NEIGHBOUR_SOLICIT:
	case ND_NEIGHBOUR_ADVERT:
		return ND_NEIGHBOUR_BYTES;
	case ND_REDIRECT:
		return ND_REDIRECT_BYTES;
	default:
		return 0;
	}
}

/* RFC 4191 section 2.1: two bits with a sign; binary 10 is reserved and counts as 00. */
static int8_t preference_of(uint8_t flags)
{
	unsigned bits = flags >> 3 & 3;

	return bits == 1 ? 1 : bits == 3 ? -1 : 0;
}

static void read_router_advert(const uint8_t *p, struct nd_info *out)
{
	out->hop_limit = p[4];
	out->flags = p[5];
	out->preference = preference_of(p[5]);
	out->lifetime_s = load_be16(p + 6);
	out->reachable_ms = load_be32(p + 8);
	out->retrans_ms = load_be32(p + 12);
}

static void read_option(const struct nd_option *o, struct nd_info *out)
{
	if (o->type == ND_OPTION_SOURCE_MAC && !out->has_source_mac) {
		out->has_source_mac = true;
		memcpy(&out->source_mac, o->p + 2, sizeof(out->source_mac));
	} else if (o->type == ND_OPTION_TARGET_MAC && !out->has_target_mac) {
		out->has_target_mac = true;
		memcpy(&out->target_mac, o->p + 2, sizeof(out->target_mac));
	} else if (o->type == ND_OPTION_NONCE && !out->has_nonce) {
		out->has_nonce = true;
		memcpy(&out->nonce, o->p + 2, sizeof(out->nonce));
	} else if (o->type == ND_OPTION_MTU && o->len == MTU_BYTES && out->mtu == 0) {
		out->mtu = load_be32(o->p + 4);
	}
}

bool nd_next_option(const struct nd_info *info, size_t *at, struct nd_option *out)
{
	size_t left = info->options_len - *at;

	if (left < UNIT_BYTES)
		return false;
	out->p = info->options + *at;
	out->type = out->p[0];
	out->len = out->p[1] * UNIT_BYTES;
	if (out->len == 0 || out->len > left)
		return false;
	*at += out->len;
	return true;
}

/*
 * RFC 4861 sections 6.1 and 7.1:
 *   - All included options have a length that is greater than zero.
 */
static bool read_options(struct nd_info *out)
{
	struct nd_option option;
	size_t at = 0;

	while (nd_next_option(out, &at, &option))
		read_option(&option, out);
	return at == out->options_len;
}

bool nd_parse(const uint8_t *p, size_t len, struct nd_info *out, enum holm_drop *why)
{
	size_t head = len > 0 ? head_bytes(p[0]) : 0;

	*out = (struct nd_info){ 0 };
	*why = HOLM_DROP_ND_MALFORMED;
	/* The code of every message is 0. */
	if (head == 0 || len < head || p[1] != 0)
		return false;
	out->type = p[0];
	out->options = p + head;
	out->options_len = len - head;
	if (out->type == ND_ROUTER_ADVERT)
		read_router_advert(p, out);
	if (out->type == ND_NEIGHBOUR_ADVERT)
		out->flags = p[4] & (ND_ROUTER | ND_SOLICITED | ND_OVERRIDE);
	if (head >= ND_NEIGHBOUR_BYTES)
		memcpy(out->target.b, p + 8, sizeof(out->target.b));
	if (out->type == ND_REDIRECT)
		memcpy(out->dst.b, p + 24, sizeof(out->dst.b));
	if (!read_options(out))
		return false;
	*why = HOLM_DROP_ND_SOURCE;
	return head < ND_NEIGHBOUR_BYTES || out->target.b[0] != 0xff;
}

bool nd_parse_prefix(const struct nd_option *option, struct nd_prefix *out)
{
	const uint8_t *p = option->p;

	if (option->len != PREFIX_BYTES || p[2] > 128)
		return false;
	out->len = p[2];
	out->flags = p[3];
	out->valid_s = load_be32(p + 4);
	out->preferred_s = load_be32(p + 8);
	memcpy(out->addr.b, p + 16, sizeof(out->addr.b));
	/* RFC 4862 section 5.5.3 (c): preferred for longer than it is valid. */
	return out->preferred_s <= out->valid_s;
}

/* RFC 8106 section 5.3.1: a length of at least three, and odd. */
bool nd_parse_rdnss(const struct nd_option *option, struct nd_rdnss *out)
{
	size_t bytes = option->len - RDNSS_HEAD_BYTES;

	if (bytes < sizeof(struct holm_addr) || bytes % sizeof(struct holm_addr) != 0)
		return false;
	out->lifetime_s = load_be32(option->p + 4);
	out->n = bytes / sizeof(struct holm_addr);
	out->servers = option->p + RDNSS_HEAD_BYTES;
	return true;
}

/* ---- Building. */

static size_t put_mac(uint8_t *p, enum nd_option_type type, const struct holm_mac *mac)
{
	if (!mac)
		return 0;
	p[0] = (uint8_t)type;
	p[1] = ND_MAC_OPTION_BYTES / UNIT_BYTES;
	memcpy(p + 2, mac, sizeof(*mac));
	return ND_MAC_OPTION_BYTES;
}

static size_t put_nonce(uint8_t *p, const struct nd_nonce *nonce)
{
	if (!nonce)
		return 0;
	p[0] = ND_OPTION_NONCE;
	p[1] = ND_NONCE_OPTION_BYTES / UNIT_BYTES;
	memcpy(p + 2, nonce, sizeof(*nonce));
	return ND_NONCE_OPTION_BYTES;
}

size_t nd_build_router_solicit(uint8_t *p, const struct holm_mac *source)
{
	memset(p, 0, ND_ROUTER_SOLICIT_BYTES);
	p[0] = ND_ROUTER_SOLICIT;
	return ND_ROUTER_SOLICIT_BYTES +
	       put_mac(p + ND_ROUTER_SOLICIT_BYTES, ND_OPTION_SOURCE_MAC, source);
}

static void put_neighbour(uint8_t *p, enum nd_type type, const struct holm_addr *target)
{
	memset(p, 0, ND_NEIGHBOUR_BYTES);
	p[0] = (uint8_t)type;
	memcpy(p + 8, target->b, sizeof(target->b));
}

size_t nd_build_solicit(uint8_t *p, const struct holm_addr *target, const struct holm_mac *source,
			const struct nd_nonce *nonce)
{
	size_t len = ND_NEIGHBOUR_BYTES;

	put_neighbour(p, ND_NEIGHBOUR_SOLICIT, target);
	len += put_mac(p + len, ND_OPTION_SOURCE_MAC, source);
	len += put_nonce(p + len, nonce);
	return len;
}

size_t nd_build_advert(uint8_t *p, const struct holm_addr *target, uint8_t flags,
		       const struct holm_mac *mac)
{
	put_neighbour(p, ND_NEIGHBOUR_ADVERT, target);
	p[4] = flags;
	return ND_NEIGHBOUR_BYTES + put_mac(p + ND_NEIGHBOUR_BYTES, ND_OPTION_TARGET_MAC, mac);
}

/* ---- Printing. */

static void print_addr(struct fmt_out *out, const struct holm_addr *a)
{
	char text[HOLM_ADDR_TEXT_MAX];

	holm_addr_format(a, text, sizeof(text));
	fmt_puts(out, text);
}

static void print_prefixes(struct fmt_out *out, const struct nd_info *info)
{
	struct nd_option option;
	struct nd_prefix prefix;
	size_t at = 0;

	while (nd_next_option(info, &at, &option)) {
		if (option.type != ND_OPTION_PREFIX || !nd_parse_prefix(&option, &prefix))
			continue;
		fmt_puts(out, " prefix ");
		print_addr(out, &prefix.addr);
		fmt_printf(out, "/%u%s%s", (unsigned)prefix.len,
			   prefix.flags & ND_ON_LINK ? " on-link" : "",
			   prefix.flags & ND_AUTONOMOUS ? " autonomous" : "");
	}
}

void nd_print(struct fmt_out *out, const uint8_t *p, size_t len)
{
	struct nd_info info;
	enum holm_drop why;

	if (!nd_parse(p, len, &info, &why)) {
		fmt_puts(out, "neighbour discovery [malformed]");
		return;
	}
	switch ((enum nd_type)info.type) {
	case ND_ROUTER_SOLICIT:
		fmt_puts(out, "router solicitation");
		break;
	case ND_ROUTER_ADVERT:
		fmt_printf(out, "router advertisement lifetime %u s", (unsigned)info.lifetime_s);
		print_prefixes(out, &info);
		break;
	case ND_NEIGHBOUR_SOLICIT:
		fmt_puts(out, "who has ");
		print_addr(out, &info.target);
		break;
	case ND_NEIGHBOUR_ADVERT:
		print_addr(out, &info.target);
		fmt_printf(out, " is here%s%s%s", info.flags & ND_ROUTER ? " router" : "",
			   info.flags & ND_SOLICITED ? " solicited" : "",
			   info.flags & ND_OVERRIDE ? " override" : "");
		break;
	case ND_REDIRECT:
		fmt_puts(out, "redirect ");
		print_addr(out, &info.dst);
		fmt_puts(out, " to ");
		print_addr(out, &info.target);
		break;
	}
}
