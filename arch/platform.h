/*
 * What the machine has, found once at boot: the list from which drivers are probed.
 *
 * This is discovery without touching devices; looking inside (virtio device ids, PCI functions) is
 * the drivers' work. Everything listed is mapped already, virtual = physical.
 */
#ifndef ARCH_PLATFORM_H
#define ARCH_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

#include "arch/irq.h"

enum platform_kind {
	PLATFORM_VIRTIO_MMIO, /* a register block and its line; may hold device id 0: nothing there */
	PLATFORM_PCI_ECAM,    /* memory-mapped configuration space, 1 MiB per bus */
	PLATFORM_PCI_PORTS,   /* configuration through ports 0xcf8 and 0xcfc; only without ECAM */
};

struct platform_resource {
	enum platform_kind kind;
	uint64_t base; /* PCI ports: 0xcf8 */
	uint64_t len_bytes;
	unsigned irq;		  /* VIRTIO_MMIO only */
	enum irq_trigger trigger; /* VIRTIO_MMIO only */
	uint8_t bus_first;	  /* PCI only */
	uint8_t bus_last;	  /* PCI only */
	/* PCI only: addresses free for BARs that the firmware left unassigned. */
	uint64_t window_base;
	uint64_t window_len_bytes;
};

/* Slots of a microvm (24), words of a command line, one PCI root; more are not looked for. */
#define PLATFORM_RESOURCES_MAX 40

/* The list, valid for ever. */
const struct platform_resource *platform_resources(size_t *n);

/* The line of a PCI function's INTx: device number 0-31, pin 0-3 for INTA-INTD. Level, active high. */
unsigned platform_pci_line(unsigned device, unsigned pin);

#endif
