/*
 * udp.h -- UDP endpoints (RFC 768), driven directly, without sockets.
 *
 * Received datagrams are handed over as the frames they came in; what is sent is copied.
 */
#ifndef HOLM_UDP_H
#define HOLM_UDP_H

#include <holm/ip.h>
#include <holm/net.h>

#ifdef __cplusplus
extern "C" {
#endif

struct holm_udp;

/* The largest payload over IPv4: 65535 - 20 - 8. */
#define HOLM_UDP_PAYLOAD_MAX 65507u
/* Over IPv6, whose header is not counted: 65535 - 8. */
#define HOLM_UDP_PAYLOAD_MAX6 65527u

/*
 * A new, unbound endpoint. -HOLM_ENOBUFS at config.udp_endpoints_max, -HOLM_ENOMEM; -HOLM_EPROTONOSUPPORT:
 * the instance has no holm_udp.
 */
int holm_udp_open(struct holm_net *net, struct holm_udp **out);

void holm_udp_set_cookie(struct holm_udp *u, void *cookie);

enum holm_udp_bind_flag {
	HOLM_UDP_REUSEADDR = 1 << 0,
	HOLM_UDP_V6ONLY = 1 << 1,
	/* Receive on this device whatever the destination, before any address is configured (DHCP). */
	HOLM_UDP_ANY_DST = 1 << 2,
	/* Several endpoints share a port, each flow keeps to one of them; all of them must say so. */
	HOLM_UDP_REUSEPORT = 1 << 3,
	/* Port 0 is chosen by connecting, or by the first datagram; until then it may bind again. */
	HOLM_UDP_ADDR_ONLY = 1 << 4,
};

/*
 * Choose the local end; port 0 chooses one. A link-local address with a scope binds to that device, too.
 * -HOLM_EADDRINUSE, -HOLM_EADDRNOTAVAIL, -HOLM_EINVAL; -HOLM_ENODEV (no device has the scope).
 */
int holm_udp_bind(struct holm_udp *u, const struct holm_endpoint *local, unsigned flags);

/* Use only this device both ways; NULL: any. */
void holm_udp_bind_dev(struct holm_udp *u, struct holm_dev *dev);

/*
 * Fix the remote end: only its datagrams are received, ICMP errors about it become the endpoint's
 * error. Port 0 is nobody's, for who wants to know from which address he would send. NULL dissolves the
 * association, and gives back a port that was not asked for by number. Binds to an ephemeral port where
 * needed, and for as long as it is connected to the device of a link-local remote's scope: -HOLM_EINVAL
 * (bound to another, or no scope given; the wildcard), -HOLM_ENODEV,
 * -HOLM_ENETUNREACH, -HOLM_EACCES (broadcast not permitted), -HOLM_EADDRINUSE (no port is left),
 * -HOLM_EAFNOSUPPORT (bound to an address of IPv4), -HOLM_ENOMEM.
 *
 * Of endpoints that share a port and are connected with the same remote (a few; -HOLM_ENOMEM) the last gets
 * its datagrams, who is bound to the device by which they come before.
 */
int holm_udp_connect(struct holm_udp *u, const struct holm_endpoint *remote);

/*
 * Send one datagram made of `nspans` spans (copied). `to` may be NULL on a connected endpoint; where it is
 * link-local, its scope says by which device, whatever the endpoint is bound to. It
 * leaves at the next poll. -HOLM_EMSGSIZE (larger than HOLM_UDP_OPT_PMTU lets it be),
 * -HOLM_EDESTADDRREQ, -HOLM_EINVAL (port 0, or the wildcard), -HOLM_ENETUNREACH, -HOLM_EACCES
 * (broadcast not permitted), -HOLM_EAGAIN (no frame, or the interface queue is full: HOLM_WRITABLE says
 * when), -HOLM_ENODEV (the device that it is bound to is gone), or a pending asynchronous error.
 */
int holm_udp_send(struct holm_udp *u, const struct holm_endpoint *to, const struct holm_span *spans,
		  size_t nspans);

/* Datagrams of one holm_udp_send_cut(): Linux's UDP_MAX_SEGMENTS. */
#define HOLM_UDP_CUT_MAX 128u

/*
 * Send the bytes of all spans as datagrams of `bytes` each, the last of what is left: either there
 * is room for all of them, or none is sent (-HOLM_EAGAIN); a queue shorter than that takes what it
 * can. They are never cut further, whatever HOLM_UDP_OPT_PMTU says: -HOLM_EMSGSIZE. -HOLM_EINVAL:
 * more than HOLM_UDP_CUT_MAX. The spans are not as they were afterwards.
 */
int holm_udp_send_cut(struct holm_udp *u, const struct holm_endpoint *to, uint32_t bytes,
		      struct holm_span *spans, size_t nspans);

/* What is different for one datagram; zero is nothing, but for `tos`. */
struct holm_udp_how {
	const struct holm_addr *src; /* one of our addresses */
	struct holm_dev *dev;	     /* leave through it */
	uint8_t ttl;
	int tos;      /* -1: as always */
	bool uncut;   /* of IPv6: never in fragments */
	uint32_t cut; /* as holm_udp_send_cut() does with so many bytes; 0: it is one datagram */
};

/* The same, not like the others. Also -HOLM_ENETUNREACH: `src` is not ours. */
int holm_udp_send_as(struct holm_udp *u, const struct holm_endpoint *to,
		     const struct holm_udp_how *how, struct holm_span *spans, size_t nspans);

struct holm_datagram {
	struct holm_frame *frame; /* the caller's from now on; holm_frame_free() it */
	uint32_t payload_off;	  /* into the frame */
	uint32_t payload_len;
	struct holm_endpoint from, to;
	struct holm_dev *dev; /* where it came in */
	uint8_t ttl, tos;
};

/* Take the oldest datagram, frame and all. -HOLM_EAGAIN, or a pending asynchronous error. */
int holm_udp_recv(struct holm_udp *u, struct holm_datagram *dg);
/* Look at it without taking it: the frame stays the endpoint's. */
int holm_udp_peek(struct holm_udp *u, struct holm_datagram *dg);

enum holm_udp_option {
	HOLM_UDP_OPT_BROADCAST = 1, /* 0/1 */
	HOLM_UDP_OPT_TTL = 2,
	HOLM_UDP_OPT_TOS = 3,
	HOLM_UDP_OPT_RCVBUF = 4, /* bytes of buffer memory */
	HOLM_UDP_OPT_PMTU = 5,	 /* enum holm_udp_pmtu; WANT at first */
	HOLM_UDP_OPT_ERRORS = 6, /* 0/1: keep all errors about datagrams sent, with what they say */
	HOLM_UDP_OPT_MTU = 7,	 /* of the path, read only; -HOLM_ENOTCONN without a remote */
	HOLM_UDP_OPT_MARK = 8,	 /* of the routes that are asked first; see struct holm_route */
	HOLM_UDP_OPT_ONLINK = 9, /* 0/1: through no gateway */
	HOLM_UDP_OPT_GROUP_TTL = 10,  /* of datagrams to groups: 0 to 255; 1 at first */
	HOLM_UDP_OPT_GROUP_LOOP = 11, /* 0/1: members here get them too; 1 at first */
	HOLM_UDP_OPT_GROUP_ALL =
		12, /* 0/1: also groups that only others here have joined; 1 at first */
	HOLM_UDP_OPT_FOREIGN = 13, /* 0/1: may be bound to addresses that are not ours */
	/* The same of IPv6 datagrams, which have options of their own: hop limit, traffic class, ... */
	HOLM_UDP_OPT_TTL6 = 14,
	HOLM_UDP_OPT_TOS6 = 15,
	HOLM_UDP_OPT_PMTU6 = 16,
	HOLM_UDP_OPT_ERRORS6 = 17,
	HOLM_UDP_OPT_GROUP_TTL6 = 18,
	HOLM_UDP_OPT_GROUP_LOOP6 = 19,
	HOLM_UDP_OPT_GROUP_ALL6 = 20,
	HOLM_UDP_OPT_UNCUT6 = 21, /* 0/1: never in fragments, whatever PMTU6 says: -HOLM_EMSGSIZE */
	HOLM_UDP_OPT_IP6 = 22,	  /* enum holm_udp_ip6, before it has a port; NO at first */
};

/* Which wildcard an endpoint has that nobody has bound to an address. */
enum holm_udp_ip6 {
	HOLM_UDP_IP6_NO = 0,   /* 0.0.0.0 */
	HOLM_UDP_IP6_BOTH = 1, /* ::, for IPv4, too */
	HOLM_UDP_IP6_ONLY = 2, /* ::, for IPv6 only; as with HOLM_UDP_V6ONLY */
};

/* What becomes of datagrams larger than the path's MTU, and of the MTU: Linux's IP_PMTUDISC_... */
enum holm_udp_pmtu {
	HOLM_UDP_PMTU_DONT = 0,	     /* always in fragments that routers may cut further */
	HOLM_UDP_PMTU_WANT = 1,	     /* what fits must not be cut; the rest goes in fragments */
	HOLM_UDP_PMTU_DO = 2,	     /* never cut: -HOLM_EMSGSIZE */
	HOLM_UDP_PMTU_PROBE = 3,     /* likewise, but up to the link's MTU, whatever the path's */
	HOLM_UDP_PMTU_INTERFACE = 4, /* up to the link's MTU, and the path's is never lowered */
	HOLM_UDP_PMTU_OMIT = 5,	     /* likewise, in fragments where it is larger */
};

int holm_udp_set_option(struct holm_udp *u, enum holm_udp_option opt, uint32_t value);
int holm_udp_get_option(const struct holm_udp *u, enum holm_udp_option opt, uint32_t *value);

unsigned holm_udp_ready(const struct holm_udp *u);
int holm_udp_take_error(struct holm_udp *u);
/*
 * Datagrams to a group that come in by `dev` (NULL: where those to it would leave) are let in from now
 * on. -HOLM_EINVAL (no group), -HOLM_ENODEV, -HOLM_EADDRINUSE (joined already), -HOLM_ENOBUFS.
 */
int holm_udp_join(struct holm_udp *u, const struct holm_addr *group, struct holm_dev *dev);
/* No more; closing does it too. `dev` NULL: any. -HOLM_EINVAL, -HOLM_EADDRNOTAVAIL (not joined). */
int holm_udp_leave(struct holm_udp *u, const struct holm_addr *group, struct holm_dev *dev);
/* Datagrams to IPv4 groups leave through `dev`, with this source; NULL: as routes say. */
void holm_udp_send_groups_by(struct holm_udp *u, struct holm_dev *dev, const struct holm_addr *src);
/* The same of IPv6 groups; the source is chosen. */
void holm_udp_send_groups6_by(struct holm_udp *u, struct holm_dev *dev);
/* What was given there; NULL: none. */
struct holm_dev *holm_udp_groups6_dev(const struct holm_udp *u);
/* The source that was given for IPv4; the wildcard: none. */
void holm_udp_groups_source(const struct holm_udp *u, struct holm_addr *src);

/*
 * The oldest error kept under HOLM_UDP_OPT_ERRORS, with up to `max` bytes of what the datagram carried.
 * HOLM_ERROR stays while there are more. -HOLM_EAGAIN: none.
 */
int holm_udp_take_trouble(struct holm_udp *u, struct holm_trouble *t, void *payload, size_t max);
void holm_udp_local(const struct holm_udp *u, struct holm_endpoint *e);
/* -HOLM_ENOTCONN when there is none. */
int holm_udp_remote(const struct holm_udp *u, struct holm_endpoint *e);
/* Bytes of payload of the oldest datagram waiting; 0: none. Takes no error. */
size_t holm_udp_next_bytes(const struct holm_udp *u);
/* Datagrams and bytes of payload waiting. */
void holm_udp_queued(const struct holm_udp *u, size_t *datagrams, size_t *bytes);

/*
 * Which datagram over IPv6 was refused last because it would have had to be cut
 * (HOLM_UDP_OPT_UNCUT6), and how much the path takes; false: none since the last call.
 */
bool holm_udp_take_path_mtu(struct holm_udp *u, struct holm_endpoint *to, uint32_t *mtu);

/* Give the endpoint up; what it holds is freed. */
void holm_udp_close(struct holm_udp *u);

#ifdef __cplusplus
}
#endif

#endif
