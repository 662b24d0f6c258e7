# What the image's objects need on x86-64, beyond what every target has.
# Linked at 1 MiB, so all symbols fit 32 bits. No red zone: interrupts use the thread's stack.
# Frame pointers make a panic's list of callers possible without unwinding tables.
ARCH_CFLAGS := -m64 -fno-pic -fno-pie -mcmodel=small -mno-red-zone -fno-omit-frame-pointer -DHOLM_IMAGE=1
ARCH_LDFLAGS := -no-pie

# Interrupt code: the entry saves no vector registers, so it may not touch any.
CFLAGS_arch/x86_64/irq.c := -mgeneral-regs-only
CFLAGS_arch/x86_64/lapic.c := -mgeneral-regs-only
CFLAGS_arch/x86_64/ioapic.c := -mgeneral-regs-only
