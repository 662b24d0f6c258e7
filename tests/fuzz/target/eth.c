/*
 * Ethernet headers, and printing whole frames: eth_print() reaches the reading and printing of every
 * protocol.
 */
#include "net/wire/eth.h"
#include "tests/fuzz/fuzz.h"

int fuzz_one(const uint8_t *data, size_t size)
{
	struct eth_info info, again;
	uint8_t built[ETH_HDR_BYTES];
	enum holm_drop why;
	char text[512];

	CHECK(eth_print(text, sizeof(text), data, size) == strlen(text));
	/* A small room is respected. */
	CHECK(eth_print(text, 20, data, size) < 20);
	if (!eth_parse(data, size, &info, &why))
		return 0;
	eth_build(built, &info);
	CHECK(eth_parse(built, sizeof(built), &again, &why));
	CHECK(eth_equal(&info.dst, &again.dst) && eth_equal(&info.src, &again.src));
	CHECK(info.type == again.type && memcmp(built, data, sizeof(built)) == 0);
	return 0;
}
