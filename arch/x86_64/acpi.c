/*
 * The three things that ACPI tables are asked: where the IO-APICs are, where PCI's configuration
 * space is, and which ISA lines firmware moved.
 *
 * Spec: ACPI 6 sections 5.2.5 (RSDP), 5.2.8 (XSDT), 5.2.12 (MADT); PCI firmware 3.0 for MCFG. Does not
 * read AML. Tables come from firmware and are checked all the same: lengths stay inside 64 KiB and
 * addresses below 4 GiB, which is what the boot tables map.
 */
#include "arch/x86_64/x86.h"
#include "lib/bytes.h"
#include "lib/compiler.h"

#define TABLE_MAX_BYTES 65536u
#define TABLE_HEADER_BYTES 36u
#define TABLES_MAX 64u
#define READABLE_END UINT64_C(0xffff0000)

enum { MADT_IOAPIC = 1, MADT_OVERRIDE = 2 };

struct acpi_info acpi;

static const uint8_t *table_at(uint64_t addr)
{
	const uint8_t *t = (const uint8_t *)(uintptr_t)addr;
	uint32_t len;

	if (addr == 0 || addr >= READABLE_END)
		return NULL;
	len = load_le32(t + 4);
	return len >= TABLE_HEADER_BYTES && len <= TABLE_MAX_BYTES ? t : NULL;
}

static void add_ioapic(const uint8_t *e)
{
	if (acpi.ioapic_count == IOAPICS_MAX)
		return;
	acpi.ioapic[acpi.ioapic_count].base = load_le32(e + 4);
	acpi.ioapic[acpi.ioapic_count].line_base = load_le32(e + 8);
	acpi.ioapic_count++;
}

static void add_override(const uint8_t *e)
{
	unsigned isa = e[3];

	if (isa >= ISA_LINES)
		return;
	acpi.isa_override[isa].line = load_le32(e + 4);
	acpi.isa_override[isa].flags = load_le16(e + 8);
	acpi.isa_override[isa].valid = true;
}

/* Entries follow the header and eight bytes of its own: type, length, contents. */
static void parse_madt(const uint8_t *t)
{
	const uint8_t *end = t + load_le32(t + 4);
	const uint8_t *e = t + TABLE_HEADER_BYTES + 8;

	while (end - e >= 2 && e[1] >= 2 && e[1] <= end - e) {
		if (e[0] == MADT_IOAPIC && e[1] >= 12)
			add_ioapic(e);
		if (e[0] == MADT_OVERRIDE && e[1] >= 10)
			add_override(e);
		e += e[1];
	}
}

/* Only the first segment: QEMU's machines have one PCI root. */
static void parse_mcfg(const uint8_t *t)
{
	const uint8_t *e = t + TABLE_HEADER_BYTES + 8;

	if (load_le32(t + 4) < TABLE_HEADER_BYTES + 8 + 16)
		return;
	acpi.ecam_base = load_le64(e);
	acpi.ecam_bus_first = e[10];
	acpi.ecam_bus_last = e[11];
}

static void parse_table(const uint8_t *t)
{
	if (t == NULL)
		return;
	if (memcmp(t, "APIC", 4) == 0)
		parse_madt(t);
	else if (memcmp(t, "MCFG", 4) == 0)
		parse_mcfg(t);
}

/* The root table lists addresses of 4 (RSDT) or 8 bytes (XSDT). */
static void parse_root(const uint8_t *root, unsigned entry_bytes)
{
	uint32_t n = (load_le32(root + 4) - TABLE_HEADER_BYTES) / entry_bytes;
	const uint8_t *e = root + TABLE_HEADER_BYTES;

	for (uint32_t i = 0; i < min_u32(n, TABLES_MAX); i++, e += entry_bytes)
		parse_table(table_at(entry_bytes == 8 ? load_le64(e) : load_le32(e)));
}

void acpi_parse(uint64_t rsdp)
{
	const uint8_t *p = (const uint8_t *)(uintptr_t)rsdp;
	const uint8_t *root = NULL;
	unsigned entry_bytes = 8;

	if (rsdp == 0 || rsdp >= READABLE_END || memcmp(p, "RSD PTR ", 8) != 0)
		return;
	if (p[15] >= 2)
		root = table_at(load_le64(p + 24));
	if (root == NULL) {
		entry_bytes = 4;
		root = table_at(load_le32(p + 16));
	}
	if (root == NULL)
		return;
	acpi.present = true;
	parse_root(root, entry_bytes);
}
