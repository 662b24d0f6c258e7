/*
 * SYN cookies (RFC 4987 section 3.6, Bernstein's): where no record can be had the SYN-ACK's sequence
 * number holds what the record would, so that only a peer that receives it can complete the handshake. A
 * part of TCP.
 *
 * The number is 5 bits of time (64 s), 3 bits of MSS and 24 bits of a hash of all that and the four
 * ends and the peer's ISN, under a pad that only we know. What has no room there travels in the low
 * bits of our timestamp, as Linux has it: the peer echoes it. Without timestamps, scale and SACK are
 * lost.
 */
#include "net/tcp/opening.h"

#include "lib/mem.h"
#include "lib/siphash.h"
#include "net/core/proto.h"

/* One unit of a cookie's time is 2^36 ns, 69 s; it is good for this one and the one before. */
#define TIME_SHIFT 36
#define TIME_BITS 5
#define TIME_SHIFTED 27
#define MSS_SHIFTED 24
#define HASH_MASK 0xffffffu
/* Low bits of the timestamp: scale (15: none), SACK. At most 67 ms are lost to them. */
#define STAMP_BITS 6
#define STAMP_MASK ((1u << STAMP_BITS) - 1)
#define STAMP_SACK 16u
#define STAMP_WSCALE 15u

_Static_assert(STAMP_WSCALE == TCP_HALF_NO_WSCALE, "the same four bits");

/* The announced MSS is rounded down to one of these: what tunnels, DSL, Ethernet and jumbo frames give. */
static const uint16_t mss_table[] = { TCP_MSS_MIN, 536, 1220, 1300, 1360, 1440, 1460, 8940 };

_Static_assert(ARRAY_LEN(mss_table) == 8, "three bits");

static uint32_t mss_index(uint16_t mss, bool ip4)
{
	uint32_t i = ARRAY_LEN(mss_table) - 1;

	/* None announced: the default. */
	if (mss == 0)
		return ip4 ? 1 : 2;
	while (i > 0 && mss_table[i] > mss)
		i--;
	return i;
}

static uint32_t hash(const struct holm_net *net, const struct tcp_tuple *ends, struct tcp_seq irs,
		     uint64_t what)
{
	uint64_t words[6];

	memcpy(&words[0], ends->remote.b, 16);
	memcpy(&words[2], ends->local.b, 16);
	words[4] = (uint64_t)ends->rport << 48 | (uint64_t)ends->lport << 32 | irs.v;
	words[5] = what;
	return (uint32_t)siphash24_words(&net->secrets.cookie, words, ARRAY_LEN(words));
}

/* Over what is to be read again. Its hash has a use of its own. */
static uint32_t pad(const struct holm_net *net, const struct tcp_tuple *ends, struct tcp_seq irs)
{
	return hash(net, ends, irs, UINT64_MAX);
}

static uint32_t seal_bits(const struct holm_net *net, const struct tcp_tuple *ends,
			  struct tcp_seq irs, uint64_t time, uint32_t mss)
{
	uint32_t bits = (uint32_t)time << TIME_SHIFTED | mss << MSS_SHIFTED;

	return bits | (hash(net, ends, irs, time << 3 | mss) & HASH_MASK);
}

static void seal(struct holm_net *net, const struct tcp_tuple *ends, struct tcp_half *half)
{
	uint64_t time = net->now >> TIME_SHIFT;
	uint32_t mss = mss_index(half->peer_mss, holm_addr_is_ip4(&ends->remote));
	uint32_t bits = seal_bits(net, ends, half->irs, time, mss);

	half->held = TCP_HELD_SEALED;
	half->iss = seq_of(bits + pad(net, ends, half->irs));
	half->ecn = TCP_HALF_NO_ECN;
	/* Nothing carries these. */
	if (!half->has_ts) {
		half->wscale = TCP_HALF_NO_WSCALE;
		half->has_sack = 0;
	}
	net->tcp->cookie_ns = net->now;
	net->tcp->cookie_sent = true;
}

/* Never later than `tsval`: what is sent next must not be older. */
static uint32_t stamp(const struct tcp_half *half, uint32_t tsval)
{
	uint32_t bits = half->wscale;
	uint32_t v;

	if (half->has_sack)
		bits |= STAMP_SACK;
	v = (tsval & ~STAMP_MASK) | bits;
	return serial_lt(tsval, v) ? v - (1u << STAMP_BITS) : v;
}

static bool recent(const struct holm_net *net)
{
	return net->tcp->cookie_sent &&
	       (net->now >> TIME_SHIFT) - (net->tcp->cookie_ns >> TIME_SHIFT) <= 1;
}

static void read_stamp(struct tcp_half *half, const struct tcp_hdr_info *h)
{
	uint32_t wscale = h->tsecr & STAMP_WSCALE;

	half->has_ts = 1;
	half->ts_recent = h->tsval;
	half->has_sack = (h->tsecr & STAMP_SACK) != 0;
	half->wscale = wscale & 15u;
}

static bool open(const struct tcp_rx *rx, struct tcp_half *half)
{
	const struct holm_net *net = rx->net;
	uint64_t now = net->now >> TIME_SHIFT;
	uint32_t bits, mss;
	uint64_t time;

	/* Guessing is for when there is something to be guessed. */
	if (!recent(net))
		return false;
	half->iss = seq_of(rx->h->ack - 1);
	half->irs = seq_sub(rx->orig_seq, 1);
	bits = half->iss.v - pad(net, &rx->ends, half->irs);
	time = now - ((now - (bits >> TIME_SHIFTED)) & ((1u << TIME_BITS) - 1));
	mss = bits >> MSS_SHIFTED & 7;
	if (time + 1 < now || time > now || seal_bits(net, &rx->ends, half->irs, time, mss) != bits)
		return false;
	half->peer_mss = mss_table[mss];
	if (rx->h->has_ts && rx->h->tsecr != 0)
		read_stamp(half, rx->h);
	return true;
}

static const struct tcp_cookie_ops ops = {
	.input = tcp_input_cookie,
	.seal = seal,
	.stamp = stamp,
	.open = open,
	.recent = recent,
};

static int start(struct holm_net *net)
{
	net->tcp->cookies = &ops;
	return 0;
}

static const struct holm_proto *const needs[] = { &holm_tcp, &holm_tcp_records, NULL };

const struct holm_proto holm_tcp_cookies = {
	.name = "tcp-cookies",
	.kind = PROTO_PART,
	.needs = needs,
	.start = start,
};
