/* AF_INET6 raw and echo sockets between two instances (net/socket/inet6_end.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/sockets6.h"

#define V6 HOLM_IPPROTO_IPV6
/* A protocol that nobody speaks. */
#define NOBODYS 253

/* Raw ones of instance 0 and 1, and one for echo requests of instance 0. */
struct fixture {
	struct duo d;
	struct holm_socket *raw[2], *ping;
};

static const uint8_t request[16] = { 128, 0, 0, 0, 0, 0, 0, 7, 'h', 'o', 'l', 'm' };

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	sockets6_duo(&f->d);
	for (int i = 0; i < 2; i++)
		f->raw[i] = sockets6_open(&f->d, i, HOLM_SOCK_RAW, NOBODYS);
	f->ping = sockets6_open(&f->d, 0, HOLM_SOCK_DGRAM, HOLM_IPPROTO_ICMPV6);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++)
		holm_socket_close(f->raw[i]);
	holm_socket_close(f->ping);
	duo_fini(&f->d);
	free(f);
	return 0;
}

static int64_t receive(struct fixture *f, struct holm_socket *s, struct holm_ancillary *a,
		       uint8_t *bytes, size_t n)
{
	struct holm_sockaddr_in6 from;
	struct holm_iov iov = { bytes, n };
	struct holm_msg msg = {
		.name = &from, .name_len = sizeof(from), .iov = &iov, .iovcnt = 1, .ancillary = a
	};

	duo_settle(&f->d);
	return holm_socket_recvmsg(s, &msg, 0);
}

static void an_echo_request_over_the_link_is_answered(void **state)
{
	struct fixture *f = *state;
	uint8_t got[32];

	assert_int_equal(sockets6_sendto(f->ping, request, sizeof(request), "fe80::2", 0),
			 sizeof(request));
	assert_int_equal(receive(f, f->ping, NULL, got, sizeof(got)), sizeof(request));
	assert_int_equal(got[0], 129);
	assert_memory_equal(got + 6, request + 6, 10);
	assert_int_equal(sockets6_sendto(f->ping, request, 7, "fe80::2", 0), -HOLM_EINVAL);
}

static void one_packet_is_told_apart_by_control_messages(void **state)
{
	struct fixture *f = *state;
	struct holm_sockaddr_in6 to = sockets6_addr("fd00::2", 0);
	const struct holm_sockaddr_in6 own = sockets6_addr("fe80::1", 0);
	struct holm_iov iov = { "x", 1 };
	struct holm_ancillary a = { .has = HOLM_ANC_HOPLIMIT | HOLM_ANC_TCLASS | HOLM_ANC_PKTINFO6,
				    .hops = 0,
				    .tclass = 0x18 };
	const struct holm_msg msg = {
		.name = &to, .name_len = sizeof(to), .iov = &iov, .iovcnt = 1, .ancillary = &a
	};
	struct holm_ancillary got = { 0 };
	uint8_t bytes[4];

	sockets_set_int(f->raw[1], V6, HOLM_SOCKOPT_IPV6_RECVHOPLIMIT, 1);
	sockets_set_int(f->raw[1], V6, HOLM_SOCKOPT_IPV6_RECVTCLASS, 1);
	memcpy(a.spec_dst.b, own.addr, 16);
	a.hops = 3;
	assert_int_equal(holm_socket_sendmsg(f->raw[0], &msg, 0), 1);
	assert_int_equal(receive(f, f->raw[1], &got, bytes, sizeof(bytes)), 1);
	assert_int_equal(got.hops, 3);
	assert_int_equal(got.tclass, 0x18);
	memcpy(a.spec_dst.b, to.addr, 16); /* not ours */
	assert_int_equal(holm_socket_sendmsg(f->raw[0], &msg, 0), -HOLM_EINVAL);
	a.spec_dst = holm_addr_any6();
	a.ifindex = 99;
	assert_int_equal(holm_socket_sendmsg(f->raw[0], &msg, 0), -HOLM_ENODEV);
	to = sockets6_addr("fe80::2", 0);
	a.ifindex = 1;
	assert_int_equal(holm_socket_sendmsg(f->raw[0], &msg, 0), -HOLM_EINVAL);
}

static void what_may_not_be_cut_is_refused(void **state)
{
	static uint8_t large[2000];
	struct fixture *f = *state;
	struct holm_sockaddr_in6 to = sockets6_addr("fd00::2", 0);
	struct holm_iov iov = { large, sizeof(large) };
	struct holm_ancillary a = { .has = HOLM_ANC_DONTFRAG };
	struct holm_msg msg = {
		.name = &to, .name_len = sizeof(to), .iov = &iov, .iovcnt = 1, .ancillary = &a
	};

	assert_int_equal(holm_socket_sendmsg(f->raw[0], &msg, 0), -HOLM_EMSGSIZE);
	msg.ancillary = NULL;
	assert_int_equal(holm_socket_sendmsg(f->raw[0], &msg, 0), sizeof(large));
	assert_int_equal(receive(f, f->raw[1], NULL, large, sizeof(large)), sizeof(large));
}

static int change(struct holm_socket *s, int name)
{
	const struct holm_sockaddr_in6 group = sockets6_addr("ff02::77", 0);
	struct holm_ip6_mreq r = { .ifindex = SOCKETS6_IFINDEX };

	memcpy(r.group, group.addr, 16);
	return holm_socket_setsockopt(s, V6, name, &r, sizeof(r));
}

static void who_has_joined_a_group_hears_it(void **state)
{
	struct fixture *f = *state;
	struct holm_ancillary got = { 0 };
	uint8_t bytes[4];

	sockets_set_int(f->raw[1], V6, HOLM_SOCKOPT_IPV6_RECVHOPLIMIT, 1);
	assert_int_equal(sockets6_sendto(f->raw[0], "x", 1, "ff02::77", 0), 1);
	assert_int_equal(receive(f, f->raw[1], NULL, bytes, 4), -HOLM_EAGAIN);
	assert_int_equal(change(f->raw[1], HOLM_SOCKOPT_IPV6_JOIN_GROUP), 0);
	assert_int_equal(change(f->raw[1], HOLM_SOCKOPT_IPV6_JOIN_GROUP), -HOLM_EADDRINUSE);
	assert_int_equal(sockets_set_int(f->raw[0], V6, HOLM_SOCKOPT_IPV6_MULTICAST_HOPS, 7), 0);
	assert_int_equal(sockets6_sendto(f->raw[0], "x", 1, "ff02::77", 0), 1);
	assert_int_equal(receive(f, f->raw[1], &got, bytes, 4), 1);
	assert_int_equal(got.hops, 7);
	assert_int_equal(change(f->raw[1], HOLM_SOCKOPT_IPV6_LEAVE_GROUP), 0);
	assert_int_equal(change(f->raw[1], HOLM_SOCKOPT_IPV6_LEAVE_GROUP), -HOLM_EADDRNOTAVAIL);
	assert_int_equal(sockets6_sendto(f->raw[0], "x", 1, "ff02::77", 0), 1);
	assert_int_equal(receive(f, f->raw[1], NULL, bytes, 4), -HOLM_EAGAIN);
}

/* Once the interface has joined, IPV6_MULTICAST_ALL says whether those who have not hear it, too. */
static void groups_of_others_are_heard_unless_not_wanted(void **state)
{
	struct fixture *f = *state;
	struct holm_socket *other = sockets6_open(&f->d, 1, HOLM_SOCK_DGRAM, HOLM_IPPROTO_ICMPV6);
	uint8_t bytes[4];

	assert_int_equal(change(other, HOLM_SOCKOPT_IPV6_JOIN_GROUP), 0);
	assert_int_equal(sockets6_sendto(f->raw[0], "x", 1, "ff02::77", 0), 1);
	assert_int_equal(receive(f, f->raw[1], NULL, bytes, 4), 1);
	assert_int_equal(sockets_set_int(f->raw[1], V6, HOLM_SOCKOPT_IPV6_MULTICAST_ALL, 0), 0);
	assert_int_equal(sockets6_sendto(f->raw[0], "x", 1, "ff02::77", 0), 1);
	assert_int_equal(receive(f, f->raw[1], NULL, bytes, 4), -HOLM_EAGAIN);
	/* It leaves its groups with its end. */
	holm_socket_close(other);
	assert_int_equal(sockets_set_int(f->raw[1], V6, HOLM_SOCKOPT_IPV6_MULTICAST_ALL, 1), 0);
	assert_int_equal(sockets6_sendto(f->raw[0], "x", 1, "ff02::77", 0), 1);
	assert_int_equal(receive(f, f->raw[1], NULL, bytes, 4), -HOLM_EAGAIN);
}

static void members_here_hear_it_unless_not_wanted(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[4];

	assert_int_equal(change(f->raw[0], HOLM_SOCKOPT_IPV6_JOIN_GROUP), 0);
	assert_int_equal(sockets6_sendto(f->raw[0], "x", 1, "ff02::77", 0), 1);
	assert_int_equal(receive(f, f->raw[0], NULL, bytes, 4), 1);
	assert_int_equal(sockets_set_int(f->raw[0], V6, HOLM_SOCKOPT_IPV6_MULTICAST_LOOP, 0), 0);
	assert_int_equal(sockets6_sendto(f->raw[0], "x", 1, "ff02::77", 0), 1);
	assert_int_equal(receive(f, f->raw[0], NULL, bytes, 4), -HOLM_EAGAIN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_echo_request_over_the_link_is_answered),
		TEST(one_packet_is_told_apart_by_control_messages),
		TEST(what_may_not_be_cut_is_refused),
		TEST(who_has_joined_a_group_hears_it),
		TEST(groups_of_others_are_heard_unless_not_wanted),
		TEST(members_here_hear_it_unless_not_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
