/* Time; see clock.h. */
#include "kernel/clock.h"

#include <stddef.h>

#include "kernel/cmdline.h"
#include "kernel/log.h"
#include "kernel/panic.h"

#define NS_PER_S UINT64_C(1000000000)
/* 2^63 nanoseconds: what signed 64-bit times can say, the year 2262. */
#define SECONDS_MAX UINT64_C(9223372036)

/* Wall time minus monotonic time. */
static uint64_t wall_offset;
static bool wall_set;

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool clock_parse_time(const char *text, uint64_t *ns)
{
	uint64_t seconds = 0, fraction = 0, unit = NS_PER_S;
	const char *s = text;

	for (; is_digit(*s) && seconds <= SECONDS_MAX; s++)
		seconds = seconds * 10 + (uint64_t)(*s - '0');
	if (s == text || seconds > SECONDS_MAX)
		return false;
	if (*s == '.') {
		for (s++; is_digit(*s); s++) {
			unit /= 10;
			fraction += (uint64_t)(*s - '0') * unit;
		}
	}
	if (*s != '\0')
		return false;
	*ns = seconds * NS_PER_S + fraction;
	return true;
}

void clock_init(void)
{
	const char *text = cmdline_get("time");
	uint64_t wall;

	if (!hwclock_init())
		panic("no clock: neither CPUID, kvmclock, the local APIC's timer nor a PIT answers");
	/* The number was written just before the machine was started. */
	if (text != NULL && clock_parse_time(text, &wall))
		clock_set_wall(wall + clock_now());
	else if (text != NULL)
		log_warn("time=%s is not a number of seconds: the wall clock starts in 1970", text);
}

uint64_t clock_wall(void)
{
	return clock_now() + wall_offset;
}

bool clock_wall_is_set(void)
{
	return wall_set;
}

void clock_set_wall(uint64_t wall_ns)
{
	wall_offset = wall_ns - clock_now();
	wall_set = true;
}
