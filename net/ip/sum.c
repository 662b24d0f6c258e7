/*
 * Checksums over segments; see sum.h.
 */
#include "net/ip/sum.h"

uint32_t ip_frame_sum_segments(const struct holm_frame *f, size_t off, size_t len, uint32_t sum)
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
