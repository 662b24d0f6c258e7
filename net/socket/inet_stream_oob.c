/*
 * Out-of-band data as Linux's sockets have it, over the urgent data of RFC 6093: the last urgent byte can be
 * received by itself (MSG_OOB), reads stop in front of it, and unless SO_OOBINLINE is set step over it.
 */
#include "net/socket/inet_stream.h"

#include "lib/mem.h"

bool inet_stream_oob_offset(struct stream *t, size_t *before)
{
	uint32_t ahead, id;

	if (!(inet_stream_ready(t) & HOLM_URGENT) || !holm_tcp_urgent(t->tcp, &ahead, &id))
		return false;
	if (id != t->oob_id)
		t->oob_taken = false;
	t->oob_id = id;
	*before = ahead - 1;
	return true;
}

bool inet_stream_oob_waits(struct stream *t)
{
	size_t before;

	return inet_stream_oob_offset(t, &before) && before < inet_stream_unread(t) &&
	       !t->oob_taken;
}

size_t inet_stream_oob_limit_urgent(struct stream *t, size_t *skip)
{
	size_t before;

	if (!inet_stream_oob_offset(t, &before))
		return SIZE_MAX;
	if (before > 0)
		return before;
	if (!t->base.oobinline && inet_stream_unread(t) > 0)
		*skip = 1;
	return SIZE_MAX;
}

bool inet_stream_at_mark(struct holm_socket *s)
{
	size_t before;

	return inet_stream_oob_offset(inet_stream_of(s), &before) && before == 0;
}

/* The byte `off` bytes into what is unread. */
static uint8_t byte_at(struct stream *t, size_t off)
{
	struct holm_span spans[2];

	return holm_ring_rcvbuf_peek(&t->rings->rcv, off, spans) > 0 ? spans[0].data[0] : 0;
}

int64_t inet_stream_recv_oob(struct stream *t, struct holm_msg *msg, int flags)
{
	size_t before;

	if (t->base.oobinline || !inet_stream_oob_offset(t, &before) || t->oob_taken)
		return -HOLM_EINVAL;
	if (before >= inet_stream_unread(t))
		return -HOLM_EAGAIN;
	msg->flags |= HOLM_MSG_OOB;
	t->oob_taken = !(flags & HOLM_MSG_PEEK);
	for (size_t i = 0; i < msg->iovcnt; i++) {
		if (msg->iov[i].len == 0)
			continue;
		if (!(flags & HOLM_MSG_TRUNC))
			*(uint8_t *)msg->iov[i].base = byte_at(t, before);
		return 1;
	}
	msg->flags |= HOLM_MSG_TRUNC;
	return 0;
}
