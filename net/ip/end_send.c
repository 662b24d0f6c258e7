/*
 * Sending from raw and echo endpoints: RFC 791 and 792, RFC 8200 and 4443, and what Linux fills in of an
 * IPv4 header that the program has written itself (of an IPv6 header: nothing). What is larger than the
 * path lets through is sent in fragments, unless its header is the program's.
 */
#include "net/core/iov.h"
#include "net/ip/end.h"
#include "net/ip/state.h"
#include "net/core/sum.h"
#include "net/wire/icmp4.h"
#include "net/wire/icmp6.h"

/* Where the fields are that are filled in. */
enum { AT_TOTAL = 2, AT_ID = 4, AT_PROTO = 9, AT_CHECKSUM = 10, AT_SOURCE = 12 };

/*
 * What is said of one packet must not contradict what else says by which device it goes: of IPv6,
 * as on Linux.
 */
static int choose_way(const struct ip_end *e, const struct holm_endpoint *to,
		      const struct ip_end_how *how, struct ip_via *via)
{
	int err = ip_end_via(e, to, via);

	if (err)
		return err;
	if (how->dev && e->ip6 && via->dev && via->dev != how->dev)
		return -HOLM_EINVAL;
	if (how->dev)
		via->dev = how->dev;
	else if (!via->dev && holm_addr_is_multicast(&to->addr))
		via->dev = e->group_dev;
	via->onlink |= how->onlink;
	return 0;
}

/* Point e->dst at where the packet goes, which is mostly where the last one went. */
static int find_dst(struct ip_end *e, const struct holm_endpoint *to, const struct ip_end_how *how)
{
	struct ip_via via;
	struct ip_dst *dst;
	int err = choose_way(e, to, how, &via);

	if (err)
		return err;
	if (!e->dst || !holm_addr_equal(&e->dst->remote, &to->addr) ||
	    e->dst->via.onlink != via.onlink || e->dst->via.dev != via.dev) {
		err = ip_dst_get_via(e->base.net, &to->addr, &via, &dst);
		if (err)
			return err;
		if (e->dst)
			ip_dst_put(e->base.net, e->dst);
		e->dst = dst;
	}
	if (!ip_dst_check(e->base.net, e->dst))
		return -HOLM_ENETUNREACH;
	return e->dst->broadcast && !e->may_broadcast ? -HOLM_EACCES : 0;
}

/* Echo requests are all that an echo endpoint sends. */
static int check_echo(const struct ip_end *e, const struct holm_msg *msg)
{
	uint8_t request = e->ip6 ? (uint8_t)ICMP6_ECHO : (uint8_t)ICMP4_ECHO;
	uint8_t header[ICMP4_HDR_BYTES];

	if (iov_peek(msg->iov, msg->iovcnt, header, sizeof(header)) < sizeof(header) ||
	    header[0] != request || header[1] != 0)
		return -HOLM_EINVAL;
	return 0;
}

/* The length of the header that the program has written; as on Linux nothing else of it is checked. */
static int check_header(const struct ip_end *e, const struct holm_msg *msg, size_t len)
{
	uint8_t first;

	if (e->ip6)
		return len < IP6_HDR_BYTES ? -HOLM_EINVAL : 0;
	if (len < IP4_HDR_BYTES || iov_peek(msg->iov, msg->iovcnt, &first, 1) < 1 ||
	    (size_t)(first & 15) * 4 > len)
		return -HOLM_EINVAL;
	return 0;
}

/* The longest that what the endpoint sends may be, where the way is known. */
static size_t len_max(const struct ip_end *e)
{
	if (e->header_included)
		return e->dst->mtu;
	return e->ip6 ? (size_t)IP6_PAYLOAD_MAX : (size_t)IP4_TOTAL_MAX - IP4_HDR_BYTES;
}

/* What may speak against the bytes themselves. */
static int check_bytes(const struct ip_end *e, const struct holm_msg *msg, size_t len, bool uncut)
{
	if (len > len_max(e) || (uncut && len > ip_dst_payload_max(e->dst)))
		return -HOLM_EMSGSIZE;
	if (e->header_included)
		return check_header(e, msg, len);
	return e->checksum_at >= 0 && (size_t)e->checksum_at + 2 > len ? -HOLM_EINVAL : 0;
}

/* Everything that may speak against sending; afterwards only memory can. */
static int prepare(struct ip_end *e, const struct holm_endpoint *to, const struct holm_msg *msg,
		   size_t len, const struct ip_end_how *how)
{
	const struct holm_endpoint connected = { .addr = e->remote, .scope = e->rscope };
	int err;

	if (len > IP4_TOTAL_MAX)
		return -HOLM_EMSGSIZE;
	if (e->base.error)
		return frame_end_take_error(&e->base);
	if (e->dev_gone)
		return -HOLM_ENODEV;
	err = e->echo ? check_echo(e, msg) : 0;
	if (!err && !to && !e->connected)
		err = -HOLM_EDESTADDRREQ;
	if (!err && e->echo && e->number == 0)
		err = ip_echo_bind(e, 0);
	if (!err)
		err = find_dst(e, to ? to : &connected, how);
	return err ? err : check_bytes(e, msg, len, how->uncut);
}

/* A checksum at `at` over all there is, and with IPv6 over the addresses. */
static void seal(const struct ip_end *e, struct holm_frame *f, const struct ip_tx *tx, size_t at)
{
	uint8_t *p = holm_frame_data(f);
	uint32_t sum = e->ip6 ? ip_pseudo_sum(tx->src, tx->dst, tx->proto, f->len) : 0;

	store_be16(p + at, 0);
	sum = checksum_finish(frame_sum(f, 0, f->len, sum));
	store_be16(p + at, sum == 0 && tx->proto == IP4_PROTO_UDP ? 0xffff : (uint16_t)sum);
}

/* Linux fills in the source and the identification where they are zero, length and checksum always. */
static void complete_header(struct ip_end *e, struct holm_frame *f)
{
	uint8_t *p = holm_frame_data(f);
	size_t header = (size_t)(p[0] & 15) * 4;

	if (header < IP4_HDR_BYTES)
		return;
	if (load_be32(p + AT_SOURCE) == 0)
		store_be32(p + AT_SOURCE, ip4_from_addr(e->local_given ? &e->local : &e->dst->src));
	/* Twice at most: 0 says that there is none. */
	while (load_be16(p + AT_ID) == 0)
		store_be16(p + AT_ID, ip4_next_id(e->base.net, e->dst));
	store_be16(p + AT_TOTAL, (uint16_t)f->len);
	store_be16(p + AT_CHECKSUM, 0);
	store_be16(p + AT_CHECKSUM, checksum_finish(checksum_partial(p, header, 0)));
}

static uint8_t proto_of(const struct ip_end *e)
{
	if (!e->echo)
		return (uint8_t)e->number;
	return e->ip6 ? (uint8_t)IP6_PROTO_ICMP : (uint8_t)IP4_PROTO_ICMP;
}

static void transmit(struct ip_end *e, struct holm_frame *f, const struct ip_end_how *how)
{
	uint8_t ttl = e->dst->multicast ? e->group_ttl : e->ttl;
	struct ip_tx tx = {
		.src = e->local_given ? &e->local : &e->dst->src,
		.dst = &e->dst->remote,
		.proto = proto_of(e),
		.tos = how->tos >= 0 ? (uint8_t)how->tos : e->tos,
		.ttl = how->ttl >= 0 ? (uint8_t)how->ttl : ttl,
		.dont_fragment = f->len <= ip_dst_payload_max(e->dst),
		.no_loop = e->no_loop,
	};

	if (e->dst->multicast && !e->local_given && !holm_addr_is_any(&e->group_src))
		tx.src = &e->group_src;
	/* A group or a broadcast address is nobody's source. */
	if (!ip_addr_is_local(e->base.net, tx.src))
		tx.src = &e->dst->src;
	if (how->src)
		tx.src = how->src;
	/* The identifier is the endpoint's, whatever the program has written. */
	if (e->echo)
		store_be16(holm_frame_data(f) + 4, e->number);
	if (e->echo || e->checksum_at >= 0)
		seal(e, f, &tx, e->echo ? 2 : (size_t)e->checksum_at);
	ip_output(e->base.net, e->dst, f, &tx);
}

/* The frame begins with the header that the program has written. */
static void transmit_raw(struct ip_end *e, struct holm_frame *f)
{
	if (e->ip6) {
		e->base.net->ip->families[IP_FAMILY_6]->emit(e->base.net, e->dst, f, e->no_loop);
		return;
	}
	complete_header(e, f);
	e->base.net->ip->families[IP_FAMILY_4]->emit(e->base.net, e->dst, f, e->no_loop);
}

int ip_end_send(struct ip_end *e, const struct holm_endpoint *to, const struct holm_msg *msg,
		const struct ip_end_how *how)
{
	struct holm_net *net = e->base.net;
	int err = prepare(e, to, msg, holm_iov_bytes(msg->iov, msg->iovcnt), how);
	struct holm_frame *f;

	ASSERT(!net->callbacks);
	if (err)
		return err;
	if (netif_room(e->dst->netif) == 0)
		return frame_end_wait(&e->base, e->dst->netif);
	f = holm_frame_alloc(net->pool, HOLM_FRAME_HEADROOM, e->urgent);
	if (!f)
		return frame_end_wait(&e->base, e->dst->netif);
	if (!iov_to_frame(net->pool, f, msg->iov, msg->iovcnt, e->urgent)) {
		holm_frame_free(f);
		return frame_end_wait(&e->base, e->dst->netif);
	}
	if (e->header_included)
		transmit_raw(e, f);
	else
		transmit(e, f, how);
	return 0;
}
