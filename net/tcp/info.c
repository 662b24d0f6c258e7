/*
 * What can be told about endpoints and records.
 */
#include "net/tcp/room.h"

#include "net/core/proto.h"

static void fill_ends(const struct tcp_tuple *t, struct holm_tcp_info *info)
{
	info->local.addr = t->local;
	info->local.port = t->lport;
	info->remote.addr = t->remote;
	info->remote.scope = t->scope;
	info->remote.port = t->rport;
}

static void fill_listener(const struct holm_tcp *t, struct holm_tcp_info *info)
{
	const struct tcp_bind *b = tcp_bind_of(tcp_net(t)->tcp, t);

	info->rcv_queue = b->nchildren;
	info->snd_queue = b->backlog;
}

/* Of who has no remote end, or none any more, nothing is known. */
static struct tcp_rtt rtt_of(const struct holm_tcp *t)
{
	return t->flags & TCP_HASHED ? t->rtt : (struct tcp_rtt){ 0 };
}

static void fill_windows(const struct holm_tcp *t, struct holm_tcp_info *info)
{
	const struct tcp_rtt rtt = rtt_of(t);

	info->snd_wnd = t->snd_wnd;
	info->rcv_wnd = tcp_rcv_wnd(t);
	info->cwnd_bytes = t->cwnd;
	info->ssthresh_bytes = t->flags & TCP_HASHED ? t->ssthresh : 0;
	info->snd_mss = t->dst ? tcp_mss(t) : 0;
	info->rcv_mss = t->flight ? t->flight->rcv_mss : TCP_MSS_DEFAULT_IP4;
	info->srtt_ns = rtt_srtt_ns(&rtt);
	info->rttvar_ns = rtt_rttvar_ns(&rtt);
	info->rto_ns = (uint64_t)rtt_backoff_ticks(rtt_rto_ticks(&rtt), info->backoff)
		       << TCP_TICK_SHIFT;
	info->in_flight = tcp_in_flight(t);
	info->retrans_total = t->flight ? t->flight->retransmits : 0;
}

static uint8_t phase_of(const struct tcp_flight *fl)
{
	if (fl->phase == TCP_RECOVERY)
		return HOLM_TCP_PHASE_RECOVERY;
	if (fl->phase == TCP_LOSS)
		return HOLM_TCP_PHASE_LOSS;
	if (fl->ecn & TCP_ECN_REDUCED && seq_leq(fl->conn->snd_una, fl->ecn_end))
		return HOLM_TCP_PHASE_CWR;
	if (fl->dupacks > 0 || (fl->repair && fl->repair->score.sacked > 0))
		return HOLM_TCP_PHASE_DISORDER;
	return HOLM_TCP_PHASE_OPEN;
}

/* What is known while the connection is active. */
static void fill_flight(const struct holm_tcp *t, struct holm_tcp_info *info)
{
	const struct tcp_flight *fl = t->flight;

	info->phase = phase_of(fl);
	info->probes = t->flags & TCP_PERSIST ? fl->retries : 0;
	info->fast_data = fl->syn_data > 0;
	info->ecn_seen = fl->ecn != 0;
	info->pacing_rate = fl->pacer ? fl->pacer->rate : 0;
	if (fl->rack.has_rtt)
		info->min_rtt_ns = (uint64_t)fl->rack.min_rtt << RTT_UNIT_SHIFT;
	if (!fl->repair)
		return;
	info->sacked_bytes = fl->repair->score.sacked;
	info->lost_bytes = fl->repair->score.lost;
}

static void fill_path(const struct holm_tcp *t, struct holm_tcp_info *info)
{
	info->ecn = (t->flags & TCP_ECN) != 0;
	info->max_pacing_rate = t->settings->max_pacing_rate;
	info->not_sent_bytes = tcp_not_sent(t);
	info->idle_rx_ns = (uint64_t)(tcp_stamp(tcp_net(t)->now) - t->last_rx) << TCP_STAMP_SHIFT;
	if (!t->dst)
		return;
	info->path_mtu = t->dst->mtu;
	info->advertised_mss = tcp_announce_mss(t->dst, t->settings);
}

void holm_tcp_get_path(const struct holm_tcp *t, struct holm_tcp_path *path)
{
	const struct tcp_rtt rtt = rtt_of(t);

	path->rtt_ns = rtt_srtt_ns(&rtt);
	path->cwnd_bytes = t->cwnd;
}

void holm_tcp_get_info(const struct holm_tcp *t, struct holm_tcp_info *info)
{
	struct tcp_tuple ends;

	memset(info, 0, sizeof(*info));
	info->state = t->state;
	tcp_get_ends(t, &ends);
	fill_ends(&ends, info);
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
	fill_path(t, info);
	if (t->flight)
		fill_flight(t, info);
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

static bool each(struct holm_net *net, bool (*visit)(void *ctx, const struct holm_ep_info *info),
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
	for (struct htab_node *n = table_walk(&ts->table, NULL); n; n = table_walk(&ts->table, n)) {
		fill_conn(container_of(n, struct holm_tcp, ep.node), &info);
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

/* A part, so that a program which lists nothing links nothing of this. */
static const struct holm_proto *const needs[] = { &holm_tcp, NULL };

const struct holm_proto holm_tcp_list = {
	.name = "tcp-list",
	.kind = PROTO_PART,
	.needs = needs,
	.each = each,
};
