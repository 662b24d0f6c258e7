/*
 * First instructions: from the loader's 32-bit state to C in long mode.
 *
 * PVH (Xen's "x86/HVM direct boot ABI") enters here in flat 32-bit protected mode, paging and
 * interrupts off, %ebx pointing to struct hvm_start_info, no stack. The first 4 GiB are mapped by
 * 2 MiB pages, which reaches everything the start code wants to read; final tables come later.
 */
	.set CR0_MP, 1 << 1
	.set CR0_EM, 1 << 2
	.set CR0_TS, 1 << 3
	.set CR0_NE, 1 << 5
	.set CR0_WP, 1 << 16
	.set CR0_PG, 1 << 31
	.set CR4_PAE, 1 << 5
	.set CR4_OSFXSR, 1 << 9
	.set CR4_OSXMMEXCPT, 1 << 10
	.set MSR_EFER, 0xc0000080
	.set EFER_LME, 1 << 8
	.set EFER_NXE, 1 << 11
	.set PTE_PRESENT, 1
	.set PTE_WRITE, 2
	.set PTE_LARGE, 1 << 7
	.set NOTE_PHYS32_ENTRY, 18

	/*
	 * QEMU reads eight bytes of the description whatever its size field says, so four zero bytes
	 * follow the address.
	 */
	.section .note.pvh, "a", @note
	.balign 4
	.long 4				/* length of the name */
	.long 4				/* length of the description */
	.long NOTE_PHYS32_ENTRY
	.asciz "Xen"
	.long entry32
	.long 0

	.section .reclaim, "aw", @nobits
	.balign 4096
boot_pml4:
	.skip 4096
boot_pdpt:
	.skip 4096
boot_pds:
	.skip 4 * 4096

	.section .rodata.entry, "a"
	.balign 8
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff	/* 0x08: code, 64-bit */
	.quad 0x00cf93000000ffff	/* 0x10: data */
boot_gdt_end:
boot_gdt_ptr:
	.word boot_gdt_end - boot_gdt - 1
	.long boot_gdt

	.section .text.entry, "ax"
	.code32
	.globl entry32
	.type entry32, @function
entry32:
	cli
	cld
	rdtsc				/* time counts from here */
	movl %eax, %esi
	movl %edx, %ebp

	/* Tables lie in memory that nobody has cleared: PML4, PDPT, four PDs. */
	xorl %eax, %eax
	movl $boot_pml4, %edi
	movl $(2 * 4096 / 4), %ecx
	rep stosl
	movl $(boot_pdpt + PTE_PRESENT + PTE_WRITE), boot_pml4
	movl $(boot_pds + PTE_PRESENT + PTE_WRITE), %eax
	movl $boot_pdpt, %edi
	movl $4, %ecx
1:	movl %eax, (%edi)
	addl $4096, %eax
	addl $8, %edi
	loop 1b

	movl $(PTE_PRESENT + PTE_WRITE + PTE_LARGE), %eax
	movl $boot_pds, %edi
	movl $(4 * 512), %ecx
2:	movl %eax, (%edi)
	movl $0, 4(%edi)
	addl $0x200000, %eax
	addl $8, %edi
	loop 2b

	movl $(CR4_PAE + CR4_OSFXSR + CR4_OSXMMEXCPT), %eax
	movl %eax, %cr4
	movl $boot_pml4, %eax
	movl %eax, %cr3
	movl $MSR_EFER, %ecx
	rdmsr
	orl $(EFER_LME + EFER_NXE), %eax
	wrmsr
	movl %cr0, %eax
	andl $~(CR0_EM + CR0_TS), %eax
	orl $(CR0_PG + CR0_WP + CR0_NE + CR0_MP), %eax
	movl %eax, %cr0
	lgdt boot_gdt_ptr
	ljmp $0x08, $entry64

	.code64
entry64:
	movw $0x10, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	xorl %eax, %eax
	movw %ax, %fs
	movw %ax, %gs
	movq $boot_stack_top, %rsp

	movq $bss_start, %rdi
	movq $bss_end, %rcx
	subq %rdi, %rcx
	shrq $3, %rcx
	rep stosq

	fninit
	pushq $0x1f80			/* every SIMD exception masked, round to nearest */
	ldmxcsr (%rsp)
	addq $8, %rsp

	movl %esi, %esi			/* the cycle counter at entry */
	shlq $32, %rbp
	orq %rbp, %rsi
	movl %ebx, %edi			/* hvm_start_info */
	xorl %ebp, %ebp			/* callers end here */
	call x86_start
	ud2
	.size entry32, . - entry32

	.section .note.GNU-stack, "", @progbits
