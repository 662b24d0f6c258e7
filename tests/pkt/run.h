/*
 * run.h -- playing one script over one family, three times: as it comes, and with the sequence numbers
 * of both sides and the peer's timestamps just below 2^32 and 2^31.
 */
#ifndef TESTS_PKT_RUN_H
#define TESTS_PKT_RUN_H

#include <stdbool.h>

#include "tests/pkt/token.h"

enum run_verdict {
	RUN_OK,
	RUN_FAILED,
	RUN_NOT_FOR, /* the script is for the other family */
};

/* Play it; why, if it fails. `verbose`: print each event and packet. */
enum run_verdict run_script(const char *path, const char *text, bool ip6, bool verbose,
			    struct failure *why);

#endif
