/*
 * Interrupts, as the rest of the image sees them: a line or a message counts in an irq_source.
 *
 * No driver code runs in an interrupt. The interrupt counts, masks a level line, says end of
 * interrupt and ends the halt; the poller then asks irq_take(). So nothing is shared with interrupt
 * code but one counter with one writer, and interrupt code needs no vector registers.
 */
#ifndef ARCH_IRQ_H
#define ARCH_IRQ_H

#include <stdbool.h>
#include <stdint.h>

enum irq_trigger { IRQ_EDGE, IRQ_LEVEL_HIGH, IRQ_LEVEL_LOW };

/*
 * One per interrupt of a device, owned by its driver, zeroed by it before use. Must stay where it is
 * from irq_connect() on; there is no disconnecting, as devices do not leave.
 */
struct irq_source {
	struct irq_source *next; /* others on the same level line */
	volatile uint32_t count; /* interrupts so far; only the interrupt writes */
	uint32_t taken;		 /* of these, how many irq_take() has reported */
	volatile bool masked;	 /* a level line waits for irq_rearm() */
	uint8_t vector;		 /* 0 until connected */
};

/* What goes into an MSI-X table entry. */
struct irq_msi {
	uint64_t addr;
	uint32_t data;
};

/*
 * Connect a source to a line (a GSI on x86-64) and open the line. A level line may be shared.
 * False when the machine has no such line or no vector is left.
 */
bool irq_connect(struct irq_source *src, unsigned line, enum irq_trigger trigger);

/* Connect a source to a message of its own. False when no vector is left. */
bool irq_connect_msi(struct irq_source *src, struct irq_msi *msi);

/* Open a level line again after the device has been served. Nothing to do for edges and messages. */
void irq_rearm(struct irq_source *src);

/* Was there an interrupt since the last call? Many may have become one. */
static inline bool irq_take(struct irq_source *src)
{
	uint32_t count = src->count;
	bool fresh = count != src->taken;

	src->taken = count;
	return fresh;
}

/* All interrupts of all devices so far; for the idle loop, which must not sleep through one. */
extern volatile uint32_t irq_total;

/* Mask every line and prepare the controllers. Once, before the first irq_connect(). */
void irq_init(void);

#endif
