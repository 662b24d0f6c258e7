/*
 * What the rest of the image may plug into the boot order. All weak: absent parts are skipped.
 */
#ifndef KERNEL_MAIN_H
#define KERNEL_MAIN_H

/* Probe devices (kernel/devices.c). Before entropy_init(); may not wait. */
__attribute__((weak)) void drivers_start(void);

/* Make the stack instance and register its poller (kernel/net.c). May not wait. */
__attribute__((weak)) void net_start(void);

/* On the main thread: the C library's start, main(), exit(). Does not return. */
__attribute__((weak)) void libc_start(int argc, char **argv, char **envp);

/* The program. Called directly only in images without a C library. */
__attribute__((weak)) int main(int argc, char **argv, char **envp);

#endif
