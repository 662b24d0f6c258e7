/*
 * Everything that moves bytes. A stream's call may take several steps (a blocking send goes on until all
 * is queued), a datagram's is one; a window of a few pieces slides over what the program gave.
 */
#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "lib/compiler.h"

/* Pieces handed on at a time. */
#define WINDOW 8u
#define IOV_MAX 1024

struct transfer {
	struct holm_msg *msg; /* as the program gave it; name_len and flags are results */
	int flags;
	bool writing;
	bool whole;   /* go on until everything has moved */
	size_t piece; /* where the window begins: iov[piece], `off` bytes into it */
	size_t off;
	int64_t done;
};

/* ---- the window ---- */

static size_t fill_window(const struct transfer *t, struct holm_iov *window, size_t *bytes)
{
	size_t n = 0, off = t->off;

	*bytes = 0;
	for (size_t i = t->piece; i < t->msg->iovcnt && n < WINDOW; i++, off = 0) {
		const struct holm_iov *from = &t->msg->iov[i];

		window[n].base = from->base ? (uint8_t *)from->base + off : NULL;
		window[n].len = from->len - off;
		*bytes += window[n++].len;
	}
	return n;
}

static void slide(struct transfer *t, size_t n)
{
	t->done += (int64_t)n;
	while (t->piece < t->msg->iovcnt) {
		size_t left = t->msg->iov[t->piece].len - t->off;

		if (n < left) {
			t->off += n;
			return;
		}
		n -= left;
		t->piece++;
		t->off = 0;
	}
}

static int64_t call_socket(struct holm_socket *s, struct transfer *t, struct holm_msg *part)
{
	int64_t n = t->writing ? holm_socket_sendmsg(s, part, t->flags)
			       : holm_socket_recvmsg(s, part, t->flags);

	t->msg->name_len = part->name_len;
	t->msg->flags = part->flags;
	return n;
}

/* ---- attempts ---- */

static int64_t attempt_datagram(struct file *f, void *arg)
{
	struct transfer *t = arg;
	struct holm_msg part = *t->msg;

	return call_socket(file_socket(f), t, &part);
}

static int64_t attempt_stream(struct file *f, void *arg)
{
	struct holm_iov window[WINDOW];
	struct transfer *t = arg;

	for (;;) {
		struct holm_msg part = *t->msg;
		size_t bytes;
		int64_t n;

		part.iov = window;
		part.iovcnt = fill_window(t, window, &bytes);
		/* What has moved is reported first; the error waits for the next call. */
		if (t->done > 0 && (file_poll(f) & HOLM_POLLERR))
			return t->done;
		n = call_socket(file_socket(f), t, &part);
		if (n == -HOLM_EAGAIN)
			return t->done > 0 && !t->whole ? t->done : n;
		if (n < 0)
			return t->done > 0 ? t->done : n;
		slide(t, (size_t)n);
		if (n == 0 || t->piece == t->msg->iovcnt || (t->flags & HOLM_MSG_PEEK))
			return t->done;
		if (!t->whole && (size_t)n < bytes)
			return t->done;
	}
}

static int64_t attempt_file(struct file *f, void *arg)
{
	const struct transfer *t = arg;
	int64_t (*op)(struct file *, const struct holm_iov *, size_t) =
		t->writing ? f->ops->write : f->ops->read;

	return op ? op(f, t->msg->iov, t->msg->iovcnt) : -HOLM_EINVAL;
}

static bool is_stream(struct holm_socket *s)
{
	int type = 0;
	uint32_t len = sizeof(type);

	(void)holm_socket_getsockopt(s, HOLM_SOL_SOCKET, HOLM_SO_TYPE, &type, &len);
	return type == HOLM_SOCK_STREAM;
}

/* Bytes in all pieces, or an error. */
static int64_t check_pieces(const struct holm_msg *msg)
{
	size_t sum = 0;

	if (msg->iovcnt > IOV_MAX)
		return -HOLM_EINVAL;
	if (msg->iovcnt > 0 && !msg->iov)
		return -HOLM_EFAULT;
	for (size_t i = 0; i < msg->iovcnt; i++) {
		if (!msg->iov[i].base && msg->iov[i].len > 0)
			return -HOLM_EFAULT;
		if (msg->iov[i].len > (size_t)PTRDIFF_MAX - sum)
			return -HOLM_EINVAL;
		sum += msg->iov[i].len;
	}
	return (int64_t)sum;
}

static int64_t move_socket(struct file *f, struct holm_socket *s, struct transfer *t)
{
	bool block = !(f->flags & SYS_O_NONBLOCK) && !(t->flags & HOLM_MSG_DONTWAIT);
	uint64_t timeout_ns = t->writing ? holm_socket_sndtimeo_ns(s) : holm_socket_rcvtimeo_ns(s);
	bool stream = is_stream(s);
	int64_t result;

	t->whole = stream && (t->writing || (t->flags & HOLM_MSG_WAITALL));
	result = file_attempt_until(f, block, timeout_ns,
				    stream ? attempt_stream : attempt_datagram, t);
	return result == -HOLM_EAGAIN && t->done > 0 ? t->done : result;
}

static int64_t move_file(struct file *f, struct transfer *t)
{
	return file_attempt_until(f, !(f->flags & SYS_O_NONBLOCK), 0, attempt_file, t);
}

/* `sockets_only`: send() and its family, as opposed to write(). */
static int64_t move(struct process *p, int fd, struct transfer *t, bool sockets_only)
{
	struct holm_socket *s;
	struct file *f;
	int64_t result;

	sys_enter(p);
	f = file_of(p, fd);
	if (!f)
		return -HOLM_EBADF;
	s = file_socket(f);
	result = check_pieces(t->msg);
	if (result >= 0 && sockets_only && !s)
		result = -HOLM_ENOTSOCK;
	/* A read() of nothing, as opposed to a recv(), does not look whether there is something. */
	if (result > 0 || (result == 0 && (sockets_only || t->writing)))
		result = s ? move_socket(f, s, t) : move_file(f, t);
	file_put(f);
	return result;
}

/* ---- the calls ---- */

/* holm_msg's pieces are not const because receiving writes where they point; nobody changes them. */
static int64_t move_pieces(struct process *p, int fd, const struct holm_iov *iov, int n,
			   bool writing)
{
	struct holm_msg msg = { .iov = (struct holm_iov *)(uintptr_t)iov, .iovcnt = (size_t)n };
	struct transfer t = { .msg = &msg, .writing = writing };

	return n < 0 ? -HOLM_EINVAL : move(p, fd, &t, false);
}

int64_t sys_readv(struct process *p, int fd, const struct holm_iov *iov, int n)
{
	return move_pieces(p, fd, iov, n, false);
}

int64_t sys_writev(struct process *p, int fd, const struct holm_iov *iov, int n)
{
	return move_pieces(p, fd, iov, n, true);
}

int64_t sys_read(struct process *p, int fd, void *buf, size_t n)
{
	struct holm_iov iov = { buf, n };

	return sys_readv(p, fd, &iov, 1);
}

int64_t sys_write(struct process *p, int fd, const void *buf, size_t n)
{
	struct holm_iov iov = { (void *)(uintptr_t)buf, n };

	return sys_writev(p, fd, &iov, 1);
}

int64_t sys_sendmsg(struct process *p, int fd, const struct holm_msg *msg, int flags)
{
	struct holm_msg given;
	struct transfer t = { .msg = &given, .flags = flags, .writing = true };

	if (!msg)
		return -HOLM_EFAULT;
	given = *msg;
	return move(p, fd, &t, true);
}

int64_t sys_recvmsg(struct process *p, int fd, struct holm_msg *msg, int flags)
{
	struct transfer t = { .msg = msg, .flags = flags };

	return msg ? move(p, fd, &t, true) : -HOLM_EFAULT;
}

int64_t sys_sendto(struct process *p, int fd, const void *buf, size_t n, int flags,
		   const void *addr, uint32_t len)
{
	struct holm_iov iov = { (void *)(uintptr_t)buf, n };
	struct holm_msg msg = {
		.name = (void *)(uintptr_t)addr, .name_len = len, .iov = &iov, .iovcnt = 1
	};

	return sys_sendmsg(p, fd, &msg, flags);
}

int64_t sys_recvfrom(struct process *p, int fd, void *buf, size_t n, int flags, void *addr,
		     uint32_t *len)
{
	struct holm_iov iov = { buf, n };
	struct holm_msg msg = { .name = addr, .iov = &iov, .iovcnt = 1 };
	int64_t result;

	if (addr && !len)
		return -HOLM_EFAULT;
	msg.name_len = addr ? *len : 0;
	result = sys_recvmsg(p, fd, &msg, flags);
	if (addr && result >= 0)
		*len = msg.name_len;
	return result;
}

int64_t sys_send(struct process *p, int fd, const void *buf, size_t n, int flags)
{
	return sys_sendto(p, fd, buf, n, flags, NULL, 0);
}

int64_t sys_recv(struct process *p, int fd, void *buf, size_t n, int flags)
{
	return sys_recvfrom(p, fd, buf, n, flags, NULL, NULL);
}

int64_t sys_send_const(struct process *p, int fd, const void *buf, size_t n, int flags)
{
	return sys_send(p, fd, buf, n, flags | HOLM_MSG_CONST);
}
