/*
 * TCP headers and options: RFC 9293 section 3.1 and 3.2, RFC 7323 (window scale, timestamps),
 * RFC 2018 (SACK).
 *
 * Sequence numbers are plain numbers here; net/tcp wraps them. Which options count in which segment
 * is net/tcp's: a window scale outside a SYN is reported like any other. The checksum covers the
 * whole segment, which may lie in several pieces: whoever has the frame verifies it.
 */
#ifndef NET_WIRE_TCP_H
#define NET_WIRE_TCP_H

#include <holm/build.h>
#include <holm/stats.h>

#include "lib/bytes.h"

struct fmt_out;

enum {
	TCP_HDR_BYTES = 20,    /* without options */
	TCP_HDR_TS_BYTES = 32, /* with a timestamp alone */
	TCP_HDR_MAX = 60,
	TCP_CSUM_OFFSET = 16,
	TCP_WSCALE_MAX = 14, /* RFC 7323 section 2.3 */
	TCP_SACK_MAX = 4     /* blocks that 40 bytes of options hold; 3 beside a timestamp */
};

enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80
};

enum tcp_opt {
	TCP_OPT_END = 0,
	TCP_OPT_NOP = 1,
	TCP_OPT_MSS = 2,
	TCP_OPT_WSCALE = 3,
	TCP_OPT_SACK_PERMITTED = 4,
	TCP_OPT_SACK = 5,
	TCP_OPT_TIMESTAMP = 8,
	TCP_OPT_FASTOPEN = 34, /* RFC 7413 */
	TCP_OPT_ACCECN0 = 172, /* RFC 9768: ECT(0), CE, ECT(1) */
	TCP_OPT_ACCECN1 = 174  /* ECT(1), CE, ECT(0) */
};

/* Lengths of the options, kind and length bytes included. */
enum {
	TCP_OPT_MSS_BYTES = 4,
	TCP_OPT_WSCALE_BYTES = 3,
	TCP_OPT_SACK_PERMITTED_BYTES = 2,
	TCP_OPT_SACK_BLOCK_BYTES = 8,
	TCP_OPT_TIMESTAMP_BYTES = 10,
	TCP_OPT_TIMESTAMP_ALIGNED = 12 /* with the two NOPs in front */
};

/* NOP, NOP, timestamp, 10: what RFC 7323 appendix A recommends and all the world sends. */
#define TCP_OPT_TIMESTAMP_WORD 0x0101080au
/* The other options as senders arrange them, so that each starts on a word. */
#define TCP_OPT_MSS_WORD 0x02040000u		   /* | value */
#define TCP_OPT_SACK_PERMITTED_TS_WORD 0x0402080au /* SACK-permitted, then a timestamp */
#define TCP_OPT_SACK_PERMITTED_WORD 0x01010402u	   /* two NOPs before it */
#define TCP_OPT_WSCALE_WORD 0x01030300u		   /* NOP, | shift */

struct tcp_hdr {
	struct be16 sport;
	struct be16 dport;
	struct be32 seq;
	struct be32 ack;
	uint8_t offset; /* 32-bit words of header << 4 */
	uint8_t flags;
	struct be16 wnd;
	struct be16 checksum;
	struct be16 urg;
};

_Static_assert(sizeof(struct tcp_hdr) == TCP_HDR_BYTES, "a TCP header is 20 bytes");

struct tcp_sack_block {
	uint32_t left;
	uint32_t right; /* one behind the last byte */
};

/* In host order, every option that a header had, or is to have. Values count only if their has-field does. */
struct tcp_hdr_info {
	uint32_t seq;
	uint32_t ack;
	uint16_t sport;
	uint16_t dport;
	uint16_t wnd; /* not scaled */
	uint16_t urg;
	uint8_t flags;	 /* enum tcp_flag */
	uint8_t hdr_len; /* options included; building sets it by what it returns only */

	/* These eight bytes are cleared at once. */
	bool has_mss;
	bool has_wscale;
	bool has_ts;
	bool sack_permitted;
	uint8_t nsack;
	uint8_t wscale; /* at most TCP_WSCALE_MAX */
	uint16_t mss;

	uint32_t tsval;
	uint32_t tsecr;
	struct tcp_sack_block sack[TCP_SACK_MAX];
};

/* tcp_parse for headers of another length than 20, once the fixed part is read. */
bool tcp_parse_options(const uint8_t *p, size_t len, struct tcp_hdr_info *out, enum holm_drop *why);

static inline void tcp_clear_options(struct tcp_hdr_info *info)
{
	info->has_mss = false;
	info->has_wscale = false;
	info->has_ts = false;
	info->sack_permitted = false;
	info->nsack = 0;
	info->wscale = 0;
	info->mss = 0;
}

/*
 * `len` bytes at p lie in one piece and belong to the packet. Unknown options, and known ones with
 * an unusual length, are skipped; a length of 0 or 1, or one beyond the header, is illegal. False:
 * TCP_SHORT, TCP_OPTIONS.
 */
static inline bool tcp_parse(const uint8_t *p, size_t len, struct tcp_hdr_info *out,
			     enum holm_drop *why)
{
	if (unlikely(len < TCP_HDR_BYTES)) {
		*why = HOLM_DROP_TCP_SHORT;
		return false;
	}
	out->sport = load_be16(p);
	out->dport = load_be16(p + 2);
	out->seq = load_be32(p + 4);
	out->ack = load_be32(p + 8);
	out->flags = p[13];
	out->wnd = load_be16(p + 14);
	out->urg = load_be16(p + 18);
	tcp_clear_options(out);
	out->hdr_len = TCP_HDR_BYTES;
	if (!FOR_SIZE && likely(p[12] == TCP_HDR_BYTES << 2))
		return true;
	if (!FOR_SIZE && likely(p[12] == TCP_HDR_TS_BYTES << 2 && len >= TCP_HDR_TS_BYTES &&
				load_be32(p + 20) == TCP_OPT_TIMESTAMP_WORD)) {
		out->hdr_len = TCP_HDR_TS_BYTES;
		out->has_ts = true;
		out->tsval = load_be32(p + 24);
		out->tsecr = load_be32(p + 28);
		return true;
	}
	return tcp_parse_options(p, len, out, why);
}

/* The length of the header that tcp_build would write: 20 and the options, in whole words. */
static inline size_t tcp_build_bytes(const struct tcp_hdr_info *info)
{
	size_t words = (size_t)info->has_mss + info->has_wscale;

	if (HOLM_WITH_TIMESTAMPS && info->has_ts)
		words += TCP_OPT_TIMESTAMP_ALIGNED / 4;
	else if (HOLM_WITH_SACK)
		words += info->sack_permitted;
	if (HOLM_WITH_SACK && info->nsack > 0)
		words += 1 + (size_t)info->nsack * TCP_OPT_SACK_BLOCK_BYTES / 4;
	return TCP_HDR_BYTES + words * 4;
}

/* The options alone, behind a header at p; returns the length of both. For tcp_build. */
size_t tcp_build_options(uint8_t *p, const struct tcp_hdr_info *info);

/*
 * Writes a header of tcp_build_bytes(info) with a zero checksum and returns its length. The layouts
 * are those that everybody sends and expects:
 *
 *	SYN	MSS 4, then SACK-permitted 2 + timestamp 10, or NOP NOP + either of them, then NOP + scale 3
 *	other	NOP NOP timestamp 10, then NOP NOP SACK blocks
 *
 * All options together fit into 40 bytes or it is the caller's error: nsack is at most TCP_SACK_MAX,
 * one less beside a timestamp, and 0 in a SYN.
 */
static inline size_t tcp_build(uint8_t *p, const struct tcp_hdr_info *info)
{
	size_t hdr_len = TCP_HDR_BYTES;

	store_be16(p, info->sport);
	store_be16(p + 2, info->dport);
	store_be32(p + 4, info->seq);
	store_be32(p + 8, info->ack);
	p[13] = info->flags;
	store_be16(p + 14, info->wnd);
	store_be16(p + 16, 0);
	store_be16(p + 18, info->urg);
	if (FOR_SIZE ||
	    info->has_mss | info->has_wscale | info->has_ts | info->sack_permitted | info->nsack)
		hdr_len = tcp_build_options(p, info);
	p[12] = (uint8_t)(hdr_len << 2);
	return hdr_len;
}

/*
 * A header of numbers that its sender has at hand, with a zero checksum: without options, or with a
 * timestamp. Returns the sum of its words, for a checksum that needs no second look at it.
 */
static inline uint64_t tcp_build_plain(uint8_t *p, uint32_t ports, uint32_t seq, uint32_t ack,
				       uint32_t flags, uint32_t wnd)
{
	uint32_t word = (uint32_t)TCP_HDR_BYTES << 26 | flags << 16 | wnd;

	store_be64(p, (uint64_t)ports << 32 | seq);
	store_be64(p + 8, (uint64_t)ack << 32 | word);
	store_be32(p + 16, 0);
	return (uint64_t)ports + seq + ack + word;
}

static inline uint64_t tcp_build_timestamp(uint8_t *p, uint32_t tsval, uint32_t tsecr)
{
	uint32_t more = (uint32_t)(TCP_HDR_TS_BYTES - TCP_HDR_BYTES) << 26;

	p[12] = TCP_HDR_TS_BYTES << 2;
	store_be32(p + 20, TCP_OPT_TIMESTAMP_WORD);
	store_be32(p + 24, tsval);
	store_be32(p + 28, tsecr);
	return (uint64_t)TCP_OPT_TIMESTAMP_WORD + tsval + tsecr + more;
}

/* What a SYN or SYN-ACK offers; always an MSS. */
struct tcp_offer {
	uint32_t tsval, tsecr; /* has_ts */
	uint16_t mss;
	bool has_wscale, has_ts, sack_permitted;
	uint8_t wscale;
};

/* The length of its header. */
static inline size_t tcp_offer_bytes(const struct tcp_offer *o)
{
	return TCP_HDR_BYTES + TCP_OPT_MSS_BYTES + (o->has_wscale ? 4u : 0u) +
	       (o->has_ts	    ? (size_t)TCP_OPT_TIMESTAMP_ALIGNED
		: o->sack_permitted ? 4u
				    : 0u);
}

/*
 * The options behind a header of tcp_build_plain(), as tcp_build() has them; the header is then hdr_len =
 * tcp_offer_bytes() long. Returns the sum of what it adds.
 */
static always_inline uint64_t tcp_build_offer(uint8_t *p, const struct tcp_offer *o, size_t hdr_len)
{
	uint32_t word = o->sack_permitted ? TCP_OPT_SACK_PERMITTED_TS_WORD : TCP_OPT_TIMESTAMP_WORD;
	uint64_t sum = ((uint64_t)hdr_len - TCP_HDR_BYTES) << 26;
	uint8_t *opt = p + TCP_HDR_BYTES;

	p[12] = (uint8_t)(hdr_len << 2);
	store_be32(opt, TCP_OPT_MSS_WORD | o->mss);
	sum += TCP_OPT_MSS_WORD | o->mss;
	opt += 4;
	if (o->has_ts) {
		store_be32(opt, word);
		store_be32(opt + 4, o->tsval);
		store_be32(opt + 8, o->tsecr);
		sum += (uint64_t)word + o->tsval + o->tsecr;
		opt += TCP_OPT_TIMESTAMP_ALIGNED;
	} else if (o->sack_permitted) {
		store_be32(opt, TCP_OPT_SACK_PERMITTED_WORD);
		sum += TCP_OPT_SACK_PERMITTED_WORD;
		opt += 4;
	}
	if (o->has_wscale) {
		store_be32(opt, TCP_OPT_WSCALE_WORD | o->wscale);
		sum += TCP_OPT_WSCALE_WORD | o->wscale;
	}
	return sum;
}

/*
 * An option of a header that has been parsed without complaint: its kind, length and value; NULL: not
 * there. For what is rare and has no place in struct tcp_hdr_info.
 */
const uint8_t *tcp_option_find(const uint8_t *p, size_t hdr_len, uint8_t kind);
/* What an option with `len` bytes of value adds to a header, in whole words. */
static inline size_t tcp_option_bytes(size_t len)
{
	return (2 + len + 3) & ~(size_t)3;
}
/* Writes it behind a header of hdr_len bytes at p, NOPs behind it; returns the new length. */
size_t tcp_option_append(uint8_t *p, size_t hdr_len, uint8_t kind, const uint8_t *value,
			 size_t len);

/* `payload_len` as IP has it, for segments of which only the beginning is at hand. */
void tcp_print(struct fmt_out *out, const uint8_t *p, size_t len, size_t l4_len);

#endif
