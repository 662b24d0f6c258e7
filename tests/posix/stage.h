/* Where a case runs: a process of the host (stage_linux.c), or an instance of holm (stage_holm.c). */
#ifndef TESTS_POSIX_STAGE_H
#define TESTS_POSIX_STAGE_H

#include <stdbool.h>
#include <stddef.h>

/* Run one case, at most ten seconds. False: it failed, and `why` says how. */
bool stage_run(void (*run)(void), char *why, size_t len);

/* What alone(), give_up(), wire_in() and wire_out() do here; see posix.h. False: not possible, and why. */
bool stage_alone(const char **why);
void stage_give_up(int right);
void stage_wire_in(const void *frame, size_t len);
size_t stage_wire_out(void *frame, size_t len);
void stage_own_mac(unsigned char mac[6]);
/* The case that runs ends here: it cannot run. */
__attribute__((noreturn)) void stage_skip(const char *why);

/* The case that runs ends here. */
__attribute__((noreturn)) void stage_fail(const char *file, int line, const char *text);

/* A regular file, open for reading, of so many bytes, of which number `i` is stage_file_byte(i). */
int stage_open_file(void);
#define STAGE_FILE_BYTES 100000
static inline unsigned char stage_file_byte(size_t i)
{
	return (unsigned char)(i * 7 + (i >> 8));
}

#endif
