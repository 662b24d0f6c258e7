/*
 * Memory with books: see books.h.
 */
#include "tests/support/books.h"

#include <stdlib.h>
#include <string.h>

static void *books_alloc(void *ctx, size_t size)
{
	struct books *b = ctx;
	void *p;

	if (b->fail)
		return NULL;
	p = malloc(size);
	if (p) {
		b->in_use += size;
		b->blocks++;
		memset(p, 0xa5, size);
	}
	return p;
}

static void books_free(void *ctx, void *p, size_t size)
{
	struct books *b = ctx;

	b->in_use -= size;
	b->blocks--;
	memset(p, 0x5a, size);
	free(p);
}

void books_init(struct books *b)
{
	*b = (struct books){ .memory = { .ctx = b, .alloc = books_alloc, .free = books_free } };
}
