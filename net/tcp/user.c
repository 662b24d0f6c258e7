/*
 * The calls of <holm/tcp.h>: RFC 9293 section 3.9.1. They change the control block and note what is
 * to be sent; the next round sends it.
 */
#include "net/tcp/hot.h"

static int open_with(struct holm_net *net, struct tcp_settings *settings, struct holm_tcp **out)
{
	int err;

	ASSERT(!net->callbacks);
	err = tcp_conn_create(net, settings, out);
	if (err == 0)
		(*out)->ep.owned = true;
	return err;
}

int holm_tcp_open(struct holm_net *net, struct holm_tcp **out)
{
	if (!net->tcp)
		return -HOLM_EPROTONOSUPPORT;
	return open_with(net, &net->tcp->defaults, out);
}

int holm_tcp_open_like(const struct holm_tcp *t, struct holm_tcp **out)
{
	return open_with(tcp_net(t), t->settings, out);
}

void holm_tcp_set_cookie(struct holm_tcp *t, void *cookie)
{
	t->ep.cookie = cookie;
}

void *holm_tcp_cookie(const struct holm_tcp *t)
{
	return t->ep.cookie;
}

int holm_tcp_attach(struct holm_tcp *t, struct holm_sndbuf *snd, struct holm_rcvbuf *rcv)
{
	ASSERT(!tcp_net(t)->callbacks);
	if ((snd && t->snd) || (rcv && t->rcv))
		return -HOLM_EISCONN;
	tcp_stir(t);
	if (snd)
		t->snd = snd;
	if (rcv) {
		t->rcv = rcv;
		t->flags |= TCP_OVERPROMISED; /* perhaps: found out with the first bytes */
	}
	/* Nothing comes or goes: only what the buffer brings along is news. */
	if (!(t->flags & TCP_HASHED)) {
		if (rcv && unlikely(holm_rcvbuf_readable(rcv) > 0))
			tcp_publish(t);
		return 0;
	}
	if (rcv)
		tcp_input_held(t);
	tcp_publish(t);
	if (t->flags & TCP_HASHED)
		tcp_note_output(t);
	return 0;
}

/* ---- Opening ------------------------------------------------------------------------------------- */

int holm_tcp_bind(struct holm_tcp *t, const struct holm_endpoint *local, unsigned flags)
{
	struct holm_net *net = tcp_net(t);
	struct tcp_bind *old = t->flags & TCP_BOUND ? tcp_bind_of(net->tcp, t) : NULL;
	uint16_t port = local->port;
	int err;

	ASSERT(!net->callbacks);
	if (t->state != HOLM_TCP_CLOSED || (t->flags & TCP_CONNECTED) || (old && old->port != 0))
		return -HOLM_EINVAL;
	if (!HOLM_WITH_IPV6 && !ip4_is_mapped(&local->addr))
		return -HOLM_EAFNOSUPPORT;
	if (!holm_addr_is_any(&local->addr) && !(flags & HOLM_TCP_FOREIGN) &&
	    !ip_addr_is_local(net, &local->addr))
		return -HOLM_EADDRNOTAVAIL;
	if (port == 0 && !(flags & HOLM_TCP_ADDR_ONLY)) {
		port = HOLM_WITH_PORTS ? tcp_port_any(net->tcp, &local->addr) : 0;
		if (port == 0)
			return -HOLM_EADDRINUSE;
	}
	err = tcp_bind_add(net->tcp, t, &local->addr, port, flags);
	if (!err && old)
		tcp_bind_drop(net->tcp, old);
	return err;
}

int holm_tcp_listen(struct holm_tcp *t, uint32_t backlog)
{
	struct holm_net *net = tcp_net(t);
	struct tcp_bind *b;
	int err;

	ASSERT(!net->callbacks);
	if (t->state != HOLM_TCP_LISTEN) {
		if (t->state != HOLM_TCP_CLOSED || (t->flags & TCP_CONNECTED) ||
		    !(t->flags & TCP_BOUND))
			return -HOLM_EINVAL;
		b = tcp_bind_of(net->tcp, t);
		if (b->port == 0 && (err = tcp_bind_find_port(net->tcp, t, b)) != 0)
			return err;
		if (HOLM_WITH_PORTS)
			b = tcp_bind_of(net->tcp, t);
		if (tcp_bind_is_listened(net->tcp, b))
			return -HOLM_EADDRINUSE;
		tcp_set_state(t, HOLM_TCP_LISTEN);
		tcp_bind_listens(net->tcp);
	}
	b = tcp_bind_of(net->tcp, t);
	b->backlog = max_u32(min_u32(backlog, net->config.tcp_backlog_max), 1);
	return 0;
}

int holm_tcp_accept(struct holm_tcp *listener, struct holm_tcp **child)
{
	struct holm_net *net = tcp_net(listener);
	struct tcp_bind *b;
	struct list_node *n;
	struct holm_tcp *c;

	ASSERT(!net->callbacks);
	if (listener->state != HOLM_TCP_LISTEN)
		return -HOLM_EINVAL;
	b = tcp_bind_of(net->tcp, listener);
	n = list_pop_front(&b->children);
	if (!n)
		return -HOLM_EAGAIN;
	b->nchildren--;
	c = container_of(container_of(n, struct ep, ready), struct holm_tcp, ep);
	c->flags &= ~(uint32_t)TCP_CHILD;
	c->ep.owned = true;
	tcp_publish(c);
	ep_notify(net, &c->ep);
	tcp_publish_listener(net, b);
	*child = c;
	return 0;
}

bool holm_tcp_has_cookie(struct holm_net *net, const struct holm_addr *server)
{
	const struct tcp_fast_ops *ops = net->tcp->fastopen;

	return ops && ops->knows(net, server);
}

/* ---- Sending, receiving -------------------------------------------------------------------------- */

void holm_tcp_send_more(struct holm_tcp *t)
{
	holm_tcp_send(t);
	t->flags |= TCP_MORE;
}

/* Its writer had no room, and may have some now; or has none now, or less than a mark allows. */
static never_inline void send_any(struct holm_tcp *t)
{
	if (!(t->ep.state & HOLM_WRITABLE))
		tcp_publish(t);
	else if (t->snd && tcp_send_room(t) == 0)
		t->ep.state &= (uint16_t)~HOLM_WRITABLE;
	if (t->flags & TCP_HASHED)
		tcp_note_output(t);
}

void holm_tcp_send(struct holm_tcp *t)
{
	struct holm_net *net = tcp_net(t);
	uint32_t flags = t->flags & ~(uint32_t)TCP_MORE;

	ASSERT(!net->callbacks);
	t->flags = flags;
	if (unlikely(!(t->ep.state & HOLM_WRITABLE) || !t->snd || holm_sndbuf_room(t->snd) == 0 ||
		     tcp_settings(t)->notsent_lowat != 0))
		send_any(t);
	else if (flags & TCP_HASHED)
		tcp_note(net, t);
}

/* So much was read that the peer may have to hear of it. */
static never_inline void received_much(struct holm_tcp *t)
{
	if (!tcp_window_update_due(t) || !tcp_is_synchronized(t))
		return;
	t->flags |= TCP_ACK_NOW;
	tcp_note_output(t);
}

void holm_tcp_received(struct holm_tcp *t)
{
	ASSERT(!tcp_net(t)->callbacks);
	if (unlikely(!t->rcv))
		return;
	/* An end or an error stays readable. */
	if (holm_rcvbuf_readable(t->rcv) == 0 && !(t->flags & TCP_FIN_RCVD) &&
	    t->state != HOLM_TCP_CLOSED && !t->error)
		t->ep.state &= (uint16_t)~HOLM_READABLE;
	if (unlikely(!tcp_window_is_most(t)))
		received_much(t);
}

/* ---- Closing ------------------------------------------------------------------------------------- */

/* RFC 9293 3.10.4: nothing more will be queued. */
static void shut(struct holm_tcp *t)
{
	if (t->flags & TCP_SHUTDOWN)
		return;
	t->flags |= TCP_SHUTDOWN;
	if (t->state == HOLM_TCP_ESTABLISHED)
		tcp_set_state(t, HOLM_TCP_FIN_WAIT_1);
	else if (t->state == HOLM_TCP_CLOSE_WAIT)
		tcp_set_state(t, HOLM_TCP_LAST_ACK);
}

int holm_tcp_shutdown(struct holm_tcp *t)
{
	ASSERT(!tcp_net(t)->callbacks);
	if (t->state == HOLM_TCP_CLOSED || t->state == HOLM_TCP_LISTEN)
		return -HOLM_ENOTCONN;
	shut(t);
	tcp_note_output(t);
	tcp_publish(t);
	return 0;
}

/* Received bytes that nobody will read: in the buffer, or set aside for one. */
static bool has_unread(const struct holm_tcp *t)
{
	return (t->rcv && holm_rcvbuf_readable(t->rcv) > 0) || (t->flight && t->flight->held_first);
}

/*
 * RFC 9293 3.10.5: SYN-SENT, CLOSING, LAST-ACK and TIME-WAIT end without a word. A FIN that waits
 * behind bytes has not been sent: to the RFC these are other states until then.
 */
static bool ends_silently(const struct holm_tcp *t)
{
	if (t->state == HOLM_TCP_CLOSING || t->state == HOLM_TCP_LAST_ACK)
		return (t->flags & TCP_FIN_SENT) && !has_unread(t);
	return t->state == HOLM_TCP_SYN_SENT || t->state == HOLM_TCP_TIME_WAIT;
}

/* Reset a connection, or end an endpoint that has none; not a listener. */
static void abort_one(struct holm_tcp *t)
{
	if (t->state == HOLM_TCP_CLOSED) {
		tcp_conn_destroy(t);
		return;
	}
	if (!ends_silently(t))
		tcp_send_abort(t);
	tcp_conn_closed(t, 0);
}

/* A listener ends, and what nobody accepted. */
static void close_listener(struct holm_tcp *t)
{
	struct tcp_bind *b = tcp_bind_of(tcp_net(t)->tcp, t);
	struct list_node *n;

	while ((n = list_pop_front(&b->children)) != NULL) {
		struct ep *e = container_of(n, struct ep, ready);
		struct holm_tcp *c = container_of(e, struct holm_tcp, ep);

		b->nchildren--;
		c->flags &= ~(uint32_t)TCP_CHILD;
		abort_one(c);
	}
	tcp_conn_destroy(t);
}

/* It is the instance's from now on. False: those that linger are too many already. */
static bool adopt(struct holm_tcp *t)
{
	struct holm_net *net = tcp_net(t);

	if (net->tcp->norphans >= net->config.tcp_orphans_max) {
		net_count(net, HOLM_COUNT_TCP_ORPHANS_RESET);
		return false;
	}
	net->tcp->norphans++;
	t->flags |= TCP_ORPHAN;
	return true;
}

void holm_tcp_close(struct holm_tcp *t)
{
	ASSERT(!tcp_net(t)->callbacks);
	ep_disown(&t->ep);
	if (t->state == HOLM_TCP_LISTEN) {
		close_listener(t);
	} else if (t->state == HOLM_TCP_TIME_WAIT) {
		tcp_release_rcv(t);
		tcp_release_snd(t);
	} else if (t->state == HOLM_TCP_CLOSED || t->state == HOLM_TCP_SYN_SENT || has_unread(t) ||
		   !adopt(t)) {
		/*
		 * RFC 2525 2.17: where bytes are unread, a RST shows that data was lost. So it does
		 * where there are orphans enough.
		 */
		abort_one(t);
	} else {
		tcp_release_rcv(t);
		shut(t);
		tcp_note_output(t);
	}
}

void holm_tcp_abort(struct holm_tcp *t)
{
	ASSERT(!tcp_net(t)->callbacks);
	ep_disown(&t->ep);
	if (t->state == HOLM_TCP_LISTEN)
		close_listener(t);
	else
		abort_one(t);
}

/* ---- Asking -------------------------------------------------------------------------------------- */

unsigned holm_tcp_ready(const struct holm_tcp *t)
{
	return t->ep.state;
}

int holm_tcp_take_error(struct holm_tcp *t)
{
	int error = t->error;

	t->error = 0;
	tcp_publish(t);
	return -error;
}

enum holm_tcp_state holm_tcp_state(const struct holm_tcp *t)
{
	return (enum holm_tcp_state)t->state;
}

void holm_tcp_local(const struct holm_tcp *t, struct holm_endpoint *e)
{
	struct tcp_tuple ends;

	tcp_get_ends(t, &ends);
	*e = (struct holm_endpoint){
		.addr = ends.local,
		.scope = ip6_is_link_local(&ends.local) ? t->scope : 0,
		.port = ends.lport,
	};
}

void holm_tcp_remote(const struct holm_tcp *t, struct holm_endpoint *e)
{
	struct tcp_tuple ends;

	tcp_get_ends(t, &ends);
	*e = (struct holm_endpoint){
		.addr = ends.remote,
		.scope = t->scope,
		.port = ends.rport,
	};
}
