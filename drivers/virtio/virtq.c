/*
 * The split ring. Every section number below is of virtio 1.2.
 *
 * The descriptor table is write-only here: what is needed of it later is kept in the slots, so that
 * nothing that the device can write is ever followed.
 */
#include "drivers/virtio/virtq.h"

#include <holm/errno.h>

#include "arch/dma.h"
#include "drivers/virtio/shared.h"
#include "lib/assert.h"

/* Legacy devices compute where the used ring lies from a page size; modern ones do not mind. */
#define RING_ALIGN 4096u

static size_t ring_bytes(uint16_t num)
{
	return align_up_size(vring_size(num, RING_ALIGN), sizeof(struct virtq_slot));
}

size_t virtq_bytes(uint16_t num)
{
	return ring_bytes(num) + num * sizeof(struct virtq_slot);
}

void virtq_init(struct virtq *vq, void *mem, uint16_t num, bool event_idx)
{
	ASSERT(is_pow2_u64(num) && num <= VIRTQ_NUM_MAX);
	memset(mem, 0, virtq_bytes(num));
	memset(vq, 0, sizeof(*vq));
	vring_init(&vq->ring, num, mem, RING_ALIGN);
	vq->slots = (struct virtq_slot *)(void *)((uint8_t *)mem + ring_bytes(num));
	vq->num = num;
	vq->free = num;
	vq->event_idx = event_idx;
	for (uint16_t i = 0; i < num; i++)
		vq->slots[i].next = (uint16_t)(i + 1);
	/* 2.7.7: with EVENT_IDX the flag must stay 0; used_event = -1 is the furthest away. */
	if (event_idx)
		shared_write16(&vring_used_event(&vq->ring), UINT16_MAX);
	else
		shared_write16(&vq->ring.avail->flags, VRING_AVAIL_F_NO_INTERRUPT);
}

/* 2.7.5: one descriptor; `more` says that the chain goes on at the next free one. */
static void write_desc(struct vring_desc *d, const struct virtq_sg *sg, uint16_t flags,
		       uint16_t next)
{
	shared_write64(&d->addr, sg->addr);
	shared_write32(&d->len, sg->len);
	shared_write16(&d->flags, flags);
	shared_write16(&d->next, next);
}

int virtq_enqueue(struct virtq *vq, const struct virtq_sg *sg, unsigned readable, unsigned writable,
		  void *cookie)
{
	unsigned total = readable + writable;
	uint16_t head = vq->free_head;
	uint16_t at = head;
	uint32_t room = 0;

	ASSERT(total > 0 && cookie);
	if (total > vq->free)
		return -HOLM_ENOSPC;
	for (unsigned i = 0; i < total; i++) {
		unsigned flags = i < readable ? 0 : VRING_DESC_F_WRITE;

		if (i + 1 < total)
			flags |= VRING_DESC_F_NEXT;
		room += i < readable ? 0 : sg[i].len;
		write_desc(&vq->ring.desc[at], &sg[i], (uint16_t)flags, vq->slots[at].next);
		at = vq->slots[at].next;
	}
	vq->slots[head].cookie = cookie;
	vq->slots[head].writable = room;
	vq->slots[head].descs = (uint16_t)total;
	vq->free_head = at;
	vq->free = (uint16_t)(vq->free - total);
	/* 2.7.13.2: the entry first, the index with the publish. */
	shared_write16(&vq->ring.avail->ring[vq->avail_idx & (vq->num - 1u)], head);
	vq->avail_idx++;
	vq->in_flight++;
	return 0;
}

bool virtq_publish(struct virtq *vq)
{
	uint16_t old = vq->published;

	if (vq->avail_idx == old || vq->broken)
		return false;
	/* 2.7.13.3: "The driver performs a suitable memory barrier before the idx update". */
	dma_wmb();
	shared_write16(&vq->ring.avail->idx, vq->avail_idx);
	vq->published = vq->avail_idx;
	/* 2.7.13.4: "…before reading flags or avail_event", or the device sleeps on our news. */
	dma_mb();
	if (!vq->event_idx)
		return !(shared_read16(&vq->ring.used->flags) & VRING_USED_F_NO_NOTIFY);
	return vring_need_event(shared_read16(&vring_avail_event(&vq->ring)), vq->avail_idx, old);
}

/* Put a chain's descriptors back on the free list. */
static void free_chain(struct virtq *vq, uint16_t head)
{
	struct virtq_slot *slot = &vq->slots[head];
	uint16_t last = head;

	for (uint16_t i = 1; i < slot->descs; i++)
		last = vq->slots[last].next;
	vq->slots[last].next = vq->free_head;
	vq->free_head = head;
	vq->free = (uint16_t)(vq->free + slot->descs);
	slot->cookie = NULL;
	vq->in_flight--;
}

/* How many used entries wait, or 0 for ever once the index has jumped. */
static uint16_t used_waiting(struct virtq *vq)
{
	uint16_t n = (uint16_t)(shared_read16(&vq->ring.used->idx) - vq->used_idx);

	if (vq->broken)
		return 0;
	if (n <= vq->num)
		return n;
	vq->broken = true;
	vq->bad_index++;
	return 0;
}

bool virtq_dequeue(struct virtq *vq, struct virtq_used *used)
{
	uint16_t n = used_waiting(vq);

	/* 2.7.8.2 does not name it, but entries must not be read before the index that covers them. */
	dma_rmb();
	for (; n > 0; n--) {
		const struct vring_used_elem *e =
			&vq->ring.used->ring[vq->used_idx & (vq->num - 1u)];
		uint32_t id = shared_read32(&e->id);
		uint32_t len = shared_read32(&e->len);
		uint32_t room;

		vq->used_idx++;
		if (id >= vq->num || !vq->slots[id].cookie) {
			vq->bad_index++;
			continue;
		}
		room = vq->slots[id].writable;
		/* Legacy devices say anything about buffers that they only read; nobody looks. */
		used->len_was_bad = len > room && room > 0;
		if (used->len_was_bad)
			vq->bad_len++;
		used->cookie = vq->slots[id].cookie;
		used->len = len > room ? 0 : len;
		free_chain(vq, (uint16_t)id);
		return true;
	}
	return false;
}

bool virtq_has_used(const struct virtq *vq)
{
	return !vq->broken && shared_read16(&vq->ring.used->idx) != vq->used_idx;
}

bool virtq_enable_intr(struct virtq *vq, uint16_t after)
{
	uint16_t event = (uint16_t)(vq->used_idx + after - 1);

	ASSERT(after > 0);
	if (vq->event_idx) {
		shared_write16(&vring_used_event(&vq->ring), event);
	} else {
		after = 1;
		if (!vq->intr_on)
			shared_write16(&vq->ring.avail->flags, 0);
		vq->intr_on = true;
	}
	/* 2.7.10: the request must be seen before the ring is looked at again. */
	dma_mb();
	if (vq->broken)
		return false;
	return (uint16_t)(shared_read16(&vq->ring.used->idx) - vq->used_idx) >= after;
}

void virtq_disable_intr(struct virtq *vq)
{
	if (vq->event_idx || !vq->intr_on)
		return;
	shared_write16(&vq->ring.avail->flags, VRING_AVAIL_F_NO_INTERRUPT);
	vq->intr_on = false;
}

void *virtq_take_back(struct virtq *vq)
{
	for (uint16_t i = 0; i < vq->num && vq->in_flight > 0; i++) {
		void *cookie = vq->slots[i].cookie;

		if (!cookie)
			continue;
		free_chain(vq, i);
		return cookie;
	}
	return NULL;
}
