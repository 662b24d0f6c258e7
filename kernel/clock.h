/* Time: monotonic nanoseconds since the first instruction, and the wall clock. */
#ifndef KERNEL_CLOCK_H
#define KERNEL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/clock.h"

/* A deadline that never comes. */
#define CLOCK_NEVER UINT64_MAX

/* Finds the machine's frequency and reads "time=" from the command line. Panics without a clock. */
void clock_init(void);

/* Monotonic. Hot. */
static inline uint64_t clock_now(void)
{
	return hwclock_now();
}

/* Nanoseconds since 1970. Counts from 1970 itself when nobody told the time. */
uint64_t clock_wall(void);
bool clock_wall_is_set(void);

/* Correct the wall clock, as clock_settime() asks. Deadlines do not move. */
void clock_set_wall(uint64_t wall_ns);

#endif
