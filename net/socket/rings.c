/* The rings of a stream; see rings.h. */
#include "net/socket/rings.h"

#include "net/core/net.h"

enum { USER_SOCKET = 1, USER_SENDER = 2, USER_RECEIVER = 4 };

static void drop_user(struct rings *r, uint8_t user)
{
	r->users &= (uint8_t)~user;
	if (r->users)
		return;
	holm_ring_rcvbuf_fini(&r->rcv);
	/* Who writes asks TCP first, and what the sender has released takes nothing more. */
	ASSERT(!r->snd.mem);
	mem_give(&r->net->mem, r, sizeof(*r));
}

/* Nobody reads what was queued any more: its memory need not wait for the socket. */
static void snd_released(struct holm_ring_sndbuf *b)
{
	struct rings *r = container_of(b, struct rings, snd);

	holm_ring_sndbuf_fini(b);
	drop_user(r, USER_SENDER);
}

static void rcv_released(struct holm_ring_rcvbuf *b)
{
	drop_user(container_of(b, struct rings, rcv), USER_RECEIVER);
}

int rings_attach(struct holm_net *net, struct holm_tcp *tcp, uint32_t snd_limit, uint32_t rcv_limit,
		 struct rings **out)
{
	struct rings *r = mem_take(&net->mem, sizeof(*r));
	int err;

	if (!r)
		return -HOLM_ENOMEM;
	r->net = net;
	r->since_ns = 0;
	r->read_before = 0;
	r->since_pos = 0;
	r->const_bytes = 0;
	holm_ring_sndbuf_init(&r->snd, holm_net_memory(net), snd_limit, snd_released);
	holm_ring_rcvbuf_init(&r->rcv, holm_net_memory(net), rcv_limit, rcv_released);
	err = holm_tcp_attach(tcp, &r->snd.base, &r->rcv.base);
	if (err) {
		mem_give(&net->mem, r, sizeof(*r));
		return err;
	}
	r->users = USER_SOCKET | USER_SENDER | USER_RECEIVER;
	*out = r;
	return 0;
}

uint32_t rings_fit_rcv(struct rings *r, const struct holm_tcp *tcp, uint32_t limit, uint32_t max)
{
	struct holm_tcp_path path;

	holm_tcp_get_path(tcp, &path);
	if (limit < max && r->net->now - r->since_ns <= path.rtt_ns) {
		limit = limit < max / 2 ? 2 * limit : max;
		holm_ring_rcvbuf_set_limit(&r->rcv, limit);
	}
	r->since_ns = r->net->now;
	r->read_before += rings_read_since(r);
	r->since_pos = rings_read_pos(r);
	return limit;
}

uint32_t rings_fit_snd(struct rings *r, const struct holm_tcp *tcp, uint32_t limit, uint32_t max)
{
	struct holm_tcp_path path;

	holm_tcp_get_path(tcp, &path);
	if (path.cwnd_bytes <= limit / 2 || limit >= max)
		return limit;
	limit = path.cwnd_bytes < max / 2 ? 2 * path.cwnd_bytes : max;
	holm_ring_sndbuf_set_limit(&r->snd, limit);
	return limit;
}

void rings_leave(struct rings *r)
{
	drop_user(r, USER_SOCKET);
}
