/* inet.c -- Internet addresses as text and back; the parsing itself is <holm/types.h>'s. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "kernel/libc/error.h"

#include <holm/types.h>

/* These four are macros in the header; programs may also take their addresses. */
uint16_t(htons)(uint16_t host)
{
	return htons(host);
}

uint32_t(htonl)(uint32_t host)
{
	return htonl(host);
}

uint16_t(ntohs)(uint16_t net)
{
	return ntohs(net);
}

uint32_t(ntohl)(uint32_t net)
{
	return ntohl(net);
}

int inet_pton(int family, const char *text, void *addr)
{
	bool has_colon = strchr(text, ':') != NULL;
	struct holm_addr a;

	if (family != AF_INET && family != AF_INET6)
		return libc_fail(EAFNOSUPPORT);
	if (has_colon != (family == AF_INET6) || holm_addr_parse(&a, text, strlen(text)) != 0)
		return 0;
	if (family == AF_INET)
		memcpy(addr, a.b + 12, 4);
	else
		memcpy(addr, a.b, 16);
	return 1;
}

/* An IPv4-mapped address of family AF_INET6 keeps its prefix, which holm's own text leaves out. */
static size_t format(int family, const void *addr, char *out, size_t size)
{
	static const char prefix[] = "::ffff:";
	const uint8_t *b = addr;
	struct holm_addr a;
	size_t at = 0;

	if (family == AF_INET) {
		a = holm_addr_ip4(b[0], b[1], b[2], b[3]);
	} else {
		memcpy(a.b, b, 16);
		if (holm_addr_is_ip4(&a)) {
			at = sizeof(prefix) - 1;
			memcpy(out, prefix, at);
		}
	}
	return at + holm_addr_format(&a, out + at, size - at);
}

const char *inet_ntop(int family, const void *addr, char *text, socklen_t len)
{
	char out[HOLM_ADDR_TEXT_MAX + 8];
	size_t n;

	if (family != AF_INET && family != AF_INET6) {
		libc_fail(EAFNOSUPPORT);
		return NULL;
	}
	n = format(family, addr, out, sizeof(out));
	if (n + 1 > len) {
		libc_fail(ENOSPC);
		return NULL;
	}
	memcpy(text, out, n + 1);
	return text;
}

/* The value of a digit in some base, or one that no base has. */
static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A' + 10);
	return 99;
}

/* A number as C writes it: 0x is hexadecimal, a leading 0 octal. */
static const char *part(const char *s, uint32_t *value)
{
	unsigned base = 10;
	uint64_t v = 0;
	const char *first;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	} else if (s[0] == '0') {
		base = 8;
	}
	for (first = s; digit(*s) < base; s++) {
		v = v * base + digit(*s);
		if (v > UINT32_MAX)
			return NULL;
	}
	*value = (uint32_t)v;
	return s == first ? NULL : s;
}

/* BSD's forms: a.b.c.d, a.b.c (16 bits), a.b (24 bits), a (32 bits). */
int inet_aton(const char *text, struct in_addr *addr)
{
	uint32_t parts[4], value = 0;
	unsigned n = 0;

	for (;;) {
		text = part(text, &parts[n++]);
		if (text == NULL)
			return 0;
		if (*text != '.')
			break;
		if (n == 4 || parts[n - 1] > 255)
			return 0;
		text++;
	}
	if (*text != '\0' && strchr(" \t\n\v\f\r", *text) == NULL)
		return 0;
	if ((uint64_t)parts[n - 1] >> (8 * (5 - n)) != 0)
		return 0;
	for (unsigned i = 0; i + 1 < n; i++)
		value |= parts[i] << (24 - 8 * i);
	if (addr != NULL)
		addr->s_addr = htonl(value | parts[n - 1]);
	return 1;
}

in_addr_t inet_addr(const char *text)
{
	struct in_addr addr;

	return inet_aton(text, &addr) ? addr.s_addr : INADDR_NONE;
}

char *inet_ntoa(struct in_addr addr)
{
	static char text[INET_ADDRSTRLEN]; /* as everywhere: until the next call */

	(void)inet_ntop(AF_INET, &addr, text, sizeof(text));
	return text;
}
