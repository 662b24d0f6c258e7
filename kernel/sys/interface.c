/*
 * Interfaces as programs see them: by number, by name, and by the ioctl() requests of Linux's netdevice(7)
 * that ask. Those that would change something are answered with EPERM or EOPNOTSUPP: addresses are
 * configured by the command line, DHCP or <holm/ip.h>.
 *
 * Indices are holm's plus one, so that the loopback is 1 as on Linux and 0 is no interface.
 */
#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "lib/bytes.h"
#include "lib/mem.h"

#include <holm/ip.h>

enum {
	LOOPBACK_INDEX = 1,
	/* What netdevice(7) calls SIOCSIF..., in the range of its requests. */
	REQUEST_FIRST = 0x8910,
	REQUEST_LAST = 0x8943,
};

_Static_assert(sizeof(void *) < 8 || sizeof(struct sys_ifreq) == 40, "Linux's layout");

/* ---- which there are ---- */

static struct holm_dev *nth_dev(struct process *p, size_t i)
{
	struct holm_dev *loopback = p->env.net ? holm_net_dev_at(p->env.net, 0) : NULL;

	if (!p->env.net)
		return NULL;
	if (loopback && i == 0)
		return loopback;
	return holm_net_dev(p->env.net, loopback ? i - 1 : i);
}

static bool is_loopback(const struct holm_dev *dev)
{
	return (dev->caps.features & HOLM_DEV_LOOPBACK) != 0;
}

static void put_name(char out[SYS_IFNAME_BYTES], const char *name)
{
	size_t n = 0;

	for (; name[n] != '\0' && n < SYS_IFNAME_BYTES - 1; n++)
		out[n] = name[n];
	memset(out + n, 0, SYS_IFNAME_BYTES - n);
}

static uint32_t flags_of(const struct holm_dev *dev)
{
	uint32_t flags =
		is_loopback(dev) ? SYS_IFF_LOOPBACK : SYS_IFF_BROADCAST | SYS_IFF_MULTICAST;

	return flags | SYS_IFF_UP | (dev->link_up ? SYS_IFF_RUNNING : 0u);
}

static void describe(const struct holm_dev *dev, struct sys_interface *out)
{
	*out = (struct sys_interface){
		.index = holm_dev_index(dev) + LOOPBACK_INDEX,
		.flags = flags_of(dev),
		.mtu = dev->caps.mtu,
		.hardware = is_loopback(dev) ? SYS_ARPHRD_LOOPBACK : SYS_ARPHRD_ETHER,
	};
	put_name(out->name, dev->name);
	memcpy(out->mac, dev->mac.b, sizeof(out->mac));
}

int sys_interface_get(struct process *p, size_t i, struct sys_interface *out)
{
	struct holm_dev *dev;

	sys_enter(p);
	dev = nth_dev(p, i);
	if (!dev)
		return -HOLM_ENODEV;
	describe(dev, out);
	return 0;
}

/* ---- their addresses ---- */

static struct holm_addr mask_of(bool ip4, unsigned prefix_len)
{
	struct holm_addr mask = ip4 ? holm_addr_ip4(0, 0, 0, 0) : holm_addr_any6();
	unsigned first = ip4 ? 96 : 0;

	for (unsigned bit = first; bit < first + prefix_len && bit < 128; bit++)
		mask.b[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
	return mask;
}

/* A network of one or two hosts has no broadcast address, and neither has the loopback's. */
static struct holm_addr broadcast_of(const struct holm_dev *dev, const struct holm_addr *addr,
				     const struct holm_addr *mask, unsigned prefix_len)
{
	struct holm_addr out = holm_addr_ip4(0, 0, 0, 0);

	if (is_loopback(dev) || !holm_addr_is_ip4(addr) || prefix_len > 30)
		return out;
	for (unsigned i = 12; i < 16; i++)
		out.b[i] = (uint8_t)(addr->b[i] | ~mask->b[i]);
	return out;
}

static bool describe_addr(struct process *p, struct holm_dev *dev, size_t i,
			  struct sys_interface_addr *out)
{
	unsigned prefix_len;

	if (!holm_addr_get(p->env.net, dev, i, &out->addr, &prefix_len))
		return false;
	out->mask = mask_of(holm_addr_is_ip4(&out->addr), prefix_len);
	out->broadcast = broadcast_of(dev, &out->addr, &out->mask, prefix_len);
	out->deprecated = holm_addr_state(p->env.net, dev, &out->addr) == HOLM_ADDR_DEPRECATED;
	return true;
}

static struct holm_dev *dev_at(struct process *p, uint32_t index)
{
	if (!p->env.net || index < LOOPBACK_INDEX)
		return NULL;
	return holm_net_dev_at(p->env.net, index - LOOPBACK_INDEX);
}

int sys_interface_addr_get(struct process *p, uint32_t index, size_t i,
			   struct sys_interface_addr *out)
{
	struct holm_dev *dev;

	sys_enter(p);
	dev = dev_at(p, index);
	if (!dev)
		return -HOLM_ENODEV;
	return describe_addr(p, dev, i, out) ? 0 : -HOLM_EADDRNOTAVAIL;
}

/* ---- ioctl() ---- */

static struct holm_sockaddr_in sockaddr_of(const struct holm_addr *addr)
{
	struct holm_sockaddr_in sa = { .family = HOLM_AF_INET };

	memcpy(&sa.addr, addr->b + 12, 4);
	return sa;
}

/* The first address of the family that these requests know. */
static bool first_addr(struct process *p, struct holm_dev *dev, struct sys_interface_addr *out)
{
	for (size_t i = 0; describe_addr(p, dev, i, out); i++)
		if (holm_addr_is_ip4(&out->addr))
			return true;
	return false;
}

static int get_conf(struct process *p, struct sys_ifconf *conf)
{
	size_t room = conf->req && conf->len > 0 ? (size_t)conf->len / sizeof(*conf->req) : 0;
	struct sys_interface_addr addr;
	struct holm_dev *dev;
	size_t n = 0;

	for (size_t d = 0; (dev = nth_dev(p, d)) != NULL; d++) {
		for (size_t i = 0; describe_addr(p, dev, i, &addr); i++) {
			struct sys_ifreq r = { .u.addr = sockaddr_of(&addr.addr) };

			if (!holm_addr_is_ip4(&addr.addr) || (conf->req && n == room))
				continue;
			put_name(r.name, dev->name);
			if (conf->req)
				conf->req[n] = r;
			n++;
		}
	}
	conf->len = (int)(n * sizeof(*conf->req));
	return 0;
}

static struct holm_dev *named(struct process *p, const char name[SYS_IFNAME_BYTES])
{
	char wanted[SYS_IFNAME_BYTES], has[SYS_IFNAME_BYTES];
	struct holm_dev *dev;

	memcpy(wanted, name, sizeof(wanted));
	wanted[SYS_IFNAME_BYTES - 1] = '\0';
	put_name(wanted, wanted);
	for (size_t i = 0; (dev = nth_dev(p, i)) != NULL; i++) {
		put_name(has, dev->name);
		if (memcmp(has, wanted, sizeof(has)) == 0)
			return dev;
	}
	return NULL;
}

static int get_name(struct process *p, struct sys_ifreq *r)
{
	struct holm_dev *dev = r->u.number > 0 ? dev_at(p, (uint32_t)r->u.number) : NULL;

	if (!dev)
		return -HOLM_ENODEV;
	put_name(r->name, dev->name);
	return 0;
}

static int get_addr(struct process *p, struct holm_dev *dev, uint32_t request, struct sys_ifreq *r)
{
	struct sys_interface_addr a;

	if (!first_addr(p, dev, &a))
		return -HOLM_EADDRNOTAVAIL;
	switch (request) {
	case SYS_SIOCGIFBRDADDR:
		r->u.addr = sockaddr_of(&a.broadcast);
		return 0;
	case SYS_SIOCGIFNETMASK:
		r->u.addr = sockaddr_of(&a.mask);
		return 0;
	default:
		r->u.addr = sockaddr_of(&a.addr);
		return 0;
	}
}

static void get_hardware(const struct holm_dev *dev, struct sys_ifreq *r)
{
	memset(&r->u, 0, sizeof(r->u));
	r->u.hardware.family = is_loopback(dev) ? SYS_ARPHRD_LOOPBACK : SYS_ARPHRD_ETHER;
	memcpy(r->u.hardware.bytes, dev->mac.b, sizeof(dev->mac.b));
}

/* What is known of one interface by its name. */
static int get_of_dev(struct process *p, struct holm_dev *dev, uint32_t request,
		      struct sys_ifreq *r)
{
	switch (request) {
	case SYS_SIOCGIFFLAGS:
		r->u.flags = (int16_t)flags_of(dev);
		return 0;
	case SYS_SIOCGIFADDR:
	case SYS_SIOCGIFDSTADDR:
	case SYS_SIOCGIFBRDADDR:
	case SYS_SIOCGIFNETMASK:
		return get_addr(p, dev, request, r);
	case SYS_SIOCGIFMETRIC:
		r->u.number = 0;
		return 0;
	case SYS_SIOCGIFMTU:
		r->u.number = dev->caps.mtu;
		return 0;
	case SYS_SIOCGIFHWADDR:
		get_hardware(dev, r);
		return 0;
	case SYS_SIOCGIFINDEX:
		r->u.number = (int32_t)holm_dev_index(dev) + LOOPBACK_INDEX;
		return 0;
	default:
		return process_may(p, SYS_CAP_NET_ADMIN) ? -HOLM_EOPNOTSUPP : -HOLM_EPERM;
	}
}

int interface_ioctl(struct process *p, uint32_t request, void *arg)
{
	struct sys_ifreq *r = arg;
	struct holm_dev *dev;

	if (request < REQUEST_FIRST || request > REQUEST_LAST)
		return -HOLM_ENOTTY;
	if (!arg)
		return -HOLM_EFAULT;
	if (request == SYS_SIOCGIFCONF)
		return get_conf(p, arg);
	if (request == SYS_SIOCGIFNAME)
		return get_name(p, r);
	dev = named(p, r->name);
	return dev ? get_of_dev(p, dev, request, r) : -HOLM_ENODEV;
}
