/*
 * dhcp.h -- a DHCPv4 client (RFC 2131, 2132; classless routes RFC 3442; MTU option 26). It is a
 * program on top of the public interface: it drives one UDP endpoint and configures addresses and
 * routes.
 */
#ifndef HOLM_DHCP_H
#define HOLM_DHCP_H

#include <holm/ip.h>
#include <holm/net.h>
#include <holm/udp.h>

#ifdef __cplusplus
extern "C" {
#endif

enum holm_dhcp_state {
	HOLM_DHCP_INIT,
	HOLM_DHCP_SELECTING,
	HOLM_DHCP_REQUESTING,
	HOLM_DHCP_BOUND,
	HOLM_DHCP_RENEWING,
	HOLM_DHCP_REBINDING,
};

#define HOLM_DHCP_DNS_MAX 3u
#define HOLM_DHCP_ROUTES_MAX 8u

struct holm_dhcp_lease {
	struct holm_addr addr;
	unsigned prefix_len;
	struct holm_addr server;
	struct holm_addr router; /* wildcard: none */
	struct holm_addr dns[HOLM_DHCP_DNS_MAX];
	uint32_t ndns;
	uint16_t mtu;					/* 0: not given */
	struct holm_route routes[HOLM_DHCP_ROUTES_MAX]; /* option 121; then `router` is not used */
	uint32_t nroutes;
	uint64_t obtained_ns, renew_ns, rebind_ns,
		expire_ns; /* absolute; expire UINT64_MAX: never */
};

struct holm_dhcp;

/*
 * Start a client on `dev`; `hostname` may be NULL. Memory comes from the instance. Errors:
 * -HOLM_ENOMEM, -HOLM_EADDRINUSE (port 68), -HOLM_ENOBUFS.
 */
int holm_dhcp_start(struct holm_net *net, struct holm_dev *dev, const char *hostname,
		    struct holm_dhcp **out);

/* Is this event's cookie the client's? Then holm_dhcp_poll() wants to run. */
bool holm_dhcp_owns(const struct holm_dhcp *d, const struct holm_event *ev);

/* Receive, let time pass, send. Returns when it wants to be called next at the latest. */
uint64_t holm_dhcp_poll(struct holm_dhcp *d, uint64_t now);

enum holm_dhcp_state holm_dhcp_state(const struct holm_dhcp *d);

/* The lease in force; false when there is none. */
bool holm_dhcp_lease(const struct holm_dhcp *d, struct holm_dhcp_lease *lease);

/* Stop; with `release` the lease is given back (DHCPRELEASE) and the address removed. */
void holm_dhcp_stop(struct holm_dhcp *d, bool release);

#ifdef __cplusplus
}
#endif

#endif
