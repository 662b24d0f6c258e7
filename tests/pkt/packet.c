/* Printing packets and comparing them; see packet.h. */
#include "tests/pkt/packet.h"

#include <string.h>

#include "lib/fmt.h"
#include "net/wire/icmp4.h"
#include "net/wire/tcp.h"

/* The first of a type is the type's own name; 255: no code of its own. */
static const struct icmp_name icmp_names[] = {
	{ "echo_reply", ICMP4_ECHO_REPLY, 255 },
	{ "unreachable", ICMP4_UNREACHABLE, 255 },
	{ "net_unreachable", ICMP4_UNREACHABLE, ICMP4_NET },
	{ "host_unreachable", ICMP4_UNREACHABLE, ICMP4_HOST },
	{ "protocol_unreachable", ICMP4_UNREACHABLE, ICMP4_PROTOCOL },
	{ "port_unreachable", ICMP4_UNREACHABLE, ICMP4_PORT },
	{ "frag_needed", ICMP4_UNREACHABLE, ICMP4_FRAG_NEEDED },
	{ "source_route_failed", ICMP4_UNREACHABLE, ICMP4_SOURCE_ROUTE },
	{ "admin_prohibited", ICMP4_UNREACHABLE, ICMP4_PROHIBITED },
	{ "source_quench", 4, 255 },
	{ "redirect", ICMP4_REDIRECT, 255 },
	{ "echo_request", ICMP4_ECHO, 255 },
	{ "time_exceeded", ICMP4_TIME_EXCEEDED, 255 },
	{ "ttl_exceeded", ICMP4_TIME_EXCEEDED, 0 },
	{ "frag_time_exceeded", ICMP4_TIME_EXCEEDED, 1 },
	{ "parameter_problem", ICMP4_PARAM_PROBLEM, 255 },
	/* As ICMPv6 has them: other names of the same. */
	{ "no_route", ICMP4_UNREACHABLE, ICMP4_NET },
	{ "address_unreachable", ICMP4_UNREACHABLE, ICMP4_HOST },
	{ "packet_too_big", ICMP4_UNREACHABLE, ICMP4_FRAG_NEEDED },
	{ "unknown_next_header", ICMP4_UNREACHABLE, ICMP4_PROTOCOL },
};

#define NAMES (sizeof(icmp_names) / sizeof(icmp_names[0]))

static bool is_text(const char *text, const char *name, size_t len)
{
	return strlen(text) == len && memcmp(text, name, len) == 0;
}

const struct icmp_name *icmp_type_by_name(const char *name, size_t len)
{
	static struct icmp_name found;

	for (size_t i = 0; i < NAMES; i++) {
		if (icmp_names[i].code != 255 || !is_text(icmp_names[i].name, name, len))
			continue;
		found = icmp_names[i];
		return &found;
	}
	return NULL;
}

const struct icmp_name *icmp_code_by_name(uint8_t type, const char *name, size_t len)
{
	for (size_t i = 0; i < NAMES; i++)
		if (icmp_names[i].type == type && icmp_names[i].code != 255 &&
		    is_text(icmp_names[i].name, name, len))
			return &icmp_names[i];
	return NULL;
}

const struct icmp_name *icmp_by_number(uint8_t type, uint8_t code)
{
	for (size_t i = 0; i < NAMES; i++)
		if (icmp_names[i].type == type && icmp_names[i].code == code)
			return &icmp_names[i];
	return NULL;
}

/* RFC 4443 3 and 4; the first of those that mean the same in IPv4 is what we call it. */
static const struct {
	uint8_t type4, code4, type6, code6;
} same[] = {
	{ ICMP4_UNREACHABLE, ICMP4_NET, 1, 0 },
	{ ICMP4_UNREACHABLE, ICMP4_PROHIBITED, 1, 1 },
	{ ICMP4_UNREACHABLE, ICMP4_HOST, 1, 3 },
	{ ICMP4_UNREACHABLE, ICMP4_PORT, 1, 4 },
	{ ICMP4_UNREACHABLE, ICMP4_FRAG_NEEDED, 2, 0 },
	{ ICMP4_TIME_EXCEEDED, 0, 3, 0 },
	{ ICMP4_TIME_EXCEEDED, 1, 3, 1 },
	{ ICMP4_PARAM_PROBLEM, 0, 4, 0 },
	{ ICMP4_UNREACHABLE, ICMP4_PROTOCOL, 4, 1 },
	{ ICMP4_ECHO, 0, 128, 0 },
	{ ICMP4_ECHO_REPLY, 0, 129, 0 },
};

bool icmp_to_ip6(uint8_t *type, uint8_t *code)
{
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		if (same[i].type4 != *type || same[i].code4 != *code)
			continue;
		*type = same[i].type6;
		*code = same[i].code6;
		return true;
	}
	return false;
}

bool icmp_from_ip6(uint8_t *type, uint8_t *code)
{
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		if (same[i].type6 != *type || same[i].code6 != *code)
			continue;
		*type = same[i].type4;
		*code = same[i].code4;
		return true;
	}
	return false;
}

/* ---- printing ---- */

static void print_addr(struct fmt_out *out, const struct holm_addr *a)
{
	char text[HOLM_ADDR_TEXT_MAX];

	holm_addr_format(a, text, sizeof(text));
	fmt_puts(out, text);
}

static void print_bytes(struct fmt_out *out, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fmt_printf(out, "%02x", p[i]);
}

static void print_opt(struct fmt_out *out, const struct packet_opt *o)
{
	switch (o->kind) {
	case OPT_EOL:
		fmt_puts(out, "eol");
		break;
	case OPT_NOP:
		fmt_puts(out, "nop");
		break;
	case OPT_MSS:
		fmt_printf(out, "mss %u", o->number[0]);
		break;
	case OPT_WSCALE:
		fmt_printf(out, "wscale %u", o->number[0]);
		break;
	case OPT_SACK_OK:
		fmt_puts(out, "sackOK");
		break;
	case OPT_SACK:
		fmt_puts(out, "sack");
		for (unsigned i = 0; i < o->n; i++)
			fmt_printf(out, " %u:%u", o->number[2 * i], o->number[2 * i + 1]);
		break;
	case OPT_TS:
		fmt_printf(out, "TS val %u ecr %u", o->number[0], o->number[1]);
		break;
	case OPT_UTO:
		fmt_printf(out, "uto %u", o->number[0]);
		break;
	case OPT_ECN0:
	case OPT_ECN1:
		fmt_puts(out, o->kind == OPT_ECN0 ? "ECN0" : "ECN1");
		for (unsigned i = 0; i < o->n; i++)
			fmt_printf(out, " %u", o->number[i]);
		break;
	default:
		fmt_puts(out, o->kind == OPT_FO ? "FO " : o->kind == OPT_FOEXP ? "FOEXP " : "raw ");
		print_bytes(out, o->bytes, o->n);
	}
}

static void print_flags(struct fmt_out *out, uint16_t flags)
{
	static const char letters[] = "SFRPUEWA.";
	static const uint16_t values[] = { TCP_SYN, TCP_FIN, TCP_RST,	TCP_PSH, TCP_URG,
					   TCP_ECE, TCP_CWR, PACKET_AE, TCP_ACK };

	if (flags == 0)
		fmt_puts(out, "-");
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (flags & values[i])
			fmt_write(out, &letters[i], 1);
}

static void print_ip(struct fmt_out *out, const struct packet *p)
{
	static const char *const ecn[] = { "[noecn] ", "[ect1] ", "[ect0] ", "[ce] " };

	if (p->ecn >= 0)
		fmt_puts(out, ecn[p->ecn]);
	if (p->tos >= 0)
		fmt_printf(out, "[tos 0x%x] ", (unsigned)p->tos);
	if (p->ttl >= 0)
		fmt_printf(out, "[ttl %d] ", p->ttl);
	if (p->df >= 0)
		fmt_puts(out, p->df ? "[df] " : "[nodf] ");
	if (p->has_addrs) {
		fmt_puts(out, holm_addr_is_ip4(&p->src) ? "ipv4 " : "ipv6 ");
		print_addr(out, &p->src);
		fmt_puts(out, " > ");
		print_addr(out, &p->dst);
		fmt_puts(out, ": ");
	}
	if (p->sport | p->dport)
		fmt_printf(out, "%u > %u ", p->sport, p->dport);
}

static void print_tcp(struct fmt_out *out, const struct packet *p)
{
	print_flags(out, p->flags);
	fmt_printf(out, " %u:%u(%u)", p->seq, p->seq + p->len, p->len);
	if (p->has_ack)
		fmt_printf(out, " ack %u", p->ack);
	if (p->has_wnd)
		fmt_printf(out, " win %u", p->wnd);
	if (p->has_urg)
		fmt_printf(out, " urg %u", p->urg);
	if (!p->any_options && p->nopts == 0)
		return;
	fmt_puts(out, p->any_options ? " <..." : " <");
	for (size_t i = 0; i < p->nopts; i++) {
		if (i > 0)
			fmt_puts(out, ",");
		print_opt(out, &p->opts[i]);
	}
	fmt_puts(out, ">");
}

static void print_icmp(struct fmt_out *out, const struct packet *p)
{
	const struct icmp_name *type = icmp_by_number(p->icmp_type, 255);
	const struct icmp_name *code = icmp_by_number(p->icmp_type, p->icmp_code);

	fmt_printf(out, "icmp %s", type ? type->name : "?");
	if (code)
		fmt_printf(out, " %s", code->name);
	if (p->has_mtu)
		fmt_printf(out, " mtu %u", p->mtu);
	if (p->has_quote && p->has_flags)
		fmt_printf(out, " [%u:%u(%u)]", p->seq, p->seq + p->len, p->len);
}

const char *packet_print(const struct packet *p, char text[static PACKET_TEXT_MAX])
{
	struct fmt_out out = fmt_to_buffer(text, PACKET_TEXT_MAX);

	fmt_puts(&out, p->inbound ? "< " : "> ");
	print_ip(&out, p);
	if (p->proto == PACKET_TCP)
		print_tcp(&out, p);
	else if (p->proto == PACKET_UDP)
		fmt_printf(&out, "udp (%u)", p->len);
	else
		print_icmp(&out, p);
	return text;
}

/* ---- comparing ---- */

static bool same_opt(const struct packet_opt *a, const struct packet_opt *b)
{
	size_t numbers = 1;

	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case OPT_EOL:
	case OPT_NOP:
	case OPT_SACK_OK:
		return true;
	case OPT_TS:
		numbers = 2;
		break;
	case OPT_SACK:
		numbers = 2u * a->n;
		break;
	case OPT_ECN0:
	case OPT_ECN1:
		numbers = a->n;
		break;
	case OPT_MSS:
	case OPT_WSCALE:
	case OPT_UTO:
		break;
	default:
		return a->n == b->n && memcmp(a->bytes, b->bytes, a->n) == 0;
	}
	return a->n == b->n && memcmp(a->number, b->number, numbers * sizeof(a->number[0])) == 0;
}

static const char *options_mismatch(const struct packet *spec, const struct packet *got)
{
	if (spec->any_options)
		return NULL;
	if (spec->nopts != got->nopts)
		return "options";
	for (size_t i = 0; i < spec->nopts; i++)
		if (!same_opt(&spec->opts[i], &got->opts[i]))
			return "options";
	return NULL;
}

static const char *tcp_mismatch(const struct packet *spec, const struct packet *got)
{
	uint16_t ignored = spec->any_ace ? PACKET_AE | TCP_CWR | TCP_ECE : 0;

	if ((spec->flags | ignored) != (got->flags | ignored))
		return "flags";
	if (spec->seq != got->seq)
		return "sequence number";
	if (spec->len != got->len)
		return "length";
	if (spec->has_ack && spec->ack != got->ack)
		return "acknowledgment number";
	if (spec->has_wnd && spec->wnd != got->wnd)
		return "window";
	if (spec->has_urg != got->has_urg || (spec->has_urg && spec->urg != got->urg))
		return "urgent pointer";
	return options_mismatch(spec, got);
}

static const char *icmp_mismatch(const struct packet *spec, const struct packet *got)
{
	if (spec->icmp_type != got->icmp_type || spec->icmp_code != got->icmp_code)
		return "ICMP type or code";
	if (spec->has_mtu && spec->mtu != got->mtu)
		return "MTU";
	return NULL;
}

static const char *ip_mismatch(const struct packet *spec, const struct packet *got)
{
	if (spec->has_addrs &&
	    !(holm_addr_equal(&spec->src, &got->src) && holm_addr_equal(&spec->dst, &got->dst)))
		return "addresses";
	/* A packet without ports is one of the usual flow, and so is what has none here. */
	if (spec->sport != got->sport || spec->dport != got->dport)
		return "ports";
	if (spec->ecn >= 0 && spec->ecn != (got->tos & 3))
		return "ECN";
	if (spec->tos >= 0 && spec->tos != got->tos)
		return "TOS";
	if (spec->ttl >= 0 && spec->ttl != got->ttl)
		return "TTL";
	if (spec->df >= 0 && spec->df != got->df)
		return "DF";
	return NULL;
}

const char *packet_mismatch(const struct packet *spec, const struct packet *got)
{
	const char *why;

	if (spec->proto != got->proto)
		return "protocol";
	why = ip_mismatch(spec, got);
	if (why)
		return why;
	if (spec->proto == PACKET_TCP)
		return tcp_mismatch(spec, got);
	if (spec->proto == PACKET_UDP)
		return spec->len != got->len ? "length" : NULL;
	return icmp_mismatch(spec, got);
}
