/*
 * The RACK part: RFC 8985 (RACK-TLP), RFC 9937 (PRR), RFC 5682 (F-RTO), RFC 3522 and 4015 (Eifel),
 * D-SACK as proof of spurious retransmissions. The arithmetic is rack.c's and prr.h's; here it meets
 * a connection, its timers and its controller.
 */
#include "net/core/proto.h"
#include "net/tcp/repair.h"
#include "net/tcp/room.h"

static uint32_t units_now(const struct holm_tcp *c)
{
	return (uint32_t)(tcp_net(c)->now >> RTT_UNIT_SHIFT);
}

static uint32_t srtt_units(const struct holm_tcp *c)
{
	return c->rtt.srtt8 >> 3;
}

/* A deadline so many units from now, never early. */
static uint32_t tick_after(const struct holm_tcp *c, uint32_t units)
{
	return tcp_ticks_up(tcp_net(c)->now + ((uint64_t)units << RTT_UNIT_SHIFT));
}

/* ---- Was it spurious? ---------------------------------------------------------------------------- */

/* All that was sent again since the reduction has arrived twice. */
static bool dsack_proves(struct tcp_repair *r, const struct tcp_news *n)
{
	if (!n->has_dsack || r->undo_bytes == 0 || seq_lt(n->dsack_left, r->undo_from))
		return false;
	r->undo_bytes -= min_u32(r->undo_bytes, seq_diff(n->dsack_right, n->dsack_left));
	return r->undo_bytes == 0;
}

/*
 * RFC 3522 3.2, step (5):
 *   If the value of the Timestamp Echo Reply field of the acceptable ACK's Timestamps option is smaller
 *   than the value of RetransmitTS, then [...] the retransmission was spurious
 */
static bool echo_proves(const struct holm_tcp *c, const struct tcp_repair *r,
			const struct tcp_news *n)
{
	return r->sent_again && n->d.again && n->d.has_echo &&
	       serial_lt(n->h->tsecr, r->again_tsval) && c->flight->phase != TCP_OPEN;
}

/*
 * RFC 5682 3.1:
 *   3) b) If the ACK [...] acknowledges [...] data that was not retransmitted after the timeout [...]
 *   declare the timeout spurious
 *   2) b) If the Cumulative Acknowledgment field advances [...] transmit up to two new segments
 */
static bool frto_proves(struct holm_tcp *c, struct tcp_repair *r, const struct tcp_news *n)
{
	struct tcp_flight *fl = c->flight;

	if (n->d.original) {
		net_count(tcp_net(c), HOLM_COUNT_TCP_SPURIOUS_TIMEOUTS);
		return true;
	}
	if (r->frto == TCP_FRTO_NEW) {
		/* 3) a) nothing but what was sent again and after: the loss was real. */
		if (n->d.bytes > 0)
			r->frto = TCP_FRTO_OFF;
		return false;
	}
	if (n->acked == 0)
		return false;
	r->frto = TCP_FRTO_OFF;
	if (seq_lt(c->snd_una, fl->recover) && seq_lt(c->flight->snd_nxt, tcp_snd_end(c)) &&
	    c->snd_wnd >= tcp_in_flight(c) + tcp_mss(c))
		r->frto = TCP_FRTO_NEW;
	return false;
}

static bool is_spurious(struct holm_tcp *c, const struct tcp_news *n)
{
	struct tcp_repair *r = c->flight->repair;

	if (!r->can_undo)
		return false;
	if (r->frto != TCP_FRTO_OFF && frto_proves(c, r, n))
		return true;
	return dsack_proves(r, n) || echo_proves(c, r, n);
}

/* ---- An ACK -------------------------------------------------------------------------------------- */

static void read_probe(struct holm_tcp *c, const struct tcp_news *n)
{
	struct tcp_repair *r = c->flight->repair;

	if (tlp_acked(&r->tlp, c->snd_una, n->has_dsack ? &n->dsack_right : NULL, n->duplicate) !=
	    TLP_REPAIRED)
		return;
	/* RFC 8985 7.4.2: invoke a congestion control response equivalent to a fast recovery. */
	net_count(tcp_net(c), HOLM_COUNT_TCP_LOSS_PROBES_REPAIRED);
	if (c->flight->phase != TCP_OPEN)
		return;
	tcp_cc_on_recovery(c, tcp_in_flight(c) + n->acked);
	tcp_cc_on_recovered(c);
}

static bool acked(struct holm_tcp *c, const struct tcp_news *n)
{
	struct tcp_repair *r = c->flight->repair;

	rack_update(&c->flight->rack, &n->d);
	rack_acked(&c->flight->rack, c->snd_una);
	if (unlikely(n->has_dsack))
		rack_dsack(&c->flight->rack, c->snd_una, c->flight->snd_nxt);
	if (unlikely(r->tlp.outstanding))
		read_probe(c, n);
	return is_spurious(c, n);
}

static uint32_t reo_wnd(const struct holm_tcp *c)
{
	const struct tcp_repair *r = c->flight->repair;
	bool certain = c->flight->phase != TCP_OPEN || r->dups >= TCP_DUPTHRESH ||
		       r->score.sacked >= TCP_DUPTHRESH * tcp_mss(c);

	return rack_reo_wnd(&c->flight->rack, certain, srtt_units(c));
}

static uint32_t detect(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_repair *r = fl->repair;
	uint32_t wait;
	uint32_t lost = rack_detect(&c->flight->rack, &r->score, reo_wnd(c), units_now(c), &wait);

	if (unlikely(wait > 0)) {
		fl->wait = TCP_WAIT_REORDER;
		fl->wait_tick = tick_after(c, wait);
	} else if (fl->wait == TCP_WAIT_REORDER) {
		fl->wait = TCP_WAIT_NONE;
	}
	return lost;
}

static void window(struct holm_tcp *c, uint32_t delivered, bool safe)
{
	struct tcp_repair *r = c->flight->repair;
	uint32_t in_flight = tcp_pipe(c);

	c->cwnd =
		in_flight + prr_acked(&r->prr, delivered, in_flight, c->ssthresh, tcp_mss(c), safe);
}

static void recovered(struct holm_tcp *c)
{
	rack_recovered(&c->flight->rack);
}

/* ---- Timers -------------------------------------------------------------------------------------- */

static void probed(struct holm_tcp *c, bool again)
{
	struct tcp_repair *r = c->flight->repair;

	r->tlp.outstanding = true;
	r->tlp.again = again;
	r->tlp.end = c->flight->snd_nxt;
	c->flight->wait = TCP_WAIT_NONE;
	net_count(tcp_net(c), HOLM_COUNT_TCP_LOSS_PROBES);
}

static void timeout(struct holm_tcp *c, bool first)
{
	struct tcp_repair *r = c->flight->repair;

	rack_timeout(&c->flight->rack, &r->score, &tcp_net(c)->mem, reo_wnd(c), units_now(c),
		     tcp_mss(c));
	r->tlp.outstanding = false;
	c->flags &= ~(uint32_t)TCP_TLP_DUE;
	/* RFC 5682: not while an earlier loss is being repaired. */
	r->frto = first && c->flight->phase == TCP_OPEN ? TCP_FRTO_FIRST : TCP_FRTO_OFF;
}

/*
 * RFC 8985 7.3, TLP_send_probe():
 *   If an unsent segment exists AND the receive window allows new data to be sent: transmit the
 *   lowest-sequence unsent segment of up to SMSS. Else: retransmit the highest-sequence segment sent
 *   so far.
 */
static bool probe(struct tcp_tx *tx)
{
	struct holm_tcp *c = tx->c;
	struct tcp_seq end = tcp_sent_data_end(c);
	uint32_t n = min_u32(seq_diff(end, c->snd_una), tx->mss);
	uint8_t flags = c->flags & TCP_FIN_SENT ? TCP_ACK | TCP_FIN : TCP_ACK;

	/* What was new went out just now: that is the probe. */
	if (tcp_in_flight(c) == 0)
		return true;
	/* The FIN alone is in flight. */
	if (seq_lt(end, c->snd_una))
		n = 0;
	if (n > 0 && seq_eq(end, tx->end))
		flags |= TCP_PSH;
	if (tcp_send_segment(tx, seq_sub(end, n), n, flags) < 0)
		return false;
	c->flags &= ~(uint32_t)TCP_TLP_DUE;
	c->flight->timing = false;
	c->flight->retransmits++;
	net_count(tx->net, HOLM_COUNT_TCP_RETRANSMITS);
	tx->net->tcp->sack->resent(c, seq_sub(end, n), c->flight->snd_nxt);
	probed(c, true);
	return true;
}

static const struct tcp_rack_ops ops = {
	.acked = acked,
	.detect = detect,
	.window = window,
	.recovered = recovered,
	.timeout = timeout,
	.probed = probed,
	.probe = probe,
};

/* ---- The part ------------------------------------------------------------------------------------ */

static int start(struct holm_net *net)
{
	repair_register(net);
	net->tcp->rack = &ops;
	return 0;
}

static const struct holm_proto *const needs[] = { &holm_tcp, NULL };

const struct holm_proto holm_tcp_rack = {
	.name = "tcp-rack",
	.kind = PROTO_PART,
	.needs = needs,
	.start = start,
};
