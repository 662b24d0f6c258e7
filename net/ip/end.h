/*
 * Endpoints that speak IP without a transport, as sockets use them: raw ones, which get a copy of every
 * packet of one protocol, and echo ones, which send ICMP echo requests and get the replies that carry
 * their identifier. Each is of one family. What both do alike is in end.c and end_send.c; how a packet
 * finds them is in raw.c and echo.c.
 */
#ifndef NET_IP_END_H
#define NET_IP_END_H

#include <holm/socket.h>

#include "net/core/table.h"
#include "net/ip/ip.h"
#include "net/ip/member.h"
#include "net/link/frame_end.h"

/* Linux's: such a socket names no protocol but writes whole packets. */
#define IP_PROTO_RAW 255u
#define IP_END_TTL 64u
/* RFC 1112 section 6.1: groups are for this network unless somebody says otherwise. */
#define IP_END_GROUP_TTL 1u
/* struct icmp_filter: of ICMP for IPv4, types from 32 on cannot be filtered. struct icmp6_filter has all. */
#define IP_END_FILTER_TYPES 32u
#define IP_END_FILTER_WORDS 8u
/* How many lists raw endpoints are spread over, by protocol. */
#define IP_RAW_LISTS 16u

/* One per endpoint. Owned by its socket until ip_end_close(). */
struct ip_end {
	struct frame_end base; /* first */
	struct list_node node; /* raw: on the list of its protocol */
	struct list_node all_node;
	struct htab_node id_node; /* echo: by identifier, while it has one */
	struct ip_dst *dst;	  /* where the last packet went; NULL: none yet */
	struct holm_addr local, remote;
	struct ip_via via; /* its device also decides what is received */
	bool dev_gone;
	bool ip6;
	bool urgent; /* frames may come from the pool's reserve */
	bool echo;
	bool local_given; /* bound to an address, not just connected from one */
	bool connected;
	bool may_broadcast;
	bool header_included; /* raw: programs write the IP header */
	bool reuse;	      /* echo: shares its identifier with others that say so too */
	uint8_t ttl, tos;
	uint8_t group_ttl; /* of packets to groups */
	bool no_loop;	   /* members here do not get those */
	bool only_own_groups;
	struct holm_dev *group_dev; /* they leave through it; NULL: by route */
	struct holm_addr group_src; /* those of IPv4 come from it; wildcard: any */
	struct ip_members members;
	uint16_t number; /* raw: the protocol; echo: the identifier, 0 while there is none */
	uint16_t rport;	 /* what connect() said; it means nothing */
	uint32_t rscope; /* of `remote` */
	uint32_t icmp_filter
		[IP_END_FILTER_WORDS]; /* bit n: ICMP messages of type n are not for us */
	/*
	 * RFC 3542 section 3.1, raw ones of IPv6: where in what is sent the checksum belongs, which
	 * is ours to fill in, and to check in what comes; -1: nowhere.
	 */
	int32_t checksum_at;
};

/* What both kinds share of an instance. Made with the first of the protocols, freed with the last. */
struct ip_ends {
	struct list all;
	struct list raw[IP_RAW_LISTS];
	struct table echo; /* by identifier */
	struct allocator allocator;
	uint32_t nraw, nall;
	uint16_t last_id; /* where the search for a free identifier goes on */
	uint8_t users;	  /* protocols that have started */
};

/* 0 or -HOLM_ENOMEM; once per protocol, and so its opposite, which closes what is open. */
must_check int ip_ends_start(struct holm_net *net);
void ip_ends_stop(struct holm_net *net);
/* A device appeared or went. */
void ip_ends_netif_changed(struct holm_net *net, struct holm_netif *netif);

/* What is opened. */
struct ip_end_kind {
	bool ip6;
	bool echo;
	uint8_t number; /* the protocol of a raw one, 0 for an echo one */
};

/* -HOLM_ENOBUFS, -HOLM_ENOMEM. */
int ip_end_open(struct holm_net *net, const struct ip_end_kind *kind, struct ip_end **out);
void ip_end_close(struct ip_end *e);

/*
 * The address is of its family. -HOLM_EADDRNOTAVAIL; of echo ones -HOLM_EADDRINUSE, -HOLM_EINVAL
 * (has an identifier already).
 */
int ip_end_bind(struct ip_end *e, const struct holm_endpoint *local);
/* NULL dissolves. -HOLM_ENETUNREACH, -HOLM_EACCES (broadcast not permitted), -HOLM_EINVAL (no link given). */
int ip_end_connect(struct ip_end *e, const struct holm_endpoint *remote);
/* Packets go by such a way from now on, and come through its device, if it has one. */
void ip_end_set_via(struct ip_end *e, const struct ip_via *via);

/* What is different for one packet. */
struct ip_end_how {
	const struct holm_addr *src; /* one of our addresses; NULL: as always, and so the next */
	struct holm_dev *dev;	     /* leave through it */
	int ttl, tos;		     /* -1: as always */
	bool onlink;		     /* through no gateway */
	bool uncut;		     /* of IPv6: never in fragments */
};

/*
 * Send one packet; `to` NULL: to where it is connected. -HOLM_EMSGSIZE, -HOLM_EDESTADDRREQ, -HOLM_EINVAL,
 * -HOLM_EACCES, -HOLM_ENETUNREACH, -HOLM_EAGAIN (no room: writable says when), a pending error.
 */
int ip_end_send(struct ip_end *e, const struct holm_endpoint *to, const struct holm_msg *msg,
		const struct ip_end_how *how);

/* What a program sees of a packet: from the ICMP header on, of IPv6 what is behind the headers, else all. */
void ip_end_payload(const struct ip_end *e, struct holm_frame *f, size_t *off, size_t *len);

/* Is it about a packet to where the endpoint is connected, on that link? */
bool ip_end_sends_to(const struct ip_end *e, const struct ip_error *error);
/* Does a connected endpoint hear of this? As on Linux, what may be over soon it does not. */
bool ip_end_hears(const struct ip_end *e, enum ip_error_kind kind);

/* ---- for raw.c, echo.c and end.c */

/* RFC 3542 section 6.1: the scope of an address names the device to it. */
int ip_end_via(const struct ip_end *e, const struct holm_endpoint *to, struct ip_via *via);

/* Does the endpoint's binding let this packet through? */
bool ip_end_takes(const struct ip_end *e, const struct holm_addr *src, const struct holm_addr *dst,
		  const struct holm_dev *dev);
/* Queue a copy; no room is a counted drop. */
void ip_end_deliver(struct ip_end *e, const struct holm_frame *f);

void ip_raw_insert(struct ip_end *e);
void ip_raw_remove(struct ip_end *e);

/* Give an echo endpoint this identifier, 0: one that is free. -HOLM_EADDRINUSE, -HOLM_ENOMEM. */
int ip_echo_bind(struct ip_end *e, uint16_t id);
void ip_echo_unbind(struct ip_end *e);
void ip_echo_start(struct holm_net *net);
void ip_echo_stop(struct holm_net *net);

#endif
