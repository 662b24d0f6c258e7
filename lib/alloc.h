/*
 * Memory as the objects of lib/ ask for it: through operations that their owner supplies.
 *
 * There is no heap here. An owner fills in one struct allocator and lends it to its tables.
 */
#ifndef LIB_ALLOC_H
#define LIB_ALLOC_H

#include <stddef.h>

struct allocator {
	/* Aligned for any object; its contents do not matter. NULL is an ordinary answer. */
	void *(*alloc)(void *ctx, size_t size);
	/* `size` as it was asked for. */
	void (*free)(void *ctx, void *p, size_t size);
	void *ctx;
};

#endif
