/*
 * A split virtqueue (virtio 1.2 section 2.7), the driver's side.
 *
 * The data path has five verbs: enqueue a buffer, publish what was enqueued (and learn whether the
 * device wants a doorbell), dequeue what the device has used, ask for an interrupt, ask for none.
 * Ringing is the transport's. What the device writes is input: an index or length that cannot be is
 * counted and passed over, and a queue whose used index jumps is broken for good.
 *
 * Not here: packed rings, indirect descriptors.
 */
#ifndef DRIVERS_VIRTIO_VIRTQ_H
#define DRIVERS_VIRTIO_VIRTQ_H

#include <linux/virtio_ring.h>

#include "lib/compiler.h"

/* The most entries that are used of what a device offers; QEMU's largest is 1024. */
#define VIRTQ_NUM_MAX 1024u

/* A piece of memory as the device sees it. */
struct virtq_sg {
	uint64_t addr;
	uint32_t len;
};

/* What is known of a buffer in the ring; indexed by descriptor, the memory is the driver's own. */
struct virtq_slot {
	void *cookie;	   /* of a chain's head that the device has; NULL otherwise */
	uint32_t writable; /* bytes of the chain that the device may write */
	uint16_t descs;	   /* in the chain, at its head */
	uint16_t next;	   /* in the chain, or of the free list */
};

/* Memory of one queue: shared with the device, contiguous, cleared, and the slots behind it. */
struct virtq {
	struct vring ring;
	struct virtq_slot *slots;
	uint16_t num;	    /* entries, a power of two */
	uint16_t free_head; /* of the list of free descriptors */
	uint16_t free;	    /* how many are on it */
	uint16_t avail_idx; /* enqueued so far, modulo 65536 */
	uint16_t published; /* of these, what the device has been told */
	uint16_t used_idx;  /* dequeued so far */
	uint16_t in_flight; /* chains that the device has, or will have with the next publish */
	bool event_idx;
	bool intr_on; /* without EVENT_IDX: what avail.flags says */
	bool broken;

	/* What the device got wrong, for good. */
	uint64_t bad_index;
	uint64_t bad_len;
};

/* A buffer that came back. */
struct virtq_used {
	void *cookie;
	uint32_t len; /* bytes written by the device; 0 when it claimed more than there is room */
	bool len_was_bad; /* ...which is counted already */
};

/* Bytes that virtq_init() wants for `num` entries, aligned to a page. */
size_t virtq_bytes(uint16_t num);

/* Make an empty queue in `mem`, which is cleared. Interrupts are off. */
void virtq_init(struct virtq *vq, void *mem, uint16_t num, bool event_idx);

/* What the transport tells the device: where the three parts lie, as offsets into the memory. */
static inline size_t virtq_avail_off(const struct virtq *vq)
{
	return (size_t)((const uint8_t *)vq->ring.avail - (const uint8_t *)vq->ring.desc);
}

static inline size_t virtq_used_off(const struct virtq *vq)
{
	return (size_t)((const uint8_t *)vq->ring.used - (const uint8_t *)vq->ring.desc);
}

/*
 * Put a buffer of `readable` pieces for the device to read and then `writable` ones for it to write
 * into the ring; at least one in all. `cookie` is not NULL. -HOLM_ENOSPC when descriptors are short.
 */
must_check int virtq_enqueue(struct virtq *vq, const struct virtq_sg *sg, unsigned readable,
			     unsigned writable, void *cookie);

/* Show the device everything enqueued since the last time. True: it wants a doorbell. */
must_check bool virtq_publish(struct virtq *vq);

/* The next buffer that the device has used. False: none, or broken. */
must_check bool virtq_dequeue(struct virtq *vq, struct virtq_used *used);

/* Has the device used something that was not dequeued? */
bool virtq_has_used(const struct virtq *vq);

/*
 * Ask for an interrupt when the device has used `after` more buffers (at least 1; the next one, where
 * EVENT_IDX is missing). True: that has happened already and there may be no interrupt.
 */
must_check bool virtq_enable_intr(struct virtq *vq, uint16_t after);

/* Ask for none. With EVENT_IDX there is nothing to do: one request gives one interrupt. */
void virtq_disable_intr(struct virtq *vq);

/*
 * Take back a buffer that the device still had; only after it was reset. NULL: no more. The queue
 * must be initialised again afterwards.
 */
void *virtq_take_back(struct virtq *vq);

#endif
