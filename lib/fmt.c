/*
 * printf's everyday part, into a buffer or a sink.
 *
 * Locales, floating point and wide characters are not here.
 */
#include "lib/fmt.h"

#include "lib/mem.h"

/* The digits of 2^64 - 1 in base 10. */
#define DIGITS_MAX 20

struct fmt_out fmt_to_buffer(char *buf, size_t size)
{
	if (size > 0)
		buf[0] = '\0';
	return (struct fmt_out){ .buf = buf, .size = size };
}

struct fmt_out fmt_to_sink(fmt_sink *sink, void *ctx)
{
	return (struct fmt_out){ .sink = sink, .ctx = ctx };
}

size_t fmt_write(struct fmt_out *out, const char *text, size_t n)
{
	if (out->sink && n > 0)
		out->sink(out->ctx, text, n);
	if (out->len < out->size) {
		size_t take = min_size(n, out->size - 1 - out->len);

		memcpy(out->buf + out->len, text, take);
		out->buf[out->len + take] = '\0';
	}
	out->len += n;
	return n;
}

/* The length of a text, looking at no more than `max` bytes. */
static size_t text_length(const char *text, size_t max)
{
	size_t n = 0;

	while (n < max && text[n])
		n++;
	return n;
}

size_t fmt_puts(struct fmt_out *out, const char *text)
{
	return fmt_write(out, text, text_length(text, SIZE_MAX));
}

static void fill(struct fmt_out *out, char with, size_t n)
{
	static const char spaces[] = "                ";
	static const char zeros[] = "0000000000000000";

	while (n > 0) {
		size_t take = min_size(n, sizeof(spaces) - 1);

		fmt_write(out, with == '0' ? zeros : spaces, take);
		n -= take;
	}
}

enum length { LENGTH_CHAR, LENGTH_SHORT, LENGTH_INT, LENGTH_LONG, LENGTH_LONG_LONG, LENGTH_SIZE };

/* What stands between % and the letter. */
struct spec {
	bool left;
	bool zero;
	size_t width;
	size_t precision; /* SIZE_MAX: none */
	enum length length;
};

/*
 * va_list may be an array type, whose pointer changes its type on the way into a function; inside a
 * struct it does not.
 */
struct arguments {
	va_list list;
};

/* A number of the format or an argument; a negative width means the flag -. */
static const char *parse_count(const char *f, struct arguments *args, size_t *count, bool *negative)
{
	*negative = false;
	*count = 0;
	if (*f == '*') {
		int v = va_arg(args->list, int);

		*negative = v < 0;
		*count = v < 0 ? 0u - (unsigned)v : (unsigned)v;
		return f + 1;
	}
	while (*f >= '0' && *f <= '9')
		*count = *count * 10 + (size_t)(*f++ - '0');
	return f;
}

static const char *parse_length(const char *f, enum length *length)
{
	*length = LENGTH_INT;
	if (f[0] == 'l') {
		*length = f[1] == 'l' ? LENGTH_LONG_LONG : LENGTH_LONG;
		return f + (f[1] == 'l' ? 2 : 1);
	}
	if (f[0] == 'h') {
		*length = f[1] == 'h' ? LENGTH_CHAR : LENGTH_SHORT;
		return f + (f[1] == 'h' ? 2 : 1);
	}
	if (f[0] == 'z') {
		*length = LENGTH_SIZE;
		return f + 1;
	}
	return f;
}

/* Reads what follows a %, up to the letter; returns where the letter is. */
static const char *parse_spec(const char *f, struct arguments *args, struct spec *spec)
{
	bool negative;

	*spec = (struct spec){ .precision = SIZE_MAX };
	for (; *f == '-' || *f == '0'; f++) {
		spec->left |= *f == '-';
		spec->zero |= *f == '0';
	}
	f = parse_count(f, args, &spec->width, &negative);
	spec->left |= negative;
	if (*f == '.') {
		f = parse_count(f + 1, args, &spec->precision, &negative);
		if (negative)
			spec->precision = SIZE_MAX;
	}
	return parse_length(f, &spec->length);
}

static uint64_t take_unsigned(struct arguments *args, enum length length)
{
	switch (length) {
	case LENGTH_CHAR:
		return (unsigned char)va_arg(args->list, unsigned);
	case LENGTH_SHORT:
		return (unsigned short)va_arg(args->list, unsigned);
	case LENGTH_INT:
		return va_arg(args->list, unsigned);
	case LENGTH_LONG:
		return va_arg(args->list, unsigned long);
	case LENGTH_LONG_LONG:
		return va_arg(args->list, unsigned long long);
	case LENGTH_SIZE:
		return va_arg(args->list, size_t);
	}
	return 0;
}

static int64_t take_signed(struct arguments *args, enum length length)
{
	switch (length) {
	case LENGTH_CHAR:
		return (signed char)va_arg(args->list, int);
	case LENGTH_SHORT:
		return (short)va_arg(args->list, int);
	case LENGTH_INT:
		return va_arg(args->list, int);
	case LENGTH_LONG:
		return va_arg(args->list, long);
	case LENGTH_LONG_LONG:
		return va_arg(args->list, long long);
	case LENGTH_SIZE:
		return va_arg(args->list, ptrdiff_t);
	}
	return 0;
}

/* Text with its padding; `sign` characters at its front stay before zeros. */
static void put_padded(struct fmt_out *out, const struct spec *spec, const char *text, size_t n,
		       size_t sign)
{
	size_t pad = spec->width > n ? spec->width - n : 0;
	bool zeros = spec->zero && !spec->left;

	if (!spec->left && !zeros)
		fill(out, ' ', pad);
	fmt_write(out, text, sign);
	if (zeros)
		fill(out, '0', pad);
	fmt_write(out, text + sign, n - sign);
	if (spec->left)
		fill(out, ' ', pad);
}

static void put_number(struct fmt_out *out, const struct spec *spec, uint64_t v, unsigned base,
		       const char *digits, const char *sign)
{
	char text[DIGITS_MAX + 2];
	size_t at = sizeof(text);
	size_t sign_length = text_length(sign, 2);

	do {
		text[--at] = digits[v % base];
		v /= base;
	} while (v > 0);
	at -= sign_length;
	memcpy(text + at, sign, sign_length);
	put_padded(out, spec, text + at, sizeof(text) - at, sign_length);
}

static void put_signed(struct fmt_out *out, const struct spec *spec, int64_t v)
{
	uint64_t magnitude = v < 0 ? 0u - (uint64_t)v : (uint64_t)v;

	put_number(out, spec, magnitude, 10, "0123456789", v < 0 ? "-" : "");
}

static void put_text(struct fmt_out *out, struct spec *spec, const char *text)
{
	text = text ? text : "(null)";
	spec->zero = false;
	put_padded(out, spec, text, text_length(text, spec->precision), 0);
}

/* Prints one conversion; false if there is no such letter. */
static bool convert(struct fmt_out *out, struct spec *spec, char letter, struct arguments *args)
{
	char c;

	switch (letter) {
	case 's':
		put_text(out, spec, va_arg(args->list, const char *));
		return true;
	case 'c':
		c = (char)va_arg(args->list, int);
		spec->zero = false;
		put_padded(out, spec, &c, 1, 0);
		return true;
	case 'd':
	case 'i':
		put_signed(out, spec, take_signed(args, spec->length));
		return true;
	case 'u':
		put_number(out, spec, take_unsigned(args, spec->length), 10, "0123456789", "");
		return true;
	case 'x':
		put_number(out, spec, take_unsigned(args, spec->length), 16, "0123456789abcdef",
			   "");
		return true;
	case 'X':
		put_number(out, spec, take_unsigned(args, spec->length), 16, "0123456789ABCDEF",
			   "");
		return true;
	case 'p':
		put_number(out, spec, (uintptr_t)va_arg(args->list, void *), 16, "0123456789abcdef",
			   "0x");
		return true;
	case '%':
		fmt_write(out, "%", 1);
		return true;
	default:
		return false;
	}
}

size_t fmt_vprintf(struct fmt_out *out, const char *format, va_list list)
{
	size_t before = out->len;
	struct arguments args;
	const char *f = format;

	va_copy(args.list, list);
	while (*f) {
		const char *start = f;
		struct spec spec;

		while (*f && *f != '%')
			f++;
		fmt_write(out, start, (size_t)(f - start));
		if (!*f)
			break;
		start = f;
		f = parse_spec(f + 1, &args, &spec);
		if (*f && convert(out, &spec, *f, &args)) {
			f++;
			continue;
		}
		f += *f != '\0';
		fmt_write(out, start, (size_t)(f - start));
	}
	va_end(args.list);
	return out->len - before;
}

size_t fmt_printf(struct fmt_out *out, const char *format, ...)
{
	va_list list;
	size_t n;

	va_start(list, format);
	n = fmt_vprintf(out, format, list);
	va_end(list);
	return n;
}

size_t fmt_string(char *buf, size_t size, const char *format, ...)
{
	struct fmt_out out = fmt_to_buffer(buf, size);
	va_list list;
	size_t n;

	va_start(list, format);
	n = fmt_vprintf(&out, format, list);
	va_end(list);
	return n;
}

/* The value of a digit in any base up to 16; 16 for what is none. */
static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

size_t fmt_parse_u64(const char *text, size_t n, unsigned base, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;
	size_t at = 0;

	for (; at < n; at++) {
		unsigned digit = digit_value(text[at]);

		if (digit >= base)
			break;
		if (digit > max || v > (max - digit) / base)
			return 0;
		v = v * base + digit;
	}
	if (at > 0)
		*value = v;
	return at;
}
