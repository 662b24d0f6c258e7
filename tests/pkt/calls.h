/*
 * calls.h -- system calls of a script on the socket layer. A call that would block waits for an event
 * that names its socket: one that never comes is a lost wake, and the script fails.
 */
#ifndef TESTS_PKT_CALLS_H
#define TESTS_PKT_CALLS_H

#include <holm/socket.h>
#include <holm/tcp.h>

#include "tests/pkt/flow.h"
#include "tests/pkt/script.h"

#define CALLS_SOCKETS_MAX 64u
#define CALLS_PENDING_MAX 8u

/* A socket, from socket() or accept() to close(). */
struct sock {
	struct holm_socket *s; /* NULL: the place is free */
	int fd;
	bool nonblock;
	bool awake;		/* an event has named it since it was looked at */
	bool named;		/* bound by the script */
	int64_t sent, received; /* bytes of the streams */
};

/* A call under way. */
struct attempt {
	const struct event *event; /* NULL: the place is free */
	struct sock *sock;
	struct sock *child;   /* what accept() is to make */
	bool again;	      /* not the first time */
	bool may_wait;	      /* it is allowed to block */
	int64_t done;	      /* bytes so far */
	uint64_t begun_ns;    /* script time */
	uint64_t deadline_ns; /* UINT64_MAX: none */
	bool expired;
};

struct calls {
	struct holm_net *net;
	struct flows *flows;
	uint64_t now;
	struct sock socks[CALLS_SOCKETS_MAX];
	struct attempt pending[CALLS_PENDING_MAX];
	struct sock *latest;		 /* whom checks are about */
	struct holm_tcp_request request; /* the last that tcp_pending() found */
};

/* What a function says that cannot be done yet. No result of a call is like it. */
#define CALL_WAITS INT64_MIN

void calls_init(struct calls *c, struct holm_net *net, struct flows *flows);

/* Begin a call; true if it is over, and was right. Otherwise it is pending. */
bool calls_begin(struct calls *c, const struct event *e, bool may_wait);
/* Hear from the instance. Which calls may go on now? The next that is over is checked and freed. */
bool calls_continue(struct calls *c, const struct event **over);
/* The earliest moment at which a pending call gives up. */
uint64_t calls_deadline(const struct calls *c);
/* A call that is still pending, or NULL. */
const struct event *calls_pending(const struct calls *c);
/* Close what is open, as the end of a process would. */
void calls_fini(struct calls *c);

/* ---- sockopt.c */
int64_t call_setsockopt(struct calls *c, struct attempt *a);
int64_t call_getsockopt(struct calls *c, struct attempt *a);
/* tcp_pending(fd) and tcp_decide(fd, TCP_ACCEPT): what sockets do not have. */
int64_t call_pending(struct calls *c, struct attempt *a);
int64_t call_decide(struct calls *c, struct attempt *a);

/* ---- values, for both */
const struct value *call_arg(const struct attempt *a, size_t i);
int64_t value_number(const struct value *v);
/* The field of a record; fails without it. */
const struct value *value_field(const struct value *record, const char *name);

#endif
