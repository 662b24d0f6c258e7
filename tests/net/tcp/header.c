/*
 * Headers: windows, timestamps, checksums by whom.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/checksum.h"
#include "net/wire/eth.h"
#include "net/wire/ip4.h"
#include "tests/support/tcp_fixture.h"

static void the_window_is_scaled_and_rounded_so_that_the_edge_stays(void **state)
{
	struct holm_config config;
	struct tcp_fixture t;
	uint32_t edge;

	(void)state;
	holm_config_default(&config);
	config.tcp_rcvbuf_bytes = 1 << 20;
	config.tcp_rcvbuf_max_bytes = 1 << 20;
	established(&t, .config = &config, .rcvbuf = 1 << 20, .peer_wscale = true);
	assert_int_equal(tcp_rcv_wscale(t.t), 5);
	rx(&t, .len = 1);
	t.peer_nxt = 2;
	expect_tx(&t, .seq = 1, .ack = 2, .wnd = ((1 << 20) - 1) >> 5);
	edge = t.t->rcv_adv.v;
	for (unsigned i = 0; i < 9; i++) {
		rx(&t, .len = 7);
		t.peer_nxt += 7;
		/* Never further left, whatever the rounding. */
		assert_true((int32_t)(t.t->rcv_adv.v - edge) >= 0);
		edge = t.t->rcv_adv.v;
	}
	finish(&t);
}

static void timestamps_are_on_every_segment_and_echo_the_latest_in_order(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_ts = true, .nodelay = true);
	t.tsval = 5000;
	rx(&t, .len = 10);
	t.peer_nxt = 11;
	expect_tx(&t, .seq = 1, .ack = 11, .ts = true, .tsecr = 5000);
	t.tsval = 6000;
	rx(&t, .seq = 100, .len = 10); /* out of order: not echoed */
	expect_tx(&t, .seq = 1, .ack = 11, .ts = true, .tsecr = 5000);
	fixture_write(&t, 2000);
	expect_tx(&t, .seq = 1, .len = 988, .ts = true, .tsecr = 5000);
	finish(&t);
}

static void a_device_that_sums_gets_the_pseudo_headers_sum(void **state)
{
	struct tcp_fixture t;
	const struct lab_sent *s;
	uint32_t sum;

	(void)state;
	established(&t, .nodelay = true, .features = HOLM_DEV_TX_CSUM);
	fixture_write(&t, 100);
	s = &t.lab.sent[t.lab.nsent - 1];
	assert_int_equal(s->csum, HOLM_CSUM_PARTIAL);
	assert_int_equal(s->csum_start, ETH_HDR_BYTES + IP4_HDR_BYTES);
	assert_int_equal(s->csum_off, TCP_CSUM_OFFSET);
	sum = ip4_pseudo_sum(LAB_IP(1), LAB_IP(2), IP4_PROTO_TCP, 120);
	assert_int_equal(load_be16(s->data + 34 + TCP_CSUM_OFFSET),
			 (uint16_t)~checksum_finish(sum));
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_window_is_scaled_and_rounded_so_that_the_edge_stays),
		cmocka_unit_test(timestamps_are_on_every_segment_and_echo_the_latest_in_order),
		cmocka_unit_test(a_device_that_sums_gets_the_pseudo_headers_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
