/*
 * Two devices joined back to back (the public <holm/pair.h>): what one end sends waits in a queue of
 * the other end until that one is polled. An emptied queue begins anew, so frames lie in one piece.
 *
 * Frames pass by pointer, lent bytes and all; whoever receives one frees it into the pool it came from,
 * which is all the tx_done there is. Both ends, and their instances, belong to one thread.
 */
#include <holm/pair.h>

#include "lib/compiler.h"
#include "lib/mem.h"

static uint32_t queued(const struct holm_pair_end *end)
{
	return end->in.tail - end->in.head;
}

/* What waits moves to the front, so that there is room behind it. */
static never_inline void close_up(struct holm_pair_end *end)
{
	memmove(end->queue, end->queue + end->in.head, queued(end) * sizeof(struct holm_frame *));
	end->in.tail -= end->in.head;
	end->in.head = 0;
}

/*
 * Few instructions per frame: this is the wire. What a frame was for its sender is nothing to its
 * receiver, but for three things: bytes that cannot have been damaged need no checksum, a super-frame
 * stays one, and lent bytes are still the sender's. Returns how many bytes there are.
 */
static inline uint64_t pass(struct holm_frame **to, struct holm_frame **frames, size_t n)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < n; i++) {
		struct holm_frame *f = frames[i];

		f->flags &= HOLM_FRAME_LENT;
		if (f->csum == HOLM_CSUM_PARTIAL)
			f->csum = HOLM_CSUM_VERIFIED;
		bytes += f->len;
		to[i] = f;
	}
	return bytes;
}

/* The other end has room for all of them. */
static inline size_t put(struct holm_pair_end *end, struct holm_frame **frames, size_t n)
{
	struct holm_pair_end *peer = end->peer;
	uint64_t bytes = pass(&peer->queue[peer->in.tail], frames, n);

	peer->in.tail += (uint32_t)n;
	/* The other end has them. */
	end->dev.stats.tx_frames += n;
	peer->dev.stats.rx_frames += n;
	end->dev.stats.tx_bytes += bytes;
	peer->dev.stats.rx_bytes += bytes;
	end->dev.stats.tx_doorbells++;
	return n;
}

/* There is room for fewer, or behind the queue's end. */
static never_inline size_t put_some(struct holm_pair_end *end, struct holm_frame **frames, size_t n)
{
	struct holm_pair_end *peer = end->peer;

	close_up(peer);
	peer->in.call = n > HOLM_PAIR_QUEUE - peer->in.tail;
	return put(end, frames, min_size(n, HOLM_PAIR_QUEUE - peer->in.tail));
}

static size_t pair_tx(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	struct holm_pair_end *end = container_of(dev, struct holm_pair_end, dev);

	if (unlikely(n > HOLM_PAIR_QUEUE - end->peer->in.tail))
		return put_some(end, frames, n);
	return put(end, frames, n);
}

static void wake_sender(struct holm_pair_end *end)
{
	struct holm_pair_end *peer = end->peer;

	if (queued(end) == HOLM_PAIR_QUEUE)
		return;
	end->in.call = false;
	if (peer->dev.net)
		holm_net_tx_ready(peer->dev.net, &peer->dev);
}

static bool pair_poll(struct holm_dev *dev, uint64_t now, size_t budget)
{
	struct holm_pair_end *end = container_of(dev, struct holm_pair_end, dev);
	uint32_t n = (uint32_t)min_size(queued(end), budget);

	if (n > 0) {
		holm_net_input(dev->net, dev, &end->queue[end->in.head], n, now);
		end->in.head += n;
		if (likely(end->in.head == end->in.tail)) {
			end->in.head = 0;
			end->in.tail = 0;
		}
	}
	if (unlikely(end->in.call))
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
		holm_frame_free(end->queue[end->in.head++]);
}

static void pair_attach(struct holm_dev *dev)
{
	dev->link_up = true;
}

static void pair_detach(struct holm_dev *dev)
{
	struct holm_pair_end *end = container_of(dev, struct holm_pair_end, dev);

	drop_queue(end);
	end->peer->in.call = false;
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
	end->in = (struct holm_dev_inbox){ .frames = end->queue };
	end->dev = (struct holm_dev){
		.ops = &pair_ops,
		.name = number == 1 ? "pair1" : "pair2",
		.mac = { { 0x02, 0, 0, 0, 0, number } },
		.link_up = true,
		.caps = *caps,
		.inbox = &end->in,
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
