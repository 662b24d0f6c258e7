/*
 * Segments, the interrupt descriptor table, and exceptions turned into readable reports.
 *
 * Spec: Intel SDM volume 3, chapters 6 and 8. No exception is handled: each becomes a struct
 * trap_info and ends in the kernel's panic. All of them run on the trap stack, so that a stack
 * overflow can still be reported; a second exception meanwhile starts over on it, which is fine as
 * the kernel then only ends the machine.
 */
#include "arch/boot.h"
#include "arch/x86_64/x86.h"
#include "lib/compiler.h"

#define SELECTOR_CODE 0x08u
#define SELECTOR_TSS 0x18u
#define GATE_INTERRUPT 0x8e00u
#define EXCEPTIONS 32u
#define ENTRY_BYTES 16u
#define TRAP_IST 1u

enum { TRAP_PAGE_FAULT = 14 };
enum { FAULT_PRESENT = 1, FAULT_WRITE = 2, FAULT_RESERVED = 8, FAULT_FETCH = 16 };

/* As traps.S pushed it. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

struct tss {
	uint32_t reserved0;
	uint32_t rsp[6];
	uint32_t reserved1[2];
	uint32_t ist[14]; /* seven 64-bit stack tops, split because the struct is not aligned */
	uint32_t reserved2[2];
	uint16_t reserved3;
	uint16_t io_map;
};

struct __attribute__((packed)) table_pointer {
	uint16_t limit;
	uint64_t base;
};

_Static_assert(sizeof(struct tss) == 104, "the TSS has 104 bytes");

void x86_exception(const struct trap_frame *f);

extern const char exception_entries[], interrupt_entries[];

static struct tss tss;
static uint64_t gdt[5];
static uint64_t idt[VECTOR_END][2];

static const char *const names[EXCEPTIONS] = {
	[0] = "division by zero",
	[1] = "debug exception",
	[2] = "non-maskable interrupt",
	[3] = "breakpoint",
	[4] = "overflow",
	[5] = "bound range exceeded",
	[6] = "invalid opcode",
	[7] = "no floating-point unit",
	[8] = "double fault",
	[10] = "invalid TSS",
	[11] = "segment not present",
	[12] = "stack segment fault",
	[13] = "general protection fault",
	[14] = "page fault",
	[16] = "floating-point error",
	[17] = "alignment check",
	[18] = "machine check",
	[19] = "SIMD floating-point error",
};

static void set_gate(unsigned vector, const char *entry, unsigned ist)
{
	uint64_t addr = (uintptr_t)entry;

	idt[vector][0] = (addr & 0xffff) | (uint64_t)SELECTOR_CODE << 16 | (uint64_t)ist << 32 |
			 (uint64_t)GATE_INTERRUPT << 32 | (addr >> 16 & 0xffff) << 48;
	idt[vector][1] = addr >> 32;
}

static void load_segments(void)
{
	uint64_t base = (uintptr_t)&tss;
	uint64_t limit = sizeof(tss) - 1;
	struct table_pointer p = { sizeof(gdt) - 1, (uintptr_t)gdt };

	tss.ist[0] = (uint32_t)(uintptr_t)trap_stack_top;
	tss.ist[1] = (uint32_t)((uintptr_t)trap_stack_top >> 32);
	tss.io_map = sizeof(tss);
	gdt[1] = UINT64_C(0x00af9b000000ffff);
	gdt[2] = UINT64_C(0x00cf93000000ffff);
	gdt[3] = limit | (base & 0xffffff) << 16 | UINT64_C(0x89) << 40 | (base >> 24 & 0xff) << 56;
	gdt[4] = base >> 32;
	__asm__ volatile("lgdt %0" : : "m"(p));
	__asm__ volatile("ltr %w0" : : "r"(SELECTOR_TSS));
}

void trap_init(void)
{
	struct table_pointer p = { sizeof(idt) - 1, (uintptr_t)idt };

	load_segments();
	for (unsigned v = 0; v < EXCEPTIONS; v++)
		set_gate(v, exception_entries + v * ENTRY_BYTES, TRAP_IST);
	for (unsigned v = EXCEPTIONS; v < VECTOR_END; v++)
		set_gate(v, interrupt_entries + (v - EXCEPTIONS) * ENTRY_BYTES, 0);
	__asm__ volatile("lidt %0" : : "m"(p));
}

static const char *describe_page_fault(uint64_t error)
{
	bool present = (error & FAULT_PRESENT) != 0;

	if ((error & FAULT_RESERVED) != 0)
		return "the page tables are damaged";
	if ((error & FAULT_FETCH) != 0)
		return present ? "execute in a page that holds data"
			       : "execute where nothing is mapped";
	if ((error & FAULT_WRITE) != 0)
		return present ? "write to a page that is read-only"
			       : "write where nothing is mapped";
	return present ? "read of a page that may not be read" : "read where nothing is mapped";
}

static void add_reg(struct trap_info *t, const char *name, uint64_t value)
{
	t->regs[t->reg_count++] = (struct trap_reg){ name, value };
}

static void add_regs(struct trap_info *t, const struct trap_frame *f)
{
	add_reg(t, "rax", f->rax);
	add_reg(t, "rbx", f->rbx);
	add_reg(t, "rcx", f->rcx);
	add_reg(t, "rdx", f->rdx);
	add_reg(t, "rsi", f->rsi);
	add_reg(t, "rdi", f->rdi);
	add_reg(t, "rbp", f->rbp);
	add_reg(t, "rsp", f->rsp);
	add_reg(t, "r8", f->r8);
	add_reg(t, "r9", f->r9);
	add_reg(t, "r10", f->r10);
	add_reg(t, "r11", f->r11);
	add_reg(t, "r12", f->r12);
	add_reg(t, "r13", f->r13);
	add_reg(t, "r14", f->r14);
	add_reg(t, "r15", f->r15);
	add_reg(t, "rip", f->rip);
	add_reg(t, "flags", f->rflags);
	add_reg(t, "error", f->error);
}

void x86_exception(const struct trap_frame *f)
{
	struct trap_info t = {
		.name = names[f->vector & 31], .pc = f->rip, .sp = f->rsp, .fp = f->rbp
	};

	if (t.name == NULL)
		t.name = "reserved exception";
	if (f->vector == TRAP_PAGE_FAULT) {
		__asm__ volatile("movq %%cr2, %0" : "=r"(t.addr));
		t.has_addr = true;
		t.what = describe_page_fault(f->error);
	}
	add_regs(&t, f);
	kernel_trap(&t);
}
