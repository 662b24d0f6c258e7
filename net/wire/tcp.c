/*
 * TCP options, read and written, and the line that a trace prints about a segment. See tcp.h.
 */
#include "net/wire/tcp.h"

#include "lib/assert.h"
#include "lib/fmt.h"

/* As TCP_OPT_TIMESTAMP_WORD and those behind it. */
#define WORD_NOP_SACK 0x01010500u /* | length */

/* Stores the value of one option; `len` counts its kind and length bytes. */
static void take_option(const uint8_t *opt, size_t len, struct tcp_hdr_info *out)
{
	size_t blocks = (len - 2) / TCP_OPT_SACK_BLOCK_BYTES;

	if (opt[0] == TCP_OPT_MSS && len == TCP_OPT_MSS_BYTES) {
		out->has_mss = true;
		out->mss = load_be16(opt + 2);
	} else if (opt[0] == TCP_OPT_WSCALE && len == TCP_OPT_WSCALE_BYTES) {
		out->has_wscale = true;
		out->wscale = opt[2] > TCP_WSCALE_MAX ? TCP_WSCALE_MAX : opt[2];
	} else if (HOLM_WITH_SACK && opt[0] == TCP_OPT_SACK_PERMITTED &&
		   len == TCP_OPT_SACK_PERMITTED_BYTES) {
		out->sack_permitted = true;
	} else if (HOLM_WITH_TIMESTAMPS && opt[0] == TCP_OPT_TIMESTAMP &&
		   len == TCP_OPT_TIMESTAMP_BYTES) {
		out->has_ts = true;
		out->tsval = load_be32(opt + 2);
		out->tsecr = load_be32(opt + 6);
	} else if (HOLM_WITH_SACK && opt[0] == TCP_OPT_SACK && blocks >= 1 &&
		   blocks <= TCP_SACK_MAX && len == 2 + blocks * TCP_OPT_SACK_BLOCK_BYTES) {
		out->nsack = (uint8_t)blocks;
		for (size_t i = 0; i < blocks; i++) {
			out->sack[i].left = load_be32(opt + 2 + i * 8);
			out->sack[i].right = load_be32(opt + 6 + i * 8);
		}
	}
}

/*
 * Those of a SYN, where they begin on words in the order that senders have them. Returns how many
 * bytes they take.
 */
static inline size_t take_words(const uint8_t *opts, size_t len, struct tcp_hdr_info *out)
{
	const uint8_t *opt = opts, *end = opts + len;

	if (end - opt >= 4 && (load_be32(opt) & 0xffff0000u) == TCP_OPT_MSS_WORD) {
		out->has_mss = true;
		out->mss = load_be16(opt + 2);
		opt += 4;
	}
	if (end - opt >= 4 && load_be32(opt) == TCP_OPT_SACK_PERMITTED_WORD) {
		out->sack_permitted = true;
		opt += 4;
	} else if (end - opt >= TCP_OPT_TIMESTAMP_ALIGNED &&
		   load_be32(opt) == TCP_OPT_SACK_PERMITTED_TS_WORD) {
		out->sack_permitted = true;
		take_option(opt + 2, TCP_OPT_TIMESTAMP_BYTES, out);
		opt += TCP_OPT_TIMESTAMP_ALIGNED;
	}
	if (end - opt >= 4 && (load_be32(opt) & 0xffffff00u) == TCP_OPT_WSCALE_WORD) {
		out->has_wscale = true;
		out->wscale = opt[3] > TCP_WSCALE_MAX ? TCP_WSCALE_MAX : opt[3];
		opt += 4;
	}
	return (size_t)(opt - opts);
}

/* Of an option given twice, the last counts. False: an illegal length. */
static bool take_options(const uint8_t *opts, size_t len, struct tcp_hdr_info *out)
{
	size_t i = FOR_SIZE ? 0 : take_words(opts, len, out);

	while (i < len && opts[i] != TCP_OPT_END) {
		if (opts[i] == TCP_OPT_NOP) {
			i++;
			continue;
		}
		if (len - i < 2 || opts[i + 1] < 2 || opts[i + 1] > len - i)
			return false;
		take_option(opts + i, opts[i + 1], out);
		i += opts[i + 1];
	}
	return true;
}

bool tcp_parse_options(const uint8_t *p, size_t len, struct tcp_hdr_info *out, enum holm_drop *why)
{
	size_t hdr_len = (size_t)(p[12] >> 4) * 4;

	if (hdr_len < TCP_HDR_BYTES || hdr_len > len) {
		*why = HOLM_DROP_TCP_SHORT;
		return false;
	}
	out->hdr_len = (uint8_t)hdr_len;
	if (!take_options(p + TCP_HDR_BYTES, hdr_len - TCP_HDR_BYTES, out)) {
		*why = HOLM_DROP_TCP_OPTIONS;
		return false;
	}
	return true;
}

static uint8_t *build_timestamp(uint8_t *opt, const struct tcp_hdr_info *info)
{
	store_be32(opt,
		   info->sack_permitted ? TCP_OPT_SACK_PERMITTED_TS_WORD : TCP_OPT_TIMESTAMP_WORD);
	store_be32(opt + 4, info->tsval);
	store_be32(opt + 8, info->tsecr);
	return opt + TCP_OPT_TIMESTAMP_ALIGNED;
}

static uint8_t *build_sack(uint8_t *opt, const struct tcp_hdr_info *info)
{
	store_be32(opt, WORD_NOP_SACK | (2u + info->nsack * 8u));
	opt += 4;
	for (size_t i = 0; i < info->nsack; i++, opt += 8) {
		store_be32(opt, info->sack[i].left);
		store_be32(opt + 4, info->sack[i].right);
	}
	return opt;
}

size_t tcp_build_options(uint8_t *p, const struct tcp_hdr_info *info)
{
	uint8_t *opt = p + TCP_HDR_BYTES;

	ASSERT(info->nsack <= TCP_SACK_MAX && tcp_build_bytes(info) <= TCP_HDR_MAX);
	if (info->has_mss) {
		store_be32(opt, TCP_OPT_MSS_WORD | info->mss);
		opt += 4;
	}
	if (HOLM_WITH_TIMESTAMPS && info->has_ts) {
		opt = build_timestamp(opt, info);
	} else if (HOLM_WITH_SACK && info->sack_permitted) {
		store_be32(opt, TCP_OPT_SACK_PERMITTED_WORD);
		opt += 4;
	}
	if (info->has_wscale) {
		ASSERT(info->wscale <= TCP_WSCALE_MAX);
		store_be32(opt, TCP_OPT_WSCALE_WORD | info->wscale);
		opt += 4;
	}
	if (HOLM_WITH_SACK && info->nsack > 0)
		opt = build_sack(opt, info);
	return (size_t)(opt - p);
}

const uint8_t *tcp_option_find(const uint8_t *p, size_t hdr_len, uint8_t kind)
{
	size_t i = TCP_HDR_BYTES;

	while (i < hdr_len && p[i] != TCP_OPT_END) {
		if (p[i] == TCP_OPT_NOP) {
			i++;
			continue;
		}
		if (hdr_len - i < 2 || p[i + 1] < 2 || p[i + 1] > hdr_len - i)
			return NULL;
		if (p[i] == kind)
			return p + i;
		i += p[i + 1];
	}
	return NULL;
}

size_t tcp_option_append(uint8_t *p, size_t hdr_len, uint8_t kind, const uint8_t *value, size_t len)
{
	size_t end = hdr_len + tcp_option_bytes(len);
	size_t i = hdr_len + 2 + len;

	ASSERT(end <= TCP_HDR_MAX);
	p[hdr_len] = kind;
	p[hdr_len + 1] = (uint8_t)(2 + len);
	for (size_t k = 0; k < len; k++)
		p[hdr_len + 2 + k] = value[k];
	while (i < end)
		p[i++] = TCP_OPT_NOP;
	p[12] = (uint8_t)(end << 2);
	return end;
}

/* tcpdump's letters, lowest bit first. */
static void print_flags(struct fmt_out *out, uint8_t flags)
{
	static const char letters[] = "FSRP.UEW";

	fmt_printf(out, "[");
	for (unsigned i = 0; i < 8; i++) {
		if (flags >> i & 1)
			fmt_printf(out, "%c", letters[i]);
	}
	fmt_printf(out, flags ? "]" : "none]");
}

/* Opens the bracket before the first option, separates it from the one before otherwise. */
static const char *separator(bool *first)
{
	const char *s = *first ? " <" : ",";

	*first = false;
	return s;
}

static void print_options(struct fmt_out *out, const struct tcp_hdr_info *info)
{
	bool first = true;

	if (info->has_mss)
		fmt_printf(out, "%smss %u", separator(&first), (unsigned)info->mss);
	if (info->sack_permitted)
		fmt_printf(out, "%ssackOK", separator(&first));
	if (info->has_ts)
		fmt_printf(out, "%sTS val %u ecr %u", separator(&first), (unsigned)info->tsval,
			   (unsigned)info->tsecr);
	if (info->has_wscale)
		fmt_printf(out, "%swscale %u", separator(&first), (unsigned)info->wscale);
	for (size_t i = 0; i < info->nsack; i++)
		fmt_printf(out, "%ssack %u:%u", separator(&first), (unsigned)info->sack[i].left,
			   (unsigned)info->sack[i].right);
	if (!first)
		fmt_printf(out, ">");
}

void tcp_print(struct fmt_out *out, const uint8_t *p, size_t len, size_t l4_len)
{
	struct tcp_hdr_info info;
	enum holm_drop why;

	fmt_printf(out, "TCP ");
	if (!tcp_parse(p, len, &info, &why)) {
		fmt_printf(out, "[%s]",
			   why == HOLM_DROP_TCP_OPTIONS ? "illegal option" : "too short");
		return;
	}
	print_flags(out, info.flags);
	fmt_printf(out, " seq %u", (unsigned)info.seq);
	if (info.flags & TCP_ACK)
		fmt_printf(out, " ack %u", (unsigned)info.ack);
	fmt_printf(out, " win %u len %zu", (unsigned)info.wnd, l4_len - info.hdr_len);
	if (info.flags & TCP_URG)
		fmt_printf(out, " urg %u", (unsigned)info.urg);
	print_options(out, &info);
}
