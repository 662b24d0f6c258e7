/*
 * The ACK that completes a handshake: SYN-RECEIVED of a passive open, RFC 9293 section 3.10.7.4 as far
 * as a small record can do it, and the connection that is made then, from a record or from a cookie.
 */
#include "net/tcp/room.h"

/* ---- The connection ------------------------------------------------------------------------------ */

static void sample_handshake(struct holm_tcp *c, const struct tcp_half *half,
			     const struct tcp_hdr_info *h)
{
	struct holm_net *net = tcp_net(c);
	uint32_t passed = tcp_half_age_ticks(net, half);

	/* A cookie knows no time, and its timestamp is not one. An answered one was held back. */
	if (half->held == TCP_HELD_SEALED || half->acked)
		return;
	if (half->has_ts && h->has_ts && h->tsecr != 0)
		passed = tcp_tsval(net, c->flight->ts_offset) - h->tsecr;
	else if (half->retries > 0)
		return;
	if ((int32_t)passed >= 0)
		tcp_conn_handshake_rtt(c, ((uint64_t)passed << TCP_TICK_SHIFT) +
						  (1u << (TCP_TICK_SHIFT - 1)));
}

static void fill_child(struct holm_tcp *c, const struct tcp_half *half,
		       const struct tcp_tuple *ends)
{
	struct holm_net *net = tcp_net(c);
	uint32_t offer = tcp_offer_window(net, NULL);
	struct tcp_flight *fl = c->flight;

	c->ts_recent = half->ts_recent;
	if (half->has_ts) {
		c->flags |= TCP_TS;
		fl->ts_offset = tcp_ts_offset(net, ends);
	}
	if (half->has_sack)
		c->flags |= TCP_SACK;
	if (tcp_half_has_wscale(half)) {
		c->flags |= TCP_WSCALE;
		c->wscales = (uint8_t)(half->wscale | tcp_offer_wscale(net, NULL) << 4);
	}
	if (half->retries > 0)
		c->flags |= TCP_SYN_AGAIN;
	fl->snd_nxt = seq_add(half->iss, 1);
	fl->buf_seq = fl->snd_nxt;
	tcp_conn_start(c, half->irs, 0); /* the ACK that is looked at next has the window */
	c->rcv_adv = seq_add(c->rcv_nxt, offer);
	if (unlikely(half->ecn))
		net->tcp->ecn->begin(c, half->ecn, NULL);
}

/* Memory for everything that a child is made of. */
static struct holm_tcp *alloc_child(struct tcp_bind *bind, const struct tcp_half *half,
				    const struct tcp_rx *rx)
{
	struct holm_net *net = rx->net;
	const struct ip_via via = tcp_via(net, &bind->owner->settings->via, rx->ends.scope);
	struct holm_tcp *c;

	if (tcp_conn_create(net, bind->owner->settings, &c) != 0)
		return NULL;
	c->snd_una = half->iss;
	if (ip_dst_get_via(net, &rx->ends.remote, &via, &c->dst) != 0)
		c->dst = NULL;
	if (!c->dst || !tcp_set_ends(c, &rx->ends))
		goto fail;
	c->peer_mss = tcp_peer_mss(c, half->peer_mss);
	if (tcp_flight_get(c) && tcp_table_insert(net->tcp, c, rx->hash))
		return c;
fail:
	tcp_conn_destroy(c);
	return NULL;
}

/* The control block, in SYN-RECEIVED. NULL: no memory. The record is not needed any more. */
static struct holm_tcp *make_child(struct tcp_bind *bind, const struct tcp_half *half,
				   struct tcp_rx *rx)
{
	struct holm_tcp *c = alloc_child(bind, half, rx);

	rx->why = HOLM_DROP_TCP_NO_MEMORY;
	if (!c)
		return NULL;
	fill_child(c, half, &rx->ends);
	sample_handshake(c, half, rx->h);
	c->flags |= TCP_CHILD;
	tcp_set_state(c, HOLM_TCP_SYN_RECEIVED);
	list_push_back(&bind->children, &c->ep.ready);
	bind->nchildren++;
	net_count(rx->net, HOLM_COUNT_TCP_PASSIVE_OPENS);
	tcp_publish_listener(rx->net, bind);
	/* Each that comes is news, even if others wait: who waits for edges accepts it. */
	ep_notify(rx->net, &bind->owner->ep);
	return c;
}

struct holm_tcp *tcp_child_fast(struct tcp_bind *bind, struct tcp_half *half, struct tcp_rx *rx)
{
	struct holm_tcp *c;
	struct tcp_flight *fl;

	half->acked = 1; /* no round trip has passed */
	c = make_child(bind, half, rx);
	half->acked = 0;
	if (!c)
		return NULL;
	rx->net->tcp->nfast++;
	net_count(rx->net, HOLM_COUNT_TCP_FAST_OPENS);
	c->flags |= TCP_CONNECTED | TCP_SYN_DUE;
	/* The SYN-ACK is sent from below SND.UNA, so that data in flight is all that counts. */
	fl = c->flight;
	fl->fast = true;
	c->snd_una = fl->snd_nxt;
	fl->rtx_nxt = c->snd_una;
	fl->rtx_end = c->snd_una;
	fl->small_end = c->snd_una;
	c->snd_wnd = rx->h->wnd;
	fl->max_snd_wnd = c->snd_wnd;
	rx->syn = false;
	rx->fin = false;
	rx->seq = c->rcv_nxt;
	tcp_trim(c, rx);
	/* Until a buffer is attached it is set aside; if there is no room the peer sends it again. */
	if (tcp_step7_text(c, rx) == TCP_DROP)
		net_drop_note(rx->net, rx->why);
	return c;
}

/* ---- Cookies ------------------------------------------------------------------------------------- */

/* An ACK whose number is a cookie of ours: half says what it says. */
static bool open_cookie(struct tcp_rx *rx, struct tcp_half *half)
{
	*half = (struct tcp_half){ .held = TCP_HELD_SEALED, .wscale = TCP_HALF_NO_WSCALE };
	return rx->net->tcp->cookies->open(rx, half);
}

enum tcp_verdict tcp_input_cookie(struct tcp_bind *bind, struct tcp_rx *rx, struct holm_tcp **child)
{
	struct tcp_half half;

	if (rx->h->flags & TCP_SYN)
		return tcp_drop(rx, HOLM_DROP_TCP_NO_PORT, TCP_REPLY_RST);
	/* What would complete a handshake if there were room: the peer sends its data again. */
	if (bind->nchildren >= bind->backlog && rx->net->tcp->cookies->recent(rx->net))
		return tcp_drop(rx, HOLM_DROP_TCP_BACKLOG_FULL, TCP_REPLY_NONE);
	if (!open_cookie(rx, &half))
		return tcp_drop(rx, HOLM_DROP_TCP_NO_PORT, TCP_REPLY_RST);
	*child = make_child(bind, &half, rx);
	if (!*child)
		return TCP_DROP;
	net_count(rx->net, HOLM_COUNT_TCP_COOKIES_RECEIVED);
	return TCP_NEXT;
}

/* ---- The record ---------------------------------------------------------------------------------- */

/* What is not the ACK that we wait for. */
static enum tcp_verdict answer_other(const struct tcp_bind *bind, const struct tcp_half *half,
				     struct tcp_rx *rx)
{
	const struct tcp_hdr_info *h = rx->h;

	/* The SYN again: our SYN-ACK was lost, or is late. */
	if ((h->flags & TCP_SYN) && !(h->flags & TCP_ACK) && seq_eq(rx->orig_seq, half->irs)) {
		if (bind)
			tcp_half_answer(rx->net, half, &rx->ends, bind->owner->settings);
		return TCP_DONE;
	}
	if ((h->flags & TCP_ACK) && h->ack != half->iss.v + 1)
		return tcp_drop(rx, HOLM_DROP_TCP_ACK_INVALID, TCP_REPLY_RST);
	/*
	 * Outside the window: RFC 9293 3.10.7.4, first. The SYN-ACK again says what we expect; a peer
	 * that has restarted answers it with the RST that ends this record.
	 */
	if (bind && !(h->flags & TCP_RST))
		tcp_half_answer(rx->net, half, &rx->ends, bind->owner->settings);
	return tcp_drop(rx, HOLM_DROP_TCP_HALF_OPEN, TCP_REPLY_NONE);
}

enum tcp_verdict tcp_input_half(tcp_ref ref, struct tcp_rx *rx, struct holm_tcp **child)
{
	struct tcp_state *ts = rx->net->tcp;
	struct tcp_half *half = tcp_half_at(&ts->records, ref);
	struct tcp_bind *bind =
		tcp_find_listener(ts, &rx->ends.local, rx->ends.lport, rx->f->dev, rx->hash);
	struct tcp_half cookie;
	struct tcp_seq nxt = seq_add(half->irs, 1);
	const struct tcp_hdr_info *h = rx->h;

	if (h->flags & TCP_RST) {
		if (!seq_eq(rx->orig_seq, nxt))
			return tcp_drop(rx, HOLM_DROP_TCP_RST_INVALID, TCP_REPLY_NONE);
		net_count(rx->net, HOLM_COUNT_TCP_RESETS_RECEIVED);
		tcp_record_remove(ts, ref);
		return TCP_DONE;
	}
	if (half->held)
		return tcp_drop(rx, HOLM_DROP_TCP_HALF_OPEN, TCP_REPLY_NONE);
	/* A SYN before the one that the record was made for may have been answered by a cookie. */
	if (bind && ts->cookies && (h->flags & (TCP_SYN | TCP_ACK)) == TCP_ACK &&
	    h->ack != half->iss.v + 1 && open_cookie(rx, &cookie)) {
		tcp_record_remove(ts, ref);
		return ts->cookies->input(bind, rx, child);
	}
	if ((h->flags & TCP_SYN) || !(h->flags & TCP_ACK) || h->ack != half->iss.v + 1 ||
	    !seq_in(rx->orig_seq, nxt, tcp_offer_window(rx->net, NULL)))
		return answer_other(bind, half, rx);
	if (half->has_ts && h->has_ts && serial_lt(h->tsval, half->ts_recent))
		return tcp_drop(rx, HOLM_DROP_TCP_PAWS, TCP_REPLY_NONE);
	if (!bind) {
		tcp_record_remove(ts, ref);
		return tcp_drop(rx, HOLM_DROP_TCP_NO_PORT, TCP_REPLY_RST);
	}
	/* The record stays: our SYN-ACK, sent again, asks for this ACK again. */
	if (bind->nchildren >= bind->backlog)
		return tcp_drop(rx, HOLM_DROP_TCP_BACKLOG_FULL, TCP_REPLY_NONE);
	/* A listener that defers waits for data, or the end of its patience. */
	if (rx->orig_len + rx->fin == 0 && half->retries < bind->owner->settings->defer_retries) {
		half->acked = 1;
		return TCP_DONE;
	}
	*child = make_child(bind, half, rx);
	if (!*child)
		return TCP_DROP;
	tcp_record_remove_hashed(ts, ref, rx->hash);
	return TCP_NEXT;
}
