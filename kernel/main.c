/*
 * The image's table of contents: what happens from the first C line to the program's main().
 * The order is a contract; see kernel/README.md.
 */
#include <stddef.h>

#include "arch/boot.h"
#include "arch/irq.h"
#include "arch/paging.h"
#include "kernel/clock.h"
#include "kernel/cmdline.h"
#include "kernel/console.h"
#include "kernel/entropy.h"
#include "kernel/exit.h"
#include "kernel/idle.h"
#include "kernel/initrd.h"
#include "kernel/log.h"
#include "kernel/main.h"
#include "kernel/mem.h"
#include "kernel/panic.h"
#include "kernel/panictest.h"
#include "kernel/thread.h"

/* printf of a C library takes 2 KiB, and programs are used to large stacks. */
#define MAIN_STACK_BYTES (128u * 1024)

static void *table_page(void)
{
	return mem_pages_alloc(1);
}

/* Leave the boot loader's page tables for our own. */
static void map_memory(const struct boot_info *boot)
{
	if (!paging_init(boot, table_page))
		panic("not enough memory for page tables");
	mem_reclaim(boot);
}

static void warn_about_words(void)
{
	const char *word;

	cmdline_get("hostname"); /* known, but asked for only when the program wants its name */
	if (cmdline_dropped() != 0)
		log_warn("command line: %u words too many were dropped", cmdline_dropped());
	for (unsigned i = 0; (word = cmdline_unused(i)) != NULL; i++)
		log_warn("command line: nobody knows the word %s", word);
}

static void main_thread(void *boot)
{
	const struct boot_info *b = boot;
	int argc = cmdline_argc();
	char **argv = cmdline_argv();
	char **env = cmdline_env();

	panictest_run();
	if (b->cmdline_cut)
		log_warn("command line: longer than %d bytes, cut", BOOT_CMDLINE_MAX - 1);
	warn_about_words();
	if (libc_start != NULL)
		libc_start(argc, argv, env);
	else if (main != NULL)
		kernel_exit(main(argc, argv, env));
	panic("the image has no main()");
}

static void start_main_thread(const struct boot_info *boot)
{
	static const struct thread_attr attr = { .name = "main",
						 .stack_bytes = MAIN_STACK_BYTES,
						 .detached = true };

	if (thread_create(NULL, &attr, main_thread, (void *)(uintptr_t)boot) != 0)
		panic("not enough memory for the first thread");
}

void kernel_main(const struct boot_info *boot)
{
	console_init();		     /* something to complain on */
	cmdline_init(boot->cmdline); /* what we were told */
	log_init();		     /* lines with a time, from here on */
	exit_init();		     /* what to say at the end */
	mem_start(boot);	     /* all RAM has an owner */
	map_memory(boot);	     /* write xor execute */
	irq_init();		     /* every line masked */
	clock_init();		     /* nanoseconds */
	thread_init();		     /* this context becomes the idle one */
	initrd_init(boot);	     /* the read-only tree */
	if (drivers_start != NULL)
		drivers_start(); /* devices, virtio-rng among them */
	entropy_init();		 /* decides whether secrets can be made */
	if (net_start != NULL)
		net_start();	 /* the stack and its poller */
	start_main_thread(boot); /* the program */
	idle_run();		 /* for ever */
}
