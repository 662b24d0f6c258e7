/* Reading a time that was written as seconds since 1970. */
#ifndef KERNEL_UNIXTIME_H
#define KERNEL_UNIXTIME_H

#include <stdbool.h>
#include <stdint.h>

/*
 * "1700000000" or "1700000000.25" to nanoseconds; false, and *ns alone, when it is something else or
 * beyond the year 2262. Digits behind the ninth are dropped.
 */
bool unixtime_parse(const char *text, uint64_t *ns);

#endif
