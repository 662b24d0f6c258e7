/*
 * The stack of a process: one instance, one thread that drives it, one lock around every call. It begins
 * with the first socket that is holm's, so a program that forks before that takes nothing with it; a
 * child that is forked later has lost it.
 */
#ifndef PRELOAD_STACK_H
#define PRELOAD_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/sys/process.h"

/* Begin, if it has not. 0; -ENODEV (said on stderr why); -ENETDOWN: a forked child. */
int stack_start(void);

/* Does the calling thread make it just now? Then what it opens is the host's. */
bool stack_is_starting(void);

/* Is there a stack, and are we the process that has it? Lost by fork() and exit(). */
bool stack_is_here(void);

/*
 * The same, also of a child of vfork(), which shares our memory but not our descriptors: what it closes
 * are its own.
 */
bool stack_is_ours(void);

/* Around every call into kernel/sys. */
struct process *stack_enter(void);
/* Sends what the call has left to be sent, publishes readiness, wakes who is to be woken. */
void stack_leave(void);

/* Has a signal ended the calling thread's sleep since its last stack_enter()? */
bool stack_was_interrupted(void);

/* For the rest of the call: a handler ends a sleep also where SA_RESTART would go on with it. */
void stack_never_restart(void);

/* The program ends: connections get a moment to finish. */
void stack_exit(void);

#endif
