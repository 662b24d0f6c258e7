/*
 * Everything that moves bytes. A stream's call may take several steps (a blocking send goes on until all
 * is queued), a datagram's is one; a window of a few pieces slides over what the program gave.
 */
#include "kernel/sys/cmsg.h"
#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "kernel/sys/timespec.h"
#include "lib/compiler.h"

/* Pieces handed on at a time. */
#define WINDOW 8u
#define IOV_MAX 1024

/* What a call asks for, while it takes several steps. */
struct transfer {
	struct holm_msg *msg; /* what the program gave; name_len and flags are results */
	int flags;
	bool writing;
	bool whole;    /* go on until everything has moved */
	int64_t least; /* a receive that waits goes on until this many have */
	size_t piece;  /* where the window begins: iov[piece], `off` bytes into it */
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

static int64_t call_file(struct file *f, struct transfer *t, const struct holm_msg *part)
{
	int64_t (*op)(struct file *, const struct holm_iov *, size_t) =
		t->writing ? f->ops->write : f->ops->read;

	return op ? op(f, part->iov, part->iovcnt) : -HOLM_EINVAL;
}

/* ---- attempts ---- */

static int64_t attempt_datagram(struct file *f, void *arg)
{
	struct transfer *t = arg;
	struct holm_msg part = *t->msg;

	return call_socket(file_socket(f), t, &part);
}

/* A stream's step moved n of the bytes that it was asked for: is that all for now? */
static bool ends_call(struct transfer *t, int64_t n, size_t asked)
{
	/* What went with the first bytes has gone; what came ends the call. */
	if (t->writing)
		t->msg->ancillary = NULL;
	else if (t->msg->ancillary && t->msg->ancillary->has & HOLM_ANC_OBJECTS)
		return true;
	if (n == 0 || (t->flags & HOLM_MSG_PEEK))
		return true;
	return !t->whole && (size_t)n < asked && t->done + n >= t->least;
}

static int64_t attempt_stream(struct file *f, void *arg)
{
	struct holm_socket *s = file_socket(f);
	struct holm_iov window[WINDOW];
	struct transfer *t = arg;

	for (;;) {
		struct holm_msg part = *t->msg;
		size_t bytes;
		int64_t n;
		bool over;

		part.iov = window;
		part.iovcnt = fill_window(t, window, &bytes);
		if (t->done == 0 && !s)
			part = *t->msg; /* a short write to a pipe is not torn apart */
		/* What has moved is reported first; the error waits for the next call. */
		if (t->done > 0 && (file_poll(f) & HOLM_POLLERR))
			return t->done;
		n = s ? call_socket(s, t, &part) : call_file(f, t, &part);
		if (n == -HOLM_EAGAIN)
			return t->done >= t->least && t->done > 0 && !t->whole ? t->done : n;
		if (n < 0)
			return t->done > 0 ? t->done : n;
		over = ends_call(t, n, bytes);
		slide(t, (size_t)n);
		if (over || t->piece == t->msg->iovcnt)
			return t->done;
	}
}

static int64_t attempt_file(struct file *f, void *arg)
{
	struct transfer *t = arg;

	return call_file(f, t, t->msg);
}

static never_inline int64_t check_any_pieces(const struct holm_msg *msg, bool sockets_only)
{
	size_t sum = 0;

	if (msg->iovcnt > IOV_MAX)
		return sockets_only ? -HOLM_EMSGSIZE : -HOLM_EINVAL;
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

/* Bytes in all pieces, or an error. Of one, as most transfers have, it is quickly said. */
static inline int64_t check_pieces(const struct holm_msg *msg, bool sockets_only)
{
	if (likely(msg->iovcnt == 1 && msg->iov && msg->iov->base &&
		   msg->iov->len <= (size_t)PTRDIFF_MAX))
		return (int64_t)msg->iov->len;
	return check_any_pieces(msg, sockets_only);
}

/* What one step did not do: `n` is what it returned. */
static never_inline int64_t move_rest(struct file *f, struct holm_msg *msg, int flags, bool writing,
				      int64_t n)
{
	struct transfer state = { .msg = msg, .flags = flags, .writing = writing };
	struct transfer *t = &state;
	struct holm_socket *s = f->socket;
	/* As on Linux, nobody waits for an urgent byte or an error. */
	int at_once = HOLM_MSG_DONTWAIT | (t->writing ? 0 : HOLM_MSG_OOB | HOLM_MSG_ERRQUEUE);
	bool block = !(f->flags & SYS_O_NONBLOCK) && !(t->flags & at_once);
	uint64_t timeout_ns = t->writing ? holm_socket_sndtimeo_ns(s) : holm_socket_rcvtimeo_ns(s);
	bool stream = holm_socket_type(s) == HOLM_SOCK_STREAM;
	int64_t result;

	t->whole = stream && (t->writing || (t->flags & HOLM_MSG_WAITALL));
	if (stream && block && !t->writing)
		t->least = holm_socket_rcvlowat(s);
	/* MSG_FASTOPEN has connected without data: they follow. */
	if (n == -HOLM_EINPROGRESS && block) {
		t->flags &= ~HOLM_MSG_FASTOPEN;
		n = -HOLM_EAGAIN;
	}
	if (n == -HOLM_EAGAIN ? !block : n < 0 || !stream || ends_call(t, n, SIZE_MAX))
		return n;
	if (n > 0)
		slide(t, (size_t)n);
	result = file_attempt_until(f, block, timeout_ns,
				    stream ? attempt_stream : attempt_datagram, t);
	return result == -HOLM_EAGAIN && t->done > 0 ? t->done : result;
}

/* The first step takes the pieces as they are, and nearly always it is the only one. */
static int64_t move_socket(struct file *f, struct holm_msg *msg, int flags, bool writing,
			   int64_t bytes)
{
	int at_once = f->flags & SYS_O_NONBLOCK ? HOLM_MSG_DONTWAIT : 0;
	uint32_t name_len = msg->name_len;
	int64_t n = writing ? holm_socket_sendmsg(f->socket, msg, flags)
			    : holm_socket_recvmsg(f->socket, msg, flags | at_once);

	if (likely(n == bytes || (n < 0 && n != -HOLM_EAGAIN)))
		return n;
	if (n < 0)
		msg->name_len = name_len;
	return move_rest(f, msg, flags, writing, n);
}

static int64_t move_file(struct file *f, struct holm_msg *msg, bool writing)
{
	struct transfer t = { .msg = msg, .writing = writing };
	bool block = !(f->flags & SYS_O_NONBLOCK);
	int64_t result;

	if (!f->ops->is_stream || !t.writing)
		return file_attempt_until(f, block, 0, attempt_file, &t);
	t.whole = block;
	result = file_attempt_until(f, block, 0, attempt_stream, &t);
	return result == -HOLM_EAGAIN && t.done > 0 ? t.done : result;
}

/* Every message: `sockets_only` is send() and its family, as opposed to write(). */
static never_inline int64_t move(struct process *p, int fd, struct holm_msg *msg, int flags,
				 bool writing, bool sockets_only)
{
	int64_t bytes = check_pieces(msg, sockets_only);
	struct file *f = file_of(p, fd);

	if (unlikely(!f))
		return -HOLM_EBADF;
	if (bytes >= 0 && sockets_only && !f->socket)
		bytes = -HOLM_ENOTSOCK;
	/* A read() of nothing, as opposed to a recv(), does not look whether there is something. */
	if (likely(bytes > 0) || (bytes == 0 && (sockets_only || writing)))
		bytes = likely(f->socket) ? move_socket(f, msg, flags, writing, bytes)
					  : move_file(f, msg, writing);
	file_put(f);
	return bytes;
}

/* The same of one piece. */
static never_inline int64_t move_piece(struct process *p, int fd, void *buf, size_t n, int flags,
				       bool writing, bool sockets_only)
{
	struct holm_iov iov = { buf, n };
	struct holm_msg msg = { .iov = &iov, .iovcnt = 1 };

	return move(p, fd, &msg, flags, writing, sockets_only);
}

/* ---- bytes ---- */

/*
 * The socket of a call that moves bytes at once, without a message and a reference; NULL: it is not
 * of that kind.
 */
static always_inline struct holm_socket *socket_at_once(struct process *p, int fd, const void *buf,
							size_t n, int flags)
{
	struct fd_slot *slot = fds_slot(p, fd);

	if (unlikely(!slot || !buf || n > (size_t)PTRDIFF_MAX ||
		     (flags & ~(HOLM_MSG_DONTWAIT | HOLM_MSG_NOSIGNAL))))
		return NULL;
	return slot->file->socket;
}

static always_inline int64_t read_bytes(struct process *p, int fd, void *buf, size_t n, int flags,
					bool sockets_only)
{
	struct holm_socket *s;
	size_t done = 0;

	sys_enter(p);
	s = socket_at_once(p, fd, buf, n, flags);
	if (likely(s))
		done = holm_socket_read(s, buf, n);
	return likely(done > 0) ? (int64_t)done
				: move_piece(p, fd, buf, n, flags, false, sockets_only);
}

/* Fewer bytes than were to be written have gone: the rest may have to wait. */
static never_inline int64_t write_on(struct process *p, int fd, const void *buf, size_t n,
				     int flags, size_t done)
{
	struct holm_iov iov = { (void *)(uintptr_t)buf, n };
	struct holm_msg msg = { .iov = &iov, .iovcnt = 1 };
	struct file *f = file_of(p, fd);
	int64_t result = move_rest(f, &msg, flags, true, (int64_t)done);

	file_put(f);
	return result;
}

static always_inline int64_t write_bytes(struct process *p, int fd, const void *buf, size_t n,
					 int flags, bool sockets_only)
{
	struct holm_socket *s;
	size_t done = 0;

	sys_enter(p);
	s = socket_at_once(p, fd, buf, n, flags);
	if (likely(s))
		done = holm_socket_write(s, buf, n);
	if (unlikely(done == 0))
		return move_piece(p, fd, (void *)(uintptr_t)buf, n, flags, true, sockets_only);
	return likely(done == n) ? (int64_t)n : write_on(p, fd, buf, n, flags, done);
}

int64_t sys_read(struct process *p, int fd, void *buf, size_t n)
{
	return read_bytes(p, fd, buf, n, 0, false);
}

int64_t sys_write(struct process *p, int fd, const void *buf, size_t n)
{
	return write_bytes(p, fd, buf, n, 0, false);
}

int64_t sys_send(struct process *p, int fd, const void *buf, size_t n, int flags)
{
	return write_bytes(p, fd, buf, n, flags, true);
}

int64_t sys_recv(struct process *p, int fd, void *buf, size_t n, int flags)
{
	return read_bytes(p, fd, buf, n, flags, true);
}

/* ---- messages ---- */

/* holm_msg's pieces are not const because receiving writes where they point; nobody changes them. */
static int64_t move_pieces(struct process *p, int fd, const struct holm_iov *iov, int n,
			   bool writing)
{
	struct holm_msg msg = { .iov = (struct holm_iov *)(uintptr_t)iov, .iovcnt = (size_t)n };

	sys_enter(p);
	return n < 0 ? -HOLM_EINVAL : move(p, fd, &msg, 0, writing, false);
}

int64_t sys_readv(struct process *p, int fd, const struct holm_iov *iov, int n)
{
	return move_pieces(p, fd, iov, n, false);
}

int64_t sys_writev(struct process *p, int fd, const struct holm_iov *iov, int n)
{
	return move_pieces(p, fd, iov, n, true);
}

static int64_t send_message(struct process *p, int fd, struct holm_msg *msg, int flags)
{
	sys_enter(p);
	return move(p, fd, msg, flags, true, true);
}

static int64_t recv_message(struct process *p, int fd, struct holm_msg *msg, int flags)
{
	sys_enter(p);
	return move(p, fd, msg, flags, false, true);
}

static struct holm_msg message_of(const struct sys_msghdr *h)
{
	return (struct holm_msg){
		.name = h->name,
		.name_len = h->name ? h->name_len : 0,
		.iov = h->iov,
		.iovcnt = h->iovcnt,
	};
}

static enum cmsg_kind cmsg_kind_of(struct process *p, int fd)
{
	struct fd_slot *slot = fds_slot(p, fd);
	struct holm_socket *s = slot ? file_socket(slot->file) : NULL;

	int family = s ? holm_socket_family(s) : HOLM_AF_UNSPEC;

	if (family != HOLM_AF_INET && family != HOLM_AF_INET6)
		return CMSG_UNIX;
	if (holm_socket_type(s) == HOLM_SOCK_STREAM)
		return CMSG_STREAM;
	return family == HOLM_AF_INET ? CMSG_DATAGRAM : CMSG_DATAGRAM6;
}

int64_t sys_sendmsg(struct process *p, int fd, const struct sys_msghdr *h, int flags)
{
	struct holm_msg msg;
	struct cmsg c;
	int64_t result;

	if (!h)
		return -HOLM_EFAULT;
	msg = message_of(h);
	if (!h->control || h->control_len == 0)
		return send_message(p, fd, &msg, flags);
	result = cmsg_parse(p, &c, h->control, h->control_len, cmsg_kind_of(p, fd));
	if (result < 0)
		return result;
	msg.ancillary = &c.ancillary;
	result = send_message(p, fd, &msg, flags);
	cmsg_fini(&c);
	return result;
}

int64_t sys_recvmsg(struct process *p, int fd, struct sys_msghdr *h, int flags)
{
	struct holm_msg msg;
	struct cmsg c;
	int64_t result;

	if (!h)
		return -HOLM_EFAULT;
	msg = message_of(h);
	cmsg_init(&c);
	msg.ancillary = &c.ancillary;
	result = recv_message(p, fd, &msg, flags & ~HOLM_MSG_CMSG_CLOEXEC);
	if (result < 0)
		return result;
	h->name_len = msg.name_len;
	h->flags = msg.flags | (flags & HOLM_MSG_CMSG_CLOEXEC);
	h->control_len =
		cmsg_build(p, &c, h->control, h->control ? h->control_len : 0, flags, &h->flags);
	return result;
}

/* ---- several messages ---- */

int sys_sendmmsg(struct process *p, int fd, struct sys_mmsghdr *msgs, unsigned n, int flags)
{
	unsigned done;

	if (!msgs && n > 0)
		return -HOLM_EFAULT;
	n = min_u32(n, IOV_MAX);
	for (done = 0; done < n; done++) {
		int64_t sent = sys_sendmsg(p, fd, &msgs[done].hdr, flags);

		if (sent < 0)
			return done > 0 ? (int)done : (int)sent;
		msgs[done].len = (unsigned)sent;
	}
	return (int)done;
}

/* How much time is left is said in *timeout; false: none. */
static bool is_time_left(const struct process *p, uint64_t deadline_ns,
			 struct sys_timespec *timeout)
{
	uint64_t now = wait_now(&p->env.wait);

	*timeout = timespec_of_ns(deadline_ns > now ? deadline_ns - now : 0);
	return deadline_ns > now;
}

/* As on Linux, an error behind some messages is told by the next call. */
static int end_early(struct process *p, int fd, unsigned done, int err)
{
	struct file *f;

	if (done == 0)
		return err;
	f = err == -HOLM_EAGAIN ? NULL : file_of(p, fd);
	if (f && f->socket)
		holm_socket_return_error(f->socket, -err);
	if (f)
		file_put(f);
	return (int)done;
}

/* As on Linux, the time-out is looked at after each message only. */
int sys_recvmmsg(struct process *p, int fd, struct sys_mmsghdr *msgs, unsigned n, int flags,
		 struct sys_timespec *timeout)
{
	uint64_t deadline_ns = 0;
	unsigned done;

	if (!msgs && n > 0)
		return -HOLM_EFAULT;
	if (timeout) {
		if (!timespec_to_ns(timeout, &deadline_ns))
			return -HOLM_EINVAL;
		deadline_ns = wait_deadline(&p->env.wait, deadline_ns);
	}
	n = min_u32(n, IOV_MAX);
	for (done = 0; done < n; done++) {
		int64_t got = sys_recvmsg(p, fd, &msgs[done].hdr, flags & ~(int)SYS_MSG_WAITFORONE);

		if (got < 0)
			return end_early(p, fd, done, (int)got);
		msgs[done].len = (unsigned)got;
		if (flags & SYS_MSG_WAITFORONE)
			flags |= HOLM_MSG_DONTWAIT;
		if (timeout && !is_time_left(p, deadline_ns, timeout))
			return (int)done + 1;
	}
	return (int)done;
}

int64_t sys_sendto(struct process *p, int fd, const void *buf, size_t n, int flags,
		   const void *addr, uint32_t len)
{
	struct holm_iov iov = { (void *)(uintptr_t)buf, n };
	struct holm_msg msg = {
		.name = (void *)(uintptr_t)addr, .name_len = len, .iov = &iov, .iovcnt = 1
	};

	return send_message(p, fd, &msg, flags);
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
	result = recv_message(p, fd, &msg, flags);
	if (addr && result >= 0)
		*len = msg.name_len;
	return result;
}

int64_t sys_send_const(struct process *p, int fd, const void *buf, size_t n, int flags)
{
	return sys_send(p, fd, buf, n, flags | HOLM_MSG_CONST);
}
