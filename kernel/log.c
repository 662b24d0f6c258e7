/* The log; see log.h. */
#include "kernel/log.h"

#include <stdarg.h>
#include <stdint.h>

#include "kernel/clock.h"
#include "kernel/cmdline.h"
#include "kernel/console.h"
#include "lib/fmt.h"

static char ring[LOG_RING_BYTES];
static size_t ring_at; /* bytes ever written */
static enum log_level shown = LOG_INFO;

static const char *const level_names[] = { "error: ", "warning: ", "", "" };

void log_init(void)
{
	const char *word = cmdline_get("loglevel");

	if (word == NULL)
		return;
	switch (word[0]) {
	case 'e':
		shown = LOG_ERROR;
		break;
	case 'w':
		shown = LOG_WARN;
		break;
	case 'd':
		shown = LOG_DEBUG;
		break;
	default:
		shown = LOG_INFO;
		break;
	}
}

static void ring_put(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ring[ring_at++ % LOG_RING_BYTES] = p[i];
}

size_t log_copy(char *to, size_t max)
{
	size_t n = ring_at < LOG_RING_BYTES ? ring_at : LOG_RING_BYTES;

	if (n > max)
		n = max;
	for (size_t i = 0; i < n; i++)
		to[i] = ring[(ring_at - n + i) % LOG_RING_BYTES];
	return n;
}

void log_text(enum log_level level, const char *line, size_t len)
{
	char text[LOG_LINE_MAX + 32];
	struct fmt_out out = fmt_to_buffer(text, sizeof(text));
	uint64_t us = clock_now() / 1000;

	fmt_printf(&out, "[%5u.%06u] %s", (unsigned)(us / 1000000), (unsigned)(us % 1000000),
		   level_names[level]);
	fmt_write(&out, line, min_size(len, sizeof(text) - 2 - out.len));
	fmt_puts(&out, "\n");
	ring_put(text, out.len);
	if (level <= shown)
		console_write(text, out.len);
}

static void log_format(enum log_level level, const char *fmt, va_list args)
{
	char line[LOG_LINE_MAX];
	struct fmt_out out = fmt_to_buffer(line, sizeof(line));

	fmt_vprintf(&out, fmt, args);
	log_text(level, line, min_size(out.len, sizeof(line) - 1));
}

void log_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_format(LOG_ERROR, fmt, args);
	va_end(args);
}

void log_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_format(LOG_WARN, fmt, args);
	va_end(args);
}

void log_info(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_format(LOG_INFO, fmt, args);
	va_end(args);
}

void log_debug(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_format(LOG_DEBUG, fmt, args);
	va_end(args);
}

static void to_console(void *ctx, const char *text, size_t n)
{
	(void)ctx;
	console_write(text, n);
}

void log_raw(const char *fmt, ...)
{
	struct fmt_out out = fmt_to_sink(to_console, NULL);
	va_list args;

	va_start(args, fmt);
	fmt_vprintf(&out, fmt, args);
	va_end(args);
}
