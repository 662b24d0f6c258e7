/*
 * Sockets as files. The cookie of a socket's events is its file, so an event finds who waits at once.
 */
#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "kernel/sys/timespec.h"
#include "lib/compiler.h"

/* How often a lingering close looks: the peer's last ACK raises no event. */
#define LINGER_STEP_NS 10000000ull

static void socket_stat(struct file *f, struct sys_stat *st)
{
	(void)f;
	*st = (struct sys_stat){ .mode = SYS_S_IFSOCK | 0777u, .nlink = 1 };
}

static int64_t socket_readable(struct file *f)
{
	struct holm_socket *s = f->socket;
	int listening = 0;
	uint32_t len = sizeof(listening);

	(void)holm_socket_getsockopt(s, HOLM_SOL_SOCKET, HOLM_SO_ACCEPTCONN, &listening, &len);
	return listening ? -HOLM_EINVAL : (int64_t)holm_socket_readable_bytes(s);
}

static int64_t socket_unsent(struct file *f)
{
	return (int64_t)holm_socket_unsent_bytes(f->socket);
}

static int64_t look_whether_delivered(struct file *f, void *arg)
{
	(void)arg;
	return holm_socket_is_delivered(f->socket) ? 0 : -HOLM_EAGAIN;
}

/* Wait until the peer has everything. With unread bytes the close will be a reset: nothing to wait for. */
static void linger(struct file *f, struct holm_socket *s)
{
	uint64_t deadline =
		wait_deadline(&f->process->env.wait, (unsigned)holm_socket_linger_s(s) * NS_PER_S);

	if (holm_socket_readable_bytes(s) > 0)
		return;
	(void)holm_socket_shutdown(s, HOLM_SHUT_WR);
	while (wait_now(&f->process->env.wait) < deadline)
		if (file_attempt_until(f, true, LINGER_STEP_NS, look_whether_delivered, NULL) == 0)
			return;
}

static void socket_close(struct file *f)
{
	struct holm_socket *s = f->socket;

	if (!s)
		return;
	if (!f->process->exiting && holm_socket_linger_s(s) > 0)
		linger(f, s);
	holm_socket_close(s);
}

static const struct file_ops socket_ops = {
	.stat = socket_stat,
	.readable = socket_readable,
	.unsent = socket_unsent,
	.close = socket_close,
};

/* A file that gets its socket later. */
static struct file *empty_file(struct process *p, int flags)
{
	return file_new(p, &socket_ops, sizeof(struct file), SYS_O_RDWR | (flags & SYS_O_NONBLOCK));
}

int socket_file_open(struct process *p, int family, int type, int protocol, int flags,
		     struct file **out)
{
	struct file *f;
	int err;

	if (!p->env.net)
		return -HOLM_EAFNOSUPPORT;
	f = empty_file(p, flags);
	if (!f)
		return -HOLM_ENOMEM;
	err = holm_socket_open(p->env.net, family, type, protocol, f, &f->socket);
	if (err) {
		file_put(f);
		return err;
	}
	holm_socket_set_object(f->socket, &f->object);
	*out = f;
	return 0;
}

int socket_file_pair(struct process *p, int family, int type, int protocol, int flags,
		     struct file *out[2])
{
	struct holm_socket *s[2];
	int err = -HOLM_EAFNOSUPPORT;

	out[0] = empty_file(p, flags);
	out[1] = out[0] ? empty_file(p, flags) : NULL;
	if (!out[1])
		err = -HOLM_ENOMEM;
	else if (p->env.net)
		err = holm_socket_pair(p->env.net, family, type, protocol,
				       (void *[]){ out[0], out[1] }, s);
	for (int i = 0; i < 2; i++) {
		if (err && out[i])
			file_put(out[i]);
		if (err)
			continue;
		out[i]->socket = s[i];
		holm_socket_set_object(s[i], &out[i]->object);
	}
	return err;
}

int socket_file_accept(struct file *listener, void *addr, uint32_t *len, int flags,
		       struct file **out)
{
	int err = holm_socket_can_accept(listener->socket);
	struct file *f;

	if (err)
		return err;
	f = empty_file(listener->process, flags);
	if (!f)
		return -HOLM_ENOMEM;
	err = holm_socket_accept(listener->socket, addr, len, f, &f->socket);
	if (err) {
		file_put(f);
		return err;
	}
	holm_socket_set_object(f->socket, &f->object);
	*out = f;
	return 0;
}

void sys_event(const struct holm_event *ev)
{
	if (ev->cookie)
		file_wake(ev->cookie);
}

void sys_dispatch_events(struct holm_net *net)
{
	struct holm_event ev;

	while (holm_net_next_event(net, &ev))
		sys_event(&ev);
}
