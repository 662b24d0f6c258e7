/*
 * What a message carries beside bytes: the sender's name, credentials, objects. A message with its
 * objects' places and its bytes is one block.
 */
#include "net/unix/unix.h"

#include "lib/mem.h"

static size_t message_bytes(uint32_t nobjects, size_t len)
{
	return sizeof(struct unix_message) + nobjects * sizeof(struct holm_object *) + len;
}

static void take_objects(struct unix_state_table *st, struct unix_message *m,
			 const struct holm_ancillary *a)
{
	for (uint32_t i = 0; i < m->nobjects; i++) {
		struct holm_object *o = a->objects[i];

		o->ops->get(o);
		o->in_flight++;
		st->in_flight++;
		if (o->end)
			st->ends_in_flight++;
		m->objects[i] = o;
	}
}

int unix_message_new(struct unix_end *e, const struct holm_msg *msg, size_t len,
		     struct unix_message **out)
{
	const struct holm_ancillary *a = msg->ancillary;
	uint32_t nobjects = a && a->has & HOLM_ANC_OBJECTS ? a->nobjects : 0;
	struct unix_state_table *st = e->net->unixes;
	struct unix_message *m;

	if (nobjects > HOLM_OBJECTS_MAX)
		return -HOLM_EINVAL;
	if (nobjects > e->net->config.unix_in_flight_max - st->in_flight)
		return -HOLM_ETOOMANYREFS;
	m = mem_alloc(&e->net->mem, message_bytes(nobjects, len));
	if (!m)
		return -HOLM_ENOBUFS;
	memset(m, 0, sizeof(*m));
	m->objects = (struct holm_object **)(void *)(m + 1);
	m->nobjects = nobjects;
	m->block_bytes = message_bytes(nobjects, len);
	m->bytes = (uint8_t *)(m->objects + nobjects);
	m->len = len;
	m->from = unix_name_get(e->name);
	m->cred = a && a->has & HOLM_ANC_CRED ? a->cred : e->cred;
	if (nobjects > 0)
		take_objects(st, m, a);
	*out = m;
	return 0;
}

/* Hand over as many objects as the receiver has places for; the others stay with the message. */
static void deliver_objects(struct unix_end *e, struct unix_message *m, struct holm_msg *msg,
			    bool peek)
{
	struct unix_state_table *st = e->net->unixes;
	struct holm_ancillary *a = msg->ancillary;
	uint32_t room = a ? a->objects_max : 0;
	uint32_t n = min_u32(m->nobjects, room);

	for (uint32_t i = 0; i < n; i++) {
		struct holm_object *o = m->objects[i];

		a->objects[i] = o;
		if (peek) {
			o->ops->get(o);
			continue;
		}
		o->in_flight--;
		st->in_flight--;
		if (o->end)
			st->ends_in_flight--;
	}
	if (n > 0) {
		a->nobjects = n;
		a->has |= HOLM_ANC_OBJECTS;
	}
	if (n < m->nobjects)
		msg->flags |= HOLM_MSG_CTRUNC;
	if (peek)
		return;
	/* What is left goes with the message. */
	m->objects += n;
	m->nobjects -= n;
}

void unix_message_deliver(struct unix_end *e, struct unix_message *m, struct holm_msg *msg,
			  bool peek)
{
	unix_message_deliver_none(&m->cred, msg);
	if (m->nobjects > 0)
		deliver_objects(e, m, msg, peek);
}

void unix_message_deliver_none(const struct holm_cred *from, struct holm_msg *msg)
{
	if (!msg->ancillary)
		return;
	msg->ancillary->cred = *from;
	msg->ancillary->has |= HOLM_ANC_CRED;
}

void unix_message_free(struct holm_net *net, struct unix_message *m)
{
	unix_name_put(net, m->from);
	mem_free(&net->mem, m, m->block_bytes);
}

void unix_message_discard(struct holm_net *net, struct unix_message *m)
{
	if (m->nobjects > 0)
		list_push_back(&net->unixes->let_go, &m->node);
	else
		unix_message_free(net, m);
}
