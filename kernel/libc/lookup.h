/*
 * lookup.h -- where names come from: numbers, /etc/hosts of the tree, name servers; and the table of
 * services. Shared by netdb.c, nameinfo.c and hostent.c.
 */
#ifndef LIBC_LOOKUP_H
#define LIBC_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <holm/dns.h>

/* The addresses of a name. */
struct lookup {
	size_t n;
	struct holm_addr addrs[2 * HOLM_DNS_ADDRS_MAX];
	uint32_t scope;
	char canonical[HOLM_DNS_NAME_BYTES];
};

/* ---- lookup.c ---- */

/* `family` and `flags` are getaddrinfo()'s; 0, or its error. */
int lookup_name(const char *name, int family, int flags, struct lookup *out);
/* The name of an address; false: nobody knows. */
bool lookup_addr(const struct holm_addr *addr, char *name, size_t room);

/* Is there an interface with an address of this family, the loopback's aside? For AI_ADDRCONFIG. */
bool lookup_has_family(bool ip4);

/* ---- order.c ---- */

/* The addresses that most likely lead there come first: RFC 6724 section 6. */
void lookup_sort(struct lookup *found);

/* ---- hosts.c: the text of a hosts(5) ---- */

enum { HOSTS_IP4 = 1, HOSTS_IP6 = 2 };

/* Adds what the text says about the name, the first line's first name becoming the canonical one. */
bool hosts_find(const char *text, size_t len, const char *name, unsigned families,
		struct lookup *out);
bool hosts_find_addr(const char *text, size_t len, const struct holm_addr *addr, char *name,
		     size_t room);

/* ---- services.c ---- */

/* The port of a service for "tcp" or "udp"; -1: there is none. */
int service_port(const char *name, const char *protocol);
const char *service_name(int port, const char *protocol);

#endif
