/* nameinfo.c -- getnameinfo() (RFC 3493 section 6.2): names of addresses and ports, or their numbers. */
#include <netdb.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "kernel/libc/lookup.h"
#include "lib/fmt.h"

enum { FLAGS = NI_NUMERICHOST | NI_NUMERICSERV | NI_NOFQDN | NI_NAMEREQD | NI_DGRAM };

/* The address in an address of either family, and where its port is. false: neither. */
static bool read_sockaddr(const struct sockaddr *addr, socklen_t len, struct holm_addr *out,
			  uint32_t *scope, uint16_t *port)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in;

	*scope = 0;
	if (addr->sa_family == AF_INET && len >= sizeof(in)) {
		memcpy(&in, addr, sizeof(in));
		*out = holm_addr_ip4(0, 0, 0, 0);
		memcpy(out->b + 12, &in.sin_addr, 4);
		*port = ntohs(in.sin_port);
		return true;
	}
	if (addr->sa_family == AF_INET6 && len >= sizeof(in6)) {
		memcpy(&in6, addr, sizeof(in6));
		memcpy(out->b, &in6.sin6_addr, 16);
		*scope = in6.sin6_scope_id;
		*port = ntohs(in6.sin6_port);
		return true;
	}
	return false;
}

/* A name in one's own domain may do without it. */
static void cut_domain(char *name)
{
	char domain[65] = "";
	char *dot = strchr(name, '.');

	(void)getdomainname(domain, sizeof(domain));
	if (dot != NULL && strcmp(dot + 1, domain) == 0)
		*dot = '\0';
}

static int put(char *out, size_t room, const char *text)
{
	return fmt_string(out, room, "%s", text) < room ? 0 : EAI_OVERFLOW;
}

static int put_number(const struct sockaddr *addr, const struct holm_addr *a, uint32_t scope,
		      char *out, size_t room)
{
	char text[INET6_ADDRSTRLEN + 1 + IF_NAMESIZE], name[IF_NAMESIZE];
	bool ip4 = addr->sa_family == AF_INET;
	size_t len;

	if (inet_ntop(addr->sa_family, ip4 ? a->b + 12 : a->b, text, INET6_ADDRSTRLEN) == NULL)
		return EAI_FAMILY;
	len = strlen(text);
	if (scope != 0 && if_indextoname(scope, name) != NULL)
		(void)fmt_string(text + len, sizeof(text) - len, "%%%s", name);
	else if (scope != 0)
		(void)fmt_string(text + len, sizeof(text) - len, "%%%u", (unsigned)scope);
	return put(out, room, text);
}

static int put_host(const struct sockaddr *addr, const struct holm_addr *a, uint32_t scope,
		    char *out, size_t room, int flags)
{
	char name[HOLM_DNS_NAME_BYTES];

	if ((flags & NI_NUMERICHOST) == 0 && lookup_addr(a, name, sizeof(name))) {
		if ((flags & NI_NOFQDN) != 0)
			cut_domain(name);
		return put(out, room, name);
	}
	if ((flags & NI_NAMEREQD) != 0)
		return EAI_NONAME;
	return put_number(addr, a, scope, out, room);
}

static int put_service(uint16_t port, char *out, size_t room, int flags)
{
	const char *name = NULL;

	if ((flags & NI_NUMERICSERV) == 0)
		name = service_name(port, (flags & NI_DGRAM) != 0 ? "udp" : "tcp");
	if (name != NULL)
		return put(out, room, name);
	return fmt_string(out, room, "%u", (unsigned)port) < room ? 0 : EAI_OVERFLOW;
}

int getnameinfo(const struct sockaddr *addr, socklen_t len, char *host, socklen_t host_len,
		char *service, socklen_t service_len, int flags)
{
	bool wants_host = host != NULL && host_len > 0;
	bool wants_service = service != NULL && service_len > 0;
	struct holm_addr a;
	uint32_t scope;
	uint16_t port;
	int err = 0;

	if ((flags & ~FLAGS) != 0)
		return EAI_BADFLAGS;
	if (addr == NULL || len < sizeof(addr->sa_family) ||
	    !read_sockaddr(addr, len, &a, &scope, &port))
		return EAI_FAMILY;
	if (!wants_host && !wants_service)
		return EAI_NONAME;
	if (wants_host)
		err = put_host(addr, &a, scope, host, host_len, flags);
	if (err == 0 && wants_service)
		err = put_service(port, service, service_len, flags);
	return err;
}
