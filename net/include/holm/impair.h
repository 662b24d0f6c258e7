/*
 * impair.h -- a device in front of another device that loses, delays, reorders, duplicates,
 * corrupts and marks frames, and limits the rate, repeatably from a seed. Middleware: the instance
 * attaches the impairment, the impairment drives the device behind it.
 */
#ifndef HOLM_IMPAIR_H
#define HOLM_IMPAIR_H

#include <holm/net.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Probabilities are in parts per million. */
struct holm_impair_config {
	uint64_t seed;
	uint32_t drop_ppm;
	uint32_t duplicate_ppm;
	uint32_t reorder_ppm; /* such a frame overtakes: it is sent without the delay (set one) */
	uint32_t corrupt_ppm; /* one random bit of a copy is flipped */
	uint32_t mark_ppm;    /* IP packets whose ends know of ECN get "congestion experienced" */
	uint64_t delay_ns,
		jitter_ns;	   /* delay + uniform(0, jitter); order is kept unless reordered */
	uint64_t rate_bytes_per_s; /* 0: unlimited */
	uint32_t queue_frames;	   /* waiting frames; more are dropped. <= HOLM_IMPAIR_QUEUE */
	uint32_t line_bytes;	   /* bytes that may wait for the line's rate; 0: any number */
	bool inbound;		   /* impair what is received instead of what is sent */
};

#define HOLM_IMPAIR_QUEUE 1024u

struct holm_impair_stats {
	uint64_t passed, dropped, duplicated, reordered, corrupted, overflowed, marked;
};

struct holm_impair {
	struct holm_dev dev;	/* attach this one */
	struct holm_dev *lower; /* the device behind: not attached to an instance itself */
	struct holm_pool *pool; /* for duplicates and corrupted copies */
	struct holm_impair_config config;
	struct holm_impair_stats stats;
	uint64_t rng;
	uint64_t now;
	uint64_t line_free_ns; /* when the rate limit lets the next frame go */
	uint64_t last_due_ns;
	struct holm_impair_slot {
		struct holm_frame *frame;
		uint64_t due_ns;
		uint64_t order;
	} heap[HOLM_IMPAIR_QUEUE]; /* a heap by (due, order) */
	uint32_t queued;
	uint64_t order;
};

/*
 * Impair what `lower` sends; received frames pass unchanged. With `inbound` it is the other way
 * round, and one impairment in front of another does both. It is driven by its poll(): time comes
 * from there.
 *
 * It offers what `lower` offers, but when it impairs what is sent, no segmentation, so that each frame
 * on the wire has a fate of its own (received super-frames share one: who wants none of them switches
 * them off in the device below). With corrupt_ppm set it offers no checksums, so that damage can be
 * noticed (the receiving end must not have HOLM_DEV_NO_CSUM then). The same seed, frames and times
 * give the same fates on every machine.
 */
void holm_impair_init(struct holm_impair *im, struct holm_dev *lower, struct holm_pool *pool,
		      const struct holm_impair_config *config);

/* Free what waits, leave `lower` alone. The device must be detached. */
void holm_impair_fini(struct holm_impair *im);

#ifdef __cplusplus
}
#endif

#endif
