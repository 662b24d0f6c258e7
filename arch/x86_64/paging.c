/*
 * The final page tables: four levels, write xor execute.
 *
 * Spec: Intel SDM volume 3, 4.5. RAM is mapped virtual = physical, by 2 MiB pages where a whole one
 * has one protection, by 4 KiB pages around the image. The walk relies on table pages lying in that
 * map. The page at address 0 is never RAM (start.c), so it stays unmapped.
 */
#include "arch/paging.h"

#include "arch/cpu.h"
#include "arch/dma.h"
#include "arch/platform.h"
#include "arch/x86_64/x86.h"
#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/mem.h"

#define PTE_PRESENT (UINT64_C(1) << 0)
#define PTE_WRITE (UINT64_C(1) << 1)
#define PTE_UNCACHED (UINT64_C(3) << 3) /* PCD and PWT */
#define PTE_LARGE (UINT64_C(1) << 7)
#define PTE_NX (UINT64_C(1) << 63)
#define PTE_ADDR UINT64_C(0x000ffffffffff000)

#define PROT_TEXT 0
#define PROT_CONST PTE_NX
#define PROT_DATA (PTE_NX | PTE_WRITE)
#define PROT_DEVICE (PTE_NX | PTE_WRITE | PTE_UNCACHED)

#define LARGE_BYTES (UINT64_C(1) << 21)
/* Levels count from the last table upwards: an entry of level 0 maps 4 KiB, of level 1 2 MiB. */
#define TOP_LEVEL 3u
/* Addresses from here on are not "physical = virtual" but windows. */
#define IDENTITY_END PAGING_STACKS_BASE

static uint64_t *root;
static void *(*page_source)(void);

static unsigned index_at(uint64_t va, unsigned level)
{
	return (unsigned)(va >> (12 + 9 * level)) & 511u;
}

static uint64_t *table_of(uint64_t entry)
{
	return (uint64_t *)(uintptr_t)(entry & PTE_ADDR);
}

/* The table one level down, made when it is missing; NULL when no page is left for it. */
static uint64_t *descend(uint64_t *entry)
{
	void *page;

	if ((*entry & PTE_PRESENT) != 0) {
		ASSERT((*entry & PTE_LARGE) == 0);
		return table_of(*entry);
	}
	page = page_source();
	if (page == NULL)
		return NULL;
	memset(page, 0, PAGE_BYTES);
	*entry = (uintptr_t)page | PTE_PRESENT | PTE_WRITE;
	return page;
}

/* The entry that maps va at `level`, with the tables above it made; NULL when pages ran out. */
static uint64_t *entry_for(uint64_t va, unsigned level)
{
	uint64_t *table = root;

	for (unsigned l = TOP_LEVEL; l > level; l--) {
		table = descend(&table[index_at(va, l)]);
		if (table == NULL)
			return NULL;
	}
	return &table[index_at(va, level)];
}

/* The entry that maps va now and its level, or NULL. */
static uint64_t *find(uint64_t va, unsigned *level)
{
	uint64_t *table = root;

	for (unsigned l = TOP_LEVEL;; l--) {
		uint64_t *e = &table[index_at(va, l)];

		if ((*e & PTE_PRESENT) == 0)
			return NULL;
		if (l == 0 || (*e & PTE_LARGE) != 0) {
			*level = l;
			return e;
		}
		table = table_of(*e);
	}
}

static bool map_one(uint64_t va, uint64_t pa, unsigned level, uint64_t prot)
{
	uint64_t *e = entry_for(va, level);

	if (e == NULL)
		return false;
	*e = pa | prot | PTE_PRESENT | (level != 0 ? PTE_LARGE : 0);
	return true;
}

/* Map [base, end) at its own address with the largest pages that fit and do not touch `avoid`. */
static bool map_identity(uint64_t base, uint64_t end, uint64_t prot)
{
	uint64_t image_low = (uintptr_t)image_start & ~(LARGE_BYTES - 1);
	uint64_t image_high = (uintptr_t)image_end;

	while (base < end) {
		bool near_image = base < image_high && base + LARGE_BYTES > image_low;
		bool large = (base & (LARGE_BYTES - 1)) == 0 && end - base >= LARGE_BYTES;

		large = large && !near_image;
		if (!map_one(base, base, large ? 1 : 0, prot))
			return false;
		base += large ? LARGE_BYTES : PAGE_BYTES;
	}
	return true;
}

static bool map_section(const char *from, const char *to, uint64_t prot)
{
	for (uintptr_t p = (uintptr_t)from; p < (uintptr_t)to; p += PAGE_BYTES) {
		if (!map_one(p, p, 0, prot))
			return false;
	}
	return true;
}

/* Over the plain map of RAM: each section's own protection, and holes under the two stacks. */
static bool map_image(void)
{
	bool ok = map_section(text_start, text_end, PROT_TEXT) &&
		  map_section(text_end, rodata_end, PROT_CONST) &&
		  map_section(data_start, image_end, PROT_DATA);

	if (!ok)
		return false;
	*entry_for((uintptr_t)boot_stack_guard, 0) = 0;
	*entry_for((uintptr_t)trap_stack_guard, 0) = 0;
	return true;
}

static bool map_devices(void)
{
	const struct platform_resource *r;
	const struct ioapic_desc *io;
	unsigned ioapics;
	size_t n;

	if (!paging_map_device(LAPIC_BASE, PAGE_BYTES))
		return false;
	io = platform_ioapics(&ioapics);
	for (unsigned i = 0; i < ioapics; i++) {
		if (!paging_map_device(io[i].base, PAGE_BYTES))
			return false;
	}
	r = platform_resources(&n);
	for (size_t i = 0; i < n; i++) {
		if (r[i].kind != PLATFORM_PCI_PORTS &&
		    !paging_map_device(r[i].base, r[i].len_bytes))
			return false;
	}
	return true;
}

bool paging_init(const struct boot_info *boot, void *(*page_alloc)(void))
{
	page_source = page_alloc;
	root = page_source();
	if (root == NULL)
		return false;
	memset(root, 0, PAGE_BYTES);
	for (unsigned i = 0; i < boot->ram_count; i++) {
		const struct boot_range *r = &boot->ram[i];

		if (!map_identity(r->base, r->base + r->len_bytes, PROT_DATA))
			return false;
	}
	if (!map_image() || !map_devices())
		return false;
	__asm__ volatile("movq %0, %%cr3" : : "r"((uint64_t)(uintptr_t)root) : "memory");
	return true;
}

bool paging_map(uintptr_t va, uintptr_t page)
{
	uint64_t *e = entry_for(va, 0);

	if (e == NULL)
		return false;
	ASSERT(va >= IDENTITY_END && *e == 0);
	*e = page | PROT_DATA | PTE_PRESENT;
	return true;
}

uintptr_t paging_unmap(uintptr_t va)
{
	unsigned level = 0;
	uint64_t *e = find(va, &level);
	uintptr_t page;

	ASSERT(va >= IDENTITY_END && e != NULL && level == 0);
	page = *e & PTE_ADDR;
	*e = 0;
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
	return page;
}

bool paging_map_device(uint64_t base, uint64_t len_bytes)
{
	uint64_t end = (base + len_bytes + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
	unsigned level;

	base &= ~(uint64_t)(PAGE_BYTES - 1);
	if (base >= end || end > IDENTITY_END)
		return false;
	while (base < end) {
		bool large = (base & (LARGE_BYTES - 1)) == 0 && end - base >= LARGE_BYTES;

		/* Two devices may share a page: virtio-mmio slots are 512 bytes. */
		if (find(base, &level) == NULL) {
			if (!map_one(base, base, large ? 1 : 0, PROT_DEVICE))
				return false;
		} else {
			large = level == 1;
		}
		base += large ? LARGE_BYTES - (base & (LARGE_BYTES - 1)) : PAGE_BYTES;
	}
	return true;
}

bool paging_translate(uintptr_t va, uintptr_t *pa)
{
	unsigned level = 0;
	const uint64_t *e;
	uint64_t offset_mask;

	if (root == NULL || va >> 47 != 0)
		return false;
	e = find(va, &level);
	if (e == NULL)
		return false;
	offset_mask = (UINT64_C(1) << (12 + 9 * level)) - 1;
	*pa = (*e & PTE_ADDR & ~offset_mask) | (va & offset_mask);
	return true;
}

uint64_t dma_addr(const void *p, size_t len, size_t *run)
{
	uintptr_t va = (uintptr_t)p;
	uintptr_t pa = 0;
	bool mapped;

	if (va < IDENTITY_END) {
		*run = len;
		return va;
	}
	mapped = paging_translate(va, &pa);
	ASSERT(mapped);
	*run = min_size(len, PAGE_BYTES - (va & (PAGE_BYTES - 1)));
	return pa;
}
