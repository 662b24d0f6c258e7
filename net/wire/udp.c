/*
 * The line that a trace prints about a UDP datagram. See udp.h.
 */
#include "net/wire/udp.h"

#include "lib/fmt.h"
#include "net/wire/dhcp4.h"

static bool is_dhcp(const struct udp_info *info)
{
	return (info->sport == DHCP4_SERVER_PORT || info->sport == DHCP4_CLIENT_PORT) &&
	       (info->dport == DHCP4_SERVER_PORT || info->dport == DHCP4_CLIENT_PORT);
}

void udp_print(struct fmt_out *out, const uint8_t *p, size_t len, size_t l4_len)
{
	struct udp_info info;
	enum holm_drop why;

	if (!udp_parse(p, len, l4_len, &info, &why)) {
		fmt_printf(out, "UDP [bad length]");
		return;
	}
	fmt_printf(out, "UDP len %u", (unsigned)(info.len - UDP_HDR_BYTES));
	if (is_dhcp(&info)) {
		fmt_printf(out, " ");
		dhcp4_print(out, p + UDP_HDR_BYTES, min_size(len, info.len) - UDP_HDR_BYTES);
	}
}
