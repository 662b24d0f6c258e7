/*
 * Checksums over a stretch of a frame, in however many segments it lies.
 */
#ifndef NET_CORE_SUM_H
#define NET_CORE_SUM_H

#include <holm/frame.h>

#include "lib/checksum.h"
#include "net/core/net.h"

/* The general case of frame_sum(). */
uint32_t frame_sum_segments(const struct holm_frame *f, size_t off, size_t len, uint32_t sum);

/* The sum of `len` bytes from offset `off`, all of which exist, added to `sum`. */
static inline uint32_t frame_sum(const struct holm_frame *f, size_t off, size_t len, uint32_t sum)
{
	if (!net_has_pieces() || (!FOR_SIZE && likely(off + len <= f->segs[0].len)))
		return checksum_partial(holm_frame_data(f) + off, len, sum);
	return frame_sum_segments(f, off, len, sum);
}

/* What was left to a device (HOLM_CSUM_PARTIAL) is done here; of other frames, nothing. */
void frame_finish_sum(struct holm_frame *f);

#endif
