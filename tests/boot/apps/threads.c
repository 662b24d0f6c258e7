/*
 * Threads, waiting, time, idling and memory inside the image: a program that checks the kernel it
 * runs on and prints one "ok" or "not ok" line per behaviour. tests/boot/kernel.sh counts them.
 */
#include <holm/errno.h>

#include "arch/dma.h"
#include "arch/io.h"
#include "arch/irq.h"
#include "kernel/clock.h"
#include "kernel/entropy.h"
#include "kernel/idle.h"
#include "kernel/log.h"
#include "kernel/mem.h"
#include "kernel/thread.h"
#include "lib/mem.h"

int main(int argc, char **argv, char **envp);

static unsigned failures;

static void check(const char *name, int ok)
{
	log_raw("%s %s\n", ok ? "ok" : "not ok", name);
	failures += !ok;
}

static char trace[64];
static unsigned traced;

static void note(char c)
{
	if (traced < sizeof(trace) - 1)
		trace[traced++] = c;
}

static int traced_is(const char *s)
{
	unsigned i = 0;

	while (s[i] != '\0' && s[i] == trace[i])
		i++;
	traced = 0;
	return s[i] == '\0' && trace[i] == '\0';
}

static void begin_trace(void)
{
	memset(trace, 0, sizeof(trace));
	traced = 0;
}

static struct thread *spawn(void (*fn)(void *), void *arg)
{
	struct thread *t = 0;

	return thread_create(&t, 0, fn, arg) == 0 ? t : 0;
}

static void yielder(void *arg)
{
	for (int i = 0; i < 3; i++) {
		note(*(char *)arg);
		thread_yield();
	}
	thread_exit(arg);
}

static void test_order_and_join(void)
{
	static char a = 'a', b = 'b';
	struct thread *ta, *tb;
	void *va = 0, *vb = 0;

	begin_trace();
	ta = spawn(yielder, &a);
	tb = spawn(yielder, &b);
	thread_join(ta, &va, CLOCK_NEVER);
	thread_join(tb, &vb, CLOCK_NEVER);
	check("threads take turns in the order in which they yield", traced_is("ababab"));
	check("join returns what a thread exited with", va == &a && vb == &b);
}

static struct waitq queue = WAITQ_INIT(queue);

static void waiter(void *arg)
{
	if (waitq_wait(&queue, CLOCK_NEVER) == 0)
		note(*(char *)arg);
}

static void test_waitq(void)
{
	static char names[] = "xyz";
	struct thread *t[3];
	uint64_t deadline;

	begin_trace();
	for (int i = 0; i < 3; i++)
		t[i] = spawn(waiter, &names[i]);
	thread_yield();
	waitq_wake_one(&queue);
	thread_yield();
	check("wake_one wakes the one that has waited longest", trace[0] == 'x' && trace[1] == 0);
	check("wake_all wakes the rest", waitq_wake_all(&queue) == 2);
	for (int i = 0; i < 3; i++)
		thread_join(t[i], 0, CLOCK_NEVER);
	check("woken threads run in the order of waking", traced_is("xyz"));
	check("waking an empty queue wakes nobody", !waitq_wake_one(&queue));

	deadline = clock_now() + 3000000;
	check("a wait that nobody ends times out",
	      waitq_wait(&queue, deadline) == -HOLM_ETIMEDOUT && waitq_is_empty(&queue));
	check("a time-out never comes early", clock_now() >= deadline);
}

/* What a sleeper sleeps, in units of `nap_ns`. */
static uint64_t nap_ns;

static void sleeper(void *arg)
{
	unsigned naps = *(unsigned *)arg;

	thread_sleep_until(clock_now() + naps * nap_ns);
	note((char)('0' + naps));
}

static void sleep_three(void)
{
	static unsigned naps[3] = { 3, 1, 2 };
	struct thread *t[3];

	begin_trace();
	for (int i = 0; i < 3; i++)
		t[i] = spawn(sleeper, &naps[i]);
	for (int i = 0; i < 3; i++)
		thread_join(t[i], 0, CLOCK_NEVER);
}

static void test_sleep(void)
{
	struct idle_stats before, after;

	/*
	 * A host with other things to do may stop the machine for longer than all three sleep: then
	 * nobody waits any more when it goes on, and nothing was there to halt for. So they sleep
	 * for longer, until a time in which it was there.
	 */
	nap_ns = 4000000;
	do {
		idle_get_stats(&before);
		sleep_three();
		idle_get_stats(&after);
		nap_ns *= 2;
	} while (after.sleeps == before.sleeps && nap_ns < 1000000000);
	check("sleeping threads wake in the order of their deadlines", traced_is("123"));
	check("the processor was halted meanwhile", after.sleeps > before.sleeps);
	check("it was not woken more often than there was cause",
	      after.sleeps - before.sleeps <= 8);
	check("the idle loop did not spin", after.rounds - before.rounds <= 16);
}

static void parker(void *arg)
{
	note(thread_park(CLOCK_NEVER) == 0 ? 'p' : '?');
	(void)arg;
}

static void test_park(void)
{
	struct thread *t = spawn(parker, 0);

	begin_trace();
	thread_unpark(t);
	thread_unpark(t);
	thread_join(t, 0, CLOCK_NEVER);
	check("an unpark before the park is not lost", traced_is("p"));
	check("a park ends at its deadline", thread_park(clock_now() + 1000000) == -HOLM_ETIMEDOUT);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void test_many(void)
{
	struct thread *t[THREADS_MAX];
	struct mem_stats before, after;
	struct thread_stats threads;
	int err = 0;
	int n = 0;

	mem_get_stats(&before);
	while (n < THREADS_MAX && (err = thread_create(&t[n], 0, nothing, 0)) == 0)
		n++;
	check("thread number THREADS_MAX + 1, or one without memory, is refused",
	      err == -HOLM_EAGAIN || err == -HOLM_ENOMEM);
	for (int i = 0; i < n; i++)
		thread_join(t[i], 0, CLOCK_NEVER);
	for (int i = 0; i < 1000; i++) {
		static const struct thread_attr attr = { .name = "brief", .detached = true };

		if (thread_create(0, &attr, nothing, 0) != 0)
			n = 0;
		thread_yield();
	}
	thread_yield();
	mem_get_stats(&after);
	thread_get_stats(&threads);
	/* Tables for stacks never used before stay. */
	check("stacks of ended threads are given back",
	      n > 16 && before.free_pages - after.free_pages < 24);
	check("only this thread is left", threads.alive == 1);
}

static void set_rounding(unsigned mxcsr)
{
	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
}

static unsigned get_rounding(void)
{
	unsigned mxcsr;

	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	return mxcsr & 0x6000;
}

static void rounder(void *arg)
{
	(void)arg;
	note(get_rounding() == 0 ? 'n' : '?');
	set_rounding(0x1f80 | 0x4000);
	thread_yield();
	note(get_rounding() == 0x4000 ? 'u' : '?');
}

static void test_floating_point(void)
{
	struct thread *t;

	begin_trace();
	set_rounding(0x1f80 | 0x2000);
	t = spawn(rounder, 0);
	thread_yield();
	note(get_rounding() == 0x2000 ? 'd' : '?');
	thread_join(t, 0, CLOCK_NEVER);
	set_rounding(0x1f80);
	check("each thread has its own rounding mode", traced_is("ndu"));
}

static unsigned polls;
static uint64_t poll_every_ns;

static uint64_t poller(void *ctx, uint64_t now_ns)
{
	(void)ctx;
	polls++;
	if (polls == 5)
		waitq_wake_all(&queue);
	return poll_every_ns == 0 || polls >= 5 ? IDLE_NEVER : now_ns + poll_every_ns;
}

static void test_poller(void)
{
	struct idle_stats before, after;

	idle_register(poller, 0);
	polls = 0;
	poll_every_ns = 1000000;
	idle_get_stats(&before);
	waitq_wait(&queue, CLOCK_NEVER);
	idle_get_stats(&after);
	check("a poller is called at the deadlines it returned, and wakes threads", polls >= 5);
	check("the processor sleeps between a poller's deadlines", after.sleeps > before.sleeps);

	poll_every_ns = 0;
	polls = 10;
	for (uint64_t end = clock_now() + 1000000; clock_now() < end;)
		thread_yield();
	check("a thread that only yields does not starve pollers", polls > 10);
}

static void test_heap(void)
{
	struct mem_stats before, full, after;
	void *start, *p, *old;
	size_t run = 0;
	int err;

	mem_sbrk(0, &start);
	mem_get_stats(&before);
	check("sbrk grows by any amount", mem_sbrk(100000, &p) == 0 && p == start);
	memset(p, 0x5a, 100000);
	check("its memory is there", ((unsigned char *)p)[99999] == 0x5a);
	check("DMA from the heap is told where each page ends",
	      dma_addr((char *)p + 10, 100000, &run) != 0 && run <= PAGE_BYTES);
	check("memory of the image is its own bus address",
	      dma_addr(&run, 0, &run) != 0 && dma_addr(trace, 60, &run) == (uintptr_t)trace &&
		      run == 60);
	/* Page tables for the window stay: one for 512 pages. */
	while ((err = mem_sbrk(65536, &old)) == 0)
		;
	mem_get_stats(&full);
	check("sbrk ends with ENOMEM and leaves a reserve",
	      err == -HOLM_ENOMEM && full.free_pages >= MEM_RESERVE_PAGES);
	mem_sbrk(0, &old);
	check("sbrk goes back", mem_sbrk((char *)start - (char *)old, &p) == 0 && p == old);
	mem_get_stats(&after);
	check("what sbrk took is given back",
	      after.heap_pages == before.heap_pages &&
		      before.free_pages - after.free_pages < 64 + before.free_pages / 512);
	check("sbrk does not go below its start",
	      mem_sbrk(-((ptrdiff_t)1 << 40), &p) == -HOLM_ENOMEM);
}

static void test_pages(void)
{
	struct mem_stats before, after;
	void *list = 0;
	size_t n = 0;
	void *p;

	mem_get_stats(&before);
	p = mem_pages_alloc(256);
	check("a run of 1 MiB is aligned to 1 MiB", p != 0 && ((uintptr_t)p & 0xfffff) == 0);
	mem_pages_free(p, 256);
	while ((p = mem_pages_alloc(1)) != 0) {
		*(void **)p = list;
		list = p;
		n++;
	}
	check("every free page can be had", n == before.free_pages);
	while ((p = list) != 0) {
		list = *(void **)p;
		mem_pages_free(p, 1);
	}
	mem_get_stats(&after);
	p = mem_pages_alloc(256);
	check("and after that runs are whole again",
	      p != 0 && after.free_pages == before.free_pages);
	mem_pages_free(p, 256);
}

static void test_time_and_entropy(void)
{
	uint64_t a = clock_now();
	uint64_t words[2];

	check("the clock does not go back", clock_now() >= a);
	check("the wall clock is what the command line said",
	      clock_wall_is_set() && clock_wall() / 1000000000 - 1700000000 < 60);
	check("entropy is good", entropy_status() == ENTROPY_GOOD);
	entropy_fill(words, sizeof(words));
	check("random words differ", words[0] != words[1]);
}

/* ---- interrupts: the serial port says that it has nothing to send, on line 4 ---- */

#define UART_IRQ_ENABLE 0x3f9
#define UART_IRQ_CAUSE 0x3fa
#define UART_LINE 4

static struct irq_source uart_irq;

/* An emulator looks for interrupts between blocks of code, not between instructions. */
static void let_it_come(void)
{
	for (volatile int i = 0; i < 100; i++)
		;
}

/* Turning the interrupt off and on raises it, as the port is always empty; reading the cause ends it. */
static void raise_uart(void)
{
	port_out8(UART_IRQ_ENABLE, 0);
	port_out8(UART_IRQ_ENABLE, 2);
	let_it_come();
}

static uint64_t uart_poller(void *ctx, uint64_t now_ns)
{
	int *stage = ctx;

	(void)now_ns;
	if (*stage == 1 && thread_self() == 0) {
		/* The interrupt comes right here: after the idle loop looked, before it sleeps. */
		*stage = 2;
		raise_uart();
	} else if (*stage == 2 && irq_take(&uart_irq)) {
		*stage = 3;
		port_in8(UART_IRQ_CAUSE);
		irq_rearm(&uart_irq);
		waitq_wake_all(&queue);
	}
	return IDLE_NEVER;
}

static void test_lines(void)
{
	static int stage;
	struct idle_stats before, after;
	int counted, once, again, silent;

	check("a line that the machine does not have is refused",
	      !irq_connect(&(struct irq_source){ .count = 0 }, 500, IRQ_EDGE));
	check("a line is connected", irq_connect(&uart_irq, UART_LINE, IRQ_LEVEL_HIGH));
	check("nothing was counted yet", !irq_take(&uart_irq));
	/* Saying anything uses the port, so all of this is done before the results are told. */
	raise_uart();
	counted = irq_take(&uart_irq);
	once = uart_irq.count == 1 && uart_irq.masked && !irq_take(&uart_irq);
	irq_rearm(&uart_irq);
	let_it_come();
	again = uart_irq.count == 2;
	port_in8(UART_IRQ_CAUSE);
	irq_rearm(&uart_irq);
	let_it_come();
	silent = uart_irq.count == 2 && !uart_irq.masked && irq_take(&uart_irq);
	port_out8(UART_IRQ_ENABLE, 0);
	check("its interrupt is counted", counted);
	check("a level line that still asks is masked: one interrupt only", once);
	check("opened again while it asks, it interrupts again", again);
	check("served, it is silent", silent);

	idle_register(uart_poller, &stage);
	stage = 1;
	idle_get_stats(&before);
	waitq_wait(&queue, CLOCK_NEVER);
	port_out8(UART_IRQ_ENABLE, 0);
	idle_get_stats(&after);
	check("an interrupt between the last poll and the halt is not slept through", stage == 3);
	check("and it prevented the halt", after.raced == before.raced + 1);
}

static void test_messages(void)
{
	static struct irq_source src[64];
	struct irq_msi msi[64];
	int n = 0;

	while (n < 64 && irq_connect_msi(&src[n], &msi[n]))
		n++;
	check("messages have vectors of their own, until none is left",
	      n > 32 && n < 64 && msi[0].data != msi[1].data && msi[0].addr >> 20 == 0xfee);
}

/* The timer interrupts while vector registers are in use. */
static void test_interrupts_keep_registers(void)
{
	uint64_t end = clock_now() + 5000000;
	unsigned wrong = 0;

	while (clock_now() < end) {
		uint64_t out[2];
		static const uint64_t in[2] = { 0x0123456789abcdef, 0xfedcba9876543210 };

		hwtimer_arm(clock_now() + 20000);
		__asm__ volatile("movups %1, %%xmm5\n\t"
				 "movl $20000, %%ecx\n"
				 "1:\tdecl %%ecx\n\t"
				 "jnz 1b\n\t"
				 "movups %%xmm5, %0"
				 : "=m"(out)
				 : "m"(in)
				 : "xmm5", "ecx", "cc");
		wrong += out[0] != in[0] || out[1] != in[1];
	}
	check("vector registers survive interrupts", wrong == 0);
}

int main(int argc, char **argv, char **envp)
{
	check("arguments and environment come from the command line",
	      argc == 3 && argv[1][0] == 'o' && argv[2][0] == 't' && argv[3] == 0 && envp[0] != 0 &&
		      envp[0][0] == 'E' && envp[1] == 0);
	test_order_and_join();
	test_waitq();
	test_sleep();
	test_park();
	test_many();
	test_floating_point();
	test_poller();
	/* Taking all memory takes seconds where there are gigabytes; E=brief leaves it out. */
	if (envp[0] != 0 && envp[0][2] == '1') {
		test_heap();
		test_pages();
	}
	test_time_and_entropy();
	test_interrupts_keep_registers();
	test_lines();
	test_messages();
	return failures != 0 ? 1 : 42;
}
