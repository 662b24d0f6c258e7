/* What --stats prints at the end. */
#ifndef TAP_REPORT_H
#define TAP_REPORT_H

struct world;

void report_stats(struct world *w);

#endif
