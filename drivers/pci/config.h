/*
 * What a driver does with the configuration space of one PCI function: identity, capabilities, BARs,
 * command bits, MSI-X. Works on any struct holm_pci_config. Section names are of PCI Local Bus 3.0.
 *
 * Not here: finding functions and giving addresses to BARs (bus.h), MSI, power states.
 */
#ifndef DRIVERS_PCI_CONFIG_H
#define DRIVERS_PCI_CONFIG_H

#include <linux/pci_regs.h>

#include <holm/virtio.h>

#include "lib/compiler.h"

#define PCI_BARS 6u

struct pci_bar {
	bool is_memory;
	bool is_64;	    /* takes the next BAR's register as its upper half */
	uint64_t addr;	    /* 0: firmware has left it without one */
	uint64_t len_bytes; /* 0: there is no such BAR */
};

struct pci_msix {
	uintptr_t table; /* mapped */
	uint16_t entries;
	uint8_t cap; /* offset of the capability */
};

uint8_t pci_read8(const struct holm_pci_config *c, unsigned off);
uint16_t pci_read16(const struct holm_pci_config *c, unsigned off);
uint32_t pci_read32(const struct holm_pci_config *c, unsigned off);
void pci_write16(const struct holm_pci_config *c, unsigned off, uint16_t v);

/* The first capability `id` behind offset `after` (0: from the start); 0 when there is none. */
uint8_t pci_find_cap(const struct holm_pci_config *c, uint8_t id, uint8_t after);

/* What BAR `i` is; measures its size, during which the function decodes nothing. */
struct pci_bar pci_bar_get(const struct holm_pci_config *c, unsigned i);

/* Give BAR `i` an address. */
void pci_bar_set(const struct holm_pci_config *c, unsigned i, const struct pci_bar *bar,
		 uint64_t addr);

/* Set and clear bits of the command register. */
void pci_command(const struct holm_pci_config *c, uint16_t set, uint16_t clear);

#endif
