/*
 * Pipes: bytes one way between two files. Linux's manual page, pipe(7): writes of up to PIPE_BUF bytes are
 * not torn apart; the capacity can be asked for and changed. The ring appears with the first byte and goes
 * when it is drained.
 */
#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "lib/compiler.h"
#include "lib/mem.h"
#include "lib/ring.h"

#define PIPE_BUF 4096u
#define CAPACITY 65536u
#define CAPACITY_MAX (1u << 20)

/* One for two files, freed with the second. */
struct pipe {
	struct ring ring;
	uint32_t capacity;
	struct file *ends[2]; /* reading, writing; NULL: closed */
};

struct pipe_end {
	struct file base;
	struct pipe *pipe;
};

static struct pipe *pipe_of(struct file *f)
{
	return container_of(f, struct pipe_end, base)->pipe;
}

static void set_memory(struct file *f, void *mem, uint32_t cap)
{
	const struct holm_memory *m = f->process->env.memory;
	struct ring *r = &pipe_of(f)->ring;
	uint32_t had = r->cap;
	uint8_t *old = ring_grow(r, mem, cap, 0);

	if (old)
		m->free(m->ctx, old, had);
}

/* Wake the other end, if it is there. */
static void wake_other(struct file *f)
{
	const struct pipe *pipe = pipe_of(f);
	struct file *other = pipe->ends[pipe->ends[0] == f];

	if (other)
		file_wake(other);
}

static int64_t pipe_read(struct file *f, const struct holm_iov *iov, size_t n)
{
	struct pipe *pipe = pipe_of(f);
	bool was_full = pipe->ring.cap > 0 && pipe->capacity - ring_len(&pipe->ring) < PIPE_BUF;
	size_t done = 0;

	if (f->flags & SYS_O_ACCMODE)
		return -HOLM_EBADF;
	if (ring_is_empty(&pipe->ring))
		return pipe->ends[1] ? -HOLM_EAGAIN : 0;
	for (size_t i = 0; i < n && !ring_is_empty(&pipe->ring); i++)
		if (iov[i].len > 0)
			done += ring_read(&pipe->ring, iov[i].base, iov[i].len);
	if (ring_is_empty(&pipe->ring))
		set_memory(f, NULL, 0);
	if (was_full)
		wake_other(f);
	return (int64_t)done;
}

static int make_room(struct file *f, size_t want)
{
	const struct holm_memory *m = f->process->env.memory;
	struct pipe *pipe = pipe_of(f);
	uint32_t cap = max_u32(pipe->ring.cap, PIPE_BUF);
	void *mem;

	want = min_size(ring_len(&pipe->ring) + want, pipe->capacity);
	while (cap < want)
		cap *= 2;
	if (cap == pipe->ring.cap)
		return 0;
	mem = m->alloc(m->ctx, cap);
	if (!mem)
		return -HOLM_ENOMEM;
	set_memory(f, mem, cap);
	return 0;
}

static int64_t pipe_write(struct file *f, const struct holm_iov *iov, size_t n)
{
	struct pipe *pipe = pipe_of(f);
	size_t want = holm_iov_bytes(iov, n);
	size_t room = pipe->capacity - ring_len(&pipe->ring);
	size_t done = 0;
	int err;

	if (!(f->flags & SYS_O_ACCMODE))
		return -HOLM_EBADF;
	if (!pipe->ends[0])
		return -HOLM_EPIPE;
	if (want == 0)
		return 0;
	if (room == 0 || (want <= PIPE_BUF && room < want))
		return -HOLM_EAGAIN;
	err = make_room(f, want);
	if (err)
		return err;
	for (size_t i = 0; i < n && done < room; i++)
		if (iov[i].len > 0)
			done += ring_write(&pipe->ring, iov[i].base,
					   min_size(iov[i].len, room - done));
	wake_other(f);
	return (int64_t)done;
}

static unsigned pipe_poll(struct file *f)
{
	const struct pipe *pipe = pipe_of(f);
	unsigned mask = 0;

	if (!(f->flags & SYS_O_ACCMODE)) {
		if (!ring_is_empty(&pipe->ring))
			mask |= HOLM_POLLIN | HOLM_POLLRDNORM;
		return pipe->ends[1] ? mask : mask | HOLM_POLLHUP;
	}
	if (pipe->capacity - ring_len(&pipe->ring) >= PIPE_BUF)
		mask |= HOLM_POLLOUT | HOLM_POLLWRNORM;
	return pipe->ends[0] ? mask : mask | HOLM_POLLERR;
}

static void pipe_stat(struct file *f, struct sys_stat *st)
{
	(void)f;
	*st = (struct sys_stat){ .mode = SYS_S_IFIFO | 0600u, .nlink = 1 };
}

static int64_t pipe_readable(struct file *f)
{
	return ring_len(&pipe_of(f)->ring);
}

static void pipe_close(struct file *f)
{
	const struct holm_memory *m = f->process->env.memory;
	struct pipe *pipe = pipe_of(f);
	struct file *other = pipe->ends[pipe->ends[0] == f];

	pipe->ends[pipe->ends[1] == f] = NULL;
	if (other) {
		file_wake(other);
		return;
	}
	ring_release(&pipe->ring, ring_len(&pipe->ring));
	set_memory(f, NULL, 0);
	m->free(m->ctx, pipe, sizeof(*pipe));
}

/* F_GETPIPE_SZ, F_SETPIPE_SZ: rounded up to a power of two; never below what waits. */
static int64_t pipe_resize(struct file *f, int64_t bytes)
{
	struct pipe *pipe = pipe_of(f);
	uint32_t capacity = PIPE_BUF;

	if (bytes < 0)
		return pipe->capacity;
	if (bytes > CAPACITY_MAX)
		return -HOLM_EPERM;
	while (capacity < (uint32_t)bytes)
		capacity *= 2;
	if (capacity < ring_len(&pipe->ring))
		return -HOLM_EBUSY;
	pipe->capacity = max_u32(capacity, pipe->ring.cap);
	if (pipe->ends[1])
		file_wake(pipe->ends[1]);
	return pipe->capacity;
}

static const struct file_ops pipe_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.is_stream = true,
	.poll = pipe_poll,
	.stat = pipe_stat,
	.readable = pipe_readable,
	.close = pipe_close,
	.resize = pipe_resize,
};

static struct file *new_end(struct process *p, struct pipe *pipe, int flags)
{
	struct file *f = file_new(p, &pipe_ops, sizeof(struct pipe_end), flags);

	if (f)
		container_of(f, struct pipe_end, base)->pipe = pipe;
	return f;
}

static int make_ends(struct process *p, int flags, struct file *ends[2])
{
	const struct holm_memory *m = p->env.memory;
	struct pipe *pipe = m->alloc(m->ctx, sizeof(*pipe));

	if (!pipe)
		return -HOLM_ENOMEM;
	memset(pipe, 0, sizeof(*pipe));
	pipe->capacity = CAPACITY;
	for (int i = 0; i < 2; i++)
		pipe->ends[i] = new_end(p, pipe, (i ? SYS_O_WRONLY : SYS_O_RDONLY) | flags);
	if (pipe->ends[0] && pipe->ends[1]) {
		ends[0] = pipe->ends[0];
		ends[1] = pipe->ends[1];
		return 0;
	}
	if (!pipe->ends[0] && !pipe->ends[1])
		m->free(m->ctx, pipe, sizeof(*pipe));
	else
		file_put(pipe->ends[pipe->ends[0] == NULL]);
	return -HOLM_ENOMEM;
}

int sys_pipe2(struct process *p, int fds[2], int flags)
{
	struct file *ends[2];
	int err;

	sys_enter(p);
	if (!fds)
		return -HOLM_EFAULT;
	if (flags & ~(SYS_O_NONBLOCK | SYS_O_CLOEXEC))
		return -HOLM_EINVAL;
	err = make_ends(p, flags & SYS_O_NONBLOCK, ends);
	return err ? err : fds_install_pair(p, ends, flags & SYS_O_CLOEXEC, fds);
}
