/*
 * The bytes of a stream, in and out: between a program's pieces and the two rings that TCP uses.
 */
#include "net/socket/inet_stream.h"

#include "lib/mem.h"

static size_t write_piece(struct rings *r, const struct holm_iov *piece, int flags)
{
	size_t n = 0;

	if (flags & HOLM_MSG_CONST)
		n = holm_ring_sndbuf_write_const(&r->snd, piece->base, piece->len);
	r->const_bytes += n;
	/* Also where the table of constant regions is full: a copy gets on. */
	return n > 0 ? n : holm_ring_sndbuf_write(&r->snd, piece->base, piece->len);
}

/* Nearly always: nothing failed, and there is room. */
static inline bool is_writable(const struct stream *t)
{
	unsigned ready = inet_stream_ready(t) & (HOLM_WRITABLE | HOLM_ERROR | HOLM_CLOSED);

	return ready == HOLM_WRITABLE;
}

static int may_send(struct stream *t)
{
	int err;

	if (is_writable(t) && !(t->base.unusual & SOCKET_SHUT_WR))
		return 0;
	if (t->phase <= LISTENING)
		return -HOLM_EPIPE;
	err = inet_stream_take_error(t);
	if (err)
		return err;
	if (inet_stream_is_write_ended(t))
		return -HOLM_EPIPE;
	return inet_stream_is_handshaking(t) ? -HOLM_EAGAIN : 0;
}

/* The SYN may carry data, or asks for a cookie: of this attempt, whatever TCP_FASTOPEN_CONNECT says. */
static int connect_fast(struct stream *t, const struct holm_msg *msg)
{
	int err = 0;

	if (t->phase == UNCONNECTED)
		err = inet_stream_prepare_connect(t, msg->name, msg->name ? msg->name_len : 0,
						  &t->remote);
	if (err)
		return err;
	err = holm_tcp_set_option(t->tcp, HOLM_TCP_OPT_FASTOPEN_CONNECT, 1);
	if (err)
		return err == -HOLM_ENOPROTOOPT ? -HOLM_EOPNOTSUPP : err;
	err = holm_tcp_connect(t->tcp, &t->remote);
	if (err) {
		(void)holm_tcp_set_option(t->tcp, HOLM_TCP_OPT_FASTOPEN_CONNECT, t->defers);
		return inet_stream_connect_error(t, err, &t->remote);
	}
	t->phase = CONNECTING;
	return 0;
}

/*
 * The first data after a deferred connect(), or with MSG_FASTOPEN: it is queued, and goes with the SYN if
 * a cookie is there. Otherwise the SYN asks for one, and the data waits for its answer, as on Linux.
 */
static int64_t send_fast(struct stream *t, const struct holm_msg *msg, int flags)
{
	size_t done = 0, want = 0;
	int err = connect_fast(t, msg);

	if (err)
		return err;
	/* The SYN leaves in the next round. */
	if (holm_tcp_has_cookie(t->base.net, &t->remote.addr))
		for (size_t i = 0; i < msg->iovcnt && done == want; i++) {
			want += msg->iov[i].len;
			done += write_piece(t->rings, &msg->iov[i], flags);
		}
	if (done > 0)
		holm_tcp_send(t->tcp);
	return done > 0 ? (int64_t)done : -HOLM_EINPROGRESS;
}

/* The pieces as far as they may be queued below the mark of TCP_NOTSENT_LOWAT. */
static size_t write_below_mark(struct stream *t, const struct holm_iov *piece, int flags)
{
	struct holm_iov part = *piece;

	part.len = min_size(part.len, holm_tcp_send_room(t->tcp));
	return part.len > 0 ? write_piece(t->rings, &part, flags) : 0;
}

/* The buffer grows with the congestion window, unless the program said how large it is. */
static inline void fit_sndbuf(struct stream *t)
{
	struct holm_socket *s = &t->base;

	if (unlikely(rings_are_filling(t->rings, s->sndbuf)) && !s->sndbuf_locked)
		s->sndbuf = rings_fit_snd(t->rings, t->tcp, s->sndbuf,
					  s->net->config.tcp_sndbuf_max_bytes);
}

/* Any message, whichever the state. */
int64_t inet_stream_send(struct holm_socket *s, const struct holm_msg *msg, int flags)
{
	struct stream *t = inet_stream_of(s);
	size_t done = 0, want = 0;
	int err;

	if (t->phase == DEFERRED || (flags & HOLM_MSG_FASTOPEN)) {
		if (t->phase == UNCONNECTED || t->phase == DEFERRED)
			return send_fast(t, msg, flags);
		/* As connect() called again: it may be told that it has succeeded. */
		err = t->phase == CONNECTING ? inet_stream_connect_outcome(t, -HOLM_EALREADY)
					     : -HOLM_EISCONN;
		if (err)
			return err;
	}
	err = may_send(t);
	/* First, because it may fail; again when what is urgent is queued. */
	if (!err && (flags & HOLM_MSG_OOB))
		err = holm_tcp_send_urgent(t->tcp);
	if (err)
		return err;
	fit_sndbuf(t);
	for (size_t i = 0; i < msg->iovcnt && done == want; i++) {
		if (msg->iov[i].len == 0)
			continue;
		want += msg->iov[i].len;
		done += unlikely(t->base.unusual & SOCKET_BELOW_MARK)
				? write_below_mark(t, &msg->iov[i], flags)
				: write_piece(t->rings, &msg->iov[i], flags);
	}
	if (done > 0 && (flags & HOLM_MSG_OOB))
		(void)holm_tcp_send_urgent(t->tcp);
	if (done > 0 && (flags & HOLM_MSG_MORE))
		holm_tcp_send_more(t->tcp);
	else if (done > 0)
		holm_tcp_send(t->tcp);
	if (done > 0 || want == 0)
		return (int64_t)done;
	return holm_tcp_send_room(t->tcp) > 0 ? -HOLM_ENOMEM : -HOLM_EAGAIN;
}

/* inet_stream_send() of bytes alone, while nothing but how much room there is can be in their way. */
size_t inet_stream_write(struct holm_socket *s, const void *p, size_t n)
{
	struct stream *t = inet_stream_of(s);

	if (unlikely(!is_writable(t)))
		return 0;
	fit_sndbuf(t);
	n = holm_ring_sndbuf_write(&t->rings->snd, p, n);
	if (likely(n > 0))
		holm_tcp_send(t->tcp);
	return n;
}

/* Copy up to `max` bytes from stream offset `off` to `dst`; NULL throws them away. */
static size_t copy_out(struct rings *r, size_t off, uint8_t *dst, size_t max)
{
	struct holm_span spans[2];
	size_t n = holm_ring_rcvbuf_peek(&r->rcv, off, spans);
	size_t done = 0;

	for (size_t i = 0; i < n && done < max; i++) {
		size_t k = min_size(max - done, spans[i].len);

		if (dst)
			memcpy(dst + done, spans[i].data, k);
		done += k;
	}
	return done;
}

/* Into the pieces, or nowhere; returns how many bytes. */
static size_t copy_pieces(struct stream *t, const struct holm_msg *msg, int flags, size_t skip,
			  size_t limit)
{
	size_t done = 0;

	for (size_t i = 0; i < msg->iovcnt; i++) {
		uint8_t *dst = flags & HOLM_MSG_TRUNC ? NULL : msg->iov[i].base;
		size_t n = copy_out(t->rings, skip + done, dst,
				    min_size(msg->iov[i].len, limit - done));

		done += n;
		if (n < msg->iov[i].len)
			break;
	}
	if (done > 0 && !(flags & HOLM_MSG_PEEK))
		holm_ring_rcvbuf_release(&t->rings->rcv, skip + done);
	return done;
}

/* Bytes were taken out: the window may grow, and open. */
static inline void note_taken(struct stream *t)
{
	struct holm_socket *s = &t->base;

	if (unlikely(rings_have_read_much(t->rings, s->rcvbuf)))
		s->rcvbuf = rings_fit_rcv(t->rings, t->tcp, s->rcvbuf,
					  s->rcvbuf_locked ? s->rcvbuf
							   : s->net->config.tcp_rcvbuf_max_bytes);
	holm_tcp_received(t->tcp);
}

/* 0: nothing is there, or nothing was asked for. */
static size_t take(struct stream *t, const struct holm_msg *msg, int flags)
{
	size_t done, skip, limit;

	if (!t->rings)
		return 0;
	limit = inet_stream_oob_limit(t, &skip);
	done = copy_pieces(t, msg, flags, skip, limit);
	if (done > 0 && !(flags & HOLM_MSG_PEEK))
		note_taken(t);
	return done;
}

/* Nothing is there to read: why? */
static int nothing_to_read(struct stream *t)
{
	int err = inet_stream_take_error(t);

	if (err)
		return err;
	if (inet_stream_is_read_ended(t))
		return 0;
	return t->phase == UNCONNECTED ? -HOLM_ENOTCONN : -HOLM_EAGAIN;
}

/* TCP_INQ: with what was read goes how much is left, at the end 1, as if that were a byte. */
static int64_t recv_with_inq(struct stream *t, struct holm_msg *msg, int flags)
{
	struct holm_ancillary *a = msg->ancillary;
	int64_t n = inet_stream_has_bytes(t) ? (int64_t)take(t, msg, flags) : nothing_to_read(t);

	if (!a || n < 0)
		return n;
	a->has |= HOLM_ANC_INQ;
	a->inq = (uint32_t)inet_stream_unread(t);
	if (a->inq == 0 && inet_stream_is_read_ended(t))
		a->inq = 1;
	return n;
}

/* Whatever is asked for, whichever the state. */
int64_t inet_stream_recv(struct holm_socket *s, struct holm_msg *msg, int flags)
{
	struct stream *t = inet_stream_of(s);
	size_t n;

	if (t->phase == LISTENING)
		return -HOLM_ENOTCONN;
	if (flags & HOLM_MSG_OOB)
		return inet_stream_recv_oob(t, msg, flags);
	msg->name_len = 0;
	if (t->inq)
		return recv_with_inq(t, msg, flags);
	n = take(t, msg, flags);
	return n > 0 || inet_stream_has_bytes(t) ? (int64_t)n : nothing_to_read(t);
}

/* inet_stream_recv() of bytes alone, where no urgent one is to be stepped over. */
size_t inet_stream_read(struct holm_socket *s, void *p, size_t n)
{
	struct stream *t = inet_stream_of(s);

	if (unlikely(inet_stream_ready(t) & HOLM_URGENT))
		return 0;
	n = holm_ring_rcvbuf_read(&t->rings->rcv, p, n);
	if (likely(n > 0))
		note_taken(t);
	return n;
}
