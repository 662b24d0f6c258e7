/*
 * The life of a control block: birth, the block for what is in flight, readiness, death.
 */
#include "net/tcp/hot.h"
#include "net/tcp/lend.h"

#include "lib/copy.h"
#include "lib/mem.h"

void tcp_settings_put(struct tcp_settings *s)
{
	if (HOLM_WITH_OPTIONS && --s->refs == 0)
		mem_give(&s->net->mem, s, sizeof(*s));
}

int tcp_conn_create(struct holm_net *net, struct tcp_settings *settings, struct holm_tcp **out)
{
	struct tcp_state *ts = net->tcp;
	struct holm_tcp *c;

	if (ts->nconns >= net->config.tcp_conns_max)
		return -HOLM_ENOBUFS;
	c = mem_take(&net->mem, sizeof(*c));
	if (!c)
		return -HOLM_ENOMEM;
	zero_lines(c, sizeof(*c));
	ep_init(&c->ep, HOLM_EP_TCP);
	c->settings = tcp_settings_get(settings);
	tcp_init_state(c);
	list_push_back(&ts->unconnected, &c->free);
	ts->nconns++;
	*out = c;
	return 0;
}

/* ---- The block of an active connection ---------------------------------------------------------- */

/* Is there nothing in it, and nothing due, that an idle connection does not have? */
static bool is_idle(const struct holm_tcp *c)
{
	const struct tcp_flight *fl = c->flight;

	if (!tcp_is_synchronized(c) || (c->flags & (TCP_QUEUED | TCP_ACK_NOW)) ||
	    tcp_timer_is_needed(c))
		return false;
	return seq_eq(fl->snd_nxt, c->snd_una) && !seq_lt(fl->snd_nxt, tcp_snd_end(c)) &&
	       !fl->held_first && !(tcp_has_reasm(fl) && fl->reasm->n > 0) &&
	       !(tcp_has_lent(fl) && tcp_lend_is_referenced(fl->lend)) &&
	       (!tcp_has_urgent(fl) || tcp_net(c)->tcp->urgent->is_idle(c)) &&
	       !tcp_has_search(fl) && !tcp_has_unsaid(fl);
}

static void repair_end(struct holm_tcp *c)
{
	if (tcp_has_repair(c->flight))
		tcp_net(c)->tcp->sack->end(c);
}

/* Has it what connections that only ask and answer never need? */
static inline bool has_parts(const struct tcp_flight *fl)
{
	return fl->held_first || tcp_has_repair(fl) || tcp_has_reasm(fl) || tcp_has_urgent(fl) ||
	       tcp_has_search(fl);
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
	repair_end(c);
	if (tcp_has_reasm(fl)) {
		tcp_net(c)->tcp->reasm->destroy(tcp_net(c), fl->reasm);
		fl->reasm = NULL;
	}
	if (tcp_has_urgent(fl)) {
		mem_free(&tcp_net(c)->mem, fl->urgent, sizeof(*fl->urgent));
		fl->urgent = NULL;
	}
	if (tcp_has_search(fl))
		tcp_net(c)->tcp->search->end(c);
}

/* Its lent bytes are nobody's or somebody else's. */
static always_inline void flight_free_here(struct holm_net *net, struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;

	if (unlikely(has_parts(fl)))
		flight_empty(c);
	if (unlikely((HOLM_WITH_CONTROLLERS && fl->cc.own) || tcp_has_pacer(fl)))
		tcp_cc_end(c);
	if (HOLM_WITH_GROWTH) {
		list_remove(&fl->lru);
		net->tcp->nflights--;
	}
	c->flight = NULL;
	if (!HOLM_WITH_SACK || unlikely(net->tcp->nspare == TCP_FLIGHTS_SPARE)) {
		net_timer_cancel(net, &fl->timer);
		mem_free(&net->mem, fl, sizeof(*fl));
		return;
	}
	/* In the place that it has. */
	if (net_timer_is_armed(&fl->timer))
		net_timer_arm(net, &fl->timer, WHEEL_NEVER);
	fl->spare_next = net->tcp->spare;
	net->tcp->spare = fl;
	net->tcp->nspare++;
}

static never_inline void flight_free(struct holm_tcp *c)
{
	flight_free_here(tcp_net(c), c);
}

/* A block that is spare; NULL. */
static inline struct tcp_flight *pop_spare(struct tcp_state *ts)
{
	struct tcp_flight *fl = HOLM_WITH_SACK ? ts->spare : NULL;

	if (unlikely(!fl))
		return NULL;
	ts->spare = fl->spare_next;
	ts->nspare--;
	return fl;
}

void tcp_flight_spare_free(struct tcp_state *ts)
{
	struct tcp_flight *fl;

	while ((fl = pop_spare(ts)) != NULL) {
		net_timer_cancel(ts->net, &fl->timer);
		mem_free(&ts->net->mem, fl, sizeof(*fl));
	}
}

/* All zero but the timer, which is ready to be armed; perhaps it never left the wheel. */
static struct tcp_flight *take_flight(struct tcp_state *ts)
{
	const size_t behind = offsetof(struct tcp_flight, timer) + sizeof(struct net_timer);
	struct tcp_flight *fl = pop_spare(ts);

	if (likely(fl)) {
		memset(fl, 0, offsetof(struct tcp_flight, timer));
		zero_lines((uint8_t *)fl + behind, sizeof(*fl) - behind);
		return fl;
	}
	fl = mem_zalloc(&ts->net->mem, sizeof(*fl));
	if (fl)
		net_timer_init(&fl->timer, tcp_timer_fire);
	return fl;
}

void tcp_flight_put_if_idle(struct holm_tcp *c)
{
	if (!c->flight || !is_idle(c))
		return;
	if (tcp_has_lent(c->flight))
		mem_free(&tcp_net(c)->mem, c->flight->lend, sizeof(*c->flight->lend));
	flight_free(c);
}

/*
 * Many connections are active by turns: the blocks of those whose turn is long over go to those
 * whose turn it is, and stay in the cache. Looks at two, so that each that is made may bring the
 * number down. A build without GROWTH has few, and its timer alone takes them.
 */
static void take_back(struct tcp_state *ts)
{
	for (int i = 0; i < 2 && ts->nflights > TCP_FLIGHTS_KEPT; i++) {
		struct list_node *n = list_pop_front(&ts->flights);

		list_push_back(&ts->flights, n);
		tcp_flight_put_if_idle(container_of(n, struct tcp_flight, lru)->conn);
	}
}

struct tcp_flight *tcp_flight_make(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);
	struct tcp_state *ts = net->tcp;
	struct tcp_flight *fl;
	struct tcp_tuple t;

	if (HOLM_WITH_GROWTH && unlikely(ts->nflights >= TCP_FLIGHTS_KEPT))
		take_back(ts);
	fl = take_flight(ts);
	if (!fl)
		return NULL;
	fl->conn = c;
	fl->snd_nxt = c->snd_una;
	/* The FIN takes a sequence number, and no byte. */
	fl->buf_seq = c->flags & TCP_FIN_SENT ? seq_sub(c->snd_una, 1) : c->snd_una;
	fl->rcv_acked = c->rcv_nxt;
	/* What is acceptable begins there, or reaches there. */
	fl->snd_wl1 = c->rcv_nxt;
	fl->rcv_mss = TCP_MSS_DEFAULT_IP4;
	if (HOLM_WITH_SACK)
		rack_init(&fl->rack);
	fl->rtx_nxt = c->snd_una;
	fl->rtx_end = c->snd_una;
	fl->small_end = c->snd_una;
	fl->progress_ns = net->now;
	fl->max_snd_wnd = c->snd_wnd;
	if (c->flags & TCP_TS) {
		tcp_get_ends(c, &t);
		fl->ts_offset = tcp_ts_offset(net, &t);
	}
	if (unlikely(c->flags & TCP_ECN) && ts->accecn)
		fl->accecn = ts->accecn->find(c);
	c->flight = fl;
	if (!tcp_cc_begin_new(c, c->settings->cc)) {
		net_timer_cancel(net, &fl->timer);
		mem_free(&net->mem, fl, sizeof(*fl));
		c->flight = NULL;
		return NULL;
	}
	if (HOLM_WITH_GROWTH) {
		list_push_back(&ts->flights, &fl->lru);
		ts->nflights++;
	}
	if (c->state == HOLM_TCP_ESTABLISHED && tcp_calm(ts))
		ts->calm->begin(c);
	return fl;
}

/* ---- Opening ----------------------------------------------------------------------------------- */

uint8_t tcp_wscale_for(size_t wnd)
{
	if (wnd <= 65535)
		return 0;
	/* The least that leaves 16 bits. */
	wnd = min_size(wnd >> 16, (1u << TCP_WSCALE_MAX) - 1);
	return (uint8_t)(ilog2_u32((uint32_t)wnd) + 1);
}

void tcp_conn_start(struct holm_tcp *c, struct tcp_seq irs, uint32_t snd_wnd)
{
	uint32_t mss = tcp_mss(c);
	struct tcp_flight *fl = c->flight;

	c->rcv_nxt = seq_add(irs, 1);
	c->snd_wnd = snd_wnd;
	c->quick = TCP_QUICK_ACKS;
	c->ssthresh = UINT32_MAX;
	/* RFC 5681 3.1: one segment if the SYN or SYN-ACK was lost. */
	c->cwnd = c->flags & TCP_SYN_AGAIN ? mss : cc_initial_window(mss);
	if (!fl)
		return;
	fl->rcv_acked = c->rcv_nxt;
	fl->snd_wl1 = irs;
	fl->max_snd_wnd = snd_wnd;
	tcp_cc_restart(c, mss);
}

void tcp_conn_handshake_rtt(struct holm_tcp *c, uint64_t rtt_ns)
{
	rtt_sample(&c->rtt, min_u64(rtt_ns, TCP_S(1)));
}

/* A connection that its SYN opened is like any other from now on, or none. */
static always_inline void end_opening(struct holm_tcp *c)
{
	struct tcp_state *ts = tcp_net(c)->tcp;
	struct tcp_flight *fl = c->flight;

	if (!fl || likely(!fl->fast && !fl->half))
		return;
	if (HOLM_WITH_RECORDS)
		ts->nfast -= fl->fast;
	ts->nhalf -= fl->half;
	fl->fast = false;
	fl->half = false;
}

/* What tcp_time_wait_enter() has counted. */
static void end_time_wait(struct tcp_state *ts)
{
	ts->ntime_wait--;
	ts->nconns++;
}

void tcp_conn_established(struct holm_tcp *c)
{
	tcp_set_state(c, HOLM_TCP_ESTABLISHED);
	c->flags |= TCP_CONNECTED;
	c->flight->retries = 0;
	tcp_timer_rexmt_stop(c);
	end_opening(c);
	/* Data that a server sent before the handshake was complete. */
	if (unlikely(tcp_in_flight(c) > 0))
		tcp_timer_rexmt(c);
	if (HOLM_WITH_PLPMTUD && unlikely(tcp_net(c)->config.tcp_mtu_probing == 2) &&
	    tcp_net(c)->tcp->search)
		tcp_net(c)->tcp->search->begin(c);
	if (c->flags & TCP_SHUTDOWN)
		tcp_set_state(c, HOLM_TCP_FIN_WAIT_1);
}

/* ---- Readiness --------------------------------------------------------------------------------- */

static unsigned listener_level(const struct holm_tcp *c)
{
	const struct tcp_bind *b = tcp_bind_of(tcp_net(c)->tcp, c);

	return (c->ep.state & (unsigned)HOLM_PENDING) |
	       (b && b->nchildren > 0 ? (unsigned)HOLM_ACCEPTABLE : 0);
}

size_t holm_tcp_send_room(const struct holm_tcp *t)
{
	return tcp_send_room(t);
}

/* In a state in which bytes may be queued, and there is room for some. */
static inline bool is_writable(const struct holm_tcp *c)
{
	const uint32_t open = 1u << HOLM_TCP_ESTABLISHED | 1u << HOLM_TCP_CLOSE_WAIT;

	return c->snd && !(c->flags & TCP_SHUTDOWN) &&
	       (likely(open >> c->state & 1) || tcp_is_fast(c)) && tcp_send_room(c) > 0;
}

/* After an error, or in a state in which nothing comes or goes any more, or yet. */
static never_inline unsigned rest_level(const struct holm_tcp *c, unsigned now)
{
	if (c->state == HOLM_TCP_LISTEN)
		return listener_level(c);
	if (c->error)
		now |= HOLM_ERROR | HOLM_READABLE | HOLM_WRITABLE;
	if ((c->state == HOLM_TCP_CLOSED || c->state == HOLM_TCP_TIME_WAIT) &&
	    ((c->flags & (TCP_CONNECTED | TCP_FIN_RCVD)) || c->error))
		now |= HOLM_CLOSED | HOLM_READABLE;
	return now;
}

static inline unsigned level(const struct holm_tcp *c)
{
	const uint32_t rests =
		1u << HOLM_TCP_LISTEN | 1u << HOLM_TCP_CLOSED | 1u << HOLM_TCP_TIME_WAIT;
	unsigned now = c->flags & TCP_CONNECTED ? HOLM_CONNECTED : 0;

	if (c->flags & TCP_FIN_RCVD)
		now |= HOLM_PEER_CLOSED | HOLM_READABLE;
	else if (c->rcv && holm_rcvbuf_readable(c->rcv) > 0)
		now |= HOLM_READABLE;
	if (unlikely(c->flight && tcp_has_urgent(c->flight)) && tcp_net(c)->tcp->urgent->waits(c))
		now |= HOLM_URGENT;
	if (unlikely((rests >> c->state & 1) || c->error))
		return rest_level(c, now);
	return is_writable(c) ? now | HOLM_WRITABLE : now;
}

void tcp_publish(struct holm_tcp *c)
{
	uint32_t flags = c->flags;
	unsigned now;

	c->flags = flags & ~(uint32_t)(TCP_CHANGED | TCP_NEW_BYTES);
	/* Who accepts it is told then. */
	if (!c->ep.owned)
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

void tcp_publish_room(struct holm_tcp *c)
{
	if (is_writable(c))
		ep_set(tcp_net(c), &c->ep, c->ep.state | (unsigned)HOLM_WRITABLE);
}

void tcp_note_output(struct holm_tcp *c)
{
	tcp_note(tcp_net(c), c);
}

/* ---- Death ------------------------------------------------------------------------------------- */

/* Its program still holds it: what is left answers calls. */
static never_inline void become_shell(struct holm_tcp *c, int error)
{
	struct holm_net *net = tcp_net(c);

	tcp_set_state(c, HOLM_TCP_CLOSED);
	if (error)
		c->error = (uint8_t)error;
	c->flags &= ~(uint32_t)(TCP_REXMT | TCP_PERSIST | TCP_ACK_NOW | TCP_ACK_DELAYED |
				TCP_SYN_DUE | TCP_PROBE_DUE | TCP_KEEP_DUE);
	if (c->flags & TCP_HASHED)
		tcp_table_remove(net->tcp, c);
	if (c->flight && !tcp_has_lent(c->flight)) {
		flight_free(c);
	} else if (c->flight) {
		flight_empty(c);
		net_timer_cancel(net, &c->flight->timer);
	}
	tcp_publish(c);
}

void tcp_conn_closed(struct holm_tcp *c, int error)
{
	if (unlikely(c->state == HOLM_TCP_TIME_WAIT) && !tcp_small(tcp_net(c)->tcp))
		end_time_wait(tcp_net(c)->tcp);
	end_opening(c);
	/* Of an orphan nobody would see the state. */
	if (tcp_is_orphan(c))
		tcp_conn_destroy(c);
	else
		become_shell(c, error);
}

static always_inline void release_snd(struct holm_net *net, struct holm_tcp *c)
{
	if (unlikely(c->flight && tcp_has_lent(c->flight)))
		tcp_lend_release(c);
	if (!c->snd)
		return;
	net->callbacks++;
	c->snd->ops->released(c->snd);
	net->callbacks--;
	c->snd = NULL;
}

void tcp_release_snd(struct holm_tcp *c)
{
	release_snd(tcp_net(c), c);
}

void tcp_release_rcv(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);

	if (!c->rcv)
		return;
	net->callbacks++;
	c->rcv->ops->released(c->rcv);
	net->callbacks--;
	c->rcv = NULL;
}

void tcp_conn_destroy(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);
	struct tcp_state *ts = net->tcp;

	ASSERT(!c->ep.owned);
	if (c->flags & TCP_HASHED)
		tcp_table_leave(ts, c);
	else
		list_remove(&c->free);
	if (unlikely(c->flags & TCP_BOUND))
		tcp_bind_remove(ts, c);
	release_snd(net, c);
	if (unlikely(c->rcv))
		tcp_release_rcv(c);
	if (c->flight)
		flight_free_here(net, c);
	if (c->dst)
		ip_dst_put(net, c->dst);
	if (c->flags & TCP_IP6)
		tcp_drop_ends(c);
	tcp_settings_put(c->settings);
	ts->nconns--;
	ts->norphans -= (c->flags & TCP_ORPHAN) != 0;
	c->flags |= TCP_DEAD;
	if (!(c->flags & TCP_QUEUED))
		mem_give(&net->mem, c, sizeof(*c));
}
