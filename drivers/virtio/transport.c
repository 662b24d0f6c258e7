/*
 * The steps of initialisation that do not depend on how the device is reached. Section numbers are
 * of virtio 1.2.
 */
#include "drivers/virtio/transport.h"

#include "lib/assert.h"
#include "lib/mem.h"

/* QEMU resets at once; hardware may take a while, but a boot must not hang on it. */
#define RESET_TIMEOUT_NS UINT64_C(1000000000)

/* All callbacks that no driver can do without. */
static bool is_complete(const struct holm_virtio_resources *res)
{
	if (res->size != sizeof(*res) || !res->alloc || !res->free || !res->now)
		return false;
	if (res->queue_max > VIRTQ_NUM_MAX || (res->queue_max & (res->queue_max - 1)) != 0)
		return false;
	if (res->kind == HOLM_VIRTIO_MMIO)
		return res->mmio_base != 0;
	return res->kind == HOLM_VIRTIO_PCI && res->pci.read && res->pci.write && res->map;
}

int virtio_open(struct virtio_transport *t, const struct holm_virtio_resources *res, uint32_t *type)
{
	memset(t, 0, sizeof(*t));
	if (!is_complete(res))
		return -HOLM_EINVAL;
	t->res = *res;
	t->ops = res->kind == HOLM_VIRTIO_MMIO ? &virtio_mmio_ops : &virtio_pci_ops;
	return t->ops->open(t, type);
}

int holm_virtio_identify(const struct holm_virtio_resources *res, uint32_t *type)
{
	struct virtio_transport t;

	return virtio_open(&t, res, type);
}

int virtio_reset(struct virtio_transport *t)
{
	uint64_t deadline = t->res.now(t->res.ctx) + RESET_TIMEOUT_NS;

	t->ops->set_status(t, 0);
	/* 4.1.4.3.2: "the driver MUST wait for a read of device_status to return 0". */
	while (t->ops->status(t) != 0) {
		if (t->res.now(t->res.ctx) > deadline) {
			virtio_log(t, HOLM_LOG_ERROR, "virtio: device does not reset");
			return -HOLM_EIO;
		}
	}
	return 0;
}

static void add_status(struct virtio_transport *t, unsigned bit)
{
	t->ops->set_status(t, (uint8_t)(t->ops->status(t) | bit));
}

uint64_t virtio_begin(struct virtio_transport *t)
{
	add_status(t, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	add_status(t, VIRTIO_CONFIG_S_DRIVER);
	return t->ops->features(t);
}

int virtio_agree(struct virtio_transport *t, uint64_t features)
{
	t->ops->set_features(t, features);
	/* Legacy devices know no FEATURES_OK (3.1.2). */
	if (t->legacy)
		return 0;
	add_status(t, VIRTIO_CONFIG_S_FEATURES_OK);
	if (t->ops->status(t) & VIRTIO_CONFIG_S_FEATURES_OK)
		return 0;
	virtio_log(t, HOLM_LOG_ERROR, "virtio: device does not accept any set of features");
	t->ops->set_status(t, VIRTIO_CONFIG_S_FAILED);
	return -HOLM_EPROTO;
}

void virtio_go(struct virtio_transport *t)
{
	add_status(t, VIRTIO_CONFIG_S_DRIVER_OK);
}

int virtio_fail(struct virtio_transport *t)
{
	int err = virtio_reset(t);

	if (!err)
		t->ops->set_status(t, VIRTIO_CONFIG_S_FAILED);
	return err;
}

uint64_t virtio_bus_addr(const struct virtio_transport *t, const void *p, size_t len, size_t *run)
{
	if (t->res.bus_addr)
		return t->res.bus_addr(t->res.ctx, p, len, run);
	*run = len;
	return (uintptr_t)p;
}

uint16_t virtio_queue_num(struct virtio_transport *t, uint16_t index, uint16_t max)
{
	uint16_t num = t->ops->queue_max(t, index);

	if (num > max)
		num = max;
	if (num == 0)
		return 0;
	return (uint16_t)(1u << ilog2_u32(num));
}

int virtio_queue_start(struct virtio_transport *t, const struct virtq *vq, const void *mem,
		       uint16_t index, uint16_t vector)
{
	size_t len = virtq_bytes(vq->num);
	size_t run = 0;
	uint64_t addr = virtio_bus_addr(t, mem, len, &run);
	struct virtio_queue_setup setup = {
		.index = index,
		.num = vq->num,
		.vector = t->vectors > 1 ? vector : HOLM_VIRTIO_VECTOR_CONFIG,
		.desc = addr,
		.avail = addr + virtq_avail_off(vq),
		.used = addr + virtq_used_off(vq),
	};

	ASSERT(index < VIRTIO_QUEUES_MAX);
	if (run < len)
		return -HOLM_ENOMEM;
	return t->ops->queue_enable(t, &setup);
}

void virtio_log(const struct virtio_transport *t, enum holm_log_level level, const char *line)
{
	size_t len = 0;

	if (!t->res.log)
		return;
	while (line[len] != '\0')
		len++;
	t->res.log(t->res.ctx, level, line, len);
}
