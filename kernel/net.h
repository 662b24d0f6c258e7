/*
 * The image's network: the one instance of the stack, its devices, its addresses. Where kernel/ and
 * net/ meet.
 *
 * Command line: "ip=10.0.5.2/24 gw=10.0.5.1 dns=10.0.5.1" for the first device (without "ip=" it asks
 * by DHCP, with "ip=off" it stays silent), "ip1=" and so on for the others, "hostname=",
 * "net.trace=1", "net.off=" (devices.h), "entropy=unsafe" (entropy.h).
 */
#ifndef KERNEL_NET_H
#define KERNEL_NET_H

#include <stdbool.h>
#include <stddef.h>

#include <holm/net.h>

/* As many name servers as a lease can bring. */
#define NET_DNS_MAX 3

/* The instance; NULL before net_start(). */
struct holm_net *kernel_net(void);

/* "holm" unless the command line says otherwise. */
const char *net_hostname(void);

/*
 * The i-th name server, from the command line, or the lease and behind it routers of IPv6; -HOLM_ENOENT
 * behind the last, -HOLM_EAGAIN while the lease is being asked for.
 */
int net_dns(size_t i, struct holm_endpoint *server);

/* Hand out what has happened to endpoints, between turns. */
void net_hear(struct holm_net *net);

/* ---- for kernel/net.c and kernel/net_config.c ---- */

/* Is IPv6 wanted? Not with ip6=off. */
bool net_has_ip6(void);

/* Give devices their addresses, or ask for them. Once, after the devices are attached. */
void net_config_start(struct holm_net *net, struct holm_dev **devs, size_t n);

/* Let configuration go on. Returns when it wants to run next at the latest. */
uint64_t net_config_poll(uint64_t now_ns);

/* Is this event for configuration? */
bool net_config_owns(const struct holm_event *ev);

#endif
