/*
 * Proportional rate reduction: RFC 9937.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/tcp/prr.h"

#define MSS 1000u

static void one_segment_goes_at_once(void **state)
{
	struct tcp_prr p;

	(void)state;
	prr_begin(&p, 20 * MSS);
	assert_int_equal(prr_acked(&p, MSS, 18 * MSS, 10 * MSS, MSS, false), MSS);
}

static void the_window_shrinks_in_proportion_while_above_ssthresh(void **state)
{
	uint32_t in_flight = 18 * MSS, sent = 0;
	struct tcp_prr p;

	(void)state;
	prr_begin(&p, 20 * MSS);
	/* One lost of 20; every ACK delivers one: every second lets one go. */
	for (unsigned i = 0; i < 16 && in_flight > 10 * MSS; i++) {
		uint32_t n = prr_acked(&p, MSS, in_flight, 10 * MSS, MSS, false);

		n -= n % MSS;
		p.out += n;
		sent += n;
		in_flight += n;
		in_flight -= MSS;
	}
	assert_in_range(in_flight, 9 * MSS, 10 * MSS);
	assert_in_range(sent, 7 * MSS, 9 * MSS);
}

static void below_ssthresh_as_much_goes_as_was_delivered(void **state)
{
	struct tcp_prr p;

	(void)state;
	prr_begin(&p, 20 * MSS);
	p.out = MSS;
	p.delivered = MSS;
	assert_int_equal(prr_acked(&p, 2 * MSS, 4 * MSS, 10 * MSS, MSS, false), 2 * MSS);
}

static void in_good_progress_one_segment_more_goes_up_to_ssthresh(void **state)
{
	struct tcp_prr p;

	(void)state;
	prr_begin(&p, 20 * MSS);
	p.out = MSS;
	p.delivered = MSS;
	assert_int_equal(prr_acked(&p, 2 * MSS, 4 * MSS, 10 * MSS, MSS, true), 3 * MSS);
	p.out += 3 * MSS;
	assert_int_equal(prr_acked(&p, 2 * MSS, 9 * MSS, 10 * MSS, MSS, true), MSS);
	assert_int_equal(prr_acked(&p, MSS, 10 * MSS, 10 * MSS, MSS, true), 0);
}

static void a_large_window_does_not_overflow(void **state)
{
	struct tcp_prr p;

	(void)state;
	prr_begin(&p, 1u << 30);
	assert_int_equal(prr_acked(&p, 1u << 29, 1u << 29, 1u << 28, MSS, false), 1u << 27);
}

/* RFC 9937 6.2, to the byte: what was delivered and not sent yet, never less than this ACK delivers. */
static void below_ssthresh_what_was_not_sent_yet_is_made_up_for(void **state)
{
	struct tcp_prr p;

	(void)state;
	prr_begin(&p, 20 * MSS);
	p.delivered = 4 * MSS;
	p.out = MSS;
	assert_int_equal(prr_acked(&p, 500, 2 * MSS, 10 * MSS, MSS, false), 3500);
	assert_int_equal(p.delivered, 4500);
	/* More has gone than came: this ACK's alone. */
	p.out = 9 * MSS;
	assert_int_equal(prr_acked(&p, 500, 2 * MSS, 10 * MSS, MSS, false), 500);
	assert_int_equal(prr_acked(&p, 500, 2 * MSS, 10 * MSS, MSS, true), 500 + MSS);
	/* And never beyond ssthresh; at it, nothing. */
	assert_int_equal(prr_acked(&p, 5 * MSS, 8 * MSS, 10 * MSS, MSS, true), 2 * MSS);
	assert_int_equal(prr_acked(&p, MSS, 10 * MSS, 10 * MSS, MSS, true), 0);
}

static void above_ssthresh_nothing_goes_where_more_has_gone_than_came(void **state)
{
	struct tcp_prr p;

	(void)state;
	prr_begin(&p, 20 * MSS);
	p.delivered = 3 * MSS;
	p.out = 3 * MSS;
	assert_int_equal(prr_acked(&p, MSS, 15 * MSS, 10 * MSS, MSS, true), 0);
	/* The proportion is rounded up. */
	p.out = 2 * MSS;
	assert_int_equal(prr_acked(&p, 1, 15 * MSS, 10 * MSS, MSS, false), 1);
}

static void the_first_of_a_recovery_is_a_whole_segment(void **state)
{
	struct tcp_prr p;

	(void)state;
	prr_begin(&p, 20 * MSS);
	assert_int_equal(prr_acked(&p, 100, 18 * MSS, 10 * MSS, MSS, false), MSS);
	p.out = MSS;
	assert_int_equal(prr_acked(&p, 100, 18 * MSS, 10 * MSS, MSS, false), 0);
	/* Also where nothing was in flight before. */
	prr_begin(&p, 0);
	assert_int_equal(prr_acked(&p, 0, 0, 2 * MSS, MSS, false), MSS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_segment_goes_at_once),
		cmocka_unit_test(the_window_shrinks_in_proportion_while_above_ssthresh),
		cmocka_unit_test(below_ssthresh_as_much_goes_as_was_delivered),
		cmocka_unit_test(in_good_progress_one_segment_more_goes_up_to_ssthresh),
		cmocka_unit_test(a_large_window_does_not_overflow),
		cmocka_unit_test(below_ssthresh_what_was_not_sent_yet_is_made_up_for),
		cmocka_unit_test(above_ssthresh_nothing_goes_where_more_has_gone_than_came),
		cmocka_unit_test(the_first_of_a_recovery_is_a_whole_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
