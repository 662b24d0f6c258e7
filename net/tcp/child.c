/*
 * The connection that a SYN becomes: where its handshake is complete, by a record (half.c) or a cookie, or at
 * once, without records or by Fast Open.
 */
#include "net/tcp/hot.h"
#include "net/tcp/opening.h"

/* ---- The connection ------------------------------------------------------------------------------ */

/* What the SYN and the answer to it have agreed upon. */
static void agree(struct holm_tcp *c, const struct tcp_half *half)
{
	c->peer_mss = tcp_peer_mss(c, half->peer_mss);
	c->ts_recent = half->ts_recent;
	c->flags |= (half->has_ts ? (uint32_t)TCP_TS : 0) | (half->has_sack ? TCP_SACK : 0) |
		    (half->retries > 0 ? TCP_SYN_AGAIN : 0);
	if (tcp_half_has_wscale(half)) {
		c->flags |= TCP_WSCALE;
		c->wscales = (uint8_t)(half->wscale | tcp_offer_wscale(tcp_net(c), NULL) << 4);
	}
}

/*
 * Everything that a child is made of: what an idle connection has, and then its block, as any idle one's
 * is made. `una` is its first sequence number. False: no memory.
 */
static bool fill_child(struct holm_tcp *c, const struct tcp_bind *bind, const struct tcp_half *half,
		       const struct tcp_rx *rx, struct tcp_seq una)
{
	struct holm_net *net = rx->net;
	const struct ip_via via = tcp_via(net, &tcp_settings(bind->owner)->via, rx->ends.scope);

	if (ip_dst_get_via(net, &rx->ends.remote, &via, &c->dst) != 0) {
		c->dst = NULL;
		return false;
	}
	if (!tcp_table_enter(net->tcp, c, &rx->ends, rx->hash))
		return false;
	c->snd_una = una;
	agree(c, half);
	/* The ACK that is looked at next has the window. */
	tcp_conn_start(c, half->irs, 0);
	c->rcv_adv = seq_add(c->rcv_nxt, tcp_offer_window(net, NULL));
	if (!tcp_flight_make(c))
		return false;
	if (HOLM_WITH_ECN && unlikely(half->ecn))
		net->tcp->ecn->begin(c, half->ecn, NULL);
	return true;
}

/* The control block, in SYN-RECEIVED, that no listener knows of yet. NULL: no memory. */
static struct holm_tcp *make_child(const struct tcp_bind *bind, const struct tcp_half *half,
				   struct tcp_rx *rx, struct tcp_seq una)
{
	struct holm_tcp *c;

	tcp_rx_why(rx, HOLM_DROP_TCP_NO_MEMORY);
	if (tcp_conn_create(rx->net, bind->owner->settings, &c) != 0)
		return NULL;
	if (!fill_child(c, bind, half, rx, una)) {
		tcp_conn_destroy(c);
		return NULL;
	}
	tcp_set_state(c, HOLM_TCP_SYN_RECEIVED);
	return c;
}

/* Into its listener's queue. */
static void offer_child(struct tcp_bind *bind, struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);

	c->flags |= TCP_CHILD;
	list_push_back(&bind->children, &c->ep.ready);
	bind->nchildren++;
	net_count(net, HOLM_COUNT_TCP_PASSIVE_OPENS);
	tcp_publish_listener(net, bind);
	/* Each that comes is news, even if others wait: who waits for edges accepts it. */
	ep_notify(net, &bind->owner->ep);
}

struct holm_tcp *tcp_child_make(struct tcp_bind *bind, const struct tcp_half *half,
				struct tcp_rx *rx)
{
	struct holm_tcp *c = make_child(bind, half, rx, seq_add(half->iss, 1));

	if (!c)
		return NULL;
	offer_child(bind, c);
	tcp_conn_established(c);
	return c;
}

enum tcp_verdict tcp_child_input(struct holm_tcp *c, struct tcp_rx *rx)
{
	if (rx->net->tcp->unpredicted || (c->flags & TCP_ECN) || !tcp_is_next(c, rx, 0))
		return TCP_NEXT;
	if (c->flags & TCP_TS)
		c->ts_recent = rx->h->tsval;
	c->last_rx = tcp_stamp(rx->net->now);
	tcp_take_window(c, rx->last_seq, rx->h->wnd);
	if (rx->orig_len > 0 && !tcp_hold(c, rx))
		return tcp_drop(rx, HOLM_DROP_TCP_RCVBUF, TCP_REPLY_NONE);
	return TCP_DONE;
}

/* ---- Without records ----------------------------------------------------------------------------- */

enum tcp_verdict tcp_child_half(const struct tcp_bind *bind, const struct tcp_half *half,
				struct tcp_rx *rx, struct holm_tcp **child)
{
	struct tcp_state *ts = rx->net->tcp;
	struct holm_tcp *c;

	if (ts->nhalf >= rx->net->config.tcp_half_open_max)
		return tcp_drop(rx, HOLM_DROP_TCP_SYN_QUEUE_FULL, TCP_REPLY_NONE);
	c = make_child(bind, half, rx, half->iss);
	if (!c)
		return TCP_DROP;
	/* As an active open's SYN: sent, timed and sent again by output and the timer. */
	c->flight->buf_seq = seq_add(half->iss, 1);
	c->flight->half = true;
	c->flags |= TCP_SYN_DUE;
	ts->nhalf++;
	*child = c;
	return TCP_DONE;
}

enum tcp_verdict tcp_child_complete(struct holm_tcp *c, struct tcp_rx *rx)
{
	struct tcp_bind *bind;
	struct tcp_tuple ends;

	tcp_get_ends(c, &ends);
	bind = tcp_find_listener(rx->net->tcp, &ends.local, ends.lport, rx->f->dev,
				 c->ep.node.hash);
	if (!bind) {
		net_drop_note(rx->net, HOLM_DROP_TCP_NO_PORT);
		rx->reply = TCP_REPLY_RST;
		tcp_conn_closed(c, 0);
		return TCP_GONE;
	}
	/* Our SYN-ACK, sent again, asks for this ACK again. */
	if (bind->nchildren >= bind->backlog)
		return tcp_drop(rx, HOLM_DROP_TCP_BACKLOG_FULL, TCP_REPLY_NONE);
	/* RFC 5681 3.1 */
	if (c->flags & TCP_SYN_AGAIN)
		c->cwnd = tcp_mss(c);
	offer_child(bind, c);
	return TCP_NEXT;
}

/* ---- Fast Open ----------------------------------------------------------------------------------- */

struct holm_tcp *tcp_child_fast(struct tcp_bind *bind, const struct tcp_half *half,
				struct tcp_rx *rx)
{
	/* The SYN-ACK is sent from below SND.UNA, so that data in flight is all that counts. */
	struct holm_tcp *c = make_child(bind, half, rx, seq_add(half->iss, 1));

	if (!c)
		return NULL;
	offer_child(bind, c);
	rx->net->tcp->nfast++;
	net_count(rx->net, HOLM_COUNT_TCP_FAST_OPENS);
	c->flags |= TCP_CONNECTED | TCP_SYN_DUE;
	c->flight->fast = true;
	c->snd_wnd = rx->h->wnd;
	c->flight->max_snd_wnd = c->snd_wnd;
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

bool tcp_child_cookie(struct tcp_rx *rx, struct tcp_half *half)
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
	if (!tcp_child_cookie(rx, &half))
		return tcp_drop(rx, HOLM_DROP_TCP_NO_PORT, TCP_REPLY_RST);
	*child = tcp_child_make(bind, &half, rx);
	if (!*child)
		return TCP_DROP;
	net_count(rx->net, HOLM_COUNT_TCP_COOKIES_RECEIVED);
	return TCP_NEXT;
}
