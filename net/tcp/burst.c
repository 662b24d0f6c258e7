/*
 * Building segments: the only place where a TCP header is written. Decides nothing about what is
 * sent or when (output.c), only how: small payload copied and summed into the frame, large payload
 * lent as a super-frame for the device or software GSO to cut.
 */
#include "net/tcp/room.h"

#include "lib/checksum.h"
#include "net/wire/ip4.h"

/* Shorter pieces cost less to copy than to lend. */
#define LEND_MIN 512u
/* What 16 bits of IP length hold, less the largest headers. */
#define SUPER_MAX (65535u - 40u - TCP_HDR_MAX)

/* ---- The window that we announce ----------------------------------------------------------------- */

struct tcp_seq tcp_window_edge(const struct holm_tcp *c)
{
	size_t wnd = tcp_net(c)->config.tcp_rcvbuf_bytes;

	if (c->flags & TCP_FIN_RCVD)
		return c->rcv_adv;
	if (c->rcv)
		wnd = holm_rcvbuf_window(c->rcv);
	wnd = min_size(wnd, (size_t)65535 << tcp_rcv_wscale(c));
	return seq_add(c->rcv_nxt, (uint32_t)wnd);
}

bool tcp_window_opens(const struct holm_tcp *c, struct tcp_seq edge)
{
	size_t buffer = seq_diff(edge, c->rcv_nxt);

	if (!seq_gt(edge, c->rcv_adv))
		return false;
	if (c->rcv)
		buffer += holm_rcvbuf_readable(c->rcv);
	return seq_diff(edge, c->rcv_adv) >= min_size(buffer / 2, c->rcv_mss);
}

/*
 * RFC 9293 3.8.6.2.2, avoiding silly windows:
 *   The suggested SWS avoidance algorithm for the receiver is to keep RCV.NXT+RCV.WND fixed until
 *   the reduction satisfies: RCV.BUFF - RCV.USER - RCV.WND >= min ( Fr * RCV.BUFF, Eff.snd.MSS )
 */
static uint16_t announce_window(struct holm_tcp *c)
{
	unsigned scale = tcp_rcv_wscale(c);
	uint32_t unit = (1u << scale) - 1;
	struct tcp_seq edge = tcp_window_edge(c);
	uint32_t wnd = tcp_rcv_wnd(c);

	if (seq_gt(edge, c->rcv_adv)) {
		uint32_t whole = seq_diff(edge, c->rcv_nxt);

		if (tcp_window_opens(c, edge))
			wnd = whole & ~unit;
		wnd = max_u32(wnd, tcp_rcv_wnd(c));
		/* Up to a whole unit where the buffer honours that. */
		if (seq_leq(seq_add(c->rcv_nxt, (wnd + unit) & ~unit), edge))
			wnd = (wnd + unit) & ~unit;
	}
	wnd >>= scale;
	c->rcv_adv = seq_max(c->rcv_adv, seq_add(c->rcv_nxt, wnd << scale));
	return (uint16_t)wnd;
}

/* ---- Headers ------------------------------------------------------------------------------------- */

void tcp_tx_init(struct tcp_tx *tx, struct holm_tcp *c)
{
	struct holm_netif *netif = c->dst->netif;

	tx->net = tcp_net(c);
	tx->c = c;
	tx->mss = tcp_mss(c);
	tx->room = netif ? (uint32_t)netif_room(netif) : UINT32_MAX;
	tx->pseudo = ip_pseudo_sum(&c->id.local, &c->id.remote, IP4_PROTO_TCP, 0);
	tx->hw_csum = netif && (netif->features & (HOLM_DEV_TX_CSUM | HOLM_DEV_NO_CSUM));
}

static void fill_syn_options(const struct tcp_tx *tx, struct tcp_hdr_info *h)
{
	const struct holm_tcp *c = tx->c;
	bool answer = (h->flags & TCP_ACK) != 0;

	h->has_mss = true;
	h->mss = tcp_announce_mss(c->dst, c->settings);
	h->wnd = (uint16_t)min_u32(tcp_rcv_wnd(c), 65535);
	/* An answer offers what was offered. */
	h->has_ts = answer ? (c->flags & TCP_TS) != 0 : c->settings->timestamps;
	h->sack_permitted = answer ? (c->flags & TCP_SACK) != 0 : c->settings->sack;
	h->has_wscale = !answer || (c->flags & TCP_WSCALE);
	h->wscale = tcp_offer_wscale(tx->net, c->rcv);
}

static void fill_header(const struct tcp_tx *tx, struct tcp_hdr_info *h, struct tcp_seq seq,
			uint32_t len, uint8_t flags)
{
	struct holm_tcp *c = tx->c;

	tcp_clear_options(h);
	h->seq = seq.v;
	h->ack = flags & TCP_ACK ? c->rcv_nxt.v : 0;
	h->sport = c->id.lport;
	h->dport = c->id.rport;
	h->urg = 0;
	h->flags = flags;
	if (unlikely(flags & TCP_SYN)) {
		fill_syn_options(tx, h);
	} else {
		h->wnd = announce_window(c);
		h->has_ts = (c->flags & TCP_TS) != 0;
		if (unlikely(len == 0 && (c->flags & TCP_SACK) && c->flight && c->flight->reasm))
			h->nsack = tcp_sack_blocks(c->flight->reasm, h->sack,
						   h->has_ts ? TCP_SACK_MAX - 1 : TCP_SACK_MAX);
	}
	if (h->has_ts) {
		h->tsval = tcp_tsval(tx->net, c->ts_offset);
		h->tsecr = flags & TCP_ACK ? c->ts_recent : 0;
	}
}

static uint32_t sum_header(const uint8_t *p, size_t hdr_len, uint32_t sum)
{
	if (hdr_len == TCP_HDR_BYTES)
		return checksum_20(p, sum);
	return checksum_partial(p, hdr_len, sum);
}

/* Put the header in front of the payload and finish, or prepare, the checksum. */
static void push_header(const struct tcp_tx *tx, struct holm_frame *f, const struct tcp_hdr_info *h,
			uint32_t payload_sum, bool summed)
{
	size_t hdr_len = tcp_build_bytes(h);
	uint32_t pseudo = checksum_add(tx->pseudo, (uint32_t)(hdr_len + f->len));
	uint8_t *p = holm_frame_push(f, hdr_len);

	tcp_build(p, h);
	f->hdr_len = (uint16_t)hdr_len;
	f->payload_off = (uint16_t)hdr_len;
	if (summed) {
		pseudo = sum_header(p, hdr_len, checksum_add(pseudo, payload_sum));
		store_be16(p + TCP_CSUM_OFFSET, checksum_finish(pseudo));
		return;
	}
	f->csum = HOLM_CSUM_PARTIAL;
	f->csum_start = 0;
	f->csum_off = TCP_CSUM_OFFSET;
	store_be16(p + TCP_CSUM_OFFSET, (uint16_t)~checksum_finish(pseudo));
}

static void transmit(const struct tcp_tx *tx, struct holm_frame *f)
{
	struct holm_tcp *c = tx->c;
	const struct ip_tx ip = {
		.src = &c->id.local,
		.dst = &c->id.remote,
		.proto = IP4_PROTO_TCP,
		.tos = c->settings->tos,
		.ttl = c->settings->ttl,
		.dont_fragment = true,
	};

	ip_output(tx->net, c->dst, f, &ip);
}

/* ---- Payload ------------------------------------------------------------------------------------- */

/* Copy queued bytes behind the head-room; returns their sum, if it is ours to compute. */
static uint32_t copy_payload(const struct tcp_tx *tx, struct holm_frame *f, size_t off, size_t len)
{
	struct holm_span spans[HOLM_LEND_SPANS_MAX];
	uint32_t sum = 0;
	size_t done = 0;

	while (done < len) {
		size_t n = holm_sndbuf_lend(tx->c->snd, off + done, len - done, spans,
					    HOLM_LEND_SPANS_MAX);

		ASSERT(n > 0);
		for (size_t i = 0; i < n; i++) {
			uint8_t *dst = holm_frame_put(f, spans[i].len);
			uint32_t part = 0;

			if (tx->hw_csum)
				memcpy(dst, spans[i].data, spans[i].len);
			else
				part = checksum_copy(dst, spans[i].data, spans[i].len, 0);
			sum = checksum_add(sum, done % 2 ? checksum_rotate(part) : part);
			done += spans[i].len;
		}
	}
	return sum;
}

/* Append queued bytes as lent spans; returns how many went. */
static size_t lend_payload(const struct tcp_tx *tx, struct holm_frame *f, struct tcp_lend_gen *gen,
			   size_t off, size_t len)
{
	struct holm_span spans[HOLM_LEND_SPANS_MAX];
	size_t done = 0;

	while (done < len) {
		size_t n = holm_sndbuf_lend(tx->c->snd, off + done, len - done, spans,
					    HOLM_LEND_SPANS_MAX);

		ASSERT(n > 0);
		for (size_t i = 0; i < n; i++) {
			/* Frames only read what is lent. */
			uint8_t *data = (uint8_t *)(uintptr_t)spans[i].data;

			if (!holm_frame_append(f, &gen->buf, data, spans[i].len))
				return done;
			done += spans[i].len;
		}
	}
	return done;
}

/* One segment whose payload lies in the frame. */
static int send_copied(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	struct holm_frame *f = holm_frame_alloc(tx->net->pool, HOLM_FRAME_HEADROOM, len == 0);
	struct tcp_hdr_info h;
	uint32_t sum = 0;

	if (!f)
		return -HOLM_ENOBUFS;
	if (len > 0)
		sum = copy_payload(tx, f, seq_diff(seq, tx->c->buf_seq), len);
	else
		f->flags |= HOLM_FRAME_ACK;
	fill_header(tx, &h, seq, len, flags);
	push_header(tx, f, &h, sum, !tx->hw_csum);
	transmit(tx, f);
	return (int)len;
}

/* A super-segment, or one that does not fit a frame. */
static int send_lent(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	struct holm_tcp *c = tx->c;
	struct tcp_lend_gen *gen = tcp_lend_begin(c, seq);
	struct holm_frame *f;
	struct tcp_hdr_info h;
	uint32_t done;

	if (!gen)
		return -HOLM_ENOBUFS;
	f = holm_frame_alloc(tx->net->pool, HOLM_FRAME_HEADROOM, false);
	if (!f)
		return -HOLM_ENOBUFS;
	done = (uint32_t)lend_payload(tx, f, gen, seq_diff(seq, c->buf_seq), len);
	if (done < len) {
		/* No room for more spans: whole segments, and what ends the stream waits. */
		uint32_t whole = done > tx->mss ? done - done % tx->mss : done;

		holm_frame_trim(f, whole);
		done = whole;
		flags &= (uint8_t) ~(unsigned)(TCP_FIN | TCP_PSH);
	}
	if (done == 0) {
		holm_frame_free(f);
		return -HOLM_ENOBUFS;
	}
	f->flags |= HOLM_FRAME_LENT;
	if (done > tx->mss) {
		f->gso = holm_addr_is_ip4(&c->id.local) ? HOLM_GSO_TCP4 : HOLM_GSO_TCP6;
		f->gso_size = (uint16_t)tx->mss;
	}
	fill_header(tx, &h, seq, done, flags);
	push_header(tx, f, &h, 0, false);
	transmit(tx, f);
	return (int)done;
}

static uint32_t super_max(const struct tcp_tx *tx)
{
	const struct holm_netif *netif = tx->c->dst->netif;
	uint32_t max = SUPER_MAX;

	if (netif && netif->dev->caps.gso_max > TCP_HDR_MAX + 60u)
		max = min_u32(max, netif->dev->caps.gso_max - TCP_HDR_MAX - 60u);
	if (tx->room < max / tx->mss)
		max = tx->room * tx->mss;
	return max_u32(max - max % tx->mss, tx->mss);
}

int tcp_send_segment(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	struct holm_tcp *c = tx->c;
	uint32_t whole = len;
	uint32_t segments;
	int sent = -HOLM_ENOBUFS;

	len = min_u32(len, super_max(tx));
	if (len < whole)
		flags &= (uint8_t) ~(unsigned)(TCP_FIN | TCP_PSH);
	if (len > tx->mss || len > HOLM_FRAME_BYTES - HOLM_FRAME_HEADROOM)
		sent = send_lent(tx, seq, len, flags);
	if (sent < 0 && len > tx->mss) {
		/* No memory to keep account of lent bytes: one segment, by copying. */
		len = tx->mss;
		flags &= (uint8_t) ~(unsigned)(TCP_FIN | TCP_PSH);
	}
	if (sent < 0 && len <= HOLM_FRAME_BYTES - HOLM_FRAME_HEADROOM)
		sent = send_copied(tx, seq, len, flags);
	if (sent < 0)
		return sent;
	segments = (uint32_t)sent > tx->mss ? ((uint32_t)sent + tx->mss - 1) / tx->mss : 1;
	tx->room -= min_u32(tx->room, segments);
	net_count_n(tx->net, HOLM_COUNT_TCP_TX_SEGMENTS, segments);
	if (flags & TCP_ACK) {
		c->rcv_acked = c->rcv_nxt;
		c->flags &= ~(uint32_t)(TCP_ACK_NOW | TCP_ACK_DELAYED);
	}
	return sent;
}
