/* RDSEED, else RDRAND. Spec: Intel SDM volume 1, 7.3.17: both may fail for a moment, so try again. */
#include "arch/entropy.h"

#include "arch/cpu.h"

/* Intel's advice is ten for RDRAND; RDSEED empties more easily. */
#define TRIES 32u
#define CPUID1_ECX_RDRAND (1u << 30)
#define CPUID7_EBX_RDSEED (1u << 18)

static bool rdseed(uint64_t *out)
{
	uint8_t ok;

	__asm__ volatile("rdseed %0\n\tsetc %1" : "=r"(*out), "=qm"(ok) : : "cc");
	return ok != 0;
}

static bool rdrand(uint64_t *out)
{
	uint8_t ok;

	__asm__ volatile("rdrand %0\n\tsetc %1" : "=r"(*out), "=qm"(ok) : : "cc");
	return ok != 0;
}

/* All zeros and all ones are what broken or badly emulated ones return. */
static bool try_often(bool (*instruction)(uint64_t *), uint64_t *out)
{
	for (unsigned i = 0; i < TRIES; i++) {
		if (instruction(out) && *out != 0 && *out != UINT64_MAX)
			return true;
		cpu_pause();
	}
	return false;
}

bool hwentropy_u64(uint64_t *out)
{
	if (cpu_id(0, 0).eax >= 7 && (cpu_id(7, 0).ebx & CPUID7_EBX_RDSEED) != 0 &&
	    try_often(rdseed, out))
		return true;
	return (cpu_id(1, 0).ecx & CPUID1_ECX_RDRAND) != 0 && try_often(rdrand, out);
}

uint64_t hwentropy_weak(void)
{
	return cpu_read_tsc();
}
