/* See sockets.h. */
#include "tests/support/sockets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const struct holm_proto *const sockets_protos[] = {
	&holm_arp, &holm_ipv4,	   HOLM_IP_PARTS, &holm_icmp4,	     &holm_igmp, &holm_udp,
	&holm_tcp, HOLM_TCP_PARTS, &holm_sockets, HOLM_SOCKET_PARTS, NULL,
};

void sockets_duo(struct duo *d)
{
	duo_init(d, &(struct duo_options){ .protos = sockets_protos, .seed = 1 });
}

int sockets_setup(void **state)
{
	struct duo *d = calloc(1, sizeof(*d));

	sockets_duo(d);
	*state = d;
	return 0;
}

int sockets_teardown(void **state)
{
	struct duo *d = *state;

	duo_run(d, 200 * SECOND);
	duo_fini(d);
	free(d);
	return 0;
}

struct holm_socket *sockets_open(struct duo *d, int i, int type)
{
	struct holm_socket *s;

	assert_int_equal(holm_socket_open(d->net[i], HOLM_AF_INET, type, 0, NULL, &s), 0);
	holm_socket_set_cookie(s, s);
	return s;
}

struct holm_sockaddr_in sockets_addr4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
	return (struct holm_sockaddr_in){
		.family = HOLM_AF_INET,
		.port = { (uint8_t)(port >> 8), (uint8_t)port },
		.addr = { a, b, c, d },
	};
}

struct holm_sockaddr_in sockets_addr(const struct duo *d, int i, uint16_t port)
{
	const uint8_t *b = d->addr[i].b;

	return sockets_addr4(b[12], b[13], b[14], b[15], port);
}

uint16_t sockets_port(const struct holm_sockaddr_in *sa)
{
	return (uint16_t)(sa->port[0] << 8 | sa->port[1]);
}

int sockets_bind(struct holm_socket *s, struct holm_sockaddr_in sa)
{
	return holm_socket_bind(s, &sa, sizeof(sa));
}

int sockets_connect(struct holm_socket *s, struct holm_sockaddr_in sa)
{
	return holm_socket_connect(s, &sa, sizeof(sa));
}

struct holm_socket *sockets_listen(struct duo *d, int i, uint16_t port)
{
	struct holm_socket *s = sockets_open(d, i, HOLM_SOCK_STREAM);

	assert_int_equal(sockets_bind(s, sockets_addr(d, i, port)), 0);
	assert_int_equal(holm_socket_listen(s, 16), 0);
	return s;
}

struct holm_socket *sockets_accept(struct holm_socket *listener)
{
	struct holm_socket *s;
	int err = holm_socket_accept(listener, NULL, NULL, NULL, &s);

	if (err == -HOLM_EAGAIN)
		return NULL;
	assert_int_equal(err, 0);
	holm_socket_set_cookie(s, s);
	return s;
}

void sockets_pair(struct duo *d, struct holm_socket *pair[2])
{
	struct holm_socket *listener = sockets_listen(d, 1, 80);

	pair[0] = sockets_open(d, 0, HOLM_SOCK_STREAM);
	assert_int_equal(sockets_connect(pair[0], sockets_addr(d, 1, 80)), -HOLM_EINPROGRESS);
	duo_settle(d);
	assert_int_equal(sockets_connect(pair[0], sockets_addr(d, 1, 80)), 0);
	pair[1] = sockets_accept(listener);
	assert_non_null(pair[1]);
	holm_socket_close(listener);
	duo_settle(d);
}

int64_t sockets_send(struct holm_socket *s, const void *p, size_t n, int flags)
{
	struct holm_iov iov = { (void *)(uintptr_t)p, n };
	struct holm_msg msg = { .iov = &iov, .iovcnt = 1 };

	return holm_socket_sendmsg(s, &msg, flags);
}

int64_t sockets_recv(struct holm_socket *s, void *p, size_t n, int flags)
{
	struct holm_iov iov = { p, n };
	struct holm_msg msg = { .iov = &iov, .iovcnt = 1 };

	return holm_socket_recvmsg(s, &msg, flags);
}

int64_t sockets_sendto(struct holm_socket *s, const void *p, size_t n, struct holm_sockaddr_in to)
{
	struct holm_iov iov = { (void *)(uintptr_t)p, n };
	struct holm_msg msg = { .name = &to, .name_len = sizeof(to), .iov = &iov, .iovcnt = 1 };

	return holm_socket_sendmsg(s, &msg, 0);
}

int sockets_set_int(struct holm_socket *s, int level, int name, int value)
{
	return holm_socket_setsockopt(s, level, name, &value, sizeof(value));
}

int sockets_get_int(struct holm_socket *s, int level, int name)
{
	int value = -1;
	uint32_t len = sizeof(value);
	int err = holm_socket_getsockopt(s, level, name, &value, &len);

	if (err)
		return err;
	assert_int_equal(len, sizeof(value));
	return value;
}
