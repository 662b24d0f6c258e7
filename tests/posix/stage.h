/* Where a case runs: a process of the host (stage_linux.c), or an instance of holm (stage_holm.c). */
#ifndef TESTS_POSIX_STAGE_H
#define TESTS_POSIX_STAGE_H

#include <stdbool.h>
#include <stddef.h>

/* Run one case, at most ten seconds. False: it failed, and `why` says how. */
bool stage_run(void (*run)(void), char *why, size_t len);

/* The case that runs ends here. */
__attribute__((noreturn)) void stage_fail(const char *file, int line, const char *text);

#endif
