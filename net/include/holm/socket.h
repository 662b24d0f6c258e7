/*
 * socket.h -- socket objects with POSIX semantics over an instance, without descriptors, threads or
 * blocking: what would block returns -HOLM_EAGAIN, and holm_net_next_event() tells when to try again
 * (its cookie is the socket's).
 *
 * The layer of system calls (kernel/sys, the preload library) turns descriptors into these objects
 * and waits. Numbers and layouts are Linux's, under names of their own, so that a C library's headers
 * may be included beside this one.
 */
#ifndef HOLM_SOCKET_H
#define HOLM_SOCKET_H

#include <holm/ip.h>
#include <holm/net.h>

#ifdef __cplusplus
extern "C" {
#endif

enum holm_af {
	HOLM_AF_UNSPEC = 0,
	HOLM_AF_UNIX = 1,
	HOLM_AF_INET = 2,
	HOLM_AF_INET6 = 10,
	HOLM_AF_PACKET = 17,
};

enum holm_sock_type {
	HOLM_SOCK_STREAM = 1,
	HOLM_SOCK_DGRAM = 2,
	HOLM_SOCK_RAW = 3,
	HOLM_SOCK_SEQPACKET = 5,
};

enum holm_ipproto {
	HOLM_IPPROTO_IP = 0,
	HOLM_IPPROTO_ICMP = 1,
	HOLM_IPPROTO_TCP = 6,
	HOLM_IPPROTO_UDP = 17,
	HOLM_IPPROTO_IPV6 = 41,
	HOLM_IPPROTO_ICMPV6 = 58,
	HOLM_IPPROTO_RAW = 255,
};

enum holm_msg_flag {
	HOLM_MSG_OOB = 0x1,
	HOLM_MSG_PEEK = 0x2,
	HOLM_MSG_DONTROUTE = 0x4,
	HOLM_MSG_CTRUNC = 0x8,
	HOLM_MSG_TRUNC = 0x20,
	HOLM_MSG_DONTWAIT = 0x40,
	HOLM_MSG_EOR = 0x80,
	HOLM_MSG_WAITALL = 0x100,
	HOLM_MSG_ERRQUEUE = 0x2000,
	HOLM_MSG_NOSIGNAL = 0x4000,
	HOLM_MSG_MORE = 0x8000,
	HOLM_MSG_FASTOPEN = 0x20000000,
	HOLM_MSG_CMSG_CLOEXEC = 0x40000000,
	/* holm's own: the bytes never change; queue them without a copy (send side, TCP). */
	HOLM_MSG_CONST = 0x1000000,
};

enum holm_shut {
	HOLM_SHUT_RD = 0,
	HOLM_SHUT_WR = 1,
	HOLM_SHUT_RDWR = 2,
};

enum holm_sol {
	HOLM_SOL_SOCKET = 1,
	HOLM_SOL_RAW = 255,
	HOLM_SOL_PACKET = 263,
};

enum holm_so {
	HOLM_SO_REUSEADDR = 2,
	HOLM_SO_TYPE = 3,
	HOLM_SO_ERROR = 4,
	HOLM_SO_DONTROUTE = 5,
	HOLM_SO_BROADCAST = 6,
	HOLM_SO_SNDBUF = 7,
	HOLM_SO_RCVBUF = 8,
	HOLM_SO_KEEPALIVE = 9,
	HOLM_SO_OOBINLINE = 10,
	HOLM_SO_PRIORITY = 12,
	HOLM_SO_LINGER = 13,
	HOLM_SO_REUSEPORT = 15,
	HOLM_SO_PASSCRED = 16,
	HOLM_SO_PEERCRED = 17,
	HOLM_SO_RCVLOWAT = 18,
	HOLM_SO_SNDLOWAT = 19,
	HOLM_SO_RCVTIMEO = 20,
	HOLM_SO_SNDTIMEO = 21,
	HOLM_SO_BINDTODEVICE = 25,
	HOLM_SO_TIMESTAMP = 29,
	HOLM_SO_ACCEPTCONN = 30,
	HOLM_SO_SNDBUFFORCE = 32,
	HOLM_SO_RCVBUFFORCE = 33,
	HOLM_SO_TIMESTAMPNS = 35,
	HOLM_SO_MARK = 36,
	HOLM_SO_PROTOCOL = 38,
	HOLM_SO_DOMAIN = 39,
	HOLM_SO_MAX_PACING_RATE = 47,
	HOLM_SO_COOKIE = 57,
	HOLM_SO_BINDTOIFINDEX = 62,
	HOLM_SO_BUF_LOCK = 72,
};

enum holm_tcp_sockopt {
	HOLM_SOCKOPT_TCP_NODELAY = 1,
	HOLM_SOCKOPT_TCP_MAXSEG = 2,
	HOLM_SOCKOPT_TCP_CORK = 3,
	HOLM_SOCKOPT_TCP_KEEPIDLE = 4,
	HOLM_SOCKOPT_TCP_KEEPINTVL = 5,
	HOLM_SOCKOPT_TCP_KEEPCNT = 6,
	HOLM_SOCKOPT_TCP_SYNCNT = 7,
	HOLM_SOCKOPT_TCP_LINGER2 = 8,
	HOLM_SOCKOPT_TCP_DEFER_ACCEPT = 9,
	HOLM_SOCKOPT_TCP_WINDOW_CLAMP = 10,
	HOLM_SOCKOPT_TCP_INFO = 11,
	HOLM_SOCKOPT_TCP_QUICKACK = 12,
	HOLM_SOCKOPT_TCP_CONGESTION = 13,
	HOLM_SOCKOPT_TCP_USER_TIMEOUT = 18,
	HOLM_SOCKOPT_TCP_FASTOPEN = 23,
	HOLM_SOCKOPT_TCP_NOTSENT_LOWAT = 25,
	HOLM_SOCKOPT_TCP_FASTOPEN_CONNECT = 30,
	HOLM_SOCKOPT_TCP_INQ = 36,
};

enum holm_udp_sockopt {
	HOLM_SOCKOPT_UDP_SEGMENT = 103,
	HOLM_SOCKOPT_UDP_GRO = 104,
};

enum holm_ip_sockopt {
	HOLM_SOCKOPT_IP_TOS = 1,
	HOLM_SOCKOPT_IP_TTL = 2,
	HOLM_SOCKOPT_IP_HDRINCL = 3,
	HOLM_SOCKOPT_IP_PKTINFO = 8,
	HOLM_SOCKOPT_IP_MTU_DISCOVER = 10,
	HOLM_SOCKOPT_IP_RECVERR = 11,
	HOLM_SOCKOPT_IP_RECVTTL = 12,
	HOLM_SOCKOPT_IP_RECVTOS = 13,
	HOLM_SOCKOPT_IP_MTU = 14,
	HOLM_SOCKOPT_IP_FREEBIND = 15,
	HOLM_SOCKOPT_IP_TRANSPARENT = 19,
	HOLM_SOCKOPT_IP_RECVORIGDSTADDR = 20,
	HOLM_SOCKOPT_IP_BIND_ADDRESS_NO_PORT = 24,
	HOLM_SOCKOPT_IP_MULTICAST_IF = 32,
	HOLM_SOCKOPT_IP_MULTICAST_TTL = 33,
	HOLM_SOCKOPT_IP_MULTICAST_LOOP = 34,
	HOLM_SOCKOPT_IP_ADD_MEMBERSHIP = 35,
	HOLM_SOCKOPT_IP_DROP_MEMBERSHIP = 36,
	HOLM_SOCKOPT_MCAST_JOIN_GROUP = 42,
	HOLM_SOCKOPT_MCAST_LEAVE_GROUP = 45,
	HOLM_SOCKOPT_IP_MULTICAST_ALL = 49,
};

enum holm_ip6_sockopt {
	HOLM_SOCKOPT_IPV6_CHECKSUM = 7,
	HOLM_SOCKOPT_IPV6_UNICAST_HOPS = 16,
	HOLM_SOCKOPT_IPV6_MULTICAST_IF = 17,
	HOLM_SOCKOPT_IPV6_MULTICAST_HOPS = 18,
	HOLM_SOCKOPT_IPV6_MULTICAST_LOOP = 19,
	HOLM_SOCKOPT_IPV6_JOIN_GROUP = 20,
	HOLM_SOCKOPT_IPV6_LEAVE_GROUP = 21,
	HOLM_SOCKOPT_IPV6_MTU_DISCOVER = 23,
	HOLM_SOCKOPT_IPV6_MTU = 24,
	HOLM_SOCKOPT_IPV6_RECVERR = 25,
	HOLM_SOCKOPT_IPV6_V6ONLY = 26,
	HOLM_SOCKOPT_IPV6_MULTICAST_ALL = 29,
	HOLM_SOCKOPT_IPV6_HDRINCL = 36,
	HOLM_SOCKOPT_IPV6_RECVPKTINFO = 49,
	HOLM_SOCKOPT_IPV6_PKTINFO = 50,
	HOLM_SOCKOPT_IPV6_RECVHOPLIMIT = 51,
	HOLM_SOCKOPT_IPV6_HOPLIMIT = 52,
	HOLM_SOCKOPT_IPV6_RECVPATHMTU = 60,
	HOLM_SOCKOPT_IPV6_PATHMTU = 61,
	HOLM_SOCKOPT_IPV6_DONTFRAG = 62,
	HOLM_SOCKOPT_IPV6_RECVTCLASS = 66,
	HOLM_SOCKOPT_IPV6_TCLASS = 67,
	HOLM_SOCKOPT_IPV6_RECVORIGDSTADDR = 74,
	HOLM_SOCKOPT_IPV6_FREEBIND = 78,
};

/* struct ip_mreqn of Linux; its first two are struct ip_mreq. */
struct holm_ip_mreqn {
	uint8_t group[4];
	uint8_t address[4];
	int32_t ifindex;
};

/* struct ipv6_mreq of Linux. */
struct holm_ip6_mreq {
	uint8_t group[16];
	int32_t ifindex;
};

/* struct group_req of a 64-bit Linux, whose address may be of any family. */
struct holm_group_req {
	uint32_t ifindex;
	uint32_t padding;
	uint8_t group[128];
};

/* At level HOLM_SOL_RAW. */
enum { HOLM_SOCKOPT_ICMP_FILTER = 1 };

/* At level HOLM_IPPROTO_ICMPV6. */
enum { HOLM_SOCKOPT_ICMP6_FILTER = 1 };

/* At level HOLM_SOL_PACKET. */
enum holm_packet_sockopt {
	HOLM_SOCKOPT_PACKET_ADD_MEMBERSHIP = 1,
	HOLM_SOCKOPT_PACKET_DROP_MEMBERSHIP = 2,
	HOLM_SOCKOPT_PACKET_STATISTICS = 6,
	HOLM_SOCKOPT_PACKET_IGNORE_OUTGOING = 23,
};

/* What a membership of a packet socket is of: struct packet_mreq of Linux, and its types. */
enum holm_packet_membership {
	HOLM_PACKET_MR_MULTICAST = 0,
	HOLM_PACKET_MR_PROMISC = 1,
	HOLM_PACKET_MR_ALLMULTI = 2,
	HOLM_PACKET_MR_UNICAST = 3,
};
struct holm_packet_mreq {
	int32_t ifindex;
	uint16_t type;
	uint16_t alen;
	uint8_t addr[8];
};

/* struct tpacket_stats of Linux: seen, those without room included, since somebody asked. */
struct holm_packet_stats {
	uint32_t packets, drops;
};

/* struct sockaddr_in of Linux: family in host order, port and address in network order. */
struct holm_sockaddr_in {
	uint16_t family;
	uint8_t port[2];
	uint8_t addr[4];
	uint8_t zero[8];
};

/* struct sockaddr_in6 of Linux; the first three are in network order but for the family. */
struct holm_sockaddr_in6 {
	uint16_t family;
	uint8_t port[2];
	uint8_t flowinfo[4];
	uint8_t addr[16];
	uint32_t scope_id; /* of a link-local address: the interface, the loopback being 1 */
};

/* struct in6_pktinfo of Linux. */
struct holm_ip6_pktinfo {
	uint8_t addr[16];
	uint32_t ifindex; /* the loopback is 1 */
};

/* struct ip6_mtuinfo of Linux. */
struct holm_ip6_mtuinfo {
	struct holm_sockaddr_in6 addr;
	uint32_t mtu;
};

/* struct sockaddr_ll of Linux: protocol in network order, as many bytes of the address as halen says. */
struct holm_sockaddr_ll {
	uint16_t family;
	uint8_t protocol[2];
	int32_t ifindex; /* as Linux counts, the loopback is 1 */
	uint16_t hatype;
	uint8_t pkttype;
	uint8_t halen;
	uint8_t addr[8];
};

/* struct sockaddr_un of Linux. */
struct holm_sockaddr_un {
	uint16_t family;
	uint8_t path[108];
};

struct holm_linger {
	int32_t onoff;
	int32_t linger;
};

/* struct timeval of a 64-bit Linux. */
struct holm_timeval {
	int64_t sec;
	int64_t usec;
};

/* Poll events, Linux's numbers. */
enum holm_poll {
	HOLM_POLLIN = 0x001,
	HOLM_POLLPRI = 0x002,
	HOLM_POLLOUT = 0x004,
	HOLM_POLLERR = 0x008,
	HOLM_POLLHUP = 0x010,
	HOLM_POLLNVAL = 0x020,
	HOLM_POLLRDNORM = 0x040,
	HOLM_POLLWRNORM = 0x100,
	HOLM_POLLRDHUP = 0x2000,
};

struct holm_socket;

/* Who somebody is: struct ucred of Linux. */
struct holm_cred {
	int32_t pid;
	uint32_t uid, gid;
};

/*
 * Something that a message over a Unix socket may carry (SCM_RIGHTS): an open file of the layer
 * above, which embeds this and counts references. Zero but for `ops` at first.
 */
struct holm_object;
struct holm_object_ops {
	/* Another reference, and one less; the last may end the object, and close its socket. */
	void (*get)(struct holm_object *o);
	void (*put)(struct holm_object *o);
	/* How many references there are. */
	uint32_t (*refs)(const struct holm_object *o);
};
struct holm_object {
	const struct holm_object_ops *ops;
	/* The stack's: references that messages hold, and the endpoint behind it, if it is one. */
	uint32_t in_flight;
	struct unix_end *end;
};

/* Objects that one message carries at most, as on Linux (SCM_MAX_FD). */
#define HOLM_OBJECTS_MAX 253u

/*
 * A new socket. AF_INET with STREAM or DGRAM; where the instance's list has the part, AF_INET6 with
 * the same (`holm_sockets6`), with RAW, or DGRAM and IPPROTO_ICMPV6 (`holm_raw6`), AF_INET with RAW
 * (`holm_raw`) or DGRAM and IPPROTO_ICMP (`holm_ping`), AF_PACKET with RAW or DGRAM (`holm_packet`;
 * the protocol is an ethertype in network order), AF_UNIX with STREAM, DGRAM or SEQPACKET
 * (`holm_unix`). -HOLM_EAFNOSUPPORT, -HOLM_EPROTONOSUPPORT,
 * -HOLM_ESOCKTNOSUPPORT, -HOLM_EINVAL, -HOLM_ENOBUFS (config.sockets_max), -HOLM_ENOMEM.
 * `cookie` is what events about it carry.
 */
int holm_socket_open(struct holm_net *net, int family, int type, int protocol, void *cookie,
		     struct holm_socket **out);

/*
 * Two new sockets, connected to each other; AF_UNIX only, otherwise -HOLM_EOPNOTSUPP. Errors as
 * holm_socket_open() has them.
 */
int holm_socket_pair(struct holm_net *net, int family, int type, int protocol, void *cookies[2],
		     struct holm_socket *out[2]);

/* Privileged acts, named after what Linux asks for. */
enum holm_capability {
	HOLM_CAP_NET_BIND,  /* a port below 1024: CAP_NET_BIND_SERVICE */
	HOLM_CAP_NET_RAW,   /* raw and packet sockets, changing the device of SO_BINDTODEVICE */
	HOLM_CAP_NET_ADMIN, /* SO_MARK, SO_PRIORITY above 6, SO_RCVBUFFORCE, SO_SNDBUFFORCE */
	HOLM_CAP_ADMIN,	    /* names of the machine, credentials that are not one's own */
	HOLM_CAP_PING,	    /* ICMP echo sockets: Linux asks net.ipv4.ping_group_range */
};

/*
 * Sockets ask before a privileged act, which is refused with -HOLM_EPERM (-HOLM_EACCES for ports and echo
 * sockets) where `permits` says no. NULL, as it begins: everything is permitted.
 */
void holm_sockets_set_policy(struct holm_net *net,
			     bool (*permits)(void *ctx, enum holm_capability cap), void *ctx);

/* Who opens, connects, listens and sends from now on: {1, 0, 0} until this is called. */
void holm_sockets_set_cred(struct holm_net *net, const struct holm_cred *cred);

/*
 * The object by which messages may carry this socket. It ends with the socket: its last reference
 * closes it. NULL is not allowed.
 */
void holm_socket_set_object(struct holm_socket *s, struct holm_object *o);

/*
 * A reference to the socket's object was put, and others remain. If these are all in messages that
 * wait in sockets of which the same is true, nobody will ever see them: then they are emptied, and
 * objects put.
 */
void holm_socket_forgotten(struct holm_socket *s);

/* Forget a path that a Unix socket was bound to. -HOLM_ENOENT. */
int holm_socket_unlink(struct holm_net *net, const char *path);
/* Is a Unix socket bound to it, or was it, until it is unlinked? */
bool holm_socket_path_exists(struct holm_net *net, const char *path);

/*
 * Give the socket up. Its connection goes on as holm_tcp_close() says, or by SO_LINGER {1, 0} as
 * holm_tcp_abort(). With SO_LINGER {1, n > 0} the caller first shuts writing down and waits until
 * holm_socket_is_delivered(), n seconds at most.
 */
void holm_socket_close(struct holm_socket *s);

void holm_socket_set_cookie(struct holm_socket *s, void *cookie);

/* The socket's instance. */
struct holm_net *holm_socket_net(const struct holm_socket *s);

/* What it was made as: enum holm_af, enum holm_sock_type, the protocol's number. */
int holm_socket_family(const struct holm_socket *s);
int holm_socket_type(const struct holm_socket *s);
int holm_socket_protocol(const struct holm_socket *s);

/* Addresses: `len` is the length given; outputs are cut to *len, *len becomes the full length. */
int holm_socket_bind(struct holm_socket *s, const void *addr, uint32_t len);
int holm_socket_listen(struct holm_socket *s, int backlog);
/* 0, or -HOLM_EINPROGRESS (then wait for HOLM_POLLOUT and read SO_ERROR), -HOLM_EALREADY, ... */
int holm_socket_connect(struct holm_socket *s, const void *addr, uint32_t len);
/* -HOLM_EAGAIN while nobody has connected. The new socket gets `cookie`. */
int holm_socket_accept(struct holm_socket *s, void *addr, uint32_t *len, void *cookie,
		       struct holm_socket **out);
/* What it would say, but for a lack of memory. */
int holm_socket_can_accept(struct holm_socket *s);
int holm_socket_getsockname(struct holm_socket *s, void *addr, uint32_t *len);
int holm_socket_getpeername(struct holm_socket *s, void *addr, uint32_t *len);
int holm_socket_shutdown(struct holm_socket *s, int how);

struct holm_iov {
	void *base;
	size_t len;
};

/* Bytes in all pieces. */
static inline size_t holm_iov_bytes(const struct holm_iov *iov, size_t n)
{
	size_t bytes = 0;

	if (n == 1) /* nearly always */
		return iov->len;
	for (size_t i = 0; i < n; i++)
		bytes += iov[i].len;
	return bytes;
}

/* What came, or goes, with a message: bits of holm_ancillary.has. */
enum holm_ancillary_bit {
	HOLM_ANC_OBJECTS = 1 << 0,
	HOLM_ANC_CRED = 1 << 1,
	/* Of datagrams: received where options ask for them; sent, `spec_dst` is the source. */
	HOLM_ANC_PKTINFO = 1 << 2, /* `to`, `ifindex` */
	HOLM_ANC_TTL = 1 << 3,
	HOLM_ANC_TOS = 1 << 4,
	HOLM_ANC_INQ = 1 << 5,	   /* of a stream, received only, where TCP_INQ asks for it */
	HOLM_ANC_ORIGDST = 1 << 6, /* `to`, received only */
	HOLM_ANC_TROUBLE = 1 << 7, /* with HOLM_MSG_ERRQUEUE */
	/* The same as AF_INET6 sockets are told, and tell. */
	HOLM_ANC_PKTINFO6 = 1 << 8, /* also of IPv4 */
	HOLM_ANC_HOPLIMIT = 1 << 9,
	HOLM_ANC_TCLASS = 1 << 10,
	HOLM_ANC_ORIGDST6 = 1 << 11,
	HOLM_ANC_TROUBLE6 = 1 << 12, /* also of IPv4 */
	HOLM_ANC_DONTFRAG = 1 << 13, /* sent only: never in fragments */
	HOLM_ANC_PATHMTU =
		1 << 14, /* `path_mtu` to `to`, received with an empty message of its own */
	/*
	 * `segment`: the message is datagrams of so many bytes, the last one perhaps of fewer; sent
	 * 0: it is one.
	 */
	HOLM_ANC_SEGMENT = 1 << 15,
	HOLM_ANC_TIMESTAMP = 1 << 28,	/* `time_ns`, to be told in microseconds */
	HOLM_ANC_TIMESTAMPNS = 1 << 29, /* the same, in nanoseconds */
};

/*
 * Ancillary data. Sending: the fields that `has` names; objects stay the caller's, the message takes
 * references of its own. Receiving: `has` is 0 and `objects_max` says how many places `objects` has;
 * what came is filled in, and references to objects are the caller's. What has no place is let go
 * (HOLM_MSG_CTRUNC).
 */
struct holm_ancillary {
	uint32_t has;
	uint32_t nobjects, objects_max;
	struct holm_object **objects;
	struct holm_cred cred;
	struct holm_endpoint to;   /* where a datagram was sent to */
	struct holm_addr spec_dst; /* our own address for whoever answers */
	struct holm_trouble trouble;
	uint32_t ifindex; /* where it came in; the loopback is 1, as on Linux */
	uint64_t time_ns; /* when it came, as holm_net_now() counts */
	uint8_t ttl, tos;
	uint8_t hops, tclass;
	uint32_t inq; /* bytes that can still be read; at its end at least 1 */
	uint32_t path_mtu;
	uint16_t segment;
};

/*
 * Scatter-gather message, one call for send, sendto, sendmsg and their twins. In sendmsg() the name
 * is where to send (or NULL), in recvmsg() where to put the sender (name_len in and out).
 */
struct holm_msg {
	void *name;
	uint32_t name_len;
	struct holm_iov *iov;
	size_t iovcnt;
	int flags;			  /* out: HOLM_MSG_TRUNC, HOLM_MSG_CTRUNC */
	struct holm_ancillary *ancillary; /* NULL: none to send; what comes is let go */
};

/* Bytes sent (>= 0), -HOLM_EAGAIN when none could be queued, -HOLM_EPIPE after shutdown, ... */
int64_t holm_socket_sendmsg(struct holm_socket *s, const struct holm_msg *msg, int flags);
/* Bytes received; 0 at the end of the stream; -HOLM_EAGAIN while nothing is there. */
int64_t holm_socket_recvmsg(struct holm_socket *s, struct holm_msg *msg, int flags);
/*
 * What nearly every write and read is: bytes, without flags, of a stream that is open. At least one
 * byte, and what the call would have moved as a message without waiting; 0: nothing was done, ask
 * with a message.
 */
size_t holm_socket_write(struct holm_socket *s, const void *p, size_t n);
/* A read is whole with that: fewer than SO_RCVLOWAT asks for are left where they are. */
size_t holm_socket_read(struct holm_socket *s, void *p, size_t n);
/*
 * A receive of several messages ended with this error, positive, behind some that it can report
 * instead: it is pending again, for whichever call comes next.
 */
void holm_socket_return_error(struct holm_socket *s, int error);

/* As Linux: each option is honoured or refused with -HOLM_ENOPROTOOPT. */
int holm_socket_setsockopt(struct holm_socket *s, int level, int name, const void *value,
			   uint32_t len);
int holm_socket_getsockopt(struct holm_socket *s, int level, int name, void *value, uint32_t *len);

/* Time-outs for the blocking layer: 0 means none. */
uint64_t holm_socket_rcvtimeo_ns(const struct holm_socket *s);
uint64_t holm_socket_sndtimeo_ns(const struct holm_socket *s);
/* SO_RCVLOWAT: bytes for which a blocking receive waits; at least 1. */
uint32_t holm_socket_rcvlowat(const struct holm_socket *s);
/* SO_LINGER: seconds to wait in close(), or -1. */
int holm_socket_linger_s(const struct holm_socket *s);

/* Has the peer acknowledged everything, FIN included? What SO_LINGER waits for. */
bool holm_socket_is_delivered(struct holm_socket *s);

/* Level readiness as poll() shows it (enum holm_poll); never blocks. */
unsigned holm_socket_poll(struct holm_socket *s);

/* FIONREAD: bytes (stream), or the size of the next datagram. */
size_t holm_socket_readable_bytes(struct holm_socket *s);

/* SIOCATMARK: is the next byte the urgent one? */
bool holm_socket_at_mark(struct holm_socket *s);

/* SIOCOUTQ: bytes that the peer has not taken (TCP: not acknowledged) yet. */
size_t holm_socket_unsent_bytes(struct holm_socket *s);

#ifdef __cplusplus
}
#endif

#endif
