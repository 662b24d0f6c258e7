/* sockaddr_in to endpoints and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/socket/inet_addr.h"

static const struct holm_sockaddr_in sample = {
	.family = HOLM_AF_INET,
	.port = { 0x1f, 0x90 },
	.addr = { 10, 0, 2, 15 },
};

static void an_address_is_read_in_network_order(void **state)
{
	struct holm_endpoint e;
	struct holm_addr expected = holm_addr_ip4(10, 0, 2, 15);

	(void)state;
	assert_int_equal(inet_addr_parse(&e, &sample, sizeof(sample), INET_ADDR_CONNECT), 0);
	assert_int_equal(e.port, 8080);
	assert_int_equal(e.scope, 0);
	assert_true(holm_addr_equal(&e.addr, &expected));
}

static void every_length_below_sixteen_is_refused(void **state)
{
	struct holm_endpoint e = { .port = 1 };

	(void)state;
	for (uint32_t len = 0; len < sizeof(sample); len++)
		assert_int_equal(inet_addr_parse(&e, &sample, len, INET_ADDR_BIND), -HOLM_EINVAL);
	assert_int_equal(inet_addr_parse(&e, &sample, 128, INET_ADDR_BIND), 0);
	assert_int_equal(inet_addr_parse(&e, NULL, 16, INET_ADDR_BIND), -HOLM_EFAULT);
}

static void other_families_pass_where_linux_lets_them(void **state)
{
	struct holm_sockaddr_in sa = sample;
	struct holm_endpoint e;

	(void)state;
	sa.family = HOLM_AF_INET6;
	assert_int_equal(inet_addr_parse(&e, &sa, 16, INET_ADDR_SENDTO), -HOLM_EAFNOSUPPORT);
	sa.family = HOLM_AF_UNSPEC;
	assert_int_equal(inet_addr_parse(&e, &sa, 16, INET_ADDR_CONNECT), -HOLM_EAFNOSUPPORT);
	assert_int_equal(inet_addr_parse(&e, &sa, 16, INET_ADDR_SENDTO), 0);
	assert_int_equal(inet_addr_parse(&e, &sa, 16, INET_ADDR_BIND), -HOLM_EAFNOSUPPORT);
	memset(sa.addr, 0, sizeof(sa.addr));
	assert_int_equal(inet_addr_parse(&e, &sa, 16, INET_ADDR_BIND), 0);
}

static void af_unspec_needs_no_more_than_a_family(void **state)
{
	uint16_t family = HOLM_AF_UNSPEC;

	(void)state;
	assert_true(inet_addr_is_unspec(&family, 2));
	assert_false(inet_addr_is_unspec(&family, 1));
	assert_false(inet_addr_is_unspec(NULL, 16));
	assert_false(inet_addr_is_unspec(&sample, sizeof(sample)));
}

static void an_address_is_written_as_far_as_there_is_room(void **state)
{
	struct holm_endpoint e = { .addr = holm_addr_ip4(10, 0, 2, 15), .port = 8080 };
	uint8_t out[20];

	(void)state;
	for (uint32_t room = 0; room <= sizeof(out); room++) {
		uint32_t len = room, n = room < 16 ? room : 16;

		memset(out, 0xee, sizeof(out));
		assert_int_equal(inet_addr_put(&e, out, &len), 0);
		assert_int_equal(len, 16);
		assert_memory_equal(out, &sample, n);
		if (n < sizeof(out))
			assert_int_equal(out[n], 0xee);
	}
}

static void the_wildcard_of_either_family_is_written_as_zeros(void **state)
{
	struct holm_endpoint e = { .addr = holm_addr_any6() };
	struct holm_sockaddr_in sa;
	uint32_t len = sizeof(sa);

	(void)state;
	assert_int_equal(inet_addr_put(&e, &sa, &len), 0);
	assert_int_equal(sa.addr[0] | sa.addr[1] | sa.addr[2] | sa.addr[3], 0);
	assert_int_equal(inet_addr_put(&e, NULL, NULL), 0);
	assert_int_equal(inet_addr_put(&e, &sa, NULL), -HOLM_EFAULT);
	assert_int_equal(inet_addr_put(&e, NULL, &len), -HOLM_EFAULT);
	len = UINT32_MAX;
	assert_int_equal(inet_addr_put(&e, &sa, &len), -HOLM_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_read_in_network_order),
		cmocka_unit_test(every_length_below_sixteen_is_refused),
		cmocka_unit_test(other_families_pass_where_linux_lets_them),
		cmocka_unit_test(af_unspec_needs_no_more_than_a_family),
		cmocka_unit_test(an_address_is_written_as_far_as_there_is_room),
		cmocka_unit_test(the_wildcard_of_either_family_is_written_as_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
