/*
 * A part: errors that an IPv4 host finds out itself are told, to the sender of a packet that nobody wants
 * (RFC 792, RFC 1122 section 3.2.2, where ICMP is named), and to the transport whose neighbour does not
 * answer. Without it such packets are dropped by name, and that is all.
 */
#include "net/ip/icmp.h"
#include "net/ip/state.h"

#include "net/wire/icmp4.h"
#include "net/wire/ip4.h"

/* ---- To the sender. */

/* RFC 1122 section 3.2.2: what no error is ever sent about, another error first of all. */
static bool may_answer(const struct holm_frame *f, const struct ip_rx *rx)
{
	uint8_t type;

	if (rx->flags || (f->flags & HOLM_FRAME_BROADCAST) || holm_addr_is_any(&rx->src))
		return false;
	if (rx->proto != IP4_PROTO_ICMP)
		return true;
	holm_frame_read(f, f->l4_off, &type, 1);
	return !icmp4_is_error(type);
}

static void send_error(struct holm_net *net, struct holm_frame *f, const struct ip_rx *rx,
		       struct ip_dst *dst, const struct icmp4_info *info)
{
	struct ip_tx tx = {
		.src = &rx->dst,
		.dst = &rx->src,
		.proto = IP4_PROTO_ICMP,
		.tos = ICMP4_ERROR_TOS,
		.ttl = ICMP_REPLY_TTL,
		.dont_fragment = true,
	};
	struct holm_frame *e =
		icmp_quote_frame(net, f, ICMP4_ERROR_MAX - IP4_HDR_BYTES - ICMP4_HDR_BYTES);

	if (!e)
		return;
	icmp4_build(holm_frame_data(e), info);
	icmp4_seal(holm_frame_data(e), e->len);
	net_count(net, HOLM_COUNT_ICMP_ERRORS_SENT);
	ip_output(net, dst, e, &tx);
}

/* What the error says; IP_ERROR_TTL is the time that fragments had to come. */
static struct icmp4_info info_of(enum ip_error_kind kind)
{
	struct icmp4_info info = { .type = ICMP4_UNREACHABLE, .code = ICMP4_PORT };

	if (kind == IP_ERROR_PROTOCOL_UNREACHABLE)
		info.code = ICMP4_PROTOCOL;
	if (kind == IP_ERROR_TTL) {
		info.type = ICMP4_TIME_EXCEEDED;
		info.code = 1;
	}
	return info;
}

static void send_unreachable(struct holm_net *net, struct holm_frame *f, enum ip_error_kind kind)
{
	const struct icmp4_info info = info_of(kind);
	const struct ip_rx rx = *ip_rx(f);
	struct ip_dst *dst;

	if (!may_answer(f, &rx) || !icmp_rate_allows(net))
		return;
	if (ip_dst_get(net, &rx.src, NULL, &dst) != 0) {
		net_drop_note(net, HOLM_DROP_IP_NO_ROUTE);
		return;
	}
	send_error(net, f, &rx, dst, &info);
	ip_dst_put(net, dst);
}

/* ---- To the transport. */

/* What an error about this packet of ours has to say to its transport. */
static size_t ip4_quote(const struct holm_frame *f, struct ip_error *error)
{
	struct ip4_info info;
	enum holm_drop why;

	if (f->segs[0].len < (size_t)f->l3_off + IP4_HDR_BYTES ||
	    !ip4_parse_header(holm_frame_data(f) + f->l3_off, f->segs[0].len - f->l3_off, &info,
			      &why))
		return 0;
	error->proto = info.proto;
	error->local = ip4_to_addr(info.src);
	error->remote = ip4_to_addr(info.dst);
	return (size_t)f->l3_off + info.hdr_len;
}

static int start(struct holm_net *net)
{
	ip_tell_unreachable(net, IP_FAMILY_4, ip4_quote);
	if (net->ip->icmp4)
		net->ip->send_error[IP_FAMILY_4] = send_unreachable;
	return 0;
}

static const struct holm_proto *const needs[] = { &holm_ipv4, NULL };

const struct holm_proto holm_ip4_errors = {
	.name = "ip4_errors",
	.kind = PROTO_PART,
	.needs = needs,
	.start = start,
};
