/* Random numbers for secrets: where they come from, and whether they deserve the name. */
#ifndef KERNEL_ENTROPY_H
#define KERNEL_ENTROPY_H

#include <stddef.h>

enum entropy_status {
	ENTROPY_NONE,	/* no source: who needs secrets must refuse */
	ENTROPY_UNSAFE, /* no source, but the command line says to go on: guessable */
	ENTROPY_GOOD,
};

/*
 * Bytes from a device that produces them (virtio-rng), before entropy_init(). More calls are better,
 * never worse. They count as a source when there are at least ENTROPY_MIN_BYTES in one call.
 */
#define ENTROPY_MIN_BYTES 16
void entropy_add(const void *p, size_t n);

/* Decide the status, seed the generator. */
void entropy_init(void);

enum entropy_status entropy_status(void);

/* Any number of bytes. With ENTROPY_NONE they are as bad as with ENTROPY_UNSAFE. */
void entropy_fill(void *p, size_t n);

#endif
