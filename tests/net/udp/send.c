/*
 * Tests of datagrams on their way out: net/udp/send.c.
 */
#include "net/udp/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/wire/eth.h"
#include "net/wire/ip4.h"
#include "net/wire/udp.h"
#include "tests/support/expect.h"
#include "tests/support/udp_lab.h"

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &holm_udp,  NULL };
static const struct lab_options plain = { .protos = protos };

/* The checksum of a sent datagram, from its pseudo header on; 0 if it holds. */
static uint16_t verify(const struct lab_sent *s)
{
	uint32_t len = (uint32_t)s->len - 34;
	uint32_t sum = ip4_pseudo_sum(load_be32(s->data + 26), load_be32(s->data + 30), 17, len);

	return checksum_finish(checksum_partial(s->data + 34, len, sum));
}

static void what_is_sent_is_a_whole_datagram(void **state)
{
	struct lab lab;
	struct holm_udp *u;
	struct udp_info info;
	struct ip4_info ip;
	enum holm_drop why;
	const struct lab_sent *s;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	assert_int_equal(udp_lab_send(u, NULL, "hello"), 0);
	assert_int_equal(lab.nsent, 0);
	lab_poll(&lab);
	assert_int_equal(lab.nsent, 1);
	s = &lab.sent[0];
	assert_true(ip4_parse(s->data + 14, s->len - 14, s->len - 14, &ip, &why));
	assert_int_equal(ip.proto, 17);
	assert_int_equal(ip.ttl, 64);
	assert_int_equal(ip.frag, IP4_DF);
	assert_true(udp_parse(s->data + 34, s->len - 34, s->len - 34, &info, &why));
	assert_int_equal(info.sport, 4000);
	assert_int_equal(info.dport, 9);
	assert_int_equal(info.len, 13);
	assert_memory_equal(s->data + 42, "hello", 5);
	assert_int_equal(verify(s), 0);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void spans_of_any_size_are_put_together_and_summed_right(void **state)
{
	uint64_t seed = expect_seed(13);
	static uint8_t bytes[1472];
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)expect_random(&seed);
	lab_init(&lab, &plain);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	for (int round = 0; round < 500; round++) {
		struct holm_span spans[6];
		size_t len = expect_random_below(&seed, sizeof(bytes) + 1);
		size_t at = 0, n = 0;

		while (at < len || n == 0) {
			size_t part = n == 5 ? len - at : expect_random_below(&seed, len - at + 1);

			spans[n++] = (struct holm_span){ bytes + at, part };
			at += part;
			if (n == 6)
				break;
		}
		lab_clear(&lab);
		assert_int_equal(holm_udp_send(u, NULL, spans, n), 0);
		lab_poll(&lab);
		assert_int_equal(lab.sent[0].len, 42 + at);
		assert_memory_equal(lab.sent[0].data + 42, bytes, at);
		assert_int_equal(verify(&lab.sent[0]), 0);
	}
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_datagram_is_the_same_whether_its_way_was_prepared_or_not(void **state)
{
	struct holm_endpoint to = { .addr = lab_addr(2), .port = 9 };
	uint64_t seed = expect_seed(14);
	static uint8_t bytes[1472];
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)expect_random(&seed);
	lab_init(&lab, &plain);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	for (int round = 0; round < 200; round++) {
		struct holm_span span = { bytes, expect_random_below(&seed, sizeof(bytes) + 1) };

		if (round % 4 == 0)
			holm_udp_set_option(u, HOLM_UDP_OPT_TTL,
					    1 + expect_random_below(&seed, 255));
		if (round % 4 == 2)
			holm_udp_set_option(u, HOLM_UDP_OPT_TOS, expect_random_below(&seed, 256));
		lab_clear(&lab);
		assert_int_equal(holm_udp_send(u, NULL, &span, 1), 0); /* finds its way */
		assert_int_equal(holm_udp_send(u, NULL, &span, 1), 0); /* goes it */
		assert_int_equal(holm_udp_send(u, &to, &span, 1), 0);
		lab_poll(&lab);
		assert_int_equal(lab.nsent, 3);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(lab.sent[i].len, lab.sent[2].len);
			assert_memory_equal(lab.sent[i].data, lab.sent[2].data, lab.sent[2].len);
		}
	}
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_sum_of_zero_is_sent_as_its_other_form(void **state)
{
	struct lab lab;
	struct holm_udp *u;
	uint8_t two[2] = { 0, 0 };
	struct holm_span span = { two, 2 };

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	holm_udp_send(u, NULL, &span, 1);
	lab_poll(&lab);
	/* The payload that makes the sum come out as zero is the checksum of the one without. */
	memcpy(two, lab.sent[0].data + 40, 2);
	lab_clear(&lab);
	holm_udp_send(u, NULL, &span, 1);
	lab_poll(&lab);
	assert_int_equal(load_be16(lab.sent[0].data + 40), 0xffff);
	assert_int_equal(verify(&lab.sent[0]), 0);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_device_that_sums_gets_the_pseudo_header_and_where_to_begin(void **state)
{
	struct lab_options options = { .protos = protos, .features = HOLM_DEV_TX_CSUM };
	struct lab lab;
	struct holm_udp *u;
	const struct lab_sent *s;
	uint32_t sum;

	(void)state;
	lab_init(&lab, &options);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	assert_int_equal(udp_lab_send(u, NULL, "hello"), 0);
	lab_poll(&lab);
	s = &lab.sent[0];
	assert_int_equal(s->csum, HOLM_CSUM_PARTIAL);
	assert_int_equal(s->csum_start, 34);
	assert_int_equal(s->csum_off, 6);
	/* What the device does: sum from there, field included, and put the complement there. */
	sum = checksum_partial(s->data + 34, s->len - 34, 0);
	store_be16(lab.sent[0].data + 40, checksum_finish(sum));
	assert_int_equal(verify(s), 0);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_device_that_damages_nothing_gets_no_checksum(void **state)
{
	struct lab_options options = { .protos = protos, .features = HOLM_DEV_NO_CSUM };
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	lab_init(&lab, &options);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	assert_int_equal(udp_lab_send(u, NULL, "hello"), 0);
	lab_poll(&lab);
	assert_int_equal(load_be16(lab.sent[0].data + 40), 0);
	assert_memory_equal(lab.sent[0].data + 42, "hello", 5);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void what_cannot_be_sent_is_refused_by_name(void **state)
{
	static uint8_t big[65600];
	struct holm_span span = { big, 1473 };
	struct holm_endpoint nowhere = { .addr = holm_addr_ip4(20, 0, 0, 1), .port = 9 };
	struct holm_endpoint everybody = { .addr = holm_addr_ip4(255, 255, 255, 255), .port = 9 };
	struct holm_endpoint zero = udp_lab_at(2, 0), to = udp_lab_at(2, 9);
	struct holm_endpoint six = { .addr = holm_addr_any6(), .port = 9 };
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	six.addr.b[0] = 0x20;
	lab_init(&lab, &plain);
	u = udp_lab_bound(&lab, 7, 0);
	assert_int_equal(udp_lab_send(u, NULL, "x"), -HOLM_EDESTADDRREQ);
	assert_int_equal(udp_lab_send(u, &zero, "x"), -HOLM_EINVAL);
	assert_int_equal(udp_lab_send(u, &nowhere, "x"), -HOLM_ENETUNREACH);
	assert_int_equal(udp_lab_send(u, &six, "x"), -HOLM_EAFNOSUPPORT);
	assert_int_equal(udp_lab_send(u, &everybody, "x"), -HOLM_EACCES);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_BROADCAST, 1), 0);
	assert_int_equal(udp_lab_send(u, &everybody, "x"), 0);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_PMTU, HOLM_UDP_PMTU_DO), 0);
	assert_int_equal(holm_udp_send(u, &to, &span, 1), -HOLM_EMSGSIZE);
	span.len = sizeof(big);
	assert_int_equal(holm_udp_send(u, &to, &span, 1), -HOLM_EMSGSIZE);
	span.len = SIZE_MAX;
	assert_int_equal(holm_udp_send(u, &to, &span, 1), -HOLM_EMSGSIZE);
	lab_poll(&lab);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_connected_endpoint_may_send_elsewhere_and_comes_back(void **state)
{
	struct holm_endpoint other = udp_lab_at(3, 5);
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	lab_introduce(&lab, 3);
	lab_clear(&lab);
	assert_int_equal(udp_lab_send(u, &other, "o"), 0);
	assert_int_equal(udp_lab_send(u, NULL, "r"), 0);
	lab_poll(&lab);
	assert_int_equal(load_be32(lab.sent[0].data + 30), LAB_IP(3));
	assert_int_equal(load_be16(lab.sent[0].data + 36), 5);
	assert_int_equal(load_be32(lab.sent[1].data + 30), LAB_IP(2));
	assert_int_equal(load_be16(lab.sent[1].data + 36), 9);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_full_interface_queue_is_reported_and_so_is_room(void **state)
{
	struct holm_config config;
	struct lab_options options = { .protos = protos, .config = &config, .frames = 512 };
	struct lab lab;
	struct holm_udp *u;
	struct holm_event ev;
	int sent = 0, err;

	(void)state;
	holm_config_default(&config);
	config.dev_queue_max = 64;
	lab_init(&lab, &options);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	lab.tx_room = 0;
	while ((err = udp_lab_send(u, NULL, "x")) == 0)
		sent++;
	assert_int_equal(err, -HOLM_EAGAIN);
	assert_int_equal(sent, 64);
	assert_false(holm_udp_ready(u) & HOLM_WRITABLE);
	holm_net_poll(lab.net, lab.now, 64);
	while (holm_net_next_event(lab.net, &ev))
		continue;
	lab.tx_room = SIZE_MAX;
	holm_net_tx_ready(lab.net, &lab.dev);
	lab_poll(&lab);
	assert_int_equal(lab.nsent, 64);
	assert_true(holm_udp_ready(u) & HOLM_WRITABLE);
	assert_true(holm_net_next_event(lab.net, &ev));
	assert_ptr_equal(ev.endpoint, u);
	assert_int_equal(ev.state, HOLM_WRITABLE);
	assert_int_equal(udp_lab_send(u, NULL, "x"), 0);
	lab_poll(&lab);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void an_empty_pool_is_reported_and_so_are_frames_that_come_back(void **state)
{
	struct lab_options options = { .protos = protos, .frames = 80 };
	struct lab lab;
	struct holm_udp *u;
	struct holm_frame *held[80];
	size_t n = 0;

	(void)state;
	lab_init(&lab, &options);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	while ((held[n] = holm_frame_alloc(holm_net_pool(lab.net), 0, false)) != NULL)
		n++;
	assert_int_equal(udp_lab_send(u, NULL, "x"), -HOLM_EAGAIN);
	assert_false(holm_udp_ready(u) & HOLM_WRITABLE);
	while (n > 0)
		holm_frame_free(held[--n]);
	lab_run(&lab, 5 * LAB_MS);
	assert_true(holm_udp_ready(u) & HOLM_WRITABLE);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void ttl_and_tos_go_into_the_header(void **state)
{
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_TTL, 5), 0);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_TOS, 0xb8), 0);
	udp_lab_send(u, NULL, "x");
	lab_poll(&lab);
	assert_int_equal(lab.sent[0].data[22], 5);
	assert_int_equal(lab.sent[0].data[15], 0xb8);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void datagrams_larger_than_a_frame_are_gathered(void **state)
{
	static uint8_t bytes[8972];
	struct lab_options options = { .protos = protos, .mtu = 9000, .segs_max = 16 };
	struct holm_span spans[3] = { { bytes, 1 }, { bytes + 1, 4001 }, { bytes + 4002, 4970 } };
	struct lab lab;
	struct holm_udp *u;
	uint32_t sum;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 13 >> 2);
	lab_init(&lab, &options);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	assert_int_equal(holm_udp_send(u, NULL, spans, 3), 0);
	lab_poll(&lab);
	assert_int_equal(lab.sent[0].len, 9014);
	assert_memory_equal(lab.sent[0].data + 42, bytes, sizeof(lab.sent[0].data) - 42);
	sum = ip4_pseudo_sum(LAB_IP(1), LAB_IP(2), 17, 8980);
	sum = checksum_partial(lab.sent[0].data + 34, 8, sum);
	assert_int_equal(checksum_finish(checksum_partial(bytes, sizeof(bytes), sum)), 0);
	holm_udp_close(u);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sent_is_a_whole_datagram),
		cmocka_unit_test(spans_of_any_size_are_put_together_and_summed_right),
		cmocka_unit_test(a_datagram_is_the_same_whether_its_way_was_prepared_or_not),
		cmocka_unit_test(a_sum_of_zero_is_sent_as_its_other_form),
		cmocka_unit_test(a_device_that_sums_gets_the_pseudo_header_and_where_to_begin),
		cmocka_unit_test(a_device_that_damages_nothing_gets_no_checksum),
		cmocka_unit_test(what_cannot_be_sent_is_refused_by_name),
		cmocka_unit_test(a_connected_endpoint_may_send_elsewhere_and_comes_back),
		cmocka_unit_test(a_full_interface_queue_is_reported_and_so_is_room),
		cmocka_unit_test(an_empty_pool_is_reported_and_so_are_frames_that_come_back),
		cmocka_unit_test(ttl_and_tos_go_into_the_header),
		cmocka_unit_test(datagrams_larger_than_a_frame_are_gathered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
