/*
 * The SACK blocks that we announce: RFC 2018 section 4. The range that grew last comes first, then
 * the others by age. Every block is a range that the receive buffer has promised to keep. What a
 * peer announces to us is not used here.
 */
#include "net/tcp/room.h"

/* The most recent range that is older than `before`, or NULL. */
static const struct tcp_range *next_older(const struct tcp_reasm *r, uint32_t before)
{
	const struct tcp_range *best = NULL;

	for (uint32_t i = 0; i < r->n; i++) {
		const struct tcp_range *range = &r->ranges[i];

		if (!serial_lt(range->stamp, before))
			continue;
		if (!best || serial_lt(best->stamp, range->stamp))
			best = range;
	}
	return best;
}

uint8_t tcp_sack_blocks(const struct tcp_reasm *r, struct tcp_sack_block *blocks, uint8_t max)
{
	uint32_t before = r->stamp + 1;
	uint8_t n = 0;

	while (n < max) {
		const struct tcp_range *range = next_older(r, before);

		if (!range)
			break;
		blocks[n].left = range->left.v;
		blocks[n].right = range->right.v;
		n++;
		before = range->stamp;
	}
	return n;
}
