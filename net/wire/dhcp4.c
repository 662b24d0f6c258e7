/*
 * Reading DHCPv4 messages. See dhcp4.h; building them is in dhcp4_build.c.
 */
#include "net/wire/dhcp4.h"

#include "lib/compiler.h"
#include "lib/fmt.h"
#include "net/wire/arp.h"
#include "net/wire/eth.h"
#include "net/wire/ip4.h"

/* Where options may lie: the options field, file, sname. */
#define AREAS_MAX 3

struct areas {
	struct holm_span area[AREAS_MAX];
	size_t n;
};

struct option {
	uint8_t code;
	uint8_t len;
	const uint8_t *value;
};

enum overload { OVERLOAD_FILE = 1, OVERLOAD_SNAME = 2 };

/*
 * The option at *at, past which *at moves. An area that ends without an END option is taken as if
 * it had one: code is DHCP4_OPT_END. False: the option runs over the end.
 */
static bool next_option(const struct holm_span *area, size_t *at, struct option *opt)
{
	while (*at < area->len && area->data[*at] == DHCP4_OPT_PAD)
		(*at)++;
	opt->len = 0;
	opt->code = *at < area->len ? area->data[*at] : DHCP4_OPT_END;
	if (opt->code == DHCP4_OPT_END)
		return true;
	if (area->len - *at < 2 || area->len - *at - 2 < area->data[*at + 1])
		return false;
	opt->len = area->data[*at + 1];
	opt->value = area->data + *at + 2;
	*at += 2 + (size_t)opt->len;
	return true;
}

/* Is every option of the area within it? `*overload` is the last option 52's value, if any. */
static enum dhcp4_verdict check_area(const struct holm_span *area, uint8_t *overload, uint8_t *bad)
{
	struct option opt;
	size_t at = 0;

	for (;;) {
		if (!next_option(area, &at, &opt)) {
			*bad = opt.code;
			return DHCP4_OPTION_BOUNDS;
		}
		if (opt.code == DHCP4_OPT_END)
			return DHCP4_OK;
		if (opt.code != DHCP4_OPT_OVERLOAD)
			continue;
		*bad = opt.code;
		if (opt.len != 1)
			return opt.len == 0 ? DHCP4_OPTION_EMPTY : DHCP4_OPTION_LENGTH;
		if (opt.value[0] < OVERLOAD_FILE || opt.value[0] > (OVERLOAD_FILE | OVERLOAD_SNAME))
			return DHCP4_OPTION_VALUE;
		*overload = opt.value[0];
	}
}

static void add_area(struct areas *areas, const uint8_t *p, size_t len)
{
	areas->area[areas->n++] = (struct holm_span){ p, len };
}

/* Finds the areas of a message and checks that they are lists of whole options. */
static enum dhcp4_verdict find_areas(const uint8_t *p, size_t len, struct areas *areas,
				     uint8_t *bad)
{
	enum dhcp4_verdict verdict;
	uint8_t overload = 0;
	uint8_t nested = 0;

	areas->n = 0;
	if (len < DHCP4_FIXED_BYTES)
		return DHCP4_SHORT;
	if (load_be32(p + offsetof(struct dhcp4_fixed, cookie)) != DHCP4_MAGIC)
		return DHCP4_COOKIE;
	add_area(areas, p + DHCP4_FIXED_BYTES, len - DHCP4_FIXED_BYTES);
	verdict = check_area(&areas->area[0], &overload, bad);
	if (verdict != DHCP4_OK)
		return verdict;
	if (overload & OVERLOAD_FILE)
		add_area(areas, p + offsetof(struct dhcp4_fixed, file), 128);
	if (overload & OVERLOAD_SNAME)
		add_area(areas, p + offsetof(struct dhcp4_fixed, sname), 64);
	for (size_t i = 1; i < areas->n && verdict == DHCP4_OK; i++)
		verdict = check_area(&areas->area[i], &nested, bad);
	return verdict;
}

/* RFC 3396: the values of all options of one code, one behind the other. */
static enum dhcp4_verdict gather(const struct areas *areas, uint8_t code, uint8_t *out, size_t room,
				 size_t *out_len)
{
	bool found = false;

	*out_len = 0;
	for (size_t i = 0; i < areas->n; i++) {
		struct option opt;
		size_t at = 0;

		while (next_option(&areas->area[i], &at, &opt) && opt.code != DHCP4_OPT_END) {
			if (opt.code != code)
				continue;
			if (opt.len > room - *out_len)
				return DHCP4_OPTION_TOO_LONG;
			memcpy(out + *out_len, opt.value, opt.len);
			*out_len += opt.len;
			found = true;
		}
	}
	return found ? DHCP4_OK : DHCP4_OPTION_ABSENT;
}

enum dhcp4_verdict dhcp4_option(const uint8_t *p, size_t len, uint8_t code, uint8_t *out,
				size_t room, size_t *out_len)
{
	struct areas areas;
	uint8_t bad;
	enum dhcp4_verdict verdict = find_areas(p, len, &areas, &bad);

	return verdict == DHCP4_OK ? gather(&areas, code, out, room, out_len) : verdict;
}

static enum dhcp4_verdict take_type(const uint8_t *v, size_t n, struct dhcp4_info *out)
{
	(void)n;
	out->type = v[0];
	return v[0] >= DHCP4_DISCOVER && v[0] <= DHCP4_INFORM ? DHCP4_OK : DHCP4_OPTION_VALUE;
}

static enum dhcp4_verdict take_mask(const uint8_t *v, size_t n, struct dhcp4_info *out)
{
	uint32_t mask = load_be32(v);
	unsigned len = 32;

	(void)n;
	while (len > 0 && ip4_mask(len) != mask)
		len--;
	out->has_mask = true;
	out->prefix_len = (uint8_t)len;
	return len > 0 ? DHCP4_OK : DHCP4_OPTION_VALUE;
}

/* Addresses that no host has are left out: servers send 0.0.0.0 for "none". */
static uint8_t take_addrs(const uint8_t *v, size_t n, uint32_t *addrs, size_t max)
{
	size_t taken = 0;

	for (size_t i = 0; i < n && taken < max; i += 4) {
		if (ip4_is_unicast(load_be32(v + i)))
			addrs[taken++] = load_be32(v + i);
	}
	return (uint8_t)taken;
}

static enum dhcp4_verdict take_routers(const uint8_t *v, size_t n, struct dhcp4_info *out)
{
	out->nrouters = take_addrs(v, n, out->routers, DHCP4_ROUTERS_MAX);
	return DHCP4_OK;
}

static enum dhcp4_verdict take_dns(const uint8_t *v, size_t n, struct dhcp4_info *out)
{
	out->ndns = take_addrs(v, n, out->dns, DHCP4_DNS_MAX);
	return DHCP4_OK;
}

static enum dhcp4_verdict take_mtu(const uint8_t *v, size_t n, struct dhcp4_info *out)
{
	(void)n;
	out->mtu = load_be16(v);
	return out->mtu >= IP4_MTU_MIN ? DHCP4_OK : DHCP4_OPTION_VALUE;
}

static enum dhcp4_verdict take_requested(const uint8_t *v, size_t n, struct dhcp4_info *out)
{
	(void)n;
	out->requested = load_be32(v);
	return DHCP4_OK;
}

static enum dhcp4_verdict take_server_id(const uint8_t *v, size_t n, struct dhcp4_info *out)
{
	(void)n;
	out->server_id = load_be32(v);
	return ip4_is_unicast(out->server_id) ? DHCP4_OK : DHCP4_OPTION_VALUE;
}

static enum dhcp4_verdict take_lease(const uint8_t *v, size_t n, struct dhcp4_info *out)
{
	(void)n;
	out->has_lease = true;
	out->lease_s = load_be32(v);
	return DHCP4_OK;
}

static enum dhcp4_verdict take_t1(const uint8_t *v, size_t n, struct dhcp4_info *out)
{
	(void)n;
	out->has_t1 = true;
	out->t1_s = load_be32(v);
	return DHCP4_OK;
}

static enum dhcp4_verdict take_t2(const uint8_t *v, size_t n, struct dhcp4_info *out)
{
	(void)n;
	out->has_t2 = true;
	out->t2_s = load_be32(v);
	return DHCP4_OK;
}

/*
 * One descriptor of option 121 at v: the prefix length, as many bytes of the destination as it
 * needs, the gateway. Moves *at past it.
 */
static enum dhcp4_verdict take_route(const uint8_t *v, size_t n, size_t *at,
				     struct dhcp4_route *route)
{
	uint8_t prefix_len = v[(*at)++];
	size_t bytes = (prefix_len + 7u) / 8;
	uint8_t dst[4] = { 0 };

	if (prefix_len > 32)
		return DHCP4_OPTION_VALUE;
	if (n - *at < bytes + 4)
		return DHCP4_OPTION_LENGTH;
	memcpy(dst, v + *at, bytes);
	route->prefix_len = prefix_len;
	route->dst = load_be32(dst) & ip4_mask(prefix_len);
	route->gateway = load_be32(v + *at + bytes);
	*at += bytes + 4;
	if (route->gateway != 0 && !ip4_is_unicast(route->gateway))
		return DHCP4_OPTION_VALUE;
	return DHCP4_OK;
}

static enum dhcp4_verdict take_routes(const uint8_t *v, size_t n, struct dhcp4_info *out)
{
	size_t at = 0;

	out->has_routes = true;
	while (at < n) {
		struct dhcp4_route route;
		enum dhcp4_verdict verdict = take_route(v, n, &at, &route);

		if (verdict != DHCP4_OK)
			return verdict;
		if (out->nroutes < DHCP4_ROUTES_MAX)
			out->routes[out->nroutes++] = route;
		else
			out->routes_ignored++;
	}
	return DHCP4_OK;
}

/* What is understood, with the lengths that RFC 2132 and 3442 allow: `unit` bytes, or multiples. */
static const struct understood {
	uint8_t code;
	uint8_t unit;
	bool many;
	enum dhcp4_verdict (*take)(const uint8_t *v, size_t n, struct dhcp4_info *out);
} understood[] = {
	{ DHCP4_OPT_TYPE, 1, false, take_type },
	{ DHCP4_OPT_MASK, 4, false, take_mask },
	{ DHCP4_OPT_ROUTER, 4, true, take_routers },
	{ DHCP4_OPT_DNS, 4, true, take_dns },
	{ DHCP4_OPT_MTU, 2, false, take_mtu },
	{ DHCP4_OPT_REQUESTED, 4, false, take_requested },
	{ DHCP4_OPT_LEASE, 4, false, take_lease },
	{ DHCP4_OPT_SERVER_ID, 4, false, take_server_id },
	{ DHCP4_OPT_T1, 4, false, take_t1 },
	{ DHCP4_OPT_T2, 4, false, take_t2 },
	{ DHCP4_OPT_ROUTES, 1, true, take_routes },
};

static enum dhcp4_verdict take_option(const struct areas *areas, const struct understood *u,
				      struct dhcp4_info *out)
{
	uint8_t value[DHCP4_OPTION_MAX];
	size_t n;
	enum dhcp4_verdict verdict = gather(areas, u->code, value, sizeof(value), &n);

	if (verdict == DHCP4_OPTION_ABSENT)
		return DHCP4_OK;
	if (verdict == DHCP4_OK && n == 0)
		verdict = DHCP4_OPTION_EMPTY;
	if (verdict == DHCP4_OK && (u->many ? n % u->unit != 0 : n != u->unit))
		verdict = DHCP4_OPTION_LENGTH;
	if (verdict == DHCP4_OK)
		verdict = u->take(value, n, out);
	if (verdict != DHCP4_OK)
		out->bad_option = u->code;
	return verdict;
}

static enum dhcp4_verdict take_fixed(const uint8_t *p, struct dhcp4_info *out)
{
	struct dhcp4_fixed fixed;

	memcpy(&fixed, p, sizeof(fixed));
	if (fixed.op != DHCP4_BOOTREQUEST && fixed.op != DHCP4_BOOTREPLY)
		return DHCP4_NOT_BOOTP;
	if (fixed.hardware != ARP_HARDWARE_ETHERNET ||
	    fixed.hardware_bytes != sizeof(struct holm_mac))
		return DHCP4_HARDWARE;
	out->op = fixed.op;
	out->xid = be32_get(fixed.xid);
	out->secs = be16_get(fixed.secs);
	out->flags = be16_get(fixed.flags);
	out->ciaddr = be32_get(fixed.ciaddr);
	out->yiaddr = be32_get(fixed.yiaddr);
	out->siaddr = be32_get(fixed.siaddr);
	out->giaddr = be32_get(fixed.giaddr);
	memcpy(&out->chaddr, fixed.chaddr, sizeof(out->chaddr));
	return DHCP4_OK;
}

enum dhcp4_verdict dhcp4_parse(const uint8_t *p, size_t len, struct dhcp4_info *out)
{
	struct areas areas;
	enum dhcp4_verdict verdict;

	*out = (struct dhcp4_info){ 0 };
	if (len < DHCP4_FIXED_BYTES)
		return DHCP4_SHORT;
	verdict = take_fixed(p, out);
	if (verdict == DHCP4_OK)
		verdict = find_areas(p, len, &areas, &out->bad_option);
	if (verdict != DHCP4_OK)
		return verdict;
	out->bad_option = 0;
	for (size_t i = 0; i < ARRAY_LEN(understood) && verdict == DHCP4_OK; i++)
		verdict = take_option(&areas, &understood[i], out);
	if (verdict == DHCP4_OK && out->type == 0) {
		out->bad_option = DHCP4_OPT_TYPE;
		return DHCP4_OPTION_ABSENT;
	}
	return verdict;
}

const char *dhcp4_verdict_text(enum dhcp4_verdict verdict)
{
	static const char *const text[DHCP4_VERDICT_COUNT] = {
		[DHCP4_OK] = "good",
		[DHCP4_SHORT] = "too short",
		[DHCP4_NOT_BOOTP] = "neither request nor reply",
		[DHCP4_HARDWARE] = "hardware addresses are not ethernet's",
		[DHCP4_COOKIE] = "no magic cookie",
		[DHCP4_OPTION_BOUNDS] = "option runs over the end",
		[DHCP4_OPTION_EMPTY] = "option without a value",
		[DHCP4_OPTION_LENGTH] = "option of an illegal length",
		[DHCP4_OPTION_TOO_LONG] = "option too long",
		[DHCP4_OPTION_VALUE] = "option with an illegal value",
		[DHCP4_OPTION_ABSENT] = "option is missing",
	};

	return (size_t)verdict < DHCP4_VERDICT_COUNT ? text[verdict] : "?";
}

static const char *type_text(uint8_t type)
{
	static const char *const text[] = { "?",   "DISCOVER", "OFFER",	  "REQUEST", "DECLINE",
					    "ACK", "NAK",      "RELEASE", "INFORM" };

	return type < ARRAY_LEN(text) ? text[type] : "?";
}

static void print_addr(struct fmt_out *out, const char *name, uint32_t a)
{
	if (a == 0)
		return;
	fmt_printf(out, " %s ", name);
	ip4_print_addr(out, a);
}

void dhcp4_print(struct fmt_out *out, const uint8_t *p, size_t len)
{
	struct dhcp4_info info;
	enum dhcp4_verdict verdict = dhcp4_parse(p, len, &info);

	if (verdict != DHCP4_OK) {
		fmt_printf(out, "DHCP [%s", dhcp4_verdict_text(verdict));
		if (verdict >= DHCP4_OPTION_BOUNDS)
			fmt_printf(out, ": %u", (unsigned)info.bad_option);
		fmt_printf(out, "]");
		return;
	}
	fmt_printf(out, "DHCP %s xid 0x%08x ", type_text(info.type), (unsigned)info.xid);
	eth_print_mac(out, &info.chaddr);
	print_addr(out, "client", info.ciaddr);
	print_addr(out, "your", info.yiaddr);
	print_addr(out, "requested", info.requested);
	print_addr(out, "server", info.server_id);
	print_addr(out, "router", info.routers[0]);
	if (info.has_mask)
		fmt_printf(out, " /%u", (unsigned)info.prefix_len);
	if (info.has_lease)
		fmt_printf(out, " lease %u s", (unsigned)info.lease_s);
}
