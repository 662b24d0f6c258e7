/*
 * Byte streams: what a reader has not read is a ring, and marks say which of the bytes were sent with
 * something (README.md). One copy in, one copy out.
 */
#include "net/unix/unix.h"

#include "lib/mem.h"

static void set_memory(struct unix_end *e, void *mem, uint32_t cap)
{
	uint32_t had = e->ring.cap;

	mem_free(&e->net->mem, ring_grow(&e->ring, mem, cap, 0), had);
}

/* Make the ring hold n bytes more if the limit allows; what memory there is has to do. */
static void make_room(struct unix_end *e, size_t n, uint32_t limit)
{
	size_t want = min_size(ring_len(&e->ring) + n, limit);
	uint32_t cap = max_u32(UNIX_RING_MIN, e->ring.cap);
	void *mem;

	if (want <= e->ring.cap)
		return;
	while (cap < want)
		cap *= 2;
	mem = mem_alloc(&e->net->mem, cap);
	if (mem)
		set_memory(e, mem, cap);
}

/* A drained ring keeps what small messages need. */
static void give_memory_back(struct unix_end *e)
{
	if (ring_is_empty(&e->ring) && e->ring.cap > UNIX_RING_MIN)
		set_memory(e, NULL, 0);
}

static never_inline int64_t why_not_sent(const struct unix_end *e)
{
	if (e->state == UNIX_FRESH || e->state == UNIX_LISTENING)
		return -HOLM_ENOTCONN;
	return -HOLM_EPIPE;
}

/* `n` bytes of the pieces; there is room for them. */
static inline void write_pieces(struct unix_end *to, const struct holm_msg *msg, size_t n)
{
	for (const struct holm_iov *piece = msg->iov; n > 0; piece++) {
		size_t part = min_size(piece->len, n);

		if (part > 0 && ring_write(&to->ring, piece->base, part) < part)
			ASSERT(false); /* the room was counted before */
		n -= part;
	}
}

/* A message of its own for what goes with `bytes` bytes, that are about to be written. */
static int add_mark(struct unix_end *e, struct unix_end *to, const struct holm_msg *msg,
		    size_t bytes)
{
	struct unix_message *mark;
	int err = unix_message_new(e, msg, 0, &mark);

	if (err)
		return err;
	mark->start = to->ring.head;
	mark->end = mark->start + (uint32_t)bytes;
	list_push_back(&to->messages, &mark->node);
	return 0;
}

/* Room for up to `want` bytes: how many. */
static never_inline size_t find_room(struct unix_end *to, size_t want, uint32_t limit)
{
	uint32_t len = ring_len(&to->ring);

	make_room(to, want, limit);
	return min_size(want, min_u32(to->ring.cap, max_u32(limit, len)) - len);
}

int64_t unix_send_stream(struct unix_end *e, const struct holm_msg *msg)
{
	size_t n = holm_iov_bytes(msg->iov, msg->iovcnt);
	struct unix_end *to = e->peer;
	int err;

	if (unlikely(!to || (e->shut & UNIX_SHUT_WR) || (to->shut & UNIX_SHUT_RD)))
		return why_not_sent(e);
	if (unlikely(n == 0))
		return 0;
	if (unlikely(n > ring_space(&to->ring) || ring_len(&to->ring) + n > e->limit))
		n = find_room(to, n, e->limit);
	if (unlikely(n == 0))
		return ring_is_empty(&to->ring) ? -HOLM_ENOBUFS : -HOLM_EAGAIN;
	if (unlikely(unix_message_is_needed(msg))) {
		err = add_mark(e, to, msg, n);
		if (err)
			return err;
	}
	write_pieces(to, msg, n);
	ep_notify(to->net, &to->ep);
	return (int64_t)n;
}

size_t unix_write(struct unix_end *e, const void *p, size_t n)
{
	struct unix_end *to = e->peer;

	if (unlikely(!to || (e->shut & UNIX_SHUT_WR) || (to->shut & UNIX_SHUT_RD)))
		return 0;
	if (unlikely(ring_len(&to->ring) + n > e->limit || !ring_write_whole(&to->ring, p, n)))
		return 0;
	ep_notify(to->net, &to->ep);
	return n;
}

/* The mark that a read of up to n bytes from `off` on would come to, or NULL. */
static struct unix_message *mark_within(const struct unix_end *e, size_t n)
{
	struct list_node *first = list_first(&e->messages);
	struct unix_message *m;

	if (!first)
		return NULL;
	m = container_of(first, struct unix_message, node);
	return m->start - e->ring.tail < n ? m : NULL;
}

/* `n` bytes into the pieces; both are there. */
static inline void read_pieces(struct unix_end *e, const struct holm_msg *msg, size_t n)
{
	size_t done = 0;

	for (const struct holm_iov *piece = msg->iov; done < n; piece++) {
		size_t part = min_size(piece->len, n - done);

		if (part > 0)
			done += ring_copy(&e->ring, done, piece->base, part);
	}
}

/* Nothing to read: why? */
static never_inline int64_t why_empty(struct unix_end *e)
{
	if (e->state == UNIX_FRESH || e->state == UNIX_LISTENING)
		return -HOLM_EINVAL;
	if (e->error)
		return unix_take_error(e);
	return unix_is_read_ended(e) ? 0 : -HOLM_EAGAIN;
}

/* Bytes have left the ring: the writer may go on. */
static inline void release(struct unix_end *e, size_t n)
{
	struct unix_end *writer = e->peer;
	bool lacked_room = writer && !unix_stream_has_room(e, writer->limit);

	ring_release(&e->ring, n);
	give_memory_back(e);
	if (unlikely(lacked_room && unix_stream_has_room(e, writer->limit)))
		ep_notify(writer->net, &writer->ep);
}

/* A read that comes to a mark gets what it carries, and ends where it ends. */
static int64_t recv_marked(struct unix_end *e, struct unix_message *mark, struct holm_msg *msg,
			   size_t n, bool peek)
{
	n = min_size(n, mark->end - e->ring.tail);
	read_pieces(e, msg, n);
	unix_message_deliver(e, mark, msg, peek);
	if (peek)
		return (int64_t)n;
	release(e, n);
	list_remove(&mark->node);
	unix_message_discard(e->net, mark);
	unix_let_go(e->net);
	return (int64_t)n;
}

int64_t unix_recv_stream(struct unix_end *e, struct holm_msg *msg, int flags)
{
	bool peek = flags & HOLM_MSG_PEEK;
	size_t n = min_size(holm_iov_bytes(msg->iov, msg->iovcnt), ring_len(&e->ring));
	struct unix_message *mark;

	if (ring_is_empty(&e->ring))
		return why_empty(e);
	mark = mark_within(e, n);
	if (mark)
		return recv_marked(e, mark, msg, n, peek);
	read_pieces(e, msg, n);
	unix_message_deliver_none(&e->peer_cred, msg);
	if (!peek)
		release(e, n);
	return (int64_t)n;
}

size_t unix_read(struct unix_end *e, void *p, size_t n)
{
	n = min_size(n, ring_len(&e->ring));
	if (unlikely(!list_is_empty(&e->messages) || !ring_copy_whole(&e->ring, p, n)))
		return 0;
	release(e, n);
	return n;
}

void unix_empty(struct unix_end *e)
{
	struct list_node *n;

	while ((n = list_pop_front(&e->messages)) != NULL)
		unix_message_discard(e->net, container_of(n, struct unix_message, node));
	e->nmessages = 0;
	e->queued_bytes = 0;
	ring_release(&e->ring, ring_len(&e->ring));
	set_memory(e, NULL, 0);
}
