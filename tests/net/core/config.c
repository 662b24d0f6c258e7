/*
 * Tests of net/core/config.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/core/config.h"

static void the_defaults_are_valid(void **state)
{
	struct holm_config c;

	(void)state;
	holm_config_default(&c);
	assert_true(config_is_valid(&c));
	assert_int_equal(c.size, sizeof(c));
	assert_true(c.neighbour_frames_max >= 3);
}

static void each_limit_has_a_floor(void **state)
{
	struct holm_config good;

	(void)state;
	holm_config_default(&good);
	/* Every 32-bit limit set to zero in turn must be noticed. */
	for (size_t at = offsetof(struct holm_config, devices_max);
	     at <= offsetof(struct holm_config, tcp_rcvbuf_bytes); at += sizeof(uint32_t)) {
		struct holm_config c = good;

		/* No reserve and no lingering are choices, and these are on or off. */
		if (at == offsetof(struct holm_config, frame_reserve) ||
		    at == offsetof(struct holm_config, tcp_orphans_max) ||
		    at == offsetof(struct holm_config, tcp_rfc1337) ||
		    at == offsetof(struct holm_config, tcp_mtu_probing))
			continue;
		*(uint32_t *)(void *)((uint8_t *)&c + at) = 0;
		assert_false(config_is_valid(&c));
	}
}

static void the_interface_queue_is_a_power_of_two(void **state)
{
	struct holm_config c;

	(void)state;
	holm_config_default(&c);
	c.dev_queue_max = 1000;
	assert_false(config_is_valid(&c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_defaults_are_valid),
		cmocka_unit_test(each_limit_has_a_floor),
		cmocka_unit_test(the_interface_queue_is_a_power_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
