/* drivers/virtio/pci.c: capabilities, messages, lines; and functions that describe themselves wrongly. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>

#include "drivers/virtio/transport.h"
#include "lib/bytes.h"
#include "tests/drivers/fake/registers.h"

static uint16_t command(const struct fake_virtio *v)
{
	return load_le16(v->pci + PCI_COMMAND);
}

static int identify(struct fake_virtio *v)
{
	uint32_t type = 99;
	int err = holm_virtio_identify(&v->res, &type);

	if (!err)
		assert_int_equal(type, v->type);
	return err;
}

/* SeaBIOS leaves bus mastering off, other firmware everything. */
static void decoding_and_bus_mastering_are_switched_on(void **state)
{
	struct fake_virtio v;

	(void)state;
	fake_init(&v, FAKE_PCI, 0);
	assert_int_equal(identify(&v), 0);
	assert_int_equal(command(&v) & (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER),
			 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	assert_true(command(&v) & PCI_COMMAND_INTX_DISABLE);
	fake_fini(&v);
}

static void a_transitional_function_says_its_type_in_the_subsystem(void **state)
{
	struct fake_virtio v;

	(void)state;
	fake_init(&v, FAKE_PCI, 0);
	store_le16(v.pci + PCI_DEVICE_ID, 0x1000);
	store_le16(v.pci + PCI_SUBSYSTEM_ID, 1);
	assert_int_equal(identify(&v), 0);
	fake_fini(&v);
}

static void other_functions_are_not_touched(void **state)
{
	static const uint16_t ids[][2] = {
		{ 0x8086, 0x1041 }, { 0x1af4, 0x0fff }, { 0x1af4, 0x1080 }, { 0xffff, 0xffff }
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct fake_virtio v;

		fake_init(&v, FAKE_PCI, 0);
		store_le16(v.pci + PCI_VENDOR_ID, ids[i][0]);
		store_le16(v.pci + PCI_DEVICE_ID, ids[i][1]);
		assert_int_equal(identify(&v), -HOLM_ENODEV);
		assert_int_equal(command(&v), 0);
		assert_int_equal(v.log_lines, 0);
		fake_fini(&v);
	}
}

static void a_function_without_the_modern_structures_is_reported(void **state)
{
	static const uint8_t needed[] = { FAKE_PCI_CAP_COMMON, FAKE_PCI_CAP_ISR,
					  FAKE_PCI_CAP_NOTIFY };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct fake_virtio v;

		fake_init(&v, FAKE_PCI, 0);
		v.pci[needed[i] + VIRTIO_PCI_CAP_CFG_TYPE] = 77;
		assert_int_equal(identify(&v), -HOLM_EPROTO);
		assert_int_equal(v.log_lines, 1);
		fake_fini(&v);
	}
}

static void a_structure_outside_its_bar_is_not_used(void **state)
{
	static const struct {
		uint32_t off, len;
		uint8_t bar;
	} cases[] = {
		{ 0x4000, 0x38, 4 },
		{ 0x3fff, 0x38, 4 },
		{ 0, 0x4001, 4 },
		{ 0xffffffff, 0x38, 4 },
		{ 0xfffff000, 0x1038, 4 },
		{ 0, 0xffffffff, 4 },
		{ 0, 0x37, 4 },
		{ 0, 0x38, 6 },
		{ 0, 0x38, 255 },
		{ 0, 0x38, 0 },
	};

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		struct fake_virtio v;
		uint8_t *cap = v.pci + FAKE_PCI_CAP_COMMON;

		fake_init(&v, FAKE_PCI, 0);
		store_le32(cap + VIRTIO_PCI_CAP_OFFSET, cases[i].off);
		store_le32(cap + VIRTIO_PCI_CAP_LENGTH, cases[i].len);
		cap[VIRTIO_PCI_CAP_BAR] = cases[i].bar;
		assert_int_equal(identify(&v), -HOLM_EPROTO);
		fake_fini(&v);
	}
}

static void of_two_alternatives_the_usable_one_is_taken(void **state)
{
	struct fake_virtio v;
	uint8_t *cap = v.pci + 0xc0;

	(void)state;
	fake_init(&v, FAKE_PCI, 0);
	/* A first one in an I/O BAR that does not exist, then the real one. */
	memcpy(cap, v.pci + FAKE_PCI_CAP_COMMON, 16);
	cap[VIRTIO_PCI_CAP_BAR] = 2;
	cap[VIRTIO_PCI_CAP_NEXT] = FAKE_PCI_CAP_COMMON;
	v.pci[PCI_CAPABILITY_LIST] = 0xc0;
	assert_int_equal(identify(&v), 0);
	fake_fini(&v);
}

static void a_capability_list_that_goes_round_ends(void **state)
{
	struct fake_virtio v;

	(void)state;
	fake_init(&v, FAKE_PCI, 0);
	v.pci[FAKE_PCI_CAP_MSIX + 1] = FAKE_PCI_CAP_COMMON;
	assert_int_equal(identify(&v), 0);
	v.pci[FAKE_PCI_CAP_COMMON] = PCI_CAP_ID_PM;
	v.pci[FAKE_PCI_CAP_COMMON + 1] = FAKE_PCI_CAP_COMMON;
	assert_int_equal(identify(&v), -HOLM_EPROTO);
	fake_fini(&v);
}

static struct virtio_transport open_device(struct fake_virtio *v)
{
	struct virtio_transport t;
	uint32_t type;

	assert_int_equal(virtio_open(&t, &v->res, &type), 0);
	assert_int_equal(virtio_reset(&t), 0);
	(void)virtio_begin(&t);
	assert_int_equal(virtio_agree(&t, FAKE_BIT(VIRTIO_F_VERSION_1)), 0);
	return t;
}

static int enable(struct virtio_transport *t, uint16_t index, uint16_t vector)
{
	const struct virtio_queue_setup q = { .index = index, .num = 16, .vector = vector };

	return t->ops->queue_enable(t, &q);
}

static void each_event_has_a_message_of_its_own(void **state)
{
	struct fake_virtio v;
	struct virtio_transport t;

	(void)state;
	fake_init(&v, FAKE_PCI, 0);
	t = open_device(&v);
	t.ops->setup_vectors(&t, 3);
	assert_int_equal(t.vectors, 3);
	assert_int_equal(v.msix_config, 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(v.msix_table[i][0], 0xfee00000 + 0x1000 * i);
		assert_int_equal(v.msix_table[i][1], 0);
		assert_int_equal(v.msix_table[i][2], 0x40 + i);
		assert_int_equal(v.msix_table[i][3], 0); /* not masked */
	}
	assert_true(load_le16(v.pci + FAKE_PCI_CAP_MSIX + 2) & PCI_MSIX_FLAGS_ENABLE);
	assert_true(command(&v) & PCI_COMMAND_INTX_DISABLE);
	assert_int_equal(enable(&t, 0, 1), 0);
	assert_int_equal(v.q[0].vector, 1);
	fake_fini(&v);
}

static void one_message_serves_where_there_are_too_few(void **state)
{
	static const struct {
		unsigned entries, messages, vectors;
	} cases[] = {
		{ 2, 3, 1 }, { 1, 3, 1 }, { 3, 2, 1 }, { 3, 1, 1 }, { 3, 0, 0 }, { 4, 3, 3 }
	};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct fake_virtio v;
		struct virtio_transport t;

		fake_init(&v, FAKE_PCI, 0);
		v.msix_entries = cases[i].entries;
		v.msi_max = cases[i].messages;
		store_le16(v.pci + FAKE_PCI_CAP_MSIX + 2, (uint16_t)(cases[i].entries - 1));
		t = open_device(&v);
		t.ops->setup_vectors(&t, 3);
		assert_int_equal(t.vectors, cases[i].vectors);
		assert_int_equal(!(command(&v) & PCI_COMMAND_INTX_DISABLE), t.vectors == 0);
		fake_fini(&v);
	}
}

static void without_messages_the_line_is_opened(void **state)
{
	struct fake_virtio v;
	struct virtio_transport t;

	(void)state;
	fake_init(&v, FAKE_PCI, 0);
	v.pci[FAKE_PCI_CAP_NOTIFY + 1] = 0; /* end of the list: no MSI-X */
	t = open_device(&v);
	t.ops->setup_vectors(&t, 3);
	assert_int_equal(t.vectors, 0);
	assert_int_equal(v.msi_asked, 0);
	assert_false(command(&v) & PCI_COMMAND_INTX_DISABLE);
	fake_raise(&v, 1);
	assert_int_equal(t.ops->isr(&t), VIRTIO_ISR_QUEUE);
	assert_int_equal(t.ops->isr(&t), 0);
	fake_fini(&v);
}

static void a_queue_that_does_not_take_its_message_is_an_error(void **state)
{
	struct fake_virtio v;
	struct virtio_transport t;

	(void)state;
	fake_init(&v, FAKE_PCI, 0);
	t = open_device(&v);
	t.ops->setup_vectors(&t, 3);
	v.msix_entries = 1;
	assert_int_equal(enable(&t, 0, 1), -HOLM_EIO);
	fake_fini(&v);
}

static void a_doorbell_outside_the_notify_structure_is_an_error(void **state)
{
	struct fake_virtio v;
	struct virtio_transport t;

	(void)state;
	fake_init(&v, FAKE_PCI, 0);
	store_le32(v.pci + FAKE_PCI_CAP_NOTIFY + VIRTIO_PCI_NOTIFY_CAP_MULT, 0xffff);
	t = open_device(&v);
	assert_int_equal(enable(&t, 0, 0), 0);
	assert_int_equal(enable(&t, 1, 0), -HOLM_EIO);
	fake_fini(&v);
}

static void configuration_beyond_its_structure_reads_as_ones(void **state)
{
	struct fake_virtio v;
	struct virtio_transport t;

	(void)state;
	fake_init(&v, FAKE_PCI, 0);
	store_le32(v.pci + FAKE_PCI_CAP_DEVICE + VIRTIO_PCI_CAP_LENGTH, 7);
	t = open_device(&v);
	assert_int_equal(t.ops->config8(&t, 6), VIRTIO_NET_S_LINK_UP);
	assert_int_equal(t.ops->config16(&t, 6), 0xffff);
	assert_int_equal(t.ops->config8(&t, 7), 0xff);
	fake_fini(&v);
}

static void registers_that_cannot_be_mapped_are_reported(void **state)
{
	struct fake_virtio v;

	(void)state;
	fake_init(&v, FAKE_PCI, 0);
	/* Firmware has left the BAR at zero and nobody has given it an address. */
	store_le32(v.pci + PCI_BASE_ADDRESS_4, PCI_BASE_ADDRESS_MEM_TYPE_64);
	assert_int_equal(identify(&v), -HOLM_EPROTO);
	assert_int_equal(v.log_lines, 1);
	fake_fini(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decoding_and_bus_mastering_are_switched_on),
		cmocka_unit_test(a_transitional_function_says_its_type_in_the_subsystem),
		cmocka_unit_test(other_functions_are_not_touched),
		cmocka_unit_test(a_function_without_the_modern_structures_is_reported),
		cmocka_unit_test(a_structure_outside_its_bar_is_not_used),
		cmocka_unit_test(of_two_alternatives_the_usable_one_is_taken),
		cmocka_unit_test(a_capability_list_that_goes_round_ends),
		cmocka_unit_test(each_event_has_a_message_of_its_own),
		cmocka_unit_test(one_message_serves_where_there_are_too_few),
		cmocka_unit_test(without_messages_the_line_is_opened),
		cmocka_unit_test(a_queue_that_does_not_take_its_message_is_an_error),
		cmocka_unit_test(a_doorbell_outside_the_notify_structure_is_an_error),
		cmocka_unit_test(configuration_beyond_its_structure_reads_as_ones),
		cmocka_unit_test(registers_that_cannot_be_mapped_are_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
