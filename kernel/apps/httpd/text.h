/*
 * text.h -- a growing piece of text with a bound: strings, integers, columns, JSON strings.
 *
 * Stands in for printf, whose floating-point half would be a quarter of the image.
 */
#ifndef HTTPD_TEXT_H
#define HTTPD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Either a fixed buffer of the caller's (text_over) or one that grows on the heap up to max_bytes
 * (text_growing). What does not fit is left out and remembered in `failed`.
 */
struct text {
	char *data;
	size_t len;
	size_t cap;
	size_t max_bytes;
	bool failed;
};

struct text text_over(char *buf, size_t bytes);
struct text text_growing(size_t max_bytes);
void text_free(struct text *t); /* only of a growing one */

void text_bytes(struct text *t, const char *s, size_t len);
void text_add(struct text *t, const char *s);
void text_char(struct text *t, char c);
void text_u64(struct text *t, uint64_t value);

/* Digits with leading zeros up to `width`. */
void text_u64_padded(struct text *t, uint64_t value, unsigned width);

/* `value` thousandths as a decimal number without trailing zeros: 1500 is "1.5". */
void text_thousandths(struct text *t, uint64_t value);

/* Blanks until the text since `start` is `width` long; one at least, so that columns stay apart. */
void text_column(struct text *t, size_t start, size_t width);

/* The string in quotes, with what JSON does not allow inside escaped. */
void text_json(struct text *t, const char *s);

#endif
