/*
 * Software segmentation. Each piece gets the super-frame's headers with its own lengths, identifier,
 * sequence number and flags. For a device that gathers, its payload stays where the super-frame's
 * segments are, and is only summed; otherwise it is copied in the same pass that sums it. What is the
 * same for all pieces is put together and summed once.
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
	uint32_t seq;
	uint16_t ip_id;
	uint8_t flags; /* of the next piece, unless it is the last */
	bool hw_csum;
	bool gathers;
	/* What the next piece has in common with the one before: see settle(). */
	bool settled;
	size_t payload;
	uint32_t ip_sum;  /* of the IPv4 header but for the identifier */
	uint32_t tcp_sum; /* of pseudo header and header but for the sequence number */
	uint8_t header[PIECE_HEADROOM];
};

static void read_headers(struct cutter *k)
{
	const struct holm_frame *f = k->super;
	uint8_t *ip = k->header + f->l3_off;
	uint8_t *tcp = k->header + f->l4_off;

	memcpy(k->header, holm_frame_data(f), f->hdr_len);
	k->seq = load_be32(tcp + 4);
	k->flags = tcp[13] & (uint8_t) ~(unsigned)(TCP_FIN | TCP_PSH);
	k->pseudo = checksum_sub(load_be16(tcp + TCP_CSUM_OFFSET), f->len - f->l4_off);
	store_be32(tcp + 4, 0);
	if (f->gso == HOLM_GSO_TCP6)
		return;
	k->ip_id = load_be16(ip + 4);
	store_be16(ip + 4, 0);
}

/*
 * The header of pieces with this much payload, all but what differs from piece to piece. FIN and PSH
 * are the last one's; RFC 3168 6.1.2: congestion window reduced is said once, by the first.
 */
static never_inline void settle(struct cutter *k, size_t payload, bool last)
{
	const struct holm_frame *f = k->super;
	uint8_t *ip = k->header + f->l3_off;
	uint8_t *tcp = k->header + f->l4_off;
	uint32_t tcp_hdr_len = (uint32_t)(f->hdr_len - f->l4_off);
	uint32_t tcp_len = tcp_hdr_len + (uint32_t)payload;
	uint8_t all = holm_frame_data(f)[f->l4_off + 13];

	tcp[13] = last ? all & (uint8_t)(k->flags | TCP_FIN | TCP_PSH) : k->flags;
	k->settled = !(k->flags & TCP_CWR);
	k->flags &= (uint8_t) ~(unsigned)TCP_CWR;
	k->payload = payload;
	k->tcp_sum = checksum_add(k->pseudo, tcp_len);
	store_be16(tcp + TCP_CSUM_OFFSET, 0);
	if (k->hw_csum)
		store_be16(tcp + TCP_CSUM_OFFSET, (uint16_t)~checksum_finish(k->tcp_sum));
	else
		k->tcp_sum = !FOR_SIZE && likely(tcp_hdr_len == TCP_HDR_BYTES)
				     ? checksum_20(tcp, k->tcp_sum)
				     : checksum_partial(tcp, tcp_hdr_len, k->tcp_sum);
	if (f->gso == HOLM_GSO_TCP6) {
		store_be16(ip + IP6_PAYLOAD_LEN_OFFSET, (uint16_t)tcp_len);
		return;
	}
	store_be16(ip + 2, (uint16_t)(f->l4_off - f->l3_off + tcp_len));
	store_be16(ip + 10, 0);
	k->ip_sum = !FOR_SIZE && likely(f->l4_off - f->l3_off == IP4_HDR_BYTES)
			    ? checksum_20(ip, 0)
			    : checksum_partial(ip, (size_t)(f->l4_off - f->l3_off), 0);
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

/* What each piece has of its own. `sum` is its payload's. */
static inline void number(struct cutter *k, uint8_t *data, uint32_t sum)
{
	const struct holm_frame *f = k->super;
	uint8_t *ip = data + f->l3_off;
	uint8_t *tcp = data + f->l4_off;

	if (likely(f->gso != HOLM_GSO_TCP6)) {
		store_be16(ip + 4, k->ip_id);
		store_be16(ip + 10, checksum_finish(checksum_add(k->ip_sum, k->ip_id)));
		k->ip_id++;
	}
	store_be32(tcp + 4, k->seq);
	if (!k->hw_csum)
		store_be16(tcp + TCP_CSUM_OFFSET,
			   checksum_finish(checksum_add(checksum_add(sum, k->tcp_sum), k->seq)));
	k->seq += (uint32_t)k->payload;
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
static inline void copy_headers(uint8_t *to, const struct cutter *k)
{
	if (likely(k->super->hdr_len == USUAL_HEADERS))
		memcpy(to, k->header, USUAL_HEADERS);
	else
		memcpy(to, k->header, k->super->hdr_len);
}

/* The next k->payload bytes as a frame of their own. False: the pool is empty. */
static inline bool cut_one(struct cutter *k)
{
	const struct holm_frame *f = k->super;
	struct holm_frame *p =
		holm_frame_alloc(k->netif->net->pool, PIECE_HEADROOM - f->hdr_len, false);
	uint8_t *data;
	uint32_t sum;

	if (unlikely(!p))
		return false;
	data = holm_frame_data(p);
	copy_headers(data, k);
	if (may_gather(k, k->payload)) {
		holm_frame_put(p, f->hdr_len);
		sum = gather_payload(k, p, k->payload);
	} else {
		sum = copy_payload(k, data + f->hdr_len);
		holm_frame_put(p, f->hdr_len + k->payload);
	}
	number(k, data, sum);
	copy_metadata(k, p);
	netif_enqueue(k->netif, p);
	return true;
}

void gso_output(struct holm_netif *netif, struct holm_frame *f)
{
	struct holm_net *net = netif->net;
	struct cutter k;
	size_t left = f->len - f->hdr_len;
	size_t size = f->gso_size ? f->gso_size : left;

	if (f->csum != HOLM_CSUM_PARTIAL || f->hdr_len > PIECE_HEADROOM ||
	    f->segs[0].len < f->hdr_len || size > HOLM_FRAME_BYTES - PIECE_HEADROOM) {
		net_drop(net, f, HOLM_DROP_GSO);
		return;
	}
	k.netif = netif;
	k.super = f;
	k.settled = false;
	k.ip_sum = 0;
	k.tcp_sum = 0;
	k.ip_id = 0;
	k.hw_csum = (netif->features & (HOLM_DEV_TX_CSUM | HOLM_DEV_NO_CSUM)) != 0;
	k.gathers = netif->segs_max >= HOLM_FRAME_SEGS_INLINE;
	k.at = (struct cursor){ f->segs, 0 };
	advance(&k.at, f->hdr_len);
	read_headers(&k);
	net_count(net, HOLM_COUNT_TCP_GSO_CUT);
	while (left > 0) {
		size_t n = min_size(size, left);

		if (unlikely(!k.settled || n == left))
			settle(&k, n, n == left);
		if (unlikely(!cut_one(&k))) {
			net_drop_note(net, HOLM_DROP_NO_FRAME);
			break;
		}
		left -= n;
	}
	holm_frame_free(f);
}
