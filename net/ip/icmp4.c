/*
 * ICMP for IPv4: RFC 792, RFC 1122 section 3.2.2. Answers echo requests, and tells transports about
 * errors that quote a packet of theirs. Redirects are not followed: a host's routes are its owner's.
 * Errors of our own about packets that nobody wants are a part, ip4_error.c.
 */
#include "net/ip/icmp.h"
#include "net/ip/state.h"
#include "net/core/sum.h"
#include "net/wire/icmp4.h"

/* What has to be contiguous of an error: its header, the quoted one, the quoted transport's 8. */
#define QUOTE_BYTES (ICMP4_HDR_BYTES + IP4_HDR_MAX + ICMP4_QUOTE_MIN)

/* ---- Echo. */

static void answer_echo(struct holm_net *net, struct holm_frame *f)
{
	struct ip_rx rx = *ip_rx(f);
	struct ip_dst *dst;
	struct ip_tx tx = {
		.src = &rx.dst,
		.dst = &rx.src,
		.proto = IP4_PROTO_ICMP,
		.tos = rx.tos,
		.ttl = ICMP_REPLY_TTL,
		.dont_fragment = true,
	};

	if (rx.flags || (f->flags & HOLM_FRAME_BROADCAST)) {
		net_drop(net, f, HOLM_DROP_ICMP_BROADCAST);
		return;
	}
	dst = icmp_reply_dst(net, &rx.src, NULL);
	if (!dst) {
		net_drop(net, f, HOLM_DROP_IP_NO_ROUTE);
		return;
	}
	/* A request that came in pieces is answered in pieces. */
	tx.dont_fragment = rx.l4_len <= ip_dst_payload_max(dst);
	f = icmp_make_reply(net, dst, f, rx.l4_len);
	if (!f)
		return;
	icmp4_echo_to_reply(holm_frame_data(f));
	net_count(net, HOLM_COUNT_ICMP_ECHO_REPLIES);
	ip_output(net, dst, f, &tx);
}

/* ---- Errors in. */

/* What the codes of "destination unreachable" mean; the numbers and what is fatal are Linux's. */
static const struct icmp_meaning unreachables[] = {
	[ICMP4_NET] = { IP_ERROR_NET_UNREACHABLE, HOLM_ENETUNREACH, false },
	[ICMP4_HOST] = { IP_ERROR_HOST_UNREACHABLE, HOLM_EHOSTUNREACH, false },
	[ICMP4_PROTOCOL] = { IP_ERROR_PROTOCOL_UNREACHABLE, HOLM_ENOPROTOOPT, true },
	[ICMP4_PORT] = { IP_ERROR_PORT_UNREACHABLE, HOLM_ECONNREFUSED, true },
	[ICMP4_FRAG_NEEDED] = { IP_ERROR_TOO_BIG, HOLM_EMSGSIZE, true },
	[ICMP4_SOURCE_ROUTE] = { IP_ERROR_NET_UNREACHABLE, HOLM_EOPNOTSUPP, false },
	[6] = { IP_ERROR_NET_UNREACHABLE, HOLM_ENETUNREACH, true },
	[7] = { IP_ERROR_NET_UNREACHABLE, HOLM_EHOSTDOWN, true },
	[8] = { IP_ERROR_NET_UNREACHABLE, HOLM_ENONET, true },
	[9] = { IP_ERROR_PROHIBITED, HOLM_ENETUNREACH, true },
	[10] = { IP_ERROR_PROHIBITED, HOLM_EHOSTUNREACH, true },
	[11] = { IP_ERROR_NET_UNREACHABLE, HOLM_ENETUNREACH, false },
	[12] = { IP_ERROR_NET_UNREACHABLE, HOLM_EHOSTUNREACH, false },
	[ICMP4_PROHIBITED] = { IP_ERROR_PROHIBITED, HOLM_EHOSTUNREACH, true },
	[14] = { IP_ERROR_PROHIBITED, HOLM_EHOSTUNREACH, true },
	[15] = { IP_ERROR_PROHIBITED, HOLM_EHOSTUNREACH, true },
};

static void describe_unreachable(const struct icmp4_info *info, struct ip_error *error)
{
	error->kind = IP_ERROR_NET_UNREACHABLE;
	error->error = HOLM_EHOSTUNREACH;
	if (info->code >= ARRAY_LEN(unreachables))
		return;
	icmp_set_meaning(error, &unreachables[info->code]);
	if (info->code == ICMP4_FRAG_NEEDED)
		error->mtu = info->next_mtu;
}

/* What the error means to a transport. False: a kind that is not for transports. */
static bool describe(const struct icmp4_info *info, struct ip_error *error)
{
	error->type = info->type;
	error->code = info->code;
	switch (info->type) {
	case ICMP4_UNREACHABLE:
		describe_unreachable(info, error);
		return true;
	case ICMP4_TIME_EXCEEDED:
		error->kind = IP_ERROR_TTL;
		error->error = HOLM_EHOSTUNREACH;
		return true;
	case ICMP4_PARAM_PROBLEM:
		error->kind = IP_ERROR_PARAMETER;
		error->error = HOLM_EPROTO;
		error->fatal = true;
		return true;
	default:
		return false;
	}
}

static bool fill_quote(struct holm_net *net, struct holm_frame *f, const struct icmp4_quote *quote,
		       const uint8_t *p, struct ip_error *error)
{
	uint32_t skip =
		(uint32_t)ICMP4_HDR_BYTES + quote->ip.hdr_len + (uint32_t)sizeof(error->quote);

	error->offender = ip_rx(f)->src;
	error->frame = f;
	error->payload_off = f->l4_off + skip;
	error->payload_len = ip_rx(f)->l4_len - skip;
	error->proto = quote->ip.proto;
	error->local = ip4_to_addr(quote->ip.src);
	error->remote = ip4_to_addr(quote->ip.dst);
	memcpy(error->quote, p + ICMP4_HDR_BYTES + quote->ip.hdr_len, sizeof(error->quote));
	return ip_addr_is_local(net, &error->local);
}

static void error_input(struct holm_net *net, struct holm_frame *f, const struct icmp4_info *info)
{
	size_t len = min_size(ip_rx(f)->l4_len, QUOTE_BYTES);
	struct icmp4_quote quote;
	struct ip_error error = { 0 };
	enum holm_drop why;
	const uint8_t *p;

	p = icmp_pull(net, f, len);
	if (!p)
		return;
	if (!icmp4_parse_quote(p, len, &quote, &why)) {
		net_drop(net, f, why);
		return;
	}
	if (!describe(info, &error)) {
		net_drop(net, f, HOLM_DROP_ICMP_TYPE);
		return;
	}
	icmp_report(net, f, &error, fill_quote(net, f, &quote, p, &error));
}

/* ---- Input. */

static bool checksum_holds(const struct holm_frame *f, size_t len)
{
	if (f->dev->netif->features & HOLM_DEV_NO_CSUM)
		return true;
	return checksum_finish(frame_sum(f, f->l4_off, len, 0)) == 0;
}

static void icmp4_input(struct holm_net *net, struct holm_frame *f)
{
	size_t len = ip_rx(f)->l4_len;
	size_t linear = min_size(len, ICMP4_HDR_BYTES);
	struct icmp4_info info;
	const uint8_t *p = icmp_pull(net, f, linear);
	enum holm_drop why;

	if (!p)
		return;
	if (!icmp4_parse(p, linear, &info, &why)) {
		net_drop(net, f, why);
		return;
	}
	if (!checksum_holds(f, len)) {
		net_drop(net, f, HOLM_DROP_ICMP_CSUM);
		return;
	}
	if (info.type == ICMP4_ECHO)
		answer_echo(net, f);
	else if (ip_rx(f)->flags)
		net_drop(net, f, HOLM_DROP_ICMP_BROADCAST);
	else if (icmp4_is_error(info.type))
		error_input(net, f, &info);
	else if (info.type == ICMP4_ECHO_REPLY)
		icmp_reply_input(net, f, info.id);
	else
		net_drop(net, f, HOLM_DROP_ICMP_TYPE);
}

/* ---- Life. */

static int icmp4_start(struct holm_net *net)
{
	return icmp_start(net, IP_FAMILY_4);
}

static void icmp4_stop(struct holm_net *net)
{
	icmp_stop(net, IP_FAMILY_4);
}

static const struct holm_proto *const icmp4_needs[] = { &holm_ipv4, NULL };

const struct holm_proto holm_icmp4 = {
	.name = "icmp4",
	.kind = PROTO_TRANSPORT,
	.number = IP4_PROTO_ICMP,
	.needs = icmp4_needs,
	.start = icmp4_start,
	.stop = PROTO_STOP(icmp4_stop),
	.input = icmp4_input,
};
