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

#define WINDOW_NS UINT64_C(1000000)
#define READINGS 8u
#define APIC_KHZ_QEMU 1000000u
#define PIT_HZ 1193182u
#define PIT_CHANNEL_2 0x42
#define PIT_COMMAND 0x43
#define PIT_GATE 0x61
#define PIT_LATCH_2 0x80
#define PIT_COUNT_DOWN_2 0xb0 /* both bytes, mode 0 */
/* A counter that does not move is given up after some milliseconds on any processor. */
#define WINDOW_MAX_CYCLES (UINT64_C(1) << 24)
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

/* Both counters count down; these count up. */
static uint64_t apic_ticks(void)
{
	return UINT32_MAX - lapic_timer_left();
}

static uint64_t pit_ticks(void)
{
	uint8_t low;

	port_out8(PIT_COMMAND, PIT_LATCH_2);
	low = port_in8(PIT_CHANNEL_2);
	return 0xffffu - (low | (uint32_t)port_in8(PIT_CHANNEL_2) << 8);
}

/* Compare the cycle counter with one whose frequency is known; false when that one stands still. */
static bool measure(uint64_t (*ticks)(void), uint64_t hz, const char *name)
{
	struct moment a = read_both(ticks), b;
	uint64_t wanted = hz * WINDOW_NS / 1000000000u;

	while (ticks() - a.other < wanted && cpu_read_tsc() - a.tsc < WINDOW_MAX_CYCLES)
		;
	b = read_both(ticks);
	if (b.other - a.other < wanted)
		return false;
	return accept((b.tsc - a.tsc) * hz / (b.other - a.other) / 1000, name);
}

static bool from_apic(void)
{
	bool ok;

	if ((cpu_id(1, 0).ecx & CPUID1_ECX_HYPERVISOR) == 0)
		return false;
	lapic_timer_start(UINT32_MAX, false);
	ok = measure(apic_ticks, APIC_KHZ_QEMU * UINT64_C(1000), "lapic");
	lapic_timer_start(0, false);
	return ok;
}

/* Not a QEMU whose APIC timer has a known frequency: that is measured too, by the cycles. */
static bool from_pit(void)
{
	uint64_t begin;
	bool ok;

	port_out8(PIT_GATE, (uint8_t)((port_in8(PIT_GATE) & ~2u) | 1u)); /* count, silently */
	port_out8(PIT_COMMAND, PIT_COUNT_DOWN_2);
	port_out8(PIT_CHANNEL_2, 0xff);
	port_out8(PIT_CHANNEL_2, 0xff);
	lapic_timer_start(UINT32_MAX, false);
	begin = cpu_read_tsc();
	ok = measure(pit_ticks, PIT_HZ, "pit");
	if (ok)
		apic_khz = (uint32_t)(apic_ticks() * khz / (cpu_read_tsc() - begin));
	lapic_timer_start(0, false);
	return ok && apic_khz != 0;
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
