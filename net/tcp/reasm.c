/*
 * Out-of-order ranges: which bytes beyond RCV.NXT the receive buffer has promised to keep. No bytes
 * are here. Sorted, disjoint, not touching, bounded by config.tcp_ranges_max; what is covered once is
 * never accepted again, so a later segment cannot change earlier bytes.
 */
#include "net/tcp/room.h"

#include "lib/mem.h"

static size_t reasm_bytes(uint32_t max)
{
	return sizeof(struct tcp_reasm) + max * sizeof(struct tcp_range);
}

struct tcp_reasm *tcp_reasm_create(struct holm_net *net)
{
	uint32_t max = net->config.tcp_ranges_max;
	struct tcp_reasm *r = mem_alloc(&net->mem, reasm_bytes(max));

	if (!r)
		return NULL;
	r->n = 0;
	r->max = max;
	r->stamp = 0;
	return r;
}

void tcp_reasm_destroy(struct holm_net *net, struct tcp_reasm *r)
{
	if (r)
		mem_free(&net->mem, r, reasm_bytes(r->max));
}

bool tcp_reasm_gap(const struct tcp_reasm *r, struct tcp_seq from, struct tcp_seq to,
		   struct tcp_range *gap)
{
	gap->left = from;
	gap->right = to;
	for (uint32_t i = 0; i < r->n; i++) {
		const struct tcp_range *range = &r->ranges[i];

		if (seq_leq(range->right, gap->left))
			continue;
		if (seq_leq(to, range->left))
			break;
		if (seq_lt(gap->left, range->left)) {
			gap->right = range->left;
			break;
		}
		gap->left = range->right;
	}
	return seq_lt(gap->left, gap->right);
}

/* The first range that does not end before `seq`: it touches, covers or follows it. */
static uint32_t find(const struct tcp_reasm *r, struct tcp_seq seq)
{
	uint32_t i = 0;

	while (i < r->n && seq_lt(r->ranges[i].right, seq))
		i++;
	return i;
}

bool tcp_reasm_has_room(const struct tcp_reasm *r, struct tcp_seq left, struct tcp_seq right)
{
	uint32_t i = find(r, left);

	return r->n < r->max || (i < r->n && seq_leq(r->ranges[i].left, right));
}

static void remove_at(struct tcp_reasm *r, uint32_t i)
{
	r->n--;
	memmove(&r->ranges[i], &r->ranges[i + 1], (r->n - i) * sizeof(r->ranges[0]));
}

void tcp_reasm_add(struct tcp_reasm *r, struct tcp_seq left, struct tcp_seq right)
{
	uint32_t i = find(r, left);

	r->stamp++;
	if (i == r->n || seq_lt(right, r->ranges[i].left)) {
		ASSERT(r->n < r->max);
		memmove(&r->ranges[i + 1], &r->ranges[i], (r->n - i) * sizeof(r->ranges[0]));
		r->n++;
		r->ranges[i] = (struct tcp_range){ left, right, r->stamp };
		return;
	}
	r->ranges[i].left = seq_min(r->ranges[i].left, left);
	r->ranges[i].right = seq_max(r->ranges[i].right, right);
	r->ranges[i].stamp = r->stamp;
	if (i + 1 < r->n && seq_leq(r->ranges[i + 1].left, r->ranges[i].right)) {
		r->ranges[i].right = seq_max(r->ranges[i].right, r->ranges[i + 1].right);
		remove_at(r, i + 1);
	}
}

void tcp_reasm_touch(struct tcp_reasm *r, struct tcp_seq seq)
{
	uint32_t i = find(r, seq);

	r->stamp++;
	if (i < r->n)
		r->ranges[i].stamp = r->stamp;
}

struct tcp_seq tcp_reasm_advance(struct tcp_reasm *r, struct tcp_seq nxt)
{
	while (r->n > 0 && seq_leq(r->ranges[0].left, nxt)) {
		nxt = seq_max(nxt, r->ranges[0].right);
		remove_at(r, 0);
	}
	return nxt;
}
