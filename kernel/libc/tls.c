/*
 * tls.c -- blocks of thread-local variables (ELF TLS, local-exec model).
 *
 * The linker script delimits the pattern. On x86-64 (variant II of the TLS ABI) the variables lie below
 * the thread pointer, which points to a word that holds its own address.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/libc/thread.h"

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

void *libc_tls_pointer(void *block)
{
	uintptr_t at = ((uintptr_t)block + TLS_ALIGN - 1) / TLS_ALIGN * TLS_ALIGN;

	return (void *)(at + variables_bytes());
}

void *libc_tls_new(void)
{
	size_t bytes = variables_bytes() + TLS_ALIGN + sizeof(void *);
	void *block = calloc(1, bytes);
	char *pointer;

	if (block == NULL)
		return NULL;
	pointer = libc_tls_pointer(block);
	memcpy(pointer - variables_bytes(), tls_start, (size_t)(tls_data_end - tls_start));
	memcpy(pointer, &pointer, sizeof(pointer));
	return block;
}

void libc_tls_free(void *block)
{
	free(block);
}
