/*
 * The SACK blocks that we announce: RFC 2018 section 4, with D-SACK, RFC 2883. What arrived again comes
 * first, then the range that grew last, then the others by age. Every range is one that the receive
 * buffer has promised to keep. What a peer announces to us is repair.c's.
 */
#include "net/tcp/repair.h"
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

/*
 * RFC 2883 section 4:
 *   (1) A D-SACK block is only used to report a duplicate contiguous sequence of data received by the
 *       receiver in the most recent packet. (2) Each duplicate contiguous sequence of data received is
 *       reported in at most one D-SACK block.
 * Packets that were looked at together have one ACK: what touches is one sequence, else the last counts.
 */
void tcp_sack_note_duplicate(struct holm_tcp *c, struct tcp_seq left, struct tcp_seq right)
{
	struct tcp_flight *fl = c->flight;

	if (fl->has_dsack && seq_leq(left, fl->dsack_right) && seq_leq(fl->dsack_left, right)) {
		left = seq_min(left, fl->dsack_left);
		right = seq_max(right, fl->dsack_right);
	}
	fl->has_dsack = true;
	fl->dsack_left = left;
	fl->dsack_right = right;
	/* (4) the block that contains it comes next. */
	if (fl->reasm)
		tcp_reasm_touch(fl->reasm, left);
}

static uint8_t take_blocks(struct holm_tcp *c, struct tcp_sack_block *blocks, uint8_t max)
{
	struct tcp_flight *fl = c->flight;
	uint8_t n = 0;

	if (fl->has_dsack && max > 0) {
		blocks[n].left = fl->dsack_left.v;
		blocks[n].right = fl->dsack_right.v;
		n++;
		fl->has_dsack = false;
		net_count(tcp_net(c), HOLM_COUNT_TCP_DSACKS_SENT);
	}
	if (fl->reasm)
		n = (uint8_t)(n + tcp_sack_blocks(fl->reasm, blocks + n, (uint8_t)(max - n)));
	return n;
}

/* As many SACK blocks as fit: a segment with data stays within the MSS. */
void tcp_sack_announce(struct tcp_tx *tx, struct tcp_hdr_info *h, uint32_t len)
{
	struct holm_tcp *c = tx->c;
	uint32_t max = h->has_ts ? TCP_SACK_MAX - 1 : TCP_SACK_MAX;

	if (len > 0)
		max = len + 4 > tx->mss
			      ? 0
			      : min_u32(max, (tx->mss - len - 4) / TCP_OPT_SACK_BLOCK_BYTES);
	if (max == 0)
		return;
	h->nsack = take_blocks(c, h->sack, (uint8_t)max);
	tx->announced = true;
}
