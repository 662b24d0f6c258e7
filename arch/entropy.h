/* The processor's random number instructions. */
#ifndef ARCH_ENTROPY_H
#define ARCH_ENTROPY_H

#include <stdbool.h>
#include <stdint.h>

/* 64 bits from the processor's own source, or false when there is none or it does not answer. */
bool hwentropy_u64(uint64_t *out);

/* Bits that are merely hard to foresee (a cycle counter): never enough alone. */
uint64_t hwentropy_weak(void);

#endif
