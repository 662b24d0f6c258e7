/*
 * Options of an endpoint: what <holm/udp.h> lets programs choose. Most are a byte of the manner of one
 * family, with a range.
 */
#include "net/udp/udp.h"

/* A byte of struct udp_manner. */
struct choice {
	enum holm_udp_option opt;
	bool is_ip6;
	bool is_inverted; /* 1 is kept as 0 */
	uint8_t offset;
	uint8_t low, high;
};

#define OF(field) offsetof(struct udp_manner, field)

static const struct choice choices[] = {
	{ HOLM_UDP_OPT_TTL, false, false, OF(ttl), 1, 255 },
	{ HOLM_UDP_OPT_TOS, false, false, OF(tos), 0, 255 },
	{ HOLM_UDP_OPT_PMTU, false, false, OF(pmtu), 0, HOLM_UDP_PMTU_OMIT },
	{ HOLM_UDP_OPT_ERRORS, false, false, OF(wants_troubles), 0, 1 },
	{ HOLM_UDP_OPT_GROUP_TTL, false, false, OF(group_ttl), 0, 255 },
	{ HOLM_UDP_OPT_GROUP_LOOP, false, true, OF(no_loop), 0, 1 },
	{ HOLM_UDP_OPT_GROUP_ALL, false, true, OF(only_own_groups), 0, 1 },
	{ HOLM_UDP_OPT_TTL6, true, false, OF(ttl), 0, 255 },
	{ HOLM_UDP_OPT_TOS6, true, false, OF(tos), 0, 255 },
	{ HOLM_UDP_OPT_PMTU6, true, false, OF(pmtu), 0, HOLM_UDP_PMTU_OMIT },
	{ HOLM_UDP_OPT_ERRORS6, true, false, OF(wants_troubles), 0, 1 },
	{ HOLM_UDP_OPT_GROUP_TTL6, true, false, OF(group_ttl), 0, 255 },
	{ HOLM_UDP_OPT_GROUP_LOOP6, true, true, OF(no_loop), 0, 1 },
	{ HOLM_UDP_OPT_GROUP_ALL6, true, true, OF(only_own_groups), 0, 1 },
};

static const struct choice *find_choice(enum holm_udp_option opt)
{
	for (size_t i = 0; i < ARRAY_LEN(choices); i++)
		if (choices[i].opt == opt)
			return &choices[i];
	return NULL;
}

static uint8_t *byte_of(struct holm_udp *u, const struct choice *c)
{
	return (uint8_t *)(c->is_ip6 ? &u->ip6 : &u->ip4) + c->offset;
}

/* Errors that nobody wants any more are not kept. */
static void set_choice(struct holm_udp *u, const struct choice *c, uint8_t value)
{
	*byte_of(u, c) = c->is_inverted ? !value : value;
	if (c->offset != OF(wants_troubles))
		return;
	if (!u->ip4.wants_troubles && !u->ip6.wants_troubles)
		ip_troubles_clear(u->net, &u->troubles);
	udp_update_state(u);
}

/* Which wildcard it is bound to while nobody has said where; it says so before it has a port. */
static int set_ip6(struct holm_udp *u, uint32_t value)
{
	if (u->port || value > HOLM_UDP_IP6_ONLY)
		return -HOLM_EINVAL;
	u->is_ip6 = value != HOLM_UDP_IP6_NO;
	u->v6only = value == HOLM_UDP_IP6_ONLY;
	u->local = udp_wildcard(u);
	return 0;
}

static int set_flag(bool *flag, uint32_t value)
{
	if (value > 1)
		return -HOLM_EINVAL;
	*flag = value != 0;
	return 0;
}

static int set_other(struct holm_udp *u, enum holm_udp_option opt, uint32_t value)
{
	switch ((int)opt) {
	case HOLM_UDP_OPT_BROADCAST:
		return set_flag(&u->may_broadcast, value);
	case HOLM_UDP_OPT_FOREIGN:
		return set_flag(&u->may_be_foreign, value);
	case HOLM_UDP_OPT_UNCUT6:
		return set_flag(&u->uncut6, value);
	case HOLM_UDP_OPT_IP6:
		return set_ip6(u, value);
	case HOLM_UDP_OPT_RCVBUF:
		if (value < HOLM_FRAME_BYTES)
			return -HOLM_EINVAL;
		u->rcvbuf_bytes = value;
		return 0;
	case HOLM_UDP_OPT_MARK:
		u->mark = value;
		udp_drop_dst(u);
		return 0;
	case HOLM_UDP_OPT_ONLINK:
		u->onlink = value != 0;
		udp_drop_dst(u);
		return 0;
	default:
		return -HOLM_ENOPROTOOPT;
	}
}

int holm_udp_set_option(struct holm_udp *u, enum holm_udp_option opt, uint32_t value)
{
	const struct choice *c = find_choice(opt);

	udp_turn_off(u);
	if (!c)
		return set_other(u, opt, value);
	if (value < c->low || value > c->high)
		return -HOLM_EINVAL;
	set_choice(u, c, (uint8_t)value);
	return 0;
}

/* Of the path to the connected remote. */
static int get_mtu(const struct holm_udp *u, uint32_t *value)
{
	if (!u->connected || !u->dst || !ip_dst_check(u->net, u->dst))
		return -HOLM_ENOTCONN;
	*value = u->dst->mtu;
	return 0;
}

static uint32_t get_ip6(const struct holm_udp *u)
{
	if (!u->is_ip6)
		return HOLM_UDP_IP6_NO;
	return u->v6only ? HOLM_UDP_IP6_ONLY : HOLM_UDP_IP6_BOTH;
}

static int get_other(const struct holm_udp *u, enum holm_udp_option opt, uint32_t *value)
{
	switch ((int)opt) {
	case HOLM_UDP_OPT_BROADCAST:
		*value = u->may_broadcast;
		return 0;
	case HOLM_UDP_OPT_FOREIGN:
		*value = u->may_be_foreign;
		return 0;
	case HOLM_UDP_OPT_UNCUT6:
		*value = u->uncut6;
		return 0;
	case HOLM_UDP_OPT_IP6:
		*value = get_ip6(u);
		return 0;
	case HOLM_UDP_OPT_RCVBUF:
		*value = u->rcvbuf_bytes;
		return 0;
	case HOLM_UDP_OPT_MARK:
		*value = u->mark;
		return 0;
	case HOLM_UDP_OPT_ONLINK:
		*value = u->onlink;
		return 0;
	case HOLM_UDP_OPT_MTU:
		return get_mtu(u, value);
	default:
		return -HOLM_ENOPROTOOPT;
	}
}

int holm_udp_get_option(const struct holm_udp *u, enum holm_udp_option opt, uint32_t *value)
{
	const struct choice *c = find_choice(opt);
	const uint8_t *manner;

	if (!c)
		return get_other(u, opt, value);
	manner = (const uint8_t *)(c->is_ip6 ? &u->ip6 : &u->ip4);
	*value = c->is_inverted ? !manner[c->offset] : manner[c->offset];
	return 0;
}
