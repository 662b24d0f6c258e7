/* ICMPv6 messages and the packets that errors quote, over their extension headers. */
#include "net/wire/icmp6.h"
#include "tests/fuzz/fuzz.h"

int fuzz_one(const uint8_t *data, size_t size)
{
	struct icmp6_info info, again;
	struct icmp6_quote quote;
	uint8_t built[ICMP6_HDR_BYTES];
	enum holm_drop why;

	if (icmp6_parse(data, size, &info, &why)) {
		icmp6_build(built, &info);
		CHECK(icmp6_parse(built, sizeof(built), &again, &why));
		CHECK(info.type == again.type && info.code == again.code);
		CHECK(info.id == again.id && info.seq == again.seq && info.value == again.value);
	}
	(void)icmp6_is_unanswerable(data, size);
	if (icmp6_parse_quote(data, size, &quote, &why)) {
		CHECK(quote.l4_at >= IP6_HDR_BYTES);
		CHECK(ICMP6_HDR_BYTES + quote.l4_at + ICMP6_QUOTE_MIN <= size);
		CHECK(!ip6_is_extension(quote.proto));
	}
	return 0;
}
