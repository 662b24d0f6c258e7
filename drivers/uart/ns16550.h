/*
 * The PC's serial port, output only, polled: enough for a console on which few lines appear.
 *
 * QEMU's port takes a byte per access and is never busy; a real one is waited for, but not for ever.
 */
#ifndef DRIVERS_UART_NS16550_H
#define DRIVERS_UART_NS16550_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* COM1 of a PC, and of microvm. */
#define NS16550_COM1 0x3f8

/* Owned by the caller. */
struct ns16550 {
	uint16_t port;
	bool present;
};

/* 115200 baud, 8 bits, no parity, FIFOs on, interrupts off. A missing port is remembered as such. */
void ns16550_init(struct ns16550 *u, uint16_t port);

/* Write bytes as they are. */
void ns16550_write(struct ns16550 *u, const void *p, size_t n);

#endif
