/*
 * Finding PCI functions and giving addresses to BARs that firmware has left without one.
 *
 * Configuration space is reached through ECAM (PCI Express Base 3.0 section 7.2.2) or through ports
 * 0xcf8 and 0xcfc (PCI Local Bus 3.0 section 3.2.2.3.2). Buses behind bridges are visited if firmware
 * has numbered them; bridges are not set up here.
 */
#ifndef DRIVERS_PCI_BUS_H
#define DRIVERS_PCI_BUS_H

#include "drivers/pci/config.h"

struct pci_bus {
	bool by_ports;
	uintptr_t ecam; /* of bus number bus_first */
	uint8_t bus_first, bus_last;
	/* Addresses that nobody else decodes; what was given away is cut off in front. */
	uint64_t window_base, window_len_bytes;
};

/* Must stay where it is as long as `config` is used. */
struct pci_function {
	const struct pci_bus *bus;
	uint8_t bus_no, device, function;
	uint8_t pin; /* of its line: 1-4 for INTA-INTD, 0: none */
	uint16_t vendor_id, device_id;
	struct holm_pci_config config; /* once pci_function_open() was called on this very struct */
};

/* Make f->config usable. */
void pci_function_open(struct pci_function *f);

/* Call `visit` for every function that answers. Its argument is gone afterwards: copy, then open. */
void pci_scan(const struct pci_bus *bus, void (*visit)(void *ctx, const struct pci_function *f),
	      void *ctx);

/* Give an address to each memory BAR that has none. False: the window is too small for one. */
bool pci_assign_bars(struct pci_bus *bus, const struct pci_function *f);

#endif
