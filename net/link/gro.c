/*
 * Software receive merging. What is compared comes in the order in which it most often differs; the
 * addresses come last.
 */
#include "net/link/gro.h"

#include "lib/bytes.h"
#include "lib/compiler.h"

static bool is_mergeable(const struct tcp_hdr_info *info)
{
	return (info->flags & ~(unsigned)TCP_PSH) == TCP_ACK && info->nsack == 0;
}

static uint32_t payload_of(struct holm_frame *f, const struct tcp_hdr_info *info)
{
	return ip_rx(f)->l4_len - info->hdr_len;
}

bool gro_begin(struct gro *g, struct holm_frame *f)
{
	const struct tcp_hdr_info *info = gro_next_info(g);
	uint32_t len = payload_of(f, info);

	if (len == 0 || !is_mergeable(info))
		return false;
	g->head = f;
	g->tail = f;
	g->held = !g->held;
	g->payload_len = len;
	g->frame_len = len;
	g->next_seq = info->seq + len;
	g->last_seq = info->seq;
	g->closed = false;
	return true;
}

static bool same_flow(struct holm_frame *a, struct holm_frame *b)
{
	const struct ip_rx *x = ip_rx(a);
	const struct ip_rx *y = ip_rx(b);
	uint64_t diff = 0;

	for (size_t i = 0; i < sizeof(x->src.b); i += 8) {
		uint64_t s, t, u, v;

		memcpy(&s, x->src.b + i, 8);
		memcpy(&t, y->src.b + i, 8);
		memcpy(&u, x->dst.b + i, 8);
		memcpy(&v, y->dst.b + i, 8);
		diff |= (s ^ t) | (u ^ v);
	}
	return diff == 0;
}

static bool same_header(const struct tcp_hdr_info *a, const struct tcp_hdr_info *b)
{
	return a->ack == b->ack && a->wnd == b->wnd && a->sport == b->sport &&
	       a->dport == b->dport && a->hdr_len == b->hdr_len && a->has_ts == b->has_ts &&
	       (!a->has_ts || (a->tsval == b->tsval && a->tsecr == b->tsecr));
}

bool gro_append(struct gro *g, struct holm_frame *f)
{
	const struct tcp_hdr_info *info = gro_next_info(g);
	struct tcp_hdr_info *held = gro_info(g);
	uint32_t len;

	if (!g->head || info->seq != g->next_seq || g->closed)
		return false;
	len = payload_of(f, info);
	if (len == 0 || len > g->frame_len || g->payload_len + len > GRO_BYTES_MAX)
		return false;
	if (!is_mergeable(info) || !same_header(held, info) || !same_flow(g->head, f))
		return false;
	g->tail->chain = f;
	g->tail = f;
	held->flags |= info->flags;
	g->payload_len += len;
	g->next_seq += len;
	g->last_seq = info->seq;
	g->closed = len < g->frame_len;
	return true;
}
