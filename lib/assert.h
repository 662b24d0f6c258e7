/*
 * ASSERT: what only a programming error can make false. Always on, in every build.
 *
 * Never for bytes from the wire, for what a device says, or for memory that may run out: those are
 * checked, dropped and counted. The expression has no side effects.
 */
#ifndef LIB_ASSERT_H
#define LIB_ASSERT_H

#include "lib/compiler.h"

/*
 * Does not return. The library's own definition is weak and traps; an embedder who wants a message
 * defines the function (a kernel: its panic).
 */
__attribute__((noreturn, cold, visibility("default"))) void holm_assert_failed(const char *expr,
									       const char *file,
									       int line);

/* The same without words, for who counts bytes: where it was called from says which. */
__attribute__((noreturn, cold)) void assert_failed_silently(void);

#ifdef __OPTIMIZE_SIZE__
#define ASSERT(expr) (likely(expr) ? (void)0 : assert_failed_silently())
#else
#define ASSERT(expr) (likely(expr) ? (void)0 : holm_assert_failed(#expr, __FILE__, __LINE__))
#endif

#endif
