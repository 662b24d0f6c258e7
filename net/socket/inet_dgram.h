/* A datagram socket over UDP, as its files share it. */
#ifndef NET_SOCKET_INET_DGRAM_H
#define NET_SOCKET_INET_DGRAM_H

#include <holm/udp.h>

#include "net/socket/socket.h"

struct dgram {
	struct holm_socket base;
	struct holm_udp *udp;
	uint16_t segment; /* UDP_SEGMENT: a message is cut into datagrams of that; 0: it is one */
	bool gathers;	  /* UDP_GRO */
	bool addr_only;	  /* IP_BIND_ADDRESS_NO_PORT */
};

static inline struct dgram *inet_dgram_of(struct holm_socket *s)
{
	return container_of(s, struct dgram, base);
}

/* The device of an index as programs count, the loopback being 1. NULL: none. */
struct holm_dev *inet_dev_of(const struct holm_net *net, uint32_t ifindex);
/*
 * Which device a message about one packet to `to` (NULL: where the socket is connected to) names; 0 names
 * none. -HOLM_EINVAL: another than its scope does; -HOLM_ENODEV.
 */
int inet_read_packet_dev(const struct holm_net *net, const struct holm_endpoint *to,
			 uint32_t ifindex, struct holm_dev **dev);
/*
 * The same of all its packets, IPV6_PKTINFO as an option, behind what the socket is bound to and
 * the scope of where it goes; `ifindex` is what a message about this packet names. -HOLM_EINVAL:
 * another one; -HOLM_ENETUNREACH.
 */
int inet_read_sticky_dev(const struct holm_socket *s, uint32_t scope, uint32_t ifindex,
			 struct holm_dev **dev);

/* Which option of UDP a socket option is. */
struct inet_dgram_mapping {
	int level, name;
	enum holm_udp_option opt;
	int minus_one; /* what -1 stands for; -1: it is refused */
	bool is_flag;  /* any value that is not 0 means 1 */
};
int inet_dgram_set_mapped(struct holm_socket *s, const struct inet_dgram_mapping *m, int value);

/* inet_dgram_option.c: the options that a datagram socket has of its own. */
int inet_dgram_set(struct holm_socket *s, int level, int name, int value);
int inet_dgram_get(struct holm_socket *s, int level, int name, int *value);
int inet_dgram_set_bytes(struct holm_socket *s, int level, int name, const void *value,
			 uint32_t len);
int inet_dgram_get_bytes(struct holm_socket *s, int level, int name, void *value, uint32_t *len);

/* inet6_dgram.c: the same for AF_INET6. */
int inet6_dgram_set(struct holm_socket *s, int level, int name, int value);
int inet6_dgram_get(struct holm_socket *s, int level, int name, int *value);
int inet6_dgram_set_bytes(struct holm_socket *s, int level, int name, const void *value,
			  uint32_t len);
int inet6_dgram_get_bytes(struct holm_socket *s, int level, int name, void *value, uint32_t *len);
/* IPV6_PKTINFO. */
int inet6_set_packet_info(struct holm_socket *s, const void *value, uint32_t len);
/* Which part of a packet's company an IPv6 option asks for (enum holm_ancillary_bit); 0: none. */
uint32_t inet6_company(int name);

/* inet_dgram_segment.c: UDP_SEGMENT, UDP_GRO. */
int inet_dgram_set_udp(struct dgram *d, int name, int value);
int inet_dgram_get_udp(const struct dgram *d, int name, int *value);
/*
 * `*first`, which lies in the message already, had all of its bytes there: datagrams of its flow
 * that have come behind it are taken to the same message, as many as fit, all but the last of its
 * size. Returns how many bytes they are.
 */
size_t inet_dgram_gather(struct dgram *d, const struct holm_datagram *first, struct holm_msg *msg);

/* What IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP and their kin say. */
struct inet_membership {
	struct holm_addr group;
	struct holm_dev *dev; /* NULL: as routes say */
	bool join;
};
/* -HOLM_ENOPROTOOPT: it is none of these options. -HOLM_EINVAL, -HOLM_ENODEV, -HOLM_EADDRNOTAVAIL. */
int inet_read_membership(const struct holm_socket *s, int name, const void *value, uint32_t len,
			 struct inet_membership *m);
int inet6_read_membership(const struct holm_socket *s, int name, const void *value, uint32_t len,
			  struct inet_membership *m);
/* IP_MULTICAST_IF: a device, NULL: as routes say, and an address. -HOLM_EINVAL, -HOLM_EADDRNOTAVAIL. */
int inet_read_interface(const struct holm_socket *s, const void *value, uint32_t len,
			struct holm_dev **dev, struct holm_addr *src);
/* IPV6_MULTICAST_IF; 0: as routes say, NULL. -HOLM_EINVAL (bound to another), -HOLM_ENODEV. */
int inet6_read_interface(const struct holm_socket *s, int ifindex, struct holm_dev **dev);

#endif
