/* The end, with a report. */
#ifndef KERNEL_PANIC_H
#define KERNEL_PANIC_H

#include "lib/compiler.h"

/*
 * Print why, who called, and how to read it, and end the machine with the panic status. For what
 * cannot be repaired: broken invariants, and machines that lack what the image needs.
 */
__attribute__((noreturn, cold)) void panic(const char *fmt, ...) format_printf(1, 2);

#endif
