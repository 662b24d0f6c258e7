/* What the files of this machine share among themselves; nobody else includes it. */
#ifndef ARCH_X86_64_X86_H
#define ARCH_X86_64_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/boot.h"
#include "arch/irq.h"

/* Symbols of linker.ld. */
extern char image_start[], image_end[], text_start[], text_end[], rodata_end[], data_start[];
extern char boot_stack_guard[], trap_stack_guard[], trap_stack_top[], reclaim_start[],
	reclaim_end[];

/* Interrupt vectors. The processor owns 0-31; the spurious one needs its low four bits set. */
enum {
	VECTOR_TIMER = 32,
	VECTOR_FIRST_DEVICE = 33,
	VECTOR_SPURIOUS = 95,
	VECTOR_END = 96,
};

/* More than any QEMU machine has (microvm: two). */
#define IOAPICS_MAX 4
/* Lines 0-15 have fixed meanings that firmware may have moved or inverted. */
#define ISA_LINES 16

struct ioapic_desc {
	uint32_t base;
	uint32_t line_base;
};

/* What the ACPI tables say, or what is assumed without them. */
struct acpi_info {
	bool present;
	struct ioapic_desc ioapic[IOAPICS_MAX];
	unsigned ioapic_count;
	uint64_t ecam_base; /* 0: no MCFG table */
	uint8_t ecam_bus_first, ecam_bus_last;
	struct {
		uint32_t line;
		uint16_t flags;
		bool valid;
	} isa_override[ISA_LINES];
};

extern struct acpi_info acpi;

/* Read the tables from `rsdp` (0: there are none). Memory below 4 GiB must be readable. */
void acpi_parse(uint64_t rsdp);

/* Find the devices; needs acpi and the command line, and the first 4 GiB mapped. */
void platform_init(const char *cmdline);
const struct ioapic_desc *platform_ioapics(unsigned *n);

void trap_init(void);

void lapic_init(void);
void lapic_eoi(void);
uint8_t lapic_id(void);
/* Count down from `ticks` and interrupt once; 0 stops. */
void lapic_timer_start(uint32_t ticks, bool irq);
uint32_t lapic_timer_left(void);
void lapic_timer_deadline_mode(void);

/* Page numbers of the controllers, for paging.c: every one is a page of registers. */
#define LAPIC_BASE 0xfee00000u

void ioapic_init(void);
bool ioapic_has_line(unsigned line);
void ioapic_route(unsigned line, enum irq_trigger trigger, uint8_t vector);
void ioapic_mask(unsigned line, bool masked);

/* From traps.S. */
void x86_interrupt(unsigned vector);

extern uint64_t clock_entry_tsc;

#endif
