/*
 * The loop of the TAP program. There is one thread: a blocking call of kernel/sys sleeps by turning the
 * world until somebody wakes it, so the application needs no thread of its own; what takes long between
 * calls is not polled meanwhile, as in the image.
 */
#ifndef TAP_LOOP_H
#define TAP_LOOP_H

#include "tools/tap/world.h"

/* For world_open(). */
extern const struct wait_ops loop_wait_ops;

/* After SIGINT or SIGTERM the program ends from within its next call. */
void loop_catch_signals(void);

/*
 * Close the application's descriptors, let its connections end (for two seconds at most), print what
 * was asked for, take everything down.
 */
void loop_close(struct world *w);

#endif
