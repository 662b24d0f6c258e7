/*
 * Addresses as values and as text: the functions of <holm/types.h>. Text of IPv6 addresses is read
 * as RFC 4291 section 2.2 allows and written as RFC 5952 asks; zone identifiers are not read.
 */
#include <holm/errno.h>
#include <holm/types.h>

#include "lib/bytes.h"
#include "lib/fmt.h"
#include "net/wire/ip4.h"

#define GROUPS 8

bool holm_addr_is_ip4(const struct holm_addr *a)
{
	return ip4_is_mapped(a);
}

bool holm_addr_is_any(const struct holm_addr *a)
{
	uint32_t middle = load_be32(a->b + 8);

	return load_be64(a->b) == 0 && load_be32(a->b + 12) == 0 &&
	       (middle == 0 || middle == 0xffff);
}

bool holm_addr_is_loopback(const struct holm_addr *a)
{
	if (holm_addr_is_ip4(a))
		return ip4_is_loopback(ip4_from_addr(a));
	return load_be64(a->b) == 0 && load_be64(a->b + 8) == 1;
}

bool holm_addr_is_multicast(const struct holm_addr *a)
{
	if (holm_addr_is_ip4(a))
		return ip4_is_multicast(ip4_from_addr(a)) || ip4_from_addr(a) == UINT32_MAX;
	return a->b[0] == 0xff;
}

bool holm_addr_equal(const struct holm_addr *a, const struct holm_addr *b)
{
	return ((load_be64(a->b) ^ load_be64(b->b)) |
		(load_be64(a->b + 8) ^ load_be64(b->b + 8))) == 0;
}

static uint16_t group(const struct holm_addr *a, size_t i)
{
	return load_be16(a->b + 2 * i);
}

/* The longest run of zero groups, the first of equals, *len 0 if none has two. RFC 5952 4.2. */
static size_t longest_zeros(const struct holm_addr *a, size_t *len)
{
	size_t best = 0;
	size_t run = 0;

	*len = 1;
	for (size_t i = 0; i < GROUPS; i++) {
		run = group(a, i) == 0 ? run + 1 : 0;
		if (run > *len) {
			*len = run;
			best = i + 1 - run;
		}
	}
	if (*len == 1)
		*len = 0;
	return best;
}

static void print_ip6(struct fmt_out *out, const struct holm_addr *a)
{
	size_t zeros;
	size_t at = longest_zeros(a, &zeros);

	for (size_t i = 0; i < GROUPS; i++) {
		if (zeros > 0 && i == at) {
			fmt_printf(out, "::");
			i += zeros - 1;
		} else {
			bool colon = i > 0 && !(zeros > 0 && i == at + zeros);

			fmt_printf(out, "%s%x", colon ? ":" : "", (unsigned)group(a, i));
		}
	}
}

static void print_addr(struct fmt_out *out, const struct holm_addr *a)
{
	if (holm_addr_is_ip4(a))
		ip4_print_addr(out, ip4_from_addr(a));
	else
		print_ip6(out, a);
}

/* How much of the text is there: the rest did not fit. */
static size_t text_len(const struct fmt_out *out)
{
	return out->size == 0 ? 0 : min_size(out->len, out->size - 1);
}

size_t holm_addr_format(const struct holm_addr *a, char *text, size_t text_bytes)
{
	struct fmt_out out = fmt_to_buffer(text, text_bytes);

	print_addr(&out, a);
	return text_len(&out);
}

size_t holm_endpoint_format(const struct holm_endpoint *e, char *text, size_t text_bytes)
{
	struct fmt_out out = fmt_to_buffer(text, text_bytes);

	if (holm_addr_is_ip4(&e->addr)) {
		ip4_print_addr(&out, ip4_from_addr(&e->addr));
	} else {
		fmt_printf(&out, "[");
		print_ip6(&out, &e->addr);
		if (e->scope != 0)
			fmt_printf(&out, "%%%u", (unsigned)e->scope);
		fmt_printf(&out, "]");
	}
	fmt_printf(&out, ":%u", (unsigned)e->port);
	return text_len(&out);
}

/* A decimal number of up to three digits and at most 255, without leading zeros; -1: none. */
static int parse_byte(const char *text, size_t len, size_t *at)
{
	size_t start = *at;
	int value = 0;

	while (*at < len && *at - start < 3 && text[*at] >= '0' && text[*at] <= '9')
		value = value * 10 + (text[(*at)++] - '0');
	if (*at == start || value > 255 || (text[start] == '0' && *at - start > 1))
		return -1;
	return value;
}

/* Four bytes of a dotted address that ends with the text. */
static bool parse_dotted(uint8_t *out, const char *text, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < 4; i++) {
		int value;

		if (i > 0 && (at == len || text[at++] != '.'))
			return false;
		value = parse_byte(text, len, &at);
		if (value < 0)
			return false;
		out[i] = (uint8_t)value;
	}
	return at == len;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* One to four hexadecimal digits; returns how many, 0 for none or for more. */
static size_t parse_group(const char *text, size_t len, uint16_t *out)
{
	unsigned value = 0;
	size_t n = 0;

	while (n < len && hex_digit(text[n]) >= 0) {
		if (n == 4)
			return 0;
		value = value << 4 | (unsigned)hex_digit(text[n++]);
	}
	*out = (uint16_t)value;
	return n;
}

/* Groups read so far, and where the "::" was. */
struct ip6_text {
	uint8_t bytes[16];
	size_t len;
	size_t gap; /* bytes in front of the "::" */
	bool has_gap;
};

/*
 * One group, or the dotted end, at text[*at]. A group stands at the beginning, behind a "::", or
 * behind a single colon, which the caller has passed.
 */
static bool parse_piece(struct ip6_text *t, const char *text, size_t len, size_t *at)
{
	uint16_t value;
	size_t digits = parse_group(text + *at, len - *at, &value);

	if (digits == 0)
		return false;
	if (*at + digits < len && text[*at + digits] == '.') {
		if (t->len > 12 || !parse_dotted(t->bytes + t->len, text + *at, len - *at))
			return false;
		t->len += 4;
		*at = len;
		return true;
	}
	if (t->len > 14)
		return false;
	store_be16(t->bytes + t->len, value);
	t->len += 2;
	*at += digits;
	return true;
}

static bool is_double_colon(const char *text, size_t len, size_t at)
{
	return len - at >= 2 && text[at] == ':' && text[at + 1] == ':';
}

static bool parse_pieces(struct ip6_text *t, const char *text, size_t len)
{
	size_t at = 0;

	while (at < len) {
		if (is_double_colon(text, len, at)) {
			if (t->has_gap)
				return false;
			t->has_gap = true;
			t->gap = t->len;
			at += 2;
			if (at == len)
				return true;
		} else if (at > 0) {
			if (text[at] != ':')
				return false;
			at++;
		}
		if (!parse_piece(t, text, len, &at))
			return false;
	}
	return true;
}

static bool parse_ip6(uint8_t *out, const char *text, size_t len)
{
	struct ip6_text t = { .len = 0 };
	size_t behind;

	if (!parse_pieces(&t, text, len))
		return false;
	/* A "::" stands for at least one group. */
	if (t.has_gap ? t.len > 14 : t.len != 16)
		return false;
	behind = t.has_gap ? t.len - t.gap : 0;
	memset(out, 0, 16);
	memcpy(out, t.bytes, t.len - behind);
	memcpy(out + 16 - behind, t.bytes + t.len - behind, behind);
	return true;
}

int holm_addr_parse(struct holm_addr *a, const char *text, size_t len)
{
	uint8_t b[16];

	if (parse_dotted(b, text, len)) {
		*a = holm_addr_ip4(b[0], b[1], b[2], b[3]);
		return 0;
	}
	if (!parse_ip6(b, text, len))
		return -HOLM_EINVAL;
	memcpy(a->b, b, sizeof(a->b));
	return 0;
}
