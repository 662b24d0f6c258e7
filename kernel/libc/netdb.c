/*
 * netdb.c -- names to addresses (RFC 3493 section 6), of numbers, "localhost" and no name at all.
 *
 * Other names are EAI_NONAME: there is no resolver behind it yet.
 */
#include <netdb.h>
#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fmt.h"

/* One answer in one piece of memory, which freeaddrinfo() gives back. */
struct answer {
	struct addrinfo info;
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} addr;
};

struct kind {
	int type, protocol;
};

static const struct kind kinds[] = { { SOCK_STREAM, IPPROTO_TCP }, { SOCK_DGRAM, IPPROTO_UDP } };

static int port_of(const char *service, uint16_t *port)
{
	size_t len = service != NULL ? strlen(service) : 0;
	uint64_t value = 0;

	if (service != NULL && (len == 0 || fmt_parse_u64(service, len, 10, 65535, &value) != len))
		return EAI_SERVICE;
	*port = htons((uint16_t)value);
	return 0;
}

/* The address into an answer of this family. false: the name does not say one of this family. */
static bool find(struct answer *a, int family, const char *host, bool passive)
{
	const char *text = host;

	if (host == NULL)
		text = passive ? (family == AF_INET ? "0.0.0.0" : "::")
			       : (family == AF_INET ? "127.0.0.1" : "::1");
	else if (strcmp(host, "localhost") == 0)
		text = family == AF_INET ? "127.0.0.1" : "::1";
	if (family == AF_INET)
		return inet_aton(text, &a->addr.in.sin_addr) != 0;
	return inet_pton(AF_INET6, text, &a->addr.in6.sin6_addr) == 1;
}

static struct answer *make(int family, const struct kind *kind, const char *host, uint16_t port,
			   bool passive, int *error)
{
	struct answer *a = calloc(1, sizeof(*a));

	*error = EAI_MEMORY;
	if (a == NULL)
		return NULL;
	*error = EAI_NONAME;
	if (!find(a, family, host, passive)) {
		free(a);
		return NULL;
	}
	*error = 0;
	a->addr.any.sa_family = (sa_family_t)family;
	a->addr.in.sin_port = port; /* at the same place in both */
	a->info = (struct addrinfo){
		.ai_family = family,
		.ai_socktype = kind->type,
		.ai_protocol = kind->protocol,
		.ai_addrlen = family == AF_INET ? sizeof(a->addr.in) : sizeof(a->addr.in6),
		.ai_addr = &a->addr.any,
	};
	return a;
}

/* The family of a numeric host; of no host or a name, what there is: IPv4. */
static int family_of(const struct addrinfo *hints, const char *host)
{
	if (hints->ai_family != AF_UNSPEC)
		return hints->ai_family;
	return host != NULL && strchr(host, ':') != NULL ? AF_INET6 : AF_INET;
}

static bool matches(const struct kind *kind, const struct addrinfo *hints)
{
	return (hints->ai_socktype == 0 || hints->ai_socktype == kind->type) &&
	       (hints->ai_protocol == 0 || hints->ai_protocol == kind->protocol);
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		struct addrinfo **out)
{
	static const struct addrinfo none;
	struct addrinfo **tail = out;
	int family, error;
	uint16_t port;

	if (hints == NULL)
		hints = &none;
	*out = NULL;
	if (host == NULL && service == NULL)
		return EAI_NONAME;
	family = family_of(hints, host);
	if (family != AF_INET && family != AF_INET6)
		return EAI_FAMILY;
	error = port_of(service, &port);
	if (error != 0)
		return error;
	error = EAI_SOCKTYPE;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct answer *a;

		if (!matches(&kinds[i], hints))
			continue;
		a = make(family, &kinds[i], host, port, (hints->ai_flags & AI_PASSIVE) != 0,
			 &error);
		if (a == NULL)
			break;
		*tail = &a->info;
		tail = &a->info.ai_next;
	}
	if (error != 0) {
		freeaddrinfo(*out);
		*out = NULL;
	}
	return error;
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
	case EAI_FAMILY:
		return "ai_family not supported";
	case EAI_SOCKTYPE:
		return "ai_socktype not supported";
	case EAI_SERVICE:
		return "Servname not supported for ai_socktype";
	case EAI_MEMORY:
		return "Memory allocation failure";
	case EAI_SYSTEM:
		return "System error";
	case EAI_OVERFLOW:
		return "Argument buffer overflow";
	default:
		return "Unknown error";
	}
}

int getnameinfo(const struct sockaddr *addr, socklen_t len, char *host, socklen_t host_len,
		char *service, socklen_t service_len, int flags)
{
	const struct sockaddr_in *in = (const void *)addr;
	const struct sockaddr_in6 *in6 = (const void *)addr;
	const void *bytes = &in->sin_addr;

	if ((flags & NI_NAMEREQD) != 0)
		return EAI_NONAME;
	if (addr->sa_family == AF_INET6 && len >= sizeof(*in6))
		bytes = &in6->sin6_addr;
	else if (addr->sa_family != AF_INET || len < sizeof(*in))
		return EAI_FAMILY;
	if (host != NULL && host_len > 0 &&
	    inet_ntop(addr->sa_family, bytes, host, host_len) == NULL)
		return EAI_OVERFLOW;
	if (service != NULL && service_len > 0 &&
	    fmt_string(service, service_len, "%u", (unsigned)ntohs(in->sin_port)) >= service_len)
		return EAI_OVERFLOW;
	return 0;
}
