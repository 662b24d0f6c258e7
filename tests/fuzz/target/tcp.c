/* TCP headers with their options: what was read builds a header that reads the same. */
#include "net/wire/tcp.h"
#include "tests/fuzz/fuzz.h"

/* The combinations that tcp_build() is for: no SYN carries SACK blocks. */
static bool is_buildable(const struct tcp_hdr_info *info)
{
	bool syn = (info->flags & TCP_SYN) != 0;

	return syn ? info->nsack == 0
		   : !info->has_mss && !info->has_wscale && !info->sack_permitted &&
			       info->nsack <= TCP_SACK_MAX - (info->has_ts ? 1 : 0);
}

static void check_rebuilt(const struct tcp_hdr_info *info)
{
	uint8_t built[TCP_HDR_MAX];
	struct tcp_hdr_info again;
	enum holm_drop why;
	size_t len = tcp_build(built, info);

	CHECK(len == tcp_build_bytes(info) && len <= TCP_HDR_MAX);
	CHECK(tcp_parse(built, len, &again, &why));
	CHECK(again.seq == info->seq && again.ack == info->ack && again.flags == info->flags);
	CHECK(again.has_ts == info->has_ts && again.nsack == info->nsack);
	CHECK(!info->has_ts || (again.tsval == info->tsval && again.tsecr == info->tsecr));
	CHECK(again.has_mss == info->has_mss && again.mss == info->mss);
	CHECK(again.has_wscale == info->has_wscale && again.wscale == info->wscale);
	CHECK(again.sack_permitted == info->sack_permitted);
	CHECK(memcmp(again.sack, info->sack, info->nsack * sizeof(info->sack[0])) == 0);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct tcp_hdr_info info;
	enum holm_drop why;

	if (!tcp_parse(data, size, &info, &why)) {
		CHECK(why == HOLM_DROP_TCP_SHORT || why == HOLM_DROP_TCP_OPTIONS);
		return 0;
	}
	CHECK(info.hdr_len >= TCP_HDR_BYTES && info.hdr_len <= size);
	CHECK(info.nsack <= TCP_SACK_MAX && info.wscale <= TCP_WSCALE_MAX);
	if (is_buildable(&info))
		check_rebuilt(&info);
	return 0;
}
