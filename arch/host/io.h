/*
 * Device registers in a hosted build: every access is a call that a test answers.
 *
 * Until host_io_attach() names a fake device, MMIO accesses touch the memory at the address (so an
 * array can stand for passive registers) and ports read as all ones, as on a machine without them.
 */
#ifndef ARCH_HOST_IO_H
#define ARCH_HOST_IO_H

#include <stdint.h>

/* A fake device. `bytes` is 1, 2, 4 or 8. Port accesses come with is_port set. */
struct host_io_ops {
	uint64_t (*read)(void *ctx, uintptr_t addr, unsigned bytes, int is_port);
	void (*write)(void *ctx, uintptr_t addr, unsigned bytes, uint64_t value, int is_port);
};

/* One at a time; NULL takes it away. Both pointers must stay valid until then. */
void host_io_attach(const struct host_io_ops *ops, void *ctx);

uint8_t mmio_read8(uintptr_t addr);
uint16_t mmio_read16(uintptr_t addr);
uint32_t mmio_read32(uintptr_t addr);
uint64_t mmio_read64(uintptr_t addr);
void mmio_write8(uintptr_t addr, uint8_t v);
void mmio_write16(uintptr_t addr, uint16_t v);
void mmio_write32(uintptr_t addr, uint32_t v);
void mmio_write64(uintptr_t addr, uint64_t v);
uint8_t port_in8(uint16_t port);
uint16_t port_in16(uint16_t port);
uint32_t port_in32(uint16_t port);
void port_out8(uint16_t port, uint8_t v);
void port_out16(uint16_t port, uint16_t v);
void port_out32(uint16_t port, uint32_t v);

#endif
