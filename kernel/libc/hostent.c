/*
 * hostent.c -- the resolver's calls that older programs make. They know IPv4 only, and what they return
 * is overwritten by the next call.
 */
#include <netdb.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "kernel/libc/lookup.h"
#include "lib/fmt.h"

static int last_error;

static struct {
	struct hostent entry;
	char name[HOLM_DNS_NAME_BYTES];
	struct in_addr addrs[HOLM_DNS_ADDRS_MAX];
	char *list[HOLM_DNS_ADDRS_MAX + 1];
	char *aliases[1];
} host;

int *__h_errno_location(void)
{
	return &last_error;
}

static struct hostent *fail(int error)
{
	last_error = error;
	return NULL;
}

static int error_of(int eai)
{
	switch (eai) {
	case EAI_NODATA:
	case EAI_ADDRFAMILY:
		return NO_DATA;
	case EAI_AGAIN:
		return TRY_AGAIN;
	case EAI_MEMORY:
		return NETDB_INTERNAL;
	default:
		return HOST_NOT_FOUND;
	}
}

static struct hostent *fill(const char *name, const struct holm_addr *addrs, size_t n)
{
	(void)fmt_string(host.name, sizeof(host.name), "%s", name);
	for (size_t i = 0; i < n; i++) {
		memcpy(&host.addrs[i], addrs[i].b + 12, 4);
		host.list[i] = (char *)&host.addrs[i];
	}
	host.list[n] = NULL;
	host.entry = (struct hostent){
		.h_name = host.name,
		.h_aliases = host.aliases,
		.h_addrtype = AF_INET,
		.h_length = sizeof(host.addrs[0]),
		.h_addr_list = host.list,
	};
	last_error = NETDB_SUCCESS;
	return &host.entry;
}

struct hostent *gethostbyname(const char *name)
{
	struct lookup found;
	int err = lookup_name(name, AF_INET, 0, &found);

	if (err != 0)
		return fail(error_of(err));
	if (found.n > HOLM_DNS_ADDRS_MAX)
		found.n = HOLM_DNS_ADDRS_MAX;
	return fill(found.canonical[0] != '\0' ? found.canonical : name, found.addrs, found.n);
}

struct hostent *gethostbyaddr(const void *addr, socklen_t len, int family)
{
	struct holm_addr a = holm_addr_ip4(0, 0, 0, 0);
	char name[HOLM_DNS_NAME_BYTES];

	if (family != AF_INET || len != 4)
		return fail(HOST_NOT_FOUND);
	memcpy(a.b + 12, addr, 4);
	if (!lookup_addr(&a, name, sizeof(name)))
		return fail(HOST_NOT_FOUND);
	return fill(name, &a, 1);
}

const char *hstrerror(int error)
{
	static const char *const texts[] = {
		"Resolver Error 0 (no error)",	   "Unknown host",
		"Host name lookup failure",	   "Unknown server error",
		"No address associated with name",
	};

	if (error < 0 || error >= (int)(sizeof(texts) / sizeof(texts[0])))
		return error == NETDB_INTERNAL ? "Resolver internal error"
					       : "Unknown resolver error";
	return texts[error];
}

void herror(const char *prefix)
{
	if (prefix != NULL && *prefix != '\0')
		fprintf(stderr, "%s: ", prefix);
	fprintf(stderr, "%s\n", hstrerror(last_error));
}
