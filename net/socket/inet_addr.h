/* sockaddr_in, as programs hand it in and want it back. */
#ifndef NET_SOCKET_INET_ADDR_H
#define NET_SOCKET_INET_ADDR_H

#include <holm/socket.h>

/*
 * What an address is for decides which families pass: Linux takes AF_UNSPEC in bind() with the wildcard
 * address only, in sendto() always, in connect() not here (there it dissolves).
 */
enum inet_addr_use { INET_ADDR_BIND, INET_ADDR_CONNECT, INET_ADDR_SENDTO };

/* -HOLM_EINVAL: too short; -HOLM_EAFNOSUPPORT; -HOLM_EFAULT: no address. */
int inet_addr_parse(struct holm_endpoint *e, const void *addr, uint32_t len,
		    enum inet_addr_use use);

/* Is it a sockaddr of family AF_UNSPEC, of any length that has a family? */
bool inet_addr_is_unspec(const void *addr, uint32_t len);

/* Linux connects to the loopback where the destination is the wildcard. */
void inet_addr_wildcard_to_loopback(struct holm_endpoint *e);

/* Cut to *len, which becomes the full length. Both NULL: nobody wants it. */
int inet_addr_put(const struct holm_endpoint *e, void *addr, uint32_t *len);

#endif
