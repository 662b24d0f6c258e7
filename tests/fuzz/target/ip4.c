/* IPv4 headers: the quick and the general way agree, and what was read stays inside the packet. */
#include "net/wire/ip4.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct ip4_info *info, size_t linear, size_t len)
{
	CHECK(info->hdr_len >= IP4_HDR_BYTES && info->hdr_len <= linear);
	CHECK(info->total_len >= info->hdr_len && info->total_len <= len);
	CHECK(ip4_payload_len(info) == info->total_len - info->hdr_len);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	size_t beyond = fuzz_u16(&in); /* of the frame, not in one piece with the header */
	struct ip4_info info, other;
	uint8_t built[IP4_HDR_BYTES];
	enum holm_drop why;

	if (ip4_parse_nocsum(in.p, in.n, in.n + beyond, &info, &why))
		check(&info, in.n, in.n + beyond);
	(void)ip4_parse_header(in.p, in.n, &other, &why);
	if (!ip4_parse(in.p, in.n, in.n + beyond, &info, &why))
		return 0;
	check(&info, in.n, in.n + beyond);
	CHECK(ip4_parse_unusual(in.p, in.n, in.n + beyond, true, &other, &why));
	CHECK(info.src == other.src && info.dst == other.dst && info.hdr_len == other.hdr_len);
	ip4_build(built, &info);
	CHECK(ip4_sum_holds(built));
	return 0;
}
