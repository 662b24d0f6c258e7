/*
 * The socket object and the operation table of a kind of socket. Public calls are in socket.c and
 * option.c; the kinds are one file each.
 */
#ifndef NET_SOCKET_SOCKET_H
#define NET_SOCKET_SOCKET_H

#include <holm/socket.h>

#include "lib/list.h"
#include "net/core/net.h"

/* The largest value that SO_RCVBUF and SO_SNDBUF take: what window scaling of 2^7 can announce. */
#define SOCKET_BUFFER_MAX (4u * 1024 * 1024)
/* The smallest: half of Linux's SOCK_MIN_SNDBUF and SOCK_MIN_RCVBUF. The rings round up to a page. */
#define SOCKET_SNDBUF_MIN 2304u
#define SOCKET_RCVBUF_MIN 1152u

/*
 * Bits of holm_socket.unusual: what keeps bytes alone from being moved at once, or a level from
 * being what its endpoint says. Nearly always there is nothing of it, and one look says so.
 */
enum socket_unusual {
	SOCKET_SHUT_RD = 1, /* the first two are as shutdown() counts them less one */
	SOCKET_SHUT_WR = 2,
	SOCKET_MESSAGES = 4,	/* it moves messages only: its kind, or it is not connected */
	SOCKET_LATE_ERROR = 8,	/* holm_socket_return_error() */
	SOCKET_LOWAT = 16,	/* SO_RCVLOWAT */
	SOCKET_BELOW_MARK = 32, /* TCP_NOTSENT_LOWAT bounds what is written */
};
#define SOCKET_SHUT (SOCKET_SHUT_RD | SOCKET_SHUT_WR)

/* Which address a name is: getpeername() wants a connection, accept() takes what there was. */
enum socket_name { SOCKET_NAME_LOCAL, SOCKET_NAME_PEER, SOCKET_NAME_ACCEPTED };

struct socket_ops;
struct inet_addrs;

/* Instead of one protocol: every one but 0 that fits a byte; every one. */
#define SOCKET_PROTOCOL_IP (-1)
#define SOCKET_PROTOCOL_ANY (-2)

/* A kind of socket. `protocol` is what 0 means, and the only other value allowed, or one of the above. */
struct socket_kind {
	uint16_t family;
	uint8_t type;
	int16_t protocol;
	const struct socket_ops *ops; /* NULL: the end of a table */
};

/* Tables of kinds: AF_INET's, and one for each part. */
#define SOCKET_TABLES_MAX 8u

/* The instance's sockets. One per instance, from start to stop. */
struct socket_state {
	struct list all; /* of struct holm_socket */
	uint32_t count;
	uint64_t last_number; /* given to a socket whose SO_COOKIE was asked for */
	struct holm_cred cred;
	bool (*permits)(void *ctx, enum holm_capability cap); /* NULL: everything */
	void *permits_ctx;
	const struct socket_kind *tables[SOCKET_TABLES_MAX];
};

struct socket_ops {
	size_t bytes; /* of the whole object */
	const struct inet_addrs
		*addrs; /* how its family writes addresses; NULL: not as Internet ones */
	/* Make the endpoint. The base is filled in. */
	int (*open)(struct holm_socket *s);
	/* Give it up. `abort`: without a word of farewell. The object is freed by the caller. */
	void (*close)(struct holm_socket *s, bool abort);
	void (*set_cookie)(struct holm_socket *s);
	int (*bind)(struct holm_socket *s, const void *addr, uint32_t len);
	int (*connect)(struct holm_socket *s, const void *addr, uint32_t len);
	/* NULL: -HOLM_EOPNOTSUPP. */
	int (*listen)(struct holm_socket *s, int backlog);
	/* Give `child`, a new socket without an endpoint, the oldest connection. */
	int (*accept)(struct holm_socket *s, struct holm_socket *child);
	/* Is there one? 0, -HOLM_EAGAIN, -HOLM_EINVAL. */
	int (*can_accept)(struct holm_socket *s);
	int (*name)(struct holm_socket *s, enum socket_name which, void *addr, uint32_t *len);
	int (*shutdown)(struct holm_socket *s, unsigned shut);
	int64_t (*send)(struct holm_socket *s, const struct holm_msg *msg, int flags);
	int64_t (*recv)(struct holm_socket *s, struct holm_msg *msg, int flags);
	/* holm_socket_write(), holm_socket_read(); NULL: it is SOCKET_MESSAGES for ever. */
	size_t (*write)(struct holm_socket *s, const void *p, size_t n);
	size_t (*read)(struct holm_socket *s, void *p, size_t n);
	/* MSG_ERRQUEUE; NULL: the queue is always empty. */
	int64_t (*recv_error)(struct holm_socket *s, struct holm_msg *msg);
	unsigned (*poll)(struct holm_socket *s);
	size_t (*readable)(struct holm_socket *s);
	/* 0 or a negative error, once. */
	int (*take_error)(struct holm_socket *s);
	/* sndbuf or rcvbuf has changed. */
	int (*resize)(struct holm_socket *s);
	/* Options below SOL_SOCKET, and those of it that the endpoint knows; values are ints. */
	int (*set)(struct holm_socket *s, int level, int name, int value);
	int (*get)(struct holm_socket *s, int level, int name, int *value);
	/* dev, mark or dontroute has changed. NULL: no such options. */
	int (*set_way)(struct holm_socket *s);
	/*
	 * Options whose values are no ints, asked for first: -HOLM_ENOPROTOOPT: not one of them.
	 * NULL: none.
	 */
	int (*set_bytes)(struct holm_socket *s, int level, int name, const void *value,
			 uint32_t len);
	int (*get_bytes)(struct holm_socket *s, int level, int name, void *value, uint32_t *len);
	/* NULL: -HOLM_EOPNOTSUPP. */
	int (*pair)(struct holm_socket *a, struct holm_socket *b);
	/* NULL: nobody, {0, -1, -1}. */
	void (*peer_cred)(const struct holm_socket *s, struct holm_cred *cred);
	/* For messages that carry sockets; NULL: no concern of this kind. */
	void (*set_object)(struct holm_socket *s, struct holm_object *o);
	void (*forgotten)(struct holm_socket *s);
	size_t (*unsent)(struct holm_socket *s);
	bool (*at_mark)(struct holm_socket *s);	     /* NULL: never */
	bool (*is_listening)(struct holm_socket *s); /* NULL: never */
	bool has_timestamps;			     /* tells when what is received came */
	bool is_tcp;
};

/*
 * One per socket that a program holds. Owned by it until holm_socket_close(), or by the instance's
 * end. The kinds extend it.
 */
struct holm_socket {
	const struct socket_ops *ops;
	struct holm_net *net;
	struct list_node link; /* socket_state.all */
	void *cookie;
	uint64_t number;		   /* SO_COOKIE; 0: nobody has asked */
	uint64_t rcvtimeo_ns, sndtimeo_ns; /* 0: none */
	uint32_t sndbuf, rcvbuf;	   /* as set, or grown; getsockopt() shows twice that */
	bool sndbuf_locked, rcvbuf_locked; /* set by the program: they stay as they are */
	int32_t linger_s;		   /* -1: off */
	uint32_t rcvlowat;		   /* at least 1 */
	uint32_t wants;			   /* enum holm_ancillary_bit: what a receive is to bring */
	uint16_t family;
	uint8_t type;
	uint16_t protocol;
	uint8_t unusual; /* enum socket_unusual */
	int32_t priority;
	uint32_t mark;
	struct holm_dev *dev;	 /* SO_BINDTODEVICE; ip_no_dev(): it is no more */
	uint32_t sticky_ifindex; /* IPV6_PKTINFO: datagrams of IPv6 leave by it; 0: by route */
	bool dontroute;
	bool v6only; /* AF_INET6: no IPv4 */
	bool reuseaddr, reuseport, keepalive, broadcast, passcred, oobinline;
	uint8_t late_error; /* positive: holm_socket_return_error(); 0: none */
};

static inline void socket_set_unusual(struct holm_socket *s, unsigned what, bool is)
{
	s->unusual = (uint8_t)(is ? s->unusual | what : s->unusual & ~what);
}

extern const struct socket_ops inet_stream_ops;
extern const struct socket_ops inet_dgram_ops;
/* The same for AF_INET6. */
extern const struct socket_ops inet6_stream_ops;
extern const struct socket_ops inet6_dgram_ops;

/* The pending error, once: 0 or negative. */
int socket_take_error(struct holm_socket *s);
/* holm_socket_return_error() of something that is of no interest any more. */
static inline void socket_forget_late_error(struct holm_socket *s)
{
	s->late_error = 0;
	socket_set_unusual(s, SOCKET_LATE_ERROR, false);
}
/* What poll() says of a socket of packets whose endpoint is ready for this (enum holm_state). */
unsigned socket_datagram_poll(const struct holm_socket *s, unsigned ready);
/* Which part of a packet's company an option asks for (enum holm_ancillary_bit); 0: none. */
uint32_t inet_dgram_company(int level, int name);

/* A socket listening? For SO_ACCEPTCONN. */
bool inet_stream_is_listening(struct holm_socket *s);
/* Fill struct tcp_info of Linux, cut to *len. */
int inet_stream_get_info(struct holm_socket *s, void *value, uint32_t *len);
/* TCP_CONGESTION: the controller's name. */
int inet_stream_set_congestion(struct holm_socket *s, const void *value, uint32_t len);
int inet_stream_get_congestion(struct holm_socket *s, void *value, uint32_t *len);

/* Does the policy permit it? */
static inline bool socket_may(const struct holm_socket *s, enum holm_capability cap)
{
	const struct socket_state *st = s->net->sockets;

	return !st->permits || st->permits(st->permits_ctx, cap);
}

/*
 * Beyond this priority (TC_PRIO_INTERACTIVE) setting one is privileged, and what is sent may use the frames
 * that are kept for control: the pool's reserve.
 */
#define SOCKET_PRIORITY_MAX 6

/* May it be bound to this port? -HOLM_EACCES: that takes a right. */
static inline int socket_check_port(const struct holm_socket *s, uint16_t port)
{
	return port > 0 && port < 1024 && !socket_may(s, HOLM_CAP_NET_BIND) ? -HOLM_EACCES : 0;
}

/* Copy an option's value out, cut to *len, which becomes what was copied. 0. */
int socket_put_option(const void *from, uint32_t bytes, void *value, uint32_t *len);

/* Another layer's kinds of sockets, in the instance from now on. */
void socket_add_kinds(struct holm_net *net, const struct socket_kind *kinds);

#endif
