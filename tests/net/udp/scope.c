/*
 * Tests of datagrams between link-local addresses (RFC 4007): one instance, two links, on each of which
 * there is a fe80::2. Which link is meant is the scope's to say, both ways.
 */
#include "net/udp/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/core/sum.h"
#include "net/wire/eth.h"
#include "net/wire/icmp6.h"
#include "net/wire/ip6.h"
#include "net/wire/udp.h"
#include "tests/support/lab6.h"
#include "tests/support/udp_lab.h"

static const struct holm_proto *const protos[] = { &holm_ipv6, &holm_icmp6, &holm_udp,
						   &lab6_neighbours, NULL };

struct links {
	struct lab lab; /* whose device is the first */
	struct holm_dev second;
	size_t nsecond; /* frames that left through it */
	uint32_t index[2];
};

static size_t count_and_free(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	container_of(dev, struct links, second)->nsecond += n;
	holm_frame_free_batch(frames, n);
	return n;
}

static const struct holm_dev_ops second_ops = { .tx = count_and_free };

static void begin(struct links *l)
{
	const struct holm_addr own = lab6_link(1), other = lab6_link(2);
	const struct holm_mac mac = lab_mac(2);

	memset(l, 0, sizeof(*l));
	lab6_init(&l->lab, protos);
	l->second = (struct holm_dev){ .ops = &second_ops,
				       .name = "second",
				       .link_up = true,
				       .mac = l->lab.dev.mac,
				       .caps = { .mtu = 1500, .segs_max = 1 } };
	assert_true(holm_net_add_dev(l->lab.net, &l->second) > 0);
	assert_int_equal(holm_addr_add(l->lab.net, &l->second, &own, 64), 0);
	neigh_heard(l->lab.net, l->second.netif, &other, &mac, NEIGH_ASKED_US);
	l->index[0] = holm_dev_index(&l->lab.dev);
	l->index[1] = holm_dev_index(&l->second);
	lab_poll(&l->lab);
	lab_clear(&l->lab);
	l->nsecond = 0;
}

static void end(struct links *l, struct holm_udp *u)
{
	holm_udp_close(u);
	holm_net_remove_dev(l->lab.net, &l->second);
	lab_fini(&l->lab);
}

static struct holm_udp *open6(struct links *l, const struct holm_endpoint *at)
{
	struct holm_udp *u;

	assert_int_equal(holm_udp_open(l->lab.net, &u), 0);
	assert_int_equal(holm_udp_bind(u, at, 0), 0);
	return u;
}

static struct holm_udp *open_any(struct links *l)
{
	const struct holm_endpoint any = { .addr = holm_addr_any6(), .port = 4000 };

	return open6(l, &any);
}

static struct holm_endpoint other_at(uint32_t scope)
{
	return (struct holm_endpoint){ .addr = lab6_link(2), .scope = scope, .port = 9 };
}

/* Send a datagram there, and see by which link it left. */
static void goes_by(struct links *l, struct holm_udp *u, const struct holm_endpoint *to, int link)
{
	lab_poll(&l->lab); /* what was answered before */
	lab_clear(&l->lab);
	l->nsecond = 0;
	assert_int_equal(udp_lab_send(u, to, "hello"), 0);
	lab_poll(&l->lab);
	assert_int_equal(l->lab.nsent, link == 0);
	assert_int_equal(l->nsecond, link == 1);
}

/* A datagram from the other to port 4000 comes in by a link. */
static void comes_by(struct links *l, int link)
{
	const struct holm_addr src = lab6_link(2), dst = lab6_link(1);
	uint8_t udp[UDP_HDR_BYTES + 2] = { 0,		9, 4000 >> 8, 4000 & 255, 0,
					   sizeof(udp), 0, 0,	      'h',	  'i' };
	uint8_t bytes[128];
	struct holm_frame *f;
	size_t len;

	store_be16(udp + 6, udp_checksum(checksum_partial(
				    udp, sizeof(udp),
				    ip_pseudo_sum(&src, &dst, IP6_PROTO_UDP, sizeof(udp)))));
	len = lab6_packet(bytes, &src, &dst, IP6_PROTO_UDP, udp, sizeof(udp));
	f = holm_frame_alloc(holm_net_pool(l->lab.net), HOLM_FRAME_HEADROOM, false);
	memcpy(holm_frame_put(f, len), bytes, len);
	holm_net_input(l->lab.net, link ? &l->second : &l->lab.dev, &f, 1, l->lab.now);
}

static void a_datagram_goes_by_the_link_that_its_scope_names(void **state)
{
	struct holm_endpoint to;
	struct holm_udp *u;
	struct links l;

	(void)state;
	begin(&l);
	u = open_any(&l);
	for (int i = 0; i < 6; i++) {
		to = other_at(l.index[i / 2 % 2]);
		goes_by(&l, u, &to, i / 2 % 2);
	}
	to = other_at(0);
	assert_int_equal(udp_lab_send(u, &to, "nowhere"), -HOLM_EINVAL);
	to = other_at(77);
	assert_int_equal(udp_lab_send(u, &to, "nowhere"), -HOLM_ENETUNREACH);
	end(&l, u);
}

static void a_link_local_group_has_a_link_too(void **state)
{
	struct holm_endpoint to = { .addr = lab6_text("ff02::77"), .port = 9 };
	struct holm_udp *u;
	struct links l;

	(void)state;
	begin(&l);
	u = open_any(&l);
	for (int i = 0; i < 4; i++) {
		to.scope = l.index[i % 2];
		goes_by(&l, u, &to, i % 2);
	}
	/* What needs no link has none, whatever it says. */
	to.addr = lab6_addr(2);
	goes_by(&l, u, &to, 0);
	end(&l, u);
}

static void a_datagram_tells_by_which_link_its_sender_is_reached(void **state)
{
	struct holm_datagram dg;
	struct holm_udp *u;
	struct links l;

	(void)state;
	begin(&l);
	u = open_any(&l);
	for (int link = 0; link < 2; link++) {
		comes_by(&l, link);
		assert_int_equal(holm_udp_recv(u, &dg), 0);
		assert_int_equal(dg.from.scope, l.index[link]);
		assert_int_equal(dg.to.scope, l.index[link]);
		holm_frame_free(dg.frame);
		goes_by(&l, u, &dg.from, link);
	}
	end(&l, u);
}

static void who_is_connected_hears_and_speaks_on_that_link_alone(void **state)
{
	struct holm_endpoint to, name;
	struct holm_udp *u;
	struct links l;

	(void)state;
	begin(&l);
	u = open_any(&l);
	to = other_at(0);
	assert_int_equal(holm_udp_connect(u, &to), -HOLM_EINVAL);
	to = other_at(77);
	assert_int_equal(holm_udp_connect(u, &to), -HOLM_ENODEV);
	for (int link = 0; link < 2; link++) {
		to = other_at(l.index[link]);
		assert_int_equal(holm_udp_connect(u, &to), 0);
		goes_by(&l, u, NULL, link);
		assert_int_equal(holm_udp_remote(u, &name), 0);
		assert_int_equal(name.scope, l.index[link]);
		holm_udp_local(u, &name);
		assert_int_equal(name.scope, l.index[link]);
		comes_by(&l, !link);
		assert_false(holm_udp_ready(u) & HOLM_READABLE);
		comes_by(&l, link);
		udp_lab_expect(u, "hi");
		/* One elsewhere in between changes nothing. */
		to = other_at(l.index[!link]);
		goes_by(&l, u, &to, !link);
		goes_by(&l, u, NULL, link);
	}
	assert_int_equal(holm_udp_connect(u, NULL), 0);
	comes_by(&l, 0);
	assert_true(holm_udp_ready(u) & HOLM_READABLE);
	end(&l, u);
}

static void two_of_one_port_are_connected_with_the_same_peer_on_different_links(void **state)
{
	const struct holm_endpoint at = { .addr = holm_addr_any6(), .port = 4000 };
	struct holm_endpoint to;
	struct holm_udp *u[3];
	struct links l;

	(void)state;
	begin(&l);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(holm_udp_open(l.lab.net, &u[i]), 0);
		assert_int_equal(holm_udp_bind(u[i], &at, HOLM_UDP_REUSEADDR), 0);
	}
	for (int link = 0; link < 2; link++) {
		to = other_at(l.index[link]);
		assert_int_equal(holm_udp_connect(u[link], &to), 0);
	}
	for (int i = 0; i < 4; i++) {
		comes_by(&l, i % 2);
		udp_lab_expect(u[i % 2], "hi");
		udp_lab_expect_nothing(u[!(i % 2)]);
		goes_by(&l, u[i % 2], NULL, i % 2);
	}
	/* A third takes the place of that of its link. */
	assert_int_equal(holm_udp_connect(u[2], &to), 0);
	for (int i = 0; i < 4; i++) {
		comes_by(&l, i % 2);
		udp_lab_expect(u[2 * (i % 2)], "hi");
		udp_lab_expect_nothing(u[1]);
	}
	holm_udp_close(u[1]);
	holm_udp_close(u[2]);
	end(&l, u[0]);
}

static void who_is_bound_to_a_link_local_address_is_bound_to_its_link(void **state)
{
	struct holm_endpoint at = { .addr = lab6_link(1), .port = 4000 }, to;
	struct holm_udp *u;
	struct links l;

	(void)state;
	begin(&l);
	at.scope = l.index[1];
	u = open6(&l, &at);
	comes_by(&l, 0);
	assert_false(holm_udp_ready(u) & HOLM_READABLE);
	comes_by(&l, 1);
	assert_true(holm_udp_ready(u) & HOLM_READABLE);
	to = other_at(l.index[0]);
	assert_int_equal(holm_udp_connect(u, &to), -HOLM_EINVAL);
	to = other_at(l.index[1]);
	assert_int_equal(holm_udp_connect(u, &to), 0);
	end(&l, u);
}

static void an_error_about_a_link_local_remote_says_which_one(void **state)
{
	const struct holm_addr src = lab6_link(2), own = lab6_link(1);
	struct holm_endpoint to;
	struct holm_trouble t;
	uint8_t l4[200] = { ICMP6_UNREACHABLE, ICMP6_PORT }, frame[300];
	struct holm_udp *u;
	struct links l;
	size_t quoted;

	(void)state;
	begin(&l);
	u = open_any(&l);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_ERRORS6, 1), 0);
	to = other_at(l.index[0]);
	goes_by(&l, u, &to, 0);
	quoted = l.lab.sent[0].len - ETH_HDR_BYTES;
	memcpy(l4 + ICMP6_HDR_BYTES, l.lab.sent[0].data + ETH_HDR_BYTES, quoted);
	icmp6_seal(l4, ICMP6_HDR_BYTES + quoted, &src, &own);
	lab_receive(&l.lab, frame,
		    lab6_packet(frame, &src, &own, IP6_PROTO_ICMP, l4, ICMP6_HDR_BYTES + quoted));
	assert_int_equal(holm_udp_take_trouble(u, &t, NULL, 0), 0);
	assert_int_equal(t.to.scope, l.index[0]);
	assert_int_equal(t.to.port, 9);
	assert_int_equal(t.offender_scope, l.index[0]);
	end(&l, u);
}

/* The queue of the neighbour is where such frames have been, and no device has had them yet. */
static void a_neighbour_that_does_not_answer_is_one_of_its_link(void **state)
{
	struct holm_endpoint to = { .addr = lab6_link(3), .port = 9 };
	struct holm_trouble t;
	struct holm_udp *u;
	struct links l;

	(void)state;
	begin(&l);
	u = open_any(&l);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_ERRORS6, 1), 0);
	to.scope = l.index[1];
	assert_int_equal(udp_lab_send(u, &to, "hello"), 0);
	lab_run(&l.lab, 10 * LAB_S);
	assert_int_equal(holm_udp_take_trouble(u, &t, NULL, 0), 0);
	assert_int_equal(t.error, HOLM_EHOSTUNREACH);
	assert_int_equal(t.to.scope, l.index[1]);
	end(&l, u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_goes_by_the_link_that_its_scope_names),
		cmocka_unit_test(a_link_local_group_has_a_link_too),
		cmocka_unit_test(a_datagram_tells_by_which_link_its_sender_is_reached),
		cmocka_unit_test(who_is_connected_hears_and_speaks_on_that_link_alone),
		cmocka_unit_test(
			two_of_one_port_are_connected_with_the_same_peer_on_different_links),
		cmocka_unit_test(who_is_bound_to_a_link_local_address_is_bound_to_its_link),
		cmocka_unit_test(an_error_about_a_link_local_remote_says_which_one),
		cmocka_unit_test(a_neighbour_that_does_not_answer_is_one_of_its_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
