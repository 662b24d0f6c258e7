/*
 * The life of a control block: birth, the block for what is in flight, readiness, death.
 */
#include "net/tcp/room.h"

#include "lib/mem.h"

void tcp_settings_put(struct tcp_settings *s)
{
	if (--s->refs == 0)
		mem_free(&s->net->mem, s, sizeof(*s));
}

int tcp_conn_create(struct holm_net *net, struct tcp_settings *settings, struct holm_tcp **out)
{
	struct tcp_state *ts = net->tcp;
	struct holm_tcp *c;

	if (ts->nconns >= net->config.tcp_conns_max)
		return -HOLM_ENOBUFS;
	c = mem_zalloc(&net->mem, sizeof(*c));
	if (!c)
		return -HOLM_ENOMEM;
	ep_init(&c->ep, HOLM_EP_TCP);
	net_timer_init(&c->timer, tcp_timer_fire);
	c->settings = tcp_settings_get(settings);
	tcp_init_state(c);
	list_push_back(&ts->unconnected, &c->free);
	ts->nconns++;
	*out = c;
	return 0;
}

/* ---- What is needed while something is in flight ---------------------------------------------- */

struct tcp_flight *tcp_flight_get(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);
	struct tcp_flight *fl;

	if (c->flight)
		return c->flight;
	fl = mem_zalloc(&net->mem, sizeof(*fl));
	if (!fl)
		return NULL;
	fl->rtx_nxt = c->snd_una;
	fl->rtx_end = c->snd_una;
	fl->small_end = c->snd_una;
	fl->progress_ns = net->now;
	fl->max_snd_wnd = c->snd_wnd;
	c->flight = fl;
	if (tcp_cc_begin(c, c->settings->cc))
		return fl;
	mem_free(&net->mem, fl, sizeof(*fl));
	c->flight = NULL;
	return NULL;
}

/* What has no meaning any more once the connection has ended. Lent bytes have. */
static void flight_empty(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;

	while (fl->held_first) {
		struct holm_frame *f = fl->held_first;

		fl->held_first = f->next;
		holm_frame_free(f);
	}
	fl->held_frames = 0;
	fl->held_bytes = 0;
	tcp_reasm_destroy(tcp_net(c), fl->reasm);
	fl->reasm = NULL;
}

void tcp_flight_put_if_idle(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;
	struct holm_net *net = tcp_net(c);

	if (!fl || tcp_in_flight(c) != 0 || fl->held_first || (fl->reasm && fl->reasm->n > 0))
		return;
	if (fl->lend && tcp_lend_is_referenced(fl->lend))
		return;
	if (seq_lt(c->snd_nxt, tcp_snd_end(c)))
		return;
	mem_free(&net->mem, fl->lend, sizeof(*fl->lend));
	tcp_reasm_destroy(net, fl->reasm);
	tcp_cc_end(c);
	mem_free(&net->mem, fl, sizeof(*fl));
	c->flight = NULL;
}

/* ---- Opening ----------------------------------------------------------------------------------- */

uint32_t tcp_offer_window(const struct holm_net *net, const struct holm_rcvbuf *rcv)
{
	size_t wnd = rcv ? holm_rcvbuf_window(rcv) : net->config.tcp_rcvbuf_bytes;

	return (uint32_t)min_size(wnd, 65535);
}

uint8_t tcp_offer_wscale(const struct holm_net *net, const struct holm_rcvbuf *rcv)
{
	size_t wnd = net->config.tcp_rcvbuf_bytes;

	if (rcv)
		wnd = max_size(wnd, holm_rcvbuf_window(rcv));
	if (wnd <= 65535)
		return 0;
	/* The least that leaves 16 bits. */
	wnd = min_size(wnd >> 16, (1u << TCP_WSCALE_MAX) - 1);
	return (uint8_t)(ilog2_u32((uint32_t)wnd) + 1);
}

void tcp_conn_start(struct holm_tcp *c, struct tcp_seq irs, uint32_t snd_wnd)
{
	uint32_t mss = tcp_mss(c);

	c->rcv_nxt = seq_add(irs, 1);
	c->rcv_acked = c->rcv_nxt;
	c->snd_wl1 = irs;
	c->snd_wnd = snd_wnd;
	c->rcv_mss = TCP_MSS_DEFAULT_IP4;
	c->quick = TCP_QUICK_ACKS;
	c->ssthresh = UINT32_MAX;
	/* RFC 5681 3.1: one segment if the SYN or SYN-ACK was lost. */
	c->cwnd = c->flags & TCP_SYN_AGAIN ? mss : cc_initial_window(mss);
	if (c->flight)
		c->flight->max_snd_wnd = snd_wnd;
	tcp_cc_restart(c);
}

void tcp_conn_handshake_rtt(struct holm_tcp *c, uint64_t rtt_ns)
{
	rtt_sample(&c->rtt, min_u64(rtt_ns, TCP_S(1)));
}

void tcp_conn_established(struct holm_tcp *c)
{
	tcp_set_state(c, HOLM_TCP_ESTABLISHED);
	c->flags |= TCP_CONNECTED;
	c->retries = 0;
	tcp_timer_rexmt_stop(c);
	if (c->flags & TCP_SHUTDOWN)
		tcp_set_state(c, HOLM_TCP_FIN_WAIT_1);
}

/* ---- Readiness --------------------------------------------------------------------------------- */

static unsigned listener_level(const struct holm_tcp *c)
{
	const struct tcp_bind *b = tcp_bind_of(tcp_net(c)->tcp, c);

	return b && b->nchildren > 0 ? (unsigned)HOLM_ACCEPTABLE : 0;
}

static unsigned level(const struct holm_tcp *c)
{
	unsigned now = 0;

	if (c->state == HOLM_TCP_LISTEN)
		return listener_level(c);
	if (c->flags & TCP_CONNECTED)
		now |= HOLM_CONNECTED;
	if (c->flags & TCP_FIN_RCVD)
		now |= HOLM_PEER_CLOSED | HOLM_READABLE;
	else if (c->rcv && holm_rcvbuf_readable(c->rcv) > 0)
		now |= HOLM_READABLE;
	if (c->error)
		now |= HOLM_ERROR | HOLM_READABLE | HOLM_WRITABLE;
	if (c->state == HOLM_TCP_CLOSED)
		return c->flags & (TCP_CONNECTED | TCP_FIN_RCVD) || c->error
			       ? now | HOLM_CLOSED | HOLM_READABLE
			       : now;
	if ((c->state == HOLM_TCP_ESTABLISHED || c->state == HOLM_TCP_CLOSE_WAIT) && c->snd &&
	    !(c->flags & TCP_SHUTDOWN) && holm_sndbuf_room(c->snd) > 0)
		now |= HOLM_WRITABLE;
	return now;
}

void tcp_publish(struct holm_tcp *c)
{
	uint32_t flags = c->flags;
	unsigned now;

	c->flags = flags & ~(uint32_t)(TCP_CHANGED | TCP_NEW_BYTES);
	if (tcp_is_orphan(c))
		return;
	now = level(c);
	/* Bits that only went are the owner's own doing: no event. */
	if (now & ~(unsigned)c->ep.state)
		ep_set(tcp_net(c), &c->ep, now);
	else
		c->ep.state = (uint16_t)now;
	if (flags & TCP_NEW_BYTES)
		ep_notify(tcp_net(c), &c->ep);
}

void tcp_note_output(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);

	if (c->flags & TCP_QUEUED)
		return;
	c->flags |= TCP_QUEUED;
	queue_push(&net->tcp->output, &c->out);
	net_kick(net);
}

/* ---- Death ------------------------------------------------------------------------------------- */

static void leave_table(struct holm_tcp *c)
{
	struct tcp_state *ts = tcp_net(c)->tcp;

	if (!(c->flags & TCP_HASHED))
		return;
	tcp_table_remove(ts, &c->id);
	c->flags &= ~(uint32_t)TCP_HASHED;
	list_push_back(&ts->unconnected, &c->free);
}

void tcp_conn_yield(struct holm_tcp *c, struct tcp_id *heir, enum tcp_kind kind)
{
	struct tcp_state *ts = tcp_net(c)->tcp;

	tcp_table_replace(ts, &c->id, heir, kind);
	c->flags &= ~(uint32_t)TCP_HASHED;
	list_push_back(&ts->unconnected, &c->free);
}

void tcp_conn_closed(struct holm_tcp *c, int error)
{
	struct holm_net *net = tcp_net(c);

	tcp_set_state(c, HOLM_TCP_CLOSED);
	if (error)
		c->error = (uint8_t)error;
	c->flags &= ~(uint32_t)(TCP_REXMT | TCP_PERSIST | TCP_ACK_NOW | TCP_ACK_DELAYED |
				TCP_SYN_DUE | TCP_PROBE_DUE | TCP_KEEP_DUE);
	leave_table(c);
	net_timer_cancel(net, &c->timer);
	if (c->flight)
		flight_empty(c);
	if (!c->ep.owned && !(c->flags & TCP_CHILD)) {
		tcp_conn_destroy(c);
		return;
	}
	tcp_publish(c);
}

void tcp_conn_destroy(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);
	struct tcp_state *ts = net->tcp;

	ASSERT(!c->ep.owned);
	leave_table(c);
	list_remove(&c->free);
	net_timer_cancel(net, &c->timer);
	if (c->flags & TCP_BOUND)
		tcp_bind_remove(ts, c);
	if (c->flight)
		flight_empty(c);
	tcp_lend_release(c);
	if (c->rcv) {
		net->callbacks++;
		c->rcv->ops->released(c->rcv);
		net->callbacks--;
	}
	if (c->flight) {
		tcp_cc_end(c);
		mem_free(&net->mem, c->flight, sizeof(*c->flight));
	}
	if (c->dst)
		ip_dst_put(net, c->dst);
	tcp_settings_put(c->settings);
	ts->nconns--;
	c->flags |= TCP_DEAD;
	if (!(c->flags & TCP_QUEUED))
		mem_free(&net->mem, c, sizeof(*c));
}
