/*
 * run.h -- playing one script, three times: as it comes, and with the sequence numbers of both sides
 * and the peer's timestamps just below 2^32 and 2^31.
 */
#ifndef TESTS_PKT_RUN_H
#define TESTS_PKT_RUN_H

#include <stdbool.h>

#include "tests/pkt/token.h"

/* Play it; false and why, if it fails. `verbose`: print each event and packet. */
bool run_script(const char *path, const char *text, bool verbose, struct failure *why);

#endif
