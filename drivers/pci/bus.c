/* PCI buses; see bus.h. */
#include "drivers/pci/bus.h"

#include "arch/io.h"

#define DEVICES_PER_BUS 32u
#define FUNCTIONS_PER_DEVICE 8u
#define BUSES 256u

#define PORT_ADDRESS 0xcf8
#define PORT_DATA 0xcfc
#define PORT_ENABLE 0x80000000u

#define HEADER_MULTIFUNCTION 0x80u

/* Where a register is: the same bits in both ways, at other places. */
static uintptr_t ecam_address(const struct pci_function *f, uint32_t off)
{
	return f->bus->ecam + ((uintptr_t)(f->bus_no - f->bus->bus_first) << 20 |
			       (uintptr_t)f->device << 15 | (uintptr_t)f->function << 12 | off);
}

static uint32_t port_address(const struct pci_function *f, uint32_t off)
{
	return PORT_ENABLE | (uint32_t)f->bus_no << 16 | (uint32_t)f->device << 11 |
	       (uint32_t)f->function << 8 | off;
}

static uint32_t config_read(void *ctx, uint32_t off)
{
	const struct pci_function *f = ctx;

	if (!f->bus->by_ports)
		return mmio_read32(ecam_address(f, off));
	port_out32(PORT_ADDRESS, port_address(f, off));
	return port_in32(PORT_DATA);
}

static void config_write(void *ctx, uint32_t off, uint32_t value)
{
	const struct pci_function *f = ctx;

	if (!f->bus->by_ports) {
		mmio_write32(ecam_address(f, off), value);
		return;
	}
	port_out32(PORT_ADDRESS, port_address(f, off));
	port_out32(PORT_DATA, value);
}

void pci_function_open(struct pci_function *f)
{
	f->config = (struct holm_pci_config){
		.ctx = f,
		.read = config_read,
		.write = config_write,
	};
}

/* Buses found but not yet visited. */
struct bus_set {
	uint64_t words[BUSES / 64];
};

static void set_add(struct bus_set *s, uint8_t bus)
{
	s->words[bus / 64] |= UINT64_C(1) << bus % 64;
}

/* The lowest bus at or above `from`; BUSES if there is none. */
static unsigned set_next(const struct bus_set *s, unsigned from)
{
	for (unsigned bus = from; bus < BUSES; bus++)
		if (s->words[bus / 64] >> bus % 64 & 1)
			return bus;
	return BUSES;
}

/* A bridge's bus is visited later if it has a higher number: so there is no going round. */
static void note_bridge(const struct pci_function *f, struct bus_set *found)
{
	uint8_t secondary = pci_read8(&f->config, PCI_SECONDARY_BUS);

	if (secondary > f->bus_no && secondary <= f->bus->bus_last)
		set_add(found, secondary);
}

/* One function. Returns its header type, with the multi-function bit; 0 if nothing answers. */
static uint8_t probe(struct pci_function *f, struct bus_set *found,
		     void (*visit)(void *ctx, const struct pci_function *f), void *ctx)
{
	uint32_t id;
	uint8_t type;

	pci_function_open(f);
	id = pci_read32(&f->config, PCI_VENDOR_ID);
	f->vendor_id = (uint16_t)id;
	f->device_id = (uint16_t)(id >> 16);
	if (f->vendor_id == UINT16_MAX || f->vendor_id == 0)
		return 0;
	type = pci_read8(&f->config, PCI_HEADER_TYPE);
	f->pin = pci_read8(&f->config, PCI_INTERRUPT_PIN);
	if ((type & PCI_HEADER_TYPE_MASK) == PCI_HEADER_TYPE_BRIDGE)
		note_bridge(f, found);
	visit(ctx, f);
	return type;
}

static void scan_device(struct pci_function f, struct bus_set *found,
			void (*visit)(void *ctx, const struct pci_function *f), void *ctx)
{
	if (!(probe(&f, found, visit, ctx) & HEADER_MULTIFUNCTION))
		return;
	for (f.function = 1; f.function < FUNCTIONS_PER_DEVICE; f.function++)
		(void)probe(&f, found, visit, ctx);
}

void pci_scan(const struct pci_bus *bus, void (*visit)(void *ctx, const struct pci_function *f),
	      void *ctx)
{
	struct bus_set found = { { 0 } };

	set_add(&found, bus->bus_first);
	for (unsigned no = set_next(&found, 0); no < BUSES; no = set_next(&found, no + 1))
		for (uint8_t device = 0; device < DEVICES_PER_BUS; device++)
			scan_device((struct pci_function){ .bus = bus,
							   .bus_no = (uint8_t)no,
							   .device = device },
				    &found, visit, ctx);
}

/* Cut an aligned piece off the window. 0: it is too small. */
static uint64_t take_window(struct pci_bus *bus, uint64_t len)
{
	uint64_t addr = (bus->window_base + len - 1) & ~(len - 1);
	uint64_t used = addr - bus->window_base + len;

	if (addr < bus->window_base || used < len || used > bus->window_len_bytes)
		return 0;
	bus->window_base += used;
	bus->window_len_bytes -= used;
	return addr;
}

bool pci_assign_bars(struct pci_bus *bus, const struct pci_function *f)
{
	uint8_t type = pci_read8(&f->config, PCI_HEADER_TYPE) & PCI_HEADER_TYPE_MASK;
	bool all = true;

	if (type != PCI_HEADER_TYPE_NORMAL)
		return true;
	for (unsigned i = 0; i < PCI_BARS; i++) {
		struct pci_bar bar = pci_bar_get(&f->config, i);
		uint64_t addr;

		if (bar.is_memory && bar.len_bytes != 0 && bar.addr == 0) {
			addr = is_pow2_u64(bar.len_bytes) ? take_window(bus, bar.len_bytes) : 0;
			if (addr != 0)
				pci_bar_set(&f->config, i, &bar, addr);
			all = all && addr != 0;
		}
		i += bar.is_64;
	}
	return all;
}
