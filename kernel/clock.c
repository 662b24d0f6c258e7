/* Time; see clock.h. */
#include "kernel/clock.h"

#include <stddef.h>

#include "kernel/cmdline.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/unixtime.h"

/* Wall time minus monotonic time. */
static uint64_t wall_offset;
static bool wall_set;

void clock_init(void)
{
	const char *text = cmdline_get("time");
	uint64_t wall;

	if (!hwclock_init())
		panic("no clock: neither CPUID, kvmclock, the local APIC's timer nor a PIT answers");
	/* The number was written just before the machine was started. */
	if (text != NULL && unixtime_parse(text, &wall))
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
