/*
 * IPv4 headers with options, cut headers, and the line that a trace prints. See ip4.h.
 */
#include "net/wire/ip4.h"

#include "lib/fmt.h"
#include "net/wire/icmp4.h"
#include "net/wire/tcp.h"
#include "net/wire/udp.h"

enum { OPT_END = 0, OPT_NOP = 1, OPT_LOOSE_SOURCE_ROUTE = 131, OPT_STRICT_SOURCE_ROUTE = 137 };

/*
 * A source route lets a sender choose the way that answers take; RFC 7126 section 4.3 and 4.4 advise
 * to drop such packets. A list with an illegal length might hide one.
 */
static bool are_options_acceptable(const uint8_t *opts, size_t len)
{
	size_t i = 0;

	while (i < len && opts[i] != OPT_END) {
		if (opts[i] == OPT_NOP) {
			i++;
			continue;
		}
		if (opts[i] == OPT_LOOSE_SOURCE_ROUTE || opts[i] == OPT_STRICT_SOURCE_ROUTE)
			return false;
		if (len - i < 2 || opts[i + 1] < 2 || opts[i + 1] > len - i)
			return false;
		i += opts[i + 1];
	}
	return true;
}

bool ip4_parse_header(const uint8_t *p, size_t len, struct ip4_info *out, enum holm_drop *why)
{
	*out = (struct ip4_info){ 0 };
	*why = HOLM_DROP_IP4_SHORT;
	if (len < IP4_HDR_BYTES)
		return false;
	out->hdr_len = (uint16_t)((p[0] & 0xf) * 4);
	if (p[0] >> 4 != 4 || out->hdr_len < IP4_HDR_BYTES) {
		*why = HOLM_DROP_IP4_VERSION;
		return false;
	}
	out->total_len = load_be16(p + 2);
	if (out->hdr_len > len || out->total_len < out->hdr_len)
		return false;
	ip4_take_fields(p, out);
	return true;
}

bool ip4_parse_unusual(const uint8_t *p, size_t linear, size_t len, bool check_sum,
		       struct ip4_info *out, enum holm_drop *why)
{
	if (!ip4_parse_header(p, linear, out, why))
		return false;
	if (out->total_len > len) {
		*why = HOLM_DROP_IP4_SHORT;
		return false;
	}
	if (check_sum && checksum_finish(checksum_partial(p, out->hdr_len, 0)) != 0) {
		*why = HOLM_DROP_IP4_CSUM;
		return false;
	}
	if (!are_options_acceptable(p + IP4_HDR_BYTES, out->hdr_len - (size_t)IP4_HDR_BYTES)) {
		*why = HOLM_DROP_IP4_OPTIONS;
		return false;
	}
	return true;
}

void ip4_print_addr(struct fmt_out *out, uint32_t a)
{
	fmt_printf(out, "%u.%u.%u.%u", (unsigned)(a >> 24), (unsigned)(a >> 16 & 0xff),
		   (unsigned)(a >> 8 & 0xff), (unsigned)(a & 0xff));
}

/* An address, and the port at p if the packet begins with ports. */
static void print_end(struct fmt_out *out, uint32_t addr, const uint8_t *p, bool has_ports)
{
	ip4_print_addr(out, addr);
	if (has_ports)
		fmt_printf(out, ":%u", (unsigned)load_be16(p));
}

static void print_payload(struct fmt_out *out, const struct ip4_info *info, const uint8_t *p,
			  size_t len)
{
	if (ip4_frag_offset_bytes(info) != 0) {
		fmt_printf(out, "IPv4 proto %u len %u", (unsigned)info->proto,
			   (unsigned)ip4_payload_len(info));
		return;
	}
	switch (info->proto) {
	case IP4_PROTO_ICMP:
		icmp4_print(out, p, len, ip4_payload_len(info));
		break;
	case IP4_PROTO_TCP:
		tcp_print(out, p, len, ip4_payload_len(info));
		break;
	case IP4_PROTO_UDP:
		udp_print(out, p, len, ip4_payload_len(info));
		break;
	default:
		fmt_printf(out, "IPv4 proto %u len %u", (unsigned)info->proto,
			   (unsigned)ip4_payload_len(info));
	}
}

void ip4_print(struct fmt_out *out, const uint8_t *p, size_t len)
{
	struct ip4_info info;
	enum holm_drop why;
	const uint8_t *l4;
	size_t l4_len;
	bool has_ports;

	if (!ip4_parse_header(p, len, &info, &why)) {
		fmt_printf(out, "IPv4 [%s]",
			   why == HOLM_DROP_IP4_VERSION ? "bad version or header length"
							: "too short");
		return;
	}
	l4 = p + info.hdr_len;
	l4_len = min_size(len - info.hdr_len, ip4_payload_len(&info));
	has_ports = (info.proto == IP4_PROTO_TCP || info.proto == IP4_PROTO_UDP) && l4_len >= 4 &&
		    ip4_frag_offset_bytes(&info) == 0;
	print_end(out, info.src, l4, has_ports);
	fmt_printf(out, " > ");
	print_end(out, info.dst, l4 + 2, has_ports);
	fmt_printf(out, " ");
	print_payload(out, &info, l4, l4_len);
	if (ip4_is_fragment(&info))
		fmt_printf(out, " (fragment id %u offset %u%s)", (unsigned)info.id,
			   (unsigned)ip4_frag_offset_bytes(&info),
			   (info.frag & IP4_MF) ? ", more follow" : "");
}
