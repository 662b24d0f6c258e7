/* Tests of net/ip/end.c, raw.c and echo.c: who gets which packet, identifiers, bounds. */
#include "net/ip/end.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/core/proto.h"
#include "net/ip/state.h"
#include "net/wire/eth.h"
#include "tests/support/lab.h"

#define NOBODYS 253

/* What sockets tell endpoints. */
static int start(struct holm_net *net)
{
	(void)net;
	return 0;
}

static void netif_changed(struct holm_net *net, struct holm_netif *netif)
{
	if (net->ip->ends)
		ip_ends_netif_changed(net, netif);
}

static const struct holm_proto teller = {
	.name = "teller",
	.kind = PROTO_PART,
	.start = start,
	.netif_changed = netif_changed,
};

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &teller,    NULL };
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

static void who_is_bound_to_a_device_that_went_hears_of_that_and_of_nothing_else(void **state)
{
	const struct holm_endpoint remote = { .addr = lab_addr(2) };
	const struct holm_addr self = lab_addr(1);
	const struct ip_via by = { .dev = NULL };
	struct ip_end *e, *any;
	struct lab lab;

	(void)state;
	begin(&lab);
	assert_int_equal(ip_end_open(lab.net, &raw, &e), 0);
	assert_int_equal(ip_end_open(lab.net, &raw, &any), 0);
	ip_end_set_via(e, &(struct ip_via){ .dev = &lab.dev });
	receive(&lab, NOBODYS);
	assert_int_equal(e->base.rxq.nframes, 1);
	holm_net_remove_dev(lab.net, &lab.dev);
	assert_int_equal(frame_end_take_error(&e->base), -HOLM_ENETDOWN);
	assert_int_equal(frame_end_take_error(&any->base), 0);
	assert_int_equal(ip_end_connect(e, &remote), -HOLM_ENODEV);
	/* A device that comes later is another one, though it lies at the same place. */
	lab.dev.link_up = true;
	assert_true(holm_net_add_dev(lab.net, &lab.dev) > 0);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &self, 24), 0);
	lab_run(&lab, 5 * LAB_S);
	receive(&lab, NOBODYS);
	assert_int_equal(e->base.rxq.nframes, 1);
	assert_int_equal(any->base.rxq.nframes, 2);
	assert_int_equal(ip_end_connect(e, &remote), -HOLM_ENODEV);
	ip_end_set_via(e, &by);
	assert_int_equal(ip_end_connect(e, &remote), 0);
	receive(&lab, NOBODYS);
	assert_int_equal(e->base.rxq.nframes, 2);
	ip_end_close(e);
	ip_end_close(any);
	end(&lab);
}

static void what_is_too_short_to_be_quoted_is_dropped_all_the_same(void **state)
{
	const struct holm_endpoint nobody = { .addr = lab_addr(9) };

	(void)state;
	/* Less than eight bytes behind the header say not whose they are. */
	for (size_t len = 0; len < 8; len++) {
		struct holm_iov iov = { .base = (void *)"hello, you", .len = len };
		struct holm_msg msg = { .iov = &iov, .iovcnt = 1 };
		struct lab lab;
		struct ip_end *e;

		begin(&lab);
		assert_int_equal(ip_end_open(lab.net, &raw, &e), 0);
		assert_int_equal(ip_end_send(e, &nobody, &msg, &(struct ip_end_how){ 0 }), 0);
		lab_run(&lab, 5 * LAB_S);
		assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_NEIGH_UNREACHABLE), 1);
		assert_int_equal(frame_end_take_error(&e->base), 0);
		ip_end_close(e);
		end(&lab);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_that_are_alike_are_all_seen),
		cmocka_unit_test(a_full_queue_loses_and_counts),
		cmocka_unit_test(identifiers_differ_until_somebody_shares),
		cmocka_unit_test(a_reply_finds_its_identifier_and_no_other),
		cmocka_unit_test(endpoints_are_bounded_and_end_with_the_instance),
		cmocka_unit_test(
			who_is_bound_to_a_device_that_went_hears_of_that_and_of_nothing_else),
		cmocka_unit_test(what_is_too_short_to_be_quoted_is_dropped_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
