/* The PC's serial port. Spec: National Semiconductor PC16550D data sheet. */
#include "drivers/uart/ns16550.h"

#include "arch/io.h"

enum {
	REG_DATA = 0,
	REG_INTERRUPTS = 1,
	REG_FIFO = 2,
	REG_LINE = 3,
	REG_MODEM = 4,
	REG_LINE_STATUS = 5,
	REG_SCRATCH = 7,
};

#define LINE_8N1 0x03
#define LINE_DIVISOR 0x80
#define FIFO_ON 0x07
#define MODEM_READY 0x03
#define STATUS_TX_EMPTY 0x20
#define DIVISOR_115200 1
/* A byte at 115200 baud takes 87 us; port reads take about one. */
#define SPINS_MAX 1000u

void ns16550_init(struct ns16550 *u, uint16_t port)
{
	u->port = port;
	port_out8((uint16_t)(port + REG_SCRATCH), 0x5a);
	u->present = port_in8((uint16_t)(port + REG_SCRATCH)) == 0x5a;
	if (!u->present)
		return;
	port_out8((uint16_t)(port + REG_INTERRUPTS), 0);
	port_out8((uint16_t)(port + REG_LINE), LINE_DIVISOR);
	port_out8((uint16_t)(port + REG_DATA), DIVISOR_115200);
	port_out8((uint16_t)(port + REG_INTERRUPTS), 0);
	port_out8((uint16_t)(port + REG_LINE), LINE_8N1);
	port_out8((uint16_t)(port + REG_FIFO), FIFO_ON);
	port_out8((uint16_t)(port + REG_MODEM), MODEM_READY);
}

void ns16550_write(struct ns16550 *u, const void *p, size_t n)
{
	const uint8_t *s = p;

	for (size_t i = 0; i < n && u->present; i++) {
		unsigned spins = 0;

		while ((port_in8((uint16_t)(u->port + REG_LINE_STATUS)) & STATUS_TX_EMPTY) == 0) {
			/* Nobody takes the bytes: a console must not stop the machine. */
			if (spins++ == SPINS_MAX) {
				u->present = false;
				return;
			}
		}
		port_out8(u->port, s[i]);
	}
}
