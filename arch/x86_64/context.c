/* The first stack frame of a context, as switch.S expects to pop it. */
#include "arch/context.h"

#include <stdint.h>

/* In the order of the pops. */
struct first_frame {
	uint32_t mxcsr;
	uint16_t x87_control;
	uint16_t unused;
	uint64_t r15, r14, r13, r12, rbx, rbp;
	uint64_t ret;
	uint64_t end[2]; /* keeps the stack aligned for a call, and ends a backtrace */
};

void context_start(void);

void context_init(struct context *c, void *stack_top, void (*fn)(void *), void *arg)
{
	struct first_frame *f = (struct first_frame *)stack_top - 1;

	*f = (struct first_frame){
		.mxcsr = 0x1f80,
		.x87_control = 0x037f,
		.rbx = (uint64_t)(uintptr_t)fn,
		.r12 = (uint64_t)(uintptr_t)arg,
		.ret = (uint64_t)(uintptr_t)context_start,
	};
	c->sp = f;
}
