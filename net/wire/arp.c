/*
 * ARP packets: RFC 826. See arp.h.
 */
#include "net/wire/arp.h"

#include "lib/fmt.h"
#include "net/wire/eth.h"
#include "net/wire/ip4.h"

/* Can one host have sent it? The all-zero protocol address is a probe's: RFC 5227 section 2.1.1. */
static bool is_possible_sender(const struct arp_info *info)
{
	if (eth_is_group(&info->sender_mac) || eth_is_zero(&info->sender_mac))
		return false;
	return info->sender == 0 || ip4_is_unicast(info->sender);
}

bool arp_parse(const uint8_t *p, size_t len, struct arp_info *out, enum holm_drop *why)
{
	struct arp_packet arp;

	*why = HOLM_DROP_ARP_MALFORMED;
	if (len < ARP_BYTES)
		return false;
	memcpy(&arp, p, sizeof(arp));
	if (be16_get(arp.hardware) != ARP_HARDWARE_ETHERNET ||
	    be16_get(arp.protocol) != ETH_TYPE_IP4)
		return false;
	if (arp.hardware_bytes != sizeof(struct holm_mac) || arp.protocol_bytes != 4)
		return false;
	out->op = be16_get(arp.op);
	if (out->op != ARP_REQUEST && out->op != ARP_REPLY)
		return false;
	out->sender_mac = arp.sender_mac;
	out->sender = be32_get(arp.sender);
	out->target_mac = arp.target_mac;
	out->target = be32_get(arp.target);
	if (!is_possible_sender(out)) {
		*why = HOLM_DROP_ARP_SOURCE;
		return false;
	}
	return true;
}

void arp_build(uint8_t *p, const struct arp_info *info)
{
	struct arp_packet arp = {
		.hardware = be16_of(ARP_HARDWARE_ETHERNET),
		.protocol = be16_of(ETH_TYPE_IP4),
		.hardware_bytes = sizeof(struct holm_mac),
		.protocol_bytes = 4,
		.op = be16_of(info->op),
		.sender_mac = info->sender_mac,
		.sender = be32_of(info->sender),
		.target_mac = info->target_mac,
		.target = be32_of(info->target),
	};

	memcpy(p, &arp, sizeof(arp));
}

void arp_print(struct fmt_out *out, const uint8_t *p, size_t len)
{
	struct arp_info info;
	enum holm_drop why;

	if (!arp_parse(p, len, &info, &why)) {
		fmt_printf(out, "ARP [%s]",
			   why == HOLM_DROP_ARP_SOURCE ? "impossible sender" : "malformed");
		return;
	}
	if (info.op == ARP_REQUEST) {
		fmt_printf(out, "ARP who has ");
		ip4_print_addr(out, info.target);
		fmt_printf(out, "? tell ");
		ip4_print_addr(out, info.sender);
		return;
	}
	fmt_printf(out, "ARP ");
	ip4_print_addr(out, info.sender);
	fmt_printf(out, " is at ");
	eth_print_mac(out, &info.sender_mac);
}
