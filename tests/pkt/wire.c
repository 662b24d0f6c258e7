/* See wire.h. */
#include "tests/pkt/wire.h"

#include <string.h>

#include "lib/bytes.h"
#include "tests/pkt/token.h"

enum { IP_BYTES = 20, IP6_BYTES = 40, TCP_BYTES = 20, UDP_BYTES = 8, ICMP_BYTES = 8 };
enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMP6 = 58 };

/* The sum of RFC 1071, folded, not inverted. */
static uint16_t sum16(const uint8_t *p, size_t len, uint64_t start)
{
	uint64_t sum = start;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint64_t)p[i] << 8 | p[i + 1];
	if (len % 2)
		sum += (uint64_t)p[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* The pseudo header of RFC 9293 3.1 or of RFC 8200 8.1. */
static uint64_t pseudo(const struct packet *p, uint8_t proto, size_t len)
{
	size_t from = holm_addr_is_ip4(&p->src) ? 12 : 0;
	uint64_t sum = proto + len;

	sum += sum16(p->src.b + from, 16 - from, 0);
	return sum + sum16(p->dst.b + from, 16 - from, 0);
}

/* ---- building ---- */

static uint8_t *put_fast_open(uint8_t *o, const struct packet_opt *opt)
{
	bool experimental = opt->kind == OPT_FOEXP;

	*o++ = experimental ? 254 : 34;
	*o++ = (uint8_t)(2 + opt->n + (experimental ? 2 : 0));
	if (experimental) {
		store_be16(o, 0xf989);
		o += 2;
	}
	memcpy(o, opt->bytes, opt->n);
	return o + opt->n;
}

static uint8_t *put_numbers(uint8_t *o, const struct packet_opt *opt, size_t n)
{
	*o++ = (uint8_t)opt->kind;
	*o++ = (uint8_t)(2 + 4 * n);
	for (size_t i = 0; i < n; i++, o += 4)
		store_be32(o, opt->number[i]);
	return o;
}

static uint8_t *put_counters(uint8_t *o, const struct packet_opt *opt)
{
	*o++ = (uint8_t)opt->kind;
	*o++ = (uint8_t)(2 + 3 * opt->n);
	for (size_t i = 0; i < opt->n; i++, o += 3) {
		o[0] = (uint8_t)(opt->number[i] >> 16);
		store_be16(o + 1, (uint16_t)opt->number[i]);
	}
	return o;
}

static uint8_t *put_opt(uint8_t *o, const struct packet_opt *opt)
{
	switch (opt->kind) {
	case OPT_EOL:
	case OPT_NOP:
		*o++ = (uint8_t)opt->kind;
		return o;
	case OPT_MSS:
	case OPT_UTO:
		*o++ = (uint8_t)opt->kind;
		*o++ = 4;
		store_be16(o, (uint16_t)opt->number[0]);
		return o + 2;
	case OPT_WSCALE:
		*o++ = 3;
		*o++ = 3;
		*o++ = (uint8_t)opt->number[0];
		return o;
	case OPT_SACK_OK:
		*o++ = 4;
		*o++ = 2;
		return o;
	case OPT_SACK:
		return put_numbers(o, opt, 2u * opt->n);
	case OPT_TS:
		return put_numbers(o, opt, 2);
	case OPT_ECN0:
	case OPT_ECN1:
		return put_counters(o, opt);
	case OPT_FO:
	case OPT_FOEXP:
		return put_fast_open(o, opt);
	default:
		memcpy(o, opt->bytes, opt->n);
		return o + opt->n;
	}
}

static size_t build_tcp(const struct packet *p, const uint8_t *payload, uint8_t *out)
{
	uint8_t options[512] = { 0 };
	uint8_t *o = options;
	size_t hdr;

	for (size_t i = 0; i < p->nopts && o < options + 60; i++)
		o = put_opt(o, &p->opts[i]);
	hdr = TCP_BYTES + ((size_t)(o - options) + 3) / 4 * 4;
	if (hdr > 60)
		fail("these options take more than 40 bytes");
	store_be16(out, p->sport);
	store_be16(out + 2, p->dport);
	store_be32(out + 4, p->seq);
	store_be32(out + 8, p->ack);
	out[12] = (uint8_t)(hdr << 2 | (p->flags & PACKET_AE ? 1 : 0));
	out[13] = (uint8_t)p->flags;
	store_be16(out + 14, p->wnd);
	store_be16(out + 16, 0);
	store_be16(out + 18, p->urg);
	memcpy(out + TCP_BYTES, options, hdr - TCP_BYTES);
	memcpy(out + hdr, payload, p->len);
	store_be16(out + 16,
		   (uint16_t)~sum16(out, hdr + p->len, pseudo(p, PROTO_TCP, hdr + p->len)));
	if (p->bad_sum)
		out[17] ^= 1;
	return hdr + p->len;
}

static size_t build_udp(const struct packet *p, const uint8_t *payload, uint8_t *out)
{
	size_t len = UDP_BYTES + p->len;
	uint16_t sum;

	store_be16(out, p->sport);
	store_be16(out + 2, p->dport);
	store_be16(out + 4, (uint16_t)len);
	store_be16(out + 6, 0);
	memcpy(out + UDP_BYTES, payload, p->len);
	sum = (uint16_t)~sum16(out, len, pseudo(p, PROTO_UDP, len));
	store_be16(out + 6, sum ? sum : 0xffff);
	if (p->bad_sum)
		out[7] ^= 1;
	return len;
}

static size_t put_ip4(uint8_t *out, const struct holm_addr *src, const struct holm_addr *dst,
		      uint8_t proto, size_t l4_len)
{
	memset(out, 0, IP_BYTES);
	out[0] = 0x45;
	store_be16(out + 2, (uint16_t)(IP_BYTES + l4_len));
	store_be16(out + 6, 0x4000);
	out[8] = 64;
	out[9] = proto;
	memcpy(out + 12, src->b + 12, 4);
	memcpy(out + 16, dst->b + 12, 4);
	store_be16(out + 10, (uint16_t)~sum16(out, IP_BYTES, 0));
	return IP_BYTES;
}

static size_t put_ip6(uint8_t *out, const struct holm_addr *src, const struct holm_addr *dst,
		      uint8_t proto, size_t l4_len)
{
	memset(out, 0, IP6_BYTES);
	out[0] = 0x60;
	store_be16(out + 4, (uint16_t)l4_len);
	out[6] = proto;
	out[7] = 64;
	memcpy(out + 8, src->b, 16);
	memcpy(out + 24, dst->b, 16);
	return IP6_BYTES;
}

static size_t put_quote(uint8_t *out, const struct wire_quote *q)
{
	size_t len = holm_addr_is_ip4(&q->src)
			     ? put_ip4(out, &q->src, &q->dst, q->proto, q->l4_len)
			     : put_ip6(out, &q->src, &q->dst, q->proto, q->l4_len);

	memset(out + len, 0, 8);
	store_be16(out + len, q->sport);
	store_be16(out + len + 2, q->dport);
	store_be32(out + len + 4, q->seq);
	if (q->proto == PROTO_UDP)
		store_be32(out + len + 4, (uint32_t)q->l4_len << 16);
	return len + 8;
}

static size_t build_icmp(const struct packet *p, const struct wire_quote *q, uint8_t *out)
{
	bool ip4 = holm_addr_is_ip4(&p->src);
	size_t len = ICMP_BYTES;
	uint8_t type = p->icmp_type, code = p->icmp_code;

	if (!ip4 && !icmp_to_ip6(&type, &code))
		fail("IPv6 has no such message");
	memset(out, 0, ICMP_BYTES);
	out[0] = type;
	out[1] = code;
	if (p->has_mtu)
		store_be16(out + 6, p->mtu);
	if (q)
		len += put_quote(out + len, q);
	store_be16(out + 2, (uint16_t)~sum16(out, len, ip4 ? 0 : pseudo(p, PROTO_ICMP6, len)));
	if (p->bad_sum)
		out[3] ^= 1;
	return len;
}

static size_t build_l4(const struct packet *p, const uint8_t *payload,
		       const struct wire_quote *quote, uint8_t *out)
{
	if (p->proto == PACKET_TCP)
		return build_tcp(p, payload, out);
	return p->proto == PACKET_UDP ? build_udp(p, payload, out) : build_icmp(p, quote, out);
}

static size_t build_ip4(const struct packet *p, const uint8_t *payload,
			const struct wire_quote *quote, uint8_t *out)
{
	static const uint8_t protos[] = { PROTO_TCP, PROTO_UDP, PROTO_ICMP };
	size_t hdr = IP_BYTES + p->ip_options_len;
	size_t len = build_l4(p, payload, quote, out + hdr);

	if (hdr + len > UINT16_MAX)
		fail("no IPv4 packet has that many bytes");
	put_ip4(out, &p->src, &p->dst, protos[p->proto], p->ip_options_len + len);
	out[0] = (uint8_t)(0x40 | hdr / 4);
	out[1] = (uint8_t)((p->tos >= 0 ? p->tos : 0) | (p->ecn >= 0 ? p->ecn : 0));
	if (p->df == 0)
		store_be16(out + 6, 0);
	if (p->ttl >= 0)
		out[8] = (uint8_t)p->ttl;
	memcpy(out + IP_BYTES, p->ip_options, p->ip_options_len);
	store_be16(out + 10, 0);
	store_be16(out + 10, (uint16_t)~sum16(out, hdr, 0));
	return hdr + len;
}

static size_t build_ip6(const struct packet *p, const uint8_t *payload,
			const struct wire_quote *quote, uint8_t *out)
{
	static const uint8_t protos[] = { PROTO_TCP, PROTO_UDP, PROTO_ICMP6 };
	size_t len = build_l4(p, payload, quote, out + IP6_BYTES);
	unsigned tos = (unsigned)((p->tos >= 0 ? p->tos : 0) | (p->ecn >= 0 ? p->ecn : 0));

	if (p->ip_options_len > 0)
		fail("IPv6 has no such options");
	if (len > UINT16_MAX)
		fail("no IPv6 packet has that many bytes");
	put_ip6(out, &p->src, &p->dst, protos[p->proto], len);
	out[0] = (uint8_t)(0x60 | tos >> 4);
	out[1] = (uint8_t)(tos << 4);
	if (p->ttl >= 0)
		out[7] = (uint8_t)p->ttl;
	return IP6_BYTES + len;
}

size_t wire_build(const struct packet *p, const uint8_t *payload, const struct wire_quote *quote,
		  uint8_t out[static WIRE_MAX])
{
	if (holm_addr_is_ip4(&p->src))
		return build_ip4(p, payload, quote, out);
	return build_ip6(p, payload, quote, out);
}

/* ---- reading ---- */

static void read_fast_open(const uint8_t *o, uint8_t len, struct packet_opt *opt)
{
	size_t head = o[0] == 254 ? 4 : 2;

	opt->kind = o[0] == 254 ? OPT_FOEXP : OPT_FO;
	opt->n = (uint8_t)(len - head);
	memcpy(opt->bytes, o + head, opt->n);
}

static void read_counters(const uint8_t *o, uint8_t len, struct packet_opt *opt)
{
	opt->kind = o[0];
	opt->n = (uint8_t)((len - 2) / 3);
	for (unsigned i = 0; i < opt->n; i++)
		opt->number[i] = (uint32_t)o[2 + 3 * i] << 16 | load_be16(o + 3 + 3 * i);
}

static void read_numbers(const uint8_t *o, unsigned n, struct packet_opt *opt)
{
	opt->kind = o[0];
	for (unsigned i = 0; i < n; i++)
		opt->number[i] = load_be32(o + 2 + 4 * i);
}

/* One option of `len` bytes, kind and length included. */
static void read_opt(const uint8_t *o, uint8_t len, struct packet_opt *opt)
{
	if ((o[0] == OPT_MSS || o[0] == OPT_UTO) && len == 4) {
		opt->kind = o[0];
		opt->number[0] = load_be16(o + 2);
	} else if (o[0] == OPT_WSCALE && len == 3) {
		opt->kind = OPT_WSCALE;
		opt->number[0] = o[2];
	} else if (o[0] == OPT_SACK_OK && len == 2) {
		opt->kind = OPT_SACK_OK;
	} else if (o[0] == OPT_SACK && len % 8 == 2 && len > 2) {
		read_numbers(o, len / 4u, opt);
		opt->n = len / 8;
	} else if (o[0] == OPT_TS && len == 10) {
		read_numbers(o, 2, opt);
	} else if (o[0] == OPT_FO || (o[0] == 254 && len >= 4 && load_be16(o + 2) == 0xf989)) {
		read_fast_open(o, len, opt);
	} else if ((o[0] == OPT_ECN0 || o[0] == OPT_ECN1) && len % 3 == 2 && len <= 11) {
		read_counters(o, len, opt);
	} else {
		opt->kind = OPT_RAW;
		opt->n = len;
		memcpy(opt->bytes, o, len);
	}
}

/* MUST-69: beyond the end of the list there are zeros, and nothing else. */
static void check_padding(const uint8_t *o, const uint8_t *end)
{
	for (; o < end; o++)
		if (*o != 0)
			fail("the header is not padded with zeros");
}

static void read_options(const uint8_t *o, const uint8_t *end, struct packet *p)
{
	while (o < end) {
		struct packet_opt *opt = &p->opts[p->nopts++];

		memset(opt, 0, sizeof(*opt));
		opt->kind = *o;
		if (*o == OPT_EOL) {
			check_padding(o, end);
			return;
		}
		if (*o == OPT_NOP) {
			o++;
			continue;
		}
		if (end - o < 2 || o[1] < 2 || o[1] > end - o)
			fail("the stack sent an option with a wrong length");
		read_opt(o, o[1], opt);
		o += o[1];
	}
}

static void read_tcp(const uint8_t *l4, size_t len, bool sums, struct packet *p,
		     const uint8_t **payload)
{
	size_t hdr = len >= TCP_BYTES ? (size_t)(l4[12] >> 4) * 4 : 0;

	if (hdr < TCP_BYTES || hdr > len)
		fail("the stack sent a TCP header of %zu bytes in %zu", hdr, len);
	if (sums && sum16(l4, len, pseudo(p, PROTO_TCP, len)) != 0xffff)
		fail("the stack sent a wrong TCP checksum");
	if (l4[12] & 0x0e)
		fail("the stack sent reserved bits that are not zero");
	p->proto = PACKET_TCP;
	p->has_flags = p->has_wnd = true;
	p->sport = load_be16(l4);
	p->dport = load_be16(l4 + 2);
	p->seq = load_be32(l4 + 4);
	p->ack = load_be32(l4 + 8);
	p->flags = (uint16_t)(l4[13] | (l4[12] & 1 ? PACKET_AE : 0));
	p->has_ack = (l4[13] & 0x10) != 0;
	p->wnd = load_be16(l4 + 14);
	p->urg = load_be16(l4 + 18);
	p->has_urg = (l4[13] & 0x20) != 0;
	p->len = (uint32_t)(len - hdr);
	*payload = l4 + hdr;
	read_options(l4 + TCP_BYTES, l4 + hdr, p);
}

static void read_udp(const uint8_t *l4, size_t len, bool sums, struct packet *p,
		     const uint8_t **payload)
{
	if (len < UDP_BYTES || load_be16(l4 + 4) != len)
		fail("the stack sent a UDP length of %u in %zu", load_be16(l4 + 4), len);
	if (sums && sum16(l4, len, pseudo(p, PROTO_UDP, len)) != 0xffff)
		fail("the stack sent a wrong UDP checksum");
	p->proto = PACKET_UDP;
	p->sport = load_be16(l4);
	p->dport = load_be16(l4 + 2);
	p->len = (uint32_t)(len - UDP_BYTES);
	*payload = l4 + UDP_BYTES;
}

static void read_icmp(const uint8_t *l4, size_t len, struct packet *p)
{
	bool ip4 = holm_addr_is_ip4(&p->src);

	if (len < ICMP_BYTES || sum16(l4, len, ip4 ? 0 : pseudo(p, PROTO_ICMP6, len)) != 0xffff)
		fail("the stack sent a damaged ICMP message");
	p->proto = PACKET_ICMP;
	p->icmp_type = l4[0];
	p->icmp_code = l4[1];
	p->mtu = load_be16(l4 + 6);
	if (!ip4 && !icmp_from_ip6(&p->icmp_type, &p->icmp_code))
		fail("the stack sent an ICMPv6 message of type %u", l4[0]);
}

/* The header; returns its length, and in *len that of what follows it. */
static size_t read_ip4(const uint8_t *bytes, size_t *len, struct packet *p)
{
	if (*len < IP_BYTES || bytes[0] != 0x45 || sum16(bytes, IP_BYTES, 0) != 0xffff)
		fail("the stack sent a damaged IPv4 header");
	if (load_be16(bytes + 2) > *len)
		fail("the stack sent a short IPv4 packet");
	*len = load_be16(bytes + 2) - (size_t)IP_BYTES;
	p->tos = bytes[1];
	p->ttl = bytes[8];
	p->df = (bytes[6] & 0x40) != 0;
	p->src = holm_addr_ip4(bytes[12], bytes[13], bytes[14], bytes[15]);
	p->dst = holm_addr_ip4(bytes[16], bytes[17], bytes[18], bytes[19]);
	return IP_BYTES;
}

static size_t read_ip6(const uint8_t *bytes, size_t *len, struct packet *p)
{
	if (*len < IP6_BYTES || bytes[0] >> 4 != 6)
		fail("the stack sent a damaged IPv6 header");
	if (load_be16(bytes + 4) > *len - IP6_BYTES)
		fail("the stack sent a short IPv6 packet");
	*len = load_be16(bytes + 4);
	p->tos = (bytes[0] & 0xf) << 4 | bytes[1] >> 4;
	p->ttl = bytes[7];
	p->df = 1;
	memcpy(p->src.b, bytes + 8, 16);
	memcpy(p->dst.b, bytes + 24, 16);
	return IP6_BYTES;
}

void wire_read(const uint8_t *bytes, size_t len, bool sums, struct packet *p,
	       const uint8_t **payload)
{
	bool ip6 = len > 0 && bytes[0] >> 4 == 6;
	const uint8_t *l4;
	uint8_t proto;

	memset(p, 0, sizeof(*p));
	p->ecn = -1;
	*payload = NULL;
	l4 = bytes + (ip6 ? read_ip6(bytes, &len, p) : read_ip4(bytes, &len, p));
	proto = ip6 ? bytes[6] : bytes[9];
	if (proto == PROTO_TCP)
		read_tcp(l4, len, sums, p, payload);
	else if (proto == PROTO_UDP)
		read_udp(l4, len, sums, p, payload);
	else if (proto == (ip6 ? PROTO_ICMP6 : PROTO_ICMP))
		read_icmp(l4, len, p);
	else
		fail("the stack sent a packet of protocol %u", proto);
}
