/*
 * What can be told about endpoints and records.
 */
#include "net/tcp/room.h"

static void fill_ends(const struct tcp_tuple *t, struct holm_tcp_info *info)
{
	info->local.addr = t->local;
	info->local.port = t->lport;
	info->remote.addr = t->remote;
	info->remote.port = t->rport;
}

static void fill_listener(const struct holm_tcp *t, struct holm_tcp_info *info)
{
	const struct tcp_bind *b = tcp_bind_of(tcp_net(t)->tcp, t);

	info->rcv_queue = b->nchildren;
	info->snd_queue = b->backlog;
}

static void fill_windows(const struct holm_tcp *t, struct holm_tcp_info *info)
{
	info->snd_wnd = t->snd_wnd;
	info->rcv_wnd = tcp_rcv_wnd(t);
	info->cwnd_bytes = t->cwnd;
	info->ssthresh_bytes = t->ssthresh;
	info->snd_mss = t->dst ? tcp_mss(t) : 0;
	info->rcv_mss = t->flight ? t->flight->rcv_mss : TCP_MSS_DEFAULT_IP4;
	info->srtt_ns = rtt_srtt_ns(&t->rtt);
	info->rttvar_ns = rtt_rttvar_ns(&t->rtt);
	info->rto_ns = (uint64_t)rtt_backoff_ticks(rtt_rto_ticks(&t->rtt), info->backoff)
		       << TCP_TICK_SHIFT;
	info->in_flight = tcp_in_flight(t);
	info->retrans_total = t->flight ? t->flight->retransmits : 0;
}

void holm_tcp_get_path(const struct holm_tcp *t, struct holm_tcp_path *path)
{
	path->rtt_ns = rtt_srtt_ns(&t->rtt);
	path->cwnd_bytes = t->cwnd;
}

void holm_tcp_get_info(const struct holm_tcp *t, struct holm_tcp_info *info)
{
	struct tcp_tuple ends;

	memset(info, 0, sizeof(*info));
	info->state = t->state;
	tcp_get_ends(t, &ends);
	fill_ends(&ends, info);
	info->remote.scope = t->scope;
	if (t->state == HOLM_TCP_LISTEN) {
		fill_listener(t, info);
		return;
	}
	info->backoff = t->flight ? t->flight->retries : 0;
	info->retransmits = t->flags & TCP_REXMT ? info->backoff : 0;
	info->snd_wscale = (uint8_t)tcp_snd_wscale(t);
	info->rcv_wscale = (uint8_t)tcp_rcv_wscale(t);
	info->timestamps = (t->flags & TCP_TS) != 0;
	info->sack = (t->flags & TCP_SACK) != 0;
	info->rcv_queue = t->rcv ? (uint32_t)holm_rcvbuf_readable(t->rcv) : 0;
	info->snd_queue = (uint32_t)tcp_queued_bytes(t);
	fill_windows(t, info);
}

static void fill_record(const struct tcp_records *r, tcp_ref ref, struct holm_ep_info *info)
{
	struct tcp_tuple ends;

	memset(info, 0, sizeof(*info));
	info->kind = HOLM_EP_TCP;
	info->tcp.state = tcp_ref_is_half(ref) ? HOLM_TCP_SYN_RECEIVED : HOLM_TCP_TIME_WAIT;
	tcp_record_tuple(r, ref, &ends);
	fill_ends(&ends, &info->tcp);
}

static void fill_conn(const struct holm_tcp *c, struct holm_ep_info *info)
{
	info->kind = HOLM_EP_TCP;
	info->cookie = c->ep.cookie;
	holm_tcp_get_info(c, &info->tcp);
}

bool tcp_each(struct holm_net *net, bool (*visit)(void *ctx, const struct holm_ep_info *info),
	      void *ctx)
{
	struct tcp_state *ts = net->tcp;
	struct holm_ep_info info;

	for (struct list_node *n = list_first(&ts->unconnected); n;
	     n = list_next(&ts->unconnected, n)) {
		fill_conn(container_of(n, struct holm_tcp, free), &info);
		if (!visit(ctx, &info))
			return false;
	}
	for (struct htab_node *n = htab_walk(&ts->table, NULL); n; n = htab_walk(&ts->table, n)) {
		fill_conn(container_of(n, struct holm_tcp, node), &info);
		if (!visit(ctx, &info))
			return false;
	}
	for (unsigned kind = 0; kind < TCP_KINDS; kind++) {
		for (uint32_t i = 0; i < ts->records.slots[kind].n; i++) {
			fill_record(&ts->records, tcp_ref_of(kind, i), &info);
			if (!visit(ctx, &info))
				return false;
		}
	}
	return true;
}
