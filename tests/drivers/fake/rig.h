/* A virtio-net driver between a fake device and a fake stack, brought up and torn down. */
#ifndef TESTS_DRIVERS_FAKE_RIG_H
#define TESTS_DRIVERS_FAKE_RIG_H

#include "tests/drivers/fake/stack.h"
#include "tests/drivers/fake/virtio.h"

/* What QEMU offers on a TAP device, as far as the driver knows it. */
#define RIG_ALL                                                                                    \
	(FAKE_BIT(VIRTIO_NET_F_CSUM) | FAKE_BIT(VIRTIO_NET_F_GUEST_CSUM) |                         \
	 FAKE_BIT(VIRTIO_NET_F_MAC) | FAKE_BIT(VIRTIO_NET_F_GUEST_TSO4) |                          \
	 FAKE_BIT(VIRTIO_NET_F_GUEST_TSO6) | FAKE_BIT(VIRTIO_NET_F_HOST_TSO4) |                    \
	 FAKE_BIT(VIRTIO_NET_F_HOST_TSO6) | FAKE_BIT(VIRTIO_NET_F_MRG_RXBUF) |                     \
	 FAKE_BIT(VIRTIO_NET_F_STATUS) | FAKE_BIT(VIRTIO_RING_F_EVENT_IDX))

struct rig {
	struct fake_virtio v;
	struct fake_stack s;
	struct holm_virtio_net *vn;
	struct holm_dev *dev;
	uint64_t now;
};

/* 400 frames, 32 of them reserved; `frames` changes that. The device is set up but not probed. */
void rig_init(struct rig *r, enum fake_front front, uint64_t offered);
void rig_init_frames(struct rig *r, enum fake_front front, uint64_t offered, size_t frames);

/* Probe, attach, start; all must succeed. */
void rig_start(struct rig *r);

/* rig_init() and rig_start(). */
void rig_up(struct rig *r, enum fake_front front, uint64_t offered);

/* Stop and remove; nothing may be left behind. */
void rig_down(struct rig *r);

/* One call of the device's poll(). */
bool rig_poll(struct rig *r);

/* Send one frame of `len` bytes; it must be taken. */
void rig_send(struct rig *r, size_t len);

unsigned rig_doorbells(const struct rig *r);

#endif
