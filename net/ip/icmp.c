/* What ICMP of both families has in common; see icmp.h. */
#include "net/ip/icmp.h"

#include "net/ip/state.h"
#include "net/link/eth.h"

/* Errors that may go in one burst, whatever the rate. Linux has the same number. */
#define BURST 50u

bool icmp_rate_allows(struct holm_net *net)
{
	struct icmp_state *icmp = net->icmp;
	uint64_t at = max_u64(icmp->next_ns, net->now);

	if (at - net->now > (BURST - 1) * icmp->interval_ns) {
		net_drop_note(net, HOLM_DROP_ICMP_RATE);
		return false;
	}
	icmp->next_ns = at + icmp->interval_ns;
	return true;
}

struct ip_dst *icmp_reply_dst(struct holm_net *net, const struct holm_addr *remote,
			      struct holm_dev *dev)
{
	struct icmp_state *icmp = net->icmp;

	if (!FOR_SIZE && icmp->last && holm_addr_equal(&icmp->last->remote, remote) &&
	    icmp->last->via.dev == dev && ip_dst_check(net, icmp->last))
		return icmp->last;
	if (icmp->last)
		ip_dst_put(net, icmp->last);
	if (ip_dst_get(net, remote, dev, &icmp->last) != 0)
		icmp->last = NULL;
	return icmp->last;
}

/* How much of a message goes into a frame of our own; the rest is shared with the request. */
static size_t copied_bytes(size_t len)
{
	return net_has_pieces() ? ICMP_HDR_BYTES
				: min_size(len, HOLM_FRAME_BYTES - HOLM_FRAME_HEADROOM);
}

static struct holm_frame *clone_message(struct holm_net *net, const struct holm_frame *f,
					size_t len)
{
	struct holm_frame *r = holm_frame_alloc(net->pool, HOLM_FRAME_HEADROOM, true);
	size_t own = copied_bytes(len);

	if (!r)
		return NULL;
	holm_frame_read(f, f->l4_off, holm_frame_put(r, own), own);
	if (net_has_pieces() ? !holm_frame_append_from(r, f, f->l4_off + own, len - own)
			     : own < len) {
		holm_frame_free(r);
		return NULL;
	}
	r->flags = f->flags & HOLM_FRAME_LENT;
	return r;
}

struct holm_frame *icmp_make_reply(struct holm_net *net, const struct ip_dst *dst,
				   struct holm_frame *f, size_t len)
{
	struct holm_frame *r = f;

	if (!FOR_SIZE && eth_may_reply_in_place(dst->netif, f)) {
		holm_frame_trim(f, f->l4_off + len);
		holm_frame_pull(f, f->l4_off);
		eth_reset_for_reply(f);
	} else {
		r = clone_message(net, f, len);
		holm_frame_free(f);
	}
	if (!r) {
		net_drop_note(net, HOLM_DROP_NO_FRAME);
		return NULL;
	}
	r->csum_start = 0;
	r->payload_off = ICMP_HDR_BYTES;
	r->hdr_len = ICMP_HDR_BYTES;
	return r;
}

struct holm_frame *icmp_quote_frame(struct holm_net *net, struct holm_frame *f, size_t max)
{
	size_t packet = (size_t)(f->l4_off - f->l3_off) + ip_rx(f)->l4_len;
	size_t quoted = min_size(packet, max);
	struct holm_frame *e = holm_frame_alloc(net->pool, HOLM_FRAME_HEADROOM, false);

	if (!e) {
		net_drop_note(net, HOLM_DROP_NO_FRAME);
		return NULL;
	}
	memset(holm_frame_put(e, ICMP_HDR_BYTES), 0, ICMP_HDR_BYTES);
	holm_frame_read(f, f->l3_off, holm_frame_put(e, quoted), quoted);
	e->payload_off = ICMP_HDR_BYTES;
	e->hdr_len = ICMP_HDR_BYTES;
	return e;
}

const uint8_t *icmp_pull(struct holm_net *net, struct holm_frame *f, size_t len)
{
	if (f->segs[0].len < f->l4_off + len && !net_pull(f, f->l4_off + len)) {
		net_drop(net, f, HOLM_DROP_ICMP_SHORT);
		return NULL;
	}
	return holm_frame_data(f) + f->l4_off;
}

/* Most instances have no echo endpoint, and send no requests. */
void icmp_reply_input(struct holm_net *net, struct holm_frame *f, uint16_t id)
{
	if (ip_has_echo(net->ip) && net->ip->echo_reply(net, f, id))
		holm_frame_free(f);
	else
		net_drop(net, f, HOLM_DROP_ICMP_TYPE);
}

void icmp_report(struct holm_net *net, struct holm_frame *f, const struct ip_error *error,
		 bool is_ours)
{
	if (is_ours && ip_report_error(net, error))
		holm_frame_free(f);
	else
		net_drop(net, f, HOLM_DROP_ICMP_QUOTE);
}

int icmp_start(struct holm_net *net, unsigned family)
{
	struct icmp_state *icmp = net->icmp;

	if (!icmp) {
		icmp = mem_zalloc(&net->mem, sizeof(*icmp));
		if (!icmp)
			return -HOLM_ENOMEM;
		icmp->interval_ns = 1000000000u / net->config.icmp_rate_per_s;
		net->icmp = icmp;
	}
	icmp->families |= (uint8_t)(1u << family);
	return 0;
}

void icmp_stop(struct holm_net *net, unsigned family)
{
	struct icmp_state *icmp = net->icmp;

	if (!icmp)
		return;
	icmp->families &= (uint8_t) ~(1u << family);
	if (icmp->families)
		return;
	if (icmp->last)
		ip_dst_put(net, icmp->last);
	mem_free(&net->mem, icmp, sizeof(*icmp));
	net->icmp = NULL;
}
