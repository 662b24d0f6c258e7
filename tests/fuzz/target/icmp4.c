/* ICMP messages and the datagrams that errors quote. */
#include "net/wire/icmp4.h"
#include "tests/fuzz/fuzz.h"

int fuzz_one(const uint8_t *data, size_t size)
{
	struct icmp4_info info, again;
	struct icmp4_quote quote;
	uint8_t built[ICMP4_HDR_BYTES];
	enum holm_drop why;

	if (icmp4_parse(data, size, &info, &why)) {
		icmp4_build(built, &info);
		CHECK(icmp4_parse(built, sizeof(built), &again, &why));
		CHECK(info.type == again.type && info.code == again.code);
		CHECK(info.id == again.id && info.seq == again.seq);
	}
	if (icmp4_parse_quote(data, size, &quote, &why))
		CHECK(quote.ip.hdr_len >= IP4_HDR_BYTES && !(quote.ip.frag & IP4_OFFSET_MASK));
	return 0;
}
