/*
 * Two devices joined back to back (the public <holm/pair.h>): what one end sends waits in a ring of
 * the other end until that one is polled.
 *
 * Frames pass by pointer, lent bytes and all; whoever receives one frees it into the pool it came from,
 * which is all the tx_done there is. Both ends, and their instances, belong to one thread.
 */
#include <holm/pair.h>

#include "lib/compiler.h"

/* Frames handed to the instance at a time. */
#define BATCH 32u

#define QUEUE_MASK (HOLM_PAIR_QUEUE - 1)

_Static_assert((HOLM_PAIR_QUEUE & QUEUE_MASK) == 0, "the queue is a power of two");

static uint32_t queued(const struct holm_pair_end *end)
{
	return end->tail - end->head;
}

/*
 * Queues `n` frames whose places do not wrap and returns how many bytes they have. Few instructions
 * per frame: this is the wire.
 */
static inline uint64_t queue_run(struct holm_pair_end *peer, struct holm_frame **frames, size_t n)
{
	struct holm_frame **to = &peer->queue[peer->tail & QUEUE_MASK];
	uint64_t bytes = 0;

	for (size_t i = 0; i < n; i++) {
		bytes += frames[i]->len;
		to[i] = frames[i];
	}
	peer->tail += (uint32_t)n;
	return bytes;
}

static size_t pair_tx(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	struct holm_pair_end *end = container_of(dev, struct holm_pair_end, dev);
	struct holm_pair_end *peer = end->peer;
	size_t taken = min_size(n, HOLM_PAIR_QUEUE - queued(peer));
	size_t first = min_size(taken, HOLM_PAIR_QUEUE - (peer->tail & QUEUE_MASK));

	dev->stats.tx_bytes += queue_run(peer, frames, first);
	if (unlikely(taken > first))
		dev->stats.tx_bytes += queue_run(peer, frames + first, taken - first);
	dev->stats.tx_frames += taken;
	dev->stats.tx_doorbells++;
	end->tx_blocked = taken < n;
	return taken;
}

/*
 * What a frame was for its sender is nothing to its receiver, but for three things: bytes that cannot
 * have been damaged need no checksum, a super-frame stays one, and lent bytes are still the sender's.
 * Returns how many bytes there are.
 */
static inline uint64_t make_received(struct holm_frame **frames, uint32_t n)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct holm_frame *f = frames[i];

		f->flags &= HOLM_FRAME_LENT;
		if (f->csum == HOLM_CSUM_PARTIAL)
			f->csum = HOLM_CSUM_VERIFIED;
		bytes += f->len;
	}
	return bytes;
}

static void wake_sender(struct holm_pair_end *end)
{
	struct holm_pair_end *peer = end->peer;

	if (queued(end) == HOLM_PAIR_QUEUE)
		return;
	peer->tx_blocked = false;
	if (peer->dev.net)
		holm_net_tx_ready(peer->dev.net, &peer->dev);
}

static bool pair_poll(struct holm_dev *dev, uint64_t now, size_t budget)
{
	struct holm_pair_end *end = container_of(dev, struct holm_pair_end, dev);
	uint32_t left = (uint32_t)min_size(budget, HOLM_PAIR_QUEUE);
	uint32_t waiting;

	while ((waiting = queued(end)) > 0 && left > 0) {
		uint32_t at = end->head & QUEUE_MASK;
		uint32_t n = min_u32(min_u32(waiting, BATCH), HOLM_PAIR_QUEUE - at);

		n = min_u32(n, left);
		dev->stats.rx_bytes += make_received(&end->queue[at], n);
		dev->stats.rx_frames += n;
		holm_net_input(dev->net, dev, &end->queue[at], n, now);
		end->head += n;
		left -= n;
	}
	if (unlikely(end->peer->tx_blocked))
		wake_sender(end);
	return queued(end) > 0;
}

/* What waits is there now, whatever the time. */
static uint64_t pair_next_deadline(struct holm_dev *dev)
{
	return queued(container_of(dev, struct holm_pair_end, dev)) > 0 ? 0 : UINT64_MAX;
}

static void drop_queue(struct holm_pair_end *end)
{
	while (queued(end) > 0)
		holm_frame_free(end->queue[end->head++ & QUEUE_MASK]);
}

static void pair_attach(struct holm_dev *dev)
{
	dev->link_up = true;
}

static void pair_detach(struct holm_dev *dev)
{
	struct holm_pair_end *end = container_of(dev, struct holm_pair_end, dev);

	drop_queue(end);
	end->tx_blocked = false;
}

static const struct holm_dev_ops pair_ops = {
	.tx = pair_tx,
	.poll = pair_poll,
	.next_deadline = pair_next_deadline,
	.attach = pair_attach,
	.detach = pair_detach,
};

static void init_end(struct holm_pair_end *end, struct holm_pair_end *peer, uint8_t number,
		     const struct holm_dev_caps *caps)
{
	end->peer = peer;
	end->head = 0;
	end->tail = 0;
	end->tx_blocked = false;
	end->dev = (struct holm_dev){
		.ops = &pair_ops,
		.name = number == 1 ? "pair1" : "pair2",
		.mac = { { 0x02, 0, 0, 0, 0, number } },
		.link_up = true,
		.caps = *caps,
	};
}

void holm_pair_init(struct holm_pair *pair, const struct holm_dev_caps *caps)
{
	init_end(&pair->end[0], &pair->end[1], 1, caps);
	init_end(&pair->end[1], &pair->end[0], 2, caps);
}

void holm_pair_fini(struct holm_pair *pair)
{
	drop_queue(&pair->end[0]);
	drop_queue(&pair->end[1]);
}

struct holm_dev_caps holm_pair_default_caps(void)
{
	return (struct holm_dev_caps){ .mtu = 1500, .segs_max = 1 };
}
