/*
 * The four functions that lib/ and net/ take from outside: memcpy, memmove, memset, memcmp.
 *
 * A freestanding build has no <string.h>, and its compiler would call memcpy even for two bytes;
 * there the names mean the compiler's builtins, which become a move where the size is a small
 * constant and a call of the same name elsewhere. A hosted build (tests, tools) has both already.
 */
#ifndef LIB_MEM_H
#define LIB_MEM_H

#include <stddef.h>

#if __STDC_HOSTED__
#include <string.h>
#else
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
#define memcpy(dst, src, n) __builtin_memcpy(dst, src, n)
#define memmove(dst, src, n) __builtin_memmove(dst, src, n)
#define memset(dst, c, n) __builtin_memset(dst, c, n)
#define memcmp(a, b, n) __builtin_memcmp(a, b, n)
#endif

#endif
