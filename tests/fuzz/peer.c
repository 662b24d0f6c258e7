/* The other end; see peer.h. */
#include "tests/fuzz/peer.h"

#include "lib/checksum.h"
#include "net/wire/eth.h"
#include "net/wire/ip4.h"
#include "net/wire/ip6.h"

uint8_t peer_byte(uint64_t position)
{
	return (uint8_t)(position ^ position >> 8 ^ 0x5a);
}

uint8_t peer_self_byte(uint64_t position)
{
	return (uint8_t)(position * 3 ^ position >> 9);
}

/*
 * A sequence number as a position in a stream that has come about `near` far: position 0 is the byte
 * behind the SYN. Streams of these tests are far shorter than 2^31.
 */
static int64_t position_of(uint32_t seq, uint32_t iss, uint64_t near)
{
	int32_t from_near = (int32_t)(seq - (iss + 1 + (uint32_t)near));

	return (int64_t)near + from_near;
}

static void check_payload(const struct peer *p, const uint8_t *data, size_t n, int64_t at)
{
	if (n == 0)
		return;
	/* A keep-alive probe repeats what lies before the window with any byte. */
	if (n == 1 && at + 1 <= (int64_t)p->sent_max && !p->has_left && at < 0)
		return;
	CHECK(at >= 0 && (uint64_t)at + n <= p->written);
	CHECK((uint64_t)at + n <= p->edge_max + 1);
	for (size_t i = 0; i < n; i++)
		CHECK(data[i] == peer_self_byte((uint64_t)at + i));
}

static void check_ack(struct peer *p, const struct tcp_hdr_info *info)
{
	int64_t ack = position_of(info->ack, p->iss, p->acked);
	uint64_t edge;

	CHECK(ack >= 0 && (uint64_t)ack <= p->offered);
	CHECK((uint64_t)ack >= p->acked);
	p->acked = (uint64_t)ack;
	edge = (uint64_t)ack + ((uint64_t)info->wnd << p->self_wscale);
	/* The right edge moves back by no more than the scale rounds off; behind a FIN there is none. */
	CHECK(!p->has_window || p->has_sent_fin || edge + (1u << p->self_wscale) > p->window_edge);
	p->window_edge = edge > p->window_edge ? edge : p->window_edge;
	p->has_window = true;
}

static void see_syn(struct peer *p, const struct tcp_hdr_info *info)
{
	/* After a reset the same ports may meet again; what was known is of no use then. */
	p->is_over |= p->knows_self_iss && info->seq != p->self_iss;
	p->is_over |= (info->flags & TCP_ACK) && info->ack != p->iss + 1;
	p->self_iss = info->seq;
	p->knows_self_iss = true;
	p->self_wscale = info->has_wscale ? info->wscale : 0;
	p->mss = info->mss;
}

static void see_segment(struct peer *p, const struct tcp_hdr_info *info, const uint8_t *payload,
			size_t n)
{
	int64_t at;

	if ((info->flags & TCP_RST) || p->is_over)
		return;
	if (info->has_ts)
		p->ts_recent = info->tsval;
	if (info->flags & TCP_SYN) {
		see_syn(p, info);
		CHECK(n == 0);
		return;
	}
	CHECK(p->knows_self_iss && (info->flags & TCP_ACK));
	at = position_of(info->seq, p->self_iss, p->sent_max);
	check_payload(p, payload, n, at);
	if (info->flags & TCP_FIN) {
		CHECK((p->has_shut || p->has_left) && (uint64_t)at + n == p->written);
		n++;
	}
	if (at >= 0 && (uint64_t)at + n > p->sent_max)
		p->sent_max = (uint64_t)at + n;
	check_ack(p, info);
}

/* A segment of `len` bytes whose pseudo header sums up to `pseudo`. */
static void see_tcp(struct peer *p, const uint8_t *l4, size_t len, uint32_t pseudo)
{
	struct tcp_hdr_info info;
	enum holm_drop why;

	CHECK(tcp_parse(l4, len, &info, &why));
	if (p->checks_sums)
		CHECK(checksum_finish(checksum_partial(l4, len, pseudo)) == 0);
	if (info.dport == PEER_PORT && (info.sport == p->self_port || p->self_port == 0)) {
		p->self_port = info.sport;
		see_segment(p, &info, l4 + info.hdr_len, len - info.hdr_len);
	}
}

static void see_ip4(struct peer *p, const uint8_t *packet, size_t len)
{
	struct ip4_info ip;
	enum holm_drop why;
	uint32_t l4_len;

	CHECK(ip4_parse(packet, len, len, &ip, &why));
	l4_len = ip4_payload_len(&ip);
	if (ip.proto == IP4_PROTO_TCP)
		see_tcp(p, packet + IP4_HDR_BYTES, l4_len,
			ip4_pseudo_sum(ip.src, ip.dst, IP4_PROTO_TCP, l4_len));
}

static void see_ip6(struct peer *p, const uint8_t *packet, size_t len)
{
	struct ip6_info ip;
	enum holm_drop why;

	CHECK(ip6_parse(packet, len, len, &ip, &why));
	if (ip.next == IP6_PROTO_TCP)
		see_tcp(p, packet + IP6_HDR_BYTES, ip.payload_len,
			ip_pseudo_sum(&ip.src, &ip.dst, IP6_PROTO_TCP, ip.payload_len));
}

void peer_see(void *ctx, const uint8_t *frame, size_t len)
{
	struct peer *p = ctx;

	if (load_be16(frame + 12) == ETH_TYPE_IP4)
		see_ip4(p, frame + ETH_HDR_BYTES, len - ETH_HDR_BYTES);
	else if (load_be16(frame + 12) == ETH_TYPE_IP6)
		see_ip6(p, frame + ETH_HDR_BYTES, len - ETH_HDR_BYTES);
}

/* What the peer's segment allows the instance, however the instance takes it. */
static void note_sent(struct peer *p, const struct tcp_hdr_info *info, size_t len)
{
	int64_t at = position_of(info->seq, p->iss, p->acked);
	int64_t ack = position_of(info->ack, p->self_iss, p->sent_max);
	uint64_t end = (uint64_t)at + len + ((info->flags & TCP_FIN) != 0);

	if ((int64_t)end > (int64_t)p->offered)
		p->offered = end;
	p->has_sent_fin |= (info->flags & TCP_FIN) != 0;
	p->has_sent_urgent |= (info->flags & TCP_URG) != 0;
	if (!(info->flags & TCP_ACK) || !p->knows_self_iss || ack < -1 ||
	    ack > (int64_t)p->sent_max)
		return;
	end = (uint64_t)(ack + ((int64_t)info->wnd << p->wscale));
	if ((int64_t)end > 0 && end > p->edge_max)
		p->edge_max = end;
}

void peer_send(struct peer *p, struct tcp_hdr_info *info, size_t len, size_t piece)
{
	static uint8_t frame[STAGE_FRAME_MAX];
	uint8_t *l4 = frame + stage_l4(p->stage);
	int64_t at = position_of(info->seq, p->iss, p->acked);
	size_t hdr_len, frame_len;

	info->sport = PEER_PORT;
	info->dport = p->self_port;
	hdr_len = tcp_build(l4, info);
	for (size_t i = 0; i < len; i++)
		l4[hdr_len + i] = peer_byte((uint64_t)(at + (int64_t)i));
	frame_len = stage_packet(p->stage, frame, IP4_PROTO_TCP, hdr_len + len);
	note_sent(p, info, len);
	stage_receive(p->stage, frame, frame_len, piece, HOLM_CSUM_NONE);
	stage_settle(p->stage);
}

static struct tcp_hdr_info syn_of(const struct peer *p, const struct tcp_hdr_info *options)
{
	struct tcp_hdr_info syn = *options;

	syn.seq = p->iss;
	syn.flags = TCP_SYN;
	syn.wnd = 65535;
	return syn;
}

/* The ACK that completes the handshake. */
static void complete(struct peer *p)
{
	struct tcp_hdr_info ack = {
		.seq = p->iss + 1,
		.ack = p->self_iss + 1,
		.flags = TCP_ACK,
		.wnd = 65535,
		.has_ts = p->has_ts,
		.tsval = 1,
		.tsecr = p->ts_recent,
	};

	peer_send(p, &ack, 0, 0);
}

void peer_open(struct peer *p, const struct tcp_hdr_info *options)
{
	struct tcp_hdr_info syn = syn_of(p, options);

	peer_send(p, &syn, 0, 0);
	if (!p->knows_self_iss)
		return;
	p->edge_max = 65535;
	p->wscale = options->has_wscale ? options->wscale : 0;
	complete(p);
}

void peer_answer(struct peer *p, const struct tcp_hdr_info *options)
{
	struct tcp_hdr_info syn = syn_of(p, options);

	/* Its SYN has not left: whoever opens later begins with numbers of his own. */
	if (!p->knows_self_iss) {
		p->is_over = true;
		return;
	}
	syn.flags |= TCP_ACK;
	syn.ack = p->self_iss + 1;
	syn.tsecr = p->ts_recent;
	p->edge_max = 65535;
	p->wscale = options->has_wscale ? options->wscale : 0;
	if (!options->has_wscale)
		p->self_wscale = 0;
	peer_send(p, &syn, 0, 0);
}

void peer_check_read(struct peer *p, const uint8_t *data, size_t n)
{
	if (p->is_over || (p->takes_urgent_out && p->has_sent_urgent))
		return;
	CHECK(p->read + n <= p->offered);
	for (size_t i = 0; i < n; i++)
		CHECK(data[i] == peer_byte(p->read + i));
	p->read += n;
}
