/*
 * Ending the machine: QEMU's debug-exit device when there is one, else a reset, which QEMU turns into
 * its end under -no-reboot.
 */
#include "arch/exit.h"

#include "arch/cpu.h"
#include "arch/io.h"

/* The numbers of kernel/README.md; QEMU makes (value << 1) | 1 of them. */
#define PORT_DEBUG_EXIT 0xf4
#define EXIT_NORMAL 0x40u
#define EXIT_STATUS_MASK 0x3fu
#define EXIT_PANIC 0x20u

__attribute__((noreturn)) static void end(uint32_t value)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} no_idt = { 0, 0 };

	cpu_irq_disable();
	port_out32(PORT_DEBUG_EXIT, value);
	port_out8(0x64, 0xfe); /* the keyboard controller's reset line */
	__asm__ volatile("lidt %0\n\tint3" : : "m"(no_idt));
	cpu_stop();
}

void arch_exit(int status)
{
	end(EXIT_NORMAL | ((uint32_t)status & EXIT_STATUS_MASK));
}

void arch_panic_exit(void)
{
	end(EXIT_PANIC);
}
