/*
 * The local interrupt controller: end of interrupt, and the timer.
 *
 * Spec: Intel SDM volume 3, chapter 10. Registers are in memory (xAPIC), or behind MSRs when the
 * processor has x2APIC, where an access does not leave the guest. One processor, so no messages
 * between processors and no logical destinations.
 */
#include "arch/cpu.h"
#include "arch/io.h"
#include "arch/x86_64/x86.h"

#define MSR_APIC_BASE 0x1bu
#define APIC_BASE_X2APIC (1u << 10)
#define APIC_BASE_ENABLE (1u << 11)
#define MSR_X2APIC 0x800u
#define CPUID1_ECX_X2APIC (1u << 21)

enum {
	REG_ID = 0x20,
	REG_TASK_PRIORITY = 0x80,
	REG_EOI = 0xb0,
	REG_SPURIOUS = 0xf0,
	REG_LVT_TIMER = 0x320,
	REG_LVT_LINT0 = 0x350,
	REG_LVT_LINT1 = 0x360,
	REG_LVT_ERROR = 0x370,
	REG_TIMER_INITIAL = 0x380,
	REG_TIMER_CURRENT = 0x390,
	REG_TIMER_DIVIDE = 0x3e0,
};

#define LVT_MASKED (1u << 16)
#define LVT_TSC_DEADLINE (2u << 17)
#define SPURIOUS_ENABLE (1u << 8)
#define DIVIDE_BY_1 0xbu

static bool x2apic;

static uint32_t reg_read(unsigned reg)
{
	if (x2apic)
		return (uint32_t)cpu_read_msr(MSR_X2APIC + (reg >> 4));
	return mmio_read32(LAPIC_BASE + reg);
}

static void reg_write(unsigned reg, uint32_t v)
{
	if (x2apic)
		cpu_write_msr(MSR_X2APIC + (reg >> 4), v);
	else
		mmio_write32(LAPIC_BASE + reg, v);
}

void lapic_init(void)
{
	uint64_t base = LAPIC_BASE | APIC_BASE_ENABLE | (cpu_read_msr(MSR_APIC_BASE) & 0x100u);

	x2apic = (cpu_id(1, 0).ecx & CPUID1_ECX_X2APIC) != 0;
	cpu_write_msr(MSR_APIC_BASE, base);
	if (x2apic)
		cpu_write_msr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
	reg_write(REG_TASK_PRIORITY, 0);
	reg_write(REG_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	reg_write(REG_LVT_LINT0, LVT_MASKED);
	reg_write(REG_LVT_LINT1, LVT_MASKED);
	reg_write(REG_LVT_ERROR, LVT_MASKED);
	reg_write(REG_TIMER_DIVIDE, DIVIDE_BY_1);
	reg_write(REG_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
}

void lapic_eoi(void)
{
	reg_write(REG_EOI, 0);
}

uint8_t lapic_id(void)
{
	uint32_t id = reg_read(REG_ID);

	return (uint8_t)(x2apic ? id : id >> 24);
}

void lapic_timer_start(uint32_t ticks, bool irq)
{
	reg_write(REG_LVT_TIMER, VECTOR_TIMER | (irq ? 0 : LVT_MASKED));
	reg_write(REG_TIMER_INITIAL, ticks);
}

uint32_t lapic_timer_left(void)
{
	return reg_read(REG_TIMER_CURRENT);
}

void lapic_timer_deadline_mode(void)
{
	reg_write(REG_LVT_TIMER, VECTOR_TIMER | LVT_TSC_DEADLINE);
	/* The mode change must be seen before the first deadline is written (SDM 10.5.4.1). */
	__asm__ volatile("mfence" : : : "memory");
}
