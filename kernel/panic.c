/*
 * Panics: from panic(), a failed ASSERT, a broken stack guard, or an exception.
 *
 * A second one while the first is being reported only ends the machine: the report itself may be what
 * fails.
 */
#include "kernel/panic.h"

#include <stdarg.h>

#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/exit.h"
#include "arch/paging.h"
#include "kernel/log.h"
#include "kernel/thread.h"
#include "lib/assert.h"
#include "lib/fmt.h"

#define CALLERS_MAX 24u
#define REGS_PER_LINE 4u

__attribute__((noreturn)) void __stack_chk_fail(void);

static bool panicking;

static void begin(void)
{
	cpu_irq_disable();
	if (panicking)
		arch_panic_exit();
	panicking = true;
}

/* Return addresses, and the same once more as words to paste. */
static void print_callers(uintptr_t pc, uintptr_t fp)
{
	uintptr_t callers[CALLERS_MAX];
	unsigned n = backtrace_walk(fp, callers, CALLERS_MAX);

	if (pc != 0)
		log_raw("  at 0x%lx\n", (unsigned long)pc);
	for (unsigned i = 0; i < n; i++)
		log_raw("  from 0x%lx\n", (unsigned long)callers[i]);
	log_raw("  names: addr2line -pfie build/x86_64/APP.debug");
	if (pc != 0)
		log_raw(" %lx", (unsigned long)pc);
	/* A return address lies behind the call; one less lies in its line. */
	for (unsigned i = 0; i < n; i++)
		log_raw(" %lx", (unsigned long)callers[i] - 1);
	log_raw("\n");
}

__attribute__((noreturn)) static void end(void)
{
	log_raw("the machine stops here\n");
	arch_panic_exit();
}

void panic(const char *fmt, ...)
{
	char line[LOG_LINE_MAX];
	struct fmt_out out = fmt_to_buffer(line, sizeof(line));
	va_list args;

	begin();
	va_start(args, fmt);
	fmt_vprintf(&out, fmt, args);
	va_end(args);
	log_raw("\nPANIC: %s\n  thread %s\n", line, thread_name(thread_self()));
	print_callers(0, boot_frame_pointer());
	end();
}

void holm_assert_failed(const char *expr, const char *file, int line)
{
	panic("%s:%d: not true: %s", file, line, expr);
}

void __stack_chk_fail(void)
{
	panic("a function wrote beyond its local variables (stack protector)");
}

static void print_regs(const struct trap_info *t)
{
	for (unsigned i = 0; i < t->reg_count; i++) {
		log_raw("  %-5s %016llx%s", t->regs[i].name, (unsigned long long)t->regs[i].value,
			i % REGS_PER_LINE == REGS_PER_LINE - 1 || i + 1 == t->reg_count ? "\n"
											: "");
	}
}

void kernel_trap(const struct trap_info *t)
{
	begin();
	log_raw("\nPANIC: %s", t->name);
	if (t->what != NULL)
		log_raw(": %s", t->what);
	if (t->has_addr)
		log_raw(", address 0x%lx", (unsigned long)t->addr);
	log_raw("\n");
	if (t->has_addr && thread_is_stack_guard(t->addr))
		log_raw("  stack overflow\n");
	else if (t->has_addr && t->addr < PAGE_BYTES)
		log_raw("  null pointer\n");
	log_raw("  thread %s\n", thread_name(thread_self()));
	print_regs(t);
	print_callers(t->pc, t->fp);
	end();
}
