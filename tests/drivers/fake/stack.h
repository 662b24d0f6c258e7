/*
 * What stands in for an instance of the stack: it remembers what a driver told it. Defines the
 * holm_net_ functions that drivers call.
 */
#ifndef TESTS_DRIVERS_FAKE_STACK_H
#define TESTS_DRIVERS_FAKE_STACK_H

#include <holm/net.h>

#define FAKE_STACK_FRAMES 512

struct fake_stack {
	struct holm_frame *rx[FAKE_STACK_FRAMES]; /* received, in order, kept */
	size_t rx_count;
	size_t rx_batches;
	size_t rx_batch_max;
	bool rx_drop; /* free at once what comes in, count only */
	size_t tx_done;
	size_t tx_ready;
	size_t link_changes;

	struct holm_pool *pool;
	void *pool_mem;
	void *region;
	size_t frames;
};

/* There is one at a time. `frames` frames, of which `reserve` are reserved. */
void fake_stack_init(struct fake_stack *s, size_t frames, uint32_t reserve);

/* Free what was received. */
void fake_stack_drain(struct fake_stack *s);

/* Drain; every frame must be back in the pool. */
void fake_stack_fini(struct fake_stack *s);

/* The same, for frames that a lost device still has. */
void fake_stack_abandon(struct fake_stack *s);

size_t fake_stack_free(const struct fake_stack *s);

/* A frame to send: `len` bytes counting up from `first`. */
struct holm_frame *fake_stack_frame(struct fake_stack *s, size_t len, uint8_t first);

/* What goes into dev->net. */
struct holm_net *fake_stack_net(struct fake_stack *s);

#endif
