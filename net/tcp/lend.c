/*
 * Lent bytes: which of them frames still refer to, so that the send buffer forgets nothing too
 * early. Two generations of references; see README.md. Lending is a part, holm_tcp_super
 * (lend_part.c): without it payload is copied into frames of one segment each.
 */
#include "net/tcp/lend.h"
#include "net/tcp/room.h"

static void gen_released(struct holm_buf *buf);

static const struct holm_buf_owner lend_owner = {
	.release = gen_released,
};

static struct tcp_lend *lend_create(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);
	struct tcp_lend *l = mem_zalloc(&net->mem, sizeof(*l));

	if (!l)
		return NULL;
	l->conn = c;
	l->net = net;
	for (unsigned i = 0; i < 2; i++) {
		l->gen[i].buf.owner = &lend_owner;
		l->gen[i].owner = l;
	}
	return l;
}

bool tcp_lend_is_referenced(const struct tcp_lend *l)
{
	return (l->gen[0].buf.refs | l->gen[1].buf.refs) != 0;
}

struct tcp_lend_gen *tcp_lend_begin(struct holm_tcp *c, struct tcp_seq seq)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_lend_gen *gen;
	struct tcp_lend *l;

	if (!fl->lend)
		fl->lend = lend_create(c);
	l = fl->lend;
	if (!l)
		return NULL;
	gen = &l->gen[l->current];
	/* The other one has drained: let this one drain in turn. */
	if (gen->buf.refs > 0 && l->gen[!l->current].buf.refs == 0) {
		l->current = !l->current;
		gen = &l->gen[l->current];
	}
	gen->lowest = gen->buf.refs == 0 ? seq : seq_min(gen->lowest, seq);
	return gen;
}

bool tcp_lend_discard(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;
	const struct tcp_lend *l = tcp_has_lent(fl) ? fl->lend : NULL;
	struct tcp_seq limit = c->snd_una;
	uint32_t n;

	if (!c->snd)
		return false;
	/* The FIN takes a sequence number, and no byte. */
	if (c->flags & TCP_FIN_SENT)
		limit = seq_min(limit, seq_sub(fl->snd_nxt, 1));
	for (unsigned i = 0; l && i < 2; i++)
		if (l->gen[i].buf.refs > 0)
			limit = seq_min(limit, l->gen[i].lowest);
	if (!seq_gt(limit, fl->buf_seq))
		return false;
	n = seq_diff(limit, fl->buf_seq);
	holm_sndbuf_discard(c->snd, n);
	fl->buf_seq = limit;
	return true;
}

static void release_snd(struct holm_net *net, struct holm_sndbuf *snd)
{
	net->callbacks++;
	snd->ops->released(snd);
	net->callbacks--;
}

/* The last frame that refers to a generation is gone. */
static void gen_released(struct holm_buf *buf)
{
	struct tcp_lend_gen *gen = container_of(buf, struct tcp_lend_gen, buf);
	struct tcp_lend *l = gen->owner;

	if (l->conn) {
		if (tcp_lend_discard(l->conn))
			tcp_publish_input(l->net, l->conn);
		return;
	}
	if (tcp_lend_is_referenced(l))
		return;
	if (l->snd)
		release_snd(l->net, l->snd);
	mem_free(&l->net->mem, l, sizeof(*l));
}

void tcp_lend_release(struct holm_tcp *c)
{
	struct tcp_lend *l = c->flight->lend;

	c->flight->lend = NULL;
	if (!tcp_lend_is_referenced(l)) {
		mem_free(&l->net->mem, l, sizeof(*l));
		return;
	}
	l->conn = NULL;
	l->snd = c->snd;
	c->snd = NULL;
}
