/* Tests of drivers/uart/ns16550.h against a port that remembers what was written. */
#include "drivers/uart/ns16550.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "arch/io.h"

struct fake {
	char sent[64];
	size_t sent_len;
	uint8_t scratch;
	uint8_t line;
	bool absent;
	bool stuck;
};

static uint64_t fake_read(void *ctx, uintptr_t addr, unsigned bytes, int is_port)
{
	struct fake *f = ctx;

	assert_int_equal(bytes, 1);
	assert_true(is_port);
	if (f->absent)
		return 0xff;
	switch (addr - NS16550_COM1) {
	case 5:
		return f->stuck ? 0 : 0x60;
	case 7:
		return f->scratch;
	default:
		return 0;
	}
}

static void fake_write(void *ctx, uintptr_t addr, unsigned bytes, uint64_t value, int is_port)
{
	struct fake *f = ctx;

	assert_int_equal(bytes, 1);
	assert_true(is_port);
	if (addr == NS16550_COM1 + 7)
		f->scratch = (uint8_t)value;
	if (addr == NS16550_COM1 + 3)
		f->line = (uint8_t)value;
	if (addr == NS16550_COM1 && (f->line & 0x80) == 0)
		f->sent[f->sent_len++] = (char)value;
}

static const struct host_io_ops ops = { fake_read, fake_write };

static int detach(void **state)
{
	(void)state;
	host_io_attach(NULL, NULL);
	return 0;
}

static void bytes_reach_the_port_in_order(void **state)
{
	struct fake f = { .sent_len = 0 };
	struct ns16550 u;

	(void)state;
	host_io_attach(&ops, &f);
	ns16550_init(&u, NS16550_COM1);
	assert_true(u.present);
	assert_int_equal(f.line, 3);
	ns16550_write(&u, "hello\n", 6);
	assert_int_equal(f.sent_len, 6);
	assert_memory_equal(f.sent, "hello\n", 6);
}

static void a_missing_port_swallows_everything(void **state)
{
	struct fake f = { .absent = true };
	struct ns16550 u;

	(void)state;
	host_io_attach(&ops, &f);
	ns16550_init(&u, NS16550_COM1);
	assert_false(u.present);
	ns16550_write(&u, "hello", 5);
	assert_int_equal(f.sent_len, 0);
}

static void a_port_that_never_gets_ready_is_given_up(void **state)
{
	struct fake f = { .stuck = true };
	struct ns16550 u;

	(void)state;
	host_io_attach(&ops, &f);
	ns16550_init(&u, NS16550_COM1);
	ns16550_write(&u, "hello", 5);
	assert_int_equal(f.sent_len, 0);
	assert_false(u.present);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bytes_reach_the_port_in_order, NULL, detach),
		cmocka_unit_test_setup_teardown(a_missing_port_swallows_everything, NULL, detach),
		cmocka_unit_test_setup_teardown(a_port_that_never_gets_ready_is_given_up, NULL,
						detach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
