/*
 * The register files of the fake device: where they are, and how they are put on the bus.
 */
#ifndef TESTS_DRIVERS_FAKE_REGISTERS_H
#define TESTS_DRIVERS_FAKE_REGISTERS_H

#include "tests/drivers/fake/virtio.h"

#define FAKE_MMIO_BASE 0x10000000u

/* BAR 1 holds the MSI-X table, BAR 4 (64 bits wide) the structures, a page each. */
#define FAKE_BAR1 0x20000000u
#define FAKE_BAR4 UINT64_C(0x30000000)
#define FAKE_BAR_BYTES 0x4000u
#define FAKE_PCI_COMMON 0x0000u
#define FAKE_PCI_ISR 0x1000u
#define FAKE_PCI_DEVICE 0x2000u
#define FAKE_PCI_NOTIFY 0x3000u
#define FAKE_PCI_NOTIFY_MULT 4u
#define FAKE_PCI_CAP_COMMON 0x40u
#define FAKE_PCI_CAP_ISR 0x50u
#define FAKE_PCI_CAP_DEVICE 0x60u
#define FAKE_PCI_CAP_NOTIFY 0x70u
#define FAKE_PCI_CAP_MSIX 0x90u

void fake_registers_attach(struct fake_virtio *v);
void fake_registers_detach(void);

/* Configuration space as a driver's callbacks see it; ctx is the device. */
uint32_t fake_pci_read(void *ctx, uint32_t off);
void fake_pci_write(void *ctx, uint32_t off, uint32_t value);

#endif
