/* The image's one process: threads, clock, console, file tree and network behind the system calls. */
#ifndef KERNEL_PROCESS_H
#define KERNEL_PROCESS_H

struct holm_net;

/* Once, when there is an instance. `sockets`: may programs open any? */
void process_start(struct holm_net *net);

#endif
