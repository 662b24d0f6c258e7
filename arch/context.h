/* Switching between stacks. Everything else about threads is kernel/thread.c's. */
#ifndef ARCH_CONTEXT_H
#define ARCH_CONTEXT_H

/* A suspended flow of control: where its stack was left. The registers lie on the stack. */
struct context {
	void *sp;
};

/* Prepare a context that will call fn(arg) on the stack below `stack_top`. fn must not return. */
void context_init(struct context *c, void *stack_top, void (*fn)(void *), void *arg);

/* Suspend into *from, go on where *to was suspended. */
void context_switch(struct context *from, const struct context *to);

#endif
