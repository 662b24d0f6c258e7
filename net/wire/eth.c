/*
 * The line that a trace prints about a frame. See eth.h.
 */
#include "net/wire/eth.h"

#include "lib/fmt.h"
#include "net/wire/arp.h"
#include "net/wire/ip4.h"
#include "net/wire/ip6.h"

void eth_print_mac(struct fmt_out *out, const struct holm_mac *mac)
{
	for (size_t i = 0; i < sizeof(mac->b); i++)
		fmt_printf(out, "%s%02x", i ? ":" : "", (unsigned)mac->b[i]);
}

/* Frames of protocols that have no line of their own. */
static void print_plain(struct fmt_out *out, const struct eth_info *info, size_t len)
{
	eth_print_mac(out, &info->src);
	fmt_printf(out, " > ");
	eth_print_mac(out, &info->dst);
	fmt_printf(out, " type 0x%04x len %zu", (unsigned)info->type, len);
}

static void print_frame(struct fmt_out *out, const uint8_t *frame, size_t len)
{
	struct eth_info info;
	enum holm_drop why;

	if (!eth_parse(frame, len, &info, &why))
		fmt_printf(out, "ethernet [too short]");
	else if (info.type == ETH_TYPE_ARP)
		arp_print(out, frame + ETH_HDR_BYTES, len - ETH_HDR_BYTES);
	else if (info.type == ETH_TYPE_IP4)
		ip4_print(out, frame + ETH_HDR_BYTES, len - ETH_HDR_BYTES);
	else if (info.type == ETH_TYPE_IP6)
		ip6_print(out, frame + ETH_HDR_BYTES, len - ETH_HDR_BYTES);
	else
		print_plain(out, &info, len - ETH_HDR_BYTES);
}
size_t eth_print(char *text, size_t room, const uint8_t *frame, size_t len)
{
	struct fmt_out out = fmt_to_buffer(text, room);

	print_frame(&out, frame, len);
	return room == 0 ? 0 : min_size(out.len, room - 1);
}
