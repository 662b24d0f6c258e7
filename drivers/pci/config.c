/* Configuration space of one function; see config.h. */
#include "drivers/pci/config.h"

#include "lib/assert.h"

/* A capability list has at most 48 entries in the 192 bytes behind the header: a loop is longer. */
#define CAPS_MAX 48u

uint32_t pci_read32(const struct holm_pci_config *c, unsigned off)
{
	return c->read(c->ctx, off & ~3u);
}

uint16_t pci_read16(const struct holm_pci_config *c, unsigned off)
{
	return (uint16_t)(pci_read32(c, off) >> ((off & 2u) * 8));
}

uint8_t pci_read8(const struct holm_pci_config *c, unsigned off)
{
	return (uint8_t)(pci_read32(c, off) >> ((off & 3u) * 8));
}

void pci_write16(const struct holm_pci_config *c, unsigned off, uint16_t v)
{
	unsigned shift = (off & 2u) * 8;
	uint32_t old = pci_read32(c, off) & ~(UINT32_C(0xffff) << shift);

	c->write(c->ctx, off & ~3u, old | (uint32_t)v << shift);
}

void pci_command(const struct holm_pci_config *c, uint16_t set, uint16_t clear)
{
	uint16_t command = pci_read16(c, PCI_COMMAND);

	/* The upper half is the status register, whose bits are cleared by writing ones: write none. */
	c->write(c->ctx, PCI_COMMAND, (uint16_t)((command & ~clear) | set));
}

uint8_t pci_find_cap(const struct holm_pci_config *c, uint8_t id, uint8_t after)
{
	uint8_t at;

	if (!(pci_read16(c, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	at = pci_read8(c, after ? after + 1u : PCI_CAPABILITY_LIST) & 0xfc;
	for (unsigned i = 0; i < CAPS_MAX && at >= PCI_STD_HEADER_SIZEOF; i++) {
		if (pci_read8(c, at) == id)
			return at;
		at = pci_read8(c, at + 1u) & 0xfc;
	}
	return 0;
}

/* What stays at 0 of the ones written to a BAR's register are the address bits below its size. */
static uint32_t probe_bits(const struct holm_pci_config *c, unsigned off, uint32_t *value)
{
	uint32_t bits;

	*value = pci_read32(c, off);
	c->write(c->ctx, off, UINT32_MAX);
	bits = pci_read32(c, off);
	c->write(c->ctx, off, *value);
	return bits;
}

struct pci_bar pci_bar_get(const struct holm_pci_config *c, unsigned i)
{
	unsigned off = PCI_BASE_ADDRESS_0 + 4 * i;
	uint16_t command = pci_read16(c, PCI_COMMAND);
	struct pci_bar bar = { 0 };
	uint64_t bits;
	uint32_t low, high = 0;

	ASSERT(i < PCI_BARS);
	pci_command(c, 0, PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
	bits = probe_bits(c, off, &low);
	bar.is_memory = !(low & PCI_BASE_ADDRESS_SPACE_IO);
	bar.is_64 = bar.is_memory && i + 1 < PCI_BARS &&
		    (low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64;
	if (bits == 0) {
		pci_command(c, command, 0);
		return bar;
	}
	bits &= bar.is_memory ? ~UINT64_C(0xf) : ~UINT64_C(3);
	if (bar.is_64)
		bits |= (uint64_t)probe_bits(c, off + 4, &high) << 32;
	else
		bits |= UINT64_C(0xffffffff) << 32;
	pci_command(c, command, 0);
	bar.addr = (uint64_t)high << 32 | (low & (bar.is_memory ? ~0xfu : ~3u));
	bar.len_bytes = ~bits + 1;
	/* Port BARs may leave their upper 16 bits unimplemented. */
	if (!bar.is_memory)
		bar.len_bytes &= 0xffff;
	return bar;
}

void pci_bar_set(const struct holm_pci_config *c, unsigned i, const struct pci_bar *bar,
		 uint64_t addr)
{
	unsigned off = PCI_BASE_ADDRESS_0 + 4 * i;

	c->write(c->ctx, off, (uint32_t)addr);
	if (bar->is_64)
		c->write(c->ctx, off + 4, (uint32_t)(addr >> 32));
}
