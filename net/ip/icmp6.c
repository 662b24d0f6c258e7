/*
 * ICMP for IPv6: RFC 4443. Answers echo requests, tells transports about errors that quote a packet of
 * theirs (RFC 8201: also how large a packet may be), sends errors about packets that nobody wants or
 * understands, and hands messages of neighbour and listener discovery to who was named for them.
 */
#include "net/wire/icmp6.h"

#include "net/ip/icmp.h"
#include "net/ip/state.h"
#include "net/core/sum.h"

/* What has to be contiguous of an error: its header, the quoted ones, the quoted transport's 8. */
#define QUOTE_BYTES                                                                                \
	((size_t)ICMP6_HDR_BYTES + IP6_HDR_BYTES + IP6_EXT_BYTES_MAX + IP6_FRAGMENT_BYTES +        \
	 ICMP6_QUOTE_MIN)

/* The way back to an address that means something only on the link where the packet came in. */
static struct holm_dev *dev_back(const struct holm_frame *f, const struct holm_addr *remote)
{
	return ip6_needs_zone(remote) ? f->dev : NULL;
}

/* ---- Echo. */

/*
 * RFC 4443 section 4.2:
 *   An Echo Reply SHOULD be sent in response to an Echo Request message sent to an IPv6 multicast or
 *   anycast address. In this case, the source address of the reply MUST be a unicast address belonging
 *   to the interface on which the Echo Request message was received.
 * One packet makes many hosts answer, so these replies are held to the rate of errors.
 */
static bool may_reply(struct holm_net *net, struct holm_frame *f)
{
	if (holm_addr_is_any(&ip_rx(f)->src)) {
		net_drop(net, f, HOLM_DROP_ICMP_BROADCAST);
		return false;
	}
	if (ip_rx(f)->flags && !icmp_rate_allows(net)) {
		holm_frame_free(f); /* it is counted */
		return false;
	}
	return true;
}

static void answer_echo(struct holm_net *net, struct holm_frame *f)
{
	struct ip_rx rx = *ip_rx(f);
	struct ip_dst *dst;
	struct ip_tx tx = {
		.src = &rx.dst,
		.dst = &rx.src,
		.proto = IP6_PROTO_ICMP,
		.tos = rx.tos,
		.ttl = ICMP_REPLY_TTL,
	};

	if (!may_reply(net, f))
		return;
	dst = icmp_reply_dst(net, &rx.src, dev_back(f, &rx.src));
	if (!dst) {
		net_drop(net, f, HOLM_DROP_IP_NO_ROUTE);
		return;
	}
	/* A request that came in pieces is answered in pieces. */
	tx.dont_fragment = rx.l4_len <= ip_dst_payload_max(dst);
	f = icmp_make_reply(net, dst, f, rx.l4_len);
	if (!f)
		return;
	icmp6_echo_to_reply(holm_frame_data(f));
	if (rx.flags & IP_RX_MULTICAST) {
		icmp6_change_source(holm_frame_data(f), &rx.dst, &dst->src);
		tx.src = &dst->src;
	}
	net_count(net, HOLM_COUNT_ICMP_ECHO_REPLIES);
	ip_output(net, dst, f, &tx);
}

/* ---- Errors in. */

/* What the codes of "destination unreachable" mean; the numbers and what is fatal are Linux's. */
static const struct icmp_meaning unreachables[] = {
	[ICMP6_NO_ROUTE] = { IP_ERROR_NET_UNREACHABLE, HOLM_ENETUNREACH, false },
	[ICMP6_PROHIBITED] = { IP_ERROR_PROHIBITED, HOLM_EACCES, true },
	[ICMP6_SCOPE] = { IP_ERROR_NET_UNREACHABLE, HOLM_EHOSTUNREACH, false },
	[ICMP6_ADDRESS] = { IP_ERROR_HOST_UNREACHABLE, HOLM_EHOSTUNREACH, false },
	[ICMP6_PORT] = { IP_ERROR_PORT_UNREACHABLE, HOLM_ECONNREFUSED, true },
	[ICMP6_POLICY] = { IP_ERROR_PROHIBITED, HOLM_EACCES, true },
	[ICMP6_REJECT] = { IP_ERROR_PROHIBITED, HOLM_EACCES, true },
};

static void describe_unreachable(const struct icmp6_info *info, struct ip_error *error)
{
	error->fatal = true;
	if (info->code >= ARRAY_LEN(unreachables))
		return;
	icmp_set_meaning(error, &unreachables[info->code]);
}

/*
 * What the error means to a transport. RFC 4443 section 2.4 (a): one of unknown type is passed on too; it
 * says nothing that would be for ever.
 */
static void describe(const struct icmp6_info *info, struct ip_error *error)
{
	error->type = info->type;
	error->code = info->code;
	error->kind = IP_ERROR_NET_UNREACHABLE;
	error->error = HOLM_EPROTO;
	switch (info->type) {
	case ICMP6_UNREACHABLE:
		describe_unreachable(info, error);
		break;
	case ICMP6_TOO_BIG:
		error->kind = IP_ERROR_TOO_BIG;
		error->error = HOLM_EMSGSIZE;
		error->fatal = true;
		error->mtu = info->value;
		break;
	case ICMP6_TIME_EXCEEDED:
		error->kind = IP_ERROR_TTL;
		error->error = HOLM_EHOSTUNREACH;
		break;
	case ICMP6_PARAM_PROBLEM:
		error->kind = info->code == IP6_PROBLEM_NEXT_HEADER ? IP_ERROR_PROTOCOL_UNREACHABLE
								    : IP_ERROR_PARAMETER;
		error->fatal = true;
		break;
	default:
		break;
	}
}

static bool fill_quote(struct holm_net *net, struct holm_frame *f, const struct icmp6_quote *quote,
		       const uint8_t *p, struct ip_error *error)
{
	uint32_t l4 = (uint32_t)ICMP6_HDR_BYTES + quote->l4_at;
	uint32_t skip = l4 + (uint32_t)sizeof(error->quote);

	error->offender = ip_rx(f)->src;
	error->frame = f;
	error->payload_off = f->l4_off + skip;
	error->payload_len = ip_rx(f)->l4_len - skip;
	error->proto = quote->proto;
	error->local = quote->ip.src;
	error->remote = quote->ip.dst;
	memcpy(error->quote, p + l4, sizeof(error->quote));
	return ip_addr_is_local(net, &error->local);
}

/*
 * RFC 8201 section 4:
 *   If a node receives a Packet Too Big message reporting a next-hop MTU that is less than the IPv6
 *   minimum link MTU, it must discard it.
 */
static bool is_possible(const struct icmp6_info *info)
{
	return info->type != ICMP6_TOO_BIG || info->value >= IP6_MTU_MIN;
}

static void error_input(struct holm_net *net, struct holm_frame *f, const struct icmp6_info *info)
{
	size_t len = min_size(ip_rx(f)->l4_len, QUOTE_BYTES);
	struct icmp6_quote quote;
	struct ip_error error = { 0 };
	enum holm_drop why;
	const uint8_t *p;

	if (!is_possible(info)) {
		net_drop(net, f, HOLM_DROP_ICMP_MTU);
		return;
	}
	p = icmp_pull(net, f, len);
	if (!p)
		return;
	if (!icmp6_parse_quote(p, len, &quote, &why)) {
		net_drop(net, f, why);
		return;
	}
	describe(info, &error);
	icmp_report(net, f, &error, fill_quote(net, f, &quote, p, &error));
}

/* ---- Errors out. */

/*
 * RFC 4443 section 2.4 (e), what no error is ever sent about: errors and redirects; what was sent to a
 * group, but for options whose sender wants to hear of it (`of_group`); what has no one sender.
 */
static bool may_answer(const struct holm_frame *f, const struct ip_rx *rx, bool of_group)
{
	size_t linear = f->segs[0].len - f->l3_off;

	if (holm_addr_is_any(&rx->src) || holm_addr_is_multicast(&rx->src))
		return false;
	if ((rx->flags || (f->flags & HOLM_FRAME_BROADCAST)) && !of_group)
		return false;
	return !icmp6_is_unanswerable(holm_frame_data(f) + f->l3_off, linear);
}

static void send_error(struct holm_net *net, struct holm_frame *f, const struct ip_rx *rx,
		       struct ip_dst *dst, const struct icmp6_info *info)
{
	struct ip_tx tx = {
		.src = rx->flags ? &dst->src : &rx->dst,
		.dst = &rx->src,
		.proto = IP6_PROTO_ICMP,
		.ttl = ICMP_REPLY_TTL,
		.dont_fragment = true,
	};
	struct holm_frame *e =
		icmp_quote_frame(net, f, ICMP6_ERROR_MAX - IP6_HDR_BYTES - ICMP6_HDR_BYTES);

	if (!e)
		return;
	icmp6_build(holm_frame_data(e), info);
	icmp6_seal(holm_frame_data(e), e->len, tx.src, tx.dst);
	net_count(net, HOLM_COUNT_ICMP_ERRORS_SENT);
	ip_output(net, dst, e, &tx);
}

static void answer(struct holm_net *net, struct holm_frame *f, const struct icmp6_info *info,
		   bool of_group)
{
	const struct ip_rx rx = *ip_rx(f);
	struct ip_dst *dst;

	if (!may_answer(f, &rx, of_group) || !icmp_rate_allows(net))
		return;
	if (ip_dst_get(net, &rx.src, dev_back(f, &rx.src), &dst) != 0) {
		net_drop_note(net, HOLM_DROP_IP_NO_ROUTE);
		return;
	}
	send_error(net, f, &rx, dst, info);
	ip_dst_put(net, dst);
}

/* IP_ERROR_TTL is the time that fragments had to come. */
static void send_unreachable(struct holm_net *net, struct holm_frame *f, enum ip_error_kind kind)
{
	static const struct icmp6_info port = { .type = ICMP6_UNREACHABLE, .code = ICMP6_PORT };
	static const struct icmp6_info late = { .type = ICMP6_TIME_EXCEEDED,
						.code = ICMP6_REASSEMBLY };

	answer(net, f, kind == IP_ERROR_TTL ? &late : &port, false);
}

static void send_problem(struct holm_net *net, struct holm_frame *f, uint8_t code, uint32_t pointer)
{
	const struct icmp6_info info = {
		.type = ICMP6_PARAM_PROBLEM,
		.code = code,
		.value = pointer,
	};

	answer(net, f, &info, code == IP6_PROBLEM_OPTION);
}

/* ---- Input. */

static bool checksum_holds(const struct holm_frame *f, const struct ip_rx *rx)
{
	if (f->dev->netif->features & HOLM_DEV_NO_CSUM)
		return true;
	return checksum_finish(frame_sum(
		       f, f->l4_off, rx->l4_len,
		       ip_pseudo_sum(&rx->src, &rx->dst, IP6_PROTO_ICMP, rx->l4_len))) == 0;
}

/* To who was named for it. */
static void hand_on(struct holm_net *net, struct holm_frame *f,
		    void (*input)(struct holm_net *net, struct holm_frame *f))
{
	if (input)
		input(net, f);
	else
		net_drop(net, f, HOLM_DROP_ICMP_TYPE);
}

/*
 * RFC 6980 section 5:
 *   Nodes MUST silently ignore the following Neighbor Discovery and SEcure Neighbor Discovery messages if
 *   the packets carrying them include an IPv6 Fragmentation Header.
 */
static void nd_input(struct holm_net *net, struct holm_frame *f)
{
	if (f->flags & HOLM_FRAME_PIECES)
		net_drop(net, f, HOLM_DROP_ICMP_PIECES);
	else
		hand_on(net, f, net->ip->nd_input);
}

static void dispatch(struct holm_net *net, struct holm_frame *f, const struct icmp6_info *info)
{
	if (info->type == ICMP6_ECHO)
		answer_echo(net, f);
	else if (icmp6_is_nd(info->type))
		nd_input(net, f);
	else if (icmp6_is_mld(info->type))
		hand_on(net, f, net->ip->mld_input);
	else if (ip_rx(f)->flags)
		net_drop(net, f, HOLM_DROP_ICMP_BROADCAST);
	else if (icmp6_is_error(info->type))
		error_input(net, f, info);
	else if (info->type == ICMP6_ECHO_REPLY)
		icmp_reply_input(net, f, info->id);
	else
		net_drop(net, f, HOLM_DROP_ICMP_TYPE);
}

static void icmp6_input(struct holm_net *net, struct holm_frame *f)
{
	const struct ip_rx *rx = ip_rx(f);
	size_t linear = min_size(rx->l4_len, ICMP6_HDR_BYTES);
	struct icmp6_info info;
	const uint8_t *p = icmp_pull(net, f, linear);
	enum holm_drop why;

	if (!p)
		return;
	if (!icmp6_parse(p, linear, &info, &why)) {
		net_drop(net, f, why);
		return;
	}
	if (!checksum_holds(f, rx)) {
		net_drop(net, f, HOLM_DROP_ICMP_CSUM);
		return;
	}
	dispatch(net, f, &info);
}

/* ---- Life. */

static int icmp6_start(struct holm_net *net)
{
	int err = icmp_start(net, IP_FAMILY_6);

	if (err)
		return err;
	net->ip->send_error[IP_FAMILY_6] = send_unreachable;
	net->ip->send_problem6 = send_problem;
	return 0;
}

static void icmp6_stop(struct holm_net *net)
{
	if (net->ip) {
		net->ip->send_error[IP_FAMILY_6] = NULL;
		net->ip->send_problem6 = NULL;
	}
	icmp_stop(net, IP_FAMILY_6);
}

static const struct holm_proto *const icmp6_needs[] = { &holm_ipv6, NULL };

const struct holm_proto holm_icmp6 = {
	.name = "icmp6",
	.kind = PROTO_TRANSPORT,
	.number = IP6_PROTO_ICMP,
	.needs = icmp6_needs,
	.start = icmp6_start,
	.stop = icmp6_stop,
	.input = icmp6_input,
};
