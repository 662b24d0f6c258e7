/*
 * The image's memory: all RAM in one page allocator, and the window in which sbrk grows.
 * The contract is in kernel/README.md.
 */
#ifndef KERNEL_MEM_H
#define KERNEL_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "arch/paging.h"

struct boot_info;

/*
 * Pages that sbrk may not take: enough for the frame pool to grow by 256 KiB and for a thread's stack
 * when a program has eaten everything else.
 */
#define MEM_RESERVE_PAGES 80u

/* Takes RAM as the boot loader reported it, without image, initrd and the allocator's own map. */
void mem_start(const struct boot_info *boot);

/* After paging_init(): what only the start code needed becomes RAM. */
void mem_reclaim(const struct boot_info *boot);

/* n >= 1 contiguous pages, not cleared, virtual = physical; NULL when there are none. */
void *mem_pages_alloc(size_t n);
void mem_pages_free(void *p, size_t n);

/* How many pages hold `bytes`. */
static inline size_t mem_pages_for(size_t bytes)
{
	return (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
}

/*
 * Map n pages of RAM from va on, inside one of paging.h's windows; contents are zero. 0, or
 * -HOLM_ENOMEM with nothing mapped. mem_unmap() gives them back.
 */
int mem_map(uintptr_t va, size_t n);
void mem_unmap(uintptr_t va, size_t n);

/*
 * Move the end of the heap by `delta` bytes; *old becomes the end before. 0, or -HOLM_ENOMEM and
 * nothing has changed.
 */
int mem_sbrk(ptrdiff_t delta, void **old);

struct mem_stats {
	size_t total_pages;    /* RAM given to the allocator */
	size_t free_pages;     /* now */
	size_t free_low_pages; /* the fewest ever */
	size_t heap_pages;     /* in the sbrk window now */
	size_t refused;	       /* requests that found nothing */
};

void mem_get_stats(struct mem_stats *s);

#endif
