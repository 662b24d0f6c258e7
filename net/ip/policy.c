/*
 * RFC 6724's table of policies, section 2.1: what sort of address one is, for whoever has to choose between
 * several. Which source is chosen is select.c's business, which destination the resolver's (kernel/libc).
 * The table cannot be changed.
 */
#include "net/ip/state.h"

struct policy {
	struct holm_addr prefix;
	uint8_t prefix_len;
	uint8_t precedence;
	uint8_t label;
};

/* The longest prefix first. */
static const struct policy policies[] = {
	{ { { [15] = 1 } }, 128, 50, 0 },  { { { [10] = 0xff, [11] = 0xff } }, 96, 35, 4 },
	{ { { 0 } }, 96, 1, 3 },	   { { { 0x20, 0x01 } }, 32, 5, 5 },
	{ { { 0x20, 0x02 } }, 16, 30, 2 }, { { { 0x3f, 0xfe } }, 16, 1, 12 },
	{ { { 0xfe, 0xc0 } }, 10, 1, 11 }, { { { 0xfc } }, 7, 3, 13 },
	{ { { 0 } }, 0, 40, 1 },
};

struct holm_addr_policy holm_addr_policy(const struct holm_addr *a)
{
	size_t i = 0;

	while (!ip_prefix_match(&policies[i].prefix, a, policies[i].prefix_len))
		i++;
	return (struct holm_addr_policy){
		.precedence = policies[i].precedence,
		.label = policies[i].label,
		.scope = (uint8_t)ip6_scope_of(a),
	};
}
