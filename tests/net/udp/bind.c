/*
 * Tests of ports: net/udp/bind.c.
 */
#include "net/udp/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/udp_lab.h"

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &holm_udp,  NULL };
static const struct lab_options plain = { .protos = protos };

static int try_bind(struct lab *lab, struct holm_endpoint local, unsigned flags,
		    struct holm_udp **out)
{
	int err;

	assert_int_equal(holm_udp_open(lab->net, out), 0);
	err = holm_udp_bind(*out, &local, flags);
	if (err)
		holm_udp_close(*out);
	return err;
}

static void a_port_has_one_owner_unless_all_agree_to_share(void **state)
{
	struct lab lab;
	struct holm_udp *a, *b, *c;

	(void)state;
	lab_init(&lab, &plain);
	assert_int_equal(try_bind(&lab, udp_lab_at(0, 7), 0, &a), 0);
	assert_int_equal(try_bind(&lab, udp_lab_at(0, 7), 0, &b), -HOLM_EADDRINUSE);
	assert_int_equal(try_bind(&lab, udp_lab_at(1, 7), HOLM_UDP_REUSEADDR, &b),
			 -HOLM_EADDRINUSE);
	holm_udp_close(a);
	assert_int_equal(try_bind(&lab, udp_lab_at(0, 7), HOLM_UDP_REUSEADDR, &a), 0);
	assert_int_equal(try_bind(&lab, udp_lab_at(1, 7), HOLM_UDP_REUSEADDR, &b), 0);
	assert_int_equal(try_bind(&lab, udp_lab_at(1, 7), 0, &c), -HOLM_EADDRINUSE);
	holm_udp_close(a);
	holm_udp_close(b);
	lab_fini(&lab);
}

static void different_addresses_and_devices_do_not_get_in_each_others_way(void **state)
{
	struct holm_addr second = lab_addr(100);
	struct holm_endpoint loop = { .addr = holm_addr_ip4(127, 0, 0, 1), .port = 7 };
	struct lab lab;
	struct holm_udp *a, *b, *c;

	(void)state;
	lab_init(&lab, &plain);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &second, 24), 0);
	assert_int_equal(try_bind(&lab, udp_lab_at(1, 7), 0, &a), 0);
	assert_int_equal(try_bind(&lab, udp_lab_at(100, 7), 0, &b), 0);
	assert_int_equal(try_bind(&lab, loop, 0, &c), 0);
	holm_udp_close(a);
	holm_udp_close(b);
	holm_udp_close(c);
	lab_fini(&lab);
}

static void only_our_addresses_can_be_bound(void **state)
{
	struct holm_endpoint everybody = { .addr = holm_addr_ip4(255, 255, 255, 255), .port = 7 };
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	lab_init(&lab, &plain);
	assert_int_equal(try_bind(&lab, udp_lab_at(2, 7), 0, &u), -HOLM_EADDRNOTAVAIL);
	assert_int_equal(try_bind(&lab, udp_lab_at(0, 7), 0x80, &u), -HOLM_EINVAL);
	assert_int_equal(try_bind(&lab, everybody, 0, &u), 0);
	assert_int_equal(holm_udp_bind(u, &everybody, 0), -HOLM_EINVAL);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void port_zero_chooses_a_free_dynamic_port_not_in_order(void **state)
{
	struct lab lab;
	struct holm_udp *u[64];
	unsigned neighbours = 0;

	(void)state;
	lab_init(&lab, &plain);
	for (size_t i = 0; i < 64; i++) {
		struct holm_endpoint local;

		assert_int_equal(try_bind(&lab, udp_lab_at(0, 0), 0, &u[i]), 0);
		holm_udp_local(u[i], &local);
		assert_in_range(local.port, 49152, 65535);
		for (size_t j = 0; j < i; j++) {
			struct holm_endpoint other;

			holm_udp_local(u[j], &other);
			assert_int_not_equal(local.port, other.port);
			neighbours += local.port == other.port + 1;
		}
	}
	assert_true(neighbours < 8);
	for (size_t i = 0; i < 64; i++)
		holm_udp_close(u[i]);
	lab_fini(&lab);
}

static void when_every_dynamic_port_is_taken_binding_fails_and_recovers(void **state)
{
	static struct holm_udp *u[UDP_PORT_COUNT];
	struct holm_config config;
	struct lab_options options = { .protos = protos, .config = &config };
	struct holm_udp *extra;
	struct lab lab;

	(void)state;
	holm_config_default(&config);
	config.udp_endpoints_max = UDP_PORT_COUNT + 1;
	lab_init(&lab, &options);
	for (uint32_t i = 0; i < UDP_PORT_COUNT; i++)
		assert_int_equal(
			try_bind(&lab, udp_lab_at(0, (uint16_t)(UDP_PORT_FIRST + i)), 0, &u[i]), 0);
	assert_int_equal(try_bind(&lab, udp_lab_at(0, 0), 0, &extra), -HOLM_EADDRINUSE);
	holm_udp_close(u[777]);
	assert_int_equal(try_bind(&lab, udp_lab_at(0, 0), 0, &u[777]), 0);
	for (uint32_t i = 0; i < UDP_PORT_COUNT; i++)
		holm_udp_close(u[i]);
	assert_int_equal(table_nodes(&lab.net->udp->ports), 0);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_has_one_owner_unless_all_agree_to_share),
		cmocka_unit_test(different_addresses_and_devices_do_not_get_in_each_others_way),
		cmocka_unit_test(only_our_addresses_can_be_bound),
		cmocka_unit_test(port_zero_chooses_a_free_dynamic_port_not_in_order),
		cmocka_unit_test(when_every_dynamic_port_is_taken_binding_fails_and_recovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
