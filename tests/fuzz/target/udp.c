/* UDP headers. */
#include "net/wire/udp.h"
#include "tests/fuzz/fuzz.h"

int fuzz_one(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	size_t beyond = fuzz_u16(&in);
	uint8_t built[UDP_HDR_BYTES];
	struct udp_info info;
	enum holm_drop why;

	if (!udp_parse(in.p, in.n, in.n + beyond, &info, &why))
		return 0;
	CHECK(info.len >= UDP_HDR_BYTES && info.len <= in.n + beyond);
	udp_build(built, &info);
	CHECK(memcmp(built, in.p, sizeof(built)) == 0);
	return 0;
}
