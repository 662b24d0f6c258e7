/*
 * Software segmentation. Each piece gets the super-frame's headers with its own lengths, identifier,
 * sequence number and flags. For a device that gathers, its payload stays where the super-frame's
 * segments are, and is only summed; otherwise it is copied in the same pass that sums it. What is the
 * same for all pieces is summed once.
 */
#include "net/link/gso.h"

#include "lib/checksum.h"
#include "net/wire/eth.h"
#include "net/wire/ip4.h"
#include "net/wire/tcp.h"

/* Where a piece's payload begins: as in frames that a transport builds. */
#define PIECE_HEADROOM HOLM_FRAME_HEADROOM

#define IP6_PAYLOAD_LEN_OFFSET 4u

/* Below this, a copy is cheaper than a descriptor more. */
#define GATHER_MIN 512u
/* Segments that a piece may refer to: what is inline, less the headers'. */
#define GATHER_SPANS (HOLM_FRAME_SEGS_INLINE - 1u)

/* Ethernet, IPv4 and TCP without options. */
#define USUAL_HEADERS (ETH_HDR_BYTES + IP4_HDR_BYTES + TCP_HDR_BYTES)

/* Where the next payload byte is. */
struct cursor {
	const struct holm_seg *seg;
	size_t off;
};

struct cutter {
	struct holm_netif *netif;
	const struct holm_frame *super;
	struct cursor at;
	uint32_t pseudo; /* of the pseudo header, without the length */
	uint32_t ip_sum; /* of the IPv4 header, without length, identifier and checksum */
	uint32_t seq;
	uint16_t ip_id;
	uint8_t flags; /* of the next piece, unless it is the last */
	uint8_t tcp_hdr_len;
	/* What pieces of this much payload have in common. */
	size_t payload;
	uint32_t ip_sum_len, pseudo_len; /* the sums with the length */
	bool hw_csum;
	bool gathers;
};

static uint16_t tcp_len(const struct cutter *k, size_t payload)
{
	return (uint16_t)(k->tcp_hdr_len + payload);
}

static void read_headers(struct cutter *k)
{
	const struct holm_frame *f = k->super;
	const uint8_t *ip = holm_frame_data(f) + f->l3_off;
	const uint8_t *tcp = holm_frame_data(f) + f->l4_off;
	uint32_t whole = f->len - f->l4_off;

	k->tcp_hdr_len = (uint8_t)(f->hdr_len - f->l4_off);
	k->seq = load_be32(tcp + 4);
	k->flags = tcp[13] & (uint8_t) ~(unsigned)(TCP_FIN | TCP_PSH);
	k->pseudo = checksum_sub(load_be16(tcp + TCP_CSUM_OFFSET), whole);
	if (f->gso == HOLM_GSO_TCP6)
		return;
	k->ip_id = load_be16(ip + 4);
	k->ip_sum = checksum_partial(ip, (size_t)(f->l4_off - f->l3_off), 0);
	k->ip_sum = checksum_sub(k->ip_sum, load_be16(ip + 2));
	k->ip_sum = checksum_sub(k->ip_sum, load_be16(ip + 4));
	k->ip_sum = checksum_sub(k->ip_sum, load_be16(ip + 10));
}

static inline void advance(struct cursor *at, size_t n)
{
	at->off += n;
	if (unlikely(at->off == at->seg->len)) {
		at->seg++;
		at->off = 0;
	}
}

/* Do the next `len` payload bytes lie in few enough segments to be referred to? */
static bool may_gather(const struct cutter *k, size_t len)
{
	size_t reach = k->at.seg->len - k->at.off;

	if (!k->gathers || len < GATHER_MIN)
		return false;
	for (uint32_t i = 1; reach < len && i < GATHER_SPANS; i++)
		reach += k->at.seg[i].len;
	return reach >= len;
}

/* Refer to the next `len` payload bytes where they lie; returns their sum if it is ours to compute. */
static uint32_t gather_payload(struct cutter *k, struct holm_frame *p, size_t len)
{
	uint32_t sum = 0;
	size_t done = 0;

	while (done < len) {
		size_t n = min_size(k->at.seg->len - k->at.off, len - done);
		uint8_t *src = k->at.seg->data + k->at.off;

		if (!k->hw_csum) {
			uint32_t part = checksum_partial(src, n, 0);

			sum = checksum_add(sum, done % 2 ? checksum_rotate(part) : part);
		}
		holm_frame_append(p, k->at.seg->buf, src, n);
		done += n;
		advance(&k->at, n);
	}
	p->flags |= k->super->flags & HOLM_FRAME_LENT;
	return sum;
}

/* The same where they lie in more than one segment. */
static never_inline uint32_t copy_pieces(struct cutter *k, uint8_t *dst, size_t len)
{
	uint32_t sum = 0;
	size_t done = 0;

	while (done < len) {
		size_t n = min_size(k->at.seg->len - k->at.off, len - done);
		const uint8_t *src = k->at.seg->data + k->at.off;

		if (k->hw_csum) {
			memcpy(dst + done, src, n);
		} else if (done % 2 == 0) {
			sum = checksum_copy(dst + done, src, n, sum);
		} else {
			uint32_t part = checksum_copy(dst + done, src, n, 0);

			sum = checksum_add(sum, checksum_rotate(part));
		}
		done += n;
		advance(&k->at, n);
	}
	return sum;
}

/* Copy a piece's payload bytes to `dst`; returns their sum if it is ours to compute. */
static inline uint32_t copy_payload(struct cutter *k, uint8_t *dst)
{
	size_t len = k->payload;
	const uint8_t *src = k->at.seg->data + k->at.off;
	uint32_t sum = 0;

	if (unlikely(k->at.seg->len - k->at.off < len))
		return copy_pieces(k, dst, len);
	if (k->hw_csum)
		memcpy(dst, src, len);
	else
		sum = checksum_copy(dst, src, len, 0);
	advance(&k->at, len);
	return sum;
}

/* Pieces are of one size, but for the last. */
static void set_payload(struct cutter *k, size_t payload)
{
	const struct holm_frame *f = k->super;

	k->payload = payload;
	k->ip_sum_len = checksum_add(k->ip_sum, (uint32_t)(f->hdr_len - f->l3_off + payload));
	k->pseudo_len = checksum_add(k->pseudo, tcp_len(k, payload));
}

static inline void patch_ip(struct cutter *k, uint8_t *ip)
{
	const struct holm_frame *f = k->super;

	if (unlikely(f->gso == HOLM_GSO_TCP6)) {
		store_be16(ip + IP6_PAYLOAD_LEN_OFFSET, tcp_len(k, k->payload));
		return;
	}
	store_be16(ip + 2, (uint16_t)(f->hdr_len - f->l3_off + k->payload));
	store_be16(ip + 4, k->ip_id);
	store_be16(ip + 10, checksum_finish(checksum_add(k->ip_sum_len, k->ip_id)));
	k->ip_id++;
}

static inline void patch_tcp(struct cutter *k, uint8_t *tcp, uint32_t sum, bool last)
{
	store_be32(tcp + 4, k->seq);
	/* FIN and PSH are the last piece's, which has the super-frame's flags as copied. */
	if (likely(!last))
		tcp[13] = k->flags;
	else
		tcp[13] &= (uint8_t)(k->flags | TCP_FIN | TCP_PSH);
	k->seq += (uint32_t)k->payload;
	/* RFC 3168 6.1.2: congestion window reduced is said once. */
	k->flags &= (uint8_t) ~(unsigned)TCP_CWR;
	if (k->hw_csum) {
		store_be16(tcp + TCP_CSUM_OFFSET, (uint16_t)~checksum_finish(k->pseudo_len));
		return;
	}
	store_be16(tcp + TCP_CSUM_OFFSET, 0);
	sum = checksum_add(sum, k->pseudo_len);
	sum = k->tcp_hdr_len == TCP_HDR_BYTES ? checksum_20(tcp, sum)
					      : checksum_partial(tcp, k->tcp_hdr_len, sum);
	store_be16(tcp + TCP_CSUM_OFFSET, checksum_finish(sum));
}

static inline void copy_metadata(const struct cutter *k, struct holm_frame *p)
{
	const struct holm_frame *f = k->super;

	p->l3_off = f->l3_off;
	p->l4_off = f->l4_off;
	p->payload_off = f->payload_off;
	p->hdr_len = f->hdr_len;
	p->dev = f->dev;
	if (k->hw_csum) {
		p->csum = HOLM_CSUM_PARTIAL;
		p->csum_start = f->csum_start;
		p->csum_off = f->csum_off;
	}
}

/* All headers; the usual length is known to the compiler, which makes a few moves of it. */
static inline void copy_headers(uint8_t *to, const struct holm_frame *f)
{
	if (likely(f->hdr_len == USUAL_HEADERS))
		memcpy(to, holm_frame_data(f), USUAL_HEADERS);
	else
		memcpy(to, holm_frame_data(f), f->hdr_len);
}

/* The next `payload` bytes as a frame of their own. False: the pool is empty. */
static inline bool cut_one(struct cutter *k, size_t payload, bool last)
{
	const struct holm_frame *f = k->super;
	struct holm_net *net = k->netif->net;
	struct holm_frame *p;
	uint8_t *data;
	uint32_t sum;

	if (unlikely(payload != k->payload))
		set_payload(k, payload);
	p = holm_frame_alloc(net->pool, PIECE_HEADROOM - f->hdr_len, false);
	if (unlikely(!p))
		return false;
	data = holm_frame_data(p);
	copy_headers(data, f);
	if (may_gather(k, payload)) {
		holm_frame_put(p, f->hdr_len);
		sum = gather_payload(k, p, payload);
	} else {
		sum = copy_payload(k, data + f->hdr_len);
		holm_frame_put(p, f->hdr_len + payload);
	}
	patch_ip(k, data + f->l3_off);
	patch_tcp(k, data + f->l4_off, sum, last);
	copy_metadata(k, p);
	netif_enqueue(k->netif, p);
	return true;
}

void gso_output(struct holm_netif *netif, struct holm_frame *f)
{
	struct holm_net *net = netif->net;
	struct cutter k = { .netif = netif, .super = f };
	size_t left = f->len - f->hdr_len;
	size_t size = f->gso_size ? f->gso_size : left;

	if (f->csum != HOLM_CSUM_PARTIAL || f->hdr_len > PIECE_HEADROOM ||
	    f->segs[0].len < f->hdr_len || size > HOLM_FRAME_BYTES - PIECE_HEADROOM) {
		net_drop(net, f, HOLM_DROP_GSO);
		return;
	}
	k.hw_csum = (netif->features & (HOLM_DEV_TX_CSUM | HOLM_DEV_NO_CSUM)) != 0;
	k.gathers = netif->segs_max >= HOLM_FRAME_SEGS_INLINE;
	k.at.seg = f->segs;
	advance(&k.at, f->hdr_len);
	read_headers(&k);
	net_count(net, HOLM_COUNT_TCP_GSO_CUT);
	while (left > 0) {
		size_t n = min_size(size, left);

		if (!cut_one(&k, n, n == left)) {
			net_drop_note(net, HOLM_DROP_NO_FRAME);
			break;
		}
		left -= n;
	}
	holm_frame_free(f);
}
