/*
 * Address space: one, shared by everything, write xor execute.
 *
 * Mapping changes are rare (thread stacks, the sbrk window, device registers) and 4 KiB grained.
 * Page-table pages come from the page source given to paging_init() and are kept for reuse.
 */
#ifndef ARCH_PAGING_H
#define ARCH_PAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES 4096u

/* Windows in which only these functions put pages. */
#define PAGING_STACKS_BASE UINT64_C(0x500000000000)
#define PAGING_HEAP_BASE UINT64_C(0x600000000000)

struct boot_info;

/*
 * Build the final tables (RAM, image by section, controllers) and load them. `page_alloc` returns a
 * page below 4 GiB or NULL. False when pages ran out.
 */
bool paging_init(const struct boot_info *boot, void *(*page_alloc)(void));

/* Map one page of RAM at va, readable and writable, never executable. False: no page for a table. */
bool paging_map(uintptr_t va, uintptr_t page);

/* Take the page at va out; returns what was mapped there. It must have been mapped. */
uintptr_t paging_unmap(uintptr_t va);

/* Make device registers accessible at their own address, uncached. */
bool paging_map_device(uint64_t base, uint64_t len_bytes);

/* Is va mapped? If so *pa becomes its physical address. */
bool paging_translate(uintptr_t va, uintptr_t *pa);

#endif
