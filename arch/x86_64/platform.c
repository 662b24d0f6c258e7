/*
 * Which devices may be where, on QEMU's microvm and q35 and on machines that say so on the command
 * line (Firecracker, Cloud Hypervisor).
 *
 * virtio over MMIO: words "virtio_mmio.device=512@0xfeb00e00:12" are taken as they are. microvm with
 * ACPI writes none (its devices are described in AML), so its 24 slots are listed when it is neither a PC
 * nor described by words; drivers find most of them empty.
 * PCI: the MCFG table, else the ports of a PC, else the host bridge that microvm,pcie=on has at
 * 0xe0000000 without an MCFG table.
 */
#include "arch/platform.h"

#include "arch/io.h"
#include "arch/x86_64/x86.h"
#include "lib/compiler.h"
#include "lib/fmt.h"
#include "lib/mem.h"

#define MICROVM_MMIO_BASE 0xfeb00000u
#define MICROVM_MMIO_STEP 512u
#define MICROVM_SLOTS 24u
#define MICROVM_SLOTS_NO_ACPI 8u
#define MICROVM_ECAM_BASE 0xe0000000u
#define MICROVM_ECAM_BUSES 256u
#define MICROVM_BRIDGE_ID 0x00081b36u /* QEMU's generic PCIe host bridge */
#define MICROVM_PCI_LINE 12u
#define MICROVM_PCI_LINE_TWO 16u
#define VIRTIO_MAGIC 0x74726976u
#define BUS_BYTES (1u << 20)
/* 2^64 has twenty digits. */
#define NUMBER_MAX_CHARS 20u

/* Room for BARs that firmware left at 0. Below 4 GiB: every device can decode that. */
#define WINDOW_BASE 0xc0000000u
#define MICROVM_WINDOW_LEN 0x20000000u
#define Q35_WINDOW_LEN 0x30000000u

static struct platform_resource resources[PLATFORM_RESOURCES_MAX];
static size_t resource_count;
static bool pci_is_microvm;

const struct platform_resource *platform_resources(size_t *n)
{
	*n = resource_count;
	return resources;
}

unsigned platform_pci_line(unsigned device, unsigned pin)
{
	unsigned first = 20;

	/*
	 * ICH9 wires device and pin, rotated, to lines 20-23; microvm to 12-15 or, with two
	 * IO-APICs, 16-19.
	 */
	if (pci_is_microvm)
		first = acpi.ioapic_count > 1 ? MICROVM_PCI_LINE_TWO : MICROVM_PCI_LINE;
	return first + (device + pin) % 4;
}

const struct ioapic_desc *platform_ioapics(unsigned *n)
{
	static const struct ioapic_desc assumed = { 0xfec00000u, 0 };

	*n = acpi.ioapic_count != 0 ? acpi.ioapic_count : 1;
	return acpi.ioapic_count != 0 ? acpi.ioapic : &assumed;
}

static void add(struct platform_resource r)
{
	if (resource_count < PLATFORM_RESOURCES_MAX)
		resources[resource_count++] = r;
}

static void add_virtio_mmio(uint64_t base, uint64_t len_bytes, unsigned line)
{
	add((struct platform_resource){ .kind = PLATFORM_VIRTIO_MMIO,
					.base = base,
					.len_bytes = len_bytes,
					.irq = line,
					.trigger = IRQ_EDGE });
}

/* Decimal or 0x; a word's digits end at a character that is none. False when there is no number. */
static bool parse_number(const char **at, uint64_t *out)
{
	bool hex = (*at)[0] == '0' && (*at)[1] == 'x';
	const char *s = *at + (hex ? 2 : 0);
	size_t digits = fmt_parse_u64(s, NUMBER_MAX_CHARS, hex ? 16 : 10, UINT64_MAX, out);

	*at = s + digits;
	return digits != 0;
}

/* After "virtio_mmio.device=": size[K]@base:line[:id]. */
static void parse_mmio_word(const char *s)
{
	uint64_t len, base, line;

	if (!parse_number(&s, &len))
		return;
	if (*s == 'K' || *s == 'k') {
		len = min_u64(len, BUS_BYTES) << 10;
		s++;
	}
	if (*s++ != '@' || !parse_number(&s, &base) || *s++ != ':' || !parse_number(&s, &line))
		return;
	if (len >= 256 && len <= BUS_BYTES && base != 0 && base < UINT32_MAX && line < 256)
		add_virtio_mmio(base, len, (unsigned)line);
}

static void parse_cmdline(const char *s)
{
	static const char key[] = "virtio_mmio.device=";

	for (; *s != '\0'; s++) {
		size_t i = 0;

		while (key[i] != '\0' && s[i] == key[i])
			i++;
		if (key[i] == '\0')
			parse_mmio_word(s + i);
		while (*s != '\0' && *s != ' ')
			s++;
		if (*s == '\0')
			return;
	}
}

/* The lines of microvm's slots depend on how many IO-APICs it was given. */
static void add_microvm_slots(void)
{
	unsigned first_line = !acpi.present ? 5 : acpi.ioapic_count > 1 ? 24 : 16;
	unsigned slots =
		acpi.present && acpi.ioapic_count > 1 ? MICROVM_SLOTS : MICROVM_SLOTS_NO_ACPI;

	for (unsigned i = 0; i < slots; i++) {
		uintptr_t base = MICROVM_MMIO_BASE + i * MICROVM_MMIO_STEP;

		if (mmio_read32(base) == VIRTIO_MAGIC)
			add_virtio_mmio(base, MICROVM_MMIO_STEP, first_line + i);
	}
}

static bool has_pci_ports(void)
{
	uint32_t id;

	port_out32(0xcf8, 0x80000000u);
	id = port_in32(0xcfc);
	return id != UINT32_MAX && id != 0;
}

static void add_pci(bool is_pc)
{
	struct platform_resource r = { .kind = PLATFORM_PCI_ECAM };

	pci_is_microvm = !is_pc;
	r.window_base = WINDOW_BASE;
	r.window_len_bytes = is_pc ? Q35_WINDOW_LEN : MICROVM_WINDOW_LEN;
	if (acpi.ecam_base != 0 && acpi.ecam_base < UINT32_MAX) {
		r.base = acpi.ecam_base;
		r.bus_first = acpi.ecam_bus_first;
		r.bus_last = acpi.ecam_bus_last;
	} else if (is_pc) {
		r.kind = PLATFORM_PCI_PORTS;
		r.base = 0xcf8;
		r.bus_last = 255;
	} else if (mmio_read32(MICROVM_ECAM_BASE) == MICROVM_BRIDGE_ID) {
		r.base = MICROVM_ECAM_BASE;
		r.bus_last = MICROVM_ECAM_BUSES - 1;
	} else {
		return;
	}
	if (r.kind == PLATFORM_PCI_ECAM)
		r.len_bytes = (uint64_t)(r.bus_last - r.bus_first + 1) * BUS_BYTES;
	add(r);
}

void platform_init(const char *cmdline)
{
	bool is_pc = has_pci_ports();

	parse_cmdline(cmdline);
	if (resource_count == 0 && !is_pc)
		add_microvm_slots();
	add_pci(is_pc);
}
