/*
 * The idle loop. The order of its steps is what loses no wake-up: remember the count of interrupts,
 * poll, and halt only if the count is still the same with interrupts off.
 */
#include "kernel/idle.h"

#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/irq.h"
#include "kernel/thread.h"
#include "lib/assert.h"
#include "lib/compiler.h"

struct poller {
	idle_poller poll;
	void *ctx;
};

static struct poller pollers[IDLE_POLLERS_MAX];
static unsigned poller_count;
static uint64_t last_poll_ns;
static bool polling;
static struct idle_stats stats;

void idle_register(idle_poller poll, void *ctx)
{
	ASSERT(poller_count < IDLE_POLLERS_MAX);
	pollers[poller_count++] = (struct poller){ poll, ctx };
}

/* Sleeping threads first: they may want to run before more work is fetched. */
static uint64_t poll_all(uint64_t now_ns)
{
	uint64_t next;

	ASSERT(!polling);
	polling = true;
	next = thread_expire(now_ns);
	for (unsigned i = 0; i < poller_count; i++)
		next = min_u64(next, pollers[i].poll(pollers[i].ctx, now_ns));
	polling = false;
	last_poll_ns = now_ns;
	return next;
}

void idle_poll_if_due(void)
{
	uint64_t now_ns = clock_now();

	if (likely(now_ns - last_poll_ns < IDLE_POLL_NS))
		return;
	stats.polls_busy++;
	poll_all(now_ns);
}

void idle_poll_now(void)
{
	stats.polls_busy++;
	poll_all(clock_now());
}

static void sleep_until(uint64_t deadline_ns, uint32_t irqs_seen)
{
	uint64_t begin_ns = clock_now();

	cpu_irq_disable();
	if (irq_total != irqs_seen) {
		stats.raced++;
	} else if (deadline_ns > begin_ns) {
		if (deadline_ns == IDLE_NEVER)
			hwtimer_stop();
		else
			hwtimer_arm(deadline_ns);
		cpu_wait_for_irq();
		stats.sleeps++;
		stats.slept_ns += clock_now() - begin_ns;
	}
	cpu_irq_enable();
}

void idle_run(void)
{
	cpu_irq_enable();
	for (;;) {
		uint32_t irqs_seen = irq_total;
		uint64_t next_ns = poll_all(clock_now());

		stats.rounds++;
		if (!thread_run())
			sleep_until(next_ns, irqs_seen);
	}
}

void idle_get_stats(struct idle_stats *s)
{
	*s = stats;
}
