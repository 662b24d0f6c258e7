/* pattern.c -- see pattern.h. */
#include "pattern.h"

static unsigned char table[PATTERN_PERIOD];

void pattern_init(void)
{
	for (unsigned j = 0; j < PATTERN_PERIOD; j++)
		table[j] = (unsigned char)(j + (j >> 8));
}

const void *pattern_at(uint64_t i, size_t *n)
{
	size_t j = (size_t)(i % PATTERN_PERIOD);

	if (*n > PATTERN_PERIOD - j)
		*n = PATTERN_PERIOD - j;
	return table + j;
}
