/*
 * Memory of an instance: size classes with last-in-first-out free lists, cut from chunks that the
 * env gives. Small objects (connections, records, neighbours) and the rings of the byte buffers
 * come from here; frames do not (net/core/frame.c).
 *
 * Objects up to MEM_CLASS_MAX come from chunks of MEM_CHUNK bytes and are kept for the next of
 * their class; a chunk all of whose objects are free goes back to the env when more than one chunk
 * of its class is empty. The objects of each class that were freed last wait in front of their chunks
 * for the next, which need not be cut out: the last one where its taker sees it, and up to MEM_WAITING
 * behind it. Larger objects (tables, rings) are single env allocations, of which up to MEM_KEEP_BYTES
 * are kept for reuse by size. All that waits or is kept goes back where the env has none left.
 *
 * The rings of dialogues take a page for a message and give it back with the next: one page goes from
 * ring to ring by hand, in a few instructions, in front of all that. It counts as in use.
 *
 * A build without all this (HOLM_WITH_MEMORY) asks the env for each object.
 */
#ifndef NET_CORE_MEM_H
#define NET_CORE_MEM_H

#include <holm/build.h>
#include <holm/buf.h>
#include <holm/env.h>
#include <holm/stats.h>

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "lib/list.h"
#include "lib/mem.h"

/* Objects are multiples of this size. */
#define MEM_GRAIN 16u
/* The largest object cut from a chunk. */
#define MEM_CLASS_MAX 1024u
#define MEM_CLASSES (MEM_CLASS_MAX / MEM_GRAIN)
/* So many wait behind the last: what a batch of a busy server's makes and unmakes at once. */
#define MEM_WAITING 31u
/* One whose size is a multiple of this begins at one: chunks are cut from their ends. */
#define MEM_LINE 64
/* A chunk: what the env is asked for. Its alignment finds the chunk of an object. */
#define MEM_CHUNK HOLM_ALLOC_MIN
#define MEM_CHUNK_SHIFT 12
/* Large blocks: powers of two from MEM_CLASS_MAX * 2 up to 1 MiB are kept on lists when freed. */
#define MEM_LARGE_CLASSES 10u
/* The ring of a large window, and smaller blocks beside it. */
#define MEM_KEEP_BYTES (320u * 1024u)

_Static_assert(MEM_CHUNK == 1u << MEM_CHUNK_SHIFT, "one number, twice");

struct mem {
	const struct holm_env *env;
	void *last[MEM_CLASSES];    /* of the class, freed last and not in its chunk yet; or NULL */
	void *waiting[MEM_CLASSES]; /* those before it, linked through their first words */
	uint8_t places[MEM_CLASSES];	  /* so many more may wait */
	struct list partial[MEM_CLASSES]; /* chunks with a free object, the fullest use first */
	uint32_t empty[MEM_CLASSES];	  /* chunks of the class without an object in use */
	void *large[MEM_LARGE_CLASSES];	  /* kept blocks, linked through their first word */
	size_t kept;
	struct holm_memory_stats stats;
	struct holm_memory memory; /* this, as the public rings want it */
};

/* `env` must outlive the mem. */
void mem_init(struct mem *m, const struct holm_env *env);
/* Give kept blocks and empty chunks back. Every object must have been freed. */
void mem_fini(struct mem *m);

/* `size` bytes aligned to 16, not zeroed; NULL when the env has none left. */
void *mem_alloc(struct mem *m, size_t size);
/* The same, zeroed. */
void *mem_zalloc(struct mem *m, size_t size);
/* `size` as it was asked for. NULL is fine. */
void mem_free(struct mem *m, void *p, size_t size);

static inline unsigned mem_class_of(size_t size)
{
	return (unsigned)((size - 1) / MEM_GRAIN);
}

static inline size_t mem_class_bytes(unsigned class)
{
	return (class + 1) * MEM_GRAIN;
}

static inline void mem_account(struct mem *m, size_t size)
{
	if (!HOLM_WITH_COUNTERS)
		return;
	m->stats.in_use += size;
	if (unlikely(m->stats.in_use > m->stats.in_use_max))
		m->stats.in_use_max = m->stats.in_use;
}

static inline void mem_discount(struct mem *m, size_t size)
{
	if (HOLM_WITH_COUNTERS)
		m->stats.in_use -= size;
}

/* The last of its class that was freed, if nobody has it yet; NULL. */
static inline void *mem_take_last(struct mem *m, unsigned class)
{
	void *p = m->last[class];

	if (unlikely(!p))
		return NULL;
	m->last[class] = NULL;
	mem_account(m, mem_class_bytes(class));
	return p;
}

static inline void mem_keep_last(struct mem *m, void *p, unsigned class)
{
	m->last[class] = p;
	mem_discount(m, mem_class_bytes(class));
}

/*
 * mem_alloc() and mem_free() of what every connection has, in the caller's own code: the compiler
 * knows its size, and mostly the last one that was freed waits for the next.
 */
static always_inline void *mem_take(struct mem *m, size_t size)
{
	void *p = FOR_SIZE || !HOLM_WITH_MEMORY ? NULL : mem_take_last(m, mem_class_of(size));

	return likely(p) ? p : mem_alloc(m, size);
}

static always_inline void mem_give(struct mem *m, void *p, size_t size)
{
	unsigned class = mem_class_of(size);

	if (FOR_SIZE || !HOLM_WITH_MEMORY || unlikely(m->last[class]))
		mem_free(m, p, size);
	else
		mem_keep_last(m, p, class);
}

/*
 * The hand of a struct holm_memory is a page's address, or one of these: who asks need not know
 * whose memory it is.
 */
enum mem_hand {
	MEM_HAND_NONE, /* not a struct mem's: nothing goes by hand */
	MEM_HAND_EMPTY,
};

/* Only what has a hand comes here, which is a struct mem's and no constant. */
static always_inline void mem_hand_set(const struct holm_memory *memory, uintptr_t hand)
{
	((struct holm_memory *)(uintptr_t)memory)->hand = hand;
}

/* memory->alloc() of MEM_CHUNK if there is one in the hand; otherwise NULL, which says nothing more. */
static always_inline void *mem_hand_take(const struct holm_memory *memory)
{
	uintptr_t page = memory->hand;

	if (!HOLM_WITH_MEMORY || unlikely(page <= MEM_HAND_EMPTY))
		return NULL;
	mem_hand_set(memory, MEM_HAND_EMPTY);
	return (void *)page;
}

/* memory->free() of MEM_CHUNK if there is an empty hand; otherwise false, and nothing else. */
static always_inline bool mem_hand_give(const struct holm_memory *memory, void *p)
{
	if (!HOLM_WITH_MEMORY || unlikely(memory->hand != MEM_HAND_EMPTY))
		return false;
	mem_hand_set(memory, (uintptr_t)p);
	return true;
}

/* Bytes in objects now: what is in the hand waits for the next. */
static inline size_t mem_in_use(const struct mem *m)
{
	return m->stats.in_use - (m->memory.hand > MEM_HAND_EMPTY ? MEM_CHUNK : 0);
}

#endif
