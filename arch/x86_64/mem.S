/*
 * memcpy, memmove, memset, memcmp for the whole image: the stack, the kernel, the program.
 *
 * String instructions are not used: an emulator takes them a byte or a word at a time. Moves of 16
 * bytes at any alignment are quick there and on every processor since 2008. Small sizes are covered by
 * two moves that overlap. Everything of a block that fits is read before any of it is written, so the
 * small cases serve memmove too.
 */
	.macro FUNCTION name
	.section .text.hot.\name, "ax"
	.globl \name
	.type \name, @function
	.balign 16
\name:
	.endm

	FUNCTION memcpy
	movq %rdi, %rax
	cmpq $32, %rdx
	ja .Lcopy_large
.Lcopy_small:
	cmpl $16, %edx
	jae 16f
	cmpl $8, %edx
	jae 8f
	cmpl $4, %edx
	jae 4f
	testl %edx, %edx
	je 1f
	movzbl (%rsi), %ecx
	cmpl $1, %edx
	je 2f
	movzwl -2(%rsi,%rdx), %r8d
	movw %r8w, -2(%rdi,%rdx)
2:	movb %cl, (%rdi)
1:	ret
4:	movl (%rsi), %ecx
	movl -4(%rsi,%rdx), %r8d
	movl %ecx, (%rdi)
	movl %r8d, -4(%rdi,%rdx)
	ret
8:	movq (%rsi), %rcx
	movq -8(%rsi,%rdx), %r8
	movq %rcx, (%rdi)
	movq %r8, -8(%rdi,%rdx)
	ret
16:	movups (%rsi), %xmm0
	movups -16(%rsi,%rdx), %xmm1
	movups %xmm0, (%rdi)
	movups %xmm1, -16(%rdi,%rdx)
	ret

	/* Upwards by 64; the last 64 are read first, written last, so that they may overlap. */
.Lcopy_large:
	cmpq $64, %rdx
	ja 3f
	movups (%rsi), %xmm0
	movups 16(%rsi), %xmm1
	movups -32(%rsi,%rdx), %xmm2
	movups -16(%rsi,%rdx), %xmm3
	movups %xmm0, (%rdi)
	movups %xmm1, 16(%rdi)
	movups %xmm2, -32(%rdi,%rdx)
	movups %xmm3, -16(%rdi,%rdx)
	ret
3:	movups -64(%rsi,%rdx), %xmm4
	movups -48(%rsi,%rdx), %xmm5
	movups -32(%rsi,%rdx), %xmm6
	movups -16(%rsi,%rdx), %xmm7
	leaq -64(%rdi,%rdx), %rcx
4:	movups (%rsi), %xmm0
	movups 16(%rsi), %xmm1
	movups 32(%rsi), %xmm2
	movups 48(%rsi), %xmm3
	movups %xmm0, (%rdi)
	movups %xmm1, 16(%rdi)
	movups %xmm2, 32(%rdi)
	movups %xmm3, 48(%rdi)
	addq $64, %rsi
	addq $64, %rdi
	cmpq %rcx, %rdi
	jb 4b
	movups %xmm4, (%rcx)
	movups %xmm5, 16(%rcx)
	movups %xmm6, 32(%rcx)
	movups %xmm7, 48(%rcx)
	ret
	.size memcpy, . - memcpy

	FUNCTION memmove
	movq %rdi, %rax
	cmpq $32, %rdx
	jbe .Lmove_small
	movq %rdi, %rcx
	subq %rsi, %rcx
	cmpq %rdx, %rcx
	jae .Lmove_up			/* the target does not begin inside the source */
	cmpq $64, %rdx
	jbe .Lmove_up

	/* Downwards by 64; the first 64 are read first, written last. */
	movups (%rsi), %xmm4
	movups 16(%rsi), %xmm5
	movups 32(%rsi), %xmm6
	movups 48(%rsi), %xmm7
1:	movups -16(%rsi,%rdx), %xmm0
	movups -32(%rsi,%rdx), %xmm1
	movups -48(%rsi,%rdx), %xmm2
	movups -64(%rsi,%rdx), %xmm3
	movups %xmm0, -16(%rdi,%rdx)
	movups %xmm1, -32(%rdi,%rdx)
	movups %xmm2, -48(%rdi,%rdx)
	movups %xmm3, -64(%rdi,%rdx)
	subq $64, %rdx
	cmpq $64, %rdx
	ja 1b
	movups %xmm4, (%rdi)
	movups %xmm5, 16(%rdi)
	movups %xmm6, 32(%rdi)
	movups %xmm7, 48(%rdi)
	ret
.Lmove_small:
	jmp .Lcopy_small
.Lmove_up:
	jmp .Lcopy_large
	.size memmove, . - memmove

	FUNCTION memset
	movq %rdi, %rax
	movzbl %sil, %esi
	movabsq $0x0101010101010101, %rcx
	imulq %rcx, %rsi
	cmpq $16, %rdx
	jae 16f
	cmpl $8, %edx
	jae 8f
	cmpl $4, %edx
	jae 4f
	testl %edx, %edx
	je 1f
	movb %sil, (%rdi)
	movb %sil, -1(%rdi,%rdx)
	shrl $1, %edx
	movb %sil, (%rdi,%rdx)
1:	ret
4:	movl %esi, (%rdi)
	movl %esi, -4(%rdi,%rdx)
	ret
8:	movq %rsi, (%rdi)
	movq %rsi, -8(%rdi,%rdx)
	ret
16:	movq %rsi, %xmm0
	punpcklqdq %xmm0, %xmm0
	leaq -16(%rdi,%rdx), %rcx
	movups %xmm0, (%rcx)
	cmpq $64, %rdx
	jb 3f
2:	movups %xmm0, (%rdi)
	movups %xmm0, 16(%rdi)
	movups %xmm0, 32(%rdi)
	movups %xmm0, 48(%rdi)
	addq $64, %rdi
	subq $64, %rdx
	cmpq $64, %rdx
	jae 2b
3:	cmpq %rcx, %rdi
	jae 5f
	movups %xmm0, (%rdi)
	addq $16, %rdi
	jmp 3b
5:	ret
	.size memset, . - memset

	FUNCTION memcmp
	xorl %ecx, %ecx
	subq $8, %rdx
	jb 2f
1:	movq (%rdi,%rcx), %rax
	movq (%rsi,%rcx), %r8
	cmpq %r8, %rax
	jne 5f
	addq $8, %rcx
	cmpq %rdx, %rcx
	jbe 1b
2:	addq $8, %rdx
3:	cmpq %rdx, %rcx
	jae 4f
	movzbl (%rdi,%rcx), %eax
	movzbl (%rsi,%rcx), %r8d
	subl %r8d, %eax
	jne 6f
	incq %rcx
	jmp 3b
4:	xorl %eax, %eax
6:	ret
5:	bswapq %rax			/* the first byte that differs decides */
	bswapq %r8
	cmpq %r8, %rax
	sbbl %eax, %eax
	orl $1, %eax
	ret
	.size memcmp, . - memcmp

	.section .note.GNU-stack, "", @progbits
