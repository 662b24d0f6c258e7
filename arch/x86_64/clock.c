/*
 * Time from the cycle counter; the timer from the local APIC.
 *
 * The counter's frequency comes from the first of: CPUID leaf 0x40000010, kvmclock, the APIC timer
 * (which runs at 1 GHz under QEMU, TCG and KVM alike), the PIT. The windows of the last two are
 * 1 ms, and each end is the best of several readings, so a moment in which the host ran
 * something else costs no accuracy.
 */
#include "arch/clock.h"

#include "arch/cpu.h"
#include "arch/io.h"
#include "arch/x86_64/x86.h"
#include "lib/compiler.h"

#define HYPERVISOR_BASE 0x40000000u
#define HYPERVISOR_TIMING 0x40000010u
#define KVM_FEATURES 0x40000001u
#define KVM_FEATURE_CLOCK2 (1u << 3)
#define MSR_KVM_CLOCK2 0x4b564d01u
#define MSR_TSC_DEADLINE 0x6e0u
#define CPUID1_ECX_DEADLINE (1u << 24)
#define CPUID1_ECX_HYPERVISOR (1u << 31)

#define WINDOW_NS 1000000u
#define READINGS 8u
#define APIC_KHZ_QEMU 1000000u
#define PIT_HZ 1193182u
/* Between 100 MHz and 20 GHz: anything else is a misunderstanding. */
#define KHZ_MIN 100000u
#define KHZ_MAX 20000000u

uint64_t clock_entry_tsc;

/* Nanoseconds are (cycles * scale) >> 32. */
static uint64_t scale;
static uint64_t khz;
static uint32_t apic_khz = APIC_KHZ_QEMU;
static bool deadline_mode;
static const char *source;

/* What kvmclock shares: nanoseconds = ((cycles << shift) * mul) >> 32. */
struct kvm_clock_page {
	uint32_t version, pad;
	uint64_t tsc_timestamp, system_time;
	uint32_t mul;
	int8_t shift;
	uint8_t flags;
	uint8_t pad2[2];
};

/* A moment, in both counters. */
struct moment {
	uint64_t tsc;
	uint64_t other;
};

static uint64_t scaled(uint64_t v, uint64_t by)
{
	return (uint64_t)(((unsigned __int128)v * by) >> 32);
}

static bool accept(uint64_t found_khz, const char *name)
{
	if (found_khz < KHZ_MIN || found_khz > KHZ_MAX)
		return false;
	khz = found_khz;
	scale = (UINT64_C(1000000) << 32) / khz;
	source = name;
	return true;
}

/* The maximum is checked first: leaves beyond it return whatever the last basic leaf holds. */
static bool from_cpuid(uint32_t max_leaf)
{
	return max_leaf >= HYPERVISOR_TIMING && accept(cpu_id(HYPERVISOR_TIMING, 0).eax, "cpuid");
}

static bool from_kvmclock(uint32_t max_leaf, struct cpuid name)
{
	static _Alignas(64) volatile struct kvm_clock_page page;
	uint64_t found;

	/* "KVMKVMKVM" */
	if (max_leaf < KVM_FEATURES || name.ebx != 0x4b4d564bu || name.ecx != 0x564b4d56u)
		return false;
	if ((cpu_id(KVM_FEATURES, 0).eax & KVM_FEATURE_CLOCK2) == 0)
		return false;
	cpu_write_msr(MSR_KVM_CLOCK2, (uintptr_t)&page | 1);
	found = page.mul == 0 ? 0 : (UINT64_C(1000000) << 32) / page.mul;
	if (page.shift >= 0)
		found >>= page.shift & 31;
	else
		found <<= -page.shift & 31;
	cpu_write_msr(MSR_KVM_CLOCK2, 0);
	return accept(found, "kvmclock");
}

/* The reading during which the fewest cycles passed has the other counter closest to the cycles. */
static struct moment read_both(uint64_t (*other)(void))
{
	struct moment best = { 0, 0 };
	uint64_t best_width = UINT64_MAX;

	for (unsigned i = 0; i < READINGS; i++) {
		uint64_t before = cpu_read_tsc();
		uint64_t value = other();
		uint64_t width = cpu_read_tsc() - before;

		if (width < best_width) {
			best_width = width;
			best = (struct moment){ before + width / 2, value };
		}
	}
	return best;
}

/* The APIC timer counts down; make it count up. */
static uint64_t apic_ticks(void)
{
	return UINT32_MAX - lapic_timer_left();
}

static bool from_apic(void)
{
	struct moment a, b;

	if ((cpu_id(1, 0).ecx & CPUID1_ECX_HYPERVISOR) == 0)
		return false;
	lapic_timer_start(UINT32_MAX, false);
	a = read_both(apic_ticks);
	do
		b.other = apic_ticks();
	while (b.other - a.other < WINDOW_NS && b.other >= a.other);
	b = read_both(apic_ticks);
	lapic_timer_start(0, false);
	if (b.other <= a.other)
		return false;
	return accept((b.tsc - a.tsc) * APIC_KHZ_QEMU / (b.other - a.other), "lapic");
}

/*
 * Channel 2 of the PIT counts one window down and raises bit 5 of port 0x61. Measures the APIC timer
 * too, as this is not a QEMU whose timer's frequency is known. A machine without a PIT reads all ones
 * and looks finished at once; the check for too few cycles then refuses.
 */
static bool from_pit(void)
{
	uint32_t count = (uint32_t)((uint64_t)PIT_HZ * WINDOW_NS / 1000000000u);
	uint64_t begin, cycles;

	port_out8(0x61, (uint8_t)((port_in8(0x61) & ~2u) | 1u));
	port_out8(0x43, 0xb0); /* channel 2, both bytes, mode 0 */
	port_out8(0x42, (uint8_t)count);
	lapic_timer_start(UINT32_MAX, false);
	port_out8(0x42, (uint8_t)(count >> 8));
	begin = cpu_read_tsc();
	while ((port_in8(0x61) & 0x20) == 0 && cpu_read_tsc() - begin < UINT64_C(1) << 32)
		;
	cycles = cpu_read_tsc() - begin;
	apic_khz = (uint32_t)(apic_ticks() * 1000000u / WINDOW_NS);
	lapic_timer_start(0, false);
	return apic_khz != 0 && accept(cycles * 1000000u / WINDOW_NS, "pit");
}

bool hwclock_init(void)
{
	bool guest = (cpu_id(1, 0).ecx & CPUID1_ECX_HYPERVISOR) != 0;
	struct cpuid name = { 0 };

	if (guest)
		name = cpu_id(HYPERVISOR_BASE, 0);
	if (!from_cpuid(name.eax) && !from_kvmclock(name.eax, name) && !from_apic() && !from_pit())
		return false;
	deadline_mode = (cpu_id(1, 0).ecx & CPUID1_ECX_DEADLINE) != 0;
	if (deadline_mode)
		lapic_timer_deadline_mode();
	return true;
}

const char *hwclock_source(void)
{
	return source;
}

uint64_t hwclock_khz(void)
{
	return khz;
}

uint64_t hwclock_now(void)
{
	return scaled(cpu_read_tsc() - clock_entry_tsc, scale);
}

/* Rounded up, so that the deadline has passed when the interrupt comes. */
void hwtimer_arm(uint64_t deadline_ns)
{
	uint64_t now = hwclock_now();
	uint64_t left_ns = deadline_ns > now ? deadline_ns - now : 0;

	/* An hour at most: keeps the products below 64 bits, and the idle loop asks again. */
	left_ns = min_u64(left_ns, UINT64_C(3600000000000));
	if (deadline_mode) {
		uint64_t cycles = left_ns / 1000000 * khz + left_ns % 1000000 * khz / 1000000 + 1;

		cpu_write_msr(MSR_TSC_DEADLINE, cpu_read_tsc() + cycles);
	} else {
		uint64_t ticks =
			left_ns / 1000000 * apic_khz + left_ns % 1000000 * apic_khz / 1000000 + 1;

		lapic_timer_start((uint32_t)min_u64(ticks, UINT32_MAX), true);
	}
}

void hwtimer_stop(void)
{
	if (deadline_mode)
		cpu_write_msr(MSR_TSC_DEADLINE, 0);
	else
		lapic_timer_start(0, false);
}
