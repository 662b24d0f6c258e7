/*
 * pair.h -- two devices joined back to back: what one sends, the other receives. Joins two instances
 * in one process: tests, simulator, benchmarks, examples.
 *
 * Frames pass by pointer, lent bytes with them, and go back to their own pool when the receiver frees
 * them: before an instance ends, the other end is polled once more, or detached. Both instances belong to
 * one thread.
 */
#ifndef HOLM_PAIR_H
#define HOLM_PAIR_H

#include <holm/net.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Frames on the way in one direction; a power of two. */
#define HOLM_PAIR_QUEUE 1024u

struct holm_pair_end {
	struct holm_dev dev;
	struct holm_pair_end *peer;
	struct holm_frame *queue[HOLM_PAIR_QUEUE]; /* sent by the peer, not yet received here */
	struct holm_dev_inbox in; /* where they lie in it; call: the peer's tx() found no room */
};

struct holm_pair {
	struct holm_pair_end end[2];
};

/* MAC addresses 02:00:00:00:00:01 and :02. `caps` as both ends offer them. */
void holm_pair_init(struct holm_pair *pair, const struct holm_dev_caps *caps);

/* Free frames that are under way. Both ends must be detached. */
void holm_pair_fini(struct holm_pair *pair);

/* Plain caps: MTU 1500, linear frames, no offload, no head-room. */
struct holm_dev_caps holm_pair_default_caps(void);

#ifdef __cplusplus
}
#endif

#endif
