/*
 * The world that a program of the host sees through holm: an instance on a TAP device and a process with
 * descriptors. Who drives it, and how its calls wait, is the user's: loop.c for the applications of
 * `make tap`, tools/preload for programs that are not holm's.
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
	uint64_t turned_ns; /* when world_turn() last ran */
	uint64_t started_ns;
	bool is_open;
};

/*
 * Build it; the process waits by these operations, called with `w`, and its descriptors begin at
 * `fds_first`: where others are asked for, they are not open. Without a name of a device there is
 * the loopback only. False: it is said on stderr why not, and nothing is left.
 */
bool world_open(struct world *w, const struct tap_options *options, const struct wait_ops *wait,
		uint32_t fds_first);

static inline bool world_has_device(const struct world *w)
{
	return w->options.tap[0] != '\0';
}

/* Frames in, events handed out, timers and output. Returns when the next turn is due. */
uint64_t world_turn(struct world *w);

/* The second half of a turn: timers and output. True while there is more to do now. */
bool world_output(struct world *w, uint64_t now);

/* Has some connection bytes or a FIN that the peer has not acknowledged? */
bool world_has_unfinished(struct world *w);

/* Everything goes, without a word on the wire. */
void world_take_down(struct world *w);

/* Monotonic nanoseconds. */
uint64_t world_now(void);

#endif
