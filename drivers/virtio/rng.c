/*
 * virtio-rng (virtio 1.2 section 5.4): random bytes, once, at boot. The device is brought up, asked,
 * and reset again, so that nothing of it stays.
 *
 * No interrupts: the wait is short and bounded.
 */
#include "drivers/virtio/transport.h"
#include "lib/mem.h"

#define RNG_QUEUE 0u
/* One buffer is all there ever is. */
#define RNG_ENTRIES 8u
#define RNG_BYTES_MAX 4096u

/* One allocation: the ring, then the bytes. */
struct rng {
	struct virtio_transport t;
	struct virtq vq;
	uint8_t *ring;
	uint8_t *bytes;
	uint16_t num;
};

static int rng_start(struct rng *r)
{
	struct virtio_transport *t = &r->t;
	uint64_t offered;
	int err = virtio_reset(t);

	if (err)
		return err;
	offered = virtio_begin(t);
	if (!t->legacy && !(offered & VIRTIO_BIT(VIRTIO_F_VERSION_1)))
		return -HOLM_EPROTO;
	err = virtio_agree(t, offered & (VIRTIO_BIT(VIRTIO_F_VERSION_1) |
					 VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM)));
	if (err)
		return err;
	r->num = virtio_queue_num(t, RNG_QUEUE, RNG_ENTRIES);
	if (r->num == 0)
		return -HOLM_EIO;
	virtq_init(&r->vq, r->ring, r->num, false);
	err = virtio_queue_start(t, &r->vq, r->ring, RNG_QUEUE, 0);
	if (!err)
		virtio_go(t);
	return err;
}

/* Wait for the buffer. Each look reads a register, which lets an emulator's other threads run. */
static int rng_wait(struct rng *r, uint64_t timeout_ns)
{
	struct holm_virtio_resources *res = &r->t.res;
	uint64_t deadline = res->now(res->ctx) + timeout_ns;
	struct virtq_used used;

	while (!virtq_dequeue(&r->vq, &used)) {
		if (r->vq.broken)
			return -HOLM_EIO;
		if (res->now(res->ctx) > deadline)
			return -HOLM_ETIMEDOUT;
		(void)r->t.ops->status(&r->t);
	}
	/* More than was asked for comes back as 0: a lie. */
	return used.len > 0 ? (int)used.len : -HOLM_EIO;
}

static int rng_read(struct rng *r, void *dst, size_t len, uint64_t timeout_ns)
{
	struct virtq_sg sg = { .len = (uint32_t)len };
	size_t run = 0;
	int got;
	int err = rng_start(r);

	if (err)
		return err;
	sg.addr = virtio_bus_addr(&r->t, r->bytes, len, &run);
	if (run < len)
		return -HOLM_ENOMEM;
	err = virtq_enqueue(&r->vq, &sg, 0, 1, r);
	if (err)
		return err;
	if (virtq_publish(&r->vq))
		r->t.ops->notify(&r->t, RNG_QUEUE);
	got = rng_wait(r, timeout_ns);
	if (got > 0)
		memcpy(dst, r->bytes, (size_t)got);
	return got;
}

int holm_virtio_rng_read(const struct holm_virtio_resources *res, void *dst, size_t len,
			 uint64_t timeout_ns)
{
	size_t ring_bytes = align_up_size(virtq_bytes(RNG_ENTRIES), 64);
	size_t total = ring_bytes + RNG_BYTES_MAX;
	struct rng r;
	uint32_t type;
	int got = virtio_open(&r.t, res, &type);

	if (got)
		return got;
	if (type != HOLM_VIRTIO_RNG)
		return -HOLM_ENODEV;
	if (len == 0 || len > RNG_BYTES_MAX)
		return -HOLM_EINVAL;
	r.ring = res->alloc(res->ctx, total, 4096);
	if (!r.ring)
		return -HOLM_ENOMEM;
	r.bytes = r.ring + ring_bytes;
	got = rng_read(&r, dst, len, timeout_ns);
	/* A device that does not reset may still write: then its memory is never used again. */
	if (virtio_reset(&r.t) != 0)
		return -HOLM_EIO;
	memset(r.bytes, 0, len);
	res->free(res->ctx, r.ring, total);
	return got;
}
