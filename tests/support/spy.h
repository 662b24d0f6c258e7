/*
 * spy.h -- an instance without protocols, and in front of the device under test a middleware that
 * keeps every frame that comes in. What a device delivers, in which order and when, is seen there.
 */
#ifndef TESTS_SUPPORT_SPY_H
#define TESTS_SUPPORT_SPY_H

#include <holm/net.h>

#define SPY_FRAMES 2048u

struct spy {
	struct holm_dev dev; /* in front of `lower`, attached to `net` */
	struct holm_dev *lower;
	struct holm_net *net;
	void *region;
	struct holm_frame *got[SPY_FRAMES];
	uint64_t got_at[SPY_FRAMES]; /* the time given with them */
	size_t ngot;
	size_t batch_max; /* the most frames handed over at once */
};

/* Attach `lower` to a new instance with a pool of `frames` frames. */
void spy_init(struct spy *s, struct holm_dev *lower, size_t frames);

/* Free what was kept, detach, end the instance. */
void spy_fini(struct spy *s);

/* Free what was kept. */
void spy_forget(struct spy *s);

/* A frame of the instance's pool with `len` bytes, the first of which is `first`, then counting. */
struct holm_frame *spy_frame(struct spy *s, size_t len, uint8_t first);

/* Send it through the device under test; true if it took it, else the frame is still the caller's. */
bool spy_send(struct spy *s, struct holm_frame *f);

/* Frames of the pool that are free now. */
uint32_t spy_free_frames(const struct spy *s);

#endif
