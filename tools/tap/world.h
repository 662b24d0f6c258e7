/*
 * The world that an application of holm sees on the host: an instance on a TAP device, a process with
 * descriptors, and the loop that runs both whenever the application waits.
 *
 * There is one thread. A blocking call of kernel/sys sleeps by turning the loop until somebody wakes
 * it, so the application needs no thread of its own; what takes long between calls is not polled
 * meanwhile, as in the image.
 */
#ifndef TAP_WORLD_H
#define TAP_WORLD_H

#include <stdio.h>

#include <holm/impair.h>
#include <holm/net.h>
#include <holm/pcap.h>

#include "kernel/sys/process.h"
#include "tools/tap/device.h"
#include "tools/tap/options.h"

struct world {
	struct tap_options options;
	struct holm_net *net;
	struct process process;
	struct tap_device tap;
	struct holm_impair out, in; /* in front of the device, if there is impairment */
	struct holm_pcap pcap;	    /* in front of these */
	struct holm_dev *top;	    /* what is attached */
	FILE *capture;
	void *regions[64]; /* frame memory */
	unsigned nregions;
	uint64_t turned_ns; /* when the loop last turned */
	uint64_t started_ns;
	bool is_woken;
	bool is_open;
};

/* Build it. False: it is said on stderr why not, and nothing is left. */
bool world_open(struct world *w, const struct tap_options *options);

/*
 * Close the application's descriptors, let its connections end (for two seconds at most), print what
 * was asked for, take everything down.
 */
void world_close(struct world *w);

/* Monotonic nanoseconds. */
uint64_t world_now(void);

/* SIGINT or SIGTERM has come: world_stopped() then ends the program from within the next call. */
void world_catch_signals(void);

#endif
