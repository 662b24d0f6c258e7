/*
 * How a virtio driver reaches its device: one table of operations, implemented by register blocks
 * (mmio.c) and by PCI functions (pci.c), and the steps of initialisation that are the same for both
 * (virtio 1.2 section 3.1).
 *
 * Knows nothing of device types. Rings are virtq.h's.
 */
#ifndef DRIVERS_VIRTIO_TRANSPORT_H
#define DRIVERS_VIRTIO_TRANSPORT_H

#include <linux/virtio_config.h>

#include <holm/virtio.h>

#include "drivers/virtio/virtq.h"

/* Queues of one device that the drivers here use: receive and transmit. */
#define VIRTIO_QUEUES_MAX 2u

#define VIRTIO_BIT(f) (UINT64_C(1) << (f))

/* What isr() reports (section 4.1.4.5, and the same bits in section 4.2.2). */
#define VIRTIO_ISR_QUEUE 1u
#define VIRTIO_ISR_CONFIG 2u

struct virtio_transport;

/* A queue as the device is to be told about it. */
struct virtio_queue_setup {
	uint16_t index;
	uint16_t num;
	uint16_t vector; /* message for it, when messages are in use */
	uint64_t desc, avail, used;
};

struct virtio_transport_ops {
	/* Find the device: -HOLM_ENODEV, -HOLM_EPROTO. *type as holm_virtio_identify(). */
	int (*open)(struct virtio_transport *t, uint32_t *type);
	/*
	 * Prepare `wanted` messages, one, or the line; sets t->vectors. After every reset; without
	 * this call the device is silent. The caller is asked for messages the first time only.
	 */
	void (*setup_vectors)(struct virtio_transport *t, unsigned wanted);
	uint8_t (*status)(struct virtio_transport *t);
	void (*set_status)(struct virtio_transport *t, uint8_t status);
	uint64_t (*features)(struct virtio_transport *t);
	void (*set_features)(struct virtio_transport *t, uint64_t features);
	/* One field of 1 or 2 bytes of the device's own configuration. All ones if it is not there. */
	uint8_t (*config8)(struct virtio_transport *t, unsigned off);
	uint16_t (*config16)(struct virtio_transport *t, unsigned off);
	/* Changes when the configuration does (section 2.5.1). */
	uint32_t (*generation)(struct virtio_transport *t);
	/* The largest size of a queue, 0 if there is no such queue. */
	uint16_t (*queue_max)(struct virtio_transport *t, uint16_t index);
	int (*queue_enable)(struct virtio_transport *t, const struct virtio_queue_setup *q);
	void (*notify)(struct virtio_transport *t, uint16_t index);
	/* Why the device interrupted, acknowledged by asking. */
	unsigned (*isr)(struct virtio_transport *t);
};

struct virtio_transport {
	const struct virtio_transport_ops *ops;
	struct holm_virtio_resources res;
	bool legacy;	 /* MMIO version 1: no VERSION_1, older layout of rings and headers */
	uint8_t vectors; /* messages in use; 0: the line; 1: one for everything */
	bool vectors_chosen;

	/* PCI: where the structures of section 4.1.4 are mapped. */
	uintptr_t common, isr, device, notify_base;
	size_t device_len, notify_len;
	uint32_t notify_mult;
	uintptr_t notify_addr[VIRTIO_QUEUES_MAX];
};

extern const struct virtio_transport_ops virtio_mmio_ops;
extern const struct virtio_transport_ops virtio_pci_ops;

/* Check `res` and find the device. -HOLM_EINVAL, -HOLM_ENODEV, -HOLM_EPROTO. */
must_check int virtio_open(struct virtio_transport *t, const struct holm_virtio_resources *res,
			   uint32_t *type);

/* Section 3.1.1 step 1, with a bounded wait. -HOLM_EIO: the device does not come back. */
must_check int virtio_reset(struct virtio_transport *t);

/* Steps 2 and 3: say that we are there. What the device offers. */
uint64_t virtio_begin(struct virtio_transport *t);

/* Steps 4 to 6: agree on `features`, all of them offered. -HOLM_EPROTO if the device will not. */
must_check int virtio_agree(struct virtio_transport *t, uint64_t features);

/* Step 8: the device may use its queues. */
void virtio_go(struct virtio_transport *t);

/*
 * Give up on a device that breaks the rules: it is reset, so that it uses no memory any more.
 * -HOLM_EIO: even that fails, and what it was given must never be used again.
 */
must_check int virtio_fail(struct virtio_transport *t);

/* The bus address of p; *run as in the resources. */
uint64_t virtio_bus_addr(const struct virtio_transport *t, const void *p, size_t len, size_t *run);

/*
 * Give a queue of `vq->num` entries in `mem` to the device. -HOLM_ENOMEM when the memory is not
 * contiguous for the device, -HOLM_EIO when the device does not take it.
 */
must_check int virtio_queue_start(struct virtio_transport *t, const struct virtq *vq,
				  const void *mem, uint16_t index, uint16_t vector);

/* How many entries to use of queue `index`: a power of two up to `max`, 0 if there is none. */
uint16_t virtio_queue_num(struct virtio_transport *t, uint16_t index, uint16_t max);

/* A line for people. */
void virtio_log(const struct virtio_transport *t, enum holm_log_level level, const char *line);

#endif
