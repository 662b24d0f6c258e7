/* sockaddr_in6 to endpoints and back (net/socket/inet6_addr.c). */
#include "net/socket/inet_addr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/sockets6.h"

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct duo));
	sockets6_duo(*state);
	return 0;
}

static int teardown(void **state)
{
	duo_fini(*state);
	free(*state);
	return 0;
}

static void an_address_goes_in_and_comes_out(void **state)
{
	const struct holm_sockaddr_in6 sa = sockets6_addr("fd00::77", 8080);
	struct holm_socket *s = sockets6_open(*state, 0, HOLM_SOCK_DGRAM, 0);
	struct holm_sockaddr_in6 back;
	struct holm_endpoint e;
	uint32_t len = sizeof(back);

	assert_int_equal(inet_parse(s, &e, &sa, sizeof(sa), INET_ADDR_CONNECT), 0);
	assert_int_equal(e.port, 8080);
	assert_int_equal(e.scope, 0);
	assert_memory_equal(e.addr.b, sa.addr, 16);
	assert_int_equal(inet_put(s, &e, &back, &len), 0);
	assert_int_equal(len, sizeof(sa));
	assert_memory_equal(&back, &sa, sizeof(sa));
	holm_socket_close(s);
}

static void a_scope_is_an_interface_where_the_address_needs_one(void **state)
{
	struct holm_socket *s = sockets6_open(*state, 0, HOLM_SOCK_DGRAM, 0);
	struct holm_sockaddr_in6 sa = sockets6_addr("fe80::2", 9), back;
	struct holm_endpoint e;
	uint32_t len = sizeof(back);

	assert_int_equal(inet_parse(s, &e, &sa, sizeof(sa), INET_ADDR_SENDTO), 0);
	assert_int_equal(e.scope, SOCKETS6_IFINDEX - 1);
	assert_int_equal(inet_put(s, &e, &back, &len), 0);
	assert_int_equal(back.scope_id, SOCKETS6_IFINDEX);
	sa = sockets6_addr("fd00::2", 9);
	sa.scope_id = SOCKETS6_IFINDEX;
	assert_int_equal(inet_parse(s, &e, &sa, sizeof(sa), INET_ADDR_SENDTO), 0);
	assert_int_equal(e.scope, 0);
	holm_socket_close(s);
}

static void a_link_local_name_binds_the_socket_to_its_link(void **state)
{
	struct holm_socket *s = sockets6_open(*state, 0, HOLM_SOCK_DGRAM, 0);
	struct holm_sockaddr_in6 sa = sockets6_addr("fe80::1", 0);

	sa.scope_id = 0;
	assert_int_equal(holm_socket_bind(s, &sa, sizeof(sa)), -HOLM_EINVAL);
	sa.scope_id = 99;
	assert_int_equal(holm_socket_bind(s, &sa, sizeof(sa)), -HOLM_ENODEV);
	assert_int_equal(holm_socket_connect(s, &sa, sizeof(sa)), -HOLM_ENETUNREACH);
	sa.scope_id = SOCKETS6_IFINDEX;
	assert_int_equal(holm_socket_bind(s, &sa, sizeof(sa)), 0);
	assert_ptr_equal(s->dev, duo_dev(*state, 0));
	/* A link it is: another one is none of its. */
	sa.scope_id = 1;
	assert_int_equal(holm_socket_connect(s, &sa, sizeof(sa)), -HOLM_EINVAL);
	holm_socket_close(s);
}

static void every_length_below_that_without_a_scope_is_refused(void **state)
{
	struct holm_socket *s = sockets6_open(*state, 0, HOLM_SOCK_DGRAM, 0);
	const struct holm_sockaddr_in6 sa = sockets6_addr("fd00::2", 9);
	uint8_t longer[128] = { 0 };
	struct holm_endpoint e;

	for (uint32_t len = 0; len < 24; len++)
		assert_int_equal(inet_parse(s, &e, &sa, len, INET_ADDR_CONNECT), -HOLM_EINVAL);
	memcpy(longer, &sa, sizeof(sa));
	for (uint32_t len = 24; len <= sizeof(longer); len += 4)
		assert_int_equal(inet_parse(s, &e, longer, len, INET_ADDR_BIND), 0);
	assert_int_equal(inet_parse(s, &e, NULL, 28, INET_ADDR_BIND), -HOLM_EFAULT);
	holm_socket_close(s);
}

static void mapped_addresses_are_for_who_is_not_of_ip6_alone(void **state)
{
	struct holm_socket *s = sockets6_open(*state, 0, HOLM_SOCK_DGRAM, 0);
	const struct holm_sockaddr_in6 sa = sockets6_addr("::ffff:10.0.0.1", 9);
	struct holm_endpoint e;

	assert_int_equal(inet_parse(s, &e, &sa, sizeof(sa), INET_ADDR_CONNECT), 0);
	assert_true(holm_addr_is_ip4(&e.addr));
	s->v6only = true;
	assert_int_equal(inet_parse(s, &e, &sa, sizeof(sa), INET_ADDR_CONNECT), -HOLM_ENETUNREACH);
	assert_int_equal(inet_parse(s, &e, &sa, sizeof(sa), INET_ADDR_BIND), -HOLM_EINVAL);
	holm_socket_close(s);
}

static void the_wildcard_is_the_loopback_for_who_goes_there(void **state)
{
	struct holm_socket *s = sockets6_open(*state, 0, HOLM_SOCK_DGRAM, 0);
	const struct holm_sockaddr_in6 sa = sockets6_addr("::", 9);
	struct holm_endpoint e;

	assert_int_equal(inet_parse(s, &e, &sa, sizeof(sa), INET_ADDR_BIND), 0);
	assert_true(holm_addr_is_any(&e.addr));
	assert_int_equal(inet_parse(s, &e, &sa, sizeof(sa), INET_ADDR_CONNECT), 0);
	assert_true(holm_addr_is_loopback(&e.addr));
	holm_socket_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_goes_in_and_comes_out),
		cmocka_unit_test(a_scope_is_an_interface_where_the_address_needs_one),
		cmocka_unit_test(a_link_local_name_binds_the_socket_to_its_link),
		cmocka_unit_test(every_length_below_that_without_a_scope_is_refused),
		cmocka_unit_test(mapped_addresses_are_for_who_is_not_of_ip6_alone),
		cmocka_unit_test(the_wildcard_is_the_loopback_for_who_goes_there),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
