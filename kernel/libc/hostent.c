/*
 * hostent.c -- the resolver's calls that older programs make. They know one family at a
 * time, and what they return is overwritten by the next call.
 */
#include <netdb.h>
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/libc/lookup.h"
#include "lib/fmt.h"

static int last_error;

static struct {
	struct hostent entry;
	char name[HOLM_DNS_NAME_BYTES];
	uint8_t addrs[HOLM_DNS_ADDRS_MAX][16]; /* of IPv4 the first four bytes */
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

/* How long an address of the family is; 0: none that is known here. */
static size_t addr_bytes(int family)
{
	return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

static struct hostent *fill(const char *name, int family, const struct holm_addr *addrs, size_t n)
{
	size_t len = addr_bytes(family);

	(void)fmt_string(host.name, sizeof(host.name), "%s", name);
	for (size_t i = 0; i < n; i++) {
		memcpy(host.addrs[i], addrs[i].b + 16 - len, len);
		host.list[i] = (char *)host.addrs[i];
	}
	host.list[n] = NULL;
	host.entry = (struct hostent){
		.h_name = host.name,
		.h_aliases = host.aliases,
		.h_addrtype = family,
		.h_length = (int)len,
		.h_addr_list = host.list,
	};
	last_error = NETDB_SUCCESS;
	return &host.entry;
}

struct hostent *gethostbyname2(const char *name, int family)
{
	struct lookup found;
	int err;

	if (addr_bytes(family) == 0) {
		errno = EAFNOSUPPORT;
		return fail(NETDB_INTERNAL);
	}
	err = lookup_name(name, family, 0, &found);
	if (err != 0)
		return fail(error_of(err));
	if (found.n > HOLM_DNS_ADDRS_MAX)
		found.n = HOLM_DNS_ADDRS_MAX;
	return fill(found.canonical[0] != '\0' ? found.canonical : name, family, found.addrs,
		    found.n);
}

struct hostent *gethostbyname(const char *name)
{
	return gethostbyname2(name, AF_INET);
}

struct hostent *gethostbyaddr(const void *addr, socklen_t len, int family)
{
	struct holm_addr a = holm_addr_ip4(0, 0, 0, 0);
	char name[HOLM_DNS_NAME_BYTES];

	if (len == 0 || len != addr_bytes(family))
		return fail(HOST_NOT_FOUND);
	memcpy(a.b + 16 - len, addr, len);
	if (!lookup_addr(&a, name, sizeof(name)))
		return fail(HOST_NOT_FOUND);
	return fill(name, family, &a, 1);
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
