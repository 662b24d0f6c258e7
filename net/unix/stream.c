/*
 * Byte streams: what a reader has not read is a ring, and marks say which of the bytes were sent with
 * something (README.md). One copy in, one copy out.
 */
#include "net/unix/unix.h"

#include "lib/mem.h"

bool unix_stream_has_room(const struct unix_end *reader, uint32_t limit)
{
	uint32_t len = ring_len(&reader->ring);

	return len < limit && limit - len >= limit / 4;
}

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

static int may_send(const struct unix_end *e)
{
	if (e->state == UNIX_FRESH || e->state == UNIX_LISTENING)
		return -HOLM_ENOTCONN;
	return unix_is_write_ended(e) ? -HOLM_EPIPE : 0;
}

static size_t write_pieces(struct unix_end *to, const struct holm_msg *msg, size_t room)
{
	size_t done = 0;

	for (size_t i = 0; i < msg->iovcnt && done < room; i++) {
		size_t n = min_size(msg->iov[i].len, room - done);

		if (n > 0 && ring_write(&to->ring, msg->iov[i].base, n) < n)
			ASSERT(false); /* the room was counted before */
		done += n;
	}
	return done;
}

int64_t unix_send_stream(struct unix_end *e, const struct holm_msg *msg)
{
	size_t want = holm_iov_bytes(msg->iov, msg->iovcnt);
	int err = may_send(e);
	struct unix_message *mark = NULL;
	struct unix_end *to = e->peer;
	size_t room;

	if (err)
		return err;
	if (want == 0)
		return 0;
	make_room(to, want, e->limit);
	room = min_size(ring_space(&to->ring), e->limit - min_u32(e->limit, ring_len(&to->ring)));
	if (room == 0)
		return ring_len(&to->ring) > 0 ? -HOLM_EAGAIN : -HOLM_ENOBUFS;
	if (unix_message_is_needed(msg)) {
		err = unix_message_new(e, msg, 0, &mark);
		if (err)
			return err;
		mark->start = to->ring.head;
		mark->end = mark->start + (uint32_t)min_size(want, room);
		list_push_back(&to->messages, &mark->node);
	}
	want = write_pieces(to, msg, room);
	ep_notify(to->net, &to->ep);
	return (int64_t)want;
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

static size_t read_pieces(struct unix_end *e, const struct holm_msg *msg, size_t n)
{
	size_t done = 0;

	for (size_t i = 0; i < msg->iovcnt && done < n; i++) {
		size_t take = min_size(msg->iov[i].len, n - done);

		if (take > 0)
			done += ring_copy(&e->ring, done, msg->iov[i].base, take);
	}
	return done;
}

/* Nothing to read: why? */
static int64_t why_empty(struct unix_end *e)
{
	if (e->state == UNIX_FRESH || e->state == UNIX_LISTENING)
		return -HOLM_EINVAL;
	if (e->error)
		return unix_take_error(e);
	return unix_is_read_ended(e) ? 0 : -HOLM_EAGAIN;
}

/* Bytes have left the ring: the writer may go on. */
static void release(struct unix_end *e, size_t n)
{
	struct unix_end *writer = e->peer;
	bool had_room = !writer || unix_stream_has_room(e, writer->limit);

	ring_release(&e->ring, n);
	give_memory_back(e);
	if (!had_room && unix_stream_has_room(e, writer->limit))
		ep_notify(writer->net, &writer->ep);
}

int64_t unix_recv_stream(struct unix_end *e, struct holm_msg *msg, int flags)
{
	size_t n = min_size(holm_iov_bytes(msg->iov, msg->iovcnt), ring_len(&e->ring));
	bool peek = flags & HOLM_MSG_PEEK;
	struct unix_message *mark;

	if (ring_is_empty(&e->ring))
		return why_empty(e);
	mark = mark_within(e, n);
	if (mark)
		n = min_size(n, mark->end - e->ring.tail);
	n = read_pieces(e, msg, n);
	if (mark)
		unix_message_deliver(e, mark, msg, peek);
	else
		unix_message_deliver_none(&e->peer_cred, msg);
	if (peek)
		return (int64_t)n;
	release(e, n);
	if (mark) {
		list_remove(&mark->node);
		unix_message_discard(e->net, mark);
		unix_let_go(e->net);
	}
	return (int64_t)n;
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
