/*
 * Mirrors: what the host's kernel knows of a socket of holm. A mirror is one end of a Unix socket pair
 * whose number the program uses; the other end is kept here. A byte in the program's end makes it
 * readable, bytes that nobody takes from it make it unwritable, and shutting our end down hangs it up.
 * So poll, select and epoll of the host work on it, among descriptors of any kind, edge-triggered too.
 *
 * Changing a mirror costs a system call of the host, so it is kept up to date only while somebody of the
 * host may look: always once it has been in an epoll, otherwise during a poll().
 */
#ifndef PRELOAD_MIRROR_H
#define PRELOAD_MIRROR_H

#include <stdbool.h>

#include "kernel/sys/file.h"

/* One per open socket, however many descriptors there are of it. Ends with its file. */
struct mirror {
	struct waiter waiter; /* in the file's queue */
	struct file *file;
	int ours;	  /* our end of the pair */
	int theirs;	  /* a descriptor of the program's end; -1: there is none any more */
	unsigned bytes;	  /* in the program's end, unread: it is readable */
	unsigned lookers; /* calls of the host that wait for it now */
	bool is_full;	  /* the program's end is not writable */
	bool is_small;	  /* its send buffer is as small as can be */
	bool is_in_epoll;
	bool is_edge_triggered;
	bool is_used;	/* connected or listening once: from now on a hang-up is one */
	bool is_half;	/* RDHUP is shown */
	bool is_hung;	/* HUP is shown; nothing changes any more but: */
	bool is_error;	/* ERR is shown, until the program has taken the error */
	bool is_closed; /* by stack_exit() */
};

/* Below this many descriptors the program may have sockets of holm. */
#define DESCRIPTORS_MAX 65536

/*
 * A socket pair for a socket to come: *theirs is the lowest free descriptor, as POSIX wants it. 0 or
 * -errno.
 */
int mirror_reserve(bool cloexec, int *theirs, int *ours);
void mirror_unreserve(int theirs, int ours);
/* The pair shows the file from now on. NULL without memory: the pair stays the caller's. */
struct mirror *mirror_open(struct file *f, int theirs, int ours);

/* The socket of a descriptor; NULL: it is the host's. Needs no lock, but then it may go at any time. */
struct mirror *mirror_of(int fd);
/* The descriptor of kernel/sys for it. */
int mirror_inner(int fd);
/* Descriptors of this library, which no program can have opened: they are not to be closed. */
bool mirror_is_private(int fd);
void mirror_set_private(int fd, bool is_private);

/* Another descriptor of a socket, and one less: before it is closed. */
void mirror_add(struct mirror *m, int fd, int inner);
void mirror_remove(int fd);

/* What the socket has (enum holm_poll). */
unsigned mirror_level(const struct mirror *m);
/* Look whether what is shown is still true. */
void mirror_update(struct mirror *m);
/* The same for all whose files have changed. */
void mirror_update_changed(void);

/* A call of the host waits for it, until it does not. */
void mirror_begin_look(struct mirror *m);
void mirror_end_look(struct mirror *m);

/* In a forked child: descriptors remain, but lead nowhere. */
void mirror_lose_all(void);
/* At the end of the program: connections end as if every descriptor had been closed. */
void mirror_close_all(void);

#endif
