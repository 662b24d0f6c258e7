/* Nodes in an array, none in front of another for a reason. */
#include "lib/pile.h"

#include "lib/assert.h"
#include "lib/mem.h"

void pile_init(struct pile *p, const struct allocator *memory)
{
	memset(p, 0, sizeof(*p));
	p->memory = memory;
}

static void give(struct pile *p)
{
	if (p->place)
		p->memory->free(p->memory->ctx, p->place, p->room * sizeof(*p->place));
}

void pile_fini(struct pile *p)
{
	give(p);
	pile_init(p, p->memory);
}

static bool grow(struct pile *p)
{
	uint32_t room = p->room ? 2 * p->room : PILE_ROOM_MIN;
	struct htab_node **place = p->memory->alloc(p->memory->ctx, room * sizeof(*place));

	if (!place)
		return false;
	for (uint32_t i = 0; i < p->nodes; i++)
		place[i] = p->place[i];
	give(p);
	p->place = place;
	p->room = room;
	return true;
}

enum htab_verdict pile_insert(struct pile *p, struct htab_node *n, uint32_t hash)
{
	if (p->nodes == p->room && !grow(p))
		return HTAB_NO_MEMORY;
	n->hash = hash;
	p->place[p->nodes++] = n;
	return HTAB_INSERTED;
}

/* Where a node is, which is there; behind NULL, which is nowhere, comes the first. */
static uint32_t behind(const struct pile *p, const struct htab_node *n)
{
	uint32_t i = 0;

	while (n && p->place[i++] != n)
		ASSERT(i < p->nodes);
	return i;
}

void pile_remove(struct pile *p, const struct htab_node *n)
{
	uint32_t next = behind(p, n);

	p->place[next - 1] = p->place[--p->nodes];
}

/* The first with this hash behind a node. */
static struct htab_node *search(const struct pile *p, uint32_t hash, const struct htab_node *n)
{
	for (uint32_t i = behind(p, n); i < p->nodes; i++)
		if (p->place[i]->hash == hash)
			return p->place[i];
	return NULL;
}

struct htab_node *pile_first(const struct pile *p, uint32_t hash)
{
	return search(p, hash, NULL);
}

struct htab_node *pile_next(const struct pile *p, const struct htab_node *n)
{
	return search(p, n->hash, n);
}

struct htab_node *pile_any(const struct pile *p)
{
	return p->nodes ? p->place[p->nodes - 1] : NULL;
}

struct htab_node *pile_pop(struct pile *p)
{
	return p->nodes ? p->place[--p->nodes] : NULL;
}

struct htab_node *pile_walk(const struct pile *p, const struct htab_node *n)
{
	uint32_t i = behind(p, n);

	return i < p->nodes ? p->place[i] : NULL;
}
