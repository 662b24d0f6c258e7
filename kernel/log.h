/*
 * The log: lines with a time, on the console and in a ring that keeps the last of them.
 *
 * "loglevel=error|warn|info|debug" on the command line chooses what reaches the console; the ring
 * gets everything. Formats are lib/fmt.h's. A line longer than LOG_LINE_MAX is cut.
 */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include <stddef.h>

#include "lib/compiler.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* A line of a terminal and a half. */
#define LOG_LINE_MAX 160
/* The last forty lines or so; a power of two. */
#define LOG_RING_BYTES 4096

/* Reads loglevel=; until then everything up to LOG_INFO is shown. */
void log_init(void);

void log_error(const char *fmt, ...) format_printf(1, 2);
void log_warn(const char *fmt, ...) format_printf(1, 2);
void log_info(const char *fmt, ...) format_printf(1, 2);
void log_debug(const char *fmt, ...) format_printf(1, 2);

/* One line that is text already. */
void log_text(enum log_level level, const char *line, size_t len);

/* Console only, without a time and whatever the level: for a panic's report. */
void log_raw(const char *fmt, ...) format_printf(1, 2);

/* Copy the newest bytes of the ring, oldest first; returns how many. */
size_t log_copy(char *to, size_t max);

#endif
