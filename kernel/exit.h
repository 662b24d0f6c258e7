/* The ordinary end. */
#ifndef KERNEL_EXIT_H
#define KERNEL_EXIT_H

/* Reads kernel.stats=. */
void exit_init(void);

/* End the machine with the program's status; with kernel.stats=1, first say how it went. */
__attribute__((noreturn)) void kernel_exit(int status);

#endif
