/*
 * Addresses of the image's devices: from the command line, or by DHCP for the first one. Says so in one
 * line when there is an address. Those of IPv6 that routers announce the stack takes by itself.
 */
#include "kernel/net.h"

#include <holm/dhcp.h>
#include <holm/ip.h>

#include "kernel/clock.h"
#include "kernel/cmdline.h"
#include "kernel/devices.h"
#include "kernel/log.h"
#include "lib/fmt.h"
#include "lib/mem.h"

static struct holm_net *net;
static struct holm_dev *dhcp_dev;
static struct holm_dhcp *dhcp;
static bool dhcp_event;
static uint64_t dhcp_next_ns;
static struct holm_addr announced; /* of the lease that was last told of */
static struct holm_endpoint dns[NET_DNS_MAX];
static size_t ndns;

const char *net_hostname(void)
{
	const char *name = cmdline_get("hostname");

	return name && name[0] != '\0' ? name : "holm";
}

static bool is_word(const char *text, const char *word)
{
	while (*text != '\0' && *text == *word) {
		text++;
		word++;
	}
	return *text == *word;
}

bool net_has_ip6(void)
{
	const char *text = cmdline_get("ip6");

	return !text || !is_word(text, "off");
}

static bool router_server(size_t i, struct holm_endpoint *server)
{
	return net_has_ip6() && holm_router_server(net, i, server);
}

int net_dns(size_t i, struct holm_endpoint *server)
{
	struct holm_dhcp_lease lease;

	if (i < ndns) {
		*server = dns[i];
		return 0;
	}
	if (ndns > 0)
		return -HOLM_ENOENT;
	lease.ndns = 0;
	if (dhcp && !holm_dhcp_lease(dhcp, &lease))
		return router_server(i, server) ? 0 : -HOLM_EAGAIN;
	if (i >= lease.ndns)
		return router_server(i - lease.ndns, server) ? 0 : -HOLM_ENOENT;
	*server = (struct holm_endpoint){ .addr = lease.dns[i] };
	return 0;
}

/* ---- the line ---- */

static void announce(const struct holm_dev *dev, const struct holm_addr *addr, unsigned prefix,
		     const struct holm_addr *gateway, const char *how)
{
	char a[HOLM_ADDR_TEXT_MAX], g[HOLM_ADDR_TEXT_MAX];

	holm_addr_format(addr, a, sizeof(a));
	if (holm_addr_is_any(gateway)) {
		log_info("%s: %s/%u (%s)", dev->name, a, prefix, how);
		return;
	}
	holm_addr_format(gateway, g, sizeof(g));
	log_info("%s: %s/%u via %s (%s)", dev->name, a, prefix, g, how);
}

static struct holm_addr default_gateway(bool ip4)
{
	struct holm_route r;

	for (size_t i = 0; holm_route_get(net, i, &r); i++)
		if (r.prefix_len == 0 && holm_addr_is_ip4(&r.dst) == ip4)
			return r.gateway;
	return holm_addr_ip4(0, 0, 0, 0);
}

/* ---- from the command line ---- */

static size_t text_len(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0')
		n++;
	return n;
}

/* What the words of a family are called, and its prefixes. */
struct family {
	bool ip4;
	const char *name, *gateway;
	unsigned prefix_len, prefix_max; /* as in most networks, and the longest */
};

static const struct family ip4 = { true, "IPv4", "gw", 24, 32 };
static const struct family ip6 = { false, "IPv6", "gw6", 64, 128 };

static bool read_addr(const struct family *of, const char *key, const char *text, size_t len,
		      struct holm_addr *addr)
{
	if (holm_addr_parse(addr, text, len) == 0 && holm_addr_is_ip4(addr) == of->ip4)
		return true;
	log_error("%s=%s: not an %s address", key, text, of->name);
	return false;
}

/* "10.0.5.2/24", "2001:db8::2/64"; the length may be left out. */
static bool read_prefix(const struct family *of, const char *key, const char *text,
			struct holm_addr *addr, unsigned *prefix_len)
{
	size_t len = text_len(text), slash = 0;
	uint64_t bits = of->prefix_len;

	while (slash < len && text[slash] != '/')
		slash++;
	if (slash < len &&
	    (slash + 1 == len || fmt_parse_u64(text + slash + 1, len - slash - 1, 10,
					       of->prefix_max, &bits) != len - slash - 1)) {
		log_error("%s=%s: a length of 0 to %u is to follow the slash", key, text,
			  of->prefix_max);
		return false;
	}
	*prefix_len = (unsigned)bits;
	return read_addr(of, key, text, slash, addr);
}

/* A link-local gateway needs the device. */
static void add_gateway(const struct family *of, struct holm_dev *dev)
{
	struct holm_route r = { .dst = of->ip4 ? holm_addr_ip4(0, 0, 0, 0) : holm_addr_any6() };
	const char *text = cmdline_get(of->gateway);
	int err;

	if (!text || !read_addr(of, of->gateway, text, text_len(text), &r.gateway))
		return;
	if (!of->ip4)
		r.dev = dev;
	err = holm_route_add(net, &r);
	if (err)
		log_error("%s=%s: no device reaches it (error %d)", of->gateway, text, -err);
}

static void configure_static(const struct family *of, struct holm_dev *dev, const char *key,
			     const char *text, bool gateway)
{
	struct holm_addr addr, gw = holm_addr_ip4(0, 0, 0, 0);
	unsigned prefix_len;
	int err;

	if (!read_prefix(of, key, text, &addr, &prefix_len))
		return;
	err = holm_addr_add(net, dev, &addr, prefix_len);
	if (err) {
		log_error("%s=%s: cannot be the address of %s (error %d)", key, text, dev->name,
			  -err);
		return;
	}
	if (gateway) {
		add_gateway(of, dev);
		gw = default_gateway(of->ip4);
	}
	announce(dev, &addr, prefix_len, &gw, "static");
}

/* "10.0.2.3" or several with commas, of either family. */
static void read_dns(void)
{
	const char *text = cmdline_get("dns");

	while (text && *text != '\0' && ndns < NET_DNS_MAX) {
		size_t len = 0;

		while (text[len] != '\0' && text[len] != ',')
			len++;
		if (holm_addr_parse(&dns[ndns].addr, text, len) != 0) {
			log_error("dns=%s: not an address", text);
			return;
		}
		ndns++;
		text += len + (text[len] == ',');
	}
}

/* ---- by DHCP ---- */

static void start_dhcp(struct holm_dev *dev)
{
	int err = holm_dhcp_start(net, dev, net_hostname(), &dhcp);

	if (err) {
		log_error("%s: DHCP does not start (error %d)", dev->name, -err);
		dhcp = NULL;
		return;
	}
	dhcp_dev = dev;
	announced = holm_addr_ip4(0, 0, 0, 0);
}

static void tell_of_lease(void)
{
	struct holm_dhcp_lease lease;
	struct holm_addr gateway;

	if (!holm_dhcp_lease(dhcp, &lease)) {
		if (!holm_addr_is_any(&announced))
			log_warn("%s: the lease is gone", dhcp_dev->name);
		announced = holm_addr_ip4(0, 0, 0, 0);
		return;
	}
	if (holm_addr_equal(&lease.addr, &announced))
		return;
	announced = lease.addr;
	gateway = default_gateway(true);
	announce(dhcp_dev, &lease.addr, lease.prefix_len, &gateway, "dhcp");
}

bool net_config_owns(const struct holm_event *ev)
{
	if (!dhcp || !holm_dhcp_owns(dhcp, ev))
		return false;
	dhcp_event = true;
	return true;
}

uint64_t net_config_poll(uint64_t now_ns)
{
	if (!dhcp)
		return UINT64_MAX;
	if (!dhcp_event && now_ns < dhcp_next_ns)
		return dhcp_next_ns;
	dhcp_event = false;
	dhcp_next_ns = holm_dhcp_poll(dhcp, now_ns);
	tell_of_lease();
	return dhcp_next_ns;
}

/* ---- all devices ---- */

static void configure(struct holm_dev *dev, size_t i)
{
	static const char *const keys[DEVICES_NET_MAX] = { "ip", "ip1", "ip2", "ip3" };
	const char *text = cmdline_get(keys[i]);

	if (text && is_word(text, "off"))
		return;
	if (text)
		configure_static(&ip4, dev, keys[i], text, i == 0);
	else if (i == 0)
		start_dhcp(dev);
	else
		log_warn("%s: no address; %s= on the command line gives it one", dev->name,
			 keys[i]);
}

/* Beside what routers announce. */
static void configure_ip6(struct holm_dev *dev)
{
	const char *text = cmdline_get("ip6");

	if (text && net_has_ip6())
		configure_static(&ip6, dev, "ip6", text, true);
}

void net_config_start(struct holm_net *instance, struct holm_dev **devs, size_t n)
{
	net = instance;
	/* So that these words count as known, wanted or not. */
	(void)net_hostname();
	(void)cmdline_get("gw");
	(void)cmdline_get("gw6");
	read_dns();
	for (size_t i = 0; i < n; i++)
		configure(devs[i], i);
	if (n > 0)
		configure_ip6(devs[0]);
}
