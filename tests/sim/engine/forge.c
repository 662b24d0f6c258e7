/*
 * Changing packets: see forge.h.
 */
#include "tests/sim/engine/forge.h"

#include <stdlib.h>
#include <string.h>

#include "lib/bytes.h"
#include "lib/checksum.h"
#include "net/wire/arp.h"
#include "net/wire/eth.h"
#include "net/wire/icmp4.h"
#include "net/wire/ip4.h"
#include "net/wire/ip6.h"
#include "net/wire/tcp.h"
#include "net/wire/udp.h"

#define IP_AT ETH_HDR_BYTES

/* ---- Reading and sealing ------------------------------------------------------------------------- */

static bool is_ip6(const struct packet *p)
{
	return load_be16(p->data + 12) == ETH_TYPE_IP6;
}

/* Is it a plain packet of IPv4 or IPv6, with a transport's header behind it? */
static bool is_plain(const struct packet *p)
{
	uint16_t type = load_be16(p->data + 12);
	const uint8_t *ip = p->data + IP_AT;

	if (p->gso || p->len < IP_AT + IP6_HDR_BYTES + 8u)
		return false;
	if (type == ETH_TYPE_IP4)
		return ip[0] == 0x45 && !(load_be16(ip + 6) & (IP4_MF | IP4_OFFSET_MASK));
	return type == ETH_TYPE_IP6 && (ip[6] == IP6_PROTO_TCP || ip[6] == IP6_PROTO_UDP);
}

static uint32_t l4_at(const struct packet *p)
{
	return IP_AT + (is_ip6(p) ? IP6_HDR_BYTES : IP4_HDR_BYTES);
}

static uint8_t proto_of(const struct packet *p)
{
	return p->data[IP_AT + (is_ip6(p) ? 6 : 9)];
}

static uint32_t l4_len(const struct packet *p)
{
	const uint8_t *ip = p->data + IP_AT;
	uint32_t len = is_ip6(p) ? load_be16(ip + 4) : load_be16(ip + 2) - IP4_HDR_BYTES;

	return len < p->len - l4_at(p) ? len : p->len - l4_at(p);
}

static uint32_t pseudo_sum(const struct packet *p)
{
	const uint8_t *ip = p->data + IP_AT;
	struct holm_addr src, dst;

	if (!is_ip6(p))
		return ip4_pseudo_sum(load_be32(ip + 12), load_be32(ip + 16), ip[9], l4_len(p));
	memcpy(src.b, ip + 8, 16);
	memcpy(dst.b, ip + 24, 16);
	return ip_pseudo_sum(&src, &dst, ip[6], l4_len(p));
}

/* Make the checksums of a plain packet hold. */
static void seal(struct packet *p)
{
	uint8_t *ip = p->data + IP_AT, *l4 = p->data + l4_at(p);
	uint32_t at = proto_of(p) == IP4_PROTO_TCP ? 16 : proto_of(p) == IP4_PROTO_UDP ? 6 : 2;
	uint32_t sum = proto_of(p) == IP4_PROTO_ICMP ? 0 : pseudo_sum(p);

	if (!is_ip6(p)) {
		store_be16(ip + 10, 0);
		store_be16(ip + 10, checksum_finish(checksum_20(ip, 0)));
	}
	store_be16(l4 + at, 0);
	store_be16(l4 + at, checksum_finish(checksum_partial(l4, l4_len(p), sum)));
}

/* ---- One packet changed -------------------------------------------------------------------------- */

static uint32_t below(struct forge *f, uint32_t n)
{
	return (uint32_t)sim_below(&f->rng, n);
}

static void flip_bit(struct forge *f, struct packet *p)
{
	p->data[below(f, p->len)] ^= (uint8_t)(1u << below(f, 8));
}

/* Of the network's header, or the transport's. */
static void spoil_sum(struct forge *f, struct packet *p)
{
	bool ip = below(f, 2) && !is_ip6(p);
	uint32_t at = proto_of(p) == IP4_PROTO_TCP ? 16 : 6;

	p->data[ip ? IP_AT + 10 + below(f, 2) : l4_at(p) + at + below(f, 2)] ^= 0x10;
}

static struct holm_addr strange6(struct forge *f)
{
	struct holm_addr a = holm_addr_any6();

	switch (below(f, 4)) {
	case 0:
		a.b[15] = (uint8_t)below(f, 2); /* :: and ::1 */
		break;
	case 1:
		a.b[0] = 0xff;
		a.b[1] = 2;
		a.b[15] = 1;
		break;
	case 2:
		return holm_addr_ip4(10, 0, 0, 1);
	default:
		a.b[0] = 0xfd;
		a.b[15] = 0x99;
		break;
	}
	return a;
}

static uint32_t strange4(struct forge *f)
{
	static const uint32_t addrs[] = { 0x0a0000ff, 0xffffffff, 0xe0000001, 0x7f000001,
					  0x00000000, 0x0a000000, 0xf0000001, 0x0a000063 };

	return addrs[below(f, sizeof(addrs) / sizeof(*addrs))];
}

/* The source or the destination is another address, of this host, of the other, or of nobody. */
static void change_addr(struct forge *f, struct packet *p)
{
	bool src = below(f, 3) > 0, mine = below(f, 2), strange = below(f, 2);
	uint32_t first = mine ? f->to : f->from, n = mine ? f->nto : f->nfrom;
	struct holm_addr a = party_addr(first, below(f, n), is_ip6(p));
	uint8_t *ip = p->data + IP_AT;

	if (strange && is_ip6(p))
		a = strange6(f);
	if (is_ip6(p)) {
		memcpy(ip + (src ? 8 : 24), a.b, 16);
	} else {
		uint32_t addr = strange ? strange4(f) : load_be32(a.b + 12);

		store_be32(ip + (src ? 12 : 16), addr);
	}
	seal(p);
}

static void change_port(struct forge *f, struct packet *p)
{
	uint8_t *port = p->data + l4_at(p) + below(f, 2) * 2;

	store_be16(port, (uint16_t)(load_be16(port) + 1 - 2 * (int)below(f, 2)));
	seal(p);
}

/* A number of TCP's header is another one, near or far. */
static void change_number(struct forge *f, struct packet *p)
{
	uint8_t *number = p->data + l4_at(p) + (below(f, 2) ? 4 : 8);
	uint32_t by = below(f, 3) ? below(f, 4000) - 2000 : below(f, UINT32_MAX);

	if (proto_of(p) != IP4_PROTO_TCP)
		return;
	store_be32(number, load_be32(number) + by);
	seal(p);
}

static void change_flags(struct forge *f, struct packet *p)
{
	static const uint8_t flags[] = { TCP_RST, TCP_SYN, TCP_FIN,	     TCP_URG,
					 TCP_PSH, TCP_ACK, TCP_ECE,	     TCP_CWR,
					 TCP_RST, TCP_SYN, TCP_SYN | TCP_ACK };
	uint8_t *l4 = p->data + l4_at(p);

	if (proto_of(p) != IP4_PROTO_TCP)
		return;
	l4[13] ^= flags[below(f, sizeof(flags))];
	if (l4[13] & TCP_URG)
		store_be16(l4 + 18, (uint16_t)below(f, 300));
	seal(p);
}

static void change_window(struct forge *f, struct packet *p)
{
	uint8_t *window = p->data + l4_at(p) + 14;

	if (proto_of(p) != IP4_PROTO_TCP)
		return;
	store_be16(window, (uint16_t)(below(f, 2) ? 0 : below(f, 65536)));
	seal(p);
}

/* A timestamp of before or after; of who has none, other options. */
static void change_options(struct forge *f, struct packet *p)
{
	uint8_t *l4 = p->data + l4_at(p);

	if (proto_of(p) != IP4_PROTO_TCP || l4[12] >> 4 < 6)
		return;
	if (l4[12] >> 4 == 8 && load_be32(l4 + 20) == TCP_OPT_TIMESTAMP_WORD && below(f, 4))
		store_be32(l4 + 24, load_be32(l4 + 24) + below(f, 100) - 90);
	else
		l4[20 + below(f, 4)] ^= (uint8_t)(1u << below(f, 8));
	seal(p);
}

/* Type of service and time to live. */
static void change_kind(struct forge *f, struct packet *p)
{
	uint8_t *ip = p->data + IP_AT;
	uint8_t tos = below(f, 2) ? 3 : (uint8_t)below(f, 256);

	if (is_ip6(p))
		store_be16(ip, (uint16_t)(6u << 12 | tos << 4));
	else
		ip[1] = tos;
	ip[is_ip6(p) ? 7 : 8] = (uint8_t)below(f, 256);
	seal(p);
}

/* Less, or more, than the header says; or a header that says less. */
static void change_length(struct forge *f, struct packet *p)
{
	uint8_t *len = p->data + IP_AT + (is_ip6(p) ? 4 : 2);
	uint32_t by = 1 + below(f, 40);

	switch (below(f, 4)) {
	case 0:
		p->len -= by < p->len ? by : 0;
		break;
	case 1:
		memset(p->data + p->len, 0xee, by);
		p->len += by;
		break;
	case 2:
		store_be16(len, (uint16_t)(load_be16(len) + by));
		break;
	default:
		if (load_be16(len) > 60 + by)
			store_be16(len, (uint16_t)(load_be16(len) - by));
		seal(p);
		break;
	}
}

/* Four bytes of options that do nothing; of IPv6 an extension header. */
static void insert_options(struct forge *f, struct packet *p)
{
	static const uint8_t nothing6[8] = { 0, 0, 1, 4 };
	uint8_t *ip = p->data + IP_AT;
	uint32_t at = l4_at(p), n = is_ip6(p) ? 8 : 4;

	memmove(p->data + at + n, p->data + at, p->len - at);
	p->len += n;
	if (is_ip6(p)) {
		memcpy(p->data + at, nothing6, sizeof(nothing6));
		p->data[at] = ip[6];
		ip[6] = below(f, 2) ? 60 : 0;
		store_be16(ip + 4, (uint16_t)(load_be16(ip + 4) + n));
	} else {
		memset(p->data + at, 1, n);
		ip[0] = 0x46;
		store_be16(ip + 2, (uint16_t)(load_be16(ip + 2) + n));
		store_be16(ip + 10, 0);
		store_be16(ip + 10, checksum_finish(checksum_partial(ip, 24, 0)));
	}
}

/* To everybody, to a group, to somebody else, or of another protocol. */
static void change_link(struct forge *f, struct packet *p)
{
	switch (below(f, 4)) {
	case 0:
		memset(p->data, 0xff, 6);
		break;
	case 1:
		p->data[0] ^= 1;
		break;
	case 2:
		p->data[5] ^= 0x40;
		break;
	default:
		p->data[13] ^= (uint8_t)(1u << below(f, 8));
		break;
	}
}

static void change(struct forge *f, struct packet *p)
{
	static void (*const ways[])(struct forge * f, struct packet * p) = {
		flip_bit,      spoil_sum,      change_addr,   change_addr,    change_port,
		change_number, change_flags,   change_window, change_options, change_kind,
		change_length, insert_options, change_link,
	};

	ways[below(f, sizeof(ways) / sizeof(*ways))](f, p);
}

/* ---- Others between ------------------------------------------------------------------------------ */

static struct packet *new_ip4(struct forge *f, uint8_t proto, uint32_t len)
{
	struct packet *p = packet_new(IP_AT + IP4_HDR_BYTES + len);
	struct eth_info eth = { .dst = { { 2, 0, 0, 0, 0, (uint8_t)f->to } },
				.src = { { 2, 0, 0, 0, 0, (uint8_t)f->from } },
				.type = ETH_TYPE_IP4 };
	struct holm_addr src = party_addr(f->from, below(f, f->nfrom), false);
	struct holm_addr dst = party_addr(f->to, below(f, f->nto), false);
	struct ip4_info ip = { .src = ip4_from_addr(&src),
			       .dst = ip4_from_addr(&dst),
			       .total_len = (uint16_t)(IP4_HDR_BYTES + len),
			       .ttl = 64,
			       .proto = proto };

	eth_build(p->data, &eth);
	ip4_build(p->data + IP_AT, &ip);
	return p;
}

static struct packet *new_echo(struct forge *f)
{
	struct packet *p = new_ip4(f, IP4_PROTO_ICMP, 64);
	struct icmp4_info icmp = { .type = ICMP4_ECHO, .id = 7, .seq = (uint16_t)below(f, 100) };

	icmp4_build(p->data + IP_AT + IP4_HDR_BYTES, &icmp);
	seal(p);
	return p;
}

static struct packet *new_arp(struct forge *f)
{
	struct packet *p = packet_new(ETH_FRAME_MIN);
	struct eth_info eth = { .dst = eth_broadcast(),
				.src = { { 2, 0, 0, 0, 0, (uint8_t)f->from } },
				.type = ETH_TYPE_ARP };
	struct arp_info arp = { .op = ARP_REQUEST,
				.sender_mac = eth.src,
				.sender = 0x0a000000 + f->from + below(f, f->nfrom),
				.target = 0x0a000000 + f->to + below(f, f->nto + 1) };

	eth_build(p->data, &eth);
	arp_build(p->data + ETH_HDR_BYTES, &arp);
	return p;
}

/* About a packet that the receiver has sent. */
static struct packet *new_error(struct forge *f)
{
	const struct packet *about = f->seen->n ? f->seen->p[below(f, f->seen->n)] : NULL;
	uint32_t quoted = IP4_HDR_BYTES + 8;
	struct icmp4_info icmp = { .type = ICMP4_UNREACHABLE, .code = (uint8_t)below(f, 4) };
	struct packet *p;

	if (!about || !is_plain(about) || is_ip6(about))
		return NULL;
	p = new_ip4(f, IP4_PROTO_ICMP, ICMP4_HDR_BYTES + quoted);
	/* It comes from whom the packet was for. */
	memcpy(p->data + IP_AT + 12, about->data + IP_AT + 16, 4);
	memcpy(p->data + IP_AT + 16, about->data + IP_AT + 12, 4);
	icmp4_build(p->data + IP_AT + IP4_HDR_BYTES, &icmp);
	memcpy(p->data + IP_AT + IP4_HDR_BYTES + ICMP4_HDR_BYTES, about->data + IP_AT, quoted);
	seal(p);
	return p;
}

static void add_other(struct forge *f, struct packets *out)
{
	uint32_t kind = below(f, f->seen ? 3 : 2);
	struct packet *p = kind == 0 ? new_echo(f) : kind == 1 ? new_arp(f) : new_error(f);

	if (p)
		packets_add(out, p);
}

/* A packet of IPv4 in two pieces. */
static void add_pieces(struct forge *f, const struct packet *p, struct packets *out)
{
	uint32_t cut = 8 * (1 + below(f, 4)), len = l4_len(p);
	uint16_t id = (uint16_t)below(f, 65536);

	for (int i = 0; i < 2; i++) {
		uint32_t from = i ? cut : 0, n = i ? len - cut : cut;
		struct packet *piece = packet_new(l4_at(p) + n);
		uint8_t *ip = piece->data + IP_AT;

		memcpy(piece->data, p->data, l4_at(p));
		memcpy(piece->data + l4_at(p), p->data + l4_at(p) + from, n);
		store_be16(ip + 2, (uint16_t)(IP4_HDR_BYTES + n));
		store_be16(ip + 4, id);
		store_be16(ip + 6, (uint16_t)(i ? from / 8 : IP4_MF));
		store_be16(ip + 10, 0);
		store_be16(ip + 10, checksum_finish(checksum_20(ip, 0)));
		packets_add(out, piece);
	}
}

/* ---- All of them --------------------------------------------------------------------------------- */

static void add_changed(struct forge *f, struct packet *p, struct packets *out)
{
	if (below(f, 12) == 0)
		add_other(f, out);
	/* Beside the true one, or in its place. */
	if (below(f, 2))
		packets_add(out, packet_copy(p));
	if (below(f, 12) == 0 && !is_ip6(p) && l4_len(p) > 40) {
		add_pieces(f, p, out);
		free(p);
		return;
	}
	change(f, p);
	packets_add(out, p);
}

static bool has_text(const struct packet *p)
{
	return proto_of(p) == IP4_PROTO_TCP &&
	       l4_len(p) > (uint32_t)(p->data[l4_at(p) + 12] >> 4) * 4;
}

/* Text of one connection in both; or what may be anything? */
static bool would_merge(const struct packet *a, const struct packet *b)
{
	uint32_t at = IP_AT + (is_ip6(a) ? 8 : 12);

	if (!is_plain(a) || !is_plain(b))
		return true;
	return has_text(a) && has_text(b) && is_ip6(a) == is_ip6(b) &&
	       memcmp(a->data + at, b->data + at, l4_at(a) + 4 - at) == 0;
}

/* For nobody: a RST that has no answer. */
static struct packet *new_stray(struct forge *f)
{
	struct packet *p = new_ip4(f, IP4_PROTO_TCP, TCP_HDR_BYTES);
	struct tcp_hdr_info rst = { .sport = 9, .dport = 9, .flags = TCP_RST };

	tcp_build(p->data + IP_AT + IP4_HDR_BYTES, &rst);
	seal(p);
	return p;
}

static void set_apart(struct forge *f, struct packets *list)
{
	struct packets all = *list;
	uint32_t stray = 0;

	list->n = 0;
	for (uint32_t i = 0; i < all.n; i++) {
		for (uint32_t k = stray; k < i; k++)
			if (would_merge(all.p[k], all.p[i])) {
				packets_add(list, new_stray(f));
				stray = i;
				break;
			}
		packets_add(list, all.p[i]);
	}
}

static void shuffle(struct forge *f, struct packets *list)
{
	for (uint32_t i = 0; i + 1 < list->n; i++)
		if (sim_happens(&f->rng, f->shuffle_ppm)) {
			struct packet *p = list->p[i];

			list->p[i] = list->p[i + 1];
			list->p[i + 1] = p;
		}
}

void forge_packets(struct forge *f, struct packets *in, struct packets *out)
{
	for (uint32_t i = 0; i < in->n; i++) {
		struct packet *p = in->p[i];

		if (sim_happens(&f->rng, f->loss_ppm)) {
			if (below(f, 4) == 0)
				packets_add(out, packet_copy(p));
			else
				memset(p->data, 0x33, 6); /* to nobody */
		}
		if (is_plain(p) && sim_happens(&f->rng, f->ppm))
			add_changed(f, p, out);
		else
			packets_add(out, p);
	}
	in->n = 0;
	shuffle(f, out);
	if (f->apart)
		set_apart(f, out);
}
