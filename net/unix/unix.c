/*
 * The room's part of an instance, and the one loop that puts objects: what a message carried may be a
 * socket whose queue holds messages that carry sockets, and so on.
 */
#include "net/unix/unix.h"

#include "lib/mem.h"
#include "net/core/proto.h"

static void *table_alloc(void *ctx, size_t size)
{
	return mem_alloc(ctx, size);
}

static void table_free(void *ctx, void *p, size_t size)
{
	mem_free(ctx, p, size);
}

int unix_start(struct holm_net *net)
{
	struct unix_state_table *st = mem_zalloc(&net->mem, sizeof(*st));

	if (!st)
		return -HOLM_ENOMEM;
	st->memory = (struct allocator){ table_alloc, table_free, &net->mem };
	table_init(&st->names, &st->memory);
	list_init(&st->ends);
	list_init(&st->let_go);
	net->unixes = st;
	return 0;
}

void unix_stop(struct holm_net *net)
{
	struct unix_state_table *st = net->unixes;
	struct list_node *n;
	struct htab_node *h;

	if (!st)
		return;
	while ((n = list_first(&st->ends)) != NULL)
		unix_close(container_of(n, struct unix_end, all));
	/* Paths that nobody unlinked. */
	while ((h = table_pop(&st->names)) != NULL)
		mem_free(&net->mem, container_of(h, struct unix_name, node),
			 sizeof(struct unix_name));
	table_fini(&st->names);
	mem_free(&net->mem, st, sizeof(*st));
	net->unixes = NULL;
}

static void put_objects(struct unix_state_table *st, struct unix_message *m)
{
	for (uint32_t i = 0; i < m->nobjects; i++) {
		struct holm_object *o = m->objects[i];

		st->in_flight--;
		o->in_flight--;
		if (o->end)
			st->ends_in_flight--;
		o->ops->put(o);
	}
}

void unix_let_go(struct holm_net *net)
{
	struct unix_state_table *st = net->unixes;
	struct list_node *n;

	if (st->letting_go)
		return;
	st->letting_go = true;
	while ((n = list_pop_front(&st->let_go)) != NULL) {
		struct unix_message *m = container_of(n, struct unix_message, node);

		put_objects(st, m);
		m->nobjects = 0;
		unix_message_free(net, m);
	}
	st->letting_go = false;
}
