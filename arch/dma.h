/*
 * Memory as devices see it: bus addresses, and order between memory and device accesses.
 *
 * RAM is mapped virtual = physical, so most addresses are their own bus addresses; those in the sbrk
 * window and on thread stacks are not, and there a run ends with each page.
 */
#ifndef ARCH_DMA_H
#define ARCH_DMA_H

#include <stddef.h>
#include <stdint.h>

/*
 * The bus address of p. *run becomes how many of the `len` bytes from there are contiguous on the
 * bus, at least 1 and at most len. Memory must be mapped; anything else is a programmer error.
 */
uint64_t dma_addr(const void *p, size_t len, size_t *run);

#if !__STDC_HOSTED__ && defined(__x86_64__)

/*
 * x86-64 keeps loads in order and stores in order, towards coherent devices too: these stop the
 * compiler. Only a store followed by a load (publish an index, then look whether the device wants a
 * doorbell) needs an instruction.
 */
static inline void dma_wmb(void)
{
	__asm__ volatile("" : : : "memory");
}

static inline void dma_rmb(void)
{
	__asm__ volatile("" : : : "memory");
}

static inline void dma_mb(void)
{
	__asm__ volatile("mfence" : : : "memory");
}

#else

/* Earlier stores are seen by the device before later stores. */
static inline void dma_wmb(void)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

/* Earlier loads are done before later loads. */
static inline void dma_rmb(void)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

/* Everything earlier is done before everything later. */
static inline void dma_mb(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif

#endif
