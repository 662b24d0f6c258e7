/*
 * Datagrams and sequenced packets: what a reader has not read is a queue of messages, each with its
 * bytes. A packet is delivered whole, or not at all.
 */
#include "net/unix/unix.h"

#include "lib/mem.h"

bool unix_packet_has_room(const struct unix_end *reader, uint32_t limit, size_t len)
{
	return reader->nmessages < UNIX_QUEUE_MAX &&
	       (reader->nmessages == 0 || reader->queued_bytes + len <= limit);
}

static void gather(uint8_t *to, const struct holm_msg *msg)
{
	for (size_t i = 0; i < msg->iovcnt; i++) {
		if (msg->iov[i].len == 0)
			continue;
		memcpy(to, msg->iov[i].base, msg->iov[i].len);
		to += msg->iov[i].len;
	}
}

static size_t scatter(const struct holm_msg *msg, const uint8_t *from, size_t len)
{
	size_t done = 0;

	for (size_t i = 0; i < msg->iovcnt && done < len; i++) {
		size_t n = min_size(msg->iov[i].len, len - done);

		if (n > 0)
			memcpy(msg->iov[i].base, from + done, n);
		done += n;
	}
	return done;
}

/* Who a datagram without a name goes to. */
static int default_destination(struct unix_end *e, struct unix_end **to)
{
	if (e->state == UNIX_CUT) {
		/* Its socket is gone: said once, then there is none, and what it had sent is gone, too. */
		e->state = UNIX_FRESH;
		unix_empty(e);
		unix_room_is_there(e);
		return -HOLM_ECONNREFUSED;
	}
	if (!e->peer)
		return -HOLM_ENOTCONN;
	*to = e->peer;
	return 0;
}

static int find_destination(struct unix_end *e, const uint8_t *name, size_t name_len,
			    struct unix_end **to)
{
	int err = 0;

	if (unix_is_connected_type(e)) {
		if (e->state == UNIX_FRESH || e->state == UNIX_LISTENING)
			return -HOLM_ENOTCONN;
		*to = e->peer;
		return unix_is_write_ended(e) ? -HOLM_EPIPE : 0;
	}
	if (unix_is_write_ended(e))
		return -HOLM_EPIPE;
	err = name ? unix_lookup(e, name, name_len, to) : default_destination(e, to);
	if (err)
		return err;
	if ((*to)->type != e->type)
		return -HOLM_EPROTOTYPE;
	/* A connected datagram socket takes from its peer only. */
	if ((*to)->peer && (*to)->peer != e)
		return -HOLM_EPERM;
	return (*to)->shut & UNIX_SHUT_RD ? -HOLM_EPIPE : 0;
}

int64_t unix_send_packet(struct unix_end *e, const struct holm_msg *msg, const uint8_t *name,
			 size_t name_len)
{
	size_t len = holm_iov_bytes(msg->iov, msg->iovcnt);
	struct unix_message *m;
	struct unix_end *to;
	int err;

	if (e->error)
		return unix_take_error(e);
	err = find_destination(e, name, name_len, &to);
	if (err) {
		unix_let_go(e->net);
		return err;
	}
	if (len > e->limit)
		return -HOLM_EMSGSIZE;
	if (!unix_packet_has_room(to, e->limit, len)) {
		unix_wait_for_room(e, to);
		return -HOLM_EAGAIN;
	}
	err = unix_message_new(e, msg, len, &m);
	if (err)
		return err;
	gather(m->bytes, msg);
	list_push_back(&to->messages, &m->node);
	to->nmessages++;
	to->queued_bytes += len;
	ep_notify(to->net, &to->ep);
	return (int64_t)len;
}

static int64_t why_empty(struct unix_end *e)
{
	if (unix_is_connected_type(e) && (e->state == UNIX_FRESH || e->state == UNIX_LISTENING))
		return -HOLM_ENOTCONN;
	if (e->error)
		return unix_take_error(e);
	return unix_is_read_ended(e) ? 0 : -HOLM_EAGAIN;
}

int64_t unix_recv_packet(struct unix_end *e, struct holm_msg *msg, int flags,
			 struct unix_name **from)
{
	struct list_node *first = list_first(&e->messages);
	bool peek = flags & HOLM_MSG_PEEK;
	struct unix_message *m;
	size_t done, len;

	*from = NULL;
	/* As on Linux, an error comes before packets, although behind bytes. */
	if (!first || e->error)
		return why_empty(e);
	m = container_of(first, struct unix_message, node);
	len = m->len;
	done = scatter(msg, m->bytes, len);
	if (done < len)
		msg->flags |= HOLM_MSG_TRUNC;
	unix_message_deliver(e, m, msg, peek);
	*from = unix_name_get(m->from);
	if (!peek) {
		list_remove(&m->node);
		e->nmessages--;
		e->queued_bytes -= len;
		unix_message_discard(e->net, m);
		unix_room_is_there(e);
		unix_let_go(e->net);
	}
	return (int64_t)(flags & HOLM_MSG_TRUNC ? len : done);
}
