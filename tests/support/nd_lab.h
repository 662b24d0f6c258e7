/*
 * nd_lab.h -- a lab (lab.h) whose instance speaks IPv6, with neighbour discovery and listener reports.
 * Host number n is fe80::n at 02:00:00:00:00:n; what it says is put in as messages, what the instance says
 * is read as messages, each one's checksum checked.
 */
#ifndef TESTS_SUPPORT_ND_LAB_H
#define TESTS_SUPPORT_ND_LAB_H

#include "net/ip/nd.h"
#include "net/wire/nd.h"
#include "tests/support/lab.h"

/* IPv6, ICMPv6, neighbour discovery; the second one: listener reports, too. */
extern const struct holm_proto *const nd_lab_protos[];
extern const struct holm_proto *const nd_lab_protos_mld[];

/* The instance without any address but its link-local one, which is still being asked about. */
void nd_lab_begin(struct lab *lab, const struct holm_proto *const *protos,
		  const struct holm_config *config);
/* Later: it is its own, nobody was there to hear of it, and what was sent is forgotten. */
void nd_lab_init(struct lab *lab);

/* The instance's link-local address. */
struct holm_addr nd_lab_self(struct lab *lab);
struct holm_addr nd_lab_host(unsigned n);
struct holm_addr nd_lab_addr(const char *text);

/* What goes in; zero bytes: from host `from`, to ff02::1, as it should be. */
struct nd_lab_packet {
	unsigned from;
	struct holm_addr src; /* ::, and not `any_src`: the host's */
	struct holm_addr dst; /* ::: all nodes */
	const void *message;
	size_t len;
	uint8_t hop_limit; /* 0: 255 */
	bool any_src;
	bool alert; /* behind a router alert */
};

void nd_lab_hear(struct lab *lab, const struct nd_lab_packet *packet);

/* Messages of host `from`, whole. */
void nd_lab_hear_advert(struct lab *lab, unsigned from, const struct holm_addr *dst, uint8_t flags,
			const struct holm_mac *mac);
void nd_lab_hear_solicit(struct lab *lab, unsigned from, const struct holm_addr *target);

/* A router advertisement being put together, with its source's hardware address. */
struct nd_lab_router {
	uint8_t p[512];
	size_t len;
};

void nd_lab_router_begin(struct nd_lab_router *r, unsigned from, uint16_t lifetime_s);
void nd_lab_router_prefix(struct nd_lab_router *r, const char *prefix, unsigned len, uint8_t flags,
			  uint32_t valid_s, uint32_t preferred_s);
void nd_lab_router_mtu(struct nd_lab_router *r, uint32_t mtu);
void nd_lab_router_server(struct nd_lab_router *r, const char *server, uint32_t lifetime_s);
void nd_lab_router_hear(struct lab *lab, unsigned from, const struct nd_lab_router *r);

/* What came out. */
struct nd_lab_sent {
	struct holm_addr src, dst;
	struct holm_mac mac; /* where to */
	uint64_t at_ns;
	uint8_t hop_limit;
	bool alert;
	const uint8_t *p;
	size_t len;
	struct nd_info nd; /* of types 133 to 137 */
};

/* The i-th ICMPv6 message of this type; false: there are not so many. */
bool nd_lab_sent(const struct lab *lab, uint8_t type, size_t i, struct nd_lab_sent *out);
size_t nd_lab_count(const struct lab *lab, uint8_t type);

/* Eight bytes of UDP to this address, of whatever source. The result of looking for a way. */
int nd_lab_send(struct lab *lab, const struct holm_addr *to);
/* How many such packets left so far. */
size_t nd_lab_count_udp(const struct lab *lab);

/* The address of the instance's that begins like this; NULL: there is none. */
struct netif_addr *nd_lab_find(struct lab *lab, const char *prefix, unsigned len);

#endif
