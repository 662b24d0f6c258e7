/*
 * Urgent data: RFC 9293 section 3.8.5 and the sixth step of 3.10.7.4, as RFC 6093 reads them. Urgent bytes
 * are ordinary bytes of the stream, delivered in line; here is only where they end, SND.UP and RCV.UP. What
 * a socket makes of the last of them (MSG_OOB) is net/socket's. A part: without it the pointer of what comes
 * is ignored, and none is sent.
 */
#include "net/tcp/hot.h"

#include "net/core/proto.h"

static struct tcp_urgent *urgent_of(struct holm_tcp *c)
{
	struct tcp_flight *fl = tcp_flight_get(c);

	if (fl && !fl->urgent)
		fl->urgent = mem_zalloc(&tcp_net(c)->mem, sizeof(*fl->urgent));
	return fl ? fl->urgent : NULL;
}

/* How many bytes the program has not read up to the end of the urgent ones; 0: it is past them. */
static uint32_t ahead_of_reader(const struct holm_tcp *c)
{
	const struct tcp_urgent *u = c->flight ? c->flight->urgent : NULL;
	struct tcp_seq consumed;

	if (!u || !u->received)
		return 0;
	consumed = seq_sub(c->rcv_nxt, c->flags & TCP_FIN_RCVD ? 1 : 0);
	if (c->rcv)
		consumed = seq_sub(consumed, (uint32_t)holm_rcvbuf_readable(c->rcv));
	return seq_gt(u->rcv_up, consumed) ? seq_diff(u->rcv_up, consumed) : 0;
}

/*
 * RFC 9293 3.10.7.4, sixth:
 *   If the URG bit is set, RCV.UP <- max (RCV.UP, SEG.UP), and signal the user that the remote side has
 *   urgent data if the urgent pointer (RCV.UP) is in advance of the data consumed. If the user has
 *   already been signaled (or is still in the "urgent mode") for this continuous sequence of urgent
 *   data, do not signal the user again.
 *   CLOSE-WAIT, CLOSING, LAST-ACK, TIME-WAIT: This should not occur since a FIN has been received from
 *   the remote side. Ignore the URG.
 */
static void step6(struct holm_tcp *c, const struct tcp_rx *rx)
{
	struct tcp_seq up = seq_add(rx->orig_seq, rx->h->urg);
	struct tcp_urgent *u;

	if ((c->flags & TCP_FIN_RCVD) || seq_leq(up, c->rcv_nxt))
		return;
	u = urgent_of(c);
	if (!u) {
		net_drop_note(rx->net, HOLM_DROP_TCP_NO_MEMORY);
		return;
	}
	if (u->received && seq_leq(up, u->rcv_up))
		return;
	u->rcv_up = up;
	u->received = true;
	net_count(rx->net, HOLM_COUNT_TCP_URGENT_RECEIVED);
	c->flags |= TCP_CHANGED;
}

static bool waits(const struct holm_tcp *c)
{
	return ahead_of_reader(c) > 0;
}

static bool is_idle(const struct holm_tcp *c)
{
	const struct tcp_urgent *u = c->flight->urgent;

	return ahead_of_reader(c) == 0 && (!u->sent || seq_geq(c->snd_una, u->snd_up));
}

/*
 * RFC 9293 3.8.5:
 *   The urgent pointer MUST point to the sequence number of the octet following the urgent data
 *   (MUST-62).
 */
static void fill(const struct holm_tcp *c, struct tcp_seq seq, struct tcp_hdr_info *h)
{
	struct tcp_flight *fl = c->flight;
	const struct tcp_urgent *u = fl->urgent;

	if (u->sent && seq_lt(seq, u->snd_up) && !(h->flags & (TCP_SYN | TCP_RST))) {
		h->flags |= TCP_URG;
		h->urg = (uint16_t)min_u32(seq_diff(u->snd_up, seq), UINT16_MAX);
	}
	/* Kept, both ends would lie ahead again half a circle later. */
	if (is_idle(c)) {
		mem_free(&tcp_net(c)->mem, fl->urgent, sizeof(*fl->urgent));
		fl->urgent = NULL;
	}
}

static bool is_sending(const struct holm_tcp *c)
{
	const struct tcp_urgent *u = c->flight->urgent;

	return u->sent && seq_lt(c->snd_una, u->snd_up);
}

int holm_tcp_send_urgent(struct holm_tcp *t)
{
	struct tcp_urgent *u;

	ASSERT(!tcp_net(t)->callbacks);
	if (!tcp_net(t)->tcp->urgent)
		return -HOLM_ENOPROTOOPT;
	if (!tcp_is_synchronized(t) || (t->flags & TCP_SHUTDOWN))
		return -HOLM_EPIPE;
	tcp_stir(t);
	u = urgent_of(t);
	if (!u)
		return -HOLM_ENOMEM;
	u->snd_up = tcp_snd_end(t);
	u->sent = true;
	holm_tcp_send(t);
	return 0;
}

bool holm_tcp_urgent(const struct holm_tcp *t, uint32_t *ahead, uint32_t *id)
{
	uint32_t n = ahead_of_reader(t);

	*ahead = n;
	*id = n > 0 ? t->flight->urgent->rcv_up.v : 0;
	return n > 0;
}

/* ---- The part ------------------------------------------------------------------------------------ */

static const struct tcp_urgent_ops ops = {
	.step6 = step6,
	.waits = waits,
	.is_idle = is_idle,
	.fill = fill,
	.is_sending = is_sending,
};

static int start(struct holm_net *net)
{
	net->tcp->urgent = &ops;
	return 0;
}

static const struct holm_proto *const needs[] = { &holm_tcp, NULL };

const struct holm_proto holm_tcp_urg = {
	.name = "tcp-urgent",
	.kind = PROTO_PART,
	.needs = needs,
	.start = start,
};
