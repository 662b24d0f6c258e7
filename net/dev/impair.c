/*
 * The impairment device (the public <holm/impair.h>): middleware that loses, damages, repeats,
 * delays and reorders what an instance sends, or what it receives.
 *
 * Every frame draws the same number of random values whatever its fate, so that one setting does not
 * shift the fates that another gives. Frames wait in a binary heap by the time they are due, then by
 * the order in which they came.
 */
#include <holm/impair.h>

#include "lib/assert.h"
#include "lib/bytes.h"
#include "lib/compiler.h"

#define PPM 1000000u
#define NS_PER_S 1000000000u
/* When to try again if the device below was full: nothing tells middleware that it has room. */
#define RETRY_NS 1000000u
/* Frames given to the device below at a time. */
#define BATCH 32u

/* SplitMix64 (Steele, Lea and Flood 2014): any seed is a good one. */
static uint64_t draw(struct holm_impair *im)
{
	uint64_t z = im->rng += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static bool happens(struct holm_impair *im, uint32_t ppm)
{
	return (draw(im) >> 32) * PPM >> 32 < ppm;
}

static bool is_before(const struct holm_impair_slot *a, const struct holm_impair_slot *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void heap_push(struct holm_impair *im, struct holm_frame *f, uint64_t due_ns)
{
	struct holm_impair_slot slot = { f, due_ns, im->order++ };
	uint32_t i = im->queued++;

	while (i > 0 && is_before(&slot, &im->heap[(i - 1) / 2])) {
		im->heap[i] = im->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	im->heap[i] = slot;
}

static struct holm_impair_slot heap_pop(struct holm_impair *im)
{
	struct holm_impair_slot first = im->heap[0];
	struct holm_impair_slot last = im->heap[--im->queued];
	uint32_t i = 0;

	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child + 1 < im->queued && is_before(&im->heap[child + 1], &im->heap[child]))
			child++;
		if (child >= im->queued || is_before(&last, &im->heap[child]))
			break;
		im->heap[i] = im->heap[child];
		i = child;
	}
	im->heap[i] = last;
	return first;
}

/* A place for one more frame, or its end. */
static void enqueue(struct holm_impair *im, struct holm_frame *f, uint64_t due_ns)
{
	if (im->queued >= im->config.queue_frames) {
		im->stats.overflowed++;
		holm_frame_free(f);
		return;
	}
	heap_push(im, f, due_ns);
}

/* Whether the line has more waiting than it may, with this frame. */
static bool is_line_full(const struct holm_impair *im, const struct holm_frame *f)
{
	const struct holm_impair_config *c = &im->config;
	uint64_t waiting_ns = im->line_free_ns > im->now ? im->line_free_ns - im->now : 0;

	if (c->rate_bytes_per_s == 0 || c->line_bytes == 0)
		return false;
	/* Backlogs are bounded by line_bytes, so the product is bounded by 2^32 seconds' worth. */
	return waiting_ns / 1000 * c->rate_bytes_per_s / (NS_PER_S / 1000) + f->len > c->line_bytes;
}

/* When the last bit of a frame has left a line of the configured rate. */
static uint64_t leave_line(struct holm_impair *im, const struct holm_frame *f)
{
	if (im->config.rate_bytes_per_s == 0)
		return im->now;
	im->line_free_ns = max_u64(im->line_free_ns, im->now) +
			   (uint64_t)f->len * NS_PER_S / im->config.rate_bytes_per_s;
	return im->line_free_ns;
}

/* The frame with one bit flipped, in a copy: others may look at its bytes. */
static struct holm_frame *corrupt(struct holm_impair *im, struct holm_frame *f, uint64_t random)
{
	struct holm_frame *copy = holm_frame_copy(im->pool, f);
	size_t at = (size_t)(random % ((uint64_t)f->len * 8));

	if (!copy)
		return f;
	holm_frame_free(f);
	for (uint32_t i = 0; i < copy->nsegs; i++) {
		if (at / 8 < copy->segs[i].len) {
			copy->segs[i].data[at / 8] ^= (uint8_t)(1u << at % 8);
			break;
		}
		at -= (size_t)copy->segs[i].len * 8;
	}
	if (im->config.inbound)
		copy->csum = HOLM_CSUM_NONE; /* whoever verified it did so before */
	im->stats.corrupted++;
	return copy;
}

/* Two headers and their fields, as they lie behind an ethernet header. */
enum { ETH_BYTES = 14, IP4_BYTES = 20, IP4_CSUM = 10, CE = 3 };

/* Congestion experienced, in the IPv4 header at p; its checksum as RFC 1624 has it. */
static void mark_ip4(uint8_t *p)
{
	uint16_t before = load_be16(p), after = before | CE;
	uint32_t sum = (uint16_t)~load_be16(p + IP4_CSUM) + (uint32_t)(uint16_t)~before + after;

	store_be16(p, after);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	store_be16(p + IP4_CSUM, (uint16_t)~sum);
}

/* Where the two bits of ECN are in an IP packet, as a router would look for them; 0: it has none. */
static unsigned ecn_of(const uint8_t *eth, size_t len)
{
	if (len < ETH_BYTES + IP4_BYTES)
		return 0;
	if (load_be16(eth + 12) == 0x0800 && eth[ETH_BYTES] >> 4 == 4)
		return eth[ETH_BYTES + 1] & CE;
	if (load_be16(eth + 12) == 0x86dd && eth[ETH_BYTES] >> 4 == 6)
		return eth[ETH_BYTES + 1] >> 4 & CE;
	return 0;
}

/* RFC 3168 5: what says that its ends know what that is, marked, in a copy. */
static struct holm_frame *mark(struct holm_impair *im, struct holm_frame *f)
{
	struct holm_frame *copy;
	uint8_t *eth;

	if (f->nsegs == 0 || ecn_of(f->segs[0].data, f->segs[0].len) == 0)
		return f;
	copy = holm_frame_copy(im->pool, f);
	if (!copy)
		return f;
	eth = copy->segs[0].data;
	if (eth[ETH_BYTES] >> 4 == 4)
		mark_ip4(eth + ETH_BYTES);
	else
		eth[ETH_BYTES + 1] |= CE << 4;
	im->stats.marked++;
	holm_frame_free(f);
	return copy;
}

static void pass(struct holm_impair *im, struct holm_frame *f)
{
	const struct holm_impair_config *c = &im->config;
	bool is_lost = happens(im, c->drop_ppm);
	bool is_doubled = happens(im, c->duplicate_ppm);
	bool is_early = happens(im, c->reorder_ppm);
	bool is_damaged = happens(im, c->corrupt_ppm);
	uint64_t where = draw(im);
	uint64_t jitter_ns = draw(im) % (c->jitter_ns + 1);
	struct holm_frame *twin = NULL;
	uint64_t due_ns;

	if (is_lost) {
		im->stats.dropped++;
		holm_frame_free(f);
		return;
	}
	if (is_line_full(im, f)) {
		im->stats.overflowed++;
		holm_frame_free(f);
		return;
	}
	due_ns = leave_line(im, f);
	if (is_early) {
		im->stats.reordered++;
	} else {
		due_ns = max_u64(due_ns + c->delay_ns + jitter_ns, im->last_due_ns);
		im->last_due_ns = due_ns;
	}
	/* The upper half of a draw whose lower one chooses a bit. */
	if (unlikely(c->mark_ppm) && (where >> 32) * PPM >> 32 < c->mark_ppm)
		f = mark(im, f);
	if (is_doubled)
		twin = holm_frame_copy(im->pool, f);
	if (is_damaged && f->len > 0)
		f = corrupt(im, f, where);
	enqueue(im, f, due_ns);
	if (twin) {
		im->stats.duplicated++;
		enqueue(im, twin, due_ns);
	}
}

/* Gives what is due to the device below; what that refuses stays. */
static void release_due(struct holm_impair *im)
{
	while (im->queued > 0 && im->heap[0].due_ns <= im->now) {
		struct holm_impair_slot slots[BATCH];
		struct holm_frame *frames[BATCH];
		size_t taken;
		size_t n = 0;

		while (n < BATCH && im->queued > 0 && im->heap[0].due_ns <= im->now) {
			slots[n] = heap_pop(im);
			frames[n] = slots[n].frame;
			n++;
		}
		taken = holm_dev_tx(im->lower, frames, n);
		im->stats.passed += taken;
		im->dev.stats.tx_frames += taken;
		if (taken == n)
			continue;
		for (size_t i = taken; i < n; i++) {
			uint64_t order = im->order;

			im->order = slots[i].order;
			heap_push(im, slots[i].frame, slots[i].due_ns);
			im->order = order;
		}
		break;
	}
}

/* Takes up to `max` frames that are due out of the queue. */
static size_t take_due(struct holm_impair *im, struct holm_frame **frames, size_t max)
{
	size_t n = 0;

	while (n < max && im->queued > 0 && im->heap[0].due_ns <= im->now)
		frames[n++] = heap_pop(im).frame;
	im->stats.passed += n;
	return n;
}

/* Hands up what has come in and is due; returns whether the budget ended before the queue did. */
static bool deliver_due(struct holm_impair *im, size_t budget)
{
	struct holm_frame *frames[BATCH];
	size_t n;

	while (budget > 0 && (n = take_due(im, frames, min_size(budget, BATCH))) > 0) {
		budget -= n;
		holm_net_input(im->dev.net, &im->dev, frames, n, im->now);
	}
	return im->queued > 0 && im->heap[0].due_ns <= im->now;
}

/* What is due at once goes on, as far as there is room in the array; poll() delivers the rest. */
static size_t impair_rx(struct holm_dev *dev, struct holm_frame **frames, size_t n, uint64_t now)
{
	struct holm_impair *im = container_of(dev, struct holm_impair, dev);

	if (!im->config.inbound)
		return n;
	im->now = max_u64(im->now, now);
	for (size_t i = 0; i < n; i++) {
		dev->stats.rx_bytes += frames[i]->len;
		pass(im, frames[i]);
	}
	dev->stats.rx_frames += n;
	return take_due(im, frames, n);
}

static size_t pass_down(struct holm_impair *im, struct holm_frame **frames, size_t n)
{
	size_t taken = holm_dev_tx(im->lower, frames, n);

	im->dev.stats.tx_frames += taken;
	return taken;
}

static size_t impair_tx(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	struct holm_impair *im = container_of(dev, struct holm_impair, dev);

	if (im->config.inbound)
		return pass_down(im, frames, n);
	for (size_t i = 0; i < n; i++) {
		dev->stats.tx_bytes += frames[i]->len;
		pass(im, frames[i]);
	}
	release_due(im);
	return n;
}

static bool impair_poll(struct holm_dev *dev, uint64_t now, size_t budget)
{
	struct holm_impair *im = container_of(dev, struct holm_impair, dev);
	bool more;

	im->now = max_u64(im->now, now);
	if (!im->config.inbound) {
		release_due(im);
		return holm_dev_poll(im->lower, now, budget);
	}
	more = deliver_due(im, budget);
	return holm_dev_poll(im->lower, now, budget) || more;
}

static uint64_t impair_next_deadline(struct holm_dev *dev)
{
	struct holm_impair *im = container_of(dev, struct holm_impair, dev);
	uint64_t next = holm_dev_next_deadline(im->lower);

	if (im->queued == 0)
		return next;
	if (im->heap[0].due_ns <= im->now)
		return min_u64(next, im->now + RETRY_NS);
	return min_u64(next, im->heap[0].due_ns);
}

static void impair_set_filter(struct holm_dev *dev, const struct holm_mac *groups, size_t n)
{
	struct holm_dev *lower = container_of(dev, struct holm_impair, dev)->lower;

	if (lower->ops->set_filter)
		lower->ops->set_filter(lower, groups, n);
}

static void drop_queue(struct holm_impair *im)
{
	while (im->queued > 0)
		holm_frame_free(im->heap[--im->queued].frame);
}

static void impair_attach(struct holm_dev *dev)
{
	struct holm_dev *lower = container_of(dev, struct holm_impair, dev)->lower;

	lower->net = dev->net;
	lower->netif = dev->netif;
	holm_dev_attach(lower);
	dev->link_up = lower->link_up;
}

static void impair_detach(struct holm_dev *dev)
{
	struct holm_impair *im = container_of(dev, struct holm_impair, dev);

	drop_queue(im);
	holm_dev_detach(im->lower);
	im->lower->net = NULL;
	im->lower->netif = NULL;
}

static const struct holm_dev_ops impair_ops = {
	.tx = impair_tx,
	.poll = impair_poll,
	.next_deadline = impair_next_deadline,
	.set_filter = impair_set_filter,
	.attach = impair_attach,
	.detach = impair_detach,
	.rx = impair_rx,
};

static struct holm_dev_caps impaired_caps(const struct holm_dev_caps *lower,
					  const struct holm_impair_config *config)
{
	struct holm_dev_caps caps = *lower;

	if (!config->inbound) {
		caps.features &= ~(uint32_t)(HOLM_DEV_TSO4 | HOLM_DEV_TSO6);
		caps.gso_max = 0;
	}
	if (config->corrupt_ppm > 0)
		caps.features &= ~(uint32_t)(HOLM_DEV_TX_CSUM | HOLM_DEV_NO_CSUM);
	return caps;
}

void holm_impair_init(struct holm_impair *im, struct holm_dev *lower, struct holm_pool *pool,
		      const struct holm_impair_config *config)
{
	ASSERT(config->queue_frames <= HOLM_IMPAIR_QUEUE && config->jitter_ns < UINT64_MAX);
	im->dev = (struct holm_dev){
		.ops = &impair_ops,
		.name = lower->name,
		.mac = lower->mac,
		.link_up = lower->link_up,
		.caps = impaired_caps(&lower->caps, config),
	};
	im->lower = lower;
	im->pool = pool;
	im->config = *config;
	im->stats = (struct holm_impair_stats){ 0 };
	im->rng = config->seed;
	im->now = 0;
	im->line_free_ns = 0;
	im->last_due_ns = 0;
	im->queued = 0;
	im->order = 0;
	lower->upper = &im->dev;
}

void holm_impair_fini(struct holm_impair *im)
{
	drop_queue(im);
	im->lower->upper = NULL;
}
