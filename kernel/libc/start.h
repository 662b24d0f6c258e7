/* start.h -- how a program begins and ends. */
#ifndef LIBC_START_H
#define LIBC_START_H

#include <stdint.h>

/* On clock_now()'s clock, which starts with the machine: how long booting took. */
uint64_t libc_started_ns(void);

/* Close what it has open, and give its connections a moment to end well. */
void libc_leave(void);

#endif
