/* Memory of the image; see mem.h. */
#include "kernel/mem.h"

#include <holm/errno.h>

#include "arch/boot.h"
#include "kernel/pages.h"
#include "kernel/panic.h"
#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/mem.h"

/* The heap's window; RAM ends long before it does. */
#define HEAP_END (PAGING_HEAP_BASE + (UINT64_C(1) << 36))

static struct pages ram;
static uintptr_t heap_end = PAGING_HEAP_BASE;

/* What lies in RAM and stays, in order of address. */
struct reserved {
	struct boot_range r[3];
	unsigned n;
};

static uint64_t end_of(const struct boot_range *r)
{
	return r->base + r->len_bytes;
}

static void reserve(struct reserved *v, struct boot_range r)
{
	unsigned i = v->n;

	if (r.len_bytes == 0)
		return;
	r.len_bytes =
		align_up_size(end_of(&r), PAGE_BYTES) - (r.base & ~(uint64_t)(PAGE_BYTES - 1));
	r.base &= ~(uint64_t)(PAGE_BYTES - 1);
	for (; i > 0 && v->r[i - 1].base > r.base; i--)
		v->r[i] = v->r[i - 1];
	v->r[i] = r;
	v->n++;
}

/* The next stretch of `ram_range` from *at on that nothing is reserved in; false when none is left. */
static bool next_gap(const struct boot_range *ram_range, const struct reserved *v, uint64_t *at,
		     struct boot_range *gap)
{
	uint64_t end = end_of(ram_range);

	for (unsigned i = 0; i < v->n; i++) {
		if (end_of(&v->r[i]) <= *at)
			continue;
		if (v->r[i].base > *at) {
			end = min_u64(end, v->r[i].base);
			break;
		}
		*at = end_of(&v->r[i]);
	}
	if (*at >= end_of(ram_range))
		return false;
	*gap = (struct boot_range){ *at, end - *at };
	*at = end;
	return true;
}

static struct boot_range place_map(const struct boot_info *boot, const struct reserved *v,
				   size_t len)
{
	struct boot_range gap;

	for (unsigned i = 0; i < boot->ram_count; i++) {
		uint64_t at = boot->ram[i].base;

		while (next_gap(&boot->ram[i], v, &at, &gap)) {
			if (gap.len_bytes >= len)
				return (struct boot_range){ gap.base, len };
		}
	}
	panic("no RAM for the page map: the loader reported %u ranges", boot->ram_count);
}

void mem_start(const struct boot_info *boot)
{
	struct reserved v = { .n = 0 };
	struct boot_range map, gap;
	uint64_t top = 0;

	for (unsigned i = 0; i < boot->ram_count; i++)
		top = max_u64(top, end_of(&boot->ram[i]));
	reserve(&v, boot->image);
	reserve(&v, boot->initrd);
	map = place_map(boot, &v, align_up_size(pages_map_bytes(top / PAGE_BYTES), PAGE_BYTES));
	reserve(&v, map);
	pages_init(&ram, 0, top / PAGE_BYTES, (uint8_t *)(uintptr_t)map.base);
	for (unsigned i = 0; i < boot->ram_count; i++) {
		uint64_t at = boot->ram[i].base;

		while (next_gap(&boot->ram[i], &v, &at, &gap))
			pages_add(&ram, gap.base, gap.len_bytes / PAGE_BYTES);
	}
}

void mem_reclaim(const struct boot_info *boot)
{
	pages_add(&ram, boot->reclaim.base, boot->reclaim.len_bytes / PAGE_BYTES);
}

void *mem_pages_alloc(size_t n)
{
	return (void *)pages_alloc(&ram, n);
}

void mem_pages_free(void *p, size_t n)
{
	pages_free(&ram, (uintptr_t)p, n);
}

void mem_unmap(uintptr_t va, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pages_free(&ram, paging_unmap(va + i * PAGE_BYTES), 1);
}

int mem_map(uintptr_t va, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		void *page = mem_pages_alloc(1);

		if (page != NULL && paging_map(va + i * PAGE_BYTES, (uintptr_t)page)) {
			memset(page, 0, PAGE_BYTES);
			continue;
		}
		if (page != NULL)
			mem_pages_free(page, 1);
		mem_unmap(va, i);
		return -HOLM_ENOMEM;
	}
	return 0;
}

static int heap_grow(size_t bytes)
{
	uintptr_t mapped = align_up_size(heap_end, PAGE_BYTES);
	uintptr_t wanted;
	size_t n;
	int err;

	if (bytes > HEAP_END - heap_end)
		return -HOLM_ENOMEM;
	wanted = align_up_size(heap_end + bytes, PAGE_BYTES);
	n = (wanted - mapped) / PAGE_BYTES;
	if (n != 0) {
		if (n + MEM_RESERVE_PAGES > ram.free_count) {
			ram.refused++;
			return -HOLM_ENOMEM;
		}
		err = mem_map(mapped, n);
		if (err != 0)
			return err;
	}
	heap_end += bytes;
	return 0;
}

static int heap_shrink(size_t bytes)
{
	uintptr_t mapped = align_up_size(heap_end, PAGE_BYTES);
	uintptr_t wanted;

	if (bytes > heap_end - PAGING_HEAP_BASE)
		return -HOLM_ENOMEM;
	wanted = align_up_size(heap_end - bytes, PAGE_BYTES);
	mem_unmap(wanted, (mapped - wanted) / PAGE_BYTES);
	heap_end -= bytes;
	return 0;
}

int mem_sbrk(ptrdiff_t delta, void **old)
{
	*old = (void *)heap_end;
	return delta >= 0 ? heap_grow((size_t)delta) : heap_shrink((size_t)0 - (size_t)delta);
}

void mem_get_stats(struct mem_stats *s)
{
	*s = (struct mem_stats){
		.total_pages = ram.total,
		.free_pages = ram.free_count,
		.free_low_pages = ram.free_low,
		.heap_pages = (align_up_size(heap_end, PAGE_BYTES) - PAGING_HEAP_BASE) / PAGE_BYTES,
		.refused = ram.refused,
	};
}
