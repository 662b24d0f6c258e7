/*
 * family.h -- scripts over IPv4 and over IPv6. A script that does not say which it is for is played over
 * both: over IPv6 each of its addresses stands for one of a network of ours, its sockets are AF_INET6,
 * and every MTU is larger by what IPv6's header is longer, so that all numbers of TCP are the same.
 */
#ifndef TESTS_PKT_FAMILY_H
#define TESTS_PKT_FAMILY_H

#include <stdbool.h>
#include <stdint.h>

#include <holm/types.h>

#include "tests/pkt/script.h"

/* How much longer than IPv4's the header of IPv6 is. */
#define FAMILY_EXTRA_BYTES 20u

enum script_family {
	FAMILY_ANY, /* both */
	FAMILY_IP4,
	FAMILY_IP6, /* and written for it: its MTUs are meant as they are */
};

struct family {
	bool ip6;
	uint16_t extra; /* what MTUs are larger by */
};

struct sock_name {
	uint8_t bytes[28];
	uint32_t len;
};

/* What a script is for: a line "--ip_version=ipv4", or ipv6, above its events. */
enum script_family family_of_script(const char *text);

/* The address that one of the script's stands for; that of IPv6 for itself. */
struct holm_addr family_addr(const struct family *fm, const struct holm_addr *a);
/* The same for all that a script says. */
void family_script(const struct family *fm, struct script *s);

/* The address and port as a socket of the family takes them. */
struct sock_name family_sock_name(const struct family *fm, const struct holm_addr *a,
				  uint16_t port);

/* An option of level SOL_IP is that of level SOL_IPV6 which means the same. */
void family_sockopt(const struct family *fm, int *level, int *name);

#endif
