/*
 * Entries of exceptions and interrupts.
 *
 * Exceptions (0-31) end in a panic: they save everything as struct trap_frame and call C on the trap
 * stack, which the interrupt stack table selects. Interrupts (32-95) run on the stack of whoever they
 * interrupt and save only what C may change; vector registers are not saved, because irq.c is
 * compiled without them.
 */
	.section .text.traps, "ax"

	/* Exceptions for which the processor pushes an error code; the others push a zero. */
	.set HAS_ERROR, (1 << 8) | (1 << 10) | (1 << 11) | (1 << 12) | (1 << 13) | (1 << 14) | (1 << 17) | (1 << 21) | (1 << 29) | (1 << 30)

	.globl exception_entries
	.balign 16
exception_entries:
	.set n, 0
	.rept 32
	.balign 16
	.if ((HAS_ERROR >> n) & 1) == 0
	pushq $0
	.endif
	pushq $n
	jmp exception_common
	.set n, n + 1
	.endr

exception_common:
	pushq %rax
	pushq %rbx
	pushq %rcx
	pushq %rdx
	pushq %rsi
	pushq %rdi
	pushq %rbp
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	cld
	movq %rsp, %rdi
	call x86_exception
	ud2

	.globl interrupt_entries
	.balign 16
interrupt_entries:
	.set n, 32
	.rept 64
	.balign 16
	pushq $n
	jmp interrupt_common
	.set n, n + 1
	.endr

	/* The processor aligned the stack, then pushed five words; with ours it is aligned again. */
interrupt_common:
	pushq %rax
	pushq %rcx
	pushq %rdx
	pushq %rsi
	pushq %rdi
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %rbp
	movq %rsp, %rbp
	movl 80(%rsp), %edi		/* the vector */
	cld
	call x86_interrupt
	popq %rbp
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rdi
	popq %rsi
	popq %rdx
	popq %rcx
	popq %rax
	addq $8, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
