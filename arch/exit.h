/* Ending the machine. The numbers that the host sees are in kernel/README.md. */
#ifndef ARCH_EXIT_H
#define ARCH_EXIT_H

__attribute__((noreturn)) void arch_exit(int status);
__attribute__((noreturn)) void arch_panic_exit(void);

#endif
