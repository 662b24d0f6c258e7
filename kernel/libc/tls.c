/*
 * tls.c -- blocks of thread-local variables (ELF TLS, local-exec model).
 *
 * The linker script delimits the pattern. On x86-64 (variant II of the TLS ABI) the variables lie below
 * the thread pointer, which points to a word that holds its own address.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernel/libc/thread.h"
#include "kernel/mem.h"

/* The strictest alignment that a thread-local variable may ask for; linker.ld aligns to it. */
enum { TLS_ALIGN = 16 };

extern const char tls_start[], tls_data_end[], tls_size[];

static size_t variables_bytes(void)
{
	size_t bytes = (size_t)(uintptr_t)tls_size;

	return (bytes + TLS_ALIGN - 1) / TLS_ALIGN * TLS_ALIGN;
}

int libc_tls_is_used(void)
{
	return variables_bytes() > 0;
}

/* Whole pages, which are aligned, and need no heap that would look for variables itself. */
static size_t block_pages(void)
{
	return mem_pages_for(variables_bytes() + sizeof(void *));
}

void *libc_tls_pointer(void *block)
{
	return (char *)block + variables_bytes();
}

void *libc_tls_new(void)
{
	char *block = mem_pages_alloc(block_pages());
	void *pointer;

	if (block == NULL)
		return NULL;
	memset(block, 0, variables_bytes());
	memcpy(block, tls_start, (size_t)(tls_data_end - tls_start));
	pointer = libc_tls_pointer(block);
	memcpy(pointer, &pointer, sizeof(pointer));
	return block;
}

void libc_tls_free(void *block)
{
	if (block != NULL)
		mem_pages_free(block, block_pages());
}
