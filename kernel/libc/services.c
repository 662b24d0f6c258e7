/*
 * services.c -- names of services and protocols: those that programs ask for, as IANA registers them.
 * There is no /etc/services.
 */
#include <netdb.h>
#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "kernel/libc/lookup.h"

enum { TCP = 1, UDP = 2 };

static const struct service {
	char name[14];
	uint8_t protocols;
	uint16_t port;
} services[] = {
	{ "tcpmux", TCP, 1 },
	{ "echo", TCP | UDP, 7 },
	{ "discard", TCP | UDP, 9 },
	{ "systat", TCP, 11 },
	{ "daytime", TCP | UDP, 13 },
	{ "qotd", TCP, 17 },
	{ "chargen", TCP | UDP, 19 },
	{ "ftp-data", TCP, 20 },
	{ "ftp", TCP, 21 },
	{ "ssh", TCP, 22 },
	{ "telnet", TCP, 23 },
	{ "smtp", TCP, 25 },
	{ "time", TCP | UDP, 37 },
	{ "whois", TCP, 43 },
	{ "domain", TCP | UDP, 53 },
	{ "bootps", UDP, 67 },
	{ "bootpc", UDP, 68 },
	{ "tftp", UDP, 69 },
	{ "gopher", TCP, 70 },
	{ "finger", TCP, 79 },
	{ "http", TCP, 80 },
	{ "kerberos", TCP | UDP, 88 },
	{ "pop3", TCP, 110 },
	{ "sunrpc", TCP | UDP, 111 },
	{ "auth", TCP, 113 },
	{ "nntp", TCP, 119 },
	{ "ntp", UDP, 123 },
	{ "imap2", TCP, 143 },
	{ "snmp", TCP | UDP, 161 },
	{ "snmp-trap", TCP | UDP, 162 },
	{ "bgp", TCP, 179 },
	{ "irc", TCP | UDP, 194 },
	{ "ldap", TCP | UDP, 389 },
	{ "https", TCP | UDP, 443 },
	{ "submissions", TCP, 465 },
	{ "isakmp", UDP, 500 },
	{ "syslog", UDP, 514 },
	{ "printer", TCP, 515 },
	{ "submission", TCP, 587 },
	{ "ldaps", TCP | UDP, 636 },
	{ "domain-s", TCP | UDP, 853 },
	{ "rsync", TCP, 873 },
	{ "imaps", TCP, 993 },
	{ "pop3s", TCP, 995 },
	{ "socks", TCP, 1080 },
	{ "openvpn", TCP | UDP, 1194 },
	{ "nfs", TCP | UDP, 2049 },
	{ "mysql", TCP, 3306 },
	{ "postgresql", TCP, 5432 },
	{ "mdns", UDP, 5353 },
	{ "http-alt", TCP | UDP, 8080 },
};

static const struct protocol {
	char name[10];
	int number;
} protocols[] = {
	{ "ip", 0 },   { "icmp", 1 },  { "igmp", 2 },	    { "tcp", 6 },
	{ "udp", 17 }, { "ipv6", 41 }, { "ipv6-icmp", 58 },
};

enum {
	SERVICES = sizeof(services) / sizeof(services[0]),
	PROTOCOLS = sizeof(protocols) / sizeof(protocols[0]),
};

static bool is_of(const struct service *s, const char *protocol)
{
	if (protocol == NULL)
		return true;
	if (strcmp(protocol, "tcp") == 0)
		return (s->protocols & TCP) != 0;
	return strcmp(protocol, "udp") == 0 && (s->protocols & UDP) != 0;
}

static const struct service *by_name(const char *name, const char *protocol)
{
	for (size_t i = 0; i < SERVICES; i++)
		if (strcmp(services[i].name, name) == 0 && is_of(&services[i], protocol))
			return &services[i];
	return NULL;
}

static const struct service *by_port(int port, const char *protocol)
{
	for (size_t i = 0; i < SERVICES; i++)
		if (services[i].port == port && is_of(&services[i], protocol))
			return &services[i];
	return NULL;
}

int service_port(const char *name, const char *protocol)
{
	const struct service *s = by_name(name, protocol);

	return s != NULL ? s->port : -1;
}

const char *service_name(int port, const char *protocol)
{
	const struct service *s = by_port(port, protocol);

	return s != NULL ? s->name : NULL;
}

/* ---- <netdb.h> ---- */

static char *no_aliases[1];

static struct servent *servent_of(const struct service *s, const char *protocol)
{
	static char name[sizeof(s->name)], proto[4];
	static struct servent entry = { name, no_aliases, 0, proto };

	if (s == NULL)
		return NULL;
	memcpy(name, s->name, sizeof(name));
	memcpy(proto, protocol != NULL ? protocol : s->protocols & TCP ? "tcp" : "udp", 4);
	entry.s_port = htons(s->port);
	return &entry;
}

struct servent *getservbyname(const char *name, const char *protocol)
{
	return servent_of(by_name(name, protocol), protocol);
}

struct servent *getservbyport(int port, const char *protocol)
{
	return servent_of(by_port(ntohs((uint16_t)port), protocol), protocol);
}

static struct protoent *protoent_of(const struct protocol *p)
{
	static char name[sizeof(p->name)];
	static struct protoent entry = { name, no_aliases, 0 };

	memcpy(name, p->name, sizeof(name));
	entry.p_proto = p->number;
	return &entry;
}

struct protoent *getprotobyname(const char *name)
{
	for (size_t i = 0; i < PROTOCOLS; i++)
		if (strcmp(protocols[i].name, name) == 0)
			return protoent_of(&protocols[i]);
	return NULL;
}

struct protoent *getprotobynumber(int number)
{
	for (size_t i = 0; i < PROTOCOLS; i++)
		if (protocols[i].number == number)
			return protoent_of(&protocols[i]);
	return NULL;
}
