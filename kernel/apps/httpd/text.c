/* text.c -- see text.h. */
#include "text.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 1024 };

struct text text_over(char *buf, size_t bytes)
{
	struct text t = { .data = buf, .cap = bytes, .max_bytes = bytes };

	return t;
}

struct text text_growing(size_t max_bytes)
{
	struct text t = { .max_bytes = max_bytes };

	return t;
}

void text_free(struct text *t)
{
	free(t->data);
	*t = (struct text){ 0 };
}

static bool make_room(struct text *t, size_t more)
{
	size_t cap = t->cap > FIRST_BYTES ? t->cap : FIRST_BYTES;
	char *data;

	if (t->cap - t->len >= more)
		return true;
	if (t->cap == t->max_bytes || t->max_bytes - t->len < more)
		return false;
	while (cap - t->len < more)
		cap *= 2;
	if (cap > t->max_bytes)
		cap = t->max_bytes;
	data = realloc(t->data, cap);
	if (!data)
		return false;
	t->data = data;
	t->cap = cap;
	return true;
}

void text_bytes(struct text *t, const char *s, size_t len)
{
	if (t->failed || len == 0)
		return;
	if (!make_room(t, len)) {
		t->failed = true;
		return;
	}
	memcpy(t->data + t->len, s, len);
	t->len += len;
}

void text_add(struct text *t, const char *s)
{
	text_bytes(t, s, strlen(s));
}

void text_char(struct text *t, char c)
{
	text_bytes(t, &c, 1);
}

void text_u64_padded(struct text *t, uint64_t value, unsigned width)
{
	char digits[20];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (char)('0' + value % 10);
		value /= 10;
	} while (n > 0 && (value > 0 || sizeof(digits) - n < width));
	text_bytes(t, digits + n, sizeof(digits) - n);
}

void text_u64(struct text *t, uint64_t value)
{
	text_u64_padded(t, value, 1);
}

void text_thousandths(struct text *t, uint64_t value)
{
	unsigned rest = (unsigned)(value % 1000);
	unsigned width = 3;

	text_u64(t, value / 1000);
	if (rest == 0)
		return;
	while (rest % 10 == 0) {
		rest /= 10;
		width--;
	}
	text_char(t, '.');
	text_u64_padded(t, rest, width);
}

void text_column(struct text *t, size_t start, size_t width)
{
	do
		text_char(t, ' ');
	while (!t->failed && t->len - start < width);
}

static void json_char(struct text *t, char c)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char u = (unsigned char)c;

	if (c == '"' || c == '\\') {
		text_char(t, '\\');
		text_char(t, c);
	} else if (u < 0x20) {
		text_add(t, "\\u00");
		text_char(t, hex[u >> 4]);
		text_char(t, hex[u & 15]);
	} else {
		text_char(t, c);
	}
}

void text_json(struct text *t, const char *s)
{
	text_char(t, '"');
	for (; *s; s++)
		json_char(t, *s);
	text_char(t, '"');
}
