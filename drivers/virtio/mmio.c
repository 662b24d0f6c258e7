/*
 * virtio over memory-mapped registers (virtio 1.2 section 4.2): version 2, and version 1 (4.2.4),
 * which QEMU still presents unless it is told `-global virtio-mmio.force-legacy=false`.
 */
#include <linux/virtio_mmio.h>

#include "arch/io.h"
#include "drivers/virtio/transport.h"

#define MAGIC 0x74726976u /* "virt" */

/* What a legacy device is told that a page is; virtq.c aligns the used ring to it. */
#define LEGACY_PAGE_BYTES 4096u

static uint32_t reg_read(const struct virtio_transport *t, unsigned reg)
{
	return mmio_read32(t->res.mmio_base + reg);
}

static void reg_write(const struct virtio_transport *t, unsigned reg, uint32_t v)
{
	mmio_write32(t->res.mmio_base + reg, v);
}

static int mmio_open(struct virtio_transport *t, uint32_t *type)
{
	uint32_t version;

	if (reg_read(t, VIRTIO_MMIO_MAGIC_VALUE) != MAGIC)
		return -HOLM_ENODEV;
	/* 4.2.2.2: the id is looked at before anything else; 0 is an empty slot of any version. */
	*type = reg_read(t, VIRTIO_MMIO_DEVICE_ID);
	version = reg_read(t, VIRTIO_MMIO_VERSION);
	if (*type == HOLM_VIRTIO_NONE)
		return 0;
	if (version != 1 && version != 2) {
		virtio_log(t, HOLM_LOG_WARN,
			   "virtio-mmio: register layout is neither version 1 nor 2");
		return -HOLM_EPROTO;
	}
	t->legacy = version == 1;
	return 0;
}

/* A register block has one line and no messages. */
static void mmio_setup_vectors(struct virtio_transport *t, unsigned wanted)
{
	(void)wanted;
	t->vectors = 0;
}

static uint8_t mmio_status(struct virtio_transport *t)
{
	return (uint8_t)reg_read(t, VIRTIO_MMIO_STATUS);
}

static void mmio_set_status(struct virtio_transport *t, uint8_t status)
{
	reg_write(t, VIRTIO_MMIO_STATUS, status);
	if (t->legacy && status == 0)
		reg_write(t, VIRTIO_MMIO_GUEST_PAGE_SIZE, LEGACY_PAGE_BYTES);
}

static uint64_t mmio_features(struct virtio_transport *t)
{
	uint64_t low;

	reg_write(t, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	low = reg_read(t, VIRTIO_MMIO_DEVICE_FEATURES);
	if (t->legacy)
		return low;
	reg_write(t, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	return (uint64_t)reg_read(t, VIRTIO_MMIO_DEVICE_FEATURES) << 32 | low;
}

static void mmio_set_features(struct virtio_transport *t, uint64_t features)
{
	reg_write(t, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	reg_write(t, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)features);
	if (t->legacy)
		return;
	reg_write(t, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	reg_write(t, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32));
}

static uint8_t mmio_config8(struct virtio_transport *t, unsigned off)
{
	return mmio_read8(t->res.mmio_base + VIRTIO_MMIO_CONFIG + off);
}

static uint16_t mmio_config16(struct virtio_transport *t, unsigned off)
{
	return mmio_read16(t->res.mmio_base + VIRTIO_MMIO_CONFIG + off);
}

static uint32_t mmio_generation(struct virtio_transport *t)
{
	return t->legacy ? 0 : reg_read(t, VIRTIO_MMIO_CONFIG_GENERATION);
}

static uint16_t mmio_queue_max(struct virtio_transport *t, uint16_t index)
{
	uint32_t max;

	reg_write(t, VIRTIO_MMIO_QUEUE_SEL, index);
	max = reg_read(t, VIRTIO_MMIO_QUEUE_NUM_MAX);
	return max > UINT16_MAX ? UINT16_MAX : (uint16_t)max;
}

static int legacy_queue_enable(struct virtio_transport *t, const struct virtio_queue_setup *q)
{
	/* The page number has 32 bits. */
	if (q->desc / LEGACY_PAGE_BYTES > UINT32_MAX)
		return -HOLM_ENOMEM;
	reg_write(t, VIRTIO_MMIO_QUEUE_ALIGN, LEGACY_PAGE_BYTES);
	reg_write(t, VIRTIO_MMIO_QUEUE_PFN, (uint32_t)(q->desc / LEGACY_PAGE_BYTES));
	return 0;
}

static void write_addr(struct virtio_transport *t, unsigned low_reg, uint64_t addr)
{
	reg_write(t, low_reg, (uint32_t)addr);
	reg_write(t, low_reg + 4, (uint32_t)(addr >> 32));
}

static int mmio_queue_enable(struct virtio_transport *t, const struct virtio_queue_setup *q)
{
	reg_write(t, VIRTIO_MMIO_QUEUE_SEL, q->index);
	reg_write(t, VIRTIO_MMIO_QUEUE_NUM, q->num);
	if (t->legacy)
		return legacy_queue_enable(t, q);
	write_addr(t, VIRTIO_MMIO_QUEUE_DESC_LOW, q->desc);
	write_addr(t, VIRTIO_MMIO_QUEUE_AVAIL_LOW, q->avail);
	write_addr(t, VIRTIO_MMIO_QUEUE_USED_LOW, q->used);
	reg_write(t, VIRTIO_MMIO_QUEUE_READY, 1);
	return reg_read(t, VIRTIO_MMIO_QUEUE_READY) == 1 ? 0 : -HOLM_EIO;
}

static void mmio_notify(struct virtio_transport *t, uint16_t index)
{
	reg_write(t, VIRTIO_MMIO_QUEUE_NOTIFY, index);
}

static unsigned mmio_isr(struct virtio_transport *t)
{
	uint32_t isr = reg_read(t, VIRTIO_MMIO_INTERRUPT_STATUS);

	if (isr != 0)
		reg_write(t, VIRTIO_MMIO_INTERRUPT_ACK, isr);
	return isr & (VIRTIO_MMIO_INT_VRING | VIRTIO_MMIO_INT_CONFIG);
}

_Static_assert(VIRTIO_MMIO_INT_VRING == VIRTIO_ISR_QUEUE &&
		       VIRTIO_MMIO_INT_CONFIG == VIRTIO_ISR_CONFIG,
	       "both transports report interrupts alike");

const struct virtio_transport_ops virtio_mmio_ops = {
	.open = mmio_open,
	.setup_vectors = mmio_setup_vectors,
	.status = mmio_status,
	.set_status = mmio_set_status,
	.features = mmio_features,
	.set_features = mmio_set_features,
	.config8 = mmio_config8,
	.config16 = mmio_config16,
	.generation = mmio_generation,
	.queue_max = mmio_queue_max,
	.queue_enable = mmio_queue_enable,
	.notify = mmio_notify,
	.isr = mmio_isr,
};
