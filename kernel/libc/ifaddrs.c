/*
 * ifaddrs.c -- interfaces and their addresses, for <net/if.h> and <ifaddrs.h>.
 *
 * Each element is one piece of memory. Without figures of the interfaces: ifa_data is NULL.
 */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/libc/error.h"
#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"

_Static_assert(sizeof(struct ifreq) == sizeof(struct sys_ifreq), "Linux's layout");
_Static_assert(sizeof(struct ifconf) == sizeof(struct sys_ifconf), "Linux's layout");
_Static_assert(IF_NAMESIZE == SYS_IFNAME_BYTES, "Linux's number");

static bool get(size_t i, struct sys_interface *out)
{
	return sys_interface_get(process_current(), i, out) == 0;
}

unsigned if_nametoindex(const char *name)
{
	struct sys_interface found;

	for (size_t i = 0; get(i, &found); i++)
		if (strcmp(found.name, name) == 0)
			return found.index;
	(void)libc_fail(ENODEV);
	return 0;
}

char *if_indextoname(unsigned index, char name[IF_NAMESIZE])
{
	struct sys_interface found;

	for (size_t i = 0; get(i, &found); i++)
		if (found.index == index)
			return memcpy(name, found.name, IF_NAMESIZE);
	(void)libc_fail(ENXIO);
	return NULL;
}

static size_t count_interfaces(void)
{
	struct sys_interface found;
	size_t n = 0;

	while (get(n, &found))
		n++;
	return n;
}

struct if_nameindex *if_nameindex(void)
{
	size_t n = count_interfaces();
	struct if_nameindex *list = calloc(1, (n + 1) * sizeof(*list) + n * IF_NAMESIZE);
	char *names = list ? (char *)(list + n + 1) : NULL;
	struct sys_interface found;

	if (list == NULL) {
		(void)libc_fail(ENOBUFS);
		return NULL;
	}
	for (size_t i = 0; i < n && get(i, &found); i++) {
		list[i].if_index = found.index;
		list[i].if_name = memcpy(names + i * IF_NAMESIZE, found.name, IF_NAMESIZE);
	}
	return list;
}

void if_freenameindex(struct if_nameindex *list)
{
	free(list);
}

/* ---- getifaddrs() ---- */

/* One element with everything that it points to. */
struct element {
	struct ifaddrs base;
	char name[IF_NAMESIZE];
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct holm_sockaddr_ll link;
	} addr, mask, third; /* the broadcast address, or its own again */
};

static void put_addr(struct sockaddr_in *in, struct sockaddr_in6 *in6, const struct holm_addr *a,
		     bool ip4)
{
	if (ip4) {
		in->sin_family = AF_INET;
		memcpy(&in->sin_addr, a->b + 12, 4);
	} else {
		in6->sin6_family = AF_INET6;
		memcpy(&in6->sin6_addr, a->b, 16);
	}
}

/* What glibc lists first of every interface: its hardware address. */
static void fill_link(struct element *e, const struct sys_interface *of)
{
	struct holm_sockaddr_ll ll = { .family = AF_PACKET,
				       .ifindex = (int)of->index,
				       .hatype = of->hardware,
				       .halen = sizeof(of->mac) };

	memcpy(ll.addr, of->mac, sizeof(of->mac));
	e->addr.link = ll;
	memset(ll.addr, of->flags & IFF_BROADCAST ? 0xff : 0, sizeof(of->mac));
	e->third.link = ll;
	e->base.ifa_broadaddr = &e->third.any;
}

static void fill_addr(struct element *e, const struct sys_interface_addr *of, unsigned index)
{
	bool ip4 = holm_addr_is_ip4(&of->addr);

	put_addr(&e->addr.in, &e->addr.in6, &of->addr, ip4);
	if (!ip4 && IN6_IS_ADDR_LINKLOCAL(&e->addr.in6.sin6_addr))
		e->addr.in6.sin6_scope_id = index;
	put_addr(&e->mask.in, &e->mask.in6, &of->mask, ip4);
	e->base.ifa_netmask = &e->mask.any;
	if (!ip4)
		return;
	put_addr(&e->third.in, NULL, holm_addr_is_any(&of->broadcast) ? &of->addr : &of->broadcast,
		 true);
	e->base.ifa_broadaddr = &e->third.any;
}

/* Behind what is there; with `addr` NULL the interface itself. false: no memory. */
static bool append(struct ifaddrs ***tail, const struct sys_interface *of,
		   const struct sys_interface_addr *addr)
{
	struct element *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return false;
	memcpy(e->name, of->name, sizeof(e->name));
	e->base.ifa_name = e->name;
	e->base.ifa_flags = of->flags;
	e->base.ifa_addr = &e->addr.any;
	if (addr == NULL)
		fill_link(e, of);
	else
		fill_addr(e, addr, of->index);
	**tail = &e->base;
	*tail = &e->base.ifa_next;
	return true;
}

static bool append_all(struct ifaddrs ***tail)
{
	struct sys_interface_addr addr;
	struct sys_interface of;

	for (size_t i = 0; get(i, &of); i++)
		if (!append(tail, &of, NULL))
			return false;
	for (size_t i = 0; get(i, &of); i++)
		for (size_t j = 0;
		     sys_interface_addr_get(process_current(), of.index, j, &addr) == 0; j++)
			if (!append(tail, &of, &addr))
				return false;
	return true;
}

int getifaddrs(struct ifaddrs **out)
{
	struct ifaddrs **tail = out;

	*out = NULL;
	if (append_all(&tail))
		return 0;
	freeifaddrs(*out);
	*out = NULL;
	return libc_fail(ENOMEM);
}

void freeifaddrs(struct ifaddrs *list)
{
	while (list != NULL) {
		struct ifaddrs *next = list->ifa_next;

		free(list); /* the first member of its element */
		list = next;
	}
}
