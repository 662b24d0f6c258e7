/*
 * Formatting and number parsing without a C library. Nothing is allocated.
 *
 * Conversions: %s %c %d %i %u %x %X %p %%, lengths hh h l ll z, a width, the flags 0 and -, and a
 * precision for %s. Width and precision may be *. No floating point, no %n. What is not understood
 * is printed as it stands. The compiler checks arguments against the format.
 *
 *	char line[80];
 *	struct fmt_out out = fmt_to_buffer(line, sizeof(line));
 *	fmt_printf(&out, "%-8s %5u", name, count);
 *
 * A buffer always ends in a NUL (if it has room for one) and never overflows; `len` says how many
 * bytes the whole text has, so len >= size means that it was cut. A sink gets text in pieces.
 */
#ifndef LIB_FMT_H
#define LIB_FMT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"

/* Takes n bytes of text, not terminated. */
typedef void fmt_sink(void *ctx, const char *text, size_t n);

/* Where text goes: a buffer, or a sink. Calls append. */
struct fmt_out {
	char *buf;
	size_t size; /* of buf, the NUL included */
	size_t len;  /* bytes of text so far, those that did not fit included */
	fmt_sink *sink;
	void *ctx;
};

struct fmt_out fmt_to_buffer(char *buf, size_t size);
struct fmt_out fmt_to_sink(fmt_sink *sink, void *ctx);

/* Each returns how many bytes it appended or would have. */
size_t fmt_write(struct fmt_out *out, const char *text, size_t n);
size_t fmt_puts(struct fmt_out *out, const char *text);
size_t fmt_printf(struct fmt_out *out, const char *format, ...) format_printf(2, 3);
size_t fmt_vprintf(struct fmt_out *out, const char *format, va_list args) format_printf(2, 0);

/* One text into a buffer of its own; returns its whole length. */
size_t fmt_string(char *buf, size_t size, const char *format, ...) format_printf(3, 4);

/*
 * Reads the number at the start of n bytes of text, in base 10 or 16 and without sign or prefix.
 * Returns how many bytes it has; 0 if there is no digit or the number is above `max`.
 */
must_check size_t fmt_parse_u64(const char *text, size_t n, unsigned base, uint64_t max,
				uint64_t *value);

#endif
