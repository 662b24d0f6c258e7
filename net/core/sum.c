/*
 * Checksums over segments; see sum.h.
 */
#include "net/core/sum.h"

#include "lib/bytes.h"

uint32_t frame_sum_segments(const struct holm_frame *f, size_t off, size_t len, uint32_t sum)
{
	size_t done = 0;

	for (uint32_t i = 0; i < f->nsegs && done < len; i++) {
		const struct holm_seg *seg = &f->segs[i];
		size_t n;
		uint32_t part;

		if (off >= seg->len) {
			off -= seg->len;
			continue;
		}
		n = min_size(seg->len - off, len - done);
		part = checksum_partial(seg->data + off, n, 0);
		sum = checksum_add(sum, done % 2 ? checksum_rotate(part) : part);
		done += n;
		off = 0;
	}
	return sum;
}

void frame_finish_sum(struct holm_frame *f)
{
	uint16_t sum;

	if (f->csum != HOLM_CSUM_PARTIAL)
		return;
	sum = checksum_finish(frame_sum(f, f->csum_start, f->len - f->csum_start, 0));
	/* All ones is the same sum, and to UDP zero means none. */
	store_be16(holm_frame_data(f) + f->csum_start + f->csum_off, sum ? sum : 0xffff);
	f->csum = HOLM_CSUM_NONE;
}
