/*
 * Unix sockets as objects: names, streams and their marks, packets, what closing does, objects in
 * messages and cycles of them. One instance; its memory must come back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lib/compiler.h"
#include "net/unix/unix.h"
#include "tests/support/sockets.h"

/* ---- short ways of saying it ---- */

static struct holm_socket *open_unix(struct duo *d, int type)
{
	struct holm_socket *s;

	assert_int_equal(holm_socket_open(d->net[0], HOLM_AF_UNIX, type, 0, NULL, &s), 0);
	holm_socket_set_cookie(s, s);
	return s;
}

static void open_pair(struct duo *d, int type, struct holm_socket *pair[2])
{
	void *none[2] = { NULL, NULL };

	assert_int_equal(holm_socket_pair(d->net[0], HOLM_AF_UNIX, type, 0, none, pair), 0);
	holm_socket_set_cookie(pair[0], pair[0]);
	holm_socket_set_cookie(pair[1], pair[1]);
}

/* "@x" is the abstract name "\0x". */
static uint32_t name_of(struct holm_sockaddr_un *un, const char *name)
{
	size_t n = strlen(name);

	memset(un, 0, sizeof(*un));
	un->family = HOLM_AF_UNIX;
	memcpy(un->path, name, n);
	if (name[0] != '@')
		return (uint32_t)(2 + n + 1);
	un->path[0] = 0;
	return (uint32_t)(2 + n);
}

static int bind_to(struct holm_socket *s, const char *name)
{
	struct holm_sockaddr_un un;
	uint32_t len = name_of(&un, name);

	return holm_socket_bind(s, &un, len);
}

static int connect_to(struct holm_socket *s, const char *name)
{
	struct holm_sockaddr_un un;
	uint32_t len = name_of(&un, name);

	return holm_socket_connect(s, &un, len);
}

static int64_t send_to(struct holm_socket *s, const char *text, const char *name)
{
	struct holm_iov iov = { (void *)(uintptr_t)text, strlen(text) };
	struct holm_sockaddr_un un;
	struct holm_msg msg = { .name = &un, .iov = &iov, .iovcnt = 1 };

	msg.name_len = name_of(&un, name);
	return holm_socket_sendmsg(s, &msg, 0);
}

static struct holm_socket *listen_at(struct duo *d, int type, const char *name, int backlog)
{
	struct holm_socket *s = open_unix(d, type);

	assert_int_equal(bind_to(s, name), 0);
	assert_int_equal(holm_socket_listen(s, backlog), 0);
	return s;
}

static int events_about(struct duo *d, const struct holm_socket *s)
{
	struct holm_event ev;
	int n = 0;

	while (holm_net_next_event(d->net[0], &ev))
		n += ev.cookie == s;
	return n;
}

/* An object as the kernel's open files are: the last reference closes its socket. */
struct thing {
	struct holm_object object;
	struct holm_socket *socket;
	uint32_t refs;
	int *alive;
};

static struct thing *thing_of(struct holm_object *o)
{
	return container_of(o, struct thing, object);
}

static void thing_get(struct holm_object *o)
{
	thing_of(o)->refs++;
}

static void thing_put(struct holm_object *o)
{
	struct thing *t = thing_of(o);

	if (--t->refs > 0) {
		if (t->socket)
			holm_socket_forgotten(t->socket);
		return;
	}
	(*t->alive)--;
	if (t->socket)
		holm_socket_close(t->socket);
}

static uint32_t thing_refs(const struct holm_object *o)
{
	return container_of_const(o, struct thing, object)->refs;
}

static const struct holm_object_ops thing_ops = { thing_get, thing_put, thing_refs };

static void make_thing(struct thing *t, struct holm_socket *s, int *alive)
{
	*t = (struct thing){
		.object = { .ops = &thing_ops }, .socket = s, .refs = 1, .alive = alive
	};
	(*alive)++;
	if (s)
		holm_socket_set_object(s, &t->object);
}

static int64_t send_things(struct holm_socket *s, const char *text, struct thing *t, uint32_t n)
{
	struct holm_object *objects[8];
	struct holm_ancillary a = { .has = HOLM_ANC_OBJECTS, .nobjects = n, .objects = objects };
	struct holm_iov iov = { (void *)(uintptr_t)text, strlen(text) };
	struct holm_msg msg = { .iov = &iov, .iovcnt = 1, .ancillary = &a };

	for (uint32_t i = 0; i < n; i++)
		objects[i] = &t[i].object;
	return holm_socket_sendmsg(s, &msg, 0);
}

/* Receive up to `max` bytes; *n: how many objects came, which are put again. */
static int64_t recv_things(struct holm_socket *s, char *buf, size_t max, uint32_t room, uint32_t *n,
			   int flags, int *out_flags)
{
	struct holm_object *objects[8];
	struct holm_ancillary a = { .objects_max = room, .objects = objects };
	struct holm_iov iov = { buf, max };
	struct holm_msg msg = { .iov = &iov, .iovcnt = 1, .ancillary = &a };
	int64_t got = holm_socket_recvmsg(s, &msg, flags);

	*n = a.has & HOLM_ANC_OBJECTS ? a.nobjects : 0;
	for (uint32_t i = 0; i < *n; i++)
		objects[i]->ops->put(objects[i]);
	if (out_flags)
		*out_flags = msg.flags;
	return got;
}

/* ---- names ---- */

static void a_path_stays_behind_until_it_is_unlinked(void **state)
{
	struct holm_socket *s, *other;
	struct duo d;

	(void)state;
	sockets_duo(&d);
	s = open_unix(&d, HOLM_SOCK_STREAM);
	other = open_unix(&d, HOLM_SOCK_STREAM);
	assert_int_equal(connect_to(other, "/run/x"), -HOLM_ENOENT);
	assert_int_equal(bind_to(s, "/run/x"), 0);
	assert_int_equal(bind_to(s, "/run/y"), -HOLM_EINVAL);
	assert_int_equal(bind_to(other, "/run/x"), -HOLM_EADDRINUSE);
	assert_int_equal(connect_to(other, "/run/x"), -HOLM_ECONNREFUSED);
	holm_socket_close(s);
	assert_true(holm_socket_path_exists(d.net[0], "/run/x"));
	assert_int_equal(connect_to(other, "/run/x"), -HOLM_ECONNREFUSED);
	assert_int_equal(bind_to(other, "/run/x"), -HOLM_EADDRINUSE);
	assert_int_equal(holm_socket_unlink(d.net[0], "/run/x"), 0);
	assert_int_equal(holm_socket_unlink(d.net[0], "/run/x"), -HOLM_ENOENT);
	assert_false(holm_socket_path_exists(d.net[0], "/run/x"));
	assert_int_equal(bind_to(other, "/run/x"), 0);
	/* Unlinked while bound: the socket keeps its name, others may take it. */
	assert_int_equal(holm_socket_unlink(d.net[0], "/run/x"), 0);
	s = open_unix(&d, HOLM_SOCK_STREAM);
	assert_int_equal(bind_to(s, "/run/x"), 0);
	holm_socket_close(other);
	assert_true(holm_socket_path_exists(d.net[0], "/run/x"));
	holm_socket_close(s);
	duo_fini(&d);
}

static void an_abstract_name_goes_with_its_socket(void **state)
{
	struct holm_socket *s, *other;
	struct duo d;

	(void)state;
	sockets_duo(&d);
	s = listen_at(&d, HOLM_SOCK_STREAM, "@x", 1);
	other = open_unix(&d, HOLM_SOCK_STREAM);
	assert_int_equal(connect_to(other, "@y"), -HOLM_ECONNREFUSED);
	assert_int_equal(bind_to(other, "@x"), -HOLM_EADDRINUSE);
	holm_socket_close(s);
	assert_int_equal(connect_to(other, "@x"), -HOLM_ECONNREFUSED);
	assert_int_equal(bind_to(other, "@x"), 0);
	holm_socket_close(other);
	duo_fini(&d);
}

static void a_name_is_told_with_its_length(void **state)
{
	struct holm_socket *s[4];
	struct holm_sockaddr_un un;
	uint32_t len;
	struct duo d;

	(void)state;
	sockets_duo(&d);
	for (int i = 0; i < 4; i++)
		s[i] = open_unix(&d, HOLM_SOCK_DGRAM);
	len = sizeof(un);
	assert_int_equal(holm_socket_getsockname(s[0], &un, &len), 0);
	assert_int_equal(len, 2);
	assert_int_equal(bind_to(s[0], "/a"), 0);
	len = sizeof(un);
	assert_int_equal(holm_socket_getsockname(s[0], &un, &len), 0);
	assert_int_equal(len, 2 + 2 + 1);
	assert_string_equal((const char *)un.path, "/a");
	assert_int_equal(bind_to(s[1], "@ab"), 0);
	len = sizeof(un);
	assert_int_equal(holm_socket_getsockname(s[1], &un, &len), 0);
	assert_int_equal(len, 2 + 3);
	assert_memory_equal(un.path, "\0ab", 3);
	/* Automatic names differ, and have six bytes. */
	for (int i = 2; i < 4; i++) {
		un.family = HOLM_AF_UNIX;
		assert_int_equal(holm_socket_bind(s[i], &un, 2), 0);
		len = sizeof(un);
		assert_int_equal(holm_socket_getsockname(s[i], &un, &len), 0);
		assert_int_equal(len, 2 + 6);
		assert_int_equal(un.path[0], 0);
		assert_int_equal(un.path[5], '0' + (i - 2));
	}
	for (int i = 0; i < 4; i++)
		holm_socket_close(s[i]);
	duo_fini(&d);
}

static void addresses_of_the_wrong_kind_are_refused(void **state)
{
	struct holm_socket *s, *packets;
	struct holm_sockaddr_un un = { .family = HOLM_AF_INET };
	struct duo d;

	(void)state;
	sockets_duo(&d);
	s = open_unix(&d, HOLM_SOCK_STREAM);
	packets = listen_at(&d, HOLM_SOCK_SEQPACKET, "/p", 1);
	assert_int_equal(holm_socket_bind(s, &un, sizeof(un)), -HOLM_EINVAL);
	un.family = HOLM_AF_UNIX;
	assert_int_equal(holm_socket_bind(s, &un, 1), -HOLM_EINVAL);
	assert_int_equal(holm_socket_bind(s, &un, sizeof(un) + 1), -HOLM_EINVAL);
	assert_int_equal(holm_socket_connect(s, &un, 2), -HOLM_EINVAL);
	assert_int_equal(connect_to(s, "/p"), -HOLM_EPROTOTYPE);
	assert_int_equal(holm_socket_listen(s, 1), -HOLM_EINVAL); /* no name */
	holm_socket_close(s);
	holm_socket_close(packets);
	duo_fini(&d);
}

/* ---- streams ---- */

static void a_connection_is_there_at_once_and_accepted_later(void **state)
{
	struct holm_socket *listener, *client, *server;
	char buf[8];
	struct duo d;

	(void)state;
	sockets_duo(&d);
	listener = listen_at(&d, HOLM_SOCK_STREAM, "/srv", 1);
	client = open_unix(&d, HOLM_SOCK_STREAM);
	assert_int_equal(holm_socket_poll(client), HOLM_POLLOUT | HOLM_POLLWRNORM | HOLM_POLLHUP);
	assert_int_equal(holm_socket_poll(listener), 0);
	assert_int_equal(sockets_send(client, "x", 1, 0), -HOLM_ENOTCONN);
	assert_int_equal(connect_to(client, "/srv"), 0);
	assert_int_equal(connect_to(client, "/srv"), -HOLM_EISCONN);
	assert_int_equal(events_about(&d, listener), 1);
	assert_int_equal(holm_socket_poll(listener), HOLM_POLLIN | HOLM_POLLRDNORM);
	assert_int_equal(sockets_send(client, "early", 5, 0), 5);
	server = sockets_accept(listener);
	assert_non_null(server);
	assert_null(sockets_accept(listener));
	assert_int_equal(sockets_recv(server, buf, sizeof(buf), 0), 5);
	assert_memory_equal(buf, "early", 5);
	assert_int_equal(sockets_recv(server, buf, sizeof(buf), 0), -HOLM_EAGAIN);
	assert_int_equal(sockets_send(server, "late", 4, 0), 4);
	assert_int_equal(sockets_recv(client, buf, 2, HOLM_MSG_PEEK), 2);
	assert_int_equal(sockets_recv(client, buf, sizeof(buf), 0), 4);
	assert_memory_equal(buf, "late", 4);
	holm_socket_close(server);
	holm_socket_close(client);
	holm_socket_close(listener);
	duo_fini(&d);
}

static void a_full_backlog_holds_connections_back_and_says_when_there_is_room(void **state)
{
	struct holm_socket *listener, *c[4], *server;
	struct duo d;

	(void)state;
	sockets_duo(&d);
	listener = listen_at(&d, HOLM_SOCK_STREAM, "/srv", 1);
	for (int i = 0; i < 4; i++)
		c[i] = open_unix(&d, HOLM_SOCK_STREAM);
	assert_int_equal(connect_to(c[0], "/srv"), 0);
	assert_int_equal(connect_to(c[1], "/srv"), 0);
	assert_int_equal(connect_to(c[2], "/srv"), -HOLM_EAGAIN);
	(void)events_about(&d, NULL);
	server = sockets_accept(listener);
	assert_int_equal(events_about(&d, c[2]), 1);
	assert_int_equal(connect_to(c[2], "/srv"), 0);
	assert_int_equal(connect_to(c[3], "/srv"), -HOLM_EAGAIN);
	(void)events_about(&d, NULL);
	/* The listener goes: who is in its queue hears of it, who waits for room, too. */
	holm_socket_close(listener);
	assert_true(holm_socket_poll(c[1]) & HOLM_POLLERR);
	assert_int_equal(sockets_recv(c[1], &d, 1, 0), -HOLM_ECONNRESET);
	assert_int_equal(events_about(&d, c[3]), 1);
	assert_int_equal(connect_to(c[3], "/srv"), -HOLM_ECONNREFUSED);
	assert_int_equal(holm_socket_poll(c[0]) & (HOLM_POLLERR | HOLM_POLLHUP), 0);
	holm_socket_close(server);
	for (int i = 0; i < 4; i++)
		holm_socket_close(c[i]);
	duo_fini(&d);
}

static void closing_ends_the_other_side_after_what_was_sent(void **state)
{
	struct holm_socket *p[2];
	char buf[8];
	struct duo d;

	(void)state;
	sockets_duo(&d);
	open_pair(&d, HOLM_SOCK_STREAM, p);
	assert_int_equal(sockets_send(p[0], "bye", 3, 0), 3);
	(void)events_about(&d, NULL);
	holm_socket_close(p[0]);
	assert_int_equal(events_about(&d, p[1]), 1);
	assert_int_equal(holm_socket_poll(p[1]) & (HOLM_POLLIN | HOLM_POLLHUP | HOLM_POLLRDHUP),
			 HOLM_POLLIN | HOLM_POLLHUP | HOLM_POLLRDHUP);
	assert_int_equal(holm_socket_poll(p[1]) & HOLM_POLLERR, 0);
	assert_int_equal(sockets_recv(p[1], buf, sizeof(buf), 0), 3);
	assert_int_equal(sockets_recv(p[1], buf, sizeof(buf), 0), 0);
	assert_int_equal(sockets_send(p[1], "x", 1, 0), -HOLM_EPIPE);
	holm_socket_close(p[1]);
	duo_fini(&d);
}

static void closing_with_unread_bytes_is_a_reset(void **state)
{
	struct holm_socket *p[2];
	char buf[8];
	struct duo d;

	(void)state;
	sockets_duo(&d);
	open_pair(&d, HOLM_SOCK_STREAM, p);
	assert_int_equal(sockets_send(p[0], "unread", 6, 0), 6);
	assert_int_equal(sockets_send(p[1], "last", 4, 0), 4);
	holm_socket_close(p[1]);
	/* What was received comes first, then the error, once, then the end. */
	assert_true(holm_socket_poll(p[0]) & HOLM_POLLERR);
	assert_int_equal(sockets_recv(p[0], buf, sizeof(buf), 0), 4);
	assert_int_equal(sockets_recv(p[0], buf, sizeof(buf), 0), -HOLM_ECONNRESET);
	assert_int_equal(sockets_recv(p[0], buf, sizeof(buf), 0), 0);
	holm_socket_close(p[0]);
	duo_fini(&d);
}

static void each_direction_can_be_shut_down(void **state)
{
	struct holm_socket *p[2];
	char buf[8];
	struct duo d;

	(void)state;
	sockets_duo(&d);
	open_pair(&d, HOLM_SOCK_STREAM, p);
	assert_int_equal(sockets_send(p[0], "a", 1, 0), 1);
	assert_int_equal(holm_socket_shutdown(p[0], HOLM_SHUT_WR), 0);
	assert_int_equal(events_about(&d, p[1]), 1);
	assert_int_equal(sockets_send(p[0], "b", 1, 0), -HOLM_EPIPE);
	assert_true(holm_socket_poll(p[1]) & HOLM_POLLRDHUP);
	assert_int_equal(holm_socket_poll(p[1]) & HOLM_POLLHUP, 0);
	assert_int_equal(sockets_recv(p[1], buf, 8, 0), 1);
	assert_int_equal(sockets_recv(p[1], buf, 8, 0), 0);
	assert_int_equal(sockets_send(p[1], "c", 1, 0), 1);
	assert_int_equal(holm_socket_shutdown(p[0], HOLM_SHUT_RD), 0);
	/* What had arrived may still be read; nothing more is taken. */
	assert_int_equal(sockets_send(p[1], "d", 1, 0), -HOLM_EPIPE);
	assert_int_equal(sockets_recv(p[0], buf, 8, 0), 1);
	assert_int_equal(sockets_recv(p[0], buf, 8, 0), 0);
	assert_true(holm_socket_poll(p[0]) & HOLM_POLLHUP);
	holm_socket_close(p[0]);
	holm_socket_close(p[1]);
	duo_fini(&d);
}

static void a_full_ring_takes_no_more_and_wakes_its_writer_once(void **state)
{
	static uint8_t block[48 * 1024], back[48 * 1024];
	struct holm_socket *p[2];
	struct duo d;

	(void)state;
	sockets_duo(&d);
	open_pair(&d, HOLM_SOCK_STREAM, p);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (uint8_t)(i * 7 + i / 256);
	assert_int_equal(sockets_send(p[0], block, sizeof(block), 0), 48 * 1024);
	assert_int_equal(sockets_send(p[0], block, sizeof(block), 0), 16 * 1024);
	assert_int_equal(sockets_send(p[0], block, 1, 0), -HOLM_EAGAIN);
	assert_int_equal(holm_socket_poll(p[0]) & HOLM_POLLOUT, 0);
	assert_int_equal(holm_socket_unsent_bytes(p[0]), 64 * 1024);
	assert_int_equal(holm_socket_readable_bytes(p[1]), 64 * 1024);
	(void)events_about(&d, NULL);
	assert_int_equal(sockets_recv(p[1], back, 1, 0), 1);
	assert_int_equal(events_about(&d, p[0]), 0); /* not worth it yet */
	assert_int_equal(sockets_recv(p[1], back + 1, sizeof(back) - 1, 0), 48 * 1024 - 1);
	assert_memory_equal(back, block, sizeof(back));
	assert_int_equal(events_about(&d, p[0]), 1);
	assert_true(holm_socket_poll(p[0]) & HOLM_POLLOUT);
	assert_int_equal(sockets_recv(p[1], back, sizeof(back), 0), 16 * 1024);
	assert_memory_equal(back, block, 16 * 1024);
	assert_int_equal(events_about(&d, p[0]), 0);
	holm_socket_close(p[0]);
	holm_socket_close(p[1]);
	duo_fini(&d);
}

/* ---- packets ---- */

static void datagrams_are_whole_and_say_where_they_come_from(void **state)
{
	struct holm_socket *a, *b;
	struct holm_sockaddr_un un;
	char buf[8];
	struct holm_iov iov = { buf, 3 };
	struct holm_msg msg = { .name = &un, .name_len = sizeof(un), .iov = &iov, .iovcnt = 1 };
	struct duo d;

	(void)state;
	sockets_duo(&d);
	a = open_unix(&d, HOLM_SOCK_DGRAM);
	b = open_unix(&d, HOLM_SOCK_DGRAM);
	assert_int_equal(sockets_send(a, "x", 1, 0), -HOLM_ENOTCONN);
	assert_int_equal(bind_to(a, "/a"), 0);
	assert_int_equal(bind_to(b, "@b"), 0);
	assert_int_equal(send_to(a, "hello", "@b"), 5);
	assert_int_equal(send_to(a, "", "@b"), 0);
	assert_int_equal(send_to(a, "you", "@b"), 3);
	assert_int_equal(holm_socket_readable_bytes(b), 5);
	assert_int_equal(holm_socket_recvmsg(b, &msg, HOLM_MSG_PEEK | HOLM_MSG_TRUNC), 5);
	assert_int_equal(holm_socket_recvmsg(b, &msg, 0), 3);
	assert_int_equal(msg.flags, HOLM_MSG_TRUNC);
	assert_int_equal(msg.name_len, 2 + 2 + 1);
	assert_string_equal((const char *)un.path, "/a");
	assert_int_equal(sockets_recv(b, buf, 8, 0), 0);
	assert_int_equal(sockets_recv(b, buf, 8, 0), 3);
	assert_int_equal(sockets_recv(b, buf, 8, 0), -HOLM_EAGAIN);
	holm_socket_close(a);
	holm_socket_close(b);
	duo_fini(&d);
}

static void a_datagram_sender_learns_that_its_destination_went(void **state)
{
	struct holm_socket *a, *b;
	struct duo d;

	(void)state;
	sockets_duo(&d);
	a = open_unix(&d, HOLM_SOCK_DGRAM);
	b = open_unix(&d, HOLM_SOCK_DGRAM);
	assert_int_equal(bind_to(b, "@b"), 0);
	assert_int_equal(connect_to(a, "@b"), 0);
	assert_int_equal(sockets_send(a, "x", 1, 0), 1);
	holm_socket_close(b);
	assert_int_equal(sockets_send(a, "x", 1, 0), -HOLM_ECONNREFUSED);
	assert_int_equal(sockets_send(a, "x", 1, 0), -HOLM_ENOTCONN);
	/* There is no end of a datagram stream: nothing is readable. */
	assert_int_equal(holm_socket_poll(a) & (HOLM_POLLIN | HOLM_POLLHUP), 0);
	holm_socket_close(a);
	duo_fini(&d);
}

static void a_connected_datagram_socket_takes_from_its_peer_only(void **state)
{
	struct holm_socket *p[2], *other;
	struct duo d;

	(void)state;
	sockets_duo(&d);
	open_pair(&d, HOLM_SOCK_DGRAM, p);
	other = open_unix(&d, HOLM_SOCK_DGRAM);
	assert_int_equal(bind_to(p[0], "@p"), 0);
	assert_int_equal(send_to(other, "x", "@p"), -HOLM_EPERM);
	assert_int_equal(connect_to(other, "@p"), -HOLM_EPERM);
	assert_int_equal(sockets_send(p[1], "x", 1, 0), 1);
	holm_socket_close(p[1]);
	assert_int_equal(send_to(other, "x", "@p"), 1);
	holm_socket_close(p[0]);
	holm_socket_close(other);
	duo_fini(&d);
}

static void a_full_queue_wakes_everybody_who_waits_for_it(void **state)
{
	static uint8_t big[150000];
	struct holm_socket *to, *a, *b;
	struct duo d;

	(void)state;
	sockets_duo(&d);
	to = open_unix(&d, HOLM_SOCK_DGRAM);
	a = open_unix(&d, HOLM_SOCK_DGRAM);
	b = open_unix(&d, HOLM_SOCK_DGRAM);
	assert_int_equal(bind_to(to, "@to"), 0);
	assert_int_equal(connect_to(a, "@to"), 0);
	assert_int_equal(sockets_send(a, big, sizeof(big), 0), sizeof(big));
	assert_int_equal(sockets_send(a, big, sizeof(big), 0), -HOLM_EAGAIN);
	/* Another one may also have found no room by asking poll(). */
	assert_int_equal(connect_to(b, "@to"), 0);
	assert_int_equal(sockets_send(b, big, 60000, 0), 60000);
	assert_int_equal(holm_socket_poll(b) & HOLM_POLLOUT, 0);
	(void)events_about(&d, NULL);
	assert_int_equal(sockets_recv(to, big, sizeof(big), 0), sizeof(big));
	assert_int_equal(
		events_about(&d, a) + holm_net_next_event(d.net[0], &(struct holm_event){ 0 }), 1);
	assert_true(holm_socket_poll(b) & HOLM_POLLOUT);
	assert_int_equal(sockets_send(a, big, 212993, 0), -HOLM_EMSGSIZE);
	holm_socket_close(to);
	holm_socket_close(a);
	holm_socket_close(b);
	duo_fini(&d);
}

static void sequenced_packets_keep_boundaries_and_have_an_end(void **state)
{
	struct holm_socket *p[2];
	char buf[8];
	struct duo d;

	(void)state;
	sockets_duo(&d);
	open_pair(&d, HOLM_SOCK_SEQPACKET, p);
	assert_int_equal(sockets_send(p[0], "one", 3, 0), 3);
	assert_int_equal(sockets_send(p[0], "three", 5, 0), 5);
	assert_int_equal(holm_socket_readable_bytes(p[1]), 8);
	holm_socket_close(p[0]);
	assert_int_equal(sockets_recv(p[1], buf, sizeof(buf), 0), 3);
	assert_int_equal(sockets_recv(p[1], buf, 2, HOLM_MSG_TRUNC), 5);
	assert_int_equal(sockets_recv(p[1], buf, sizeof(buf), 0), 0);
	assert_int_equal(sockets_send(p[1], "x", 1, 0), -HOLM_EPIPE);
	holm_socket_close(p[1]);
	duo_fini(&d);
}

/* ---- objects ---- */

static void objects_come_with_the_first_byte_of_their_send(void **state)
{
	struct holm_socket *p[2];
	struct thing t[2];
	int alive = 0, flags;
	uint32_t n;
	char buf[16];
	struct duo d;

	(void)state;
	sockets_duo(&d);
	open_pair(&d, HOLM_SOCK_STREAM, p);
	make_thing(&t[0], NULL, &alive);
	make_thing(&t[1], NULL, &alive);
	assert_int_equal(sockets_send(p[0], "ab", 2, 0), 2);
	assert_int_equal(send_things(p[0], "cdef", t, 2), 4);
	assert_int_equal(sockets_send(p[0], "gh", 2, 0), 2);
	assert_int_equal(t[0].refs, 2);
	assert_int_equal(t[0].object.in_flight, 1);
	/* Bytes before may come along, bytes behind the send may not. */
	/* Bytes alone never come to what was sent with something. */
	assert_int_equal(holm_socket_read(p[1], buf, 2), 0);
	assert_int_equal(recv_things(p[1], buf, 2, 8, &n, 0, NULL), 2);
	assert_int_equal(n, 0);
	assert_int_equal(recv_things(p[1], buf, 16, 8, &n, HOLM_MSG_PEEK, NULL), 4);
	assert_int_equal(n, 2);
	assert_int_equal(t[0].refs, 2);
	assert_int_equal(recv_things(p[1], buf, 16, 8, &n, 0, &flags), 4);
	assert_memory_equal(buf, "cdef", 4);
	assert_int_equal(n, 2);
	assert_int_equal(flags, 0);
	assert_int_equal(t[0].refs, 1);
	assert_int_equal(t[0].object.in_flight, 0);
	assert_int_equal(recv_things(p[1], buf, 16, 8, &n, 0, NULL), 2);
	assert_int_equal(n, 0);
	holm_socket_close(p[0]);
	holm_socket_close(p[1]);
	thing_put(&t[0].object);
	thing_put(&t[1].object);
	assert_int_equal(alive, 0);
	duo_fini(&d);
}

static void objects_without_a_place_are_let_go(void **state)
{
	static const int types[] = { HOLM_SOCK_STREAM, HOLM_SOCK_SEQPACKET };
	struct holm_socket *p[2];
	struct thing t[2];
	int alive = 0, flags;
	uint32_t n;
	char buf[16];
	struct duo d;

	(void)state;
	sockets_duo(&d);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		open_pair(&d, types[i], p);
		make_thing(&t[0], NULL, &alive);
		make_thing(&t[1], NULL, &alive);
		assert_int_equal(send_things(p[0], "x", t, 2), 1);
		assert_int_equal(recv_things(p[1], buf, 16, 1, &n, 0, &flags), 1);
		assert_int_equal(n, 1);
		assert_int_equal(flags, HOLM_MSG_CTRUNC);
		assert_int_equal(t[0].refs + t[1].refs, 2);
		/* And a receive that asks for nothing beside bytes. */
		assert_int_equal(send_things(p[0], "y", t, 2), 1);
		assert_int_equal(sockets_recv(p[1], buf, 16, 0), 1);
		assert_int_equal(t[0].refs + t[1].refs, 2);
		/* And those that nobody reads. */
		assert_int_equal(send_things(p[0], "z", t, 2), 1);
		thing_put(&t[0].object);
		thing_put(&t[1].object);
		assert_int_equal(alive, 2);
		holm_socket_close(p[0]);
		holm_socket_close(p[1]);
		assert_int_equal(alive, 0);
	}
	duo_fini(&d);
}

static void credentials_come_where_they_are_asked_for(void **state)
{
	struct holm_socket *p[2];
	struct holm_cred cred = { 0 };
	uint32_t len = sizeof(cred);
	struct holm_ancillary a = { 0 };
	char buf[4];
	struct holm_iov iov = { buf, 4 };
	struct holm_msg msg = { .iov = &iov, .iovcnt = 1, .ancillary = &a };
	struct duo d;

	(void)state;
	sockets_duo(&d);
	holm_sockets_set_cred(d.net[0], &(struct holm_cred){ 42, 7, 8 });
	open_pair(&d, HOLM_SOCK_STREAM, p);
	assert_int_equal(
		holm_socket_getsockopt(p[0], HOLM_SOL_SOCKET, HOLM_SO_PEERCRED, &cred, &len), 0);
	assert_int_equal(cred.pid, 42);
	assert_int_equal(cred.gid, 8);
	assert_int_equal(sockets_send(p[0], "ab", 2, 0), 2);
	iov.len = 1;
	assert_int_equal(holm_socket_recvmsg(p[1], &msg, 0), 1);
	assert_int_equal(a.has, 0);
	assert_int_equal(sockets_set_int(p[1], HOLM_SOL_SOCKET, HOLM_SO_PASSCRED, 1), 0);
	assert_int_equal(holm_socket_recvmsg(p[1], &msg, 0), 1);
	assert_int_equal(a.has, HOLM_ANC_CRED);
	assert_int_equal(a.cred.uid, 7);
	holm_socket_close(p[0]);
	holm_socket_close(p[1]);
	duo_fini(&d);
}

static void sockets_that_only_carry_each_other_are_collected(void **state)
{
	struct holm_socket *p[2], *q[2];
	struct thing t[4];
	int alive = 0;
	struct duo d;

	(void)state;
	sockets_duo(&d);
	open_pair(&d, HOLM_SOCK_STREAM, p);
	open_pair(&d, HOLM_SOCK_DGRAM, q);
	make_thing(&t[0], p[0], &alive);
	make_thing(&t[1], p[1], &alive);
	make_thing(&t[2], q[0], &alive);
	make_thing(&t[3], q[1], &alive);
	/* Each end of both pairs waits in an end of the other. */
	assert_int_equal(send_things(p[0], "x", &t[2], 2), 1);
	assert_int_equal(send_things(q[0], "x", &t[0], 1), 1);
	assert_int_equal(send_things(q[1], "x", &t[1], 1), 1);
	thing_put(&t[0].object);
	thing_put(&t[1].object);
	assert_int_equal(alive, 4);
	/* q[1] is held from outside, and p[0] waits in it; the other two wait in each other. */
	thing_put(&t[2].object);
	assert_int_equal(alive, 2);
	thing_put(&t[3].object);
	assert_int_equal(alive, 0);
	duo_fini(&d);
}

static void a_socket_may_carry_itself_and_a_long_chain_costs_no_stack(void **state)
{
	enum { LINKS = 3000 };
	static struct thing t[LINKS];
	struct holm_socket *p[2], *before = NULL;
	int alive = 0;
	struct duo d;

	(void)state;
	sockets_duo(&d);
	open_pair(&d, HOLM_SOCK_STREAM, p);
	make_thing(&t[0], p[1], &alive);
	assert_int_equal(send_things(p[0], "me", &t[0], 1), 2);
	thing_put(&t[0].object);
	holm_socket_close(p[0]);
	assert_int_equal(alive, 0);
	/* Each waits in the queue of the next. */
	for (int i = 0; i < LINKS; i++) {
		open_pair(&d, HOLM_SOCK_STREAM, p);
		make_thing(&t[i], p[1], &alive);
		if (i > 0)
			assert_int_equal(send_things(p[0], "x", &t[i - 1], 1), 1);
		if (i > 0)
			thing_put(&t[i - 1].object);
		holm_socket_close(p[0]);
		before = p[1];
	}
	assert_non_null(before);
	assert_int_equal(alive, LINKS);
	thing_put(&t[LINKS - 1].object);
	assert_int_equal(alive, 0);
	duo_fini(&d);
}

static void a_listener_that_is_never_accepted_from_is_collected_with_what_waits(void **state)
{
	struct holm_socket *listener, *client;
	struct thing t;
	int alive = 0;
	struct duo d;

	(void)state;
	sockets_duo(&d);
	listener = listen_at(&d, HOLM_SOCK_STREAM, "@l", 4);
	make_thing(&t, listener, &alive);
	client = open_unix(&d, HOLM_SOCK_STREAM);
	assert_int_equal(connect_to(client, "@l"), 0);
	assert_int_equal(send_things(client, "x", &t, 1), 1);
	thing_put(&t.object);
	assert_int_equal(alive, 0);
	assert_int_equal(connect_to(client, "@l"), -HOLM_ECONNREFUSED);
	holm_socket_close(client);
	duo_fini(&d);
}

static void what_is_in_flight_is_bounded(void **state)
{
	struct holm_config config;
	struct holm_socket *p[2];
	struct thing t[3];
	int alive = 0;
	uint32_t n;
	char buf[4];
	struct duo d;

	(void)state;
	holm_config_default(&config);
	config.unix_in_flight_max = 2;
	duo_init(&d,
		 &(struct duo_options){ .protos = sockets_protos, .seed = 1, .config = &config });
	open_pair(&d, HOLM_SOCK_STREAM, p);
	for (int i = 0; i < 3; i++)
		make_thing(&t[i], NULL, &alive);
	assert_int_equal(send_things(p[0], "x", t, 3), -HOLM_ETOOMANYREFS);
	assert_int_equal(send_things(p[0], "x", t, 2), 1);
	assert_int_equal(send_things(p[0], "x", t, 1), -HOLM_ETOOMANYREFS);
	assert_int_equal(recv_things(p[1], buf, 4, 8, &n, 0, NULL), 1);
	assert_int_equal(send_things(p[0], "x", t, 1), 1);
	holm_socket_close(p[0]);
	holm_socket_close(p[1]);
	for (int i = 0; i < 3; i++)
		thing_put(&t[i].object);
	assert_int_equal(alive, 0);
	duo_fini(&d);
}

static void an_instance_ends_with_sockets_open(void **state)
{
	struct holm_socket *p[2], *listener, *client;
	struct duo d;

	(void)state;
	sockets_duo(&d);
	open_pair(&d, HOLM_SOCK_STREAM, p);
	assert_int_equal(sockets_send(p[0], "unread", 6, 0), 6);
	listener = listen_at(&d, HOLM_SOCK_STREAM, "/l", 4);
	client = open_unix(&d, HOLM_SOCK_STREAM);
	assert_int_equal(connect_to(client, "/l"), 0);
	assert_non_null(listener);
	duo_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_stays_behind_until_it_is_unlinked),
		cmocka_unit_test(an_abstract_name_goes_with_its_socket),
		cmocka_unit_test(a_name_is_told_with_its_length),
		cmocka_unit_test(addresses_of_the_wrong_kind_are_refused),
		cmocka_unit_test(a_connection_is_there_at_once_and_accepted_later),
		cmocka_unit_test(a_full_backlog_holds_connections_back_and_says_when_there_is_room),
		cmocka_unit_test(closing_ends_the_other_side_after_what_was_sent),
		cmocka_unit_test(closing_with_unread_bytes_is_a_reset),
		cmocka_unit_test(each_direction_can_be_shut_down),
		cmocka_unit_test(a_full_ring_takes_no_more_and_wakes_its_writer_once),
		cmocka_unit_test(datagrams_are_whole_and_say_where_they_come_from),
		cmocka_unit_test(a_datagram_sender_learns_that_its_destination_went),
		cmocka_unit_test(a_connected_datagram_socket_takes_from_its_peer_only),
		cmocka_unit_test(a_full_queue_wakes_everybody_who_waits_for_it),
		cmocka_unit_test(sequenced_packets_keep_boundaries_and_have_an_end),
		cmocka_unit_test(objects_come_with_the_first_byte_of_their_send),
		cmocka_unit_test(objects_without_a_place_are_let_go),
		cmocka_unit_test(credentials_come_where_they_are_asked_for),
		cmocka_unit_test(sockets_that_only_carry_each_other_are_collected),
		cmocka_unit_test(a_socket_may_carry_itself_and_a_long_chain_costs_no_stack),
		cmocka_unit_test(
			a_listener_that_is_never_accepted_from_is_collected_with_what_waits),
		cmocka_unit_test(what_is_in_flight_is_bounded),
		cmocka_unit_test(an_instance_ends_with_sockets_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
