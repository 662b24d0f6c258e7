/*
 * Device registers: memory-mapped everywhere, ports where the machine has them.
 *
 * mmio_read8/16/32/64(addr) and mmio_write8/16/32/64(addr, value) are single accesses of that width
 * that the compiler neither merges nor drops nor moves against each other. They do not order normal
 * memory: a driver puts dma_wmb() before a doorbell and dma_rmb() after an index it has read
 * (arch/dma.h). Ports: port_in8/16/32(port), port_out8/16/32(port, value).
 *
 * In a hosted build (tests) each access goes through arch/host/io.c, where a test puts its fake device.
 * A program of the image is compiled as hosted, too, but HOLM_IMAGE is defined for it.
 */
#ifndef ARCH_IO_H
#define ARCH_IO_H

#include <stdint.h>

#if defined(__x86_64__) && (!__STDC_HOSTED__ || defined(HOLM_IMAGE))
#include "arch/x86_64/io.h"
#else
#include "arch/host/io.h"
#endif

#endif
