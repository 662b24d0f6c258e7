/* See registers.h. Sections are of virtio 1.2. */
#include "tests/drivers/fake/registers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <linux/pci_regs.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_pci.h>

#include "arch/io.h"
#include "lib/bytes.h"

#define NO_VECTOR 0xffffu

static void reset(struct fake_virtio *v)
{
	v->resets++;
	if (v->never_resets)
		return;
	v->status = 0;
	v->isr = 0;
	v->driver_features = 0;
	v->msix_config = NO_VECTOR;
	memset(v->q, 0, sizeof(v->q));
	for (unsigned i = 0; i < FAKE_QUEUES; i++) {
		v->q[i].num = v->queue_max;
		v->q[i].vector = NO_VECTOR;
	}
}

/* 3.1.1: bits are added in order, and none goes away but by a reset. */
static void set_status(struct fake_virtio *v, uint8_t status)
{
	bool legacy = v->front == FAKE_MMIO1;

	if (status == 0) {
		reset(v);
		return;
	}
	if (status & VIRTIO_CONFIG_S_FAILED) {
		v->status = status;
		return;
	}
	assert_int_equal(v->status & ~status, 0);
	if (status & VIRTIO_CONFIG_S_DRIVER)
		assert_true(status & VIRTIO_CONFIG_S_ACKNOWLEDGE);
	if ((status & VIRTIO_CONFIG_S_FEATURES_OK) && v->refuses_features)
		status &= (uint8_t)~VIRTIO_CONFIG_S_FEATURES_OK;
	if (status & VIRTIO_CONFIG_S_DRIVER_OK)
		assert_true(legacy || (status & VIRTIO_CONFIG_S_FEATURES_OK));
	v->status = status;
}

static void set_features(struct fake_virtio *v, uint32_t sel, uint32_t value)
{
	assert_true(v->status & VIRTIO_CONFIG_S_DRIVER);
	assert_false(v->status & (VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK));
	v->driver_features |= (uint64_t)value << (sel * 32);
	/* 2.2.1: "The driver MUST NOT accept a feature which the device did not offer". */
	assert_int_equal(v->driver_features & ~v->offered, 0);
}

static void doorbell(struct fake_virtio *v, uint32_t queue)
{
	assert_true(queue < FAKE_QUEUES);
	assert_true(v->status & VIRTIO_CONFIG_S_DRIVER_OK);
	v->q[queue].doorbells++;
}

static uint64_t read_config(struct fake_virtio *v, uint32_t off, unsigned bytes)
{
	uint64_t value = 0;

	assert_true(off + bytes <= FAKE_CONFIG_BYTES);
	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)v->config[off + i] << (8 * i);
	if (v->restless > 0) {
		v->restless--;
		v->generation++;
	}
	return value;
}

static struct fake_queue *selected(struct fake_virtio *v)
{
	return v->queue_sel < FAKE_QUEUES ? &v->q[v->queue_sel] : NULL;
}

/* 4.2.4: one page number says where all three parts are. */
static void set_pfn(struct fake_virtio *v, uint32_t pfn)
{
	struct fake_queue *q = selected(v);
	uint64_t addr = (uint64_t)pfn * v->page_size;
	uint64_t avail = addr + q->num * sizeof(struct vring_desc);

	assert_int_equal(v->page_size, 4096);
	q->desc = addr;
	q->avail = avail;
	q->used = (avail + 2u * (3u + q->num) + 4095) & ~UINT64_C(4095);
	q->ready = true;
}

static uint32_t mmio_reg_read(struct fake_virtio *v, uint32_t reg)
{
	struct fake_queue *q = selected(v);
	bool legacy = v->front == FAKE_MMIO1;

	switch (reg) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return 0x74726976;
	case VIRTIO_MMIO_VERSION:
		return legacy ? 1 : 2;
	case VIRTIO_MMIO_DEVICE_ID:
		return v->type;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return (uint32_t)(v->offered >> (v->device_sel * 32));
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return q && v->queue_sel < 2 ? v->queue_max : 0;
	case VIRTIO_MMIO_QUEUE_READY:
		assert_false(legacy);
		return q->ready;
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		return v->isr;
	case VIRTIO_MMIO_STATUS:
		return v->status;
	case VIRTIO_MMIO_CONFIG_GENERATION:
		return v->generation;
	default:
		fail_msg("read of register 0x%x", reg);
		return 0;
	}
}

static void set_low(uint64_t *addr, uint64_t value)
{
	*addr = (*addr & ~UINT64_C(0xffffffff)) | value;
}

static void set_high(uint64_t *addr, uint64_t value)
{
	*addr = (*addr & UINT64_C(0xffffffff)) | value << 32;
}

static void mmio_queue_write(struct fake_virtio *v, uint32_t reg, uint32_t value)
{
	struct fake_queue *q = selected(v);

	assert_non_null(q);
	switch (reg) {
	case VIRTIO_MMIO_QUEUE_NUM:
		assert_true(value <= v->queue_max);
		q->num = (uint16_t)value;
		break;
	case VIRTIO_MMIO_QUEUE_ALIGN:
		assert_int_equal(value, 4096);
		break;
	case VIRTIO_MMIO_QUEUE_PFN:
		set_pfn(v, value);
		break;
	case VIRTIO_MMIO_QUEUE_READY:
		q->ready = value == 1;
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
		set_low(&q->desc, value);
		break;
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		set_high(&q->desc, value);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
		set_low(&q->avail, value);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
		set_high(&q->avail, value);
		break;
	case VIRTIO_MMIO_QUEUE_USED_LOW:
		set_low(&q->used, value);
		break;
	case VIRTIO_MMIO_QUEUE_USED_HIGH:
		set_high(&q->used, value);
		break;
	default:
		fail_msg("write of register 0x%x", reg);
	}
}

static void mmio_reg_write(struct fake_virtio *v, uint32_t reg, uint32_t value)
{
	switch (reg) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		v->device_sel = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		v->driver_sel = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		set_features(v, v->driver_sel, value);
		break;
	case VIRTIO_MMIO_GUEST_PAGE_SIZE:
		assert_int_equal(v->front, FAKE_MMIO1);
		v->page_size = value;
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		v->queue_sel = value;
		break;
	case VIRTIO_MMIO_QUEUE_NOTIFY:
		doorbell(v, value);
		break;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		v->isr &= ~value;
		break;
	case VIRTIO_MMIO_STATUS:
		set_status(v, (uint8_t)value);
		break;
	default:
		mmio_queue_write(v, reg, value);
	}
}

static uint32_t common_read(struct fake_virtio *v, uint32_t reg)
{
	struct fake_queue *q = selected(v);

	switch (reg) {
	case VIRTIO_PCI_COMMON_DF:
		return (uint32_t)(v->offered >> (v->device_sel * 32));
	case VIRTIO_PCI_COMMON_MSIX:
		return v->msix_config;
	case VIRTIO_PCI_COMMON_NUMQ:
		return 2;
	case VIRTIO_PCI_COMMON_STATUS:
		return v->status;
	case VIRTIO_PCI_COMMON_CFGGENERATION:
		return v->generation & 0xff;
	case VIRTIO_PCI_COMMON_Q_SIZE:
		return q->num;
	case VIRTIO_PCI_COMMON_Q_MSIX:
		return q->vector;
	case VIRTIO_PCI_COMMON_Q_NOFF:
		return v->queue_sel;
	default:
		fail_msg("read of common register %u", reg);
		return 0;
	}
}

/* 4.1.5.1.2.1: a message that the table does not have is not accepted. */
static uint16_t checked_vector(const struct fake_virtio *v, uint64_t value)
{
	return value < v->msix_entries ? (uint16_t)value : NO_VECTOR;
}

static void common_queue_write(struct fake_virtio *v, uint32_t reg, uint64_t value)
{
	struct fake_queue *q = selected(v);

	assert_non_null(q);
	switch (reg) {
	case VIRTIO_PCI_COMMON_Q_SIZE:
		assert_true(value <= v->queue_max);
		q->num = (uint16_t)value;
		break;
	case VIRTIO_PCI_COMMON_Q_MSIX:
		q->vector = checked_vector(v, value);
		break;
	case VIRTIO_PCI_COMMON_Q_ENABLE:
		q->ready = value == 1;
		break;
	case VIRTIO_PCI_COMMON_Q_DESCLO:
		set_low(&q->desc, value);
		break;
	case VIRTIO_PCI_COMMON_Q_DESCHI:
		set_high(&q->desc, value);
		break;
	case VIRTIO_PCI_COMMON_Q_AVAILLO:
		set_low(&q->avail, value);
		break;
	case VIRTIO_PCI_COMMON_Q_AVAILHI:
		set_high(&q->avail, value);
		break;
	case VIRTIO_PCI_COMMON_Q_USEDLO:
		set_low(&q->used, value);
		break;
	case VIRTIO_PCI_COMMON_Q_USEDHI:
		set_high(&q->used, value);
		break;
	default:
		fail_msg("write of common register %u", reg);
	}
}

static void common_write(struct fake_virtio *v, uint32_t reg, uint64_t value)
{
	switch (reg) {
	case VIRTIO_PCI_COMMON_DFSELECT:
		v->device_sel = (uint32_t)value;
		break;
	case VIRTIO_PCI_COMMON_GFSELECT:
		v->driver_sel = (uint32_t)value;
		break;
	case VIRTIO_PCI_COMMON_GF:
		set_features(v, v->driver_sel, (uint32_t)value);
		break;
	case VIRTIO_PCI_COMMON_MSIX:
		v->msix_config = checked_vector(v, value);
		break;
	case VIRTIO_PCI_COMMON_STATUS:
		set_status(v, (uint8_t)value);
		break;
	case VIRTIO_PCI_COMMON_Q_SELECT:
		v->queue_sel = (uint32_t)value;
		break;
	default:
		common_queue_write(v, reg, value);
	}
}

static uint64_t bar4_read(struct fake_virtio *v, uint32_t off, unsigned bytes)
{
	uint32_t isr = v->isr;

	if (off < FAKE_PCI_ISR)
		return common_read(v, off);
	if (off >= FAKE_PCI_DEVICE)
		return read_config(v, off - FAKE_PCI_DEVICE, bytes);
	assert_int_equal(off, FAKE_PCI_ISR);
	/* 4.1.4.5: reading acknowledges. */
	v->isr = 0;
	return isr;
}

static void bar4_write(struct fake_virtio *v, uint32_t off, uint64_t value)
{
	if (off < FAKE_PCI_ISR) {
		common_write(v, off, value);
		return;
	}
	assert_true(off >= FAKE_PCI_NOTIFY);
	assert_int_equal((off - FAKE_PCI_NOTIFY) / FAKE_PCI_NOTIFY_MULT, value);
	doorbell(v, (uint32_t)value);
}

/* Memory decoding and bus mastering: without them a function answers nothing. */
static void assert_decoding(const struct fake_virtio *v)
{
	assert_true(load_le16(v->pci + PCI_COMMAND) & PCI_COMMAND_MEMORY);
}

static uint64_t bus_read(void *ctx, uintptr_t addr, unsigned bytes, int is_port)
{
	struct fake_virtio *v = ctx;

	assert_false(is_port);
	if (v->front == FAKE_PCI) {
		assert_decoding(v);
		assert_true(addr >= FAKE_BAR4 && addr < FAKE_BAR4 + FAKE_BAR_BYTES);
		return bar4_read(v, (uint32_t)(addr - FAKE_BAR4), bytes);
	}
	assert_true(addr >= FAKE_MMIO_BASE && addr < FAKE_MMIO_BASE + 0x200);
	if (addr >= FAKE_MMIO_BASE + VIRTIO_MMIO_CONFIG)
		return read_config(v, (uint32_t)(addr - FAKE_MMIO_BASE - VIRTIO_MMIO_CONFIG),
				   bytes);
	/* 4.2.2.2: "32 bit wide and aligned reads". */
	assert_int_equal(bytes, 4);
	return mmio_reg_read(v, (uint32_t)(addr - FAKE_MMIO_BASE));
}

static void bus_write(void *ctx, uintptr_t addr, unsigned bytes, uint64_t value, int is_port)
{
	struct fake_virtio *v = ctx;

	assert_false(is_port);
	if (v->front != FAKE_PCI) {
		assert_int_equal(bytes, 4);
		mmio_reg_write(v, (uint32_t)(addr - FAKE_MMIO_BASE), (uint32_t)value);
		return;
	}
	assert_decoding(v);
	if (addr >= FAKE_BAR1 && addr < FAKE_BAR1 + 16 * FAKE_MSIX_ENTRIES_MAX) {
		assert_int_equal(bytes, 4);
		v->msix_table[(addr - FAKE_BAR1) / 16][(addr - FAKE_BAR1) % 16 / 4] =
			(uint32_t)value;
		return;
	}
	assert_true(addr >= FAKE_BAR4 && addr < FAKE_BAR4 + FAKE_BAR_BYTES);
	bar4_write(v, (uint32_t)(addr - FAKE_BAR4), value);
}

uint32_t fake_pci_read(void *ctx, uint32_t off)
{
	const struct fake_virtio *v = ctx;

	assert_true(off % 4 == 0 && off < sizeof(v->pci));
	return load_le32(v->pci + off);
}

void fake_pci_write(void *ctx, uint32_t off, uint32_t value)
{
	struct fake_virtio *v = ctx;

	assert_true(off % 4 == 0 && off < sizeof(v->pci));
	if (off == PCI_COMMAND) {
		/* The status half is cleared by ones: a driver must write zeros. */
		assert_int_equal(value >> 16, 0);
		store_le16(v->pci + off, (uint16_t)value);
	} else if (off >= PCI_BASE_ADDRESS_0 && off <= PCI_BASE_ADDRESS_5) {
		uint32_t size = v->bar_sizes[(off - PCI_BASE_ADDRESS_0) / 4];
		uint32_t flags = load_le32(v->pci + off) & 0xf;
		bool upper = off == PCI_BASE_ADDRESS_5;

		/* A BAR moves only while nothing is decoded at it. */
		assert_false(load_le16(v->pci + PCI_COMMAND) & PCI_COMMAND_MEMORY);
		if (upper)
			store_le32(v->pci + off, value);
		else if (size != 0)
			store_le32(v->pci + off, (value & ~(size - 1)) | flags);
	} else if (off == FAKE_PCI_CAP_MSIX) {
		store_le16(v->pci + off + 2, (uint16_t)(value >> 16));
	} else {
		fail_msg("write of configuration register 0x%x", off);
	}
}

static void add_cap(struct fake_virtio *v, uint8_t at, uint8_t type, uint8_t next, uint32_t off,
		    uint32_t len)
{
	v->pci[at] = PCI_CAP_ID_VNDR;
	v->pci[at + VIRTIO_PCI_CAP_NEXT] = next;
	v->pci[at + VIRTIO_PCI_CAP_LEN] = 16;
	v->pci[at + VIRTIO_PCI_CAP_CFG_TYPE] = type;
	v->pci[at + VIRTIO_PCI_CAP_BAR] = 4;
	store_le32(v->pci + at + VIRTIO_PCI_CAP_OFFSET, off);
	store_le32(v->pci + at + VIRTIO_PCI_CAP_LENGTH, len);
}

static void init_pci(struct fake_virtio *v)
{
	store_le16(v->pci + PCI_VENDOR_ID, 0x1af4);
	store_le16(v->pci + PCI_DEVICE_ID, (uint16_t)(0x1040 + v->type));
	store_le16(v->pci + PCI_STATUS, PCI_STATUS_CAP_LIST);
	v->pci[PCI_CAPABILITY_LIST] = FAKE_PCI_CAP_COMMON;
	v->bar_sizes[1] = FAKE_BAR_BYTES;
	v->bar_sizes[4] = FAKE_BAR_BYTES;
	store_le32(v->pci + PCI_BASE_ADDRESS_1, FAKE_BAR1);
	store_le32(v->pci + PCI_BASE_ADDRESS_4, (uint32_t)FAKE_BAR4 | PCI_BASE_ADDRESS_MEM_TYPE_64);
	add_cap(v, FAKE_PCI_CAP_COMMON, VIRTIO_PCI_CAP_COMMON_CFG, FAKE_PCI_CAP_ISR,
		FAKE_PCI_COMMON, 0x1000);
	add_cap(v, FAKE_PCI_CAP_ISR, VIRTIO_PCI_CAP_ISR_CFG, FAKE_PCI_CAP_DEVICE, FAKE_PCI_ISR, 4);
	add_cap(v, FAKE_PCI_CAP_DEVICE, VIRTIO_PCI_CAP_DEVICE_CFG, FAKE_PCI_CAP_NOTIFY,
		FAKE_PCI_DEVICE, FAKE_CONFIG_BYTES);
	add_cap(v, FAKE_PCI_CAP_NOTIFY, VIRTIO_PCI_CAP_NOTIFY_CFG, FAKE_PCI_CAP_MSIX,
		FAKE_PCI_NOTIFY, 0x1000);
	store_le32(v->pci + FAKE_PCI_CAP_NOTIFY + VIRTIO_PCI_NOTIFY_CAP_MULT, FAKE_PCI_NOTIFY_MULT);
	v->pci[FAKE_PCI_CAP_MSIX] = PCI_CAP_ID_MSIX;
	store_le16(v->pci + FAKE_PCI_CAP_MSIX + PCI_MSIX_FLAGS, (uint16_t)(v->msix_entries - 1));
	store_le32(v->pci + FAKE_PCI_CAP_MSIX + PCI_MSIX_TABLE, 1);
	v->res.pci = (struct holm_pci_config){ .ctx = v,
					       .read = fake_pci_read,
					       .write = fake_pci_write };
}

void fake_registers_attach(struct fake_virtio *v)
{
	static const struct host_io_ops ops = { .read = bus_read, .write = bus_write };

	reset(v);
	v->resets = 0;
	init_pci(v);
	host_io_attach(&ops, v);
}

void fake_registers_detach(void)
{
	host_io_attach(NULL, NULL);
}
