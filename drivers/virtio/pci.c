/*
 * virtio over PCI (virtio 1.2 section 4.1), modern interface only: structures found through vendor
 * capabilities, one MSI-X message per queue where possible, otherwise one for all, otherwise INTx.
 *
 * The function's BARs have their addresses (drivers/pci/bus.c, or the embedder's own bus code).
 */
#include <linux/virtio_pci.h>

#include "arch/io.h"
#include "drivers/pci/config.h"
#include "drivers/virtio/transport.h"

#define VENDOR 0x1af4u
#define DEVICE_FIRST 0x1000u
#define DEVICE_MODERN 0x1040u /* plus the device type */
#define DEVICE_LAST 0x107fu

/* The least that each structure must have to be used. */
#define COMMON_BYTES 56u
#define NOTIFY_BYTES 2u
#define ISR_BYTES 1u

static uintptr_t common(const struct virtio_transport *t, unsigned reg)
{
	return t->common + reg;
}

/* A piece of a BAR, mapped; 0 if it lies outside the BAR or cannot be mapped. */
static uintptr_t map_piece(struct virtio_transport *t, unsigned bar_no, uint64_t off, uint64_t len)
{
	struct pci_bar bar;

	if (bar_no >= PCI_BARS)
		return 0;
	bar = pci_bar_get(&t->res.pci, bar_no);
	if (!bar.is_memory || bar.addr == 0 || off > bar.len_bytes || len > bar.len_bytes - off)
		return 0;
	return (uintptr_t)t->res.map(t->res.ctx, bar.addr + off, (size_t)len);
}

/* The first capability of `type` that can be used. 4.1.4.1: others of the type are alternatives. */
static uintptr_t find_structure(struct virtio_transport *t, uint8_t type, uint32_t least,
				size_t *len, uint8_t *cap)
{
	const struct holm_pci_config *c = &t->res.pci;

	for (uint8_t at = pci_find_cap(c, PCI_CAP_ID_VNDR, 0); at != 0;
	     at = pci_find_cap(c, PCI_CAP_ID_VNDR, at)) {
		uint32_t length = pci_read32(c, at + VIRTIO_PCI_CAP_LENGTH);
		uintptr_t p;

		if (pci_read8(c, at + VIRTIO_PCI_CAP_CFG_TYPE) != type || length < least)
			continue;
		p = map_piece(t, pci_read8(c, at + VIRTIO_PCI_CAP_BAR),
			      pci_read32(c, at + VIRTIO_PCI_CAP_OFFSET), length);
		if (p == 0)
			continue;
		*len = length;
		*cap = at;
		return p;
	}
	return 0;
}

/* Transitional devices carry their type in the subsystem id (4.1.2.3). */
static bool device_type(const struct holm_pci_config *c, uint32_t *type)
{
	uint32_t id = pci_read32(c, PCI_VENDOR_ID);
	uint32_t device = id >> 16;

	if ((id & 0xffff) != VENDOR || device < DEVICE_FIRST || device > DEVICE_LAST)
		return false;
	*type = device >= DEVICE_MODERN ? device - DEVICE_MODERN : pci_read16(c, PCI_SUBSYSTEM_ID);
	return true;
}

static int pci_open(struct virtio_transport *t, uint32_t *type)
{
	const struct holm_pci_config *c = &t->res.pci;
	size_t len;
	uint8_t cap;

	if (!device_type(c, type))
		return -HOLM_ENODEV;
	t->common = find_structure(t, VIRTIO_PCI_CAP_COMMON_CFG, COMMON_BYTES, &len, &cap);
	t->isr = find_structure(t, VIRTIO_PCI_CAP_ISR_CFG, ISR_BYTES, &len, &cap);
	t->device = find_structure(t, VIRTIO_PCI_CAP_DEVICE_CFG, 1, &t->device_len, &cap);
	t->notify_base =
		find_structure(t, VIRTIO_PCI_CAP_NOTIFY_CFG, NOTIFY_BYTES, &t->notify_len, &cap);
	if (!t->common || !t->isr || !t->notify_base) {
		virtio_log(
			t, HOLM_LOG_WARN,
			"virtio-pci: no modern interface (QEMU: disable-modern=off), or no address");
		return -HOLM_EPROTO;
	}
	t->notify_mult = pci_read32(c, cap + VIRTIO_PCI_NOTIFY_CAP_MULT);
	/* Firmware leaves bus mastering off. The line stays silent until it is known to be wanted. */
	pci_command(c, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE, 0);
	return 0;
}

/* Map the MSI-X table. False: there is none. */
static bool msix_open(struct virtio_transport *t, struct pci_msix *msix)
{
	const struct holm_pci_config *c = &t->res.pci;
	uint32_t table;

	msix->cap = pci_find_cap(c, PCI_CAP_ID_MSIX, 0);
	if (!msix->cap)
		return false;
	msix->entries = (pci_read16(c, msix->cap + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_QSIZE) + 1;
	table = pci_read32(c, msix->cap + PCI_MSIX_TABLE);
	msix->table = map_piece(t, table & PCI_MSIX_TABLE_BIR, table & PCI_MSIX_TABLE_OFFSET,
				msix->entries * PCI_MSIX_ENTRY_SIZE);
	return msix->table != 0;
}

static void msix_write(const struct pci_msix *msix, unsigned i, const struct holm_virtio_msi *msi)
{
	uintptr_t entry = msix->table + i * PCI_MSIX_ENTRY_SIZE;

	mmio_write32(entry + PCI_MSIX_ENTRY_LOWER_ADDR, (uint32_t)msi->addr);
	mmio_write32(entry + PCI_MSIX_ENTRY_UPPER_ADDR, (uint32_t)(msi->addr >> 32));
	mmio_write32(entry + PCI_MSIX_ENTRY_DATA, msi->data);
	mmio_write32(entry + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
}

/* Prepare messages until `wanted`, the table's end or the caller's refusal. */
static unsigned msix_fill(struct virtio_transport *t, const struct pci_msix *msix, unsigned wanted)
{
	unsigned n;

	for (n = 0; n < wanted && n < msix->entries; n++) {
		struct holm_virtio_msi msi;

		if (!t->res.msi(t->res.ctx, n, &msi))
			break;
		msix_write(msix, n, &msi);
	}
	return n;
}

/* Ask the caller for messages and switch them on, or the line. Sets t->vectors. */
static void choose_vectors(struct virtio_transport *t, unsigned wanted)
{
	struct pci_msix msix;
	unsigned n = 0;

	/* Two of three are of no use: one shared by all is simpler than two kinds of sharing. */
	if (t->res.msi && msix_open(t, &msix))
		n = msix_fill(t, &msix, msix.entries >= wanted ? wanted : 1);
	if (n == 0) {
		pci_command(&t->res.pci, 0, PCI_COMMAND_INTX_DISABLE);
		return;
	}
	pci_write16(&t->res.pci, msix.cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
	t->vectors = n == wanted ? (uint8_t)n : 1;
}

static void pci_setup_vectors(struct virtio_transport *t, unsigned wanted)
{
	if (!t->vectors_chosen)
		choose_vectors(t, wanted);
	t->vectors_chosen = true;
	if (t->vectors == 0)
		return;
	/* 4.1.5.1.2.1: a device may fail to map an event, and says so when read back. */
	mmio_write16(common(t, VIRTIO_PCI_COMMON_MSIX), HOLM_VIRTIO_VECTOR_CONFIG);
	if (mmio_read16(common(t, VIRTIO_PCI_COMMON_MSIX)) != HOLM_VIRTIO_VECTOR_CONFIG)
		virtio_log(t, HOLM_LOG_WARN, "virtio-pci: no message for configuration changes");
}

static uint8_t pci_status(struct virtio_transport *t)
{
	return mmio_read8(common(t, VIRTIO_PCI_COMMON_STATUS));
}

static void pci_set_status(struct virtio_transport *t, uint8_t status)
{
	mmio_write8(common(t, VIRTIO_PCI_COMMON_STATUS), status);
}

static uint64_t pci_features(struct virtio_transport *t)
{
	uint64_t low;

	mmio_write32(common(t, VIRTIO_PCI_COMMON_DFSELECT), 0);
	low = mmio_read32(common(t, VIRTIO_PCI_COMMON_DF));
	mmio_write32(common(t, VIRTIO_PCI_COMMON_DFSELECT), 1);
	return (uint64_t)mmio_read32(common(t, VIRTIO_PCI_COMMON_DF)) << 32 | low;
}

static void pci_set_features(struct virtio_transport *t, uint64_t features)
{
	mmio_write32(common(t, VIRTIO_PCI_COMMON_GFSELECT), 0);
	mmio_write32(common(t, VIRTIO_PCI_COMMON_GF), (uint32_t)features);
	mmio_write32(common(t, VIRTIO_PCI_COMMON_GFSELECT), 1);
	mmio_write32(common(t, VIRTIO_PCI_COMMON_GF), (uint32_t)(features >> 32));
}

static uint8_t pci_config8(struct virtio_transport *t, unsigned off)
{
	return off + 1 <= t->device_len ? mmio_read8(t->device + off) : UINT8_MAX;
}

static uint16_t pci_config16(struct virtio_transport *t, unsigned off)
{
	return off + 2 <= t->device_len ? mmio_read16(t->device + off) : UINT16_MAX;
}

static uint32_t pci_generation(struct virtio_transport *t)
{
	return mmio_read8(common(t, VIRTIO_PCI_COMMON_CFGGENERATION));
}

static uint16_t pci_queue_max(struct virtio_transport *t, uint16_t index)
{
	if (index >= mmio_read16(common(t, VIRTIO_PCI_COMMON_NUMQ)))
		return 0;
	mmio_write16(common(t, VIRTIO_PCI_COMMON_Q_SELECT), index);
	return mmio_read16(common(t, VIRTIO_PCI_COMMON_Q_SIZE));
}

static void write_addr(struct virtio_transport *t, unsigned low_reg, uint64_t addr)
{
	mmio_write32(common(t, low_reg), (uint32_t)addr);
	mmio_write32(common(t, low_reg + 4), (uint32_t)(addr >> 32));
}

static int pci_queue_enable(struct virtio_transport *t, const struct virtio_queue_setup *q)
{
	uint64_t off;

	mmio_write16(common(t, VIRTIO_PCI_COMMON_Q_SELECT), q->index);
	off = (uint64_t)mmio_read16(common(t, VIRTIO_PCI_COMMON_Q_NOFF)) * t->notify_mult;
	if (off > t->notify_len - NOTIFY_BYTES)
		return -HOLM_EIO;
	t->notify_addr[q->index] = t->notify_base + (uintptr_t)off;
	mmio_write16(common(t, VIRTIO_PCI_COMMON_Q_SIZE), q->num);
	write_addr(t, VIRTIO_PCI_COMMON_Q_DESCLO, q->desc);
	write_addr(t, VIRTIO_PCI_COMMON_Q_AVAILLO, q->avail);
	write_addr(t, VIRTIO_PCI_COMMON_Q_USEDLO, q->used);
	if (t->vectors > 0) {
		mmio_write16(common(t, VIRTIO_PCI_COMMON_Q_MSIX), q->vector);
		if (mmio_read16(common(t, VIRTIO_PCI_COMMON_Q_MSIX)) != q->vector)
			return -HOLM_EIO;
	}
	mmio_write16(common(t, VIRTIO_PCI_COMMON_Q_ENABLE), 1);
	return 0;
}

static void pci_notify(struct virtio_transport *t, uint16_t index)
{
	mmio_write16(t->notify_addr[index], index);
}

/* Reading acknowledges (4.1.4.5). Messages leave the register alone. */
static unsigned pci_isr(struct virtio_transport *t)
{
	return mmio_read8(t->isr) & (VIRTIO_ISR_QUEUE | VIRTIO_PCI_ISR_CONFIG);
}

const struct virtio_transport_ops virtio_pci_ops = {
	.open = pci_open,
	.setup_vectors = pci_setup_vectors,
	.status = pci_status,
	.set_status = pci_set_status,
	.features = pci_features,
	.set_features = pci_set_features,
	.config8 = pci_config8,
	.config16 = pci_config16,
	.generation = pci_generation,
	.queue_max = pci_queue_max,
	.queue_enable = pci_queue_enable,
	.notify = pci_notify,
	.isr = pci_isr,
};
