/*
 * IPv6 headers and the chain behind them: a walk that is given the packet bit by bit ends as one that has all
 * of it, and stays inside the packet.
 */
#include "net/wire/ip6.h"
#include "tests/fuzz/fuzz.h"

/* Ask for more until the walk has an answer, as frames in pieces do. */
static enum ip6_walk walk_in_bits(struct ip6_chain *c, const uint8_t *p, size_t size)
{
	enum ip6_walk verdict = ip6_chain_walk(c, p, IP6_HDR_BYTES);

	for (unsigned i = 0; verdict == IP6_WALK_SHORT; i++) {
		CHECK(i < 2 * IP6_EXT_HEADERS_MAX + 2);
		if (c->need > size)
			return verdict;
		verdict = ip6_chain_walk(c, p, c->need);
	}
	return verdict;
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct ip6_info info, again;
	struct ip6_chain whole, bits;
	uint8_t built[IP6_HDR_BYTES];
	enum ip6_walk verdict;
	enum holm_drop why;

	if (!ip6_parse(data, size, size, &info, &why))
		return 0;
	ip6_build(built, &info);
	CHECK(ip6_parse_header(built, sizeof(built), &again, &why));
	CHECK(memcmp(built, data, sizeof(built)) == 0);
	ip6_chain_init(&whole, &info);
	bits = whole;
	verdict = ip6_chain_walk(&whole, data, size);
	CHECK(verdict == walk_in_bits(&bits, data, size));
	CHECK(whole.at == bits.at && whole.next == bits.next && whole.at <= whole.end);
	if (verdict == IP6_WALK_END)
		CHECK(!ip6_is_extension(whole.next));
	if (verdict == IP6_WALK_PROBLEM)
		CHECK(whole.pointer < whole.end);
	return 0;
}
