/*
 * What every call of a program has around it: whose descriptor is it, the lock, and how results become
 * POSIX's.
 *
 *	if (!call_begin(&c, fd))
 *		return host()->listen(fd, backlog);
 *	return (int)call_end(&c, sys_listen(c.process, c.fd, backlog));
 */
#ifndef PRELOAD_CALL_H
#define PRELOAD_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/preload/mirror.h"
#include "tools/preload/stack.h"

struct call {
	struct process *process;
	struct mirror *mirror; /* valid until the call gives up the lock */
	int fd;		       /* in the eyes of kernel/sys */
	int outer;	       /* in the eyes of the program */
	int saved_errno;
};

/* False: the descriptor is the host's, or nobody's. */
bool call_begin(struct call *c, int fd);

/* Shows what has changed, and turns -HOLM_E... into errno. */
long call_end(struct call *c, int64_t result);
/* The same for what sends: EPIPE is a signal too, unless the flags say no. */
long call_end_send(struct call *c, int64_t result, int flags);

#endif
