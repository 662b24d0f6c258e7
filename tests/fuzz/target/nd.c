/* Neighbour and router discovery: every option and every server lies inside the message. */
#include "net/wire/nd.h"
#include "tests/fuzz/fuzz.h"

static void read_option(const struct nd_option *option, const uint8_t *data, size_t size)
{
	struct nd_prefix prefix;
	struct nd_rdnss rdnss;

	CHECK(option->len >= 8 && option->len % 8 == 0);
	CHECK(option->p >= data && option->len <= size - (size_t)(option->p - data));
	if (nd_parse_prefix(option, &prefix))
		CHECK(prefix.len <= 128 && prefix.preferred_s <= prefix.valid_s);
	if (!nd_parse_rdnss(option, &rdnss))
		return;
	CHECK(rdnss.n > 0 && rdnss.servers >= option->p);
	CHECK(rdnss.servers + rdnss.n * 16 <= option->p + option->len);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct nd_info info, again;
	struct nd_option option;
	uint8_t built[ND_SENT_MAX];
	enum holm_drop why;
	size_t at = 0, n;

	if (!nd_parse(data, size, &info, &why))
		return 0;
	CHECK(info.options + info.options_len == data + size);
	for (unsigned i = 0; nd_next_option(&info, &at, &option); i++) {
		CHECK(i < size);
		read_option(&option, data, size);
	}
	CHECK(at == info.options_len);
	if (info.type == ND_NEIGHBOUR_SOLICIT) {
		n = nd_build_solicit(built, &info.target,
				     info.has_source_mac ? &info.source_mac : NULL,
				     info.has_nonce ? &info.nonce : NULL);
		CHECK(n <= sizeof(built) && nd_parse(built, n, &again, &why));
		CHECK(holm_addr_equal(&info.target, &again.target));
		CHECK(info.has_source_mac == again.has_source_mac);
		CHECK(info.has_nonce == again.has_nonce);
	}
	return 0;
}
