/*
 * stage.h -- where a script is played: one fresh instance with one ethernet device, virtual time,
 * memory with books. Neighbours answer by themselves, to ARP and to neighbour discovery; what is
 * left are IP packets, in and out.
 */
#ifndef TESTS_PKT_STAGE_H
#define TESTS_PKT_STAGE_H

#include <holm/net.h>
#include <holm/stats.h>

#include "tests/pkt/protos.h"

struct stage_options {
	struct holm_config config;
	struct holm_addr local, remote, gateway;
	unsigned prefix_len; /* in bits of the family */
	uint16_t mtu;
	bool tso;
	const char *without; /* parts of the stack that are left out, by name */
	size_t frames;
	uint64_t seed;
	uint64_t start_ns; /* when the script begins */
	bool unpredicted;  /* every segment goes through TCP's steps and its output */
};

/* A packet that the stack sent. */
struct stage_sent {
	struct stage_sent *next;
	uint64_t at_ns;
	size_t len;
	uint8_t bytes[]; /* from the IP header on */
};

struct stage {
	struct holm_net *net;
	const struct holm_proto *protos[PROTOS_MAX];
	struct holm_dev dev;
	void *region;
	uint64_t now;
	uint64_t random;
	size_t memory_in_use;
	struct stage_sent *first, *last; /* not yet looked at */
	struct holm_frame *batch[64];	 /* arrive together */
	size_t nbatch;
	struct holm_addr asked[8]; /* addresses that somebody looks for */
	unsigned nasked;
	struct holm_addr local;
	bool sums; /* transport checksums are the stack's */
};

void stage_init(struct stage *s, const struct stage_options *o);
/* End the instance. With `books` everything must have come back: frames and memory. */
void stage_fini(struct stage *s, bool books);

/*
 * An IP packet arrives; nothing is polled. With `more` it is kept until the next one comes without,
 * and then all of them arrive at once.
 */
void stage_inject(struct stage *s, const uint8_t *packet, size_t len, bool more);
/* Rounds at the present time until nothing more happens. */
void stage_settle(struct stage *s);
/* Go on to the next deadline, if it is at most `until`; false, and now is `until`, if not. */
bool stage_advance(struct stage *s, uint64_t until);
/* The oldest packet that was sent, taken off; NULL: none. The caller frees it. */
struct stage_sent *stage_take(struct stage *s);

#endif
