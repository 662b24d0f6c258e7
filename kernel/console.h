/* The console: where the log and the program's standard output appear. */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include <stddef.h>

/* The first of all: before it, nothing can be said. */
void console_init(void);

/* Bytes as they are. Never blocks for long and never fails. */
void console_write(const void *p, size_t n);

#endif
