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

/* Many of them share a chain, and ports that are the same tell nothing. */
static void a_record_is_found_by_all_of_its_ends_and_by_nothing_else(void **state)
{
	struct tcp_fixture t;
	struct tcp_state *ts;

	(void)state;
	fixture_only(&t);
	ts = t.lab.net->tcp;
	for (uint32_t i = 0; i < 4000; i++) {
		struct tcp_tuple there = tuple(i % 2);
		uint32_t hash;

		there.rport = 5;
		store_be16(there.remote.b + 14, (uint16_t)i);
		hash = tcp_hash(ts->net, &there);
		if (i < 1000) {
			assert_non_null(tcp_record_add(ts, kind(i), &there, hash, list_of(i), 0));
			continue;
		}
		/* In a chain that others of the same ports are in, whatever its own hash. */
		assert_int_equal(tcp_record_find(&ts->records, &there, i), 0);
		there = tuple(i % 2);
		there.rport = 5;
		store_be16(there.remote.b + 14, (uint16_t)(i % 1000));
		there.local.b[15] ^= 0x40;
		assert_int_equal(tcp_record_find(&ts->records, &there, i), 0);
		there.local.b[15] ^= 0x40;
		there.lport ^= 1;
		hash = tcp_hash(ts->net, &there);
		for (uint32_t chain = 0; chain < 512; chain += 64)
			assert_int_equal(tcp_record_find(&ts->records, &there, hash + chain), 0);
	}
	finish(&t);
}

/* lib/htab.h: a chain that long means that somebody knows how to make them. */
static void a_chain_is_bounded(void **state)
{
	struct tcp_fixture t;
	struct tcp_state *ts;

	(void)state;
	fixture_only(&t);
	ts = t.lab.net->tcp;
	for (uint32_t i = 0; i <= HTAB_CHAIN_MAX; i++) {
		struct tcp_tuple one = tuple(2 * i);

		assert_int_equal(!tcp_record_add(ts, TCP_KIND_TIME_WAIT, &one, 7, 0, 0),
				 i == HTAB_CHAIN_MAX);
	}
	assert_int_equal(ts->records.n, HTAB_CHAIN_MAX);
	/* They are not where their own hashes say: the last goes first, so that none is moved. */
	for (uint32_t i = HTAB_CHAIN_MAX; i-- > 0;)
		tcp_record_remove_hashed(ts, tcp_ref_of(TCP_KIND_TIME_WAIT, i), 7);
	finish(&t);
}

static void the_table_grows_and_shrinks_with_the_number_of_records(void **state)
{
	struct tcp_fixture t;
	struct tcp_records *r;

	(void)state;
	fixture_only(&t);
	r = &t.lab.net->tcp->records;
	for (uint32_t i = 0; i < 20000; i++) {
		assert_non_null(add_plain(t.lab.net->tcp, i, TCP_KIND_TIME_WAIT, 0));
		assert_true(r->n <= 2 * r->buckets);
	}
	while (r->n > 0) {
		unsigned kind = TCP_KIND_TIME_WAIT | (r->n & TCP_KIND_IP6);

		if (!tcp_record_first(r, kind, 0))
			kind ^= TCP_KIND_IP6;
		tcp_record_remove(t.lab.net->tcp, tcp_record_first(r, kind, 0));
		assert_true(r->n >= r->buckets || r->buckets == TCP_RECORD_BUCKETS_MIN);
	}
	assert_non_null(r->segments[0]);
	for (unsigned i = 1; i < TCP_RECORD_SEGMENTS; i++)
		assert_null(r->segments[i]);
	/* What the last records were in is kept. */
	assert_int_equal(r->slots[TCP_KIND_TIME_WAIT].room, tcp_chunk_records(0));
	assert_int_equal(r->slots[TCP_KIND_TIME_WAIT | TCP_KIND_IP6].room,
			 tcp_chunk_records(TCP_KIND_IP6));
	finish(&t);
}

static void without_memory_for_a_larger_table_chains_get_longer(void **state)
{
	struct tcp_fixture t;
	struct tcp_state *ts;
	uint32_t n;

	(void)state;
	fixture_only(&t);
	ts = t.lab.net->tcp;
	for (n = 0; n < 2 * TCP_RECORD_BUCKETS_MIN; n++)
		assert_true(add(ts, 4 * n + 2));
	t.lab.fail_from = t.lab.alloc_calls + 1;
	while (add(ts, 4 * n + 2))
		n++;
	t.lab.fail_from = 0;
	assert_true(n > 2 * TCP_RECORD_BUCKETS_MIN);
	assert_int_equal(ts->records.buckets, TCP_RECORD_BUCKETS_MIN);
	for (uint32_t i = 0; i < n; i++)
		check_found(ts, 4 * i + 2);
	finish(&t);
}

/* A half-open record waits again for each time that its SYN-ACK is sent. */
static void who_waits_again_is_the_last_of_the_list(void **state)
{
	struct tcp_fixture t;
	struct tcp_state *ts;
	tcp_ref ref;

	(void)state;
	fixture_only(&t);
	ts = t.lab.net->tcp;
	for (uint32_t i = 0; i < 12; i += 4)
		assert_non_null(add_plain(ts, i, TCP_KIND_HALF, 0));
	ref = tcp_record_first(&ts->records, TCP_KIND_HALF, 0);
	assert_int_equal(ref, find(ts, 0));
	tcp_record_unwait(&ts->records, ref, 0);
	tcp_record_wait(&ts->records, ref, 0, 77);
	ref = tcp_record_first(&ts->records, TCP_KIND_HALF, 0);
	assert_int_equal(ref, find(ts, 4));
	ref = tcp_record_next(&ts->records, ref);
	assert_int_equal(ref, find(ts, 8));
	ref = tcp_record_next(&ts->records, ref);
	assert_int_equal(ref, find(ts, 0));
	assert_int_equal(tcp_record_due(tcp_record_at(&ts->records, ref)), 77);
	assert_int_equal(tcp_record_next(&ts->records, ref), 0);
	finish(&t);
}

static void a_new_record_has_nothing_of_the_one_that_was_there(void **state)
{
	struct tcp_fixture t;
	struct tcp_state *ts;
	struct tcp_half *half, zero = { .has_ts = 0 };
	const size_t own = offsetof(struct tcp_half, iss);

	(void)state;
	fixture_only(&t);
	ts = t.lab.net->tcp;
	for (uint32_t round = 0; round < 2; round++) {
		half = container_of(add_plain(ts, 0, TCP_KIND_HALF, 0), struct tcp_half, record);
		assert_memory_equal(&half->iss, (uint8_t *)&zero + own,
				    offsetof(struct tcp_half, ends) - own);
		memset(&half->iss, 0xff, offsetof(struct tcp_half, ends) - own);
		/* On which list it waits. */
		half->held = 0;
		half->retries = 0;
		tcp_record_remove(ts, find(ts, 0));
	}
	finish(&t);
}

static void either_kind_has_as_many_as_its_own_limit_says(void **state)
{
	(void)state;
	for (unsigned many = 0; many < 2; many++) {
		struct holm_config config;
		struct tcp_fixture t;
		enum tcp_kind k = many ? TCP_KIND_TIME_WAIT : TCP_KIND_HALF;

		holm_config_default(&config);
		config.tcp_half_open_max = many ? 16 : 30000;
		config.tcp_time_wait_max = many ? 30000 : 16;
		fixture_only(&t, .config = &config);
		for (uint32_t i = 0; i < 30000; i++)
			assert_non_null(add_plain(t.lab.net->tcp, 2 * i, k, 0));
		finish(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			records_of_both_kinds_and_families_are_found_whatever_came_and_went),
		cmocka_unit_test(a_list_is_in_the_order_of_arrival_whoever_leaves_it),
		cmocka_unit_test(a_record_is_at_most_48_bytes_over_ip4_and_80_over_ip6),
		cmocka_unit_test(memory_follows_the_number_of_records_down),
		cmocka_unit_test(a_record_is_found_by_all_of_its_ends_and_by_nothing_else),
		cmocka_unit_test(a_chain_is_bounded),
		cmocka_unit_test(the_table_grows_and_shrinks_with_the_number_of_records),
		cmocka_unit_test(without_memory_for_a_larger_table_chains_get_longer),
		cmocka_unit_test(who_waits_again_is_the_last_of_the_list),
		cmocka_unit_test(a_new_record_has_nothing_of_the_one_that_was_there),
		cmocka_unit_test(either_kind_has_as_many_as_its_own_limit_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
