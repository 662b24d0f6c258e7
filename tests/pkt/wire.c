/* See wire.h. */
#include "tests/pkt/wire.h"

#include <string.h>

#include "lib/bytes.h"
#include "tests/pkt/token.h"

enum { IP_BYTES = 20, TCP_BYTES = 20, UDP_BYTES = 8, ICMP_BYTES = 8 };
enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17 };

static const uint8_t protos[] = { PROTO_TCP, PROTO_UDP, PROTO_ICMP };

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

static uint64_t pseudo(uint32_t src, uint32_t dst, uint8_t proto, size_t len)
{
	return (uint64_t)(src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff) + proto + len;
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
	store_be16(out + 16, (uint16_t)~sum16(out, hdr + p->len,
					      pseudo(p->src, p->dst, PROTO_TCP, hdr + p->len)));
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
	sum = (uint16_t)~sum16(out, len, pseudo(p->src, p->dst, PROTO_UDP, len));
	store_be16(out + 6, sum ? sum : 0xffff);
	if (p->bad_sum)
		out[7] ^= 1;
	return len;
}

static size_t put_ip(uint8_t *out, uint32_t src, uint32_t dst, uint8_t proto, size_t total)
{
	memset(out, 0, IP_BYTES);
	out[0] = 0x45;
	store_be16(out + 2, (uint16_t)total);
	store_be16(out + 6, 0x4000);
	out[8] = 64;
	out[9] = proto;
	store_be32(out + 12, src);
	store_be32(out + 16, dst);
	store_be16(out + 10, (uint16_t)~sum16(out, IP_BYTES, 0));
	return IP_BYTES;
}

static size_t build_icmp(const struct packet *p, const struct wire_quote *q, uint8_t *out)
{
	size_t len = ICMP_BYTES;

	memset(out, 0, ICMP_BYTES);
	out[0] = p->icmp_type;
	out[1] = p->icmp_code;
	if (p->has_mtu)
		store_be16(out + 6, p->mtu);
	if (q) {
		len += put_ip(out + len, q->src, q->dst, q->proto, q->total_len);
		memset(out + len, 0, 8);
		store_be16(out + len, q->sport);
		store_be16(out + len + 2, q->dport);
		store_be32(out + len + 4, q->seq);
		if (q->proto == PROTO_UDP)
			store_be32(out + len + 4, (uint32_t)(q->total_len - IP_BYTES) << 16);
		len += 8;
	}
	store_be16(out + 2, (uint16_t)~sum16(out, len, 0));
	if (p->bad_sum)
		out[3] ^= 1;
	return len;
}

size_t wire_build(const struct packet *p, const uint8_t *payload, const struct wire_quote *quote,
		  uint8_t out[static WIRE_MAX])
{
	size_t hdr = IP_BYTES + p->ip_options_len;
	uint8_t *l4 = out + hdr;
	size_t len;

	if (p->proto == PACKET_TCP)
		len = build_tcp(p, payload, l4);
	else if (p->proto == PACKET_UDP)
		len = build_udp(p, payload, l4);
	else
		len = build_icmp(p, quote, l4);
	if (hdr + len > UINT16_MAX)
		fail("no IPv4 packet has that many bytes");
	put_ip(out, p->src, p->dst, protos[p->proto], hdr + len);
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
	if (sums && sum16(l4, len, pseudo(p->src, p->dst, PROTO_TCP, len)) != 0xffff)
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
	if (sums && sum16(l4, len, pseudo(p->src, p->dst, PROTO_UDP, len)) != 0xffff)
		fail("the stack sent a wrong UDP checksum");
	p->proto = PACKET_UDP;
	p->sport = load_be16(l4);
	p->dport = load_be16(l4 + 2);
	p->len = (uint32_t)(len - UDP_BYTES);
	*payload = l4 + UDP_BYTES;
}

static void read_icmp(const uint8_t *l4, size_t len, struct packet *p)
{
	if (len < ICMP_BYTES || sum16(l4, len, 0) != 0xffff)
		fail("the stack sent a damaged ICMP message");
	p->proto = PACKET_ICMP;
	p->icmp_type = l4[0];
	p->icmp_code = l4[1];
	p->mtu = load_be16(l4 + 6);
}

void wire_read(const uint8_t *bytes, size_t len, bool sums, struct packet *p,
	       const uint8_t **payload)
{
	memset(p, 0, sizeof(*p));
	p->ecn = -1;
	if (len < IP_BYTES || bytes[0] != 0x45 || sum16(bytes, IP_BYTES, 0) != 0xffff)
		fail("the stack sent a damaged IPv4 header");
	if (load_be16(bytes + 2) > len)
		fail("the stack sent a short IPv4 packet");
	len = load_be16(bytes + 2);
	p->tos = bytes[1];
	p->ttl = bytes[8];
	p->df = (bytes[6] & 0x40) != 0;
	p->src = load_be32(bytes + 12);
	p->dst = load_be32(bytes + 16);
	*payload = NULL;
	if (bytes[9] == PROTO_TCP)
		read_tcp(bytes + IP_BYTES, len - IP_BYTES, sums, p, payload);
	else if (bytes[9] == PROTO_UDP)
		read_udp(bytes + IP_BYTES, len - IP_BYTES, sums, p, payload);
	else if (bytes[9] == PROTO_ICMP)
		read_icmp(bytes + IP_BYTES, len - IP_BYTES, p);
	else
		fail("the stack sent a packet of protocol %u", bytes[9]);
}
