/*
 * A process: its environment and its descriptors. The image has one; a test may have several.
 */
#ifndef KERNEL_SYS_PROCESS_H
#define KERNEL_SYS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <holm/buf.h>
#include <holm/net.h>
#include <holm/socket.h>

#include "kernel/deadlines.h"
#include "kernel/sys/wait.h"

/* A descriptor and its file cost 200 bytes: 128 Ki of them are 26 MB, and 100 000 connections fit. */
#define FDS_MAX 131072u

struct file;
struct initrd;

/* Privileged acts, each with the capability that Linux asks for. */
enum sys_capability {
	SYS_CAP_NET_BIND = HOLM_CAP_NET_BIND,
	SYS_CAP_NET_RAW = HOLM_CAP_NET_RAW,
	SYS_CAP_NET_ADMIN = HOLM_CAP_NET_ADMIN,
	SYS_CAP_ADMIN = HOLM_CAP_ADMIN,
	SYS_CAP_PING = HOLM_CAP_PING,
};

/* What a process needs from the world. Copied by process_init(). */
struct sys_env {
	struct wait_with wait;
	const struct holm_memory *memory; /* files, descriptors */
	struct holm_net *net;		  /* where socket() makes sockets; NULL: nowhere */
	const struct initrd *tree;	  /* NULL: no files */
	/* Bytes for the console. NULL: they are thrown away. */
	void (*console)(const void *p, size_t n);
	/* Nanoseconds since 1970, and correcting them. NULL: 1970 is now 0; not permitted. */
	uint64_t (*wall)(void);
	void (*set_wall)(uint64_t wall_ns);
	uint32_t fds_max; /* 0: FDS_MAX */
	/* Numbers below are given to nobody but the console: a host may have descriptors of its own there. */
	uint32_t fds_first;
	/*
	 * Hand out the instance's events now: sys_event() for each that is not somebody else's. NULL:
	 * all are the process's, sys_dispatch_events().
	 */
	void (*events)(struct holm_net *net);
	struct holm_cred cred; /* who it is, for Unix sockets */
	/* May it? NULL: everything. */
	bool (*permits)(enum sys_capability cap);
	const char *hostname; /* at first; NULL: "holm" */
	/* The i-th name server; -HOLM_ENOENT behind the last, -HOLM_EAGAIN: not known yet. NULL: none. */
	int (*name_server)(size_t i, struct holm_endpoint *server);
};

/* The names that can be changed; the others of uname() are the build's. */
struct process_names {
	char host[65], domain[65];
};

/*
 * One slot per descriptor, without a file where none is open; a bit per slot says whether it is
 * free, a bit per word whether any is.
 */
struct fd_slot {
	struct file *file;
	bool cloexec;
};

struct fds {
	struct fd_slot *slots;
	uint32_t cap; /* slots there are, a multiple of 64 */
	uint32_t first, max;
	uint64_t *used;		       /* [cap / 64] */
	uint64_t full[FDS_MAX / 4096]; /* bit w: used[w] has no zero */
};

struct process {
	struct sys_env env;
	struct fds fds;
	struct process_names names;
	struct file *resolver;	  /* NULL: nothing was asked yet */
	bool exiting;		  /* nothing waits any more, not even a lingering close */
	void (*enter)(void *ctx); /* what a system call begins with, as things are; NULL: nothing */
	void *enter_ctx;
	struct list sleepers;	 /* threads in process_sleep() */
	struct deadlines timers; /* of struct process_timer; room for as many as there are */
	uint32_t ntimers;
};

/*
 * A moment at which a file changes by itself (timerfd). Whoever sleeps, sleeps no longer than until the
 * earliest.
 */
struct process_timer {
	struct deadline deadline;
	void (*fire)(struct process_timer *t);
};

/* There will be one timer more, so that arming it cannot fail; or one less. -HOLM_ENOMEM. */
int process_timer_add(struct process *p);
void process_timer_drop(struct process *p);

static inline bool process_timer_is_armed(const struct process_timer *t)
{
	return t->deadline.place != 0;
}

/* Of one that was added. Zero bytes are a timer that is not armed. */
void process_timer_arm(struct process *p, struct process_timer *t, uint64_t deadline_ns);
void process_timer_cancel(struct process *p, struct process_timer *t);
/* Fire what is due. */
void process_timers_run(struct process *p);

/* wait_sleep(), with timers running: a wake may be one of theirs. */
int process_sleep(struct process *p, uint64_t deadline_ns);

/* Descriptors 0, 1 and 2 are the console. 0, -HOLM_ENOMEM. */
int process_init(struct process *p, const struct sys_env *env);

/* Close everything. No thread may be in a call. */
void process_fini(struct process *p);

static inline bool process_may(const struct process *p, enum sys_capability cap)
{
	return !p->env.permits || p->env.permits(cap);
}

/* The process of the running thread. Whoever has processes defines it (kernel/process.c). */
struct process *process_current(void);

/* ---- names.c ---- */

void process_names_init(struct process *p);

/* ---- resolve.c ---- */

void resolver_fini(struct process *p);

/* ---- fds.c ---- */

/* The lowest free descriptor from `from` on, and room for it, until somebody puts a file there. -HOLM_EMFILE,
 * -HOLM_ENOMEM. */
int fds_find(struct process *p, uint32_t from);
/* Put the file at a descriptor that was found free; takes over the reference. */
void fds_put(struct process *p, int fd, struct file *f, bool cloexec);
/* Both; where there is none the reference stays the caller's. */
int fds_add(struct process *p, struct file *f, bool cloexec, uint32_t from);
/* Put it at this very descriptor; *old is what was there, its reference the caller's. */
int fds_put_at(struct process *p, uint32_t fd, struct file *f, bool cloexec, struct file **old);
/* The lowest free descriptor for a new file, or give the file up: it is put in any case but success. */
int fds_install(struct process *p, struct file *f, bool cloexec);
/* The same for two: both have one, or both are given up. fds[] is written with success only. */
int fds_install_pair(struct process *p, struct file *const f[2], bool cloexec, int fds[2]);
/* The slot of a descriptor, NULL when it is not open. */
static inline struct fd_slot *fds_slot(struct process *p, int fd)
{
	struct fds *t = &p->fds;

	return (uint32_t)fd < t->cap && t->slots[fd].file ? &t->slots[fd] : NULL;
}

/* Take it out; the reference is the caller's. NULL when it is not open. */
struct file *fds_take(struct process *p, int fd);
void fds_fini(struct process *p);

#endif
