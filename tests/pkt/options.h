/* options.h -- what stands above the events of a script: --mtu=1500, --config=tcp_rcvbuf_bytes:4096. */
#ifndef TESTS_PKT_OPTIONS_H
#define TESTS_PKT_OPTIONS_H

#include "tests/pkt/family.h"
#include "tests/pkt/script.h"
#include "tests/pkt/stage.h"

struct run_options {
	struct stage_options stage;
	int64_t tolerance_ns;
	bool batch; /* packets that arrive at one time arrive together */
};

/* The defaults, then what the script says; over IPv6 what those mean there. */
void options_read(const struct script *s, const struct family *fm, struct run_options *o);

#endif
