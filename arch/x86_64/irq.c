/*
 * Vectors, and the whole of what happens in an interrupt. Compiled without vector registers
 * (flags.mk): the entry code does not save them.
 */
#include "arch/irq.h"

#include "arch/cpu.h"
#include "arch/io.h"
#include "arch/x86_64/x86.h"
#include "lib/compiler.h"

#define MSI_ADDR 0xfee00000u
#define VECTORS (VECTOR_SPURIOUS - VECTOR_FIRST_DEVICE)

enum { PIC_MASTER_DATA = 0x21, PIC_SLAVE_DATA = 0xa1 };

/* One per device vector: its line, or none for a message, and who counts. */
struct vector_state {
	struct irq_source *sources;
	unsigned line;
	bool is_level;
	bool is_line;
};

volatile uint32_t irq_total;

static struct vector_state vectors[VECTORS];
static unsigned vectors_used;

void irq_init(void)
{
	/* Where there is an 8259 pair it must be silent; where there is none, nobody listens. */
	port_out8(PIC_MASTER_DATA, 0xff);
	port_out8(PIC_SLAVE_DATA, 0xff);
	lapic_init();
	ioapic_init();
}

/* Moved ISA lines and their polarity, where ACPI speaks of them: a line keeps its ISA number. */
static unsigned apply_override(unsigned line, enum irq_trigger *trigger)
{
	enum { POLARITY = 3, ACTIVE_LOW = 3, TRIGGER = 12, LEVEL = 12 };
	uint16_t flags;

	if (line >= ISA_LINES || !acpi.isa_override[line].valid)
		return line;
	flags = acpi.isa_override[line].flags;
	if ((flags & TRIGGER) == LEVEL)
		*trigger = (flags & POLARITY) == ACTIVE_LOW ? IRQ_LEVEL_LOW : IRQ_LEVEL_HIGH;
	return acpi.isa_override[line].line;
}

/* Others on the line may be interrupting already. */
static void add_source(struct vector_state *v, struct irq_source *src)
{
	uint64_t flags = cpu_irq_save();

	src->vector = (uint8_t)(VECTOR_FIRST_DEVICE + (v - vectors));
	src->next = v->sources;
	v->sources = src;
	cpu_irq_restore(flags);
}

static struct vector_state *find_line(unsigned line)
{
	for (unsigned i = 0; i < vectors_used; i++) {
		if (vectors[i].is_line && vectors[i].line == line)
			return &vectors[i];
	}
	return NULL;
}

bool irq_connect(struct irq_source *src, unsigned line, enum irq_trigger trigger)
{
	struct vector_state *v;

	line = apply_override(line, &trigger);
	if (!ioapic_has_line(line))
		return false;
	v = find_line(line);
	if (v == NULL) {
		if (vectors_used == VECTORS)
			return false;
		v = &vectors[vectors_used++];
		v->line = line;
		v->is_line = true;
		v->is_level = trigger != IRQ_EDGE;
	}
	add_source(v, src);
	ioapic_route(line, trigger, src->vector);
	return true;
}

bool irq_connect_msi(struct irq_source *src, struct irq_msi *msi)
{
	if (vectors_used == VECTORS)
		return false;
	add_source(&vectors[vectors_used++], src);
	msi->addr = MSI_ADDR | (uint32_t)lapic_id() << 12;
	msi->data = src->vector;
	return true;
}

void irq_rearm(struct irq_source *src)
{
	struct vector_state *v = &vectors[src->vector - VECTOR_FIRST_DEVICE];

	if (!src->masked)
		return;
	src->masked = false;
	for (const struct irq_source *s = v->sources; s != NULL; s = s->next) {
		if (s->masked)
			return;
	}
	ioapic_mask(v->line, false);
}

static void count_sources(const struct vector_state *v)
{
	for (struct irq_source *s = v->sources; s != NULL; s = s->next) {
		s->count++;
		s->masked = v->is_level;
	}
}

void x86_interrupt(unsigned vector)
{
	/* A spurious interrupt is not in service: no end of interrupt. */
	if (vector == VECTOR_SPURIOUS)
		return;
	irq_total++;
	if (vector != VECTOR_TIMER) {
		struct vector_state *v = &vectors[vector - VECTOR_FIRST_DEVICE];

		if (v->is_level)
			ioapic_mask(v->line, true);
		count_sources(v);
	}
	lapic_eoi();
}
