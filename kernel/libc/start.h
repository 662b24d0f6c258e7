/* start.h -- when the program began. */
#ifndef LIBC_START_H
#define LIBC_START_H

#include <stdint.h>

/* On clock_now()'s clock, which starts with the machine: how long booting took. */
uint64_t libc_started_ns(void);

#endif
