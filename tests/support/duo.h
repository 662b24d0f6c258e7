/*
 * duo.h -- two instances joined back to back in one process, with a simulated clock, counted memory
 * that can be made to fail, and impairment by seed. The stage of most tests of net/, of the
 * simulator and of the benchmark.
 */
#ifndef TESTS_SUPPORT_DUO_H
#define TESTS_SUPPORT_DUO_H

#include <holm/impair.h>
#include <holm/ip.h>
#include <holm/net.h>
#include <holm/pair.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory of one instance: malloc with books. */
struct duo_memory {
	size_t in_use; /* bytes */
	size_t in_use_max;
	uint64_t calls;	    /* to alloc so far */
	uint64_t fail_from; /* allocation number (1, 2, ...) that fails; 0: none */
	uint64_t fail_for;  /* how many fail from there on */
	uint64_t random;    /* state of the env's randomness */
	bool log;	    /* print log lines, the trace among them */
};

struct duo_options {
	const struct holm_proto *const *protos;	 /* NULL: ARP, IPv4, ICMP, UDP, TCP */
	const struct holm_config *config;	 /* NULL: the defaults */
	const struct holm_dev_caps *caps;	 /* NULL: holm_pair_default_caps() */
	const struct holm_impair_config *impair; /* NULL: a perfect link; seed + 1 the other way */
	size_t frames;				 /* per instance; 0: 512 */
	uint64_t seed;				 /* of both instances' randomness */
	uint64_t start_ns;			 /* the clock's first value */
	bool no_addresses;			 /* leave the devices unconfigured */
};

struct duo {
	struct holm_net *net[2];
	struct holm_pair *pair;
	struct holm_impair *impair[2]; /* NULL without impairment */
	struct duo_memory memory[2];
	void *region[2];
	struct holm_addr addr[2]; /* 10.0.0.1/24 and 10.0.0.2/24 */
	uint64_t now;
};

/* Build it all; fails the test if something that may not fail does. */
void duo_init(struct duo *d, const struct duo_options *options);

/* The same, but an allocation that fails is reported: 0 or a negative error, nothing left behind. */
int duo_try_init(struct duo *d, const struct duo_options *options, uint64_t fail_from,
		 uint64_t fail_for);

/* End both instances; every byte and frame must have come back. */
void duo_fini(struct duo *d);

/* The device that instance i has attached. */
struct holm_dev *duo_dev(struct duo *d, int i);

/* One round of both instances at the present time. True while something happens at this time. */
bool duo_step(struct duo *d);

/* Rounds at the present time until both are quiet. */
void duo_settle(struct duo *d);

/*
 * Settle, then move the clock to the next deadline of either instance, if it is at most `until`.
 * False: nothing is due before, and the clock is at `until`.
 */
bool duo_advance(struct duo *d, uint64_t until);

/* Let `ns` pass. */
void duo_run(struct duo *d, uint64_t ns);

/* Are all frames of instance i back in its pool? */
bool duo_frames_are_home(struct duo *d, int i);

/* A link-local address has the scope of the device. */
struct holm_endpoint duo_endpoint(const struct duo *d, int i, uint16_t port);

#endif
