/* Panics on request, so that tests see each kind: "panic.test=null|exec|text|stack|assert|canary|ud". */
#ifndef KERNEL_PANICTEST_H
#define KERNEL_PANICTEST_H

/* Does what panic.test= says, or nothing. On the main thread. */
void panictest_run(void);

#endif
