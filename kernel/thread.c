/*
 * Cooperative threads; see thread.h.
 *
 * A thread is in one place: running, on the run queue, on a wait queue or parked, or done. The idle
 * context is the boot stack and no thread; it runs when the run queue is empty. A thread that ends
 * cannot unmap the stack it stands on: whoever runs next does (reap).
 */
#include "kernel/thread.h"

#include <holm/errno.h>

#include "arch/context.h"
#include "arch/cpu.h"
#include "arch/paging.h"
#include "kernel/deadlines.h"
#include "kernel/idle.h"
#include "kernel/mem.h"
#include "kernel/panic.h"
#include "lib/assert.h"
#include "lib/mem.h"

enum state { THREAD_FREE, THREAD_RUNNABLE, THREAD_RUNNING, THREAD_WAITING, THREAD_DONE };

#define SLOT_BYTES (THREAD_STACK_MAX + PAGE_BYTES)

/* One per slot of the stack window. Valid from create until joined, or until its end if detached. */
struct thread {
	struct context context;
	struct list_node link; /* run queue or wait queue */
	struct deadline deadline;
	enum state state;
	bool timed_out; /* why the last wait ended */
	bool permit;	/* an unpark nobody has used */
	bool parked;	/* waiting in thread_park() */
	bool detached;
	bool joined; /* somebody waits in thread_join() */
	unsigned id;
	size_t stack_pages;
	void (*fn)(void *);
	void *arg;
	void *value;
	void *libc;
	void *tls;
	struct waitq joiners;
	char name[THREAD_NAME_MAX];
};

static struct thread threads[THREADS_MAX];
static struct thread *current;
static struct context idle_context;
static struct list run_queue;
static struct deadline *heap[THREADS_MAX];
static struct deadlines deadlines = { heap, 0, THREADS_MAX };
static struct thread *to_reap;
static void *loaded_tls;
static void (*exit_hook)(void *libc);
static struct thread_stats stats;

void thread_init(void)
{
	list_init(&run_queue);
}

static uintptr_t slot_base(const struct thread *t)
{
	return PAGING_STACKS_BASE + (uintptr_t)(t - threads) * SLOT_BYTES;
}

static uintptr_t stack_bottom(const struct thread *t)
{
	return slot_base(t) + SLOT_BYTES - t->stack_pages * PAGE_BYTES;
}

bool thread_is_stack_guard(uintptr_t addr)
{
	extern char boot_stack_guard[], trap_stack_guard[];
	uintptr_t slot = (addr - PAGING_STACKS_BASE) / SLOT_BYTES;

	if (addr - (uintptr_t)boot_stack_guard < PAGE_BYTES ||
	    addr - (uintptr_t)trap_stack_guard < PAGE_BYTES)
		return true;
	return addr >= PAGING_STACKS_BASE && slot < THREADS_MAX &&
	       addr < stack_bottom(&threads[slot]);
}

/* ---- running ---- */

static void release(struct thread *t)
{
	t->state = THREAD_FREE;
	stats.alive--;
}

/* The first thing after every switch: the previous thread may have ended. */
static void reap(void)
{
	struct thread *t = to_reap;

	if (t == NULL)
		return;
	to_reap = NULL;
	mem_unmap(stack_bottom(t), t->stack_pages);
	if (t->detached)
		release(t);
}

static void load_tls(void *tls)
{
	if (tls == loaded_tls)
		return;
	loaded_tls = tls;
	cpu_set_tls(tls);
}

/* Go on with `next`, NULL being the idle context. The state of the current one is set already. */
static void switch_to(struct thread *next)
{
	struct context *from = current != NULL ? &current->context : &idle_context;
	const struct context *to = next != NULL ? &next->context : &idle_context;

	if (next == current) {
		if (next != NULL)
			next->state = THREAD_RUNNING;
		return;
	}
	current = next;
	if (next != NULL) {
		next->state = THREAD_RUNNING;
		load_tls(next->tls);
	}
	stats.switches++;
	context_switch(from, to);
	reap();
}

static struct thread *pop_runnable(void)
{
	struct list_node *n = list_pop_front(&run_queue);

	return n != NULL ? container_of(n, struct thread, link) : NULL;
}

/* Leave the processor: to the next runnable thread, else to the idle context. */
static void give_way(void)
{
	idle_poll_if_due();
	switch_to(pop_runnable());
}

bool thread_run(void)
{
	struct thread *next = pop_runnable();

	if (next == NULL)
		return false;
	switch_to(next);
	return true;
}

bool thread_is_any_runnable(void)
{
	return !list_is_empty(&run_queue);
}

static void make_runnable(struct thread *t)
{
	if (list_is_linked(&t->link))
		list_remove(&t->link);
	deadlines_remove(&deadlines, &t->deadline);
	t->parked = false;
	t->state = THREAD_RUNNABLE;
	list_push_back(&run_queue, &t->link);
}

uint64_t thread_expire(uint64_t now_ns)
{
	struct deadline *first;

	while ((first = deadlines_first(&deadlines)) != NULL && first->at_ns <= now_ns) {
		struct thread *t = container_of(first, struct thread, deadline);

		t->timed_out = true;
		make_runnable(t);
	}
	return first != NULL ? first->at_ns : CLOCK_NEVER;
}

/* ---- waiting ---- */

/* The caller has put the thread where its waker will find it. */
static int wait_until(uint64_t deadline_ns)
{
	struct thread *t = current;

	t->timed_out = false;
	t->state = THREAD_WAITING;
	if (deadline_ns != CLOCK_NEVER)
		deadlines_add(&deadlines, &t->deadline, deadline_ns);
	give_way();
	return t->timed_out ? -HOLM_ETIMEDOUT : 0;
}

int waitq_wait(struct waitq *q, uint64_t deadline_ns)
{
	ASSERT(current != NULL);
	list_push_back(&q->threads, &current->link);
	return wait_until(deadline_ns);
}

bool waitq_wake_one(struct waitq *q)
{
	struct list_node *n = list_first(&q->threads);

	if (n == NULL)
		return false;
	make_runnable(container_of(n, struct thread, link));
	return true;
}

unsigned waitq_wake_all(struct waitq *q)
{
	unsigned n = 0;

	while (waitq_wake_one(q))
		n++;
	return n;
}

int thread_park(uint64_t deadline_ns)
{
	struct thread *t = current;

	ASSERT(t != NULL);
	if (t->permit) {
		t->permit = false;
		return 0;
	}
	t->parked = true;
	return wait_until(deadline_ns);
}

void thread_unpark(struct thread *t)
{
	if (t->parked)
		make_runnable(t);
	else
		t->permit = true;
}

void thread_sleep_until(uint64_t deadline_ns)
{
	ASSERT(current != NULL);
	wait_until(deadline_ns);
}

void thread_yield(void)
{
	ASSERT(current != NULL);
	current->state = THREAD_RUNNABLE;
	list_push_back(&run_queue, &current->link);
	give_way();
}

/* ---- beginning and end ---- */

static void start(void *arg)
{
	struct thread *t = arg;

	reap();
	t->fn(t->arg);
	thread_exit(NULL);
}

static struct thread *find_free(void)
{
	for (unsigned i = 0; i < THREADS_MAX; i++) {
		if (threads[i].state == THREAD_FREE)
			return &threads[i];
	}
	return NULL;
}

static void set_name(struct thread *t, const char *name)
{
	size_t n = 0;

	for (; name[n] != '\0' && n < THREAD_NAME_MAX - 1; n++)
		t->name[n] = name[n];
	t->name[n] = '\0';
}

int thread_create(struct thread **out, const struct thread_attr *attr, void (*fn)(void *),
		  void *arg)
{
	static const struct thread_attr none;
	static unsigned last_id;
	const struct thread_attr *a = attr != NULL ? attr : &none;
	size_t stack_bytes = a->stack_bytes != 0 ? a->stack_bytes : THREAD_STACK_DEFAULT;
	struct thread *t = find_free();
	size_t pages = mem_pages_for(stack_bytes);

	if (stack_bytes > THREAD_STACK_MAX)
		return -HOLM_EINVAL;
	if (t == NULL)
		return -HOLM_EAGAIN;
	if (mem_map(slot_base(t) + SLOT_BYTES - pages * PAGE_BYTES, pages) != 0)
		return -HOLM_ENOMEM;
	*t = (struct thread){ .fn = fn, .arg = arg, .stack_pages = pages, .detached = a->detached };
	t->id = ++last_id;
	waitq_init(&t->joiners);
	set_name(t, a->name != NULL ? a->name : "thread");
	context_init(&t->context, (void *)(slot_base(t) + SLOT_BYTES), start, t);
	if (++stats.alive > stats.most)
		stats.most = stats.alive;
	make_runnable(t);
	if (out != NULL)
		*out = t;
	return 0;
}

void thread_exit(void *value)
{
	struct thread *t = current;

	ASSERT(t != NULL);
	if (exit_hook != NULL && t->libc != NULL)
		exit_hook(t->libc);
	t->value = value;
	t->state = THREAD_DONE;
	waitq_wake_all(&t->joiners);
	idle_poll_if_due();
	to_reap = t;
	switch_to(pop_runnable());
	panic("thread %s ran after its end", t->name);
}

int thread_join(struct thread *t, void **value, uint64_t deadline_ns)
{
	if (t == current || t->detached || t->joined)
		return -HOLM_EINVAL;
	t->joined = true;
	while (t->state != THREAD_DONE) {
		int err = waitq_wait(&t->joiners, deadline_ns);

		if (err != 0 && t->state != THREAD_DONE) {
			t->joined = false;
			return err;
		}
	}
	if (value != NULL)
		*value = t->value;
	release(t);
	return 0;
}

int thread_detach(struct thread *t)
{
	if (t->detached || t->joined)
		return -HOLM_EINVAL;
	t->detached = true;
	if (t->state == THREAD_DONE)
		release(t);
	return 0;
}

/* ---- asking ---- */

struct thread *thread_self(void)
{
	return current;
}

const char *thread_name(const struct thread *t)
{
	return t != NULL ? t->name : "idle";
}

unsigned thread_id(const struct thread *t)
{
	return t->id;
}

void *thread_libc(void)
{
	return current != NULL ? current->libc : NULL;
}

void thread_set_libc(void *p)
{
	ASSERT(current != NULL);
	current->libc = p;
}

void thread_on_exit(void (*fn)(void *libc))
{
	exit_hook = fn;
}

void thread_set_tls(void *p)
{
	ASSERT(current != NULL);
	current->tls = p;
	load_tls(p);
}

void thread_get_stats(struct thread_stats *s)
{
	*s = stats;
}
