/* Tests of net/link/packet.c and net/core/tap.c: who sees which frame, and what becomes of endpoints. */
#include "net/link/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/core/tap.h"
#include "net/wire/eth.h"
#include "tests/support/lab.h"

#define TYPE 0x88b5

static const struct holm_proto *const protos[] = { &holm_arp, &holm_ipv4, HOLM_IP_PARTS, NULL };
static const struct lab_options plain = { .protos = protos };

/* A frame of the type for everybody. */
static void receive(struct lab *lab)
{
	const struct holm_mac all = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
	uint8_t frame[60] = { 0 };

	lab_eth(frame, all, lab_mac(2), TYPE);
	lab_receive(lab, frame, sizeof(frame));
}

static void begin(struct lab *lab)
{
	lab_init(lab, &plain);
	assert_int_equal(packet_start(lab->net), 0);
}

static void end(struct lab *lab)
{
	packet_stop(lab->net);
	assert_null(lab->net->tap);
	lab_fini(lab);
}

static void nobody_is_asked_while_nobody_looks(void **state)
{
	struct lab lab;
	struct packet_end *a, *b;

	(void)state;
	begin(&lab);
	assert_null(lab.net->tap);
	assert_int_equal(packet_open(lab.net, false, PACKET_TYPE_NONE, &a), 0);
	assert_null(lab.net->tap);
	assert_int_equal(packet_open(lab.net, false, TYPE, &b), 0);
	assert_non_null(lab.net->tap);
	packet_close(b);
	assert_null(lab.net->tap);
	packet_close(a);
	end(&lab);
}

static void a_copy_is_kept_and_the_frame_goes_on(void **state)
{
	struct lab lab;
	struct packet_end *e;
	struct holm_frame *f;
	uint64_t drops;

	(void)state;
	begin(&lab);
	assert_int_equal(packet_open(lab.net, false, TYPE, &e), 0);
	drops = holm_net_drops(lab.net, HOLM_DROP_ETH_TYPE);
	receive(&lab);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ETH_TYPE), drops + 1);
	assert_int_equal(frame_end_peek(&e->base, &f), 0);
	assert_int_equal(f->len, 60);
	assert_int_equal(packet_rx(f)->kind, PACKET_BROADCAST);
	assert_int_equal(packet_rx(f)->type, TYPE);
	assert_int_equal(f->time_ns, lab.now);
	assert_int_equal(e->base.ep.state & HOLM_READABLE, HOLM_READABLE);
	frame_end_drop(&e->base);
	assert_int_equal(frame_end_peek(&e->base, &f), -HOLM_EAGAIN);
	assert_int_equal(e->base.ep.state & HOLM_READABLE, 0);
	packet_close(e);
	end(&lab);
}

static void what_has_no_room_is_counted_twice(void **state)
{
	struct lab lab;
	struct packet_end *e;

	(void)state;
	begin(&lab);
	assert_int_equal(packet_open(lab.net, false, TYPE, &e), 0);
	e->base.rxq.max_bytes = 2 * HOLM_FRAME_BYTES;
	for (int i = 0; i < 5; i++)
		receive(&lab);
	assert_int_equal(e->packets, 5);
	assert_int_equal(e->drops, 3);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_PACKET_QUEUE_FULL), 3);
	packet_close(e);
	end(&lab);
}

static void a_device_that_goes_is_said_and_seen_no_more(void **state)
{
	struct lab lab;
	struct packet_end *e;
	struct holm_frame *f;

	(void)state;
	begin(&lab);
	assert_int_equal(packet_open(lab.net, false, TYPE, &e), 0);
	packet_bind(e, &lab.dev, TYPE);
	receive(&lab);
	lab.net->netifs[1] = NULL;
	packet_netif_changed(lab.net, lab.dev.netif);
	lab.net->netifs[1] = lab.dev.netif;
	assert_int_equal(frame_end_peek(&e->base, &f), -HOLM_ENETDOWN);
	assert_int_equal(frame_end_peek(&e->base, &f), 0); /* what came before stays */
	assert_null(f->dev);
	assert_int_equal(packet_rx(f)->ifindex, 2);
	receive(&lab);
	assert_int_equal(e->base.rxq.nframes, 1);
	packet_close(e);
	end(&lab);
}

static void endpoints_are_bounded(void **state)
{
	struct holm_config config;
	struct lab_options options = { .protos = protos, .config = &config };
	struct packet_end *a, *b;
	struct lab lab;

	(void)state;
	holm_config_default(&config);
	config.packet_endpoints_max = 1;
	lab_init(&lab, &options);
	assert_int_equal(packet_start(lab.net), 0);
	assert_int_equal(packet_open(lab.net, false, TYPE, &a), 0);
	assert_int_equal(packet_open(lab.net, false, TYPE, &b), -HOLM_ENOBUFS);
	end(&lab); /* closes what is open */
}

static void a_frame_of_the_programs_leaves_as_it_is(void **state)
{
	struct lab lab;
	struct packet_end *e;
	uint8_t frame[60] = { 0 };
	struct holm_iov iov = { frame, sizeof(frame) };
	struct holm_msg msg = { .iov = &iov, .iovcnt = 1 };
	struct packet_to to = { .dev = &lab.dev };

	(void)state;
	begin(&lab);
	assert_int_equal(packet_open(lab.net, false, PACKET_TYPE_ALL, &e), 0);
	lab_eth(frame, lab_mac(3), lab_mac(9), TYPE);
	assert_int_equal(packet_send(e, &to, &msg), 0);
	lab_poll(&lab);
	assert_int_equal(lab_count_type(&lab, TYPE), 1);
	assert_memory_equal(lab_find_type(&lab, TYPE, 0)->data, frame, sizeof(frame));
	assert_int_equal(e->base.rxq.nframes, 0);
	lab.dev.link_up = false;
	assert_int_equal(packet_send(e, &to, &msg), -HOLM_ENETDOWN);
	lab.dev.link_up = true;
	packet_close(e);
	end(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_asked_while_nobody_looks),
		cmocka_unit_test(a_copy_is_kept_and_the_frame_goes_on),
		cmocka_unit_test(what_has_no_room_is_counted_twice),
		cmocka_unit_test(a_device_that_goes_is_said_and_seen_no_more),
		cmocka_unit_test(endpoints_are_bounded),
		cmocka_unit_test(a_frame_of_the_programs_leaves_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
