/*
 * OPEN, active: RFC 9293 sections 3.10.1 and 3.10.7.3 (SYN-SENT). Linked with holm_tcp_connect(),
 * which enters what it needs in the instance: a program that only listens has none of it.
 */
#include "net/tcp/hot.h"
#include "net/tcp/lend.h"

/* ---- What comes then ----------------------------------------------------------------------------- */

static void read_options(struct holm_tcp *c, const struct tcp_rx *rx)
{
	const struct tcp_hdr_info *h = rx->h;

	c->peer_mss = tcp_peer_mss(c, h->has_mss ? h->mss : 0);
	if (h->has_wscale) {
		c->flags |= TCP_WSCALE;
		c->wscales = (uint8_t)(h->wscale | tcp_offer_wscale(tcp_net(c), c->rcv) << 4);
	}
	if (h->has_ts && tcp_wants_timestamps(c)) {
		c->flags |= TCP_TS;
		c->ts_recent = h->tsval;
	}
	if (h->sack_permitted && tcp_wants_sack(c))
		c->flags |= TCP_SACK;
	if (unlikely(c->settings->ecn & 1u) && (h->flags & TCP_ACK))
		rx->net->tcp->ecn->begin(c, rx->net->tcp->ecn->agreed(c, rx), rx);
}

/* Karn: a SYN sent twice gives no sample, unless timestamps tell which one was answered. */
static void sample_syn(struct holm_tcp *c, const struct tcp_hdr_info *h)
{
	const struct holm_net *net = tcp_net(c);

	if (c->flight->timing) {
		tcp_conn_handshake_rtt(c, net->now - c->flight->timed_ns);
	} else if ((c->flags & TCP_TS) && h->tsecr != 0) {
		uint32_t passed = tcp_tsval(net, c->flight->ts_offset) - h->tsecr;

		tcp_conn_handshake_rtt(c, (uint64_t)passed << TCP_TICK_SHIFT);
	}
	c->flight->timing = false;
}

/*
 * RFC 9293 3.10.7.3, first and second:
 *   If SEG.ACK =< ISS or SEG.ACK > SND.NXT, send a reset (unless the RST bit is set [...])
 *   If the RST bit is set: [...] If the ACK was acceptable, then signal to the user "error:
 *   connection reset", drop the segment, enter CLOSED state, delete TCB, and return.
 */
static enum tcp_verdict syn_sent_ack_rst(struct holm_tcp *c, struct tcp_rx *rx)
{
	const struct tcp_hdr_info *h = rx->h;
	struct tcp_seq ack = seq_of(h->ack);

	struct tcp_seq sent = seq_add(c->flight->snd_nxt, c->flight->syn_data);

	if ((h->flags & TCP_ACK) && (!seq_gt(ack, c->snd_una) || seq_gt(ack, sent))) {
		/*
		 * An old incarnation there answers our SYN: the RST ends it, and a SYN right behind
		 * it finds the port free.
		 */
		if (!(h->flags & TCP_RST) && tcp_challenge_allowed(c)) {
			c->flags |= TCP_SYN_DUE;
			c->flight->timing = false; /* Karn */
			tcp_note_output(c);
		}
		return tcp_drop(rx, HOLM_DROP_TCP_ACK_INVALID, TCP_REPLY_RST);
	}
	if (!(h->flags & TCP_RST))
		return TCP_NEXT;
	if (!(h->flags & TCP_ACK))
		return tcp_drop(rx, HOLM_DROP_TCP_RST_INVALID, TCP_REPLY_NONE);
	net_count(rx->net, HOLM_COUNT_TCP_RESETS_RECEIVED);
	net_count(rx->net, HOLM_COUNT_TCP_FAILED_OPENS);
	tcp_conn_closed(c, HOLM_ECONNREFUSED);
	return TCP_GONE;
}

/*
 * RFC 9293 3.10.7.3, fourth:
 *   RCV.NXT is set to SEG.SEQ+1, IRS is set to SEG.SEQ. SND.UNA should be advanced to equal SEG.ACK
 *   (if there is an ACK) [...] If SND.UNA > ISS (our SYN has been ACKed), change the connection state
 *   to ESTABLISHED, form an ACK segment [...] Otherwise, enter SYN-RECEIVED, form a SYN,ACK segment.
 */
static enum tcp_verdict syn_sent_syn(struct holm_tcp *c, struct tcp_rx *rx)
{
	uint32_t offer = tcp_rcv_wnd(c);

	c->last_rx = tcp_stamp(rx->net->now);
	read_options(c, rx);
	tcp_conn_start(c, rx->orig_seq, rx->h->wnd);
	c->rcv_adv = seq_add(c->rcv_nxt, offer);
	if (!(rx->h->flags & TCP_ACK)) {
		tcp_set_state(c, HOLM_TCP_SYN_RECEIVED);
		c->flags |= TCP_SYN_DUE;
		return TCP_DONE;
	}
	sample_syn(c, rx->h);
	if (unlikely(tcp_settings(c)->fastopen_connect))
		rx->net->tcp->fastopen->answered(c, rx);
	c->snd_una = seq_of(rx->h->ack);
	/* What went with the SYN and was taken; the rest is sent as if it never had been. */
	if (seq_gt(c->snd_una, c->flight->snd_nxt)) {
		c->flight->snd_nxt = c->snd_una;
		(void)tcp_lend_discard(c);
	}
	tcp_conn_established(c);
	c->flags |= TCP_ACK_NOW;
	if (likely(rx->orig_len == 0 && !rx->fin))
		return TCP_DONE;
	/* What came with the SYN-ACK goes through the last steps. */
	rx->syn = false;
	rx->seq = c->rcv_nxt;
	tcp_trim(c, rx);
	return TCP_NEXT;
}

static enum tcp_verdict input_syn_sent(struct holm_tcp *c, struct tcp_rx *rx)
{
	enum tcp_verdict v = syn_sent_ack_rst(c, rx);

	if (v != TCP_NEXT)
		return v;
	/* Fifth, if neither of the SYN or RST bits is set, then drop the segment and return. */
	if (!(rx->h->flags & TCP_SYN))
		return tcp_drop(rx, HOLM_DROP_TCP_HALF_OPEN, TCP_REPLY_NONE);
	v = syn_sent_syn(c, rx);
	if (v == TCP_NEXT)
		v = tcp_step7_text(c, rx);
	return v == TCP_NEXT ? tcp_step8_fin(c, rx) : v;
}

/* ---- The call ------------------------------------------------------------------------------------ */

/* Who is to be connected, and from where: *dst has a reference. */
static int choose_ends(struct holm_tcp *t, const struct holm_endpoint *remote,
		       const struct tcp_bind *bind, struct tcp_tuple *ends, struct ip_dst **dst)
{
	struct holm_net *net = tcp_net(t);
	struct ip_via via;
	int err;

	/* MUST-46 */
	if (remote->scope > UINT16_MAX || !ip_addr_is_unicast(net, &remote->addr))
		return -HOLM_EINVAL;
	ends->scope = ip6_is_link_local(&remote->addr) ? (uint16_t)remote->scope : 0;
	/* Bound to a device, it names the link. */
	if (ip6_is_link_local(&remote->addr) && tcp_settings(t)->via.dev)
		ends->scope = tcp_scope_of(&remote->addr, tcp_settings(t)->via.dev);
	via = tcp_via(net, &tcp_settings(t)->via, ends->scope);
	err = ip_dst_get_via(net, &remote->addr, &via, dst);
	if (err)
		return err;
	ends->remote = remote->addr;
	ends->rport = remote->port;
	ends->local = (*dst)->src;
	ends->lport = 0;
	if (bind) {
		ends->lport = bind->port;
		if (!holm_addr_is_any(&bind->addr))
			ends->local = bind->addr;
	}
	if (holm_addr_is_ip4(&ends->local) != holm_addr_is_ip4(&remote->addr))
		err = -HOLM_EAFNOSUPPORT;
	else if (bind && !holm_addr_is_any(&bind->addr) && !ip_addr_is_local(net, &bind->addr))
		err = -HOLM_ENETUNREACH;
	if (err)
		ip_dst_put(net, *dst);
	return err;
}

/* Into the table, and the block that a connection being opened always has. */
static int enter(struct holm_tcp *t, const struct holm_endpoint *remote)
{
	struct holm_net *net = tcp_net(t);
	struct tcp_bind *bind = t->flags & TCP_BOUND ? tcp_bind_of(net->tcp, t) : NULL;
	struct tcp_tuple ends;
	struct ip_dst *dst;
	int err = choose_ends(t, remote, bind, &ends, &dst);

	if (err)
		return err;
	if (t->dst)
		ip_dst_put(net, t->dst);
	t->dst = dst;
	err = tcp_port_connect(net->tcp, t, &ends);
	if (err)
		return err;
	/* The port that it has now is the connection's. */
	if (bind && bind->port == 0) {
		tcp_bind_drop(net->tcp, bind);
		t->flags &= ~(uint32_t)TCP_BOUND;
	}
	t->peer_mss = tcp_peer_mss(t, 0);
	if (!tcp_flight_get(t)) {
		tcp_table_remove(net->tcp, t);
		return -HOLM_ENOMEM;
	}
	if (tcp_wants_timestamps(t))
		t->flight->ts_offset = tcp_ts_offset(net, &ends);
	return 0;
}

int holm_tcp_connect(struct holm_tcp *t, const struct holm_endpoint *remote)
{
	struct holm_net *net = tcp_net(t);
	int err;

	ASSERT(!net->callbacks);
	if (t->state == HOLM_TCP_SYN_SENT || t->state == HOLM_TCP_SYN_RECEIVED)
		return -HOLM_EALREADY;
	if (t->state != HOLM_TCP_CLOSED || (t->flags & TCP_CONNECTED))
		return -HOLM_EISCONN;
	err = enter(t, remote);
	if (err)
		return err;
	t->error = 0;
	/* What an attempt that failed had agreed upon, or was to do, is none of this one's. */
	t->flags &= ~(uint32_t)(TCP_SYN_AGAIN | TCP_SHUTDOWN | TCP_TS | TCP_SACK | TCP_WSCALE |
				TCP_ECN);
	t->wscales = 0;
	t->flight->buf_seq = seq_add(t->snd_una, 1);
	t->rcv_nxt = seq_of(0);
	t->rcv_adv = seq_of(tcp_offer_window(net, t->rcv));
	tcp_set_state(t, HOLM_TCP_SYN_SENT);
	t->flags |= TCP_SYN_DUE;
	t->last_rx = tcp_stamp(net->now);
	net->tcp->syn_sent = input_syn_sent;
	net_count(net, HOLM_COUNT_TCP_ACTIVE_OPENS);
	/* An attempt that failed before may show still. */
	if (t->ep.state)
		tcp_publish(t);
	tcp_note_output(t);
	return 0;
}
