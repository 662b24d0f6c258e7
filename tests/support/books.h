/*
 * books.h -- memory for the rings with books: what is in use, and whether the next call fails.
 */
#ifndef TESTS_SUPPORT_BOOKS_H
#define TESTS_SUPPORT_BOOKS_H

#include <holm/buf.h>

struct books {
	struct holm_memory memory; /* hand this on */
	size_t in_use;		   /* bytes */
	unsigned blocks;
	bool fail; /* every alloc from now on */
};

void books_init(struct books *b);

#endif
