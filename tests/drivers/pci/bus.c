/* drivers/pci/bus.c: finding functions and giving addresses to their BARs. */
#include "drivers/pci/bus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "arch/io.h"
#include "lib/bytes.h"

#define ECAM 0x40000000u
#define FUNCTIONS 8

/* The functions of the machine; everything else reads as ones. */
struct machine {
	struct {
		uint16_t address; /* bus << 8 | device << 3 | function */
		uint8_t bytes[256];
		uint32_t bar_mask[6];
	} fn[FUNCTIONS];
	unsigned count;
	uint32_t port_address;
	unsigned reads;

	uint16_t visited[64];
	unsigned visits;
};

static uint64_t config_read(struct machine *m, uint32_t address, uint32_t off)
{
	m->reads++;
	for (unsigned i = 0; i < m->count; i++)
		if (m->fn[i].address == address)
			return load_le32(m->fn[i].bytes + off);
	return UINT32_MAX;
}

static void config_write(struct machine *m, uint32_t address, uint32_t off, uint32_t value)
{
	unsigned bar = (off - PCI_BASE_ADDRESS_0) / 4;

	for (unsigned i = 0; i < m->count; i++) {
		uint8_t *at = m->fn[i].bytes + off;

		if (m->fn[i].address != address)
			continue;
		if (off >= PCI_BASE_ADDRESS_0 && bar < 6)
			value = (value & m->fn[i].bar_mask[bar]) |
				(load_le32(at) & ~m->fn[i].bar_mask[bar]);
		store_le32(at, value);
	}
}

static uint64_t io_read(void *ctx, uintptr_t addr, unsigned bytes, int is_port)
{
	struct machine *m = ctx;

	assert_int_equal(bytes, 4);
	if (!is_port)
		return config_read(m, (uint32_t)(addr - ECAM) >> 12, (addr - ECAM) & 0xfff);
	assert_int_equal(addr, 0xcfc);
	assert_true(m->port_address & 0x80000000u);
	return config_read(m, m->port_address >> 8 & 0xffff, m->port_address & 0xff);
}

static void io_write(void *ctx, uintptr_t addr, unsigned bytes, uint64_t value, int is_port)
{
	struct machine *m = ctx;

	assert_int_equal(bytes, 4);
	if (!is_port)
		config_write(m, (uint32_t)(addr - ECAM) >> 12, (addr - ECAM) & 0xfff,
			     (uint32_t)value);
	else if (addr == 0xcf8)
		m->port_address = (uint32_t)value;
	else
		config_write(m, m->port_address >> 8 & 0xffff, m->port_address & 0xff,
			     (uint32_t)value);
}

static uint8_t *add(struct machine *m, unsigned bus, unsigned device, unsigned function,
		    uint8_t type)
{
	m->fn[m->count].address = (uint16_t)(bus << 8 | device << 3 | function);
	store_le16(m->fn[m->count].bytes, 0x1af4);
	store_le16(m->fn[m->count].bytes + 2, (uint16_t)(0x1040 + m->count));
	m->fn[m->count].bytes[PCI_HEADER_TYPE] = type;
	return m->fn[m->count++].bytes;
}

static void init(struct machine *m)
{
	static const struct host_io_ops ops = { .read = io_read, .write = io_write };

	*m = (struct machine){ 0 };
	host_io_attach(&ops, m);
}

static void visit(void *ctx, const struct pci_function *f)
{
	struct machine *m = ctx;

	assert_true(m->visits < 64);
	m->visited[m->visits++] = (uint16_t)(f->bus_no << 8 | f->device << 3 | f->function);
	assert_int_equal(f->vendor_id, 0x1af4);
}

static void functions_are_found_both_ways(void **state)
{
	(void)state;
	for (int by_ports = 0; by_ports < 2; by_ports++) {
		struct machine m;
		struct pci_bus bus = { .by_ports = by_ports, .ecam = ECAM, .bus_last = 255 };

		init(&m);
		add(&m, 0, 0, 0, 0);
		add(&m, 0, 5, 0, 0x80);
		add(&m, 0, 5, 3, 0);
		add(&m, 0, 31, 0, 0x80);
		add(&m, 0, 31, 7, 0);
		pci_scan(&bus, visit, &m);
		assert_int_equal(m.visits, 5);
		for (unsigned i = 0; i < 5; i++)
			assert_int_equal(m.visited[i], m.fn[i].address);
		host_io_attach(NULL, NULL);
	}
}

static void only_multifunction_devices_are_asked_for_more(void **state)
{
	struct machine m;
	struct pci_bus bus = { .ecam = ECAM, .bus_last = 255 };

	(void)state;
	init(&m);
	add(&m, 0, 1, 0, 0);
	add(&m, 0, 1, 1, 0); /* answers, but is not supposed to be there */
	pci_scan(&bus, visit, &m);
	assert_int_equal(m.visits, 1);
	assert_in_range(m.reads, 32, 36);
	host_io_attach(NULL, NULL);
}

static void buses_behind_numbered_bridges_are_visited_once(void **state)
{
	struct machine m;
	struct pci_bus bus = { .ecam = ECAM, .bus_last = 10 };

	(void)state;
	init(&m);
	add(&m, 0, 1, 0, PCI_HEADER_TYPE_BRIDGE)[PCI_SECONDARY_BUS] = 2;
	add(&m, 0, 2, 0, PCI_HEADER_TYPE_BRIDGE)[PCI_SECONDARY_BUS] = 0;  /* not numbered */
	add(&m, 0, 3, 0, PCI_HEADER_TYPE_BRIDGE)[PCI_SECONDARY_BUS] = 11; /* out of reach */
	add(&m, 2, 0, 0, PCI_HEADER_TYPE_BRIDGE)[PCI_SECONDARY_BUS] = 2;  /* back to itself */
	add(&m, 2, 1, 0, PCI_HEADER_TYPE_BRIDGE)[PCI_SECONDARY_BUS] = 1;  /* back */
	add(&m, 2, 4, 0, 0);
	pci_scan(&bus, visit, &m);
	assert_int_equal(m.visits, 6);
	assert_int_equal(m.visited[5], 2 << 8 | 4 << 3);
	host_io_attach(NULL, NULL);
}

static struct pci_function open_first(struct machine *m, const struct pci_bus *bus)
{
	return (struct pci_function){ .bus = bus,
				      .bus_no = (uint8_t)(m->fn[0].address >> 8),
				      .device = m->fn[0].address >> 3 & 31 };
}

static void bars_without_an_address_get_aligned_ones(void **state)
{
	struct machine m;
	struct pci_bus bus = { .ecam = ECAM,
			       .bus_last = 255,
			       .window_base = 0xc0001000,
			       .window_len_bytes = 0x100000 };
	struct pci_function f;

	(void)state;
	init(&m);
	add(&m, 0, 3, 0, 0);
	m.fn[0].bar_mask[0] = 0xffffffe0; /* ports: left alone */
	store_le32(m.fn[0].bytes + PCI_BASE_ADDRESS_0, 1);
	m.fn[0].bar_mask[1] = 0xfffff000;
	m.fn[0].bar_mask[2] = 0xfffff000; /* has one already */
	store_le32(m.fn[0].bytes + PCI_BASE_ADDRESS_2, 0xfe000000);
	m.fn[0].bar_mask[4] = 0xffffc000;
	m.fn[0].bar_mask[5] = 0xffffffff;
	store_le32(m.fn[0].bytes + PCI_BASE_ADDRESS_4, 4);
	f = open_first(&m, &bus);
	pci_function_open(&f);
	assert_true(pci_assign_bars(&bus, &f));
	assert_int_equal(load_le32(m.fn[0].bytes + PCI_BASE_ADDRESS_0), 1);
	assert_int_equal(load_le32(m.fn[0].bytes + PCI_BASE_ADDRESS_1), 0xc0001000);
	assert_int_equal(load_le32(m.fn[0].bytes + PCI_BASE_ADDRESS_2), 0xfe000000);
	assert_int_equal(load_le32(m.fn[0].bytes + PCI_BASE_ADDRESS_4), 0xc0004004);
	assert_int_equal(load_le32(m.fn[0].bytes + PCI_BASE_ADDRESS_5), 0);
	assert_true(bus.window_base == 0xc0008000);
	host_io_attach(NULL, NULL);
}

static void a_window_that_is_too_small_is_reported(void **state)
{
	struct machine m;
	struct pci_bus bus = {
		.ecam = ECAM, .bus_last = 255, .window_base = 0xc0000000, .window_len_bytes = 0x5000
	};
	struct pci_function f;

	(void)state;
	init(&m);
	add(&m, 0, 3, 0, 0);
	m.fn[0].bar_mask[0] = 0xffffc000;
	m.fn[0].bar_mask[1] = 0xffffc000;
	m.fn[0].bar_mask[2] = 0xfffff000;
	f = open_first(&m, &bus);
	pci_function_open(&f);
	assert_false(pci_assign_bars(&bus, &f));
	assert_int_equal(load_le32(m.fn[0].bytes + PCI_BASE_ADDRESS_0), 0xc0000000);
	assert_int_equal(load_le32(m.fn[0].bytes + PCI_BASE_ADDRESS_1), 0);
	assert_int_equal(load_le32(m.fn[0].bytes + PCI_BASE_ADDRESS_2), 0xc0004000);
	host_io_attach(NULL, NULL);
}

static void a_bridge_is_left_as_it_is(void **state)
{
	struct machine m;
	struct pci_bus bus = { .ecam = ECAM,
			       .bus_last = 255,
			       .window_base = 0xc0000000,
			       .window_len_bytes = 0x100000 };
	struct pci_function f;

	(void)state;
	init(&m);
	add(&m, 0, 3, 0, PCI_HEADER_TYPE_BRIDGE);
	m.fn[0].bar_mask[0] = 0xfffff000;
	f = open_first(&m, &bus);
	pci_function_open(&f);
	assert_true(pci_assign_bars(&bus, &f));
	assert_int_equal(load_le32(m.fn[0].bytes + PCI_BASE_ADDRESS_0), 0);
	host_io_attach(NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_are_found_both_ways),
		cmocka_unit_test(only_multifunction_devices_are_asked_for_more),
		cmocka_unit_test(buses_behind_numbered_bridges_are_visited_once),
		cmocka_unit_test(bars_without_an_address_get_aligned_ones),
		cmocka_unit_test(a_window_that_is_too_small_is_reported),
		cmocka_unit_test(a_bridge_is_left_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
