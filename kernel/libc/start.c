/* start.c -- from the kernel's first thread to main() and back: constructors, exit, status. */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel/clock.h"
#include "kernel/exit.h"
#include "kernel/libc/start.h"
#include "kernel/libc/thread.h"
#include "kernel/main.h"

typedef void constructor(void);

/* From the linker script. */
extern constructor *const __preinit_array_start[], *const __preinit_array_end[];
extern constructor *const __init_array_start[], *const __init_array_end[];
extern constructor *const __fini_array_start[], *const __fini_array_end[];

static uint64_t started_ns;

uint64_t libc_started_ns(void)
{
	return started_ns;
}

static void run(constructor *const *from, constructor *const *to)
{
	while (from < to)
		(*from++)();
}

static void run_destructors(void)
{
	constructor *const *p = __fini_array_end;

	while (p > __fini_array_start)
		(*--p)();
}

void libc_start(int argc, char **argv, char **envp)
{
	started_ns = clock_now();
	libc_thread_begin();
	environ = envp;
	if (&__fini_array_end[0] != &__fini_array_start[0])
		atexit(run_destructors);
	run(__preinit_array_start, __preinit_array_end);
	run(__init_array_start, __init_array_end);
	exit(main(argc, argv, envp));
}

void _exit(int status)
{
	libc_leave();
	kernel_exit(status);
}
