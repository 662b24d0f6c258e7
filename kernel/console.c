/* The console is the first serial port. */
#include "kernel/console.h"

#include "drivers/uart/ns16550.h"

static struct ns16550 uart;

void console_init(void)
{
	ns16550_init(&uart, NS16550_COM1);
}

void console_write(const void *p, size_t n)
{
	ns16550_write(&uart, p, n);
}
