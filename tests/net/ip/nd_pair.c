/*
 * Two instances that have nothing but a link between them find each other with neighbour discovery and
 * speak TCP: over the link-local addresses that they made, over addresses that were given, over addresses
 * that a router announced, through links that lose frames.
 */
#include "net/ip/nd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/ip/state.h"
#include "net/wire/ip6.h"
#include "tests/support/expect.h"
#include "tests/support/nd_lab.h"
#include "tests/support/tcp_ends.h"

#define SECOND 1000000000ull
#define BYTES 300000u

static const struct holm_proto *const protos[] = {
	&holm_ipv4, &holm_ipv6, &holm_icmp6, &holm_nd, &holm_mld, &holm_tcp, HOLM_TCP_PARTS, NULL,
};

static void begin(struct duo *d, const struct holm_impair_config *impair)
{
	const struct duo_options options = {
		.protos = protos, .impair = impair, .seed = expect_seed(1), .no_addresses = true
	};

	duo_init(d, &options);
	duo_run(d, 5 * SECOND);
}

/* Instance i's address that begins like this. */
static struct holm_addr addr_of(struct duo *d, int i, const char *prefix)
{
	const struct holm_addr p = nd_lab_addr(prefix);
	struct holm_addr a;
	unsigned len;

	for (size_t at = 0; holm_addr_get(d->net[i], duo_dev(d, i), at, &a, &len); at++)
		if (ip_prefix_match(&a, &p, 64))
			return a;
	fail_msg("instance %d has no address of %s", i, prefix);
	return a;
}

static void give(struct duo *d, int i, const char *text)
{
	const struct holm_addr a = nd_lab_addr(text);

	assert_int_equal(holm_addr_add(d->net[i], duo_dev(d, i), &a, 64), 0);
}

/* Both ends send and read, from and to addresses of this prefix. */
static void converse(struct duo *d, const char *prefix)
{
	const uint64_t bytes[2] = { BYTES, BYTES };
	struct tcp_ends e;

	d->addr[1] = addr_of(d, 1, prefix);
	assert_int_equal(ends_open(&e, d, bytes, 65536), 0);
	assert_true(ends_finish(&e, 600 * SECOND));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(e.end[i].error, 0);
		assert_int_equal(e.end[i].rcv.tail, BYTES);
	}
	ends_fini(&e);
}

/* Instance i hears a router, which nobody has to be, announce 2001:db8:5::/64 and itself. */
static void hear_router(struct duo *d, int i)
{
	const struct ip6_info info = { .src = nd_lab_host(99),
				       .dst = ip6_all_nodes(),
				       .next = IP6_PROTO_ICMP,
				       .hop_limit = 255 };
	struct holm_frame *f =
		holm_frame_alloc(holm_net_pool(d->net[i]), HOLM_FRAME_HEADROOM, false);
	struct ip6_info sized = info;
	struct nd_lab_router r;

	assert_non_null(f);
	nd_lab_router_begin(&r, 99, 1800);
	nd_lab_router_prefix(&r, "2001:db8:5::", 64, ND_ON_LINK | ND_AUTONOMOUS, 7200, 3600);
	store_be16(r.p + 2,
		   checksum_finish(checksum_partial(
			   r.p, r.len,
			   ip_pseudo_sum(&info.src, &info.dst, IP6_PROTO_ICMP, (uint32_t)r.len))));
	sized.payload_len = (uint16_t)r.len;
	memcpy(holm_frame_put(f, r.len), r.p, r.len);
	ip6_build(holm_frame_push(f, IP6_HDR_BYTES), &sized);
	lab_eth(holm_frame_push(f, ETH_HDR_BYTES), ip6_multicast_mac(&info.dst), lab_mac(99),
		ETH_TYPE_IP6);
	holm_net_input(d->net[i], duo_dev(d, i), &f, 1, d->now);
}

static void over_the_addresses_that_every_link_has(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, NULL);
	converse(&d, "fe80::");
	duo_fini(&d);
}

static void over_addresses_that_were_given(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, NULL);
	give(&d, 0, "2001:db8::1");
	give(&d, 1, "2001:db8::2");
	duo_run(&d, 3 * SECOND);
	converse(&d, "2001:db8::");
	duo_fini(&d);
}

static void over_addresses_that_a_router_announced(void **state)
{
	struct holm_router_info info;
	struct duo d;

	(void)state;
	begin(&d, NULL);
	for (int i = 0; i < 2; i++) {
		hear_router(&d, i);
		assert_true(holm_router_told(d.net[i], duo_dev(&d, i), &info));
		assert_int_equal(info.routers, 1);
	}
	duo_run(&d, 3 * SECOND);
	converse(&d, "2001:db8:5::");
	duo_fini(&d);
}

static void over_a_link_that_loses_every_tenth_frame(void **state)
{
	const struct holm_impair_config impair = {
		.seed = expect_seed(1), .drop_ppm = 100000, .delay_ns = 1000000, .queue_frames = 256
	};
	struct duo d;

	(void)state;
	begin(&d, &impair);
	converse(&d, "fe80::");
	duo_fini(&d);
}

static void two_that_want_one_address_do_not_both_get_it(void **state)
{
	const struct holm_addr a = nd_lab_addr("2001:db8::1");
	unsigned n = 0;
	struct duo d;

	(void)state;
	begin(&d, NULL);
	give(&d, 0, "2001:db8::1");
	duo_run(&d, 3 * SECOND);
	give(&d, 1, "2001:db8::1");
	duo_run(&d, 3 * SECOND);
	for (int i = 0; i < 2; i++)
		n += holm_addr_is_local(d.net[i], &a);
	assert_int_equal(n, 1);
	assert_true(holm_addr_is_local(d.net[0], &a));
	assert_int_equal(holm_net_counter(d.net[1], HOLM_COUNT_ND_DUPLICATES), 1);
	duo_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(over_the_addresses_that_every_link_has),
		cmocka_unit_test(over_addresses_that_were_given),
		cmocka_unit_test(over_addresses_that_a_router_announced),
		cmocka_unit_test(over_a_link_that_loses_every_tenth_frame),
		cmocka_unit_test(two_that_want_one_address_do_not_both_get_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
