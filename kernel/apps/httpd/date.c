/* date.c -- see date.h. The calendar is computed here, because gmtime() brings time zones along. */
#include "date.h"

struct civil {
	unsigned year, month, day; /* month 1 .. 12 */
};

/*
 * Days since 1970-01-01 to a Gregorian date. Years are counted from March, so that the leap day is
 * the last of its year and months have lengths of a pattern: (153 m + 2) / 5 days before month m.
 */
static struct civil civil_of(uint64_t days)
{
	uint64_t z = days + 719468; /* since 0000-03-01 */
	unsigned era_day = (unsigned)(z % 146097);
	unsigned era_year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
	unsigned year_day = era_day - (365 * era_year + era_year / 4 - era_year / 100);
	unsigned m = (5 * year_day + 2) / 153;
	struct civil c;

	c.day = year_day - (153 * m + 2) / 5 + 1;
	c.month = m < 10 ? m + 3 : m - 9;
	c.year = (unsigned)(z / 146097) * 400 + era_year + (c.month <= 2);
	return c;
}

void date_http(struct text *t, uint64_t unix_s)
{
	static const char day_names[] = "ThuFriSatSunMonTueWed";
	static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	uint64_t days = unix_s / 86400;
	unsigned s = (unsigned)(unix_s % 86400);
	struct civil c = civil_of(days);

	text_bytes(t, day_names + days % 7 * 3, 3);
	text_add(t, ", ");
	text_u64_padded(t, c.day, 2);
	text_char(t, ' ');
	text_bytes(t, month_names + (size_t)(c.month - 1) * 3, 3);
	text_char(t, ' ');
	text_u64_padded(t, c.year, 4);
	text_char(t, ' ');
	text_u64_padded(t, s / 3600, 2);
	text_char(t, ':');
	text_u64_padded(t, s / 60 % 60, 2);
	text_char(t, ':');
	text_u64_padded(t, s % 60, 2);
	text_add(t, " GMT");
}
