/*
 * Intrusive lists: a doubly linked list with O(1) removal from anywhere, and a singly linked queue.
 *
 * The links live in the caller's objects, nothing is allocated, and an object is on as many lists
 * as it has links. A list is circular through its head, so a head does not move while the list is
 * in use; a queue has no pointer to itself and may be copied, and zero bytes are an empty queue.
 *
 * To walk a list:
 *	for (n = list_first(&l); n; n = list_next(&l, n))
 * Take the next one before removing the current one.
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include "lib/assert.h"
#include "lib/compiler.h"

/* Zero bytes are a node on no list. */
struct list_node {
	struct list_node *next;
	struct list_node *prev;
};

struct list {
	struct list_node head;
};

static inline void list_init(struct list *l)
{
	l->head.next = &l->head;
	l->head.prev = &l->head;
}

static inline bool list_is_empty(const struct list *l)
{
	return l->head.next == &l->head;
}

/* Exactly one? */
static inline bool list_is_single(const struct list *l)
{
	return !list_is_empty(l) && l->head.next == l->head.prev;
}

static inline void list_node_init(struct list_node *n)
{
	n->next = NULL;
	n->prev = NULL;
}

/* Is the node on a list? Only for nodes that began as zero bytes or with list_node_init. */
static inline bool list_is_linked(const struct list_node *n)
{
	return n->next != NULL;
}

/* Behind `at`, which is on a list. `n` is on none. */
static inline void list_insert_after(struct list_node *at, struct list_node *n)
{
	at->next->prev = n;
	n->next = at->next;
	at->next = n;
	n->prev = at;
}

static inline void list_insert_before(struct list_node *at, struct list_node *n)
{
	list_insert_after(at->prev, n);
}

static inline void list_push_front(struct list *l, struct list_node *n)
{
	list_insert_after(&l->head, n);
}

static inline void list_push_back(struct list *l, struct list_node *n)
{
	list_insert_after(l->head.prev, n);
}

/* `n` is on a list; which one does not matter. */
static inline void list_remove(struct list_node *n)
{
	ASSERT(list_is_linked(n));
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_node_init(n);
}

/* The first node, or NULL of an empty list. */
static inline struct list_node *list_first(const struct list *l)
{
	return list_is_empty(l) ? NULL : l->head.next;
}

static inline struct list_node *list_last(const struct list *l)
{
	return list_is_empty(l) ? NULL : l->head.prev;
}

/* The node behind `n` on `l`, or NULL behind the last. */
static inline struct list_node *list_next(const struct list *l, const struct list_node *n)
{
	return n->next == &l->head ? NULL : n->next;
}

static inline struct list_node *list_prev(const struct list *l, const struct list_node *n)
{
	return n->prev == &l->head ? NULL : n->prev;
}

/* Takes the first node off, or gives NULL. */
static inline struct list_node *list_pop_front(struct list *l)
{
	struct list_node *n = l->head.next;

	if (n == &l->head)
		return NULL;
	l->head.next = n->next;
	n->next->prev = &l->head;
	list_node_init(n);
	return n;
}

/* Moves everything in `from` behind the last of `to`; `from` is empty afterwards. */
static inline void list_append(struct list *to, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->head.next->prev = to->head.prev;
	from->head.prev->next = &to->head;
	to->head.prev->next = from->head.next;
	to->head.prev = from->head.prev;
	list_init(from);
}

/* Turns the circle until `n`, which is on the list, is its first node. */
static inline void list_turn_to(struct list *l, struct list_node *n)
{
	struct list_node *head = &l->head;

	head->prev->next = head->next;
	head->next->prev = head->prev;
	list_insert_before(n, head);
}

struct queue_node {
	struct queue_node *next;
};

/* `last` means something only while `first` is not NULL. */
struct queue {
	struct queue_node *first;
	struct queue_node *last;
};

static inline void queue_init(struct queue *q)
{
	q->first = NULL;
	q->last = NULL;
}

static inline bool queue_is_empty(const struct queue *q)
{
	return q->first == NULL;
}

static inline void queue_push(struct queue *q, struct queue_node *n)
{
	n->next = NULL;
	if (q->first)
		q->last->next = n;
	else
		q->first = n;
	q->last = n;
}

static inline void queue_push_front(struct queue *q, struct queue_node *n)
{
	if (!q->first)
		q->last = n;
	n->next = q->first;
	q->first = n;
}

/* Takes the first node off, or gives NULL. */
static inline struct queue_node *queue_pop(struct queue *q)
{
	struct queue_node *n = q->first;

	if (n)
		q->first = n->next;
	return n;
}

/* Moves everything in `from` behind the last of `to`; `from` is empty afterwards. */
static inline void queue_append(struct queue *to, struct queue *from)
{
	if (!from->first)
		return;
	if (to->first)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	queue_init(from);
}

#endif
