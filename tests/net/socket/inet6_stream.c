/* AF_INET6 stream sockets between two instances without IPv4 (net/socket/inet6_stream.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/sockets6.h"

#define V6 HOLM_IPPROTO_IPV6

struct fixture {
	struct duo d;
	struct holm_socket *listener, *client; /* of instance 1, at port 80; of instance 0 */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	sockets6_duo(&f->d);
	f->listener = sockets6_open(&f->d, 1, HOLM_SOCK_STREAM, 0);
	f->client = sockets6_open(&f->d, 0, HOLM_SOCK_STREAM, 0);
	assert_int_equal(sockets6_bind(f->listener, "::", 80), 0);
	assert_int_equal(holm_socket_listen(f->listener, 4), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	holm_socket_close(f->listener);
	holm_socket_close(f->client);
	duo_run(&f->d, 200 * SECOND);
	duo_fini(&f->d);
	free(f);
	return 0;
}

static void a_stream_goes_over_link_local_addresses(void **state)
{
	struct fixture *f = *state;
	struct holm_sockaddr_in6 name;
	struct holm_socket *server;
	uint32_t len = sizeof(name);
	char buf[8];

	assert_int_equal(sockets6_connect(f->client, "fe80::2", 80), -HOLM_EINPROGRESS);
	duo_settle(&f->d);
	assert_int_equal(sockets6_connect(f->client, "fe80::2", 80), 0);
	server = sockets_accept(f->listener);
	assert_non_null(server);
	assert_int_equal(sockets_send(f->client, "hello", 5, 0), 5);
	duo_settle(&f->d);
	assert_int_equal(sockets_recv(server, buf, sizeof(buf), 0), 5);
	assert_int_equal(holm_socket_getpeername(server, &name, &len), 0);
	assert_int_equal(name.scope_id, SOCKETS6_IFINDEX);
	assert_int_equal(holm_socket_getpeername(f->client, &name, &len), 0);
	assert_int_equal(name.scope_id, SOCKETS6_IFINDEX);
	holm_socket_close(server);
}

static void hop_limit_and_class_are_checked_and_come_back(void **state)
{
	struct fixture *f = *state;
	struct holm_socket *s = f->client;

	assert_int_equal(sockets_set_int(s, V6, HOLM_SOCKOPT_IPV6_UNICAST_HOPS, 9), 0);
	assert_int_equal(sockets_get_int(s, V6, HOLM_SOCKOPT_IPV6_UNICAST_HOPS), 9);
	assert_int_equal(sockets_set_int(s, V6, HOLM_SOCKOPT_IPV6_UNICAST_HOPS, -1), 0);
	assert_int_equal(sockets_get_int(s, V6, HOLM_SOCKOPT_IPV6_UNICAST_HOPS), 64);
	assert_int_equal(sockets_set_int(s, V6, HOLM_SOCKOPT_IPV6_UNICAST_HOPS, 256), -HOLM_EINVAL);
	assert_int_equal(sockets_set_int(s, V6, HOLM_SOCKOPT_IPV6_TCLASS, 0x20), 0);
	assert_int_equal(sockets_get_int(s, V6, HOLM_SOCKOPT_IPV6_TCLASS), 0x20);
	assert_int_equal(sockets_set_int(s, V6, HOLM_SOCKOPT_IPV6_TCLASS, -2), -HOLM_EINVAL);
	assert_int_equal(sockets_set_int(s, V6, HOLM_SOCKOPT_IPV6_MULTICAST_HOPS, 1),
			 -HOLM_ENOPROTOOPT);
	assert_int_equal(sockets_get_int(s, V6, 9999), -HOLM_ENOPROTOOPT);
}

static void the_path_has_an_mtu_when_it_leads_somewhere(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(sockets_get_int(f->client, V6, HOLM_SOCKOPT_IPV6_MTU), -HOLM_ENOTCONN);
	assert_int_equal(sockets_get_int(f->listener, V6, HOLM_SOCKOPT_IPV6_MTU), -HOLM_ENOTCONN);
	assert_int_equal(sockets6_connect(f->client, "fd00::2", 80), -HOLM_EINPROGRESS);
	duo_settle(&f->d);
	assert_int_equal(sockets_get_int(f->client, V6, HOLM_SOCKOPT_IPV6_MTU), 1500);
}

static void a_socket_that_is_bound_keeps_its_families(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(sockets_get_int(f->client, V6, HOLM_SOCKOPT_IPV6_V6ONLY), 0);
	assert_int_equal(sockets_set_int(f->client, V6, HOLM_SOCKOPT_IPV6_V6ONLY, 1), 0);
	assert_int_equal(sockets_get_int(f->client, V6, HOLM_SOCKOPT_IPV6_V6ONLY), 1);
	assert_int_equal(sockets_set_int(f->listener, V6, HOLM_SOCKOPT_IPV6_V6ONLY, 1),
			 -HOLM_EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stream_goes_over_link_local_addresses),
		TEST(hop_limit_and_class_are_checked_and_come_back),
		TEST(the_path_has_an_mtu_when_it_leads_somewhere),
		TEST(a_socket_that_is_bound_keeps_its_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
