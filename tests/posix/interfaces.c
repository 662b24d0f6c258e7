/* Interfaces and their addresses: netdevice(7), if_nametoindex(3), getifaddrs(3). */
#include "tests/posix/libc.h"

static struct ifreq named(const char *name)
{
	struct ifreq r;

	memset(&r, 0, sizeof(r));
	memcpy(r.ifr_name, name, strlen(name));
	return r;
}

static const char *text_of(const struct sockaddr *sa)
{
	static char text[INET_ADDRSTRLEN];
	struct sockaddr_in in;

	memcpy(&in, sa, sizeof(in));
	EQ(in.sin_family, AF_INET);
	return inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text));
}

#define TEXT(sa, expected) CHECK(strcmp(text_of(sa), expected) == 0)

CASE(the_loopback_is_interface_1)
{
	EQ(if_nametoindex("lo"), 1);
}

CASE(an_interface_that_is_none_has_index_0)
{
	errno = 0;
	EQ(if_nametoindex("nothing0"), 0);
	EQ(errno, ENODEV);
	EQ(if_nametoindex(""), 0);
}

CASE(an_index_has_its_name_back)
{
	char name[IF_NAMESIZE] = "";

	CHECK(if_indextoname(1, name) == name);
	CHECK(strcmp(name, "lo") == 0);
}

CASE(an_index_that_is_none_has_no_name)
{
	char name[IF_NAMESIZE];

	errno = 0;
	CHECK(!if_indextoname(0, name));
	EQ(errno, ENXIO);
	CHECK(!if_indextoname(99999, name));
}

CASE(the_list_of_interfaces_ends_with_zero_and_has_the_loopback)
{
	bool found = false;
	name_index *list = if_nameindex();
	size_t n = 0;

	CHECK(list != NULL);
	for (; list[n].if_index != 0; n++) {
		found |= strcmp(list[n].if_name, "lo") == 0;
		EQ(if_nametoindex(list[n].if_name), list[n].if_index);
	}
	CHECK(list[n].if_name == NULL);
	if_freenameindex(list);
	CHECK(found);
}

CASE(an_ioctl_tells_the_index_of_a_name)
{
	struct ifreq r = named("lo");

	OK(ioctl(udp(), SIOCGIFINDEX, &r));
	EQ(r.ifr_ifindex, 1);
}

CASE(an_ioctl_tells_the_name_of_an_index)
{
	struct ifreq r = named("");

	r.ifr_ifindex = 1;
	OK(ioctl(udp(), SIOCGIFNAME, &r));
	CHECK(strcmp(r.ifr_name, "lo") == 0);
}

CASE(an_ioctl_about_no_interface_is_ENODEV)
{
	struct ifreq r = named("nothing0");
	int fd = udp();

	FAILS(ioctl(fd, SIOCGIFINDEX, &r), ENODEV);
	FAILS(ioctl(fd, SIOCGIFFLAGS, &r), ENODEV);
	FAILS(ioctl(fd, SIOCGIFADDR, &r), ENODEV);
	FAILS(ioctl(fd, SIOCGIFMTU, &r), ENODEV);
	r.ifr_ifindex = 99999;
	FAILS(ioctl(fd, SIOCGIFNAME, &r), ENODEV);
	r.ifr_ifindex = 0;
	FAILS(ioctl(fd, SIOCGIFNAME, &r), ENODEV);
}

CASE(the_loopback_is_up_and_says_so)
{
	struct ifreq r = named("lo");

	OK(ioctl(udp(), SIOCGIFFLAGS, &r));
	EQ(r.ifr_flags & (IFF_UP | IFF_LOOPBACK | IFF_RUNNING | IFF_BROADCAST | IFF_POINTOPOINT),
	   IFF_UP | IFF_LOOPBACK | IFF_RUNNING);
}

CASE(the_address_of_the_loopback)
{
	struct ifreq r = named("lo");

	OK(ioctl(tcp(), SIOCGIFADDR, &r));
	TEXT(&r.ifr_addr, "127.0.0.1");
	EQ(((struct sockaddr_in *)(void *)&r.ifr_addr)->sin_port, 0);
}

CASE(the_netmask_of_the_loopback)
{
	struct ifreq r = named("lo");

	OK(ioctl(udp(), SIOCGIFNETMASK, &r));
	TEXT(&r.ifr_netmask, "255.0.0.0");
}

CASE(the_loopback_has_no_broadcast_address)
{
	struct ifreq r = named("lo");

	OK(ioctl(udp(), SIOCGIFBRDADDR, &r));
	TEXT(&r.ifr_broadaddr, "0.0.0.0");
}

CASE(the_destination_of_the_loopback_is_itself)
{
	struct ifreq r = named("lo");

	OK(ioctl(udp(), SIOCGIFDSTADDR, &r));
	TEXT(&r.ifr_dstaddr, "127.0.0.1");
}

CASE(the_mtu_of_the_loopback_is_large)
{
	struct ifreq r = named("lo");

	OK(ioctl(udp(), SIOCGIFMTU, &r));
	CHECK(r.ifr_mtu == 65536 || (DIFFERS("an IPv4 packet's length") && r.ifr_mtu == 65535));
}

CASE(the_hardware_address_of_the_loopback_is_none)
{
	static const char zero[6];
	struct ifreq r = named("lo");

	OK(ioctl(udp(), SIOCGIFHWADDR, &r));
	EQ(r.ifr_hwaddr.sa_family, 772); /* ARPHRD_LOOPBACK */
	CHECK(memcmp(r.ifr_hwaddr.sa_data, zero, 6) == 0);
}

CASE(the_metric_of_an_interface_is_0)
{
	struct ifreq r = named("lo");

	r.ifr_metric = 7;
	OK(ioctl(udp(), SIOCGIFMETRIC, &r));
	EQ(r.ifr_metric, 0);
}

CASE(interfaces_can_be_asked_about_on_unix_sockets_too)
{
	struct ifreq r = named("lo");
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	OK(ioctl(fd[0], SIOCGIFINDEX, &r));
	EQ(r.ifr_ifindex, 1);
}

CASE(interfaces_cannot_be_asked_about_on_a_pipe)
{
	struct ifreq r = named("lo");
	struct ifconf c = { 0 };
	int fd[2];

	OK(pipe(fd));
	FAILS(ioctl(fd[0], SIOCGIFINDEX, &r), ENOTTY);
	FAILS(ioctl(fd[0], SIOCGIFCONF, &c), ENOTTY);
}

CASE(requests_that_nobody_knows_are_ENOTTY)
{
	int n = 0;

	FAILS(ioctl(udp(), 0x12345678, &n), ENOTTY);
	FAILS(ioctl(tcp(), 0x12345678, &n), ENOTTY);
}

CASE(a_request_about_interfaces_without_an_argument_is_EFAULT)
{
	FAILS(ioctl(udp(), SIOCGIFINDEX, NULL), EFAULT);
	FAILS(ioctl(udp(), SIOCGIFCONF, NULL), EFAULT);
}

CASE(an_ioctl_lists_the_addresses_of_interfaces)
{
	struct ifreq r[16];
	struct ifconf c = { .ifc_len = sizeof(r), .ifc_req = r };
	bool found = false;

	OK(ioctl(udp(), SIOCGIFCONF, &c));
	CHECK(c.ifc_len > 0 && c.ifc_len % (int)sizeof(r[0]) == 0);
	for (int i = 0; i < c.ifc_len / (int)sizeof(r[0]); i++)
		if (strcmp(r[i].ifr_name, "lo") == 0 &&
		    strcmp(text_of(&r[i].ifr_addr), "127.0.0.1") == 0)
			found = true;
	CHECK(found);
}

CASE(the_list_without_a_buffer_is_how_long_it_would_be)
{
	struct ifreq r[16];
	struct ifconf all = { .ifc_len = sizeof(r), .ifc_req = r };
	struct ifconf c = { .ifc_len = 0, .ifc_req = NULL };

	OK(ioctl(udp(), SIOCGIFCONF, &c));
	OK(ioctl(udp(), SIOCGIFCONF, &all));
	EQ(c.ifc_len, all.ifc_len);
}

CASE(the_list_holds_whole_entries_only)
{
	struct ifreq r[2] = { { .ifr_name = "" } };
	struct ifconf c = { .ifc_len = sizeof(r[0]) + sizeof(r[0]) / 2, .ifc_req = r };

	OK(ioctl(udp(), SIOCGIFCONF, &c));
	EQ(c.ifc_len, sizeof(r[0]));
	CHECK(strcmp(r[0].ifr_name, "lo") == 0);
	EQ(r[1].ifr_name[0], 0);
	c.ifc_len = sizeof(r[0]) / 2;
	OK(ioctl(udp(), SIOCGIFCONF, &c));
	EQ(c.ifc_len, 0);
}

static const struct ifaddrs *find(const struct ifaddrs *list, const char *name, int family)
{
	for (; list; list = list->ifa_next)
		if (strcmp(list->ifa_name, name) == 0 && list->ifa_addr &&
		    list->ifa_addr->sa_family == family)
			return list;
	return NULL;
}

CASE(getifaddrs_has_the_address_of_the_loopback)
{
	const struct ifaddrs *lo;
	struct ifaddrs *list;

	OK(getifaddrs(&list));
	lo = find(list, "lo", AF_INET);
	CHECK(lo != NULL);
	TEXT(lo->ifa_addr, "127.0.0.1");
	TEXT(lo->ifa_netmask, "255.0.0.0");
	CHECK(lo->ifa_flags & IFF_UP);
	CHECK(lo->ifa_flags & IFF_LOOPBACK);
	TEXT(lo->ifa_dstaddr, "127.0.0.1");
	freeifaddrs(list);
}

CASE(getifaddrs_has_interfaces_before_their_addresses)
{
	const struct ifaddrs *lo;
	struct sockaddr_ll ll;
	struct ifaddrs *list;

	OK(getifaddrs(&list));
	lo = find(list, "lo", AF_PACKET);
	CHECK(lo != NULL && lo == list);
	memcpy(&ll, lo->ifa_addr, sizeof(ll));
	EQ(ll.sll_ifindex, 1);
	EQ(ll.sll_hatype, 772);
	EQ(ll.sll_halen, 6);
	CHECK(lo->ifa_netmask == NULL);
	freeifaddrs(list);
}

CASE(every_address_is_listed_once)
{
	struct ifaddrs *list, *a;
	int n = 0;

	OK(getifaddrs(&list));
	for (a = list; a; a = a->ifa_next)
		if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET &&
		    strcmp(text_of(a->ifa_addr), "127.0.0.1") == 0)
			n++;
	freeifaddrs(list);
	EQ(n, 1);
}

CASE(getifaddrs_and_ioctl_tell_the_same)
{
	struct ifaddrs *list, *a;
	int fd = udp();

	OK(getifaddrs(&list));
	for (a = list; a; a = a->ifa_next) {
		struct ifreq r = named(a->ifa_name);

		OK(ioctl(fd, SIOCGIFFLAGS, &r));
		EQ((unsigned short)r.ifr_flags, a->ifa_flags & 0xffff);
	}
	freeifaddrs(list);
}

CASE(an_ethernet_interface_has_all_its_figures)
{
	static const unsigned char none[6];
	struct ifreq r = named("eth0");
	int fd;

	alone();
	fd = udp();
	OK(ioctl(fd, SIOCGIFADDR, &r));
	TEXT(&r.ifr_addr, "10.0.0.1");
	OK(ioctl(fd, SIOCGIFNETMASK, &r));
	TEXT(&r.ifr_netmask, "255.255.255.0");
	OK(ioctl(fd, SIOCGIFDSTADDR, &r));
	TEXT(&r.ifr_dstaddr, "10.0.0.1");
	OK(ioctl(fd, SIOCGIFHWADDR, &r));
	EQ(r.ifr_hwaddr.sa_family, 1); /* ARPHRD_ETHER */
	CHECK(memcmp(r.ifr_hwaddr.sa_data, none, 6) != 0);
	OK(ioctl(fd, SIOCGIFMTU, &r));
	EQ(r.ifr_mtu, 1500);
	OK(ioctl(fd, SIOCGIFFLAGS, &r));
	EQ(r.ifr_flags & (IFF_UP | IFF_BROADCAST | IFF_RUNNING | IFF_MULTICAST | IFF_LOOPBACK),
	   IFF_UP | IFF_BROADCAST | IFF_RUNNING | IFF_MULTICAST);
	EQ(if_nametoindex("eth0"), 2);
}

CASE(getifaddrs_has_the_network_of_an_ethernet_interface)
{
	const struct ifaddrs *eth;
	struct ifaddrs *list;

	alone();
	OK(getifaddrs(&list));
	CHECK(find(list, "eth0", AF_PACKET) != NULL);
	eth = find(list, "eth0", AF_INET);
	CHECK(eth != NULL);
	TEXT(eth->ifa_addr, "10.0.0.1");
	TEXT(eth->ifa_netmask, "255.255.255.0");
	freeifaddrs(list);
}

#ifdef POSIX_ON_HOLM
CASE(what_would_configure_an_interface_is_refused)
{
	struct ifreq r = named("eth0");

	FAILS(ioctl(udp(), SIOCSIFMTU, &r), EOPNOTSUPP);
}
#endif

CASE(configuring_an_interface_needs_a_right)
{
	struct ifreq r = named("lo");

	alone();
	give_up(RIGHT_ADMIN);
	FAILS(ioctl(udp(), SIOCSIFMTU, &r), EPERM);
}
