/* See frames6.h. */
#include "tests/fuzz/frames6.h"

#include "net/wire/eth.h"
#include "net/wire/icmp6.h"
#include "net/wire/nd.h"
#include "net/wire/udp.h"

enum { PAYLOAD_MAX = FRAMES6_BYTES - STAGE_L4_IP6, PEER_UDP_PORT = 9999 };

static uint8_t pick(const struct frames6 *m, const uint8_t *from, size_t n)
{
	return from[fuzz_u8(m->in) % n];
}

static size_t some_bytes(const struct frames6 *m, uint8_t *p, size_t max)
{
	return fuzz_bytes(m->in, p, fuzz_u16(m->in) % (max + 1));
}

/* Whom a message of the link comes from, goes to, or is about. */
static struct holm_addr some_addr(const struct frames6 *m)
{
	struct holm_addr a = stage_addr6(2), self = stage_addr6(1);
	uint8_t choice = fuzz_u8(m->in);

	switch (choice & 7) {
	case 0:
	case 1:
		return choice & 8 ? self : a;
	case 2:
		a.b[0] = 0xfe;
		a.b[1] = 0x80;
		return a;
	case 3:
		return m->link_local;
	case 4:
		return ip6_all_nodes();
	case 5:
		return ip6_solicited_node(choice & 8 ? &self : &m->link_local);
	case 6:
		return holm_addr_any6();
	default:
		fuzz_bytes(m->in, a.b, sizeof(a.b));
		return a;
	}
}

static size_t make_raw(const struct frames6 *m, uint8_t *frame)
{
	static const uint8_t next[] = { IP6_PROTO_TCP,	   IP6_PROTO_UDP,     IP6_PROTO_ICMP,
					IP6_PROTO_HOPOPTS, IP6_PROTO_ROUTING, IP6_PROTO_DSTOPTS,
					IP6_PROTO_NONE };

	uint8_t proto = pick(m, next, sizeof(next));

	return stage_ip6(frame, proto, some_bytes(m, frame + STAGE_L4_IP6, PAYLOAD_MAX));
}

/* RFC 8200 section 4.5: two packets' pieces, so that some meet. */
static size_t make_fragment(const struct frames6 *m, uint8_t *frame)
{
	static const uint8_t next[] = { IP6_PROTO_UDP, IP6_PROTO_ICMP, IP6_PROTO_TCP,
					IP6_PROTO_DSTOPTS };
	uint8_t *p = frame + STAGE_L4_IP6;

	p[0] = pick(m, next, sizeof(next));
	p[1] = 0;
	store_be16(p + 2, fuzz_u16(m->in));
	store_be32(p + 4, fuzz_u8(m->in) & 1);
	return stage_ip6(frame, IP6_PROTO_FRAGMENT,
			 IP6_FRAGMENT_BYTES + some_bytes(m, p + IP6_FRAGMENT_BYTES,
							 PAYLOAD_MAX - IP6_FRAGMENT_BYTES));
}

static size_t make_datagram(const struct frames6 *m, uint8_t *frame)
{
	uint8_t *p = frame + STAGE_L4_IP6;
	size_t len = UDP_HDR_BYTES + some_bytes(m, p + UDP_HDR_BYTES, PAYLOAD_MAX - UDP_HDR_BYTES);
	struct udp_info info = { .sport = PEER_UDP_PORT,
				 .dport = m->service_port,
				 .len = (uint16_t)len };

	udp_build(p, &info);
	return stage_ip6(frame, IP6_PROTO_UDP, len);
}

/* One option of discovery whose length is what its type has; prefixes are often the stage's. */
static size_t make_option(const struct frames6 *m, uint8_t *p)
{
	static const uint8_t kinds[][2] = {
		{ ND_OPTION_SOURCE_MAC, 1 }, { ND_OPTION_TARGET_MAC, 1 },
		{ ND_OPTION_PREFIX, 4 },     { ND_OPTION_MTU, 1 },
		{ ND_OPTION_NONCE, 1 },	     { ND_OPTION_RDNSS, 3 },
		{ ND_OPTION_RDNSS, 5 },	     { 24, 3 },
	};
	uint8_t choice = fuzz_u8(m->in);
	const uint8_t *kind = kinds[choice & 7];
	size_t len = kind[1] * 8u;

	memset(p, 0, len);
	fuzz_bytes(m->in, p + 2, len - 2);
	p[0] = kind[0];
	p[1] = kind[1];
	if (kind[0] == ND_OPTION_PREFIX && choice & 8)
		p[2] = 64;
	if (kind[0] == ND_OPTION_PREFIX && choice & 16)
		memcpy(p + 16, stage_addr6(0).b, 16);
	return len;
}

static size_t fixed_len(uint8_t type)
{
	switch (type) {
	case ICMP6_ROUTER_ADVERT:
		return ND_ROUTER_ADVERT_BYTES;
	case ICMP6_REDIRECT:
		return ND_REDIRECT_BYTES;
	case ICMP6_NEIGHBOUR_SOLICIT:
	case ICMP6_NEIGHBOUR_ADVERT:
		return ND_NEIGHBOUR_BYTES;
	default:
		return ICMP6_HDR_BYTES;
	}
}

/* Neighbours, routers and groups: the fixed part, then options that fit or raw bytes. */
static size_t make_discovery(const struct frames6 *m, uint8_t *frame)
{
	static const uint8_t types[] = { ICMP6_ROUTER_ADVERT,	 ICMP6_NEIGHBOUR_SOLICIT,
					 ICMP6_NEIGHBOUR_ADVERT, ICMP6_REDIRECT,
					 ICMP6_MLD_QUERY,	 ICMP6_MLD_REPORT,
					 ICMP6_MLD2_REPORT,	 ICMP6_ROUTER_SOLICIT };
	struct holm_addr src = some_addr(m), dst = some_addr(m), target;
	uint8_t *p = frame + STAGE_L4_IP6, choice = fuzz_u8(m->in);
	uint8_t type = pick(m, types, sizeof(types));
	size_t len = fixed_len(type);

	memset(p, 0, len);
	fuzz_bytes(m->in, p + 4, len - 4);
	p[0] = type;
	if (choice & 1 && len >= ND_NEIGHBOUR_BYTES) {
		target = some_addr(m);
		memcpy(p + 8, target.b, sizeof(target.b));
	}
	for (unsigned i = choice >> 1 & 3; i > 0; i--)
		len += make_option(m, p + len);
	if (choice & 8)
		len += some_bytes(m, p + len, PAYLOAD_MAX - len);
	return stage_ip6_between(frame, &src, &dst, IP6_PROTO_ICMP, len);
}

size_t frames6_make(const struct frames6 *m, uint8_t kind, uint8_t *frame)
{
	switch (kind & 7) {
	case 0:
		return make_raw(m, frame);
	case 1:
	case 2:
		return make_fragment(m, frame);
	case 3:
		return make_datagram(m, frame);
	default:
		return make_discovery(m, frame);
	}
}
