/* A TCP endpoint behind a socket; shared by its calls (inet_stream.c) and its options. */
#ifndef NET_SOCKET_INET_STREAM_H
#define NET_SOCKET_INET_STREAM_H

#include <holm/tcp.h>

#include "net/socket/rings.h"
#include "net/socket/socket.h"

/* What Linux calls the state of the socket, as opposed to the state of TCP. */
enum inet_stream_phase {
	UNCONNECTED, /* the endpoint is new, maybe bound */
	LISTENING,
	CONNECTING, /* connect() has not been told the outcome yet */
	CONNECTED,  /* it has, or accept() made this */
};

struct stream {
	struct holm_socket base;
	struct holm_tcp *tcp;
	struct rings *rings; /* from connect() or accept() on */
	enum inet_stream_phase phase;
	bool bound; /* by the program: to `local` as it asked */
	bool spent; /* the endpoint has failed and must be replaced before it is used again */
	struct holm_endpoint local;
};

static inline struct stream *inet_stream_of(struct holm_socket *s)
{
	return container_of(s, struct stream, base);
}

static inline const struct stream *inet_stream_of_const(const struct holm_socket *s)
{
	return container_of_const(s, struct stream, base);
}

/* ---- inet_stream_option.c */
int inet_stream_set(struct holm_socket *s, int level, int name, int value);
int inet_stream_get(struct holm_socket *s, int level, int name, int *value);

#endif
