/*
 * ICMP for IPv4: RFC 792, RFC 1122 section 3.2.2. Answers echo requests, tells transports about
 * errors that quote a packet of theirs, and sends errors about packets that nobody wants. Redirects
 * are not followed: a host's routes are its owner's.
 */
#include "net/ip/state.h"

#include "net/ip/sum.h"
#include "net/link/eth.h"
#include "net/wire/icmp4.h"

/* Errors that may go in one burst, whatever the rate. Linux has the same number. */
#define BURST 50u
#define REPLY_TTL 64u
/* RFC 1812 section 4.3.2.5: internetwork control. */
#define ERROR_TOS 0xc0u
/* What has to be contiguous of an error: its header, the quoted one, the quoted transport's 8. */
#define QUOTE_BYTES (ICMP4_HDR_BYTES + IP4_HDR_MAX + ICMP4_QUOTE_MIN)

/* One per instance. */
struct icmp_state {
	uint64_t next_ns;     /* when an evenly spaced sender would send its next error */
	uint64_t interval_ns; /* between errors at the permitted rate */
	struct ip_dst *last; /* the destination of the last echo reply: bursts come from one host */
};

/* ---- Echo. */

static struct ip_dst *reply_dst(struct holm_net *net, const struct holm_addr *remote)
{
	struct icmp_state *icmp = net->icmp;

	if (icmp->last && holm_addr_equal(&icmp->last->remote, remote) &&
	    ip_dst_check(net, icmp->last))
		return icmp->last;
	if (icmp->last)
		ip_dst_put(net, icmp->last);
	if (ip_dst_get(net, remote, NULL, &icmp->last) != 0)
		icmp->last = NULL;
	return icmp->last;
}

/* A frame of our own for the ICMP header; what follows it is shared with the request. */
static struct holm_frame *clone_message(struct holm_net *net, const struct holm_frame *f,
					size_t len)
{
	struct holm_frame *r = holm_frame_alloc(net->pool, HOLM_FRAME_HEADROOM, true);
	size_t skip = (size_t)f->l4_off + ICMP4_HDR_BYTES;

	if (!r)
		return NULL;
	holm_frame_read(f, f->l4_off, holm_frame_put(r, ICMP4_HDR_BYTES), ICMP4_HDR_BYTES);
	len -= ICMP4_HDR_BYTES;
	for (uint32_t i = 0; i < f->nsegs && len > 0; i++) {
		const struct holm_seg *seg = &f->segs[i];
		size_t from = min_size(skip, seg->len);
		size_t n = min_size(seg->len - from, len);

		skip -= from;
		if (n == 0)
			continue;
		if (!holm_frame_append(r, seg->buf, seg->data + from, n)) {
			holm_frame_free(r);
			return NULL;
		}
		len -= n;
	}
	r->flags = f->flags & HOLM_FRAME_LENT;
	return r;
}

/* The request becomes the frame of its reply, which begins with the ICMP header. NULL: no frame. */
static struct holm_frame *make_reply(struct holm_net *net, const struct ip_dst *dst,
				     struct holm_frame *f, size_t len)
{
	struct holm_frame *r = f;

	if (eth_may_reply_in_place(dst->netif, f)) {
		holm_frame_trim(f, f->l4_off + len);
		holm_frame_pull(f, f->l4_off);
		eth_reset_for_reply(f);
	} else {
		r = clone_message(net, f, len);
		holm_frame_free(f);
	}
	if (r) {
		r->csum_start = 0;
		r->payload_off = ICMP4_HDR_BYTES;
		r->hdr_len = ICMP4_HDR_BYTES;
		icmp4_echo_to_reply(holm_frame_data(r));
	}
	return r;
}

static void answer_echo(struct holm_net *net, struct holm_frame *f)
{
	struct ip_rx rx = *ip_rx(f);
	struct ip_dst *dst;
	struct ip_tx tx = {
		.src = &rx.dst,
		.dst = &rx.src,
		.proto = IP4_PROTO_ICMP,
		.tos = rx.tos,
		.ttl = REPLY_TTL,
		.dont_fragment = true,
	};

	if (rx.flags || (f->flags & HOLM_FRAME_BROADCAST)) {
		net_drop(net, f, HOLM_DROP_ICMP_BROADCAST);
		return;
	}
	dst = reply_dst(net, &rx.src);
	if (!dst) {
		net_drop(net, f, HOLM_DROP_IP_NO_ROUTE);
		return;
	}
	/* A request that came in pieces is answered in pieces. */
	tx.dont_fragment = rx.l4_len <= ip_dst_payload_max(dst);
	f = make_reply(net, dst, f, rx.l4_len);
	if (!f) {
		net_drop_note(net, HOLM_DROP_NO_FRAME);
		return;
	}
	net_count(net, HOLM_COUNT_ICMP_ECHO_REPLIES);
	ip_output(net, dst, f, &tx);
}

/* ---- Errors in. */

/* What the codes of "destination unreachable" mean; the numbers and what is fatal are Linux's. */
static const struct {
	uint8_t kind;  /* enum ip_error_kind */
	uint8_t error; /* enum holm_errno */
	bool fatal;
} unreachables[] = {
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
	error->kind = (enum ip_error_kind)unreachables[info->code].kind;
	error->error = unreachables[info->code].error;
	error->fatal = unreachables[info->code].fatal;
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

	if (f->segs[0].len < f->l4_off + len && !holm_frame_pullup(f, f->l4_off + len)) {
		net_drop(net, f, HOLM_DROP_ICMP_SHORT);
		return;
	}
	p = holm_frame_data(f) + f->l4_off;
	if (!icmp4_parse_quote(p, len, &quote, &why)) {
		net_drop(net, f, why);
		return;
	}
	if (!describe(info, &error)) {
		net_drop(net, f, HOLM_DROP_ICMP_TYPE);
		return;
	}
	if (!fill_quote(net, f, &quote, p, &error) || !ip_report_error(net, &error)) {
		net_drop(net, f, HOLM_DROP_ICMP_QUOTE);
		return;
	}
	holm_frame_free(f);
}

/* ---- Errors out. */

/* The rate of config.icmp_rate_per_s, with bursts. */
static bool rate_allows(struct holm_net *net)
{
	struct icmp_state *icmp = net->icmp;
	uint64_t at = max_u64(icmp->next_ns, net->now);

	if (at - net->now > (BURST - 1) * icmp->interval_ns)
		return false;
	icmp->next_ns = at + icmp->interval_ns;
	return true;
}

/* RFC 1122 section 3.2.2: what no error is ever sent about. */
static bool may_answer(const struct holm_frame *f, const struct ip_rx *rx)
{
	return rx->flags == 0 && !(f->flags & HOLM_FRAME_BROADCAST) && !holm_addr_is_any(&rx->src);
}

static void send_error(struct holm_net *net, const struct holm_frame *f, const struct ip_rx *rx,
		       struct ip_dst *dst, const struct icmp4_info *info)
{
	struct ip_tx tx = {
		.src = &rx->dst,
		.dst = &rx->src,
		.proto = IP4_PROTO_ICMP,
		.tos = ERROR_TOS,
		.ttl = REPLY_TTL,
		.dont_fragment = true,
	};
	size_t packet = (size_t)(f->l4_off - f->l3_off) + rx->l4_len;
	size_t quoted = min_size(packet, ICMP4_ERROR_MAX - IP4_HDR_BYTES - ICMP4_HDR_BYTES);
	struct holm_frame *e = holm_frame_alloc(net->pool, HOLM_FRAME_HEADROOM, false);

	if (!e) {
		net_drop_note(net, HOLM_DROP_NO_FRAME);
		return;
	}
	icmp4_build(holm_frame_put(e, ICMP4_HDR_BYTES), info);
	holm_frame_read(f, f->l3_off, holm_frame_put(e, quoted), quoted);
	icmp4_seal(holm_frame_data(e), e->len);
	e->payload_off = ICMP4_HDR_BYTES;
	e->hdr_len = ICMP4_HDR_BYTES;
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

	if (!may_answer(f, &rx))
		return;
	if (!rate_allows(net)) {
		net_drop_note(net, HOLM_DROP_ICMP_RATE);
		return;
	}
	if (ip_dst_get(net, &rx.src, NULL, &dst) != 0) {
		net_drop_note(net, HOLM_DROP_IP_NO_ROUTE);
		return;
	}
	send_error(net, f, &rx, dst, &info);
	ip_dst_put(net, dst);
}

/* ---- Input. */

static bool checksum_holds(const struct holm_frame *f, size_t len)
{
	if (f->dev->netif->features & HOLM_DEV_NO_CSUM)
		return true;
	return checksum_finish(ip_frame_sum(f, f->l4_off, len, 0)) == 0;
}

/* For an echo endpoint? Most instances have none, and send no requests. */
static void reply_input(struct holm_net *net, struct holm_frame *f, uint16_t id)
{
	if (net->ip->echo_reply && net->ip->echo_reply(net, f, id))
		holm_frame_free(f);
	else
		net_drop(net, f, HOLM_DROP_ICMP_TYPE);
}

static void icmp4_input(struct holm_net *net, struct holm_frame *f)
{
	size_t len = ip_rx(f)->l4_len;
	size_t linear = min_size(len, ICMP4_HDR_BYTES);
	struct icmp4_info info;
	enum holm_drop why;

	if (f->segs[0].len < f->l4_off + linear && !holm_frame_pullup(f, f->l4_off + linear)) {
		net_drop(net, f, HOLM_DROP_ICMP_SHORT);
		return;
	}
	if (!icmp4_parse(holm_frame_data(f) + f->l4_off, linear, &info, &why)) {
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
		reply_input(net, f, info.id);
	else
		net_drop(net, f, HOLM_DROP_ICMP_TYPE);
}

/* ---- Life. */

static int icmp4_start(struct holm_net *net)
{
	struct icmp_state *icmp = mem_zalloc(&net->mem, sizeof(*icmp));

	if (!icmp)
		return -HOLM_ENOMEM;
	icmp->interval_ns = 1000000000u / net->config.icmp_rate_per_s;
	net->icmp = icmp;
	net->ip->send_error[IP_FAMILY_4] = send_unreachable;
	return 0;
}

static void icmp4_stop(struct holm_net *net)
{
	struct icmp_state *icmp = net->icmp;

	if (!icmp)
		return;
	net->ip->send_error[IP_FAMILY_4] = NULL;
	if (icmp->last)
		ip_dst_put(net, icmp->last);
	mem_free(&net->mem, icmp, sizeof(*icmp));
	net->icmp = NULL;
}

static const struct holm_proto *const icmp4_needs[] = { &holm_ipv4, NULL };

const struct holm_proto holm_icmp4 = {
	.name = "icmp4",
	.kind = PROTO_TRANSPORT,
	.number = IP4_PROTO_ICMP,
	.needs = icmp4_needs,
	.start = icmp4_start,
	.stop = icmp4_stop,
	.input = icmp4_input,
};
