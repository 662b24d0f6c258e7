/* Tests of net/ip/end.c, raw.c and echo.c: who gets which packet, identifiers, bounds. */
#include "net/ip/end.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/ip/state.h"
#include "net/wire/eth.h"
#include "tests/support/lab.h"

#define NOBODYS 253

static const struct holm_proto *const protos[] = { &holm_arp, &holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, NULL };
static const struct lab_options plain = { .protos = protos };
static const struct ip_end_kind raw = { .number = NOBODYS };
static const struct ip_end_kind ping = { .echo = true };

static void begin(struct lab *lab)
{
	lab_init(lab, &plain);
	assert_int_equal(ip_ends_start(lab->net), 0);
	ip_echo_start(lab->net);
	lab_introduce(lab, 2);
}

static void end(struct lab *lab)
{
	ip_echo_stop(lab->net);
	ip_ends_stop(lab->net);
	lab_fini(lab);
}

static void receive(struct lab *lab, uint8_t proto)
{
	uint8_t frame[100];

	lab_receive(lab, frame, lab_ip4(frame, LAB_IP(2), LAB_IP(1), proto, "hello", 5));
}

static void packets_that_are_alike_are_all_seen(void **state)
{
	struct lab lab;
	struct ip_end *e;

	(void)state;
	begin(&lab);
	receive(&lab, NOBODYS); /* the flow is remembered */
	assert_int_equal(ip_end_open(lab.net, &raw, &e), 0);
	for (uint32_t i = 1; i <= 3; i++) {
		receive(&lab, NOBODYS);
		assert_int_equal(e->base.rxq.nframes, i);
	}
	ip_end_close(e);
	assert_null(lab.net->ip->raw_input);
	receive(&lab, NOBODYS);
	end(&lab);
}

static void a_full_queue_loses_and_counts(void **state)
{
	struct lab lab;
	struct ip_end *e;

	(void)state;
	begin(&lab);
	assert_int_equal(ip_end_open(lab.net, &raw, &e), 0);
	e->base.rxq.max_bytes = HOLM_FRAME_BYTES;
	receive(&lab, NOBODYS);
	receive(&lab, NOBODYS);
	assert_int_equal(e->base.rxq.nframes, 1);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_RAW_QUEUE_FULL), 1);
	ip_end_close(e);
	end(&lab);
}

static void identifiers_differ_until_somebody_shares(void **state)
{
	struct holm_endpoint any = { .addr = holm_addr_ip4(0, 0, 0, 0), .port = 77 };
	struct lab lab;
	struct ip_end *e[3];

	(void)state;
	begin(&lab);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ip_end_open(lab.net, &ping, &e[i]), 0);
	assert_int_equal(ip_end_bind(e[0], &any), 0);
	assert_int_equal(ip_end_bind(e[1], &any), -HOLM_EADDRINUSE);
	any.port = 0;
	assert_int_equal(ip_end_bind(e[1], &any), 0);
	assert_int_not_equal(e[1]->number, 0);
	assert_int_not_equal(e[1]->number, 77);
	e[0]->reuse = e[2]->reuse = true;
	any.port = 77;
	assert_int_equal(ip_end_bind(e[2], &any), 0);
	assert_int_equal(ip_end_bind(e[2], &any), -HOLM_EINVAL);
	for (int i = 0; i < 3; i++)
		ip_end_close(e[i]);
	end(&lab);
}

static void a_reply_finds_its_identifier_and_no_other(void **state)
{
	static const uint8_t reply[] = { 0, 0, 0xff, 0xb2, 0, 77, 0, 0 };
	struct holm_endpoint any = { .addr = holm_addr_ip4(0, 0, 0, 0), .port = 77 };
	uint8_t frame[100];
	size_t n, off, len;
	struct ip_end *e;
	struct holm_frame *f;
	struct lab lab;

	(void)state;
	begin(&lab);
	n = lab_ip4(frame, LAB_IP(2), LAB_IP(1), IP4_PROTO_ICMP, reply, sizeof(reply));
	assert_int_equal(ip_end_open(lab.net, &ping, &e), 0);
	lab_receive(&lab, frame, n);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ICMP_TYPE), 1);
	assert_int_equal(ip_end_bind(e, &any), 0);
	lab_receive(&lab, frame, n);
	assert_int_equal(frame_end_peek(&e->base, &f), 0);
	ip_end_payload(e, f, &off, &len);
	assert_int_equal(len, 8);
	assert_int_equal(holm_frame_data(f)[off + 5], 77);
	ip_end_close(e);
	end(&lab);
}

static void endpoints_are_bounded_and_end_with_the_instance(void **state)
{
	struct holm_config config;
	struct lab_options options = { .protos = protos, .config = &config };
	struct ip_end *a, *b;
	struct lab lab;

	(void)state;
	holm_config_default(&config);
	config.raw_endpoints_max = 1;
	lab_init(&lab, &options);
	assert_int_equal(ip_ends_start(lab.net), 0);
	assert_int_equal(ip_end_open(lab.net, &raw, &a), 0);
	assert_int_equal(ip_end_open(lab.net, &ping, &b), -HOLM_ENOBUFS);
	ip_ends_stop(lab.net);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_that_are_alike_are_all_seen),
		cmocka_unit_test(a_full_queue_loses_and_counts),
		cmocka_unit_test(identifiers_differ_until_somebody_shares),
		cmocka_unit_test(a_reply_finds_its_identifier_and_no_other),
		cmocka_unit_test(endpoints_are_bounded_and_end_with_the_instance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
