/* drivers/pci/config.c: what one function's configuration space says. */
#include "drivers/pci/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lib/bytes.h"

struct space {
	uint8_t bytes[256];
	uint32_t bar_mask[6]; /* bits of a BAR's register that can be written */
	struct holm_pci_config config;
};

static uint32_t space_read(void *ctx, uint32_t off)
{
	struct space *s = ctx;

	assert_int_equal(off % 4, 0);
	return load_le32(s->bytes + off);
}

static void space_write(void *ctx, uint32_t off, uint32_t value)
{
	struct space *s = ctx;
	unsigned bar = (off - PCI_BASE_ADDRESS_0) / 4;

	assert_int_equal(off % 4, 0);
	if (off >= PCI_BASE_ADDRESS_0 && bar < 6) {
		uint32_t keep = load_le32(s->bytes + off) & ~s->bar_mask[bar];

		assert_int_equal(load_le16(s->bytes + PCI_COMMAND) & 3, 0);
		store_le32(s->bytes + off, (value & s->bar_mask[bar]) | keep);
		return;
	}
	if (off == PCI_COMMAND)
		value &= 0xffff; /* the status half is cleared by ones */
	store_le32(s->bytes + off, value);
}

static void init(struct space *s)
{
	*s = (struct space){ 0 };
	s->config = (struct holm_pci_config){ s, space_read, space_write };
}

static void fields_of_every_width_are_read_from_their_place(void **state)
{
	struct space s;

	(void)state;
	init(&s);
	for (unsigned i = 0; i < 8; i++)
		s.bytes[0x40 + i] = (uint8_t)(i + 1);
	assert_int_equal(pci_read8(&s.config, 0x43), 4);
	assert_int_equal(pci_read16(&s.config, 0x42), 0x0403);
	assert_int_equal(pci_read32(&s.config, 0x44), 0x08070605);
	pci_write16(&s.config, 0x46, 0xabcd);
	assert_int_equal(pci_read32(&s.config, 0x44), 0xabcd0605);
	pci_write16(&s.config, 0x44, 0x1234);
	assert_int_equal(pci_read32(&s.config, 0x44), 0xabcd1234);
}

static void capabilities_are_found_in_order(void **state)
{
	struct space s;

	(void)state;
	init(&s);
	assert_int_equal(pci_find_cap(&s.config, PCI_CAP_ID_VNDR, 0), 0);
	s.bytes[PCI_CAPABILITY_LIST] = 0x50;
	s.bytes[0x50] = PCI_CAP_ID_VNDR;
	s.bytes[0x51] = 0x60;
	s.bytes[0x60] = PCI_CAP_ID_MSIX;
	s.bytes[0x61] = 0x40;
	s.bytes[0x40] = PCI_CAP_ID_VNDR;
	/* Without the bit in the status register there is no list. */
	assert_int_equal(pci_find_cap(&s.config, PCI_CAP_ID_VNDR, 0), 0);
	store_le16(s.bytes + PCI_STATUS, PCI_STATUS_CAP_LIST);
	assert_int_equal(pci_find_cap(&s.config, PCI_CAP_ID_VNDR, 0), 0x50);
	assert_int_equal(pci_find_cap(&s.config, PCI_CAP_ID_VNDR, 0x50), 0x40);
	assert_int_equal(pci_find_cap(&s.config, PCI_CAP_ID_VNDR, 0x40), 0);
	assert_int_equal(pci_find_cap(&s.config, PCI_CAP_ID_MSIX, 0), 0x60);
	/* Into the header, and round and round. */
	s.bytes[0x41] = 0x10;
	assert_int_equal(pci_find_cap(&s.config, PCI_CAP_ID_PM, 0), 0);
	s.bytes[0x41] = 0x50;
	assert_int_equal(pci_find_cap(&s.config, PCI_CAP_ID_PM, 0), 0);
}

static void sizes_are_measured_and_addresses_kept(void **state)
{
	struct space s;
	struct pci_bar bar;

	(void)state;
	init(&s);
	store_le16(s.bytes + PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	store_le32(s.bytes + PCI_BASE_ADDRESS_0, 0xfebc1000);
	s.bar_mask[0] = ~0xfffu;
	bar = pci_bar_get(&s.config, 0);
	assert_true(bar.is_memory);
	assert_false(bar.is_64);
	assert_true(bar.addr == 0xfebc1000 && bar.len_bytes == 0x1000);
	assert_int_equal(load_le32(s.bytes + PCI_BASE_ADDRESS_0), 0xfebc1000);
	assert_int_equal(load_le16(s.bytes + PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void a_pair_of_registers_is_one_large_bar(void **state)
{
	struct space s;
	struct pci_bar bar;

	(void)state;
	init(&s);
	store_le32(s.bytes + PCI_BASE_ADDRESS_2, 0x0000000c);
	store_le32(s.bytes + PCI_BASE_ADDRESS_3, 0x00000080);
	s.bar_mask[2] = 0;
	s.bar_mask[3] = 0xfffffffe;
	bar = pci_bar_get(&s.config, 2);
	assert_true(bar.is_64);
	assert_true(bar.addr == UINT64_C(0x8000000000));
	/* The low half measures as nothing at all: 8 GiB. */
	assert_true(bar.len_bytes == UINT64_C(0x200000000));
	pci_bar_set(&s.config, 2, &bar, UINT64_C(0x1200000000));
	assert_int_equal(load_le32(s.bytes + PCI_BASE_ADDRESS_3), 0x12);
}

static void a_port_bar_is_told_apart(void **state)
{
	struct space s;
	struct pci_bar bar;

	(void)state;
	init(&s);
	store_le32(s.bytes + PCI_BASE_ADDRESS_1, 0xc001);
	s.bar_mask[1] = 0xffe0; /* the upper half is not implemented */
	bar = pci_bar_get(&s.config, 1);
	assert_false(bar.is_memory);
	assert_true(bar.addr == 0xc000 && bar.len_bytes == 0x20);
}

static void an_unimplemented_bar_has_no_length(void **state)
{
	struct space s;

	(void)state;
	init(&s);
	for (unsigned i = 0; i < 6; i++)
		assert_true(pci_bar_get(&s.config, i).len_bytes == 0);
}

static void the_last_register_cannot_begin_a_pair(void **state)
{
	struct space s;
	struct pci_bar bar;

	(void)state;
	init(&s);
	store_le32(s.bytes + PCI_BASE_ADDRESS_5, 0xfe000004);
	s.bar_mask[5] = ~0xffffu;
	bar = pci_bar_get(&s.config, 5);
	assert_false(bar.is_64);
	assert_true(bar.len_bytes == 0x10000);
}

static void command_bits_are_set_and_cleared_alone(void **state)
{
	struct space s;

	(void)state;
	init(&s);
	store_le16(s.bytes + PCI_COMMAND, 0x0103);
	pci_command(&s.config, PCI_COMMAND_MASTER, PCI_COMMAND_IO);
	assert_int_equal(load_le16(s.bytes + PCI_COMMAND), 0x0106);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_of_every_width_are_read_from_their_place),
		cmocka_unit_test(capabilities_are_found_in_order),
		cmocka_unit_test(sizes_are_measured_and_addresses_kept),
		cmocka_unit_test(a_pair_of_registers_is_one_large_bar),
		cmocka_unit_test(a_port_bar_is_told_apart),
		cmocka_unit_test(an_unimplemented_bar_has_no_length),
		cmocka_unit_test(the_last_register_cannot_begin_a_pair),
		cmocka_unit_test(command_bits_are_set_and_cleared_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
