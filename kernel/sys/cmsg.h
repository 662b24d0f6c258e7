/* Ancillary data between a program's control buffer (struct cmsghdr of Linux) and what sockets take. */
#ifndef KERNEL_SYS_CMSG_H
#define KERNEL_SYS_CMSG_H

#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"

/* Whose control messages: which levels are known differs. */
enum cmsg_kind { CMSG_UNIX, CMSG_STREAM, CMSG_DATAGRAM, CMSG_DATAGRAM6 };

/* Ancillary data of one call, with its objects' places: on the stack. */
struct cmsg {
	struct holm_ancillary ancillary;
	struct holm_object *objects[HOLM_OBJECTS_MAX];
};

/*
 * What a program sends. References to files are taken. -HOLM_EINVAL, -HOLM_EBADF, -HOLM_EPERM: then none
 * are held.
 */
int cmsg_parse(struct process *p, struct cmsg *c, const void *control, size_t len,
	       enum cmsg_kind kind);

/* Room for what is received. */
void cmsg_init(struct cmsg *c);

/*
 * What was received becomes control messages; files become descriptors. Returns the bytes used; what has
 * no place is let go, and *msg_flags says HOLM_MSG_CTRUNC.
 */
size_t cmsg_build(struct process *p, struct cmsg *c, void *control, size_t len, int flags,
		  int *msg_flags);

/* Put the objects that are still held. */
void cmsg_fini(struct cmsg *c);

#endif
