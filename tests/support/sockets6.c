/* See sockets6.h. */
#include "tests/support/sockets6.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct holm_proto *const protos[] = {
	&holm_ipv6,	&holm_loopback, &holm_icmp6,	&holm_nd,   &holm_udp, &holm_tcp,
	HOLM_TCP_PARTS, &holm_sockets,	&holm_sockets6, &holm_raw6, NULL,
};

static struct holm_addr parse(const char *text)
{
	struct holm_addr a;

	assert_int_equal(holm_addr_parse(&a, text, strlen(text)), 0);
	return a;
}

void sockets6_duo(struct duo *d)
{
	struct duo_options options = { .protos = protos, .seed = 1, .no_addresses = true };

	duo_init(d, &options);
	for (int i = 0; i < 2; i++) {
		struct holm_addr link = parse(i ? "fe80::2" : "fe80::1");

		d->addr[i] = parse(i ? "fd00::2" : "fd00::1");
		assert_int_equal(holm_addr_add(d->net[i], duo_dev(d, i), &d->addr[i], 64), 0);
		assert_int_equal(holm_addr_add(d->net[i], duo_dev(d, i), &link, 64), 0);
	}
	duo_run(d, 5 * SECOND);
}

struct holm_socket *sockets6_open(struct duo *d, int i, int type, int protocol)
{
	struct holm_socket *s;

	assert_int_equal(holm_socket_open(d->net[i], HOLM_AF_INET6, type, protocol, NULL, &s), 0);
	holm_socket_set_cookie(s, s);
	return s;
}

struct holm_sockaddr_in6 sockets6_addr(const char *text, uint16_t port)
{
	const struct holm_addr a = parse(text);
	struct holm_sockaddr_in6 sa = { .family = HOLM_AF_INET6,
					.port = { (uint8_t)(port >> 8), (uint8_t)port } };

	memcpy(sa.addr, a.b, sizeof(sa.addr));
	if (a.b[0] == 0xfe || (a.b[0] == 0xff && a.b[1] == 2))
		sa.scope_id = SOCKETS6_IFINDEX;
	return sa;
}

int sockets6_bind(struct holm_socket *s, const char *text, uint16_t port)
{
	const struct holm_sockaddr_in6 sa = sockets6_addr(text, port);

	return holm_socket_bind(s, &sa, sizeof(sa));
}

int sockets6_connect(struct holm_socket *s, const char *text, uint16_t port)
{
	const struct holm_sockaddr_in6 sa = sockets6_addr(text, port);

	return holm_socket_connect(s, &sa, sizeof(sa));
}

int64_t sockets6_sendto(struct holm_socket *s, const void *p, size_t n, const char *text,
			uint16_t port)
{
	struct holm_sockaddr_in6 sa = sockets6_addr(text, port);
	struct holm_iov iov = { .base = (void *)(uintptr_t)p, .len = n };
	const struct holm_msg msg = {
		.name = &sa, .name_len = sizeof(sa), .iov = &iov, .iovcnt = 1
	};

	return holm_socket_sendmsg(s, &msg, 0);
}
