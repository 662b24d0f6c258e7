/*
 * A table for few nodes, in the least code: their addresses in an array that doubles when it is full, all of
 * which a lookup goes through. Right for some tens of them; any number finds room.
 *
 * Nodes, hashes and what is asked are those of lib/htab.h, so that one may stand where the other is
 * too large.
 */
#ifndef LIB_PILE_H
#define LIB_PILE_H

#include "lib/alloc.h"
#include "lib/compiler.h"
#include "lib/htab.h"

/* Places of the first array. */
enum { PILE_ROOM_MIN = 8 };

struct pile {
	uint32_t nodes;
	uint32_t room; /* places that there is memory for */
	struct htab_node **place;
	const struct allocator *memory;
};

/* Takes no memory yet. `memory` stays valid as long as the pile. */
void pile_init(struct pile *p, const struct allocator *memory);

/* Gives the memory back. Nodes still in the pile are the caller's to free, before or after. */
void pile_fini(struct pile *p);

/* HTAB_INSERTED or HTAB_NO_MEMORY: nothing is ever too much for it. */
must_check enum htab_verdict pile_insert(struct pile *p, struct htab_node *n, uint32_t hash);

/* `n` is in the pile. */
void pile_remove(struct pile *p, const struct htab_node *n);

/* The first node with this hash, or NULL. */
struct htab_node *pile_first(const struct pile *p, uint32_t hash);

/* Another node, which is in the pile, has the same hash; NULL: there is no more. */
struct htab_node *pile_next(const struct pile *p, const struct htab_node *n);

/* Any node, which stays in the pile; NULL when there is none. */
struct htab_node *pile_any(const struct pile *p);

/* Takes any node out; NULL when there is none left. */
struct htab_node *pile_pop(struct pile *p);

/* Walks all nodes: begin with NULL, NULL ends. Nothing is inserted or removed between two steps. */
struct htab_node *pile_walk(const struct pile *p, const struct htab_node *n);

#endif
