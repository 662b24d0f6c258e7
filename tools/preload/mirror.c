/* Mirrors; see mirror.h. */
#include "tools/preload/mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tools/preload/host.h"

/*
 * Unread bytes in the program's end: each is an edge, none is asked for. Fits the kernel's smallest
 * buffer.
 */
#define BYTES_MAX 64u
/* Makes the smallest send buffer of a Unix socket unwritable, whatever page size its memory has. */
#define FILL_BYTES 2048u
/* Our descriptors begin here, out of the program's way, if it may have as many. */
#define OURS_FIRST 16384

/* Stands for a descriptor of ours. */
static struct mirror private_mark;

static struct {
	_Atomic(struct mirror *) mirror;
	int inner;
} descriptors[DESCRIPTORS_MAX];

static void file_gone(struct waiter *w);

/* Nobody waits: who makes calls looks. */
static struct wait_queue nobody = { { { &nobody.waiters.head, &nobody.waiters.head } }, { 0 } };
static struct watcher watcher = {
	{ { &watcher.noted.head, &watcher.noted.head } },
	&nobody,
	file_gone,
};

static bool is_in_table(int fd)
{
	return fd >= 0 && fd < DESCRIPTORS_MAX;
}

static struct mirror *entry_of(int fd)
{
	if (!is_in_table(fd))
		return NULL;
	return atomic_load_explicit(&descriptors[fd].mirror, memory_order_acquire);
}

static void set_entry(int fd, struct mirror *m)
{
	atomic_store_explicit(&descriptors[fd].mirror, m, memory_order_release);
}

struct mirror *mirror_of(int fd)
{
	struct mirror *m = entry_of(fd);

	return m == &private_mark ? NULL : m;
}

int mirror_inner(int fd)
{
	return descriptors[fd].inner;
}

bool mirror_is_private(int fd)
{
	return entry_of(fd) == &private_mark;
}

void mirror_set_private(int fd, bool is_private)
{
	if (is_in_table(fd))
		set_entry(fd, is_private ? &private_mark : NULL);
}

/* ---- coming and going ---- */

static int first_of_ours(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur / 2 > OURS_FIRST)
		return OURS_FIRST;
	return (int)(files.rlim_cur / 2);
}

int mirror_reserve(bool cloexec, int *theirs, int *ours)
{
	int pair[2], high;

	if (socketpair(AF_UNIX, SOCK_STREAM | (cloexec ? SOCK_CLOEXEC : 0), 0, pair) != 0)
		return -errno;
	high = host()->fcntl(pair[1], F_DUPFD_CLOEXEC, first_of_ours());
	if (high < 0 || !is_in_table(high) || !is_in_table(pair[0])) {
		host()->close(pair[0]);
		host()->close(pair[1]);
		if (high >= 0)
			host()->close(high);
		return -EMFILE;
	}
	host()->close(pair[1]);
	mirror_set_private(high, true);
	*theirs = pair[0];
	*ours = high;
	return 0;
}

void mirror_unreserve(int theirs, int ours)
{
	host()->close(theirs);
	mirror_set_private(ours, false);
	host()->close(ours);
}

static void close_ours(struct mirror *m)
{
	if (m->ours < 0)
		return;
	mirror_set_private(m->ours, false);
	host()->close(m->ours);
	m->ours = -1;
}

static void file_gone(struct waiter *w)
{
	struct mirror *m = container_of(w, struct mirror, waiter);

	wait_leave(&m->waiter);
	close_ours(m);
	free(m);
}

struct mirror *mirror_open(struct file *f, int theirs, int ours)
{
	struct mirror *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->file = f;
	m->ours = ours;
	m->theirs = theirs;
	wait_enter_watched(&f->waiters, &m->waiter, &watcher, false);
	return m;
}

void mirror_add(struct mirror *m, int fd, int inner)
{
	descriptors[fd].inner = inner;
	set_entry(fd, m);
}

/* Duplicates of sockets are rare, so another descriptor is looked for where it is needed. */
static int other_descriptor(const struct mirror *m, int fd)
{
	for (int i = 0; i < DESCRIPTORS_MAX; i++)
		if (i != fd && entry_of(i) == m)
			return i;
	return -1;
}

void mirror_remove(int fd)
{
	struct mirror *m = mirror_of(fd);

	if (m->theirs == fd)
		m->theirs = m->file->refs > 1 ? other_descriptor(m, fd) : -1;
	set_entry(fd, NULL);
}

/* ---- showing ---- */

unsigned mirror_level(const struct mirror *m)
{
	return file_poll(m->file);
}

static void empty(int fd)
{
	char bytes[2 * FILL_BYTES];

	(void)host()->recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
}

static void show_readable(struct mirror *m, bool is_edge)
{
	if (m->is_half || (m->bytes > 0 && !is_edge))
		return;
	if (m->bytes == BYTES_MAX) {
		empty(m->theirs);
		m->bytes = 0;
	}
	if (host()->send(m->ours, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1)
		m->bytes++;
}

static void show_unreadable(struct mirror *m)
{
	if (m->bytes == 0)
		return;
	empty(m->theirs);
	m->bytes = 0;
}

static void show_writable(struct mirror *m)
{
	if (!m->is_full)
		return;
	empty(m->ours);
	m->is_full = false;
}

static void show_unwritable(struct mirror *m)
{
	static const char bytes[FILL_BYTES];
	int least = 1;

	if (m->is_full)
		return;
	if (!m->is_small) /* the kernel takes its own minimum */
		host()->setsockopt(m->theirs, SOL_SOCKET, SO_SNDBUF, &least, sizeof(least));
	m->is_small = true;
	(void)host()->send(m->theirs, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL);
	m->is_full = true;
}

/* To be closed with unread bytes in it is an error for the other end. */
static void show_error(struct mirror *m)
{
	(void)host()->send(m->theirs, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close_ours(m);
	m->is_error = true;
}

/* The program has taken the error. */
static void show_no_error(struct mirror *m)
{
	int err;
	socklen_t len = sizeof(err);

	host()->getsockopt(m->theirs, SOL_SOCKET, SO_ERROR, &err, &len);
	m->is_error = false;
}

static void show_end(struct mirror *m, unsigned level)
{
	if (level & HOLM_POLLHUP) {
		show_writable(m);
		if (level & HOLM_POLLERR)
			show_error(m);
		else
			host()->shutdown(m->ours, SHUT_RDWR);
		m->is_hung = true;
	} else if (!m->is_half) {
		host()->shutdown(m->ours, SHUT_WR);
		m->is_half = true;
	}
}

static void show(struct mirror *m, bool is_edge)
{
	unsigned level = mirror_level(m);
	int saved = errno;

	if (m->is_error && !(level & HOLM_POLLERR))
		show_no_error(m);
	if (m->is_hung) {
		errno = saved;
		return;
	}
	/* An error wakes those who wait for bytes, as it does in the kernel. */
	if (level & (HOLM_POLLIN | HOLM_POLLERR))
		show_readable(m, is_edge);
	else
		show_unreadable(m);
	if (level & HOLM_POLLOUT)
		show_writable(m);
	else
		show_unwritable(m);
	if (m->is_used && (level & (HOLM_POLLHUP | HOLM_POLLRDHUP)))
		show_end(m, level);
	errno = saved;
}

static bool is_watched(const struct mirror *m)
{
	return m->theirs >= 0 && (m->is_in_epoll || m->lookers > 0);
}

void mirror_update(struct mirror *m)
{
	if (is_watched(m))
		show(m, false);
}

void mirror_update_changed(void)
{
	struct list_node *n;

	while ((n = list_pop_front(&watcher.noted)) != NULL) {
		struct mirror *m = container_of(n, struct mirror, waiter.noted);

		if (is_watched(m))
			show(m, m->is_edge_triggered);
	}
}

void mirror_begin_look(struct mirror *m)
{
	m->lookers++;
	mirror_update(m);
}

void mirror_end_look(struct mirror *m)
{
	if (m->lookers > 0) /* the number may be another socket's by now */
		m->lookers--;
}

/* ---- the end of all ---- */

void mirror_lose_all(void)
{
	int dead = host()->socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++) {
		int flags;

		if (!entry_of(fd))
			continue;
		flags = host()->fcntl(fd, F_GETFD);
		if (mirror_is_private(fd) || dead < 0)
			host()->close(fd);
		else
			host()->dup3(dead, fd, flags & FD_CLOEXEC ? O_CLOEXEC : 0);
		set_entry(fd, NULL);
	}
	host()->close(dead);
}

void mirror_close_all(void)
{
	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++) {
		struct mirror *m = mirror_of(fd);

		if (!m || m->is_closed)
			continue;
		m->is_closed = true;
		holm_socket_close(file_socket(m->file));
	}
}
