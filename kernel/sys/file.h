/*
 * Open files: what descriptors refer to. A kind of file is an operation table; what it has none of
 * is answered here.
 */
#ifndef KERNEL_SYS_FILE_H
#define KERNEL_SYS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <holm/socket.h>

#include "kernel/sys/process.h"
#include "kernel/sys/wait.h"
#include "lib/compiler.h"

struct sys_stat;
struct sys_dirent;
struct file;

/* Operations never block: they return -HOLM_EAGAIN, and the file's queue is woken when it is time. */
struct file_ops {
	/* Bytes moved, or an error. NULL: -HOLM_EINVAL, for a directory -HOLM_EISDIR. */
	int64_t (*read)(struct file *f, const struct holm_iov *iov, size_t n);
	int64_t (*write)(struct file *f, const struct holm_iov *iov, size_t n);
	/* A blocking write goes on until everything is written. */
	bool is_stream;
	/* enum holm_poll. NULL: a socket, or always readable and writable, as regular files are. */
	unsigned (*poll)(struct file *f);
	/* NULL: a file of no type that its owner may read and write. */
	void (*stat)(struct file *f, struct sys_stat *st);
	/* NULL: -HOLM_ESPIPE. */
	int64_t (*seek)(struct file *f, int64_t off, int whence);
	/* NULL: -HOLM_ENOTDIR. */
	int (*readdir)(struct file *f, struct sys_dirent *e);
	/* NULL: -HOLM_EINVAL. */
	int (*map)(struct file *f, const void **data, size_t *len);
	/* Bytes that could be read now, for FIONREAD. NULL: -HOLM_ENOTTY. */
	int64_t (*readable)(struct file *f);
	/* The same for SIOCOUTQ: bytes that the other side has not taken. NULL: -HOLM_ENOTTY. */
	int64_t (*unsent)(struct file *f);
	/* A pipe's capacity: ask with -1, or change. NULL: -HOLM_EBADF. */
	int64_t (*resize)(struct file *f, int64_t bytes);
	/* The file is about to go; may sleep. NULL: nothing to do. */
	void (*close)(struct file *f);
	/* How long a blocking read or write waits, in nanoseconds; NULL or 0: for ever. */
	uint64_t (*timeout)(const struct file *f, bool writing);
};

/* A file that an epoll watches. Owned by the epoll; leaves with the file. */
struct epoll_watch {
	struct waiter waiter;  /* in the file's queue; deaf: disarmed by EPOLLONESHOT */
	struct list_node node; /* among all of its epoll's */
	struct file *file;     /* not counted: it says when it goes */
	int fd;
	uint32_t events;
	uint64_t data;
};

/* The base of every file. Freed with the last reference. */
struct file {
	const struct file_ops *ops;
	struct process *process; /* who opened it; outlives it */
	uint32_t refs;
	uint32_t bytes; /* of the whole object */
	int flags;	/* access mode, SYS_O_NONBLOCK, SYS_O_APPEND */
	struct wait_queue waiters;
	struct holm_socket *socket; /* NULL: another kind of file */
	struct holm_object object;  /* what a message carries of it */
	struct epoll_watch watch;   /* of most that are watched there is one; others are made */
};

/* A file of `bytes` bytes with one reference, zero beyond the base; NULL without memory. */
struct file *file_new(struct process *p, const struct file_ops *ops, size_t bytes, int flags);

static inline struct file *file_get(struct file *f)
{
	f->refs++;
	return f;
}

/* What file_put() does when this was the last reference, or the last that is not in a message. */
void file_put_last(struct file *f);

/* May sleep when it was the last: a socket with SO_LINGER. */
static inline void file_put(struct file *f)
{
	if (f->refs > f->object.in_flight + 1)
		f->refs--;
	else
		file_put_last(f);
}

/* The file behind a descriptor, with a reference for the call; NULL: -HOLM_EBADF. */
static inline struct file *file_of(struct process *p, int fd)
{
	struct fd_slot *slot = fds_slot(p, fd);

	return slot ? file_get(slot->file) : NULL;
}

/* What it is ready for now: sockets, which most files are that anybody asks, without a detour. */
static inline unsigned file_poll(struct file *f)
{
	if (likely(f->socket))
		return holm_socket_poll(f->socket);
	if (!f->ops->poll)
		return HOLM_POLLIN | HOLM_POLLRDNORM | HOLM_POLLOUT | HOLM_POLLWRNORM;
	return f->ops->poll(f);
}

/* The file that a message carried. */
struct file *file_of_object(struct holm_object *o);

/* Its state has changed: wake who waits. */
static inline void file_wake(struct file *f)
{
	wait_wake(&f->process->env.wait, &f->waiters);
}

/* One attempt; -HOLM_EAGAIN: nothing was possible now. */
typedef int64_t file_attempt(struct file *f, void *arg);

/*
 * Attempt; while it would block and `block` is set, sleep until the file is woken and attempt again,
 * for at most `timeout_ns` (0: for ever). Then it is -HOLM_EAGAIN after all.
 */
int64_t file_attempt_until(struct file *f, bool block, uint64_t timeout_ns, file_attempt *attempt,
			   void *arg);

/* A system call begins. */
static inline void sys_enter(struct process *p)
{
	if (p->enter)
		p->enter(p->enter_ctx);
}

/* ---- the kinds ---- */

struct file *console_file(struct process *p, int flags);

/* Open a path of the tree. */
int tree_open(struct process *p, const char *path, int flags, struct file **out);
int tree_stat(struct process *p, const char *path, struct sys_stat *st);

/* A file around a socket that it makes, or that somebody connected to. */
int socket_file_open(struct process *p, int family, int type, int protocol, int flags,
		     struct file **out);
int socket_file_accept(struct file *listener, void *addr, uint32_t *len, int flags,
		       struct file **out);
/* Two files around sockets that are connected to each other. */
int socket_file_pair(struct process *p, int family, int type, int protocol, int flags,
		     struct file *out[2]);
/* Its socket; NULL when it is another kind of file. */
static inline struct holm_socket *file_socket(const struct file *f)
{
	return f->socket;
}

/* ioctl() of a socket about interfaces; -HOLM_ENOTTY for what is no request of that kind. */
int interface_ioctl(struct process *p, uint32_t request, void *arg);

/* A time of a clock as one of the monotonic clock, as the two stand now. */
uint64_t sys_time_absolute(const struct process *p, int clock, uint64_t ns);

/* ---- events ---- */

/* Wake the file that the event's cookie names, if any. */
void sys_event(const struct holm_event *ev);
/* All events of the instance. */
void sys_dispatch_events(struct holm_net *net);
/* What has changed is known to every file from now on. */
static inline void sys_hear(struct process *p)
{
	p->env.events(p->env.net);
}

#endif
