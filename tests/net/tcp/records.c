/*
 * Small records: arrays, table, lists.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/expect.h"
#include "tests/support/tcp_fixture.h"

#define MODEL 2000u

/* The i-th four-tuple: every other one is of IPv6. */
static struct tcp_tuple tuple(uint32_t i)
{
	struct tcp_tuple t = {
		.remote = lab_addr(2),
		.local = lab_addr(1),
		.rport = (uint16_t)(1000 + i),
		.lport = 80,
	};

	if (i % 2) {
		memset(t.remote.b, 0x20, 16);
		memset(t.local.b, 0x21, 16);
	}
	return t;
}

static enum tcp_kind kind(uint32_t i)
{
	return i % 4 < 2 ? TCP_KIND_HALF : TCP_KIND_TIME_WAIT;
}

static tcp_ref find(const struct tcp_state *ts, uint32_t i)
{
	struct tcp_tuple t = tuple(i);

	return tcp_record_find(&ts->records, &t, tcp_hash(ts->net, &t));
}

static unsigned list_of(uint32_t i)
{
	return kind(i) == TCP_KIND_HALF ? i % TCP_WAITS : 0;
}

static struct tcp_record *add_plain(struct tcp_state *ts, uint32_t i, enum tcp_kind kind,
				    unsigned list)
{
	struct tcp_tuple t = tuple(i);

	return tcp_record_add(ts, kind, &t, tcp_hash(ts->net, &t), list, (uint16_t)i);
}

static bool add(struct tcp_state *ts, uint32_t i)
{
	struct tcp_record *record = add_plain(ts, i, kind(i), list_of(i));

	if (!record)
		return false;
	/* Something of the record's own, to know it by. */
	if (kind(i) == TCP_KIND_HALF) {
		container_of(record, struct tcp_half, record)->ts_recent = i;
		container_of(record, struct tcp_half, record)->retries = list_of(i) & 7;
	} else {
		container_of(record, struct tcp_tw, record)->ts_recent = i;
	}
	return true;
}

static uint32_t mark(const struct tcp_state *ts, tcp_ref ref)
{
	return tcp_ref_is_half(ref) ? tcp_half_at(&ts->records, ref)->ts_recent
				    : tcp_tw_at(&ts->records, ref)->ts_recent;
}

static void check_found(const struct tcp_state *ts, uint32_t i)
{
	tcp_ref ref = find(ts, i);
	struct tcp_tuple t, want = tuple(i);

	assert_int_not_equal(ref, 0);
	assert_int_equal(mark(ts, ref), i);
	assert_int_equal(tcp_record_due(tcp_record_at(&ts->records, ref)), i & 0xffff);
	tcp_record_tuple(&ts->records, ref, &t);
	assert_memory_equal(&t, &want, sizeof(t));
}

static void records_of_both_kinds_and_families_are_found_whatever_came_and_went(void **state)
{
	static bool there[MODEL];
	uint64_t seed = expect_seed(40);
	struct tcp_fixture t;
	struct tcp_state *ts;
	uint32_t n = 0;

	(void)state;
	memset(there, 0, sizeof(there));
	fixture_only(&t);
	ts = t.lab.net->tcp;
	for (uint32_t step = 0; step < 20000; step++) {
		uint32_t i = (uint32_t)expect_random_below(&seed, MODEL);

		/* The number swings, so that everything grows and shrinks. */
		if (!there[i] && step / 4000 % 2 == 0) {
			assert_true(add(ts, i));
			there[i] = true;
			n++;
		} else if (there[i] && step / 4000 % 2 == 1) {
			tcp_record_remove(ts, find(ts, i));
			there[i] = false;
			n--;
		}
		assert_int_equal(ts->records.n, n);
		i = (uint32_t)expect_random_below(&seed, MODEL);
		if (there[i])
			check_found(ts, i);
		else
			assert_int_equal(find(ts, i), 0);
	}
	for (uint32_t i = 0; i < MODEL; i++)
		if (there[i])
			check_found(ts, i);
	finish(&t);
}

static void a_list_is_in_the_order_of_arrival_whoever_leaves_it(void **state)
{
	uint64_t seed = expect_seed(41);
	struct tcp_fixture t;
	struct tcp_state *ts;
	uint32_t last = 0;
	tcp_ref ref;

	(void)state;
	fixture_only(&t);
	ts = t.lab.net->tcp;
	/* TIME-WAIT over IPv4 is one list. */
	for (uint32_t i = 2; i < MODEL; i += 4)
		assert_true(add(ts, i));
	for (uint32_t i = 2; i < MODEL; i += 4)
		if (expect_random_below(&seed, 2))
			tcp_record_remove(ts, find(ts, i));
	while ((ref = tcp_record_first(&ts->records, TCP_KIND_TIME_WAIT, 0)) != 0) {
		assert_true(mark(ts, ref) > last);
		last = mark(ts, ref);
		tcp_record_remove(ts, ref);
	}
	assert_int_equal(ts->records.n, 0);
	finish(&t);
}

static void a_record_is_at_most_48_bytes_over_ip4_and_80_over_ip6(void **state)
{
	struct tcp_fixture t;
	struct tcp_state *ts;

	(void)state;
	fixture_only(&t);
	ts = t.lab.net->tcp;
	for (uint32_t family = 0; family < 2; family++) {
		size_t before = t.lab.memory_in_use;
		uint32_t n = 0;

		/* From a number on where rounding to pages is no more to be seen. */
		for (uint32_t i = family; n < 12000; i += 2) {
			assert_non_null(add_plain(ts, i, TCP_KIND_TIME_WAIT, 0));
			n++;
			if (n > 10000)
				assert_true(t.lab.memory_in_use - before <= n * (family ? 80 : 48));
		}
	}
	finish(&t);
}

static void memory_follows_the_number_of_records_down(void **state)
{
	struct tcp_fixture t;
	struct tcp_state *ts;
	size_t empty, full;

	(void)state;
	fixture_only(&t);
	ts = t.lab.net->tcp;
	empty = t.lab.memory_in_use;
	/* Beyond what the instance keeps of what is given back. */
	for (uint32_t i = 0; i < 40000; i += 2)
		assert_non_null(add_plain(ts, i, TCP_KIND_TIME_WAIT, 0));
	full = t.lab.memory_in_use - empty;
	while (ts->records.n > 200)
		tcp_record_remove(ts, tcp_record_first(&ts->records, TCP_KIND_TIME_WAIT, 0));
	assert_true(t.lab.memory_in_use - empty < full / 2);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			records_of_both_kinds_and_families_are_found_whatever_came_and_went),
		cmocka_unit_test(a_list_is_in_the_order_of_arrival_whoever_leaves_it),
		cmocka_unit_test(a_record_is_at_most_48_bytes_over_ip4_and_80_over_ip6),
		cmocka_unit_test(memory_follows_the_number_of_records_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
