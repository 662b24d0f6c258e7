/*
 * ICMP messages of IPv4: RFC 792. See icmp4.h.
 */
#include "net/wire/icmp4.h"

#include "lib/fmt.h"

bool icmp4_parse(const uint8_t *p, size_t len, struct icmp4_info *out, enum holm_drop *why)
{
	struct icmp4_hdr h;

	if (len < ICMP4_HDR_BYTES) {
		*why = HOLM_DROP_ICMP_SHORT;
		return false;
	}
	memcpy(&h, p, sizeof(h));
	*out = (struct icmp4_info){ .type = h.type, .code = h.code };
	if (h.type == ICMP4_ECHO || h.type == ICMP4_ECHO_REPLY) {
		out->id = be16_get(h.a);
		out->seq = be16_get(h.b);
	}
	if (h.type == ICMP4_UNREACHABLE && h.code == ICMP4_FRAG_NEEDED)
		out->next_mtu = be16_get(h.b);
	if (h.type == ICMP4_PARAM_PROBLEM)
		out->pointer = h.a.b[0];
	return true;
}

bool icmp4_parse_quote(const uint8_t *p, size_t len, struct icmp4_quote *out, enum holm_drop *why)
{
	const uint8_t *l4;

	*out = (struct icmp4_quote){ 0 };
	if (len < ICMP4_HDR_BYTES) {
		*why = HOLM_DROP_ICMP_SHORT;
		return false;
	}
	p += ICMP4_HDR_BYTES;
	len -= ICMP4_HDR_BYTES;
	if (!ip4_parse_header(p, len, &out->ip, why)) {
		*why = *why == HOLM_DROP_IP4_SHORT ? HOLM_DROP_ICMP_SHORT : HOLM_DROP_ICMP_QUOTE;
		return false;
	}
	if (len - out->ip.hdr_len < ICMP4_QUOTE_MIN) {
		*why = HOLM_DROP_ICMP_SHORT;
		return false;
	}
	if (ip4_frag_offset_bytes(&out->ip) != 0) {
		*why = HOLM_DROP_ICMP_QUOTE;
		return false;
	}
	l4 = p + out->ip.hdr_len;
	if (out->ip.proto == IP4_PROTO_TCP || out->ip.proto == IP4_PROTO_UDP) {
		out->sport = load_be16(l4);
		out->dport = load_be16(l4 + 2);
	}
	if (out->ip.proto == IP4_PROTO_TCP)
		out->tcp_seq = load_be32(l4 + 4);
	return true;
}

void icmp4_build(uint8_t *p, const struct icmp4_info *info)
{
	struct icmp4_hdr h = { .type = info->type, .code = info->code };

	if (info->type == ICMP4_ECHO || info->type == ICMP4_ECHO_REPLY) {
		h.a = be16_of(info->id);
		h.b = be16_of(info->seq);
	}
	if (info->type == ICMP4_UNREACHABLE && info->code == ICMP4_FRAG_NEEDED)
		h.b = be16_of(info->next_mtu);
	if (info->type == ICMP4_PARAM_PROBLEM)
		h.a.b[0] = info->pointer;
	memcpy(p, &h, sizeof(h));
}

void icmp4_seal(uint8_t *p, size_t len)
{
	store_be16(p + 2, 0);
	store_be16(p + 2, checksum_finish(checksum_partial(p, len, 0)));
}

void icmp4_echo_to_reply(uint8_t *p)
{
	uint16_t was = load_be16(p);
	uint16_t is = (uint16_t)(ICMP4_ECHO_REPLY << 8 | (was & 0xff));

	store_be16(p, is);
	store_be16(p + 2, checksum_update16(load_be16(p + 2), was, is));
}

static const char *unreachable_text(uint8_t code)
{
	switch (code) {
	case ICMP4_NET:
		return "net";
	case ICMP4_HOST:
		return "host";
	case ICMP4_PROTOCOL:
		return "protocol";
	case ICMP4_PORT:
		return "port";
	case ICMP4_SOURCE_ROUTE:
		return "source route";
	case ICMP4_PROHIBITED:
		return "prohibited";
	default:
		return "code";
	}
}

static void print_error(struct fmt_out *out, const struct icmp4_info *info)
{
	if (info->type == ICMP4_UNREACHABLE && info->code == ICMP4_FRAG_NEEDED)
		fmt_printf(out, "unreachable: fragmentation needed, mtu %u",
			   (unsigned)info->next_mtu);
	else if (info->type == ICMP4_UNREACHABLE)
		fmt_printf(out, "unreachable: %s (%u)", unreachable_text(info->code),
			   (unsigned)info->code);
	else if (info->type == ICMP4_TIME_EXCEEDED)
		fmt_printf(out, "time exceeded (%u)", (unsigned)info->code);
	else if (info->type == ICMP4_PARAM_PROBLEM)
		fmt_printf(out, "parameter problem at byte %u", (unsigned)info->pointer);
	else
		fmt_printf(out, "type %u code %u", (unsigned)info->type, (unsigned)info->code);
}

/* " for src:port > dst:port", as far as the quote reaches. */
static void print_quote(struct fmt_out *out, const uint8_t *p, size_t len)
{
	struct icmp4_quote quote;
	enum holm_drop why;

	if (!icmp4_parse_quote(p, len, &quote, &why))
		return;
	fmt_printf(out, " for ");
	ip4_print_addr(out, quote.ip.src);
	fmt_printf(out, ":%u > ", (unsigned)quote.sport);
	ip4_print_addr(out, quote.ip.dst);
	fmt_printf(out, ":%u proto %u", (unsigned)quote.dport, (unsigned)quote.ip.proto);
}

void icmp4_print(struct fmt_out *out, const uint8_t *p, size_t len, size_t l4_len)
{
	struct icmp4_info info;
	enum holm_drop why;

	fmt_printf(out, "ICMP ");
	if (!icmp4_parse(p, len, &info, &why)) {
		fmt_printf(out, "[too short]");
		return;
	}
	if (info.type == ICMP4_ECHO || info.type == ICMP4_ECHO_REPLY) {
		fmt_printf(out, "echo %s id %u seq %u len %zu",
			   info.type == ICMP4_ECHO ? "request" : "reply", (unsigned)info.id,
			   (unsigned)info.seq, l4_len - ICMP4_HDR_BYTES);
		return;
	}
	print_error(out, &info);
	if (icmp4_is_error(info.type))
		print_quote(out, p, len);
}
