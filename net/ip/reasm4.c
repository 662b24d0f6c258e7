/*
 * What an IPv4 header says of a piece of a datagram, and the header of the whole: RFC 791 section 3.2,
 * RFC 3128. The pieces themselves are reasm.c's. The part holm_ip4_fragments, to which split4.c belongs
 * too: without it a piece that comes is dropped, and a packet that does not fit is not sent.
 */
#include "net/ip/state.h"

/* Only the last piece may be of odd length, and nothing reaches beyond what a packet can be. */
static bool is_possible(const struct ip4_info *info)
{
	uint32_t len = ip4_payload_len(info);

	if (len == 0 || ((info->frag & IP4_MF) && len % 8 != 0))
		return false;
	/* RFC 3128: a first piece that leaves ports and flags to the next one wants to slip by. */
	if (info->proto == IP4_PROTO_TCP && ip4_frag_offset_bytes(info) == 8)
		return false;
	return ip4_frag_offset_bytes(info) + len <= (uint32_t)IP4_TOTAL_MAX - info->hdr_len;
}

/* The first piece's header, as if nothing had been cut. */
static void mend(uint8_t *p, size_t hdr_len, const struct ip_rx *rx)
{
	p[1] = rx->tos;
	store_be16(p + 2, (uint16_t)(hdr_len + rx->l4_len));
	store_be16(p + 6, 0);
	store_be16(p + 10, 0);
	store_be16(p + 10, checksum_finish(checksum_partial(p, hdr_len, 0)));
}

static const struct ip_reasm_family reasm4 = { .packet_max = IP4_TOTAL_MAX, .mend = mend };

static struct holm_frame *join(struct holm_net *net, struct holm_frame *f,
			       const struct ip4_info *info)
{
	const struct ip_piece piece = {
		.family = &reasm4,
		.id = info->id,
		.off = ip4_frag_offset_bytes(info),
		.proto = info->proto,
		.more = info->frag & IP4_MF,
	};

	if (is_possible(info))
		return ip_reasm_input(net, f, &piece);
	net_drop(net, f, HOLM_DROP_IP_FRAGMENT);
	return NULL;
}

static const struct ip4_fragments fragments4 = { .join = join, .split = ip4_split };

static int start(struct holm_net *net)
{
	net->ip->fragments4 = &fragments4;
	return 0;
}

static const struct holm_proto *const needs[] = { &holm_ipv4, NULL };

const struct holm_proto holm_ip4_fragments = {
	.name = "ip4_fragments",
	.kind = PROTO_PART,
	.needs = needs,
	.start = start,
};
