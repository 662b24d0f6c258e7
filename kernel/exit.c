/* The ordinary end, and what kernel.stats=1 prints before it. */
#include "kernel/exit.h"

#include "arch/exit.h"
#include "arch/irq.h"
#include "kernel/clock.h"
#include "kernel/cmdline.h"
#include "kernel/idle.h"
#include "kernel/log.h"
#include "kernel/mem.h"
#include "kernel/thread.h"

static bool wants_stats;

void exit_init(void)
{
	wants_stats = cmdline_flag("kernel.stats");
}

/* One line each, "name value" pairs, for tests to read. */
static void print_stats(void)
{
	struct idle_stats idle;
	struct thread_stats thread;
	struct mem_stats mem;

	idle_get_stats(&idle);
	thread_get_stats(&thread);
	mem_get_stats(&mem);
	log_raw("stats: time_us %llu\n", (unsigned long long)(clock_now() / 1000));
	log_raw("stats: sleeps %llu slept_us %llu rounds %llu busy_polls %llu raced %llu irqs %lu\n",
		(unsigned long long)idle.sleeps, (unsigned long long)(idle.slept_ns / 1000),
		(unsigned long long)idle.rounds, (unsigned long long)idle.polls_busy,
		(unsigned long long)idle.raced, (unsigned long)irq_total);
	log_raw("stats: threads %u most %u switches %llu\n", thread.alive, thread.most,
		(unsigned long long)thread.switches);
	log_raw("stats: pages %zu free %zu least %zu heap %zu refused %zu\n", mem.total_pages,
		mem.free_pages, mem.free_low_pages, mem.heap_pages, mem.refused);
}

void kernel_exit(int status)
{
	if (wants_stats)
		print_stats();
	arch_exit(status);
}
