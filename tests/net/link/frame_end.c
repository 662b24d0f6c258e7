/*
 * Tests of net/link/frame_end.c: the order of error and frames, and readiness from queue, error and room.
 * What is kept of what passes: packet.c here and raw.c, end.c of tests/net/ip.
 */
#include "net/link/frame_end.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/lab.h"

static const struct holm_proto *const protos[] = { &holm_arp, &holm_ipv4, HOLM_IP_PARTS, NULL };
static const struct lab_options plain = { .protos = protos };

static void begin(struct lab *lab, struct frame_end *e)
{
	lab_init(lab, &plain);
	memset(e, 0, sizeof(*e));
	frame_end_open(e, lab->net, HOLM_EP_PACKET);
}

static void end(struct lab *lab, struct frame_end *e)
{
	frame_end_close(e);
	assert_null(e->rxq.first);
	lab_fini(lab);
}

/* A frame of so many bytes, from the lab's device. */
static void put(struct lab *lab, struct frame_end *e, size_t len)
{
	struct holm_frame *f = holm_frame_alloc(lab->net->pool, HOLM_FRAME_HEADROOM, false);

	assert_non_null(f);
	memset(holm_frame_put(f, len), 0, len);
	f->dev = &lab->dev;
	frame_end_put(e, f);
}

static void frames_are_read_in_order_and_readable_ends_with_the_last(void **state)
{
	struct lab lab;
	struct frame_end e;
	struct holm_frame *f;

	(void)state;
	begin(&lab, &e);
	assert_int_equal(e.ep.state, HOLM_WRITABLE);
	assert_int_equal(frame_end_peek(&e, &f), -HOLM_EAGAIN);
	put(&lab, &e, 60);
	put(&lab, &e, 70);
	assert_int_equal(e.ep.state, HOLM_WRITABLE | HOLM_READABLE);
	assert_int_equal(frame_end_peek(&e, &f), 0);
	assert_int_equal(f->len, 60);
	frame_end_drop(&e);
	assert_int_equal(e.ep.state, HOLM_WRITABLE | HOLM_READABLE);
	assert_int_equal(frame_end_peek(&e, &f), 0);
	assert_int_equal(f->len, 70);
	frame_end_drop(&e);
	assert_int_equal(e.ep.state, HOLM_WRITABLE);
	end(&lab, &e);
}

static void an_error_is_read_once_and_before_what_waits(void **state)
{
	struct lab lab;
	struct frame_end e;
	struct holm_frame *f;

	(void)state;
	begin(&lab, &e);
	put(&lab, &e, 60);
	frame_end_set_error(&e, HOLM_ECONNREFUSED);
	assert_int_equal(e.ep.state, HOLM_WRITABLE | HOLM_READABLE | HOLM_ERROR);
	assert_int_equal(frame_end_peek(&e, &f), -HOLM_ECONNREFUSED);
	assert_int_equal(e.ep.state, HOLM_WRITABLE | HOLM_READABLE);
	assert_int_equal(frame_end_take_error(&e), 0);
	assert_int_equal(frame_end_peek(&e, &f), 0);
	end(&lab, &e);
}

static void who_waits_for_room_is_writable_again_when_there_is_some(void **state)
{
	struct lab lab;
	struct frame_end e;

	(void)state;
	begin(&lab, &e);
	assert_int_equal(frame_end_wait(&e, lab.dev.netif), -HOLM_EAGAIN);
	assert_int_equal(e.ep.state, 0);
	assert_int_equal(frame_end_wait(&e, lab.dev.netif), -HOLM_EAGAIN);
	netif_wake(lab.dev.netif);
	assert_int_equal(e.ep.state, HOLM_WRITABLE);
	end(&lab, &e);
}

static void an_interface_that_goes_is_an_error_only_of_whom_it_was(void **state)
{
	struct lab lab;
	struct frame_end e;
	struct holm_frame *f;

	(void)state;
	begin(&lab, &e);
	put(&lab, &e, 60);
	frame_end_wait(&e, lab.dev.netif);
	frame_end_netif_gone(&e, lab.dev.netif, false);
	assert_int_equal(e.ep.state, HOLM_WRITABLE | HOLM_READABLE);
	assert_int_equal(frame_end_peek(&e, &f), 0);
	assert_null(f->dev);
	frame_end_netif_gone(&e, lab.dev.netif, true);
	assert_int_equal(frame_end_peek(&e, &f), -HOLM_ENETDOWN);
	assert_int_equal(frame_end_peek(&e, &f), 0);
	end(&lab, &e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_read_in_order_and_readable_ends_with_the_last),
		cmocka_unit_test(an_error_is_read_once_and_before_what_waits),
		cmocka_unit_test(who_waits_for_room_is_writable_again_when_there_is_some),
		cmocka_unit_test(an_interface_that_goes_is_an_error_only_of_whom_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
