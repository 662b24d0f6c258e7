/*
 * What the machine hands to the kernel, and the two calls by which it enters it.
 *
 * Filled by the machine's start code, copied out of the loader's memory, then read-only.
 */
#ifndef ARCH_BOOT_H
#define ARCH_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As long as Linux's; QEMU and Firecracker both keep below it. */
#define BOOT_CMDLINE_MAX 2048
/* QEMU's machines report about ten; the rest is counted in ram_dropped. */
#define BOOT_RAM_MAX 24

struct boot_range {
	uint64_t base;
	uint64_t len_bytes;
};

struct boot_info {
	char cmdline[BOOT_CMDLINE_MAX];
	bool cmdline_cut; /* it was longer than that */

	/* Usable RAM below 4 GiB, page-aligned, as the loader reported it: image and initrd lie inside. */
	struct boot_range ram[BOOT_RAM_MAX];
	unsigned ram_count;
	unsigned ram_dropped;

	struct boot_range image;   /* not RAM to be given out */
	struct boot_range reclaim; /* inside it: free once paging_init() has returned */
	struct boot_range initrd;  /* len_bytes 0: none */
};

/* The kernel's first C function, on the boot stack, interrupts off. */
__attribute__((noreturn)) void kernel_main(const struct boot_info *boot);

/* One register of a trap, for printing. */
struct trap_reg {
	const char *name;
	uint64_t value;
};

#define TRAP_REGS_MAX 24

/* An exception that nothing handles: a programming error somewhere. */
struct trap_info {
	const char *name; /* "page fault" */
	const char *what; /* "write to a page that is not mapped", or NULL */
	bool has_addr;	  /* `addr` is what was accessed */
	uintptr_t addr;
	uintptr_t pc, sp, fp;
	struct trap_reg regs[TRAP_REGS_MAX];
	unsigned reg_count;
};

/* Called on a stack of its own, interrupts off. Ends in a panic. */
__attribute__((noreturn)) void kernel_trap(const struct trap_info *trap);

/* The frame pointer of the caller, from which callers can be followed. */
static inline uintptr_t boot_frame_pointer(void)
{
	return (uintptr_t)__builtin_frame_address(0);
}

/*
 * Follow frame pointers from `fp` upwards; return addresses go to pc[]. Stops at whatever does not
 * look like a frame or is not mapped. Returns how many were found.
 */
unsigned backtrace_walk(uintptr_t fp, uintptr_t *pc, unsigned max);

#endif
