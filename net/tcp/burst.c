/*
 * Queued bytes as segments (RFC 9293 3.7): what fits one is copied and summed into a frame; more is
 * run.c's, or goes one segment after the other where that is not a part of the instance, or has no
 * room; and an ACK alone. Counts what went, and notes what it acknowledged. Decides nothing about
 * what is sent or when (output.c), and writes no header (header.c).
 */
#include "net/tcp/header.h"

/* One segment whose payload lies in the frame. */
static int send_copied(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	struct holm_frame *f = holm_frame_alloc(tx->net->pool, HOLM_FRAME_HEADROOM, len == 0);
	uint32_t sum = 0;

	if (!f)
		return -HOLM_ENOBUFS;
	if (len > 0)
		sum = tcp_copy_queued(tx->c->snd, tx->hw_csum, holm_frame_put(f, len),
				      flags & TCP_SYN ? 0 : seq_diff(seq, tx->c->flight->buf_seq),
				      len);
	tcp_send_headed(tx, f, seq, flags, sum, tx->hw_csum);
	return (int)len;
}

/* In a frame of its own, or lent. What ends the stream goes with the last byte. */
static inline int send_frame(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	const bool lends = HOLM_WITH_SUPER && likely(tx->net->tcp->send_super);
	uint32_t copied_max = min_u32(tx->mss, TCP_FRAME_PAYLOAD);
	int sent;

	if (unlikely(len > copied_max)) {
		sent = lends ? tx->net->tcp->send_super(tx, seq, len, flags) : -HOLM_ENOBUFS;
		if (likely(sent >= 0) || (lends && (len <= tx->mss || tx->mss > TCP_FRAME_PAYLOAD)))
			return sent;
		len = copied_max;
		flags &= (uint8_t) ~(unsigned)(TCP_FIN | TCP_PSH);
	}
	return send_copied(tx, seq, len, flags);
}

/* Marked: by what was sent before. One segment where a device that cuts might repeat CWR. */
static never_inline uint8_t mark(struct tcp_tx *tx, struct tcp_seq seq, uint32_t *len,
				 uint8_t flags)
{
	flags = tx->net->tcp->ecn->mark(tx, seq, *len, flags);
	if ((flags & TCP_CWR) && *len > tx->mss) {
		*len = tx->mss;
		flags &= (uint8_t) ~(unsigned)(TCP_FIN | TCP_PSH);
	}
	return flags;
}

static never_inline int send_marked(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len,
				    uint8_t flags)
{
	flags = mark(tx, seq, &len, flags);
	return send_frame(tx, seq, len, flags);
}

/* How many segments these bytes were. They have taken room. */
static inline uint32_t take_room(struct tcp_tx *tx, uint32_t sent)
{
	uint32_t segments = tcp_segments_of(tx, sent);

	tx->room -= min_u32(tx->room, segments);
	return segments;
}

/* A frame did not hold all of it; `*sent` went. Returns how many segments the rest was, as far as it goes. */
static never_inline uint32_t send_rest(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len,
				       uint8_t flags, int *sent)
{
	uint32_t segments = 0;

	while ((uint32_t)*sent < len && tx->room > 0) {
		uint32_t done = (uint32_t)*sent;
		int n = send_frame(tx, seq_add(seq, done), len - done, flags);

		if (unlikely(n < 0))
			break;
		segments += take_room(tx, (uint32_t)n);
		*sent += n;
	}
	return segments;
}

int tcp_send_segment(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	struct holm_tcp *c = tx->c;
	bool marked = unlikely(c->flags & TCP_ECN) != 0;
	int sent = marked ? send_marked(tx, seq, len, flags) : send_frame(tx, seq, len, flags);
	uint32_t segments;

	if (unlikely(sent < 0))
		return sent;
	segments = take_room(tx, (uint32_t)sent);
	if (unlikely((uint32_t)sent < len) && !marked)
		segments += send_rest(tx, seq, len, flags, &sent);
	net_count_n(tx->net, HOLM_COUNT_TCP_TX_SEGMENTS, segments);
	if (likely(flags & TCP_ACK))
		tcp_note_acked(c);
	return sent;
}

/* No blocks, no marks: a header is all that an ACK needs. */
static inline bool is_bare(const struct holm_tcp *c)
{
	return !(c->flags & TCP_ECN) && !tcp_sack_is_due(c) && !tcp_has_urgent(c->flight);
}

bool tcp_send_ack(struct holm_tcp *c)
{
	const struct tcp_calm_ops *calm = tcp_calm(tcp_net(c)->tcp);
	struct tcp_seq seq = c->flight->snd_nxt;
	struct tcp_tx tx;

	if (likely(calm && is_bare(c) && calm->ack(c)))
		return true;
	ip_dst_check(tcp_net(c), c->dst);
	tcp_tx_init(&tx, c, seq);
	return tcp_send_segment(&tx, seq, 0, TCP_ACK) >= 0;
}
