/*
 * ip.h -- addresses and routes of an instance.
 *
 * Configuring an address on an ethernet device adds the on-link route of its prefix and makes it a
 * source for destinations reached through that device; of several IPv6 addresses RFC 6724 says which. An
 * IPv4 address is announced at once with a gratuitous ARP (RFC 5227 section 2.3). An IPv6 address is
 * tentative until duplicate address detection (RFC 4862 section 5.4) has found nobody else with it: it is
 * not ours yet, and never becomes so if somebody has it. Where &holm_nd is not named, nobody is asked.
 */
#ifndef HOLM_IP_H
#define HOLM_IP_H

#include <holm/net.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Give `dev` an address with a prefix length (in bits of its own family: 0..32 or 0..128).
 * Errors: -HOLM_EEXIST (some device has it), -HOLM_ENOSPC (config.addrs_max), -HOLM_EINVAL
 * (multicast, broadcast, wildcard, bad length), -HOLM_EAFNOSUPPORT (family not among the protocols).
 */
int holm_addr_add(struct holm_net *net, struct holm_dev *dev, const struct holm_addr *addr,
		  unsigned prefix_len);

/*
 * Take it away again: its route goes; TCP connections bound to it end with -HOLM_ENETDOWN at their
 * next transmission. -HOLM_EADDRNOTAVAIL if the device does not have it.
 */
int holm_addr_del(struct holm_net *net, struct holm_dev *dev, const struct holm_addr *addr);

/* The i-th address of the device and its prefix length; false behind the last. */
bool holm_addr_get(struct holm_net *net, struct holm_dev *dev, size_t i, struct holm_addr *addr,
		   unsigned *prefix_len);

/* Is it an address of this instance (loopback included)? */
bool holm_addr_is_local(struct holm_net *net, const struct holm_addr *addr);

/* RFC 4862 section 2; addresses of IPv4 are preferred. */
enum holm_addr_state {
	HOLM_ADDR_PREFERRED,
	HOLM_ADDR_DEPRECATED, /* what is there may go on with it, nothing new chooses it */
	HOLM_ADDR_TENTATIVE,  /* nobody may use it yet: others are asked whether they have it */
	HOLM_ADDR_DUPLICATE,  /* somebody else has it */
};

/* Of an address of the device; -HOLM_EADDRNOTAVAIL if it does not have it. */
int holm_addr_state(struct holm_net *net, struct holm_dev *dev, const struct holm_addr *addr);

struct holm_addr_info {
	struct holm_addr addr;
	unsigned prefix_len;
	enum holm_addr_state state;
	/* RFC 4862 section 5.5.4, by the clock of holm_net_poll(): deprecated then, gone then. 0: never. */
	uint64_t preferred_until_ns;
	uint64_t valid_until_ns;
};

/* The i-th address of the device, and all that is known of it; false behind the last. */
bool holm_addr_get_info(struct holm_net *net, struct holm_dev *dev, size_t i,
			struct holm_addr_info *info);

/*
 * Let an IPv6 address of the device end: see struct holm_addr_info. A deprecated one is preferred again if
 * its new time is yet to come. -HOLM_EADDRNOTAVAIL; -HOLM_EINVAL (IPv4; valid no longer than this moment,
 * or preferred for longer than valid).
 */
int holm_addr_set_life(struct holm_net *net, struct holm_dev *dev, const struct holm_addr *addr,
		       uint64_t preferred_until_ns, uint64_t valid_until_ns);

/* What RFC 6724 asks of an address of either family where one of several is chosen (sections 2.1, 3.1). */
struct holm_addr_policy {
	uint8_t precedence, label;
	uint8_t scope; /* as in addresses of groups: 2 of a link, 5 of a site, 14 of the world */
};
struct holm_addr_policy holm_addr_policy(const struct holm_addr *addr);

struct holm_route {
	struct holm_addr dst; /* prefix; host bits are cleared */
	unsigned prefix_len;
	struct holm_addr gateway; /* wildcard: on link */
	/* NULL in holm_route_add(): the device that reaches the gateway, which then is not link-local. */
	struct holm_dev *dev;
	uint32_t metric; /* smaller wins among equal prefixes */
	uint32_t
		mark; /* not 0: only for sockets with this SO_MARK, and before the routes for all */
};

/* Errors: -HOLM_EEXIST, -HOLM_ENOSPC, -HOLM_ENETUNREACH (no device reaches the gateway), -HOLM_EINVAL. */
int holm_route_add(struct holm_net *net, const struct holm_route *route);
/* Remove the route with this prefix, gateway and device; without one, by whichever. -HOLM_ENOENT. */
int holm_route_del(struct holm_net *net, const struct holm_route *route);
/* The i-th route; false behind the last. */
bool holm_route_get(struct holm_net *net, size_t i, struct holm_route *route);

/* With holm_nd: what the routers of a device's link say of its network (RFC 4861 section 4.2). */
struct holm_router_info {
	bool managed;	   /* addresses are to be had by DHCPv6 */
	bool other;	   /* other things are: name servers */
	uint8_t hop_limit; /* a suggestion that the stack does not follow; 0: none */
	uint32_t routers;  /* default routers at present */
};

/* False: no router has been heard. */
bool holm_router_told(struct holm_net *net, struct holm_dev *dev, struct holm_router_info *info);

/*
 * The i-th name server that routers have announced (RFC 8106), port 53, with the scope of a link-local one;
 * false behind the last. They come and go: ask again when a new one is needed.
 */
bool holm_router_server(struct holm_net *net, size_t i, struct holm_endpoint *server);

/* Who found that a packet of ours did not arrive: Linux's SO_EE_ORIGIN_... */
enum holm_trouble_origin {
	HOLM_TROUBLE_LOCAL = 1,
	HOLM_TROUBLE_ICMP = 2,
	HOLM_TROUBLE_ICMP6 = 3,
};

/* An error about a packet that an endpoint has sent. */
struct holm_trouble {
	int error;		   /* positive errno */
	uint8_t origin;		   /* enum holm_trouble_origin */
	uint8_t type, code;	   /* of the ICMP message */
	uint32_t info;		   /* with HOLM_EMSGSIZE: the MTU, if it is known */
	struct holm_addr offender; /* who sent the ICMP message */
	uint32_t offender_scope;   /* of a link-local one: its device's index */
	struct holm_endpoint to;   /* where the packet was sent */
	uint32_t payload_len;	   /* of what the packet carried, as far as it was quoted */
};

#ifdef __cplusplus
}
#endif

#endif
