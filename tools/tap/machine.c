/*
 * The machine as kernel/libc/posix/stats.c asks for it, so that httpd shows the same figures here as
 * in the image: the host's clock and memory.
 */
#include <unistd.h>

#include "kernel/mem.h"
#include "tools/tap/world.h"

uint64_t hwclock_now(void);
uint64_t libc_started_ns(void);

uint64_t hwclock_now(void)
{
	return world_now();
}

/* Nothing boots. */
uint64_t libc_started_ns(void)
{
	return 0;
}

void mem_get_stats(struct mem_stats *s)
{
	*s = (struct mem_stats){
		.total_pages = (size_t)sysconf(_SC_PHYS_PAGES),
		.free_pages = (size_t)sysconf(_SC_AVPHYS_PAGES),
	};
}
