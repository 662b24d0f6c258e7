/* Device registers in a hosted build; see io.h. For tests only: state is global, one fake at a time. */
#include "arch/io.h"

static const struct host_io_ops *fake;
static void *fake_ctx;

void host_io_attach(const struct host_io_ops *ops, void *ctx)
{
	fake = ops;
	fake_ctx = ctx;
}

static uint64_t memory_read(uintptr_t addr, unsigned bytes)
{
	switch (bytes) {
	case 1:
		return *(volatile uint8_t *)addr;
	case 2:
		return *(volatile uint16_t *)addr;
	case 4:
		return *(volatile uint32_t *)addr;
	default:
		return *(volatile uint64_t *)addr;
	}
}

static void memory_write(uintptr_t addr, unsigned bytes, uint64_t v)
{
	switch (bytes) {
	case 1:
		*(volatile uint8_t *)addr = (uint8_t)v;
		break;
	case 2:
		*(volatile uint16_t *)addr = (uint16_t)v;
		break;
	case 4:
		*(volatile uint32_t *)addr = (uint32_t)v;
		break;
	default:
		*(volatile uint64_t *)addr = v;
		break;
	}
}

static uint64_t mmio_read(uintptr_t addr, unsigned bytes)
{
	return fake != 0 ? fake->read(fake_ctx, addr, bytes, 0) : memory_read(addr, bytes);
}

static void mmio_write(uintptr_t addr, unsigned bytes, uint64_t v)
{
	if (fake != 0)
		fake->write(fake_ctx, addr, bytes, v, 0);
	else
		memory_write(addr, bytes, v);
}

static uint64_t port_read(uint16_t port, unsigned bytes)
{
	return fake != 0 ? fake->read(fake_ctx, port, bytes, 1) : UINT64_MAX;
}

static void port_write(uint16_t port, unsigned bytes, uint64_t v)
{
	if (fake != 0)
		fake->write(fake_ctx, port, bytes, v, 1);
}

uint8_t mmio_read8(uintptr_t addr)
{
	return (uint8_t)mmio_read(addr, 1);
}

uint16_t mmio_read16(uintptr_t addr)
{
	return (uint16_t)mmio_read(addr, 2);
}

uint32_t mmio_read32(uintptr_t addr)
{
	return (uint32_t)mmio_read(addr, 4);
}

uint64_t mmio_read64(uintptr_t addr)
{
	return mmio_read(addr, 8);
}

void mmio_write8(uintptr_t addr, uint8_t v)
{
	mmio_write(addr, 1, v);
}

void mmio_write16(uintptr_t addr, uint16_t v)
{
	mmio_write(addr, 2, v);
}

void mmio_write32(uintptr_t addr, uint32_t v)
{
	mmio_write(addr, 4, v);
}

void mmio_write64(uintptr_t addr, uint64_t v)
{
	mmio_write(addr, 8, v);
}

uint8_t port_in8(uint16_t port)
{
	return (uint8_t)port_read(port, 1);
}

uint16_t port_in16(uint16_t port)
{
	return (uint16_t)port_read(port, 2);
}

uint32_t port_in32(uint16_t port)
{
	return (uint32_t)port_read(port, 4);
}

void port_out8(uint16_t port, uint8_t v)
{
	port_write(port, 1, v);
}

void port_out16(uint16_t port, uint16_t v)
{
	port_write(port, 2, v);
}

void port_out32(uint16_t port, uint32_t v)
{
	port_write(port, 4, v);
}
