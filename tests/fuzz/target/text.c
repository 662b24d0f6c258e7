/* Addresses and numbers as text: what was read writes text that reads the same. */
#include <holm/types.h>

#include "lib/fmt.h"
#include "tests/fuzz/fuzz.h"

int fuzz_one(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data;
	char text[HOLM_ADDR_TEXT_MAX], number[32];
	struct holm_addr addr, again;
	uint64_t value, second;
	size_t len;

	if (holm_addr_parse(&addr, s, size) == 0) {
		len = holm_addr_format(&addr, text, sizeof(text));
		CHECK(len < sizeof(text) && text[len] == '\0');
		CHECK(holm_addr_parse(&again, text, len) == 0 && holm_addr_equal(&addr, &again));
	}
	len = fmt_parse_u64(s, size, 10, UINT64_MAX, &value);
	CHECK(len <= size);
	if (len > 0) {
		size_t n = fmt_string(number, sizeof(number), "%llu", (unsigned long long)value);

		CHECK(fmt_parse_u64(number, n, 10, UINT64_MAX, &second) == n && second == value);
	}
	CHECK(fmt_parse_u64(s, size, 16, 0xffff, &value) == 0 || value <= 0xffff);
	return 0;
}
