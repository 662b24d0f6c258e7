/* The rings of a stream: they go when the last of their three users has left, whatever the order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/core/net.h"
#include "net/socket/rings.h"
#include "net/tcp/room.h"
#include "tests/support/sockets.h"

static size_t in_use(struct duo *d)
{
	return mem_in_use(&d->net[0]->mem);
}

static void the_socket_may_leave_first(void **state)
{
	struct duo d;
	struct holm_tcp *t;
	struct rings *r;
	size_t before;

	(void)state;
	sockets_duo(&d);
	before = in_use(&d);
	assert_int_equal(holm_tcp_open(d.net[0], &t), 0);
	assert_int_equal(rings_attach(d.net[0], t, 8192, 8192, &r), 0);
	assert_int_equal(holm_ring_sndbuf_write(&r->snd, "x", 1), 1);
	rings_leave(r);
	assert_true(in_use(&d) > before);
	holm_tcp_abort(t);
	duo_settle(&d);
	assert_int_equal(in_use(&d), before);
	duo_fini(&d);
}

static void tcp_may_leave_first(void **state)
{
	struct duo d;
	struct holm_tcp *t;
	struct rings *r;
	size_t before, with_ring;

	(void)state;
	sockets_duo(&d);
	before = in_use(&d);
	assert_int_equal(holm_tcp_open(d.net[0], &t), 0);
	assert_int_equal(rings_attach(d.net[0], t, 8192, 8192, &r), 0);
	assert_int_equal(holm_ring_sndbuf_write(&r->snd, "x", 1), 1);
	with_ring = in_use(&d);
	holm_tcp_abort(t);
	duo_settle(&d);
	assert_true(in_use(&d) + 4096 <= with_ring); /* what was queued goes at once */
	assert_true(in_use(&d) > before);
	rings_leave(r);
	assert_int_equal(in_use(&d), before);
	duo_fini(&d);
}

static void a_side_that_has_buffers_takes_no_others(void **state)
{
	struct duo d;
	struct holm_tcp *t;
	struct rings *r, *second = NULL;
	size_t with_rings;

	(void)state;
	sockets_duo(&d);
	assert_int_equal(holm_tcp_open(d.net[0], &t), 0);
	assert_int_equal(rings_attach(d.net[0], t, 8192, 8192, &r), 0);
	with_rings = in_use(&d);
	assert_int_equal(rings_attach(d.net[0], t, 8192, 8192, &second), -HOLM_EISCONN);
	assert_null(second);
	assert_int_equal(in_use(&d), with_rings);
	holm_tcp_close(t);
	rings_leave(r);
	duo_settle(&d);
	duo_fini(&d);
}

/* An endpoint with rings of 8 KiB and a path of 10 ms. */
static struct rings *with_path(struct duo *d, struct holm_tcp **t)
{
	const struct holm_endpoint remote = duo_endpoint(d, 1, 7);
	struct rings *r;

	assert_int_equal(holm_tcp_open(d->net[0], t), 0);
	assert_int_equal(rings_attach(d->net[0], *t, 8192, 8192, &r), 0);
	/* That a round trip is known of it is all that is asked. */
	assert_int_equal(holm_tcp_connect(*t, &remote), 0);
	(*t)->rtt.srtt8 = 10000 << 3;
	(*t)->cwnd = 14600;
	return r;
}

/* The limit when `n` bytes more have been read. */
static uint32_t after_reading(struct rings *r, struct holm_tcp *t, uint32_t n, uint32_t limit,
			      uint32_t max)
{
	r->rcv.head += n;
	return rings_have_read_much(r, limit) ? rings_fit_rcv(r, t, limit, max) : limit;
}

static void a_reader_who_keeps_up_gets_a_larger_window(void **state)
{
	struct duo d;
	struct holm_tcp *t;
	struct rings *r;

	(void)state;
	sockets_duo(&d);
	r = with_path(&d, &t);
	r->since_ns = d.net[0]->now;
	assert_int_equal(after_reading(r, t, 4096, 8192, 65536), 8192);
	assert_int_equal(after_reading(r, t, 1, 8192, 65536), 16384);
	assert_int_equal(after_reading(r, t, 8193, 16384, 20000), 20000);
	assert_int_equal(after_reading(r, t, 20000, 20000, 20000), 20000);
	assert_int_equal(holm_rcvbuf_window(&r->rcv.base), 32768);
	holm_tcp_close(t);
	rings_leave(r);
	duo_settle(&d);
	duo_fini(&d);
}

static void a_reader_slower_than_the_path_keeps_its_window(void **state)
{
	struct duo d;
	struct holm_tcp *t;
	struct rings *r;

	(void)state;
	sockets_duo(&d);
	r = with_path(&d, &t);
	r->since_ns = d.net[0]->now;
	d.net[0]->now += 11 * 1024 * 1024;
	assert_int_equal(after_reading(r, t, 5000, 8192, 65536), 8192);
	holm_tcp_close(t);
	rings_leave(r);
	duo_settle(&d);
	duo_fini(&d);
}

static void reading_is_counted_beyond_where_positions_wrap(void **state)
{
	struct duo d;
	struct holm_tcp *t;
	struct rings *r;
	uint64_t read;

	(void)state;
	sockets_duo(&d);
	r = with_path(&d, &t);
	assert_int_equal(after_reading(r, t, UINT32_MAX - 999, 8192, 8192), 8192);
	read = rings_read_bytes(r);
	r->since_ns = d.net[0]->now;
	assert_int_equal(after_reading(r, t, 2000, 8192, 65536), 8192);
	assert_int_equal(rings_read_bytes(r) - read, 2000);
	assert_int_equal(after_reading(r, t, 5000, 8192, 8192), 8192);
	assert_int_equal(rings_read_bytes(r) - read, 7000);
	holm_tcp_close(t);
	rings_leave(r);
	duo_settle(&d);
	duo_fini(&d);
}

static void a_writer_gets_room_for_two_congestion_windows(void **state)
{
	static const uint8_t bytes[5000];
	struct duo d;
	struct holm_tcp *t;
	struct rings *r;

	(void)state;
	sockets_duo(&d);
	r = with_path(&d, &t);
	assert_false(rings_are_filling(r, 8192));
	assert_int_equal(holm_ring_sndbuf_write(&r->snd, bytes, sizeof(bytes)), sizeof(bytes));
	assert_true(rings_are_filling(r, 8192));
	assert_int_equal(rings_fit_snd(r, t, 8192, 1u << 20), 29200);
	assert_int_equal(rings_fit_snd(r, t, 8192, 20000), 20000);
	assert_int_equal(rings_fit_snd(r, t, 29200, 1u << 20), 29200);
	holm_tcp_abort(t);
	rings_leave(r);
	duo_settle(&d);
	duo_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_socket_may_leave_first),
		cmocka_unit_test(tcp_may_leave_first),
		cmocka_unit_test(a_side_that_has_buffers_takes_no_others),
		cmocka_unit_test(a_reader_who_keeps_up_gets_a_larger_window),
		cmocka_unit_test(a_reader_slower_than_the_path_keeps_its_window),
		cmocka_unit_test(reading_is_counted_beyond_where_positions_wrap),
		cmocka_unit_test(a_writer_gets_room_for_two_congestion_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
