/*
 * Addresses of the image's devices: from the command line, or by DHCP for the first one. Says so in one
 * line when there is an address.
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

int net_dns(size_t i, struct holm_endpoint *server)
{
	struct holm_dhcp_lease lease;

	if (i < ndns) {
		*server = dns[i];
		return 0;
	}
	if (ndns > 0 || !dhcp)
		return -HOLM_ENOENT;
	if (!holm_dhcp_lease(dhcp, &lease))
		return -HOLM_EAGAIN;
	if (i >= lease.ndns)
		return -HOLM_ENOENT;
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

static struct holm_addr default_gateway(void)
{
	struct holm_route r;

	for (size_t i = 0; holm_route_get(net, i, &r); i++)
		if (r.prefix_len == 0)
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

static bool read_addr(const char *key, const char *text, size_t len, struct holm_addr *addr)
{
	if (holm_addr_parse(addr, text, len) == 0 && holm_addr_is_ip4(addr))
		return true;
	log_error("%s=%s: not an IPv4 address", key, text);
	return false;
}

/* "10.0.5.2/24"; without a length it is 24, as in most small networks. */
static bool read_prefix(const char *key, const char *text, struct holm_addr *addr,
			unsigned *prefix_len)
{
	size_t len = text_len(text), slash = 0;
	uint64_t bits = 24;

	while (slash < len && text[slash] != '/')
		slash++;
	if (slash < len && (slash + 1 == len || fmt_parse_u64(text + slash + 1, len - slash - 1, 10,
							      32, &bits) != len - slash - 1)) {
		log_error("%s=%s: a length of 0 to 32 is to follow the slash", key, text);
		return false;
	}
	*prefix_len = (unsigned)bits;
	return read_addr(key, text, slash, addr);
}

static void add_gateway(void)
{
	struct holm_route r = { .dst = holm_addr_ip4(0, 0, 0, 0) };
	const char *text = cmdline_get("gw");
	int err;

	if (!text || !read_addr("gw", text, text_len(text), &r.gateway))
		return;
	err = holm_route_add(net, &r);
	if (err)
		log_error("gw=%s: no device reaches it (error %d)", text, -err);
}

static void configure_static(struct holm_dev *dev, const char *key, const char *text, bool gateway)
{
	struct holm_addr addr, gw = holm_addr_ip4(0, 0, 0, 0);
	unsigned prefix_len;
	int err;

	if (!read_prefix(key, text, &addr, &prefix_len))
		return;
	err = holm_addr_add(net, dev, &addr, prefix_len);
	if (err) {
		log_error("%s=%s: cannot be the address of %s (error %d)", key, text, dev->name,
			  -err);
		return;
	}
	if (gateway) {
		add_gateway();
		gw = default_gateway();
	}
	announce(dev, &addr, prefix_len, &gw, "static");
}

/* "10.0.2.3" or several with commas. */
static void read_dns(void)
{
	const char *text = cmdline_get("dns");

	while (text && *text != '\0' && ndns < NET_DNS_MAX) {
		size_t len = 0;

		while (text[len] != '\0' && text[len] != ',')
			len++;
		if (!read_addr("dns", text, len, &dns[ndns].addr))
			return;
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
	gateway = default_gateway();
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

	if (text && text_len(text) == 3 && memcmp(text, "off", 3) == 0)
		return;
	if (text)
		configure_static(dev, keys[i], text, i == 0);
	else if (i == 0)
		start_dhcp(dev);
	else
		log_warn("%s: no address; %s= on the command line gives it one", dev->name,
			 keys[i]);
}

void net_config_start(struct holm_net *instance, struct holm_dev **devs, size_t n)
{
	net = instance;
	/* So that these words count as known, wanted or not. */
	(void)net_hostname();
	(void)cmdline_get("gw");
	read_dns();
	for (size_t i = 0; i < n; i++)
		configure(devs[i], i);
}
