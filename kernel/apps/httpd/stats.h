/* stats.h -- the figures of the stack as text, in the columns of `ss -ti`, and as JSON. */
#ifndef HTTPD_STATS_H
#define HTTPD_STATS_H

#include "text.h"

enum stats_limits {
	STATS_ROWS_MAX = 512, /* endpoints shown; how many more there are is said */
	/* 512 rows of JSON at 340 bytes, and 100 counters at 80. */
	STATS_BYTES_MAX = 184 * 1024,
};

void stats_print_text(struct text *t);
void stats_print_json(struct text *t);

#endif
