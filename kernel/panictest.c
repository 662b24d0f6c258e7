/* Panics on request; see panictest.h. Each provokes one protection and returns if that is missing. */
#include "kernel/panictest.h"

#include <stddef.h>
#include <stdint.h>

#include "kernel/cmdline.h"
#include "kernel/log.h"
#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/mem.h"

static bool is_word(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static void read_null(void)
{
	uintptr_t nowhere = 0;

	/* Hidden from the compiler, which would make something else of it. */
	__asm__ volatile("" : "+r"(nowhere));
	log_info("read %d from address 0", *(volatile int *)nowhere);
}

/* A return instruction in a page that may only hold data. */
static void execute_data(void)
{
	static volatile uint8_t code[] = { 0xc3 };
	void (*fn)(void) = (void (*)(void))(uintptr_t)code;

	fn();
}

static void write_text(void)
{
	*(volatile uint8_t *)(uintptr_t)panictest_run = 0;
}

/* Goes down a page at a time, as a deep recursion would. */
static void overflow_stack(void)
{
	volatile uint8_t *p = __builtin_frame_address(0);

	for (unsigned i = 0; i < 4096; i++) {
		p -= 1024;
		*p = 1;
	}
}

static void fail_assert(void)
{
	volatile int two = 2;

	ASSERT(two == 3);
}

never_inline static void write_beyond(volatile char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = 'x';
}

never_inline static void break_canary(void)
{
	char room[16];

	write_beyond(room, 48);
}

static void execute_undefined(void)
{
	__builtin_trap();
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "null", read_null },
	{ "exec", execute_data },
	{ "text", write_text },
	{ "stack", overflow_stack },
	{ "assert", fail_assert },
	{ "canary", break_canary },
	{ "undefined", execute_undefined },
};

void panictest_run(void)
{
	const char *word = cmdline_get("panic.test");

	for (size_t i = 0; word != NULL && i < ARRAY_LEN(tests); i++) {
		if (is_word(word, tests[i].name)) {
			tests[i].run();
			log_error("panic.test=%s was survived", word);
			return;
		}
	}
	if (word != NULL)
		log_error("panic.test=%s is unknown", word);
}
