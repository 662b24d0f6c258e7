/* Queues of errors about what was sent; see trouble.h. */
#include "net/ip/trouble.h"

#include "lib/mem.h"

/* One that waits, with the payload behind it. Owned by its queue. */
struct ip_trouble {
	struct ip_trouble *next;
	struct holm_trouble what;
	uint8_t payload[];
};

/* At the end, with room for `payload` bytes. NULL: dropped and counted. */
static struct ip_trouble *add(struct holm_net *net, struct ip_troubles *q, size_t payload)
{
	struct ip_trouble *t = NULL;

	if (q->count < IP_TROUBLES_MAX)
		t = mem_zalloc(&net->mem, sizeof(*t) + payload);
	if (!t) {
		net_drop_note(net, HOLM_DROP_IP_TROUBLES_FULL);
		return NULL;
	}
	t->what.payload_len = (uint32_t)payload;
	if (q->first)
		q->last->next = t;
	else
		q->first = t;
	q->last = t;
	q->count++;
	return t;
}

void ip_trouble_note(struct holm_net *net, struct ip_troubles *q, const struct ip_error *error,
		     const struct holm_endpoint *to)
{
	size_t len = min_size(error->payload_len, IP_TROUBLE_QUOTE_MAX);
	struct ip_trouble *t = add(net, q, len);

	if (!t)
		return;
	t->what.error = error->error;
	t->what.origin = holm_addr_is_ip4(&error->remote) ? HOLM_TROUBLE_ICMP : HOLM_TROUBLE_ICMP6;
	t->what.type = error->type;
	t->what.code = error->code;
	t->what.info = error->mtu;
	t->what.offender = error->offender;
	t->what.offender_scope = ip_error_scope(error, &error->offender);
	t->what.to = *to;
	if (len > 0)
		holm_frame_read(error->frame, error->payload_off, t->payload, len);
}

void ip_trouble_note_local(struct holm_net *net, struct ip_troubles *q, int error, uint32_t info,
			   const struct holm_endpoint *to)
{
	struct ip_trouble *t = add(net, q, 0);

	if (!t)
		return;
	t->what.error = error;
	t->what.origin = HOLM_TROUBLE_LOCAL;
	t->what.info = info;
	t->what.to = *to;
}

const struct holm_trouble *ip_trouble_first(const struct ip_troubles *q)
{
	return q->first ? &q->first->what : NULL;
}

static void pop(struct holm_net *net, struct ip_troubles *q)
{
	struct ip_trouble *t = q->first;

	q->first = t->next;
	q->count--;
	mem_free(&net->mem, t, sizeof(*t) + t->what.payload_len);
}

int ip_trouble_take(struct holm_net *net, struct ip_troubles *q, struct holm_trouble *t,
		    void *payload, size_t max)
{
	if (!q->first)
		return -HOLM_EAGAIN;
	*t = q->first->what;
	if (min_size(max, t->payload_len) > 0)
		memcpy(payload, q->first->payload, min_size(max, t->payload_len));
	pop(net, q);
	return 0;
}

void ip_troubles_clear(struct holm_net *net, struct ip_troubles *q)
{
	while (q->first)
		pop(net, q);
}
