/*
 * What stands for the board under text_bytes.thumb: memory and numbers, in as few bytes as it goes. The entry
 * is main() itself; nothing of it is meant to run.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static uint8_t memory[128 * 1024];
static size_t taken;
static uint32_t seed;

void *aligned_alloc(size_t align, size_t size)
{
	size_t at = (taken + align - 1) / align * align;

	taken = at + size;
	return memory + at;
}

void free(void *p)
{
	(void)p;
}

int rand(void)
{
	return (int)((seed = seed * 1664525 + 1013904223) >> 8);
}
