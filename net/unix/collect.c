/*
 * Cycles: endpoints whose objects are referenced by nothing but messages that wait in such endpoints.
 *
 * Trial deletion. Candidates are endpoints all of whose references are in messages. Each reference that
 * waits in a candidate's queue is explained by it; a candidate with an unexplained one is held from
 * outside, and so is what waits in its queue, and so on. What is left is garbage: its queues are emptied,
 * and the references do the rest.
 */
#include "net/unix/unix.h"

/* What happens to the endpoint of each object that waits in a queue. */
typedef void visit_fn(struct unix_end *queued, struct list *work);

static void visit_message(const struct unix_message *m, visit_fn *visit, struct list *work)
{
	for (uint32_t i = 0; i < m->nobjects; i++) {
		struct unix_end *queued = m->objects[i]->end;

		if (queued && queued->garbage)
			visit(queued, work);
	}
}

static void visit_queue(const struct unix_end *e, visit_fn *visit, struct list *work)
{
	struct list_node *n;

	for (n = list_first(&e->messages); n; n = list_next(&e->messages, n))
		visit_message(container_of(n, struct unix_message, node), visit, work);
}

/* Of a listener, what waits in its children waits in it. */
static void visit_all(const struct unix_end *e, visit_fn *visit, struct list *work)
{
	struct list_node *n;

	visit_queue(e, visit, work);
	for (n = list_first(&e->children); n; n = list_next(&e->children, n))
		visit_queue(container_of(n, struct unix_end, child), visit, work);
}

static void explain(struct unix_end *queued, struct list *work)
{
	(void)work;
	queued->unexplained--;
}

/* Held from outside: not garbage; what waits in it is to be looked at. */
static void rescue(struct unix_end *e, struct list *work)
{
	e->garbage = false;
	list_push_back(work, &e->work);
}

/* Suspects: garbage until proven otherwise. Returns whether there are any. */
static bool find_candidates(const struct unix_state_table *st)
{
	struct list_node *n;
	bool any = false;

	for (n = list_first(&st->ends); n; n = list_next(&st->ends, n)) {
		struct unix_end *e = container_of(n, struct unix_end, all);
		const struct holm_object *o = e->object;

		e->garbage = o && o->in_flight > 0 && o->in_flight == o->ops->refs(o);
		e->unexplained = o ? o->in_flight : 0;
		any |= e->garbage;
	}
	return any;
}

static void for_each_candidate(const struct unix_state_table *st,
			       void (*what)(struct unix_end *e, struct list *work),
			       struct list *work)
{
	struct list_node *n;

	for (n = list_first(&st->ends); n; n = list_next(&st->ends, n)) {
		struct unix_end *e = container_of(n, struct unix_end, all);

		if (e->garbage)
			what(e, work);
	}
}

static void explain_queue(struct unix_end *e, struct list *work)
{
	visit_all(e, explain, work);
}

static void rescue_if_held(struct unix_end *e, struct list *work)
{
	if (e->unexplained > 0)
		rescue(e, work);
}

/* Its queues are emptied; the messages wait for unix_let_go(). */
static void empty(struct unix_end *e, struct list *work)
{
	struct list_node *n;

	(void)work;
	unix_empty(e);
	for (n = list_first(&e->children); n; n = list_next(&e->children, n))
		unix_empty(container_of(n, struct unix_end, child));
}

void unix_collect(struct holm_net *net)
{
	const struct unix_state_table *st = net->unixes;
	struct list_node *n;
	struct list work;

	if (!find_candidates(st))
		return;
	list_init(&work);
	for_each_candidate(st, explain_queue, &work);
	for_each_candidate(st, rescue_if_held, &work);
	while ((n = list_pop_front(&work)) != NULL)
		visit_all(container_of(n, struct unix_end, work), rescue, &work);
	for_each_candidate(st, empty, NULL);
}
