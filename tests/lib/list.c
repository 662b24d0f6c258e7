/* Tests of lib/list.h: order, removal from everywhere, joining. */
#include "lib/list.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct item {
	int value;
	struct list_node node;
	struct queue_node link;
};

/* The list's values as one number of decimal digits, read forwards; backwards must agree. */
static int digits(const struct list *l)
{
	int forwards = 0, backwards = 0, place = 1;

	for (struct list_node *n = list_first(l); n; n = list_next(l, n))
		forwards = forwards * 10 + container_of(n, struct item, node)->value;
	for (struct list_node *n = list_last(l); n; n = list_prev(l, n), place *= 10)
		backwards += place * container_of(n, struct item, node)->value;
	assert_int_equal(forwards, backwards);
	return forwards;
}

static void a_new_list_is_empty(void **state)
{
	struct list l;

	(void)state;
	list_init(&l);
	assert_true(list_is_empty(&l));
	assert_null(list_first(&l));
	assert_null(list_last(&l));
	assert_null(list_pop_front(&l));
}

static void nodes_stand_where_they_were_put(void **state)
{
	struct item i[5] = {
		{ .value = 1 }, { .value = 2 }, { .value = 3 }, { .value = 4 }, { .value = 5 }
	};
	struct list l;

	(void)state;
	list_init(&l);
	list_push_back(&l, &i[2].node);
	list_push_back(&l, &i[4].node);
	list_push_front(&l, &i[0].node);
	list_insert_after(&i[0].node, &i[1].node);
	list_insert_before(&i[4].node, &i[3].node);
	assert_int_equal(digits(&l), 12345);
}

static void any_node_can_be_removed_and_put_back(void **state)
{
	struct item i[3] = { { .value = 1 }, { .value = 2 }, { .value = 3 } };
	struct list l;

	(void)state;
	list_init(&l);
	for (int k = 0; k < 3; k++)
		list_push_back(&l, &i[k].node);
	assert_true(list_is_linked(&i[1].node));
	list_remove(&i[1].node);
	assert_false(list_is_linked(&i[1].node));
	assert_int_equal(digits(&l), 13);
	list_push_back(&l, &i[1].node);
	assert_int_equal(digits(&l), 132);
	list_remove(&i[0].node);
	list_remove(&i[1].node);
	assert_int_equal(digits(&l), 3);
	assert_ptr_equal(list_pop_front(&l), &i[2].node);
	assert_true(list_is_empty(&l));
}

static void appending_moves_everything_and_leaves_nothing(void **state)
{
	struct item i[4] = { { .value = 1 }, { .value = 2 }, { .value = 3 }, { .value = 4 } };
	struct list a, b;

	(void)state;
	list_init(&a);
	list_init(&b);
	list_push_back(&b, &i[0].node);
	list_push_back(&b, &i[1].node);
	list_append(&a, &b);
	assert_int_equal(digits(&a), 12);
	assert_true(list_is_empty(&b));
	list_push_back(&b, &i[2].node);
	list_push_back(&b, &i[3].node);
	list_append(&a, &b);
	assert_int_equal(digits(&a), 1234);
	list_append(&a, &b);
	assert_int_equal(digits(&a), 1234);
}

static void a_list_is_turned_to_any_of_its_nodes(void **state)
{
	struct item i[3] = { { .value = 1 }, { .value = 2 }, { .value = 3 } };
	struct list l;

	(void)state;
	list_init(&l);
	for (int k = 0; k < 3; k++)
		list_push_back(&l, &i[k].node);
	list_turn_to(&l, &i[1].node);
	assert_int_equal(digits(&l), 231);
	list_turn_to(&l, &i[1].node);
	assert_int_equal(digits(&l), 231);
	list_turn_to(&l, &i[0].node);
	assert_int_equal(digits(&l), 123);
	list_turn_to(&l, &i[2].node);
	assert_int_equal(digits(&l), 312);
}

static int pop_value(struct queue *q)
{
	struct queue_node *n = queue_pop(q);

	return n ? container_of(n, struct item, link)->value : 0;
}

static void a_queue_gives_in_the_order_it_took(void **state)
{
	struct item i[4] = { { .value = 1 }, { .value = 2 }, { .value = 3 }, { .value = 4 } };
	struct queue q = { 0 };

	(void)state;
	assert_true(queue_is_empty(&q));
	assert_int_equal(pop_value(&q), 0);
	queue_push(&q, &i[0].link);
	queue_push(&q, &i[1].link);
	assert_int_equal(pop_value(&q), 1);
	queue_push(&q, &i[2].link);
	queue_push_front(&q, &i[3].link);
	assert_int_equal(pop_value(&q), 4);
	assert_int_equal(pop_value(&q), 2);
	assert_int_equal(pop_value(&q), 3);
	assert_true(queue_is_empty(&q));
	queue_push_front(&q, &i[0].link);
	queue_push(&q, &i[1].link);
	assert_int_equal(pop_value(&q), 1);
	assert_int_equal(pop_value(&q), 2);
	assert_int_equal(pop_value(&q), 0);
}

static void queues_join_whether_empty_or_not(void **state)
{
	struct item i[4] = { { .value = 1 }, { .value = 2 }, { .value = 3 }, { .value = 4 } };
	struct queue a = { 0 }, b = { 0 };

	(void)state;
	queue_append(&a, &b);
	assert_true(queue_is_empty(&a));
	queue_push(&b, &i[0].link);
	queue_append(&a, &b);
	queue_append(&a, &b);
	queue_push(&b, &i[1].link);
	queue_push(&b, &i[2].link);
	queue_append(&a, &b);
	assert_true(queue_is_empty(&b));
	queue_push(&a, &i[3].link);
	for (int k = 1; k <= 4; k++)
		assert_int_equal(pop_value(&a), k);
	assert_true(queue_is_empty(&a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_list_is_empty),
		cmocka_unit_test(nodes_stand_where_they_were_put),
		cmocka_unit_test(any_node_can_be_removed_and_put_back),
		cmocka_unit_test(appending_moves_everything_and_leaves_nothing),
		cmocka_unit_test(a_list_is_turned_to_any_of_its_nodes),
		cmocka_unit_test(a_queue_gives_in_the_order_it_took),
		cmocka_unit_test(queues_join_whether_empty_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
