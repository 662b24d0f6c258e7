/*
 * sendfile(): from a file of the tree to a socket, a pipe or the console, as Linux's manual page has it.
 * The file's bytes never change, so TCP sends them from where they lie; others copy. Files that
 * have no position (sockets, pipes) cannot be the source.
 */
#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "lib/compiler.h"

/* What one call moves at most, as on Linux. */
#define COUNT_MAX 0x7ffff000u

struct stretch {
	const uint8_t *data;
	size_t len;
};

/* What of the file begins at `pos`, cut to `count` bytes. */
static int find_stretch(struct file *in, int64_t pos, size_t count, struct stretch *out)
{
	const void *data;
	size_t len;
	int err = in->ops->map ? in->ops->map(in, &data, &len) : -HOLM_EINVAL;

	if (err)
		return err;
	if ((uint64_t)pos >= len) {
		*out = (struct stretch){ data, 0 };
		return 0;
	}
	*out = (struct stretch){ (const uint8_t *)data + pos,
				 min_size(len - (size_t)pos, min_size(count, COUNT_MAX)) };
	return 0;
}

/* Where to begin: at *off, or at the file's own position. */
static int64_t begin_at(struct file *in, const int64_t *off)
{
	if (!in->ops->seek)
		return off ? -HOLM_ESPIPE : -HOLM_EINVAL;
	if (!off)
		return in->ops->seek(in, 0, SYS_SEEK_CUR);
	return *off < 0 ? -HOLM_EINVAL : *off;
}

static int64_t send_stretch(struct process *p, int out_fd, struct file *out,
			    const struct stretch *what)
{
	if (what->len == 0)
		return 0;
	return file_socket(out) ? sys_send_const(p, out_fd, what->data, what->len, 0)
				: sys_write(p, out_fd, what->data, what->len);
}

static int64_t move(struct process *p, int out_fd, struct file *out, struct file *in, int64_t *off,
		    size_t count)
{
	int64_t pos = begin_at(in, off), sent;
	struct stretch what;
	int err;

	if (pos < 0)
		return pos;
	err = find_stretch(in, pos, count, &what);
	if (err)
		return err;
	sent = send_stretch(p, out_fd, out, &what);
	if (sent <= 0)
		return sent;
	if (off)
		*off = pos + sent;
	else
		(void)in->ops->seek(in, pos + sent, SYS_SEEK_SET);
	return sent;
}

static bool is_open_for(const struct file *f, int unwanted)
{
	return (f->flags & SYS_O_ACCMODE) != unwanted;
}

int64_t sys_sendfile(struct process *p, int out_fd, int in_fd, int64_t *off, size_t count)
{
	struct file *in, *out;
	int64_t result = -HOLM_EBADF;

	sys_enter(p);
	in = file_of(p, in_fd);
	if (!in)
		return -HOLM_EBADF;
	out = file_of(p, out_fd);
	if (out && is_open_for(in, SYS_O_WRONLY) && is_open_for(out, SYS_O_RDONLY))
		result = move(p, out_fd, out, in, off, count);
	if (out)
		file_put(out);
	file_put(in);
	return result;
}
