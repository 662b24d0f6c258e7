/*
 * A stretch of bytes somewhere in memory. It lends: who made the span says how long it is valid.
 */
#ifndef LIB_SPAN_H
#define LIB_SPAN_H

#include <stddef.h>
#include <stdint.h>

/* To be written. */
struct span {
	uint8_t *p;
	size_t n;
};

/* To be read. */
struct cspan {
	const uint8_t *p;
	size_t n;
};

#endif
