/*
 * Size classes over the env's chunks. See mem.h for the plan; here is the chunk's layout: a header,
 * then objects of one size. Free objects are linked through their first word; objects never used
 * are counted and not linked, so a new chunk costs nothing to set up.
 */
#include "net/core/mem.h"

#include <stdbool.h>

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/mem.h"

struct chunk {
	struct list_node node; /* on partial[] while an object is free */
	void *free;	       /* linked through their first word */
	uint16_t used;
	uint16_t fresh; /* objects from the end that were never handed out */
	uint16_t size;
	uint16_t reserved;
};

#define CHUNK_HEADER ((sizeof(struct chunk) + MEM_GRAIN - 1) / MEM_GRAIN * MEM_GRAIN)

/* Blocks of the table of large classes: MEM_CHUNK << class. */
static size_t large_bytes(unsigned class)
{
	return (size_t)MEM_CHUNK << class;
}

/* The class whose blocks hold `size` bytes; MEM_LARGE_CLASSES or more: none. */
static unsigned large_class(size_t size)
{
	if (size <= MEM_CHUNK)
		return 0;
	if (size > large_bytes(MEM_LARGE_CLASSES - 1))
		return MEM_LARGE_CLASSES;
	return ilog2_u32((uint32_t)(size - 1)) + 1 - MEM_CHUNK_SHIFT;
}

static unsigned class_objects(size_t object_bytes)
{
	return (unsigned)((MEM_CHUNK - CHUNK_HEADER) / object_bytes);
}

static void *memory_alloc(void *ctx, size_t size)
{
	return mem_alloc(ctx, size);
}

static void memory_free(void *ctx, void *p, size_t size)
{
	mem_free(ctx, p, size);
}

void mem_init(struct mem *m, const struct holm_env *env)
{
	memset(m, 0, sizeof(*m));
	m->env = env;
	m->memory.ctx = m;
	m->memory.alloc = memory_alloc;
	m->memory.free = memory_free;
	m->memory.hand = HOLM_WITH_MEMORY ? MEM_HAND_EMPTY : MEM_HAND_NONE;
	for (unsigned i = 0; HOLM_WITH_MEMORY && i < MEM_CLASSES; i++) {
		list_init(&m->partial[i]);
		m->places[i] = MEM_WAITING;
	}
}

static void env_free(struct mem *m, void *p, size_t size)
{
	if (HOLM_WITH_COUNTERS)
		m->stats.from_env -= size;
	m->env->free(m->env->ctx, p, size);
}

static bool give_up_waiting(struct mem *m);

/* The large blocks that are kept go back. */
static void give_up_kept(struct mem *m)
{
	for (unsigned i = 0; i < MEM_LARGE_CLASSES; i++) {
		while (m->large[i]) {
			void *p = m->large[i];

			memcpy(&m->large[i], p, sizeof(void *));
			env_free(m, p, large_bytes(i));
		}
	}
	m->kept = 0;
}

/* Where the env has none left it may have what is kept for another size, or for nobody. */
static never_inline void *env_alloc_again(struct mem *m, size_t size, size_t align)
{
	bool gave = m->kept > 0;

	give_up_kept(m);
	gave |= give_up_waiting(m);
	return gave ? m->env->alloc(m->env->ctx, size, align) : NULL;
}

static void *env_alloc(struct mem *m, size_t size, size_t align)
{
	void *p = m->env->alloc(m->env->ctx, size, align);

	if (HOLM_WITH_MEMORY && unlikely(!p))
		p = env_alloc_again(m, size, align);
	if (!HOLM_WITH_COUNTERS)
		return p;
	if (p)
		m->stats.from_env += size;
	else
		m->stats.failures++;
	return p;
}

/* ---- Without classes: every object is the env's ---------------------------------------------------- */

static void *plain_alloc(struct mem *m, size_t size)
{
	void *p = env_alloc(m, size, size % MEM_LINE ? MEM_GRAIN : MEM_LINE);

	if (p)
		mem_account(m, size);
	return p;
}

static void plain_free(struct mem *m, void *p, size_t size)
{
	mem_discount(m, size);
	env_free(m, p, size);
}

/* ---- Classes --------------------------------------------------------------------------------------- */

static struct chunk *new_chunk(struct mem *m, unsigned class)
{
	struct chunk *c = env_alloc(m, MEM_CHUNK, MEM_CHUNK);

	if (!c)
		return NULL;
	c->free = NULL;
	c->used = 0;
	c->size = (uint16_t)mem_class_bytes(class);
	c->fresh = (uint16_t)class_objects(c->size);
	list_node_init(&c->node);
	ASSERT(list_is_linked(&m->partial[class].head));
	list_push_front(&m->partial[class], &c->node);
	m->empty[class]++;
	return c;
}

/* The last that was freed in the chunk that is used most, or one that was never handed out. */
static never_inline void *take_out(struct mem *m, unsigned class)
{
	struct list_node *n = list_first(&m->partial[class]);
	struct chunk *c = n ? container_of(n, struct chunk, node) : new_chunk(m, class);
	void *p;

	if (unlikely(!c))
		return NULL;
	if (likely(c->free)) {
		p = c->free;
		memcpy(&c->free, p, sizeof(void *));
	} else {
		p = (uint8_t *)c + MEM_CHUNK - (size_t)c->fresh * c->size;
		c->fresh--;
	}
	if (unlikely(c->used++ == 0))
		m->empty[class]--;
	if (unlikely(!c->free && c->fresh == 0))
		list_remove(&c->node);
	return p;
}

/* Of those that wait the last; NULL. */
static inline void *take_waiting(struct mem *m, unsigned class)
{
	void *p = m->waiting[class];

	if (!p)
		return NULL;
	memcpy(&m->waiting[class], p, sizeof(void *));
	m->places[class]++;
	return p;
}

/* The last that was freed. */
static inline void *small_alloc(struct mem *m, unsigned class)
{
	void *p = mem_take_last(m, class);

	if (likely(p))
		return p;
	p = take_waiting(m, class);
	if (unlikely(!p))
		p = take_out(m, class);
	if (likely(p))
		mem_account(m, mem_class_bytes(class));
	return p;
}

/* One empty chunk per class is kept for the next object; a second one goes back. */
static never_inline void spare_chunk(struct mem *m, struct chunk *c)
{
	list_remove(&c->node);
	env_free(m, c, MEM_CHUNK);
}

static never_inline void put_back(struct mem *m, void *p, unsigned class)
{
	struct chunk *c = (struct chunk *)((uintptr_t)p & ~(uintptr_t)(MEM_CHUNK - 1));

	ASSERT(c->size == mem_class_bytes(class) && c->used > 0);
	memcpy(p, &c->free, sizeof(void *));
	c->free = p;
	if (!list_is_linked(&c->node))
		list_push_front(&m->partial[class], &c->node);
	if (--c->used > 0)
		return;
	if (m->empty[class] > 0)
		spare_chunk(m, c);
	else
		m->empty[class]++;
}

/* It waits for who wants the next; if enough do, the one that did goes back to where it was cut from. */
static inline void small_free(struct mem *m, void *p, unsigned class)
{
	void *before = m->last[class];

	ASSERT(p != before);
	mem_keep_last(m, p, class);
	if (!before)
		return;
	if (unlikely(m->places[class] == 0)) {
		put_back(m, before, class);
		return;
	}
	memcpy(before, &m->waiting[class], sizeof(void *));
	m->waiting[class] = before;
	m->places[class]--;
}

/* What waits goes back to its chunks, and those that are empty to the env. False: there are none. */
static bool give_up_waiting(struct mem *m)
{
	bool gave = false;

	for (unsigned i = 0; i < MEM_CLASSES; i++) {
		struct list_node *next, *n;
		void *p = m->last[i] ? m->last[i] : take_waiting(m, i);

		m->last[i] = NULL;
		for (; p; p = take_waiting(m, i))
			put_back(m, p, i);
		for (n = list_first(&m->partial[i]); n && m->empty[i] > 0; n = next) {
			struct chunk *c = container_of(n, struct chunk, node);

			next = list_next(&m->partial[i], n);
			if (c->used > 0)
				continue;
			spare_chunk(m, c);
			m->empty[i]--;
			gave = true;
		}
	}
	return gave;
}

static never_inline void *large_alloc_new(struct mem *m, size_t size)
{
	void *p = size <= MEM_CHUNK ? mem_hand_take(&m->memory) : NULL;

	if (p)
		return p;
	p = env_alloc(m, size, MEM_LINE);
	if (p)
		mem_account(m, size);
	return p;
}

static inline void *large_alloc(struct mem *m, size_t size)
{
	unsigned class = large_class(size);
	void *p;

	if (unlikely(class >= MEM_LARGE_CLASSES))
		return large_alloc_new(m, size);
	size = large_bytes(class);
	p = m->large[class];
	if (unlikely(!p))
		return large_alloc_new(m, size);
	memcpy(&m->large[class], p, sizeof(void *));
	m->kept -= size;
	mem_account(m, size);
	return p;
}

/*
 * There is no room for it beside what is kept. If it is larger than all of that it takes its place: a ring in
 * use, and they are what it grew from.
 */
static never_inline bool takes_their_place(struct mem *m, size_t size)
{
	if (size > MEM_KEEP_BYTES || size <= m->kept)
		return false;
	give_up_kept(m);
	return true;
}

static inline void large_free(struct mem *m, void *p, size_t size)
{
	unsigned class = large_class(size);

	if (likely(class < MEM_LARGE_CLASSES))
		size = large_bytes(class);
	mem_discount(m, size);
	if (unlikely(m->kept + size > MEM_KEEP_BYTES) && !takes_their_place(m, size)) {
		env_free(m, p, size);
		return;
	}
	memcpy(p, &m->large[class], sizeof(void *));
	m->large[class] = p;
	m->kept += size;
}

void *mem_alloc(struct mem *m, size_t size)
{
	ASSERT(size > 0);
	if (!HOLM_WITH_MEMORY)
		return plain_alloc(m, size);
	if (likely(size <= MEM_CLASS_MAX))
		return small_alloc(m, mem_class_of(size));
	return large_alloc(m, size);
}

void *mem_zalloc(struct mem *m, size_t size)
{
	void *p = mem_alloc(m, size);

	if (p)
		memset(p, 0, size);
	return p;
}

void mem_free(struct mem *m, void *p, size_t size)
{
	if (!p)
		return;
	if (!HOLM_WITH_MEMORY)
		plain_free(m, p, size);
	else if (likely(size <= MEM_CLASS_MAX))
		small_free(m, p, mem_class_of(size));
	else
		large_free(m, p, size);
}

void mem_fini(struct mem *m)
{
	if (!HOLM_WITH_MEMORY)
		return;
	mem_free(m, mem_hand_take(&m->memory), MEM_CHUNK);
	(void)give_up_waiting(m);
	for (unsigned i = 0; i < MEM_CLASSES; i++)
		ASSERT(list_is_empty(&m->partial[i]));
	give_up_kept(m);
}
