/*
 * First C function: copies out of the loader's memory everything that the image will ever need.
 *
 * Spec: Xen's PVH direct boot ABI (struct hvm_start_info, version 1 for the memory map). The loader's
 * structures lie anywhere in low RAM, which is given out afterwards; nothing here keeps a pointer to
 * them. Runs on the boot page tables, which map the first 4 GiB.
 */
#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/entropy.h"
#include "arch/paging.h"
#include "arch/x86_64/x86.h"
#include "lib/compiler.h"
#include "lib/mem.h"

#define PVH_MAGIC 0x336ec578u
#define PVH_MEMORY_RAM 1u
/* More than any loader sends; a broken count must not lead through all memory. */
#define PVH_ENTRIES_MAX 256u
#define FOUR_GIB (UINT64_C(1) << 32)

struct pvh_start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t module_count;
	uint64_t modules;
	uint64_t cmdline;
	uint64_t rsdp;
	/* from version 1 on */
	uint64_t memmap;
	uint32_t memmap_count;
	uint32_t reserved;
};

struct pvh_module {
	uint64_t addr, len_bytes, cmdline, reserved;
};

struct pvh_memory {
	uint64_t addr, len_bytes;
	uint32_t type, reserved;
};

void x86_start(uint64_t start_info, uint64_t entry_tsc);

static struct boot_info boot;

/* The value that functions put above their return address and look at before they return. */
extern uintptr_t __stack_chk_guard;
uintptr_t __stack_chk_guard = 0x5bd1e995a4093822u;

static const void *phys(uint64_t addr)
{
	return (const void *)(uintptr_t)addr;
}

static void copy_cmdline(uint64_t addr)
{
	const char *text = phys(addr);
	size_t n = 0;

	if (addr == 0 || addr >= FOUR_GIB - BOOT_CMDLINE_MAX)
		return;
	while (n < BOOT_CMDLINE_MAX - 1 && text[n] != '\0') {
		boot.cmdline[n] = text[n];
		n++;
	}
	boot.cmdline_cut = text[n] != '\0';
}

/* RAM is taken in whole pages, without the first: nothing may ever live at address 0. */
static void add_ram(uint64_t base, uint64_t end)
{
	base = (max_u64(base, PAGE_BYTES) + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
	end = min_u64(end, FOUR_GIB) & ~(uint64_t)(PAGE_BYTES - 1);
	if (base >= end)
		return;
	if (boot.ram_count == BOOT_RAM_MAX) {
		boot.ram_dropped++;
		return;
	}
	boot.ram[boot.ram_count++] = (struct boot_range){ base, end - base };
}

static void copy_memory_map(const struct pvh_start_info *info)
{
	const struct pvh_memory *m = phys(info->memmap);
	uint32_t n = min_u32(info->memmap_count, PVH_ENTRIES_MAX);

	if (info->version < 1 || info->memmap == 0 || info->memmap >= FOUR_GIB)
		return;
	/* Entries of length 0 end some maps; addresses that wrap are nobody's RAM. */
	for (uint32_t i = 0; i < n; i++) {
		if (m[i].type == PVH_MEMORY_RAM && m[i].addr + m[i].len_bytes > m[i].addr)
			add_ram(m[i].addr, m[i].addr + m[i].len_bytes);
	}
}

static void copy_initrd(const struct pvh_start_info *info)
{
	const struct pvh_module *m = phys(info->modules);

	if (info->module_count == 0 || info->modules == 0 || info->modules >= FOUR_GIB)
		return;
	if (m->addr >= FOUR_GIB || m->len_bytes > FOUR_GIB - m->addr)
		return;
	boot.initrd = (struct boot_range){ m->addr, m->len_bytes };
}

static struct boot_range between(const char *from, const char *to)
{
	return (struct boot_range){ (uintptr_t)from, (size_t)(to - from) };
}

/* Never returns, so it may change the value that its own frame was made with. */
__attribute__((noreturn)) void x86_start(uint64_t start_info, uint64_t entry_tsc)
{
	const struct pvh_start_info *info = phys(start_info);
	uint64_t seed = 0;

	clock_entry_tsc = entry_tsc;
	trap_init();
	if (!hwentropy_u64(&seed))
		seed = hwentropy_weak() * 0x9e3779b97f4a7c15u;
	/* The zero byte stops string functions from reading or writing the value whole. */
	__stack_chk_guard = (uintptr_t)seed & ~(uintptr_t)0xff;

	boot.image = between(image_start, image_end);
	boot.reclaim = between(reclaim_start, reclaim_end);
	if (info->magic == PVH_MAGIC) {
		copy_cmdline(info->cmdline);
		copy_memory_map(info);
		copy_initrd(info);
		acpi_parse(info->rsdp);
	}
	platform_init(boot.cmdline);
	kernel_main(&boot);
}
