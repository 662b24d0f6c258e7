/*
 * The command line: "key=value" words for the kernel, then "--", then the program's environment and
 * arguments. Grammar in kernel/README.md.
 */
#ifndef KERNEL_CMDLINE_H
#define KERNEL_CMDLINE_H

#include <stdbool.h>
#include <stdint.h>

/* Words are at least two bytes with their blank, and nobody types a hundred. */
#define CMDLINE_WORDS_MAX 128

/* Cut the text into words. Once, before anybody asks; again replaces everything. */
void cmdline_init(const char *text);

/* The value of the last "key=value", "" for a bare "key", NULL when neither is there. */
const char *cmdline_get(const char *key);

/* Is a switch on: "key" or "key=1"? */
bool cmdline_flag(const char *key);

/* The program's arguments; argv[0] is the image's name; NULL ends both arrays. */
int cmdline_argc(void);
char **cmdline_argv(void);
char **cmdline_env(void);

/*
 * Words before "--" that nobody has asked for: the i-th of them, NULL behind the last. Asked for
 * after boot, this tells a user about spelling mistakes.
 */
const char *cmdline_unused(unsigned i);

/* Words that did not fit. */
unsigned cmdline_dropped(void);

#endif
