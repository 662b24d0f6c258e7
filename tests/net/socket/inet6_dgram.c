/* AF_INET6 datagram sockets between two instances without IPv4 (net/socket/inet6_dgram.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/sockets6.h"

#define V6 HOLM_IPPROTO_IPV6

/* [0] of instance 0; [1] of instance 1, at port 53. */
struct fixture {
	struct duo d;
	struct holm_socket *s[2];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	sockets6_duo(&f->d);
	for (int i = 0; i < 2; i++)
		f->s[i] = sockets6_open(&f->d, i, HOLM_SOCK_DGRAM, 0);
	assert_int_equal(sockets6_bind(f->s[1], "::", 53), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++)
		holm_socket_close(f->s[i]);
	duo_fini(&f->d);
	free(f);
	return 0;
}

struct received {
	struct holm_sockaddr_in6 from;
	struct holm_ancillary a;
	char bytes[16];
};

static int64_t receive(struct fixture *f, struct received *r)
{
	struct holm_iov iov = { r->bytes, sizeof(r->bytes) };
	struct holm_msg msg = { .name = &r->from,
				.name_len = sizeof(r->from),
				.iov = &iov,
				.iovcnt = 1,
				.ancillary = &r->a };

	memset(r, 0, sizeof(*r));
	duo_settle(&f->d);
	return holm_socket_recvmsg(f->s[1], &msg, 0);
}

static void an_answer_finds_a_link_local_sender(void **state)
{
	struct fixture *f = *state;
	struct received r;
	char buf[4];

	assert_int_equal(sockets6_sendto(f->s[0], "ask", 3, "fe80::2", 53), 3);
	assert_int_equal(receive(f, &r), 3);
	assert_int_equal(r.from.scope_id, SOCKETS6_IFINDEX);
	assert_int_equal(holm_socket_connect(f->s[1], &r.from, sizeof(r.from)), 0);
	assert_int_equal(sockets_send(f->s[1], "yes", 3, 0), 3);
	duo_settle(&f->d);
	assert_int_equal(sockets_recv(f->s[0], buf, 4, 0), 3);
}

static void a_receive_brings_what_was_asked_for(void **state)
{
	static const int asked[] = { HOLM_SOCKOPT_IPV6_RECVPKTINFO, HOLM_SOCKOPT_IPV6_RECVHOPLIMIT,
				     HOLM_SOCKOPT_IPV6_RECVTCLASS };
	struct fixture *f = *state;
	const struct holm_sockaddr_in6 two = sockets6_addr("fd00::2", 53);
	struct received r;

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		assert_int_equal(sockets_get_int(f->s[1], V6, asked[i]), 0);
		assert_int_equal(sockets_set_int(f->s[1], V6, asked[i], 1), 0);
		assert_int_equal(sockets_get_int(f->s[1], V6, asked[i]), 1);
	}
	assert_int_equal(sockets_set_int(f->s[0], V6, HOLM_SOCKOPT_IPV6_UNICAST_HOPS, 5), 0);
	assert_int_equal(sockets_set_int(f->s[0], V6, HOLM_SOCKOPT_IPV6_TCLASS, 0x1c), 0);
	assert_int_equal(sockets6_sendto(f->s[0], "x", 1, "fd00::2", 53), 1);
	assert_int_equal(receive(f, &r), 1);
	assert_int_equal(r.a.has, HOLM_ANC_PKTINFO6 | HOLM_ANC_HOPLIMIT | HOLM_ANC_TCLASS);
	assert_int_equal(r.a.hops, 5);
	assert_int_equal(r.a.tclass, 0x1c);
	assert_int_equal(r.a.ifindex, SOCKETS6_IFINDEX);
	assert_memory_equal(r.a.to.addr.b, two.addr, 16);
}

static void one_datagram_is_told_apart_by_control_messages(void **state)
{
	struct fixture *f = *state;
	struct holm_sockaddr_in6 to = sockets6_addr("fd00::2", 53);
	struct holm_iov iov = { "x", 1 };
	struct holm_ancillary a = { .has = HOLM_ANC_HOPLIMIT | HOLM_ANC_PKTINFO6, .hops = 3 };
	const struct holm_msg msg = {
		.name = &to, .name_len = sizeof(to), .iov = &iov, .iovcnt = 1, .ancillary = &a
	};
	struct received r;

	sockets_set_int(f->s[1], V6, HOLM_SOCKOPT_IPV6_RECVHOPLIMIT, 1);
	assert_int_equal(holm_socket_sendmsg(f->s[0], &msg, 0), 1);
	assert_int_equal(receive(f, &r), 1);
	assert_int_equal(r.a.hops, 3);
	a.ifindex = 99;
	assert_int_equal(holm_socket_sendmsg(f->s[0], &msg, 0), -HOLM_ENODEV);
	a.ifindex = 0;
	memcpy(a.spec_dst.b, to.addr, 16); /* not ours */
	assert_int_equal(holm_socket_sendmsg(f->s[0], &msg, 0), -HOLM_EINVAL);
	/* A link that is not the destination's. */
	to = sockets6_addr("fe80::2", 53);
	a.spec_dst = holm_addr_any6();
	a.ifindex = 1;
	assert_int_equal(holm_socket_sendmsg(f->s[0], &msg, 0), -HOLM_EINVAL);
	a.ifindex = SOCKETS6_IFINDEX;
	assert_int_equal(holm_socket_sendmsg(f->s[0], &msg, 0), 1);
}

static void who_has_joined_a_group_hears_it(void **state)
{
	struct fixture *f = *state;
	const struct holm_sockaddr_in6 group = sockets6_addr("ff02::77", 0);
	struct holm_ip6_mreq r = { .ifindex = SOCKETS6_IFINDEX };
	struct received got;

	memcpy(r.group, group.addr, 16);
	assert_int_equal(sockets6_sendto(f->s[0], "x", 1, "ff02::77", 53), 1);
	assert_int_equal(receive(f, &got), -HOLM_EAGAIN);
	assert_int_equal(
		holm_socket_setsockopt(f->s[1], V6, HOLM_SOCKOPT_IPV6_JOIN_GROUP, &r, sizeof(r)),
		0);
	assert_int_equal(sockets6_sendto(f->s[0], "x", 1, "ff02::77", 53), 1);
	assert_int_equal(receive(f, &got), 1);
	assert_int_equal(
		holm_socket_setsockopt(f->s[1], V6, HOLM_SOCKOPT_IPV6_LEAVE_GROUP, &r, sizeof(r)),
		0);
	assert_int_equal(sockets6_sendto(f->s[0], "x", 1, "ff02::77", 53), 1);
	assert_int_equal(receive(f, &got), -HOLM_EAGAIN);
}

static void what_is_not_there_is_refused(void **state)
{
	struct fixture *f = *state;
	struct holm_ip6_mreq r = { .ifindex = 99, .group = { 0xff, 2, [15] = 1 } };
	struct holm_socket *s = f->s[0];

	assert_int_equal(sockets_set_int(s, V6, HOLM_SOCKOPT_IPV6_UNICAST_HOPS, 256), -HOLM_EINVAL);
	assert_int_equal(sockets_set_int(s, V6, HOLM_SOCKOPT_IPV6_MULTICAST_IF, 99), -HOLM_ENODEV);
	assert_int_equal(sockets_set_int(s, V6, 9999, 1), -HOLM_ENOPROTOOPT);
	assert_int_equal(sockets_get_int(s, V6, HOLM_SOCKOPT_IPV6_MTU), -HOLM_ENOTCONN);
	assert_int_equal(holm_socket_setsockopt(s, V6, HOLM_SOCKOPT_IPV6_JOIN_GROUP, &r, 19),
			 -HOLM_EINVAL);
	assert_int_equal(holm_socket_setsockopt(s, V6, HOLM_SOCKOPT_IPV6_JOIN_GROUP, &r, sizeof(r)),
			 -HOLM_ENODEV);
	/* No IPv4 here: nothing leads there. */
	assert_int_equal(sockets6_connect(s, "::ffff:10.0.0.1", 9), -HOLM_EAFNOSUPPORT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_finds_a_link_local_sender),
		TEST(a_receive_brings_what_was_asked_for),
		TEST(one_datagram_is_told_apart_by_control_messages),
		TEST(who_has_joined_a_group_hears_it),
		TEST(what_is_not_there_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
