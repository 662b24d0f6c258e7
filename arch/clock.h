/*
 * The machine's clock and its one timer.
 *
 * Both speak nanoseconds since the image's first instruction, so that nobody above knows what a tick
 * is. Setting up costs at most a few milliseconds, none when the hypervisor tells its frequency.
 */
#ifndef ARCH_CLOCK_H
#define ARCH_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Find the frequency and prepare the timer. After irq_init(). False: no way to measure time. */
bool hwclock_init(void);

/* Where the frequency came from, and what it is; for the log. */
const char *hwclock_source(void);
uint64_t hwclock_khz(void);

/* Nanoseconds since the first instruction; never goes back. Hot: no device is touched. */
uint64_t hwclock_now(void);

/*
 * Ask for an interrupt at `deadline_ns` or before: a timer that cannot reach so far comes early, and
 * the idle loop asks again. There is one timer; arming replaces.
 */
void hwtimer_arm(uint64_t deadline_ns);

/* No interrupt from the timer until it is armed again. */
void hwtimer_stop(void);

#endif
