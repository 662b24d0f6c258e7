/* The rings of a stream: they go when the last of their three users has left, whatever the order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/core/net.h"
#include "net/socket/rings.h"
#include "tests/support/sockets.h"

static size_t in_use(struct duo *d)
{
	return d->net[0]->mem.stats.in_use;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_socket_may_leave_first),
		cmocka_unit_test(tcp_may_leave_first),
		cmocka_unit_test(a_side_that_has_buffers_takes_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
