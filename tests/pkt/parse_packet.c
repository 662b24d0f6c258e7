/* Reading a packet: "[ect0] P. 1:1001(1000) ack 1 win 257 <nop,nop,TS val 1 ecr 2>". */
#include <ctype.h>
#include <string.h>

#include "net/wire/tcp.h"
#include "tests/pkt/script.h"

static const struct flag_letter {
	char letter;
	uint16_t flag;
} letters[] = {
	{ 'F', TCP_FIN }, { 'S', TCP_SYN }, { 'R', TCP_RST }, { 'P', TCP_PSH },	  { '.', TCP_ACK },
	{ 'U', TCP_URG }, { 'E', TCP_ECE }, { 'W', TCP_CWR }, { 'A', PACKET_AE },
};

static unsigned hex_digit(char c)
{
	if (isdigit((unsigned char)c))
		return (unsigned)(c - '0');
	c = (char)tolower((unsigned char)c);
	if (c < 'a' || c > 'f')
		fail("\"%c\" is not a hexadecimal digit", c);
	return (unsigned)(c - 'a') + 10;
}

/* Bytes in hexadecimal; returns how many. */
static uint8_t parse_bytes(struct lexer *lx, uint8_t *bytes, size_t max)
{
	struct token t = lexer_word(lx, ",>]");

	if (t.len % 2 != 0 || t.len / 2 > max)
		fail("\"%.*s\": pairs of digits, at most %zu", (int)t.len, t.at, max);
	for (size_t i = 0; i < t.len / 2; i++)
		bytes[i] = (uint8_t)(hex_digit(t.at[2 * i]) << 4 | hex_digit(t.at[2 * i + 1]));
	return (uint8_t)(t.len / 2);
}

/* An address up to a blank, or, the second of two, up to the colon in front of one. */
static struct holm_addr parse_addr(struct lexer *lx, bool ip4)
{
	struct token t = lexer_word(lx, ip4 ? ":>" : ">");
	struct holm_addr a;

	if (!ip4 && t.len > 0 && t.at[t.len - 1] == ':' && !lexer_is(lx, ">")) {
		t.len--;
	} else if (ip4 && !lexer_is(lx, ">")) {
		lexer_expect(lx, ":");
	}
	if (holm_addr_parse(&a, t.at, t.len) != 0 || holm_addr_is_ip4(&a) != ip4)
		fail("\"%.*s\" is not an IPv%c address", (int)t.len, t.at, ip4 ? '4' : '6');
	return a;
}

/* "ipv4 1.2.3.4 > 5.6.7.8:" or "ipv6 fd00::1 > fd00::2:" */
static void parse_addrs(struct lexer *lx, struct packet *p)
{
	bool ip4 = lexer_take(lx, "ipv4");

	if (!ip4 && !lexer_take(lx, "ipv6"))
		return;
	p->has_addrs = true;
	p->src = parse_addr(lx, ip4);
	lexer_expect(lx, ">");
	p->dst = parse_addr(lx, ip4);
}

/* [ect0] [tos 0x10] [ttl 3] [df] [nodf] [badsum] [junk] [options 0101...] */
static void parse_ip_info(struct lexer *lx, struct packet *p)
{
	while (lexer_take(lx, "[")) {
		if (lexer_take(lx, "noecn"))
			p->ecn = 0;
		else if (lexer_take(lx, "ect1"))
			p->ecn = 1;
		else if (lexer_take(lx, "ect0"))
			p->ecn = 2;
		else if (lexer_take(lx, "ce"))
			p->ecn = 3;
		else if (lexer_take(lx, "tos"))
			p->tos = (int)lexer_number(lx, 255);
		else if (lexer_take(lx, "ttl"))
			p->ttl = (int)lexer_number(lx, 255);
		else if (lexer_take(lx, "df"))
			p->df = 1;
		else if (lexer_take(lx, "nodf"))
			p->df = 0;
		else if (lexer_take(lx, "badsum"))
			p->bad_sum = true;
		else if (lexer_take(lx, "junk"))
			p->own_bytes = true;
		else if (lexer_take(lx, "options"))
			p->ip_options_len = parse_bytes(lx, p->ip_options, 40);
		else
			fail("unknown: [%.*s", (int)lx->now.len, lx->now.at);
		lexer_expect(lx, "]");
	}
	if (p->ip_options_len % 4 != 0)
		fail("IP options come in words of four bytes");
}

static void parse_flags(struct lexer *lx, struct packet *p)
{
	struct token t = lexer_word(lx, "");

	p->has_flags = true;
	if (token_is(&t, "-"))
		return;
	for (size_t i = 0; i < t.len; i++) {
		size_t k = 0;

		if (t.at[i] >= '0' && t.at[i] <= '7') {
			unsigned ace = (unsigned)(t.at[i] - '0');

			p->flags |= (uint16_t)((ace & 4 ? PACKET_AE : 0) | (ace & 2 ? TCP_CWR : 0) |
					       (ace & 1 ? TCP_ECE : 0));
			continue;
		}
		if (t.at[i] == '*' && i > 0) {
			p->any_ace = true;
			continue;
		}
		while (k < sizeof(letters) / sizeof(letters[0]) && letters[k].letter != t.at[i])
			k++;
		if (k == sizeof(letters) / sizeof(letters[0]))
			fail("\"%c\" is not a flag, in \"%.*s\"", t.at[i], (int)t.len, t.at);
		p->flags |= letters[k].flag;
	}
}

/* seq:end(len) */
static void parse_range(struct lexer *lx, struct packet *p)
{
	uint32_t end;

	p->seq = (uint32_t)lexer_number(lx, UINT32_MAX);
	lexer_expect(lx, ":");
	end = (uint32_t)lexer_number(lx, UINT32_MAX);
	lexer_expect(lx, "(");
	p->len = (uint32_t)lexer_number(lx, UINT16_MAX);
	lexer_expect(lx, ")");
	if (p->seq + p->len != end)
		fail("%u:%u are not %u bytes", p->seq, end, p->len);
}

static void parse_sack(struct lexer *lx, struct packet_opt *o)
{
	while (lx->now.kind == TOKEN_NUMBER) {
		if (o->n == 4)
			fail("there is room for four SACK blocks");
		o->number[2 * o->n] = (uint32_t)lexer_number(lx, UINT32_MAX);
		lexer_expect(lx, ":");
		o->number[2 * o->n + 1] = (uint32_t)lexer_number(lx, UINT32_MAX);
		o->n++;
	}
}

static void parse_counters(struct lexer *lx, struct packet_opt *o)
{
	for (o->n = 0; o->n < 3 && lx->now.kind == TOKEN_NUMBER; o->n++)
		o->number[o->n] = (uint32_t)lexer_number(lx, 0xffffff);
}

static void parse_cookie(struct lexer *lx, struct packet_opt *o)
{
	if (!lexer_is(lx, ",") && !lexer_is(lx, ">"))
		o->n = parse_bytes(lx, o->bytes, 16);
}

static void parse_opt(struct lexer *lx, struct packet_opt *o)
{
	if (lexer_take(lx, "eol")) {
		o->kind = OPT_EOL;
	} else if (lexer_take(lx, "nop")) {
		o->kind = OPT_NOP;
	} else if (lexer_take(lx, "mss")) {
		o->kind = OPT_MSS;
		o->number[0] = (uint32_t)lexer_number(lx, UINT16_MAX);
	} else if (lexer_take(lx, "wscale")) {
		o->kind = OPT_WSCALE;
		o->number[0] = (uint32_t)lexer_number(lx, UINT8_MAX);
	} else if (lexer_take(lx, "sackOK")) {
		o->kind = OPT_SACK_OK;
	} else if (lexer_take(lx, "sack")) {
		o->kind = OPT_SACK;
		parse_sack(lx, o);
	} else if (lexer_take(lx, "TS")) {
		o->kind = OPT_TS;
		lexer_expect(lx, "val");
		o->number[0] = (uint32_t)lexer_number(lx, UINT32_MAX);
		lexer_expect(lx, "ecr");
		o->number[1] = (uint32_t)lexer_number(lx, UINT32_MAX);
	} else if (lexer_take(lx, "uto")) {
		o->kind = OPT_UTO;
		o->number[0] = (uint32_t)lexer_number(lx, UINT16_MAX);
	} else if (lexer_take(lx, "FO")) {
		o->kind = OPT_FO;
		parse_cookie(lx, o);
	} else if (lexer_take(lx, "FOEXP")) {
		o->kind = OPT_FOEXP;
		parse_cookie(lx, o);
	} else if (lexer_take(lx, "ECN0")) {
		o->kind = OPT_ECN0;
		parse_counters(lx, o);
	} else if (lexer_take(lx, "ECN1")) {
		o->kind = OPT_ECN1;
		parse_counters(lx, o);
	} else if (lexer_take(lx, "raw")) {
		o->kind = OPT_RAW;
		o->n = parse_bytes(lx, o->bytes, sizeof(o->bytes));
	} else {
		fail("unknown option: \"%.*s\"", (int)lx->now.len, lx->now.at);
	}
}

static void parse_options(struct lexer *lx, struct packet *p)
{
	if (!lexer_take(lx, "<"))
		return;
	if (lexer_take(lx, "...")) {
		p->any_options = true;
		lexer_expect(lx, ">");
		return;
	}
	while (!lexer_take(lx, ">")) {
		if (p->nopts == PACKET_OPTIONS_MAX)
			fail("too many options");
		parse_opt(lx, &p->opts[p->nopts++]);
		if (!lexer_is(lx, ">"))
			lexer_expect(lx, ",");
	}
}

static void parse_tcp(struct lexer *lx, struct packet *p)
{
	p->proto = PACKET_TCP;
	parse_flags(lx, p);
	parse_range(lx, p);
	if (lexer_take(lx, "ack")) {
		p->has_ack = true;
		p->ack = (uint32_t)lexer_number(lx, UINT32_MAX);
	}
	if (lexer_take(lx, "win")) {
		p->has_wnd = true;
		p->wnd = (uint16_t)lexer_number(lx, UINT16_MAX);
	}
	if (lexer_take(lx, "urg")) {
		p->has_urg = true;
		p->urg = (uint16_t)lexer_number(lx, UINT16_MAX);
	}
	parse_options(lx, p);
	if (p->has_ack != ((p->flags & TCP_ACK) != 0) && !p->inbound)
		fail("the flag \".\" and \"ack\" belong together");
}

/* icmp unreachable frag_needed mtu 1200 [1:1461(1460)] */
static void parse_icmp(struct lexer *lx, struct packet *p)
{
	struct token t = lx->now;
	const struct icmp_name *name = icmp_type_by_name(t.at, t.len);

	p->proto = PACKET_ICMP;
	if (!name)
		fail("unknown ICMP type: \"%.*s\"", (int)t.len, t.at);
	p->icmp_type = name->type;
	lexer_next(lx);
	if (lx->now.kind == TOKEN_NAME && !lexer_is(lx, "mtu")) {
		name = icmp_code_by_name(p->icmp_type, lx->now.at, lx->now.len);
		if (!name)
			fail("unknown ICMP code: \"%.*s\"", (int)lx->now.len, lx->now.at);
		p->icmp_code = name->code;
		lexer_next(lx);
	}
	if (lexer_take(lx, "mtu")) {
		p->has_mtu = true;
		p->mtu = (uint16_t)lexer_number(lx, UINT16_MAX);
	}
	if (lexer_take(lx, "[")) {
		p->has_quote = true;
		if (lexer_take(lx, "udp")) {
			lexer_expect(lx, "(");
			p->len = (uint32_t)lexer_number(lx, UINT16_MAX);
			lexer_expect(lx, ")");
		} else {
			p->has_flags = true; /* of a TCP segment */
			parse_range(lx, p);
		}
		lexer_expect(lx, "]");
	}
}

void parse_packet(struct lexer *lx, struct packet *p)
{
	p->ecn = p->tos = p->ttl = p->df = -1;
	parse_ip_info(lx, p);
	parse_addrs(lx, p);
	if (lx->now.kind == TOKEN_NUMBER) {
		p->sport = (uint16_t)lexer_number(lx, UINT16_MAX);
		lexer_expect(lx, ">");
		p->dport = (uint16_t)lexer_number(lx, UINT16_MAX);
	}
	if (lexer_take(lx, "udp")) {
		p->proto = PACKET_UDP;
		lexer_expect(lx, "(");
		p->len = (uint32_t)lexer_number(lx, UINT16_MAX);
		lexer_expect(lx, ")");
	} else if (lexer_take(lx, "icmp")) {
		parse_icmp(lx, p);
	} else {
		parse_tcp(lx, p);
	}
}
