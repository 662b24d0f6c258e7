/*
 * What is to be sent: RFC 9293 sections 3.8.6 and 3.10.2. tcp_output_all() looks at a connection once
 * per round and has everything built that is due: what is to be sent again, new data, the FIN, probes, or
 * a bare ACK. How it becomes segments is burst.c's.
 */
#include "net/tcp/hot.h"
#include "net/tcp/opening.h"

/* How long a connection waits that found no memory or frames where no interface will wake it. */
#define STARVED_NS 1000000u

/* ---- Segment sizes ------------------------------------------------------------------------------- */

uint32_t tcp_mss_shared(const struct holm_tcp *c)
{
	return tcp_mss_now(c);
}

uint16_t tcp_peer_mss(const struct holm_tcp *c, uint16_t option)
{
	uint32_t mss = c->flags & TCP_IP6 ? TCP_MSS_DEFAULT_IP6 : TCP_MSS_DEFAULT_IP4;

	if (option)
		mss = max_u32(option, TCP_MSS_MIN);
	return (uint16_t)(tcp_settings(c)->maxseg ? min_u32(mss, tcp_settings(c)->maxseg) : mss);
}

uint16_t tcp_announce_mss(const struct ip_dst *dst, const struct tcp_settings *s)
{
	return tcp_announced_mss(dst, s);
}

/* ---- Waiting ------------------------------------------------------------------------------------- */

/* No room on the interface: it says when there is. */
static void block(struct holm_tcp *c)
{
	struct holm_netif *netif = c->dst->netif;
	struct tcp_blocked *b = &tcp_net(c)->tcp->blocked[netif->index];

	if (c->flags & TCP_QUEUED)
		return;
	c->flags |= TCP_QUEUED;
	queue_push(&b->conns, &c->out);
	netif_wait(netif, &b->waiter);
}

/*
 * No frames or no memory: nobody tells us of that, so ask again soon. Bare ACKs may use the pool's
 * reserve and go out at these visits.
 */
static void starve(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);

	if (c->flags & TCP_QUEUED)
		return;
	c->flags |= TCP_QUEUED;
	queue_push(&net->tcp->starved, &c->out);
	if (!net_timer_is_armed(&net->tcp->retry))
		net_timer_arm(net, &net->tcp->retry, net->now + STARVED_NS);
}

static void wait_for_room(struct tcp_tx *tx)
{
	const struct holm_netif *netif = tx->c->dst->netif;

	if (netif && netif->tail - netif->head > netif->ring_mask)
		block(tx->c);
	else
		starve(tx->c);
}

/* ---- SYN ----------------------------------------------------------------------------------------- */

/* Any; -HOLM_ENOBUFS, or how many bytes went along. */
static int send_any_syn(struct tcp_tx *tx, uint8_t flags)
{
	struct holm_tcp *c = tx->c;
	uint32_t n = unlikely(tcp_settings(c)->fastopen_connect)
			     ? tx->net->tcp->fastopen->syn_data(tx)
			     : 0;

	if (flags == TCP_SYN && unlikely(HOLM_WITH_ECN && (c->settings->ecn & 1u)))
		flags |= tx->net->tcp->ecn->offer(tx);
	/* The MSS of the server as it was, not yet as it is. */
	tx->mss = max_u32(tx->mss, n);
	return tcp_send_segment(tx, seq_sub(c->snd_una, c->flight->fast), n, flags);
}

/* It has left, and is timed if it is the first. */
static void note_syn(struct holm_tcp *c)
{
	const struct holm_net *net = tcp_net(c);
	struct tcp_flight *fl = c->flight;

	c->flags &= ~(uint32_t)TCP_SYN_DUE;
	if (!fl->fast && seq_eq(fl->snd_nxt, c->snd_una)) {
		fl->snd_nxt = seq_add(c->snd_una, 1);
		fl->timing = true;
		fl->timed = fl->snd_nxt;
		fl->timed_ns = net->now;
		fl->progress_ns = net->now;
	}
	tcp_timer_rexmt(c);
	/* Where calm will want it, if it is answered soon: a timer moves on for nothing. */
	net_timer_arm(tcp_net(c), &fl->timer, net->now + TCP_CALM_NS);
}

static bool send_syn(struct tcp_tx *tx)
{
	struct holm_tcp *c = tx->c;
	int n = send_any_syn(tx, c->state == HOLM_TCP_SYN_SENT ? TCP_SYN : TCP_SYN | TCP_ACK);

	if (n < 0)
		return false;
	if (n > 0)
		c->flight->syn_data = (uint16_t)n;
	note_syn(c);
	return true;
}

/*
 * SYN-SENT: the usual SYN, without data or marks, is all there is to send. False: it is not, its way is not
 * clear, or none is due.
 */
static bool output_usual_syn(struct holm_tcp *c)
{
	if (FOR_SIZE || !(c->flags & TCP_SYN_DUE) || !tcp_send_usual_syn(tcp_net(c), c))
		return false;
	/* It arms the timer for a moment before which nothing can be due. */
	note_syn(c);
	return true;
}

/* ---- Again --------------------------------------------------------------------------------------- */

/* How many of `n` bytes the pacer lets go now. */
static uint32_t paced_bytes(const struct tcp_tx *tx, uint32_t n)
{
	return tcp_pacing_waits(tx->c) ? 0 : min_u32(n, tcp_pacing_burst(tx->c, tx->mss));
}

/* How many of `n` lost bytes may go now: within cwnd, and within what the peer's window is now. */
static uint32_t lost_bytes(const struct tcp_tx *tx, uint32_t n)
{
	struct holm_tcp *c = tx->c;
	uint32_t done = seq_diff(c->flight->rtx_nxt, c->snd_una);
	uint32_t window = max_u32(c->snd_wnd, tx->mss);
	uint32_t allowed = tcp_send_allowance(c);

	n = min_u32(n, window > done ? window - done : 0);
	if (n <= allowed)
		return n;
	c->flags |= TCP_CWND_LIMITED;
	return allowed - allowed % tx->mss;
}

/* How many of the bytes to be sent again may go now. */
static uint32_t again_bytes(const struct tcp_tx *tx)
{
	const struct holm_tcp *c = tx->c;
	const struct tcp_flight *fl = c->flight;
	uint32_t n = seq_diff(seq_min(fl->rtx_end, tcp_sent_data_end(c)), fl->rtx_nxt);
	uint32_t done = seq_diff(fl->rtx_nxt, c->snd_una);
	uint32_t limit = min_u32(c->cwnd, max_u32(c->snd_wnd, tx->mss));

	if (tcp_has_repair(fl))
		return lost_bytes(tx, n);
	/* The oldest segment may always go. */
	if (done == 0)
		return min_u32(n, max_u32(tx->mss, limit - limit % tx->mss));
	if (done >= limit)
		return 0;
	return min_u32(n, limit - done < tx->mss ? 0 : limit - done - (limit - done) % tx->mss);
}

static bool again_is_due(const struct holm_tcp *c)
{
	return seq_lt(c->flight->rtx_nxt, c->flight->rtx_end);
}

static void note_resent(struct holm_tcp *c, uint32_t n)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_seq from = fl->rtx_nxt;

	fl->rtx_nxt = seq_add(from, n);
	if (tcp_has_repair(fl))
		tcp_net(c)->tcp->sack->resent(c, from, fl->rtx_nxt);
}

/* Send what recovery has marked: [rtx_nxt, rtx_end). False: no room. */
static never_inline bool send_again(struct tcp_tx *tx)
{
	struct holm_tcp *c = tx->c;
	struct tcp_flight *fl = c->flight;

	while (seq_lt(fl->rtx_nxt, fl->rtx_end)) {
		struct tcp_seq data_end = tcp_sent_data_end(c);
		uint8_t flags = TCP_ACK;
		uint32_t n = 0;
		int sent;

		if (tx->room == 0)
			return false;
		if (seq_lt(fl->rtx_nxt, data_end)) {
			n = again_bytes(tx);
			if (tcp_is_paced(c))
				n = paced_bytes(tx, n);
			if (n == 0)
				return true;
		}
		ASSERT(!tcp_has_repair(fl) || n <= tcp_send_allowance(c));
		if ((c->flags & TCP_FIN_SENT) && seq_eq(seq_add(fl->rtx_nxt, n), data_end) &&
		    seq_eq(fl->rtx_end, c->flight->snd_nxt))
			flags |= TCP_FIN;
		if (n > 0 && seq_eq(seq_add(fl->rtx_nxt, n), tx->end))
			flags |= TCP_PSH;
		sent = tcp_send_segment(tx, fl->rtx_nxt, n, flags);
		if (sent < 0)
			return false;
		fl->retransmits += tcp_segments_of(tx, (uint32_t)sent);
		net_count_n(tx->net, HOLM_COUNT_TCP_RETRANSMITS,
			    tcp_segments_of(tx, (uint32_t)sent));
		fl->timing = false;
		if (tcp_is_paced(c))
			tcp_pacing_sent(c, fl->rtx_nxt, (uint32_t)sent, true);
		if ((uint32_t)sent == n && (flags & TCP_FIN))
			sent++;
		note_resent(c, (uint32_t)sent);
		if (!(c->flags & TCP_REXMT))
			tcp_timer_rexmt(c);
	}
	return true;
}

/* ---- New data ------------------------------------------------------------------------------------ */

/* Is there something urgent that the peer has not got yet? */
static bool is_urgent(const struct holm_tcp *c)
{
	const struct tcp_flight *fl = c->flight;

	return tcp_has_urgent(fl) && fl->urgent->sent && seq_gt(fl->urgent->snd_up, c->snd_una);
}

/*
 * Is a segment that is not full held back? By Nagle's algorithm, or because the program said that more
 * follows: then until it does, or the override timeout occurs. As on Linux, not while something is urgent.
 */
static bool waits_for_more(const struct tcp_tx *tx)
{
	const struct holm_tcp *c = tx->c;
	bool waits;

	if (c->flags & TCP_SHUTDOWN)
		return false;
	if (unlikely((c->flags & TCP_MORE) || tcp_settings(c)->cork))
		waits = !tx->override;
	else
		waits = !tcp_settings(c)->nodelay && seq_gt(c->flight->small_end, c->snd_una);
	return waits && !is_urgent(c);
}

/*
 * RFC 9293 3.8.6.2.1, when to send (D is what is queued, U the usable window):
 *   (1) if a maximum-sized segment can be sent, i.e., if min(D,U) >= Eff.snd.MSS;
 *   (2) or if the data is pushed and all queued data can be sent now, i.e., if [SND.NXT = SND.UNA
 *       and] PUSHed and D <= U;
 *   (3) or if at least a fraction Fs of the maximum window can be sent, i.e., if [SND.NXT = SND.UNA
 *       and] min(D,U) >= Fs * Max(SND.WND);
 *   (4) or if the override timeout occurs.
 * The bracketed condition is Nagle's, in the form that looks at small segments only.
 */
static uint32_t sendable(const struct tcp_tx *tx)
{
	struct holm_tcp *c = tx->c;
	uint32_t queued = seq_diff(tx->end, c->flight->snd_nxt);
	uint32_t flying = tcp_in_flight(c);
	uint32_t usable = c->snd_wnd > flying ? c->snd_wnd - flying : 0;
	uint32_t allowed = tcp_send_allowance(c);
	uint32_t n = min_u32(queued, usable);
	bool waits;

	if (n < queued)
		c->flags |= TCP_WND_LIMITED;
	if (n > allowed) {
		n = allowed;
		c->flags |= TCP_CWND_LIMITED;
	}
	if (n == 0)
		return 0;
	waits = waits_for_more(tx);
	if (n == queued && (n % tx->mss == 0 || !waits))
		return n;
	if (n >= tx->mss)
		return n - n % tx->mss;
	if (!waits && n >= c->flight->max_snd_wnd / 2)
		return n;
	return 0;
}

static void note_sent(struct tcp_tx *tx, uint32_t n, uint32_t fin)
{
	struct holm_tcp *c = tx->c;
	struct tcp_flight *fl = c->flight;
	struct tcp_seq from = fl->snd_nxt;

	if (seq_eq(c->snd_una, from))
		fl->progress_ns = tx->net->now;
	if (tcp_is_paced(c))
		tcp_pacing_sent(c, seq_add(from, n), n, false);
	fl->snd_nxt = seq_add(from, n + fin);
	/* What is new is not to be sent again yet. */
	if (seq_eq(fl->rtx_nxt, fl->rtx_end)) {
		fl->rtx_nxt = fl->snd_nxt;
		fl->rtx_end = fl->snd_nxt;
	}
	if (tcp_has_repair(fl))
		tx->net->tcp->sack->sent(c, n + fin);
	else
		fl->credit -= min_u32(fl->credit, n);
	tcp_note_small(c, n % tx->mss != 0);
	if (fin)
		c->flags |= TCP_FIN_SENT;
	if (n > 0)
		tcp_answered(tx->net, c);
	/* The first segment of a run: the others wait for it on the way. */
	if (!fl->timing) {
		fl->timing = true;
		fl->timed = seq_add(from, n > 0 ? min_u32(n, tx->mss) : fin);
		fl->timed_ns = tx->net->now;
	}
	if (!(c->flags & TCP_REXMT)) {
		fl->retries = 0;
		tcp_timer_rexmt(c);
	}
}

/* The FIN goes with the last byte, or alone; windows do not hold it back. */
static bool fin_is_due(const struct holm_tcp *c)
{
	return (c->flags & (TCP_SHUTDOWN | TCP_FIN_SENT)) == TCP_SHUTDOWN;
}

/* What is sent must be noted: is there memory for that? */
static inline bool can_note(struct holm_tcp *c)
{
	return likely(c->flight->repair) || !(c->flags & TCP_SACK) ||
	       tcp_net(c)->tcp->sack->begin(c);
}

/* False: no room, or no memory. */
static bool send_new(struct tcp_tx *tx)
{
	struct holm_tcp *c = tx->c;

	while (!(c->flags & TCP_FIN_SENT)) {
		uint32_t n = seq_eq(c->flight->snd_nxt, tx->end) ? 0 : sendable(tx);
		bool last = seq_eq(seq_add(c->flight->snd_nxt, n), tx->end);
		bool fin = last && unlikely(fin_is_due(c));
		uint8_t flags = TCP_ACK;
		int sent;

		if (n == 0 && !fin)
			return true;
		if (n > 0 && tcp_is_paced(c)) {
			n = paced_bytes(tx, n);
			if (n == 0)
				return true;
			if (!seq_eq(seq_add(c->flight->snd_nxt, n), tx->end))
				last = fin = false;
		}
		if (tx->room == 0 || !can_note(c))
			return false;
		ASSERT(n <= tcp_send_allowance(c));
		if (last && n > 0)
			flags |= TCP_PSH;
		if (fin)
			flags |= TCP_FIN;
		sent = tcp_send_segment(tx, c->flight->snd_nxt, n, flags);
		if (sent < 0)
			return false;
		note_sent(tx, (uint32_t)sent, fin && (uint32_t)sent == n);
		if (last && (uint32_t)sent == n)
			return true;
	}
	return true;
}

/*
 * RFC 4821 7.2: data of the size that is tried, with enough behind it that its loss is seen. Windows
 * hold it back as they do all else.
 */
void tcp_send_mtu_probe(struct tcp_tx *tx)
{
	struct holm_tcp *c = tx->c;
	const struct tcp_search_ops *ops = tx->net->tcp->search;
	uint32_t flying = tcp_in_flight(c), mss = tx->mss, n = ops->size(c);
	uint32_t need = n + (TCP_DUPTHRESH + 1) * mss;
	struct tcp_seq left = c->flight->snd_nxt;
	int went = 0;

	if (n == 0)
		return;
	if (seq_diff(tx->end, left) >= need && c->snd_wnd >= flying + need &&
	    tcp_send_allowance(c) >= need && tx->room > 0 && can_note(c) &&
	    !(tcp_is_paced(c) && tcp_pacing_waits(c))) {
		tx->mss = n;
		went = tcp_send_segment(tx, left, n, TCP_ACK);
		if (went > 0)
			note_sent(tx, (uint32_t)went, 0);
		tx->mss = mss;
	}
	ops->sent(c, left, went > 0 ? (uint32_t)went : 0);
}

/* ---- Probes and ACKs ----------------------------------------------------------------------------- */

/*
 * RFC 9293 3.8.6.1: one byte of data beyond the window, so that every peer answers. It counts as sent when it
 * is acknowledged, if it is: step5_ack.c. Until then it is the first of what the window will let go.
 */
static bool send_window_probe(struct tcp_tx *tx)
{
	struct holm_tcp *c = tx->c;
	bool fresh = seq_eq(c->snd_una, c->flight->snd_nxt);

	c->flags &= ~(uint32_t)TCP_PROBE_DUE;
	if (fresh && !seq_lt(c->flight->snd_nxt, tx->end))
		return true;
	if (!fresh && !seq_lt(c->snd_una, tcp_sent_data_end(c)))
		return true;
	if (fresh && c->snd_wnd > 0) {
		/*
		 * The override timeout of 3.8.6.2.1: a window that stays small is what the peer has.
		 * From now on it is measured by this, and used.
		 */
		c->flight->max_snd_wnd = c->snd_wnd;
		tx->override = true;
		return send_new(tx);
	}
	if (tcp_send_segment(tx, c->snd_una, 1, TCP_ACK) < 0) {
		c->flags |= TCP_PROBE_DUE;
		return false;
	}
	net_count(tx->net, HOLM_COUNT_TCP_ZERO_WINDOW_PROBES);
	if (fresh)
		c->flight->probe_end = seq_add(c->snd_una, 1);
	c->flight->timing = false;
	return true;
}

static bool send_probes(struct tcp_tx *tx)
{
	const struct holm_tcp *c = tx->c;

	if ((c->flags & TCP_TLP_DUE) && !tx->net->tcp->rack->probe(tx))
		return false;
	if ((c->flags & TCP_PROBE_DUE) && !send_window_probe(tx))
		return false;
	return !(c->flags & TCP_KEEP_DUE) || tx->net->tcp->keep_alive->send(tx);
}

static bool send_ack(struct tcp_tx *tx)
{
	struct holm_tcp *c = tx->c;

	/* RFC 9293 3.8.6.3: at least every second full-sized segment. */
	if ((c->flags & TCP_ACK_DELAYED) &&
	    seq_diff(c->rcv_nxt, c->flight->rcv_acked) >= 2u * c->flight->rcv_mss)
		c->flags |= TCP_ACK_NOW;
	return !(c->flags & TCP_ACK_NOW) || tcp_send_ack(c);
}

/* ---- One visit ----------------------------------------------------------------------------------- */

/* Unsent bytes, nothing in flight that would bring an ACK: only a probe can find out. */
static bool must_persist(const struct tcp_tx *tx)
{
	const struct holm_tcp *c = tx->c;

	return !(c->flags & (TCP_REXMT | TCP_PERSIST)) && seq_eq(c->snd_una, c->flight->snd_nxt) &&
	       seq_lt(c->flight->snd_nxt, tx->end) &&
	       !(tcp_is_paced(c) && net_timer_is_armed(&c->flight->pacer->timer));
}

/* What few connections have to send in front of all else. */
static never_inline void send_extras(struct tcp_tx *tx)
{
	struct holm_tcp *c = tx->c;

	/* RFC 9768 3.2.2.1: what is said of the SYN-ACK goes with a pure ACK, also where data follows. */
	if ((c->flags & TCP_ECN) && tx->net->tcp->ecn->greets(c))
		(void)tcp_send_segment(tx, c->flight->snd_nxt, 0, TCP_ACK);
	if ((c->flags & TCP_SEARCH) && !again_is_due(c) && !(c->flags & TCP_FIN_SENT))
		tx->net->tcp->search->probe(tx);
}

/* Is there more to look at than an ACK? A receiver's visits end here. */
static inline bool has_more_than_ack(const struct tcp_tx *tx)
{
	const struct holm_tcp *c = tx->c;

	return (c->flags & (TCP_ECN | TCP_SEARCH | TCP_PROBE_DUE | TCP_KEEP_DUE | TCP_TLP_DUE)) ||
	       seq_lt(c->flight->snd_nxt, tx->end) || fin_is_due(c) || again_is_due(c) ||
	       tcp_is_paced(c);
}

/* All that is due but for a bare ACK. False: no room, or no memory. */
static bool send_due(struct tcp_tx *tx)
{
	struct holm_tcp *c = tx->c;
	bool ok;

	if (seq_eq(c->snd_una, c->flight->snd_nxt) && seq_lt(c->flight->snd_nxt, tx->end))
		tcp_cc_on_idle(c);
	if (unlikely(c->flags & (TCP_ECN | TCP_SEARCH)))
		send_extras(tx);
	ok = likely(!again_is_due(c)) || send_again(tx);
	ok = ok && send_new(tx);
	if (ok && unlikely(c->flags & (TCP_PROBE_DUE | TCP_KEEP_DUE | TCP_TLP_DUE)))
		ok = send_probes(tx);
	if (tcp_is_paced(c) && seq_eq(c->flight->snd_nxt, tx->end) && tcp_send_allowance(c) > 0)
		tcp_cc_on_app_limited(c);
	if (ok && must_persist(tx)) {
		c->flight->retries = 0;
		c->flight->progress_ns = tx->net->now;
		tcp_timer_persist(c);
	}
	return ok;
}

static bool output_synchronized(struct tcp_tx *tx)
{
	struct holm_tcp *c = tx->c;
	uint32_t ack_now = c->flags & TCP_ACK_NOW;
	bool ok = !has_more_than_ack(tx) || send_due(tx);

	/* Full segments have no room for SACK blocks: they have not told the peer of them. */
	if (unlikely(ack_now && !tx->announced && (c->flags & TCP_SACK) && tcp_sack_is_due(c)))
		c->flags |= TCP_ACK_NOW;
	if (c->flags & (TCP_ACK_NOW | TCP_ACK_DELAYED))
		ok = send_ack(tx) && ok;
	return ok;
}

/* Is there anything to look at? A segment that asked for nothing is the usual no. */
static bool is_due(const struct holm_tcp *c, struct tcp_seq end)
{
	if (c->flags & (TCP_ACK_NOW | TCP_ACK_DELAYED | TCP_SYN_DUE | TCP_PROBE_DUE | TCP_KEEP_DUE |
			TCP_TLP_DUE))
		return true;
	return seq_lt(c->flight->snd_nxt, end) || fin_is_due(c) || again_is_due(c);
}

/* Send everything that is due. Blocked, the connection will be noted again. */
never_inline void tcp_output_one(struct holm_tcp *c)
{
	struct tcp_seq end;
	struct tcp_tx tx;
	bool ok = true;

	if (unlikely(c->state == HOLM_TCP_CLOSED || c->state == HOLM_TCP_LISTEN))
		return;
	if (unlikely(!tcp_flight_get(c))) {
		starve(c);
		return;
	}
	if (unlikely(c->state == HOLM_TCP_SYN_SENT) && output_usual_syn(c))
		return;
	tcp_stir(c);
	end = tcp_snd_end(c);
	if (is_due(c, end)) {
		ip_dst_check(tcp_net(c), c->dst);
		tcp_tx_init(&tx, c, end);
		/* Both may have opened, and the other end's answer may have come before ours left. */
		if (unlikely(c->flags & TCP_SYN_DUE) && !tcp_is_synchronized(c))
			ok = send_syn(&tx);
		if (likely(tcp_may_send(c)))
			ok = ok && output_synchronized(&tx);
		else if (c->flags & TCP_ACK_NOW)
			ok = send_ack(&tx);
		if (unlikely(!ok))
			wait_for_room(&tx);
	}
	/* What has left makes room below a mark. */
	if (unlikely(!(c->ep.state & HOLM_WRITABLE)) && tcp_settings(c)->notsent_lowat)
		tcp_publish(c);
	tcp_timer_update(c);
}

size_t tcp_output_all(struct holm_net *net, size_t budget)
{
	return tcp_visit_noted(net, budget, NULL);
}
