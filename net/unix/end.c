/*
 * Endpoints: how they come to know each other, how they part, and what poll() shows of them.
 */
#include "net/unix/unix.h"

#include "lib/mem.h"

/* ---- Life ---------------------------------------------------------------------------------------- */

int unix_open(struct holm_net *net, int type, const struct holm_cred *cred, struct unix_end **out)
{
	struct unix_end *e = mem_zalloc(&net->mem, sizeof(*e));

	if (!e)
		return -HOLM_ENOMEM;
	ep_init(&e->ep, HOLM_EP_UNIX);
	e->net = net;
	e->type = (uint8_t)type;
	e->cred = *cred;
	e->limit = type == HOLM_SOCK_STREAM ? net->config.unix_stream_bytes
					    : net->config.unix_packet_bytes;
	list_init(&e->messages);
	list_init(&e->room_waiters);
	list_init(&e->admirers);
	list_init(&e->children);
	list_push_back(&net->unixes->ends, &e->all);
	*out = e;
	return 0;
}

static void stop_admiring(struct unix_end *e)
{
	if (list_is_linked(&e->admires))
		list_remove(&e->admires);
	e->peer = NULL;
}

/* Datagram endpoints whose destination goes: they hear of it when they send. */
static void disappoint_admirers(struct unix_end *e)
{
	struct list_node *n;

	while ((n = list_first(&e->admirers)) != NULL) {
		struct unix_end *a = container_of(n, struct unix_end, admires);

		stop_admiring(a);
		a->state = UNIX_CUT;
	}
}

/* The other end of a connection sees that this one goes; `reset`: that bytes were lost. */
static void part(struct unix_end *e, bool reset)
{
	struct unix_end *peer = e->peer;

	if (!peer)
		return;
	e->peer = NULL;
	peer->peer = NULL;
	peer->state = UNIX_CUT;
	if (reset)
		peer->error = HOLM_ECONNRESET;
	ep_notify(peer->net, &peer->ep);
}

static void forget_object(struct unix_end *e)
{
	if (!e->object)
		return;
	e->net->unixes->ends_in_flight -= e->object->in_flight;
	e->object->end = NULL;
	e->object = NULL;
}

/* Everything but a listener's children. `reset`: the other end is to know that bytes were lost. */
static void end(struct unix_end *e, bool reset)
{
	struct holm_net *net = e->net;

	ep_disown(&e->ep);
	if (list_is_linked(&e->waits))
		list_remove(&e->waits);
	if (unix_is_connected_type(e)) {
		part(e, reset || unix_readable_bytes(e) > 0);
	} else {
		stop_admiring(e);
		disappoint_admirers(e);
	}
	unix_room_is_there(e);
	unix_empty(e);
	unix_name_leave(e);
	forget_object(e);
	list_remove(&e->all);
	mem_free(&net->mem, e, sizeof(*e));
}

/* Connections that nobody accepted. */
static void end_children(struct unix_end *e)
{
	struct list_node *n;

	while ((n = list_pop_front(&e->children)) != NULL)
		end(container_of(n, struct unix_end, child), true);
	e->nchildren = 0;
}

void unix_close(struct unix_end *e)
{
	struct holm_net *net = e->net;

	end_children(e);
	end(e, false);
	if (net->unixes->ends_in_flight > 0)
		unix_collect(net);
	unix_let_go(net);
}

/* ---- Waiting for room ---------------------------------------------------------------------------- */

void unix_wait_for_room(struct unix_end *e, struct unix_end *at)
{
	if (list_is_linked(&e->waits)) {
		list_remove(&e->waits);
		/* Another thread may wait for room elsewhere: it is to look again, and come back. */
		if (e->waits_at != at)
			ep_notify(e->net, &e->ep);
	}
	e->waits_at = at;
	list_push_back(&at->room_waiters, &e->waits);
}

void unix_room_is_there(struct unix_end *e)
{
	struct list_node *n;

	while ((n = list_pop_front(&e->room_waiters)) != NULL) {
		struct unix_end *w = container_of(n, struct unix_end, waits);

		ep_notify(w->net, &w->ep);
	}
}

/* ---- Coming to know each other ------------------------------------------------------------------- */

static void join(struct unix_end *a, struct unix_end *b)
{
	a->peer = b;
	b->peer = a;
	a->state = UNIX_CONNECTED;
	b->state = UNIX_CONNECTED;
	b->peer_cred = a->cred;
}

static void admire(struct unix_end *e, struct unix_end *whom)
{
	e->peer = whom;
	e->state = UNIX_CONNECTED;
	list_push_back(&whom->admirers, &e->admires);
}

void unix_pair(struct unix_end *a, struct unix_end *b)
{
	if (unix_is_connected_type(a)) {
		join(a, b);
	} else {
		admire(a, b);
		admire(b, a);
		b->peer_cred = a->cred;
	}
	a->peer_cred = b->cred;
}

int unix_listen(struct unix_end *e, int backlog)
{
	if (!unix_is_connected_type(e))
		return -HOLM_EOPNOTSUPP;
	if (!e->name || e->state > UNIX_LISTENING)
		return -HOLM_EINVAL;
	e->state = UNIX_LISTENING;
	e->backlog = min_u32((uint32_t)backlog, e->net->config.tcp_backlog_max);
	unix_room_is_there(e);
	return 0;
}

/* May `e` connect to whoever has the name? */
static int find_listener(struct unix_end *e, const uint8_t *name, size_t len, struct unix_end **out)
{
	struct unix_end *listener;
	int err = unix_lookup(e, name, len, &listener);

	if (err)
		return err;
	if (listener->type != e->type)
		return -HOLM_EPROTOTYPE;
	if (listener->state != UNIX_LISTENING || (listener->shut & UNIX_SHUT_RD))
		return -HOLM_ECONNREFUSED;
	if (e->state == UNIX_LISTENING)
		return -HOLM_EINVAL;
	if (e->state != UNIX_FRESH)
		return -HOLM_EISCONN;
	*out = listener;
	return 0;
}

static int connect_stream(struct unix_end *e, const uint8_t *name, size_t len)
{
	struct unix_end *listener, *child;
	int err = find_listener(e, name, len, &listener);

	if (err)
		return err;
	if (listener->nchildren > listener->backlog) {
		unix_wait_for_room(e, listener);
		return -HOLM_EAGAIN;
	}
	err = unix_open(e->net, e->type, &listener->cred, &child);
	if (err)
		return err;
	child->name = unix_name_get(listener->name);
	child->limit = listener->limit;
	join(e, child);
	e->peer_cred = listener->cred;
	list_push_back(&listener->children, &child->child);
	listener->nchildren++;
	ep_notify(listener->net, &listener->ep);
	return 0;
}

/* What waits from a former peer is not from the new one. */
static void leave_destination(struct unix_end *e)
{
	struct unix_end *old = e->peer;

	if (!old)
		return;
	stop_admiring(e);
	if (!list_is_empty(&e->messages)) {
		unix_empty(e);
		unix_room_is_there(e);
		if (old->peer == e) {
			old->error = HOLM_ECONNRESET;
			ep_notify(old->net, &old->ep);
		}
	}
}

static int connect_datagram(struct unix_end *e, const uint8_t *name, size_t len)
{
	struct unix_end *to;
	int err = unix_lookup(e, name, len, &to);

	if (err)
		return err;
	if (to->type != e->type)
		return -HOLM_EPROTOTYPE;
	if (to->peer && to->peer != e)
		return -HOLM_EPERM;
	if (to != e->peer) {
		leave_destination(e);
		admire(e, to);
	}
	unix_let_go(e->net);
	return 0;
}

int unix_connect(struct unix_end *e, const uint8_t *name, size_t len)
{
	return unix_is_connected_type(e) ? connect_stream(e, name, len)
					 : connect_datagram(e, name, len);
}

void unix_disconnect(struct unix_end *e)
{
	leave_destination(e);
	e->state = UNIX_FRESH;
	unix_let_go(e->net);
}

int unix_accept(struct unix_end *e, struct unix_end **out)
{
	struct list_node *n;

	if (e->state != UNIX_LISTENING)
		return -HOLM_EINVAL;
	n = list_pop_front(&e->children);
	if (!n)
		return e->shut & UNIX_SHUT_RD ? -HOLM_EINVAL : -HOLM_EAGAIN;
	e->nchildren--;
	*out = container_of(n, struct unix_end, child);
	unix_room_is_there(e);
	return 0;
}

/* ---- Parting ------------------------------------------------------------------------------------- */

void unix_shutdown(struct unix_end *e, unsigned shut)
{
	e->shut |= (uint8_t)shut;
	if (unix_is_connected_type(e) && e->peer)
		ep_notify(e->net, &e->peer->ep);
	/* Who waited to write here finds that it cannot. */
	if (shut & UNIX_SHUT_RD)
		unix_room_is_there(e);
}

int unix_take_error(struct unix_end *e)
{
	int err = -(int)e->error;

	e->error = 0;
	return err;
}

/* ---- Levels -------------------------------------------------------------------------------------- */

static bool is_writable(struct unix_end *e)
{
	bool room;

	if (!e->peer || unix_is_write_ended(e))
		return true;
	if (e->type == HOLM_SOCK_STREAM)
		return unix_stream_has_room(e->peer, e->limit);
	room = unix_packet_has_room(e->peer, e->limit, e->limit / 4);
	if (!room)
		unix_wait_for_room(e, e->peer);
	return room;
}

unsigned unix_poll(struct unix_end *e)
{
	bool read_ended = unix_is_read_ended(e);
	unsigned mask = 0;

	if (e->state == UNIX_LISTENING)
		return e->nchildren > 0 ? HOLM_POLLIN | HOLM_POLLRDNORM : 0;
	if (e->error)
		mask |= HOLM_POLLERR;
	if (read_ended)
		mask |= HOLM_POLLRDHUP;
	if (read_ended || !ring_is_empty(&e->ring) || e->nmessages > 0)
		mask |= HOLM_POLLIN | HOLM_POLLRDNORM;
	if (read_ended && unix_is_write_ended(e))
		mask |= HOLM_POLLHUP;
	if (unix_is_connected_type(e) && e->state == UNIX_FRESH)
		mask |= HOLM_POLLHUP;
	if (is_writable(e))
		mask |= HOLM_POLLOUT | HOLM_POLLWRNORM;
	return mask;
}

size_t unix_readable_bytes(const struct unix_end *e)
{
	const struct list_node *first = list_first(&e->messages);

	if (e->type == HOLM_SOCK_STREAM)
		return ring_len(&e->ring);
	/* As on Linux: sequenced packets are counted together, a datagram alone. */
	if (e->type == HOLM_SOCK_SEQPACKET)
		return e->queued_bytes;
	return first ? container_of_const(first, struct unix_message, node)->len : 0;
}

size_t unix_unread_by_peer(const struct unix_end *e)
{
	if (!e->peer)
		return 0;
	return e->type == HOLM_SOCK_STREAM ? ring_len(&e->peer->ring) : e->peer->queued_bytes;
}
