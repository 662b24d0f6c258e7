/* The processor: interrupts on and off, waiting, the thread pointer. */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)
#include "arch/x86_64/cpu.h"
#endif

/*
 * cpu_irq_disable(), cpu_irq_enable(): the image runs with interrupts on except in the idle loop's
 * last look and in a panic. cpu_irq_save() turns them off and returns what cpu_irq_restore() takes.
 *
 * cpu_wait_for_irq(): called with interrupts off; turns them on and sleeps until one comes, in such a
 * way that one already pending ends the sleep; returns with interrupts off again.
 *
 * cpu_stop(): for ever.
 *
 * cpu_set_tls(p): the C library's thread pointer.
 */

#endif
