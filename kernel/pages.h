/*
 * A buddy allocator over whole pages: pure bookkeeping over memory it is given, so that tests run it
 * on the host. kernel/mem.h is the one instance of the image.
 *
 * Runs of any length are given and taken back; inside they are split into power-of-two blocks that
 * are aligned to their size. One byte of state per page lies in a map beside. A free block's list node
 * lies in the block itself if that is small; those of large blocks lie behind the map, so that free
 * RAM is not touched: a host gives it in large pages, and clears each when it is touched first. Every
 * operation is O(log pages), plus one byte per page of the run.
 */
#ifndef KERNEL_PAGES_H
#define KERNEL_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/list.h"

#define PAGES_SHIFT 12u
/* The largest block is 2^15 pages, 128 MiB: more than any table of an 8-GiB guest asks for at once. */
#define PAGES_ORDERS 16u
/* Blocks from 2^9 pages on, 2 MiB, are large. */
#define PAGES_LARGE 9u

/* Owned by the caller; must not move while in use. */
struct pages {
	uintptr_t base;		 /* address of page 0, a multiple of the largest block */
	size_t count;		 /* pages that the map describes */
	uint8_t *map;		 /* one state byte per page */
	struct list_node *large; /* one per 2^PAGES_LARGE pages, behind the map */
	struct list free[PAGES_ORDERS];
	size_t total; /* pages ever added */
	size_t free_count;
	size_t free_low; /* the fewest that were ever free */
	size_t refused;	 /* requests that failed */
};

/* What pages_init needs for its map. */
size_t pages_map_bytes(size_t count);

/*
 * Describes `count` pages from `base`, none of them usable yet. `map` has pages_map_bytes(count) bytes
 * and is aligned as a pointer is.
 */
void pages_init(struct pages *p, uintptr_t base, size_t count, uint8_t *map);

/* Put [addr, addr + n pages) at the allocator's disposal. They were never added before. */
void pages_add(struct pages *p, uintptr_t addr, size_t n);

/* n >= 1 contiguous pages, aligned to n rounded up to a power of two; 0 when there are none. */
uintptr_t pages_alloc(struct pages *p, size_t n);

/* Take back n pages of what pages_alloc gave, all of a run or a part. */
void pages_free(struct pages *p, uintptr_t addr, size_t n);

#endif
