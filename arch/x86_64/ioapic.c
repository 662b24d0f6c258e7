/*
 * Interrupt lines: redirection tables of the IO-APICs.
 *
 * Spec: Intel 82093AA data sheet. Every entry starts masked and is written once a driver connects.
 */
#include "arch/io.h"
#include "arch/platform.h"
#include "arch/x86_64/x86.h"

enum { REG_VERSION = 1, REG_TABLE = 16 };

#define ENTRY_ACTIVE_LOW (1u << 13)
#define ENTRY_LEVEL (1u << 15)
#define ENTRY_MASKED (1u << 16)
/* The version register could say 256; QEMU's have 24. */
#define LINES_MAX 120u

struct ioapic {
	uintptr_t base;
	unsigned line_base;
	unsigned lines;
};

static struct ioapic ioapics[IOAPICS_MAX];
static unsigned ioapic_count;

static uint32_t reg_read(const struct ioapic *io, unsigned reg)
{
	mmio_write32(io->base, reg);
	return mmio_read32(io->base + 16);
}

static void reg_write(const struct ioapic *io, unsigned reg, uint32_t v)
{
	mmio_write32(io->base, reg);
	mmio_write32(io->base + 16, v);
}

static const struct ioapic *find(unsigned line)
{
	for (unsigned i = 0; i < ioapic_count; i++) {
		const struct ioapic *io = &ioapics[i];

		if (line >= io->line_base && line - io->line_base < io->lines)
			return io;
	}
	return NULL;
}

void ioapic_init(void)
{
	const struct ioapic_desc *desc = platform_ioapics(&ioapic_count);

	for (unsigned i = 0; i < ioapic_count; i++) {
		struct ioapic *io = &ioapics[i];

		io->base = desc[i].base;
		io->line_base = desc[i].line_base;
		io->lines = (reg_read(io, REG_VERSION) >> 16 & 0xff) + 1;
		if (io->lines > LINES_MAX)
			io->lines = 0; /* nothing answers there */
		for (unsigned l = 0; l < io->lines; l++)
			reg_write(io, REG_TABLE + 2 * l, ENTRY_MASKED);
	}
}

bool ioapic_has_line(unsigned line)
{
	return find(line) != NULL;
}

void ioapic_route(unsigned line, enum irq_trigger trigger, uint8_t vector)
{
	const struct ioapic *io = find(line);
	unsigned reg = REG_TABLE + 2 * (line - io->line_base);
	uint32_t low = vector;

	if (trigger != IRQ_EDGE)
		low |= ENTRY_LEVEL;
	if (trigger == IRQ_LEVEL_LOW)
		low |= ENTRY_ACTIVE_LOW;
	reg_write(io, reg, ENTRY_MASKED);
	reg_write(io, reg + 1, (uint32_t)lapic_id() << 24);
	reg_write(io, reg, low);
}

void ioapic_mask(unsigned line, bool masked)
{
	const struct ioapic *io = find(line);
	unsigned reg = REG_TABLE + 2 * (line - io->line_base);
	uint32_t low = reg_read(io, reg) & ~ENTRY_MASKED;

	reg_write(io, reg, low | (masked ? ENTRY_MASKED : 0));
}
