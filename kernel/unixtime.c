/* Reading a time; see unixtime.h. */
#include "kernel/unixtime.h"

#define NS_PER_S UINT64_C(1000000000)
/* 2^63 nanoseconds: what signed 64-bit times can say. */
#define SECONDS_MAX UINT64_C(9223372036)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What follows the point; returns where its digits end. */
static const char *parse_fraction(const char *s, uint64_t *ns)
{
	uint64_t unit = NS_PER_S;

	for (*ns = 0; is_digit(*s); s++) {
		unit /= 10;
		*ns += (uint64_t)(*s - '0') * unit;
	}
	return s;
}

bool unixtime_parse(const char *text, uint64_t *ns)
{
	uint64_t seconds = 0, fraction = 0;
	const char *s = text;

	for (; is_digit(*s) && seconds <= SECONDS_MAX; s++)
		seconds = seconds * 10 + (uint64_t)(*s - '0');
	if (s == text || seconds >= SECONDS_MAX)
		return false;
	if (*s == '.')
		s = parse_fraction(s + 1, &fraction);
	if (*s != '\0')
		return false;
	*ns = seconds * NS_PER_S + fraction;
	return true;
}
