/*
 * Unix endpoints: what net/unix offers net/socket. README.md has the whole picture; ownership and
 * lifetimes are said at each structure. Calls return 0 or a negative HOLM_E... and never block.
 */
#ifndef NET_UNIX_UNIX_H
#define NET_UNIX_UNIX_H

#include <holm/socket.h>

#include "lib/list.h"
#include "lib/ring.h"
#include "net/core/ep.h"
#include "net/core/net.h"
#include "net/core/table.h"

/* sun_path: bytes of a name. */
#define UNIX_NAME_MAX 108u
/* Messages in one queue, whatever their size; Linux's net.unix.max_dgram_qlen of today. */
#define UNIX_QUEUE_MAX 512u
/* The first ring, and what a drained one keeps. */
#define UNIX_RING_MIN 512u

/* What a name is bound to, by how it is written. */
struct unix_name {
	struct htab_node node;
	struct unix_end *end; /* NULL: a path whose socket is gone */
	uint32_t refs;
	uint8_t len;  /* a path without its NUL; an abstract name with its leading one */
	uint8_t type; /* enum holm_sock_type of an abstract name, each type has its own; 0: a path */
	bool bound;   /* in the table */
	uint8_t bytes[UNIX_NAME_MAX];
};

/* What goes with a send; README.md, "What is where". One block with its objects and bytes. */
struct unix_message {
	struct list_node node;	/* in a queue of marks or packets, or among those to be let go */
	struct unix_name *from; /* counted; NULL: the sender had no name */
	struct holm_cred cred;
	uint32_t nobjects;
	size_t block_bytes;
	size_t len;	     /* of a packet */
	uint32_t start, end; /* of a mark: positions in the ring, modulo 2^32 */
	struct holm_object **objects;
	uint8_t *bytes; /* of a packet */
};

/* Bits of unix_end.shut, as shutdown() counts them plus one. */
enum unix_shut { UNIX_SHUT_RD = 1, UNIX_SHUT_WR = 2 };

enum unix_state { UNIX_FRESH, UNIX_LISTENING, UNIX_CONNECTED, UNIX_CUT };

/*
 * One per socket, or per connection that waits to be accepted. Owned by the program's socket, or by
 * the listener whose queue it is in.
 */
struct unix_end {
	struct ep ep;
	struct holm_net *net;
	struct list_node all;	    /* unix_state.ends */
	struct unix_end *peer;	    /* the other end; of datagrams the default destination */
	struct unix_name *name;	    /* counted; NULL: none */
	struct holm_object *object; /* the program's side of it, or NULL */
	uint8_t type;		    /* enum holm_sock_type */
	uint8_t state;		    /* enum unix_state */
	uint8_t shut;		    /* enum unix_shut */
	uint8_t error;		    /* errno to be taken */
	bool garbage;		    /* collect.c */
	uint32_t limit;		    /* SO_SNDBUF: what may wait at the other end */
	uint32_t unexplained;	    /* collect.c: references that no message accounts for */
	struct list_node work;	    /* collect.c: held from outside, to be looked at */
	struct holm_cred cred;	    /* of whom it belongs to */
	struct holm_cred peer_cred;

	/* What was not read yet. */
	struct ring ring;     /* streams */
	struct list messages; /* streams: marks in the order of positions; others: packets */
	uint32_t nmessages;
	size_t queued_bytes; /* of packets */

	/* Who wants to know when there is room here: linked by `waits`. */
	struct list room_waiters;
	struct list_node waits;
	struct unix_end *waits_at; /* whose list `waits` is on */
	/* Datagram endpoints whose default destination this is: linked by `admires`. */
	struct list admirers;
	struct list_node admires;

	/* A listener's children, oldest first, linked by `child`. */
	struct list children;
	struct list_node child;
	uint32_t nchildren, backlog;
};

static inline bool unix_is_connected_type(const struct unix_end *e)
{
	return e->type != HOLM_SOCK_DGRAM;
}

/* It is one end of a connection, or has been. */
static inline bool unix_was_connected(const struct unix_end *e)
{
	return unix_is_connected_type(e) && e->state >= UNIX_CONNECTED;
}

/* One per instance. */
struct unix_state_table {
	struct table names;
	struct allocator memory;
	struct list ends;	 /* of struct unix_end */
	struct list let_go;	 /* messages whose objects are to be put */
	bool letting_go;	 /* somebody up the stack is at it */
	uint32_t in_flight;	 /* objects in messages */
	uint32_t ends_in_flight; /* of these, references to endpoints' objects */
	uint32_t autobound;	 /* where the search for an automatic name goes on */
};

/* ---- unix.c */
int unix_start(struct holm_net *net);
void unix_stop(struct holm_net *net);
/* Put the objects of everything on let_go. The last thing a call does. */
void unix_let_go(struct holm_net *net);

/* ---- name.c */
/*
 * A name as a program gave it: sun_path and how many bytes of it. -HOLM_EINVAL: empty, too long, or
 * bound already; -HOLM_EADDRINUSE, -HOLM_ENOMEM.
 */
int unix_bind(struct unix_end *e, const uint8_t *name, size_t len);
/* An abstract name that nobody has. */
int unix_autobind(struct unix_end *e);
/* Whom does `e` mean by it? -HOLM_ENOENT, -HOLM_ECONNREFUSED, -HOLM_EINVAL. */
int unix_lookup(const struct unix_end *e, const uint8_t *name, size_t len, struct unix_end **out);
/* Forget a path. -HOLM_ENOENT. */
int unix_unlink(struct holm_net *net, const uint8_t *name, size_t len);
/* Does the path name a socket? */
bool unix_path_exists(struct holm_net *net, const uint8_t *name, size_t len);
static inline struct unix_name *unix_name_get(struct unix_name *name)
{
	if (name)
		name->refs++;
	return name;
}
void unix_name_put(struct holm_net *net, struct unix_name *name);
/* The endpoint gives its name up; a path stays behind. */
void unix_name_leave(struct unix_end *e);

/* ---- end.c */
int unix_open(struct holm_net *net, int type, const struct holm_cred *cred, struct unix_end **out);
/* Give it up; the other end sees it. */
void unix_close(struct unix_end *e);
void unix_pair(struct unix_end *a, struct unix_end *b);
int unix_listen(struct unix_end *e, int backlog);
/* -HOLM_EAGAIN: the listener's queue is full; an event tells when it is not. */
int unix_connect(struct unix_end *e, const uint8_t *name, size_t len);
/* A datagram endpoint without a destination again. */
void unix_disconnect(struct unix_end *e);
/* The oldest child, owned by the caller from now on; -HOLM_EAGAIN, -HOLM_EINVAL. */
int unix_accept(struct unix_end *e, struct unix_end **out);
void unix_shutdown(struct unix_end *e, unsigned shut);
/* enum holm_poll. An endpoint that is not writable is told when it is. */
unsigned unix_poll(struct unix_end *e);
/* Will nothing come any more that has not come; will nothing that is sent arrive? */
static inline bool unix_is_read_ended(const struct unix_end *e)
{
	return (e->shut & UNIX_SHUT_RD) ||
	       (unix_was_connected(e) && (!e->peer || (e->peer->shut & UNIX_SHUT_WR)));
}

static inline bool unix_is_write_ended(const struct unix_end *e)
{
	return (e->shut & UNIX_SHUT_WR) ||
	       (unix_was_connected(e) && (!e->peer || (e->peer->shut & UNIX_SHUT_RD)));
}

/* 0 or a negative error, once. */
int unix_take_error(struct unix_end *e);
/* `e` is told when `at` has room. */
void unix_wait_for_room(struct unix_end *e, struct unix_end *at);
/* There is room: tell everybody who waits for it. */
void unix_room_is_there(struct unix_end *e);

/* ---- stream.c, packet.c */
int64_t unix_send_stream(struct unix_end *e, const struct holm_msg *msg);
int64_t unix_recv_stream(struct unix_end *e, struct holm_msg *msg, int flags);
/*
 * What most sends and receives are, bytes alone that do not wrap in the ring; 0: nothing was done,
 * ask the others.
 */
size_t unix_write(struct unix_end *e, const void *p, size_t n);
size_t unix_read(struct unix_end *e, void *p, size_t n);
/* Could a writer at the other end of this one go on? */
static inline bool unix_stream_has_room(const struct unix_end *reader, uint32_t limit)
{
	return ring_len(&reader->ring) <= limit - limit / 4;
}
/* Throw away what was not read, with what it carries. */
void unix_empty(struct unix_end *e);
int64_t unix_send_packet(struct unix_end *e, const struct holm_msg *msg, const uint8_t *name,
			 size_t name_len);
/* *from: the sender's name, counted, the caller puts it; NULL: none. */
int64_t unix_recv_packet(struct unix_end *e, struct holm_msg *msg, int flags,
			 struct unix_name **from);
bool unix_packet_has_room(const struct unix_end *reader, uint32_t limit, size_t len);
/* What a FIONREAD shows; what SIOCOUTQ shows. */
size_t unix_readable_bytes(const struct unix_end *e);
size_t unix_unread_by_peer(const struct unix_end *e);

/* ---- message.c */
/*
 * A message of `len` bytes (not filled in) from `e` with what `msg` carries; references are taken.
 * -HOLM_ENOBUFS, -HOLM_ETOOMANYREFS, -HOLM_EINVAL.
 */
int unix_message_new(struct unix_end *e, const struct holm_msg *msg, size_t len,
		     struct unix_message **out);
/* Does the message of a send carry anything? */
static inline bool unix_message_is_needed(const struct holm_msg *msg)
{
	return msg->ancillary && msg->ancillary->has & (HOLM_ANC_OBJECTS | HOLM_ANC_CRED);
}
/* Give the receiver what the message carries; `peek`: and keep it. */
void unix_message_deliver(struct unix_end *e, struct unix_message *m, struct holm_msg *msg,
			  bool peek);
/* What a receive without a message gets: the peer's credentials. */
void unix_message_deliver_none(const struct holm_cred *from, struct holm_msg *msg);
/* It carries nothing any more. */
void unix_message_free(struct holm_net *net, struct unix_message *m);
/* In no queue any more: its objects go with the next unix_let_go(), then it is freed. */
void unix_message_discard(struct holm_net *net, struct unix_message *m);

/* ---- collect.c */
/* Find what only cycles of messages hold, and empty it. */
void unix_collect(struct holm_net *net);

#endif
