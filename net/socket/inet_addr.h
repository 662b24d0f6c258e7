/* sockaddr_in and sockaddr_in6, as programs hand them in and want them back. */
#ifndef NET_SOCKET_INET_ADDR_H
#define NET_SOCKET_INET_ADDR_H

#include "net/socket/socket.h"

/*
 * What an address is for decides which families pass: Linux takes AF_UNSPEC in bind() with the wildcard
 * address only, in sendto() always, in connect() not here (there it dissolves).
 */
enum inet_addr_use { INET_ADDR_BIND, INET_ADDR_CONNECT, INET_ADDR_SENDTO };

/* How a family writes addresses. */
struct inet_addrs {
	/*
	 * -HOLM_EINVAL: too short; -HOLM_EAFNOSUPPORT; -HOLM_EFAULT: no address. The family may have more
	 * to say; a link-local address binds the socket to its interface.
	 */
	int (*parse)(struct holm_socket *s, struct holm_endpoint *e, const void *addr, uint32_t len,
		     enum inet_addr_use use);
	/* See inet_addr_give(). */
	int (*put)(const struct holm_endpoint *e, void *addr, uint32_t *len);
	struct holm_addr any;
};
extern const struct inet_addrs inet_addrs;
extern const struct inet_addrs inet6_addrs;

/* AF_INET's. */
int inet_addr_parse(struct holm_endpoint *e, const void *addr, uint32_t len,
		    enum inet_addr_use use);

/* Is it a sockaddr of family AF_UNSPEC, of any length that has a family? */
bool inet_addr_is_unspec(const void *addr, uint32_t len);

/*
 * As on Linux the wildcard as a destination, IPv4's, means where it comes from: the address that the socket
 * has, or else the loopback.
 */
void inet_addr_wildcard_to_self(const struct holm_socket *s, struct holm_endpoint *e,
				const struct holm_addr *local);

/*
 * The last step of every put(): a name of a family, cut to *len, which becomes its full length. Both NULL:
 * nobody wants it. -HOLM_EFAULT: one of them is; -HOLM_EINVAL: *len is negative, as programs see it.
 */
int inet_addr_give(const void *name, uint32_t bytes, void *addr, uint32_t *len);

int inet_addr_put(const struct holm_endpoint *e, void *addr, uint32_t *len);

static inline int inet_parse(struct holm_socket *s, struct holm_endpoint *e, const void *addr,
			     uint32_t len, enum inet_addr_use use)
{
	return s->ops->addrs->parse(s, e, addr, len, use);
}

static inline int inet_put(const struct holm_socket *s, const struct holm_endpoint *e, void *addr,
			   uint32_t *len)
{
	return s->ops->addrs->put(e, addr, len);
}

#endif
