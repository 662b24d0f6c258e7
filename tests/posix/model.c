/*
 * Random calls on a pair of Unix sockets, compared after each with a small model: what arrives, whose
 * descriptors come with it and when they are let go, the level of both ends, and that an edge is reported
 * for each change of state and for nothing else. By seed: SEEDS= says how many, SEED= which one.
 *
 * What is passed is the writing end of a pipe, a witness: its reading end hangs up exactly when nobody
 * holds the writing one any more. No more is queued than every system has room for.
 */
#include "tests/posix/posix.h"

#ifdef POSIX_ON_HOLM
#define PROGRAM "build/host/tests/posix/holm"
#else
#define PROGRAM "build/host/tests/posix/linux"
#endif
#define STEPS 80
#define QUEUE_MAX 8
#define BYTES_MAX 200
#define CARRIED_MAX 2
#define WITNESSES 32
#define WATCHED (EPOLLIN | EPOLLOUT | EPOLLRDHUP)

/* What one send put into a queue. */
struct sent {
	size_t len;
	unsigned first; /* the value of its first byte; they count on */
	int carried[CARRIED_MAX], ncarried;
};

struct end {
	int fd;
	bool open, rd_shut, wr_shut;
	int error;
	bool refused; /* a datagram's partner has gone, and it was said */
	struct sent queue[QUEUE_MAX];
	int n;
	unsigned next; /* value of the next byte that is sent here */
	/* Since the last look: a change of state; or what a system may take for one. */
	bool changed, may_report;
};

struct model {
	int type, epoll;
	struct end end[2];
	struct {
		int reader; /* -1: not used */
		int copies; /* in queues */
	} witness[WITNESSES];
	uint64_t random;
};

/* ---- random numbers ---- */

static uint32_t below(struct model *m, uint32_t n)
{
	uint64_t z = m->random += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) % n);
}

static bool is_stream(const struct model *m)
{
	return m->type == SOCK_STREAM;
}

static bool is_connection(const struct model *m)
{
	return m->type != SOCK_DGRAM;
}

/* ---- what the model says ---- */

static struct end *peer_of(struct model *m, const struct end *e)
{
	return &m->end[e == &m->end[0]];
}

static bool is_read_ended(struct model *m, const struct end *e)
{
	const struct end *p = peer_of(m, e);

	return e->rd_shut || (is_connection(m) && (!p->open || p->wr_shut));
}

static bool is_write_ended(struct model *m, const struct end *e)
{
	const struct end *p = peer_of(m, e);

	return e->wr_shut || (is_connection(m) && (!p->open || p->rd_shut));
}

static int expected_level(struct model *m, const struct end *e)
{
	bool read_ended = is_read_ended(m, e);

	return POLLOUT | (e->n > 0 || read_ended ? POLLIN : 0) | (read_ended ? POLLRDHUP : 0) |
	       (read_ended && is_write_ended(m, e) ? POLLHUP : 0) | (e->error ? POLLERR : 0);
}

/* What a receive is answered with; -1: there is something, 0: the end. */
static int receive_error(struct model *m, struct end *e)
{
	int error = e->error;

	if (e->n > 0 && (is_stream(m) || !error))
		return -1;
	e->error = 0;
	if (error)
		return error;
	if (m->type == SOCK_DGRAM && !DIFFERS("it has ended for who does not wait, too"))
		return EAGAIN;
	return is_read_ended(m, e) ? 0 : EAGAIN;
}

/* Linux tells a writer of room that comes back although there was enough; holm does not. */
static void wakes_writer(struct end *e)
{
	e->may_report |= !DIFFERS("who did not lack room hears nothing of it");
}

/* ---- witnesses ---- */

static int new_witness(struct model *m, int *writer)
{
	int fd[2];

	for (int i = 0; i < WITNESSES; i++) {
		if (m->witness[i].reader >= 0)
			continue;
		OK(pipe2(fd, O_NONBLOCK));
		m->witness[i].reader = fd[0];
		m->witness[i].copies = 0;
		*writer = fd[1];
		return i;
	}
	return -1;
}

/* Is the descriptor the one that was passed? */
static void check_received(const struct model *m, int which, int fd)
{
	char c = (char)which, got = -1;

	EQ(write(fd, &c, 1), 1);
	EQ(read(m->witness[which].reader, &got, 1), 1);
	EQ(got, which);
	close(fd);
}

static void check_witnesses(struct model *m)
{
	for (int i = 0; i < WITNESSES; i++) {
		if (m->witness[i].reader < 0)
			continue;
		EQ(wait_for(m->witness[i].reader, POLLIN, 0),
		   m->witness[i].copies > 0 ? 0 : POLLHUP);
		if (m->witness[i].copies > 0)
			continue;
		close(m->witness[i].reader);
		m->witness[i].reader = -1;
	}
}

static void let_go(struct model *m, struct sent *s)
{
	for (int i = 0; i < s->ncarried; i++)
		m->witness[s->carried[i]].copies--;
	s->ncarried = 0;
}

static void empty(struct model *m, struct end *e)
{
	for (int i = 0; i < e->n; i++)
		let_go(m, &e->queue[i]);
	e->n = 0;
}

/* What a send of any length is answered with, 0: it is done. */
static int send_error(struct model *m, struct end *e)
{
	struct end *p = peer_of(m, e);
	int error = e->error;

	if (m->type == SOCK_SEQPACKET && error) {
		e->error = 0;
		return error;
	}
	if (is_write_ended(m, e))
		return EPIPE;
	if (!p->open) {
		error = e->refused ? ENOTCONN : ECONNREFUSED;
		if (!e->refused)
			empty(m, e); /* what waits from a former partner */
		e->refused = true;
		return error;
	}
	return p->rd_shut ? EPIPE : 0;
}

/* ---- messages as the calls want them ---- */

union control {
	char bytes[CMSG_SPACE(CARRIED_MAX * sizeof(int))];
	struct cmsghdr align;
};

/* The bytes in one to three pieces. */
static size_t cut(struct model *m, char *bytes, size_t len, struct iovec iov[3])
{
	size_t n = 1 + below(m, 3), at = 0;

	for (size_t i = 0; i < n; i++) {
		size_t part = i + 1 == n ? len - at : below(m, (uint32_t)(len - at) + 1);

		iov[i] = (struct iovec){ bytes + at, part };
		at += part;
	}
	return n;
}

static void put_rights(struct msghdr *h, union control *c, const int *fds, int n)
{
	h->msg_control = c;
	h->msg_controllen = CMSG_SPACE((size_t)n * sizeof(int));
	c->align.cmsg_level = SOL_SOCKET;
	c->align.cmsg_type = SCM_RIGHTS;
	c->align.cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
	memcpy(CMSG_DATA(&c->align), fds, (size_t)n * sizeof(int));
}

static int get_rights(struct msghdr *h, int *fds)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(h);
	int n;

	if (!c)
		return 0;
	n = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
	memcpy(fds, CMSG_DATA(c), (size_t)n * sizeof(int));
	return n;
}

/* ---- steps ---- */

static void step_send(struct model *m, struct end *e)
{
	struct end *to = peer_of(m, e);
	struct sent s = { .len = 1 + below(m, BYTES_MAX), .first = to->next };
	int fds[CARRIED_MAX], want = below(m, 3) ? 0 : 1 + (int)below(m, CARRIED_MAX), error;
	union control control = { .bytes = "" };
	struct msghdr h = { 0 };
	struct iovec iov[3];
	char bytes[BYTES_MAX];

	if (to->n == QUEUE_MAX)
		return;
	for (size_t i = 0; i < s.len; i++)
		bytes[i] = (char)(s.first + i);
	h.msg_iov = iov;
	h.msg_iovlen = cut(m, bytes, s.len, iov);
	for (; s.ncarried < want; s.ncarried++) {
		s.carried[s.ncarried] = new_witness(m, &fds[s.ncarried]);
		if (s.carried[s.ncarried] < 0)
			break;
	}
	if (s.ncarried > 0)
		put_rights(&h, &control, fds, s.ncarried);
	error = send_error(m, e);
	if (error) {
		FAILS(sendmsg(e->fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL), error);
		wakes_writer(e);
	} else {
		EQ(sendmsg(e->fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL), s.len);
		to->next += (unsigned)s.len;
		for (int i = 0; i < s.ncarried; i++)
			m->witness[s.carried[i]].copies++;
		to->queue[to->n++] = s;
		to->changed = true;
	}
	for (int i = 0; i < s.ncarried; i++)
		close(fds[i]);
}

/* What a receive of up to `len` bytes is to bring. */
struct expected {
	size_t len, whole; /* whole: of the packet */
	unsigned first;
	int carried[CARRIED_MAX], ncarried;
	int gone;    /* queue entries that are used up */
	size_t rest; /* bytes taken of the one behind them */
};

static struct expected foretell(const struct model *m, const struct end *e, size_t len, bool peek)
{
	struct expected x = { .first = e->queue[0].first, .whole = e->queue[0].len };
	/* Linux looks at the next message when a peek is over, and gives what that carries. */
	bool looks_on = peek && !DIFFERS("what a message carries comes with its first byte");

	for (int i = 0; i < e->n && (x.len < len || looks_on); i++) {
		const struct sent *s = &e->queue[i];
		size_t part = s->len < len - x.len ? s->len : len - x.len;

		x.len += part;
		memcpy(x.carried, s->carried, sizeof(x.carried));
		x.ncarried = s->ncarried;
		if (part < s->len && is_stream(m))
			x.rest = part;
		else
			x.gone++;
		if (!is_stream(m) || s->ncarried > 0)
			break;
	}
	return x;
}

static void consume(struct model *m, struct end *e, const struct expected *x)
{
	for (int i = 0; i < x->gone; i++)
		let_go(m, &e->queue[i]);
	e->n -= x->gone;
	memmove(e->queue, e->queue + x->gone, (size_t)e->n * sizeof(e->queue[0]));
	if (x->rest > 0) {
		let_go(m, &e->queue[0]);
		e->queue[0].len -= x->rest;
		e->queue[0].first += (unsigned)x->rest;
	}
	wakes_writer(peer_of(m, e));
}

static void step_receive(struct model *m, struct end *e, bool peek)
{
	char bytes[2 * BYTES_MAX];
	size_t len = 1 + below(m, below(m, 2) ? sizeof(bytes) : 20);
	bool with_room = below(m, 4) > 0;
	int flags = MSG_DONTWAIT | (peek ? MSG_PEEK : 0), error = receive_error(m, e);
	int fds[CARRIED_MAX], n;
	union control control;
	struct iovec iov[3];
	struct msghdr h = { .msg_iov = iov, .msg_iovlen = cut(m, bytes, len, iov) };
	struct expected x;

	if (with_room) {
		h.msg_control = &control;
		h.msg_controllen = sizeof(control);
	}
	if (error > 0) {
		FAILS(recvmsg(e->fd, &h, flags), error);
		return;
	}
	if (error == 0) {
		EQ(recvmsg(e->fd, &h, flags), 0);
		return;
	}
	x = foretell(m, e, len, peek);
	EQ(recvmsg(e->fd, &h, flags), x.len);
	for (size_t i = 0; i < x.len; i++)
		EQ(bytes[i], (char)(x.first + i));
	n = get_rights(&h, fds);
	EQ(n, with_room ? x.ncarried : 0);
	for (int i = 0; i < n; i++)
		check_received(m, x.carried[i], fds[i]);
	EQ(h.msg_flags & MSG_CTRUNC, x.ncarried > n ? MSG_CTRUNC : 0);
	EQ(h.msg_flags & MSG_TRUNC, !is_stream(m) && x.len < x.whole ? MSG_TRUNC : 0);
	if (!peek)
		consume(m, e, &x);
}

static void step_shutdown(struct model *m, struct end *e)
{
	static const int hows[] = { SHUT_RD, SHUT_WR, SHUT_RDWR };
	int how = hows[below(m, 3)];
	bool rd = how != SHUT_WR && !e->rd_shut, wr = how != SHUT_RD && !e->wr_shut;
	struct end *p = peer_of(m, e);

	OK(shutdown(e->fd, how));
	e->rd_shut |= rd;
	e->wr_shut |= wr;
	if (is_connection(m) && (rd || wr))
		p->changed = true;
	p->may_report = true;
	e->may_report = true;
}

static void step_close(struct model *m, struct end *e)
{
	struct end *p = peer_of(m, e);

	close(e->fd);
	e->open = false;
	if (is_connection(m) && p->open) {
		p->changed = true;
		if (e->n > 0)
			p->error = ECONNRESET;
	}
	p->may_report = true;
	empty(m, e);
}

static void step_ask(struct model *m, struct end *e)
{
	int readable = -1, total = 0;

	EQ(get_int(e->fd, SOL_SOCKET, SO_ERROR), e->error);
	e->error = 0;
	for (int i = 0; i < e->n; i++)
		total += m->type == SOCK_DGRAM && i > 0 ? 0 : (int)e->queue[i].len;
	OK(ioctl(e->fd, FIONREAD, &readable));
	EQ(readable, total);
}

static void step(struct model *m)
{
	struct end *e = &m->end[below(m, 2)];
	uint32_t what = below(m, 100);

	if (!e->open)
		return;
	if (what < 40)
		step_send(m, e);
	else if (what < 75)
		step_receive(m, e, false);
	else if (what < 88)
		step_receive(m, e, true);
	else if (what < 94)
		step_ask(m, e);
	else if (what < 98)
		step_shutdown(m, e);
	else if (below(m, 2))
		step_close(m, e);
}

/* ---- comparing ---- */

/* Each change has been reported, with what is there now; and nothing else. */
static void check_edges(struct model *m)
{
	struct epoll_event ev[4];
	int n = (int)OK(epoll_wait(m->epoll, ev, 4, 0));
	bool reported[2] = { false, false };

	for (int i = 0; i < n; i++) {
		struct end *e = &m->end[ev[i].data.u32];

		CHECK(e->open);
		CHECK(e->changed || e->may_report);
		EQ(ev[i].events, expected_level(m, e));
		reported[ev[i].data.u32] = true;
	}
	for (int i = 0; i < 2; i++) {
		if (m->end[i].open && m->end[i].changed)
			CHECK(reported[i]);
		m->end[i].changed = m->end[i].may_report = false;
	}
	EQ(epoll_wait(m->epoll, ev, 4, 0), 0);
}

static void check(struct model *m)
{
	for (int i = 0; i < 2; i++)
		if (m->end[i].open)
			EQ(level(m->end[i].fd), expected_level(m, &m->end[i]));
	check_witnesses(m);
	/* Several changes may be one edge. */
	if (below(m, 3) > 0)
		check_edges(m);
}

static int count_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void run_seed(int type, uint64_t seed)
{
	static struct model m;
	int before = count_descriptors(), fd[2];

	posix_context("again: SEED=%llu " PROGRAM " model_", (unsigned long long)seed);
	memset(&m, 0, sizeof(m));
	m.type = type;
	m.random = seed;
	for (int i = 0; i < WITNESSES; i++)
		m.witness[i].reader = -1;
	m.epoll = (int)OK(epoll_create1(0));
	pair_of(type, fd);
	for (int i = 0; i < 2; i++) {
		struct epoll_event ev = { .events = WATCHED | (uint32_t)EPOLLET };

		ev.data.u32 = (uint32_t)i;
		OK(epoll_ctl(m.epoll, EPOLL_CTL_ADD, fd[i], &ev));
		m.end[i].fd = fd[i];
		m.end[i].open = true;
		m.end[i].changed = true; /* writable */
	}
	for (int i = 0; i < STEPS && (m.end[0].open || m.end[1].open); i++) {
		step(&m);
		check(&m);
	}
	for (int i = 0; i < 2; i++)
		if (m.end[i].open)
			step_close(&m, &m.end[i]);
	check_witnesses(&m);
	close(m.epoll);
	EQ(count_descriptors(), before);
}

static void run_seeds(int type)
{
	const char *one = getenv("SEED"), *many = getenv("SEEDS");
	uint64_t n = many ? strtoull(many, NULL, 0) : 200;

	alarm(0); /* as long as it takes */
	if (one) {
		run_seed(type, strtoull(one, NULL, 0));
		return;
	}
	for (uint64_t seed = 1; seed <= n; seed++)
		run_seed(type, seed);
}

CASE(model_of_unix_streams)
{
	run_seeds(SOCK_STREAM);
}

CASE(model_of_unix_datagrams)
{
	run_seeds(SOCK_DGRAM);
}

CASE(model_of_unix_sequenced_packets)
{
	run_seeds(SOCK_SEQPACKET);
}

/* ---- what only sockets in messages hold ---- */

#define PAIRS 5

/* Sockets pass each other at random and are closed; a witness among them is let go in the end. */
static void run_cycle(uint64_t seed)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	struct model m = { .random = seed };
	int before = count_descriptors(), fd[PAIRS][2], witness[2];

	posix_context("again: SEED=%llu " PROGRAM " model_", (unsigned long long)seed);
	OK(pipe(witness));
	for (int i = 0; i < PAIRS; i++)
		pair_of(types[below(&m, 3)], fd[i]);
	for (int i = 0; i < 4 * PAIRS; i++) {
		int *through = fd[below(&m, PAIRS)], side = (int)below(&m, 2);
		int what[2] = { fd[below(&m, PAIRS)][below(&m, 2)], witness[1] };

		EQ(send_fds(through[side], "x", 1, what, 1 + (int)below(&m, 2)), 1);
	}
	close(witness[1]);
	for (int i = 0; i < 2 * PAIRS; i++)
		close(fd[i / 2][i % 2]);
	/* Linux looks later, and 6.18 does not find every knot of three kinds of sockets. */
	if (DIFFERS("all are found at once"))
		EQ(wait_for(witness[0], 0, 0), POLLHUP);
	close(witness[0]);
	EQ(count_descriptors(), before);
}

CASE(model_of_sockets_in_each_others_messages)
{
	const char *one = getenv("SEED"), *many = getenv("SEEDS");
	uint64_t n = many ? strtoull(many, NULL, 0) : 200;

	alarm(0);
	if (one) {
		run_cycle(strtoull(one, NULL, 0));
		return;
	}
	for (uint64_t seed = 1; seed <= n; seed++)
		run_cycle(seed);
}
