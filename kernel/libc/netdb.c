/*
 * netdb.c -- getaddrinfo() (RFC 3493 section 6.1): which kinds of sockets, which port, and a list of
 * answers, with glibc's order and errors. Where addresses come from is lookup.c's.
 */
#include <netdb.h>
#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/libc/lookup.h"
#include "lib/fmt.h"

enum {
	FLAGS = AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_V4MAPPED | AI_ALL | AI_ADDRCONFIG |
		AI_NUMERICSERV,
	KINDS = 3,
};

/* One answer in one piece of memory, which freeaddrinfo() gives back. */
struct answer {
	struct addrinfo info;
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} addr;
	char canonical[HOLM_DNS_NAME_BYTES];
};

/* A kind of socket, and the port of the service there. */
struct kind {
	int type, protocol;
	const char *service; /* in the table of services; NULL: they have none */
	uint16_t port;
};

static const struct kind kinds[KINDS] = {
	{ SOCK_STREAM, IPPROTO_TCP, "tcp", 0 },
	{ SOCK_DGRAM, IPPROTO_UDP, "udp", 0 },
	{ SOCK_RAW, IPPROTO_IP, NULL, 0 },
};

static bool matches(const struct kind *kind, const struct addrinfo *hints)
{
	return (hints->ai_socktype == 0 || hints->ai_socktype == kind->type) &&
	       (hints->ai_protocol == 0 || kind->protocol == 0 ||
		hints->ai_protocol == kind->protocol);
}

/* All of them, or where something is wished for the first one that has it. */
static int choose_kinds(const struct addrinfo *hints, struct kind out[KINDS], size_t *n)
{
	*n = 0;
	for (size_t i = 0; i < KINDS; i++) {
		if (!matches(&kinds[i], hints))
			continue;
		out[*n] = kinds[i];
		if (kinds[i].protocol == 0)
			out[*n].protocol = hints->ai_protocol;
		(*n)++;
		if (hints->ai_socktype != 0 || hints->ai_protocol != 0)
			return 0;
	}
	if (*n > 0)
		return 0;
	return hints->ai_socktype != 0 ? EAI_SOCKTYPE : EAI_SERVICE;
}

/* Kinds that know no service of this name are not for it. */
static int find_service(const char *service, struct kind list[KINDS], size_t *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++) {
		int port = list[i].service != NULL ? service_port(service, list[i].service) : -1;

		if (port < 0)
			continue;
		list[kept] = list[i];
		list[kept++].port = (uint16_t)port;
	}
	*n = kept;
	return kept > 0 ? 0 : EAI_SERVICE;
}

static int choose_ports(const char *service, int flags, struct kind list[KINDS], size_t *n)
{
	size_t len = service != NULL ? strlen(service) : 0;
	uint64_t value = 0;

	if (service == NULL)
		return 0;
	if (len == 0 || fmt_parse_u64(service, len, 10, UINT16_MAX, &value) != len) {
		if ((flags & AI_NUMERICSERV) != 0)
			return EAI_NONAME;
		return find_service(service, list, n);
	}
	for (size_t i = 0; i < *n; i++)
		list[i].port = (uint16_t)value;
	return 0;
}

/* No host: any for servers, and the machine itself for clients. */
static void no_host(const struct addrinfo *hints, struct lookup *out)
{
	bool passive = (hints->ai_flags & AI_PASSIVE) != 0;

	*out = (struct lookup){ .n = 0 };
	if (hints->ai_family != AF_INET) {
		out->addrs[0] = holm_addr_any6();
		out->addrs[0].b[15] = !passive;
		out->n++;
	}
	if (hints->ai_family != AF_INET6)
		out->addrs[out->n++] =
			passive ? holm_addr_ip4(0, 0, 0, 0) : holm_addr_ip4(127, 0, 0, 1);
	lookup_sort(out);
}

/*
 * AI_ADDRCONFIG: families of which the machine has no address are not asked for. As in glibc, the loopback's
 * addresses are none, and numbers and no host at all are treated alike.
 */
static int narrow(struct addrinfo *hints)
{
	bool ip4 = lookup_has_family(true), ip6 = lookup_has_family(false);

	if (hints->ai_family == AF_UNSPEC && ip4 != ip6)
		hints->ai_family = ip4 ? AF_INET : AF_INET6;
	if ((hints->ai_family == AF_INET && !ip4) || (hints->ai_family == AF_INET6 && !ip6))
		return EAI_NONAME;
	return 0;
}

static void fill(struct answer *a, const struct kind *kind, const struct holm_addr *addr,
		 uint32_t scope, const struct addrinfo *hints)
{
	bool ip4 = hints->ai_family != AF_INET6 && holm_addr_is_ip4(addr);

	if (ip4) {
		a->addr.in.sin_family = AF_INET;
		a->addr.in.sin_port = htons(kind->port);
		memcpy(&a->addr.in.sin_addr, addr->b + 12, 4);
	} else {
		a->addr.in6.sin6_family = AF_INET6;
		a->addr.in6.sin6_port = htons(kind->port);
		a->addr.in6.sin6_scope_id = scope;
		memcpy(&a->addr.in6.sin6_addr, addr->b, 16);
	}
	a->info = (struct addrinfo){
		.ai_flags = hints->ai_flags,
		.ai_family = ip4 ? AF_INET : AF_INET6,
		.ai_socktype = kind->type,
		.ai_protocol = kind->protocol,
		.ai_addrlen = ip4 ? sizeof(a->addr.in) : sizeof(a->addr.in6),
		.ai_addr = &a->addr.any,
	};
}

/* Every kind for every address. */
static int make_list(const struct lookup *found, const struct kind *list, size_t n,
		     const struct addrinfo *hints, struct addrinfo **out)
{
	struct addrinfo **tail = out;

	for (size_t i = 0; i < found->n * n; i++) {
		struct answer *a = calloc(1, sizeof(*a));

		if (a == NULL) {
			freeaddrinfo(*out);
			*out = NULL;
			return EAI_MEMORY;
		}
		fill(a, &list[i % n], &found->addrs[i / n], found->scope, hints);
		*tail = &a->info;
		tail = &a->info.ai_next;
	}
	return 0;
}

/* The canonical name goes with the first answer; of a number it is the number. */
static void put_canonical(struct addrinfo *first, const struct lookup *found, const char *host)
{
	struct answer *a = (struct answer *)(void *)first;

	(void)fmt_string(a->canonical, sizeof(a->canonical), "%s",
			 found->canonical[0] != '\0' ? found->canonical : host);
	first->ai_canonname = a->canonical;
}

static int check(const char *host, const char *service, const struct addrinfo *hints)
{
	if (host == NULL && service == NULL)
		return EAI_NONAME;
	if ((hints->ai_flags & ~FLAGS) != 0 ||
	    (host == NULL && (hints->ai_flags & AI_CANONNAME) != 0))
		return EAI_BADFLAGS;
	if (hints->ai_family != AF_UNSPEC && hints->ai_family != AF_INET &&
	    hints->ai_family != AF_INET6)
		return EAI_FAMILY;
	return 0;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *wished,
		struct addrinfo **out)
{
	static const struct addrinfo none = { .ai_flags = AI_V4MAPPED | AI_ADDRCONFIG };
	struct addrinfo wish = wished != NULL ? *wished : none;
	const struct addrinfo *hints = &wish;
	struct kind list[KINDS];
	struct lookup found;
	size_t n;
	int err;

	*out = NULL;
	err = check(host, service, hints);
	if (err == 0 && (hints->ai_flags & AI_ADDRCONFIG) != 0)
		err = narrow(&wish);
	if (err == 0)
		err = choose_kinds(hints, list, &n);
	if (err == 0)
		err = choose_ports(service, hints->ai_flags, list, &n);
	if (err == 0 && host == NULL)
		no_host(hints, &found);
	else if (err == 0)
		err = lookup_name(host, hints->ai_family, hints->ai_flags, &found);
	if (err == 0)
		err = make_list(&found, list, n, hints, out);
	if (err == 0 && *out != NULL && (hints->ai_flags & AI_CANONNAME) != 0)
		put_canonical(*out, &found, host);
	return err;
}

void freeaddrinfo(struct addrinfo *list)
{
	while (list != NULL) {
		struct addrinfo *next = list->ai_next;

		free(list); /* the first member of its answer */
		list = next;
	}
}

const char *gai_strerror(int error)
{
	switch (error) {
	case 0:
		return "Success";
	case EAI_BADFLAGS:
		return "Bad value for ai_flags";
	case EAI_NONAME:
		return "Name or service not known";
	case EAI_AGAIN:
		return "Temporary failure in name resolution";
	case EAI_FAIL:
		return "Non-recoverable failure in name resolution";
	case EAI_NODATA:
		return "No address associated with hostname";
	case EAI_FAMILY:
		return "ai_family not supported";
	case EAI_SOCKTYPE:
		return "ai_socktype not supported";
	case EAI_SERVICE:
		return "Servname not supported for ai_socktype";
	case EAI_ADDRFAMILY:
		return "Address family for hostname not supported";
	case EAI_MEMORY:
		return "Memory allocation failure";
	case EAI_SYSTEM:
		return "System error";
	case EAI_OVERFLOW:
		return "Result too large for supplied buffer";
	default:
		return "Unknown error";
	}
}
