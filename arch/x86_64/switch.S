/*
 * Switching between cooperative threads: only what the System V ABI lets a callee keep.
 *
 * void context_switch(struct context *from, const struct context *to)
 */
	.section .text.hot.context_switch, "ax"
	.globl context_switch
	.type context_switch, @function
	.balign 16
context_switch:
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	subq $8, %rsp
	stmxcsr (%rsp)			/* rounding and masks belong to the thread */
	fnstcw 4(%rsp)
	movq %rsp, (%rdi)
	movq (%rsi), %rsp
	fldcw 4(%rsp)
	ldmxcsr (%rsp)
	addq $8, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret
	.size context_switch, . - context_switch

	/* Where a new context starts: context_init put the function into %rbx, its argument in %r12. */
	.section .text.context_start, "ax"
	.globl context_start
	.type context_start, @function
context_start:
	xorl %ebp, %ebp
	movq %r12, %rdi
	call *%rbx
	ud2
	.size context_start, . - context_start

	.section .note.GNU-stack, "", @progbits
