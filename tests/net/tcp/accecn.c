/*
 * Accurate ECN (RFC 9768) between two instances over a link that marks: what one end counts the other
 * reacts to, and all that is counted goes with its connection. The rules one by one are the scripts of
 * tests/pkt/accecn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <holm/stats.h>

#include "net/tcp/room.h"
#include "tests/support/duo.h"
#include "tests/support/tcp_ends.h"

#define S 1000000000ull

static uint64_t counted(const struct duo *d, int i, enum holm_counter what)
{
	return holm_net_counter(d->net[i], what);
}

/* Half a megabyte each way, one end offering `use`; both ends' counters are d's then. */
static void transfer(struct duo *d, uint32_t mark_ppm, uint8_t use)
{
	const struct holm_impair_config impair = {
		.seed = 7,
		.mark_ppm = mark_ppm,
		.delay_ns = 5000000,
		.queue_frames = 512,
	};
	const uint64_t bytes[2] = { 500000, 500000 };
	struct tcp_ends e;

	duo_init(d, &(struct duo_options){ .seed = 1, .impair = &impair });
	d->net[0]->tcp->defaults.ecn = use;
	d->net[1]->tcp->defaults.ecn = use;
	assert_int_equal(ends_open(&e, d, bytes, 65536), 0);
	assert_true(ends_finish(&e, 60 * S));
	for (int i = 0; i < 2; i++) {
		assert_true(e.end[i].eof);
		assert_int_equal(e.end[i].rcv.mismatches, 0);
		assert_int_equal(e.end[i].rcv.tail, bytes[1 - i]);
	}
	ends_run(&e, 120 * S);
	ends_fini(&e);
	for (int i = 0; i < 2; i++)
		assert_ptr_equal(table_any(&d->net[i]->tcp->accecns), NULL);
}

static void marks_are_counted_and_make_windows_smaller(void **state)
{
	struct duo d;

	(void)state;
	transfer(&d, 20000, TCP_ECN_OFFER_ACCURATE);
	for (int i = 0; i < 2; i++) {
		assert_true(counted(&d, i, HOLM_COUNT_TCP_ECN_MARKS) > 3);
		assert_true(counted(&d, i, HOLM_COUNT_TCP_ECN_REDUCTIONS) > 0);
		assert_true(counted(&d, i, HOLM_COUNT_TCP_ECN_REDUCTIONS) <=
			    counted(&d, !i, HOLM_COUNT_TCP_ECN_MARKS));
		assert_int_equal(counted(&d, i, HOLM_COUNT_TCP_RETRANSMITS), 0);
	}
	duo_fini(&d);
}

static void without_marks_nothing_is_counted(void **state)
{
	struct duo d;

	(void)state;
	transfer(&d, 0, TCP_ECN_OFFER_ACCURATE);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(counted(&d, i, HOLM_COUNT_TCP_ECN_MARKS), 0);
		assert_int_equal(counted(&d, i, HOLM_COUNT_TCP_ECN_REDUCTIONS), 0);
	}
	duo_fini(&d);
}

static void who_does_not_offer_it_is_not_marked(void **state)
{
	struct duo d;

	(void)state;
	transfer(&d, 1000000, TCP_ECN_ACCEPT);
	assert_int_equal(counted(&d, 0, HOLM_COUNT_TCP_ECN_MARKS), 0);
	duo_fini(&d);
}

static void marks_of_rfc_3168s_form_make_windows_smaller_too(void **state)
{
	struct duo d;

	(void)state;
	transfer(&d, 20000, TCP_ECN_OFFER);
	for (int i = 0; i < 2; i++)
		assert_true(counted(&d, i, HOLM_COUNT_TCP_ECN_REDUCTIONS) > 0);
	duo_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_are_counted_and_make_windows_smaller),
		cmocka_unit_test(without_marks_nothing_is_counted),
		cmocka_unit_test(who_does_not_offer_it_is_not_marked),
		cmocka_unit_test(marks_of_rfc_3168s_form_make_windows_smaller_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
