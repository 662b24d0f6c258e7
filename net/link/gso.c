/*
 * Software segmentation. Each piece gets the run's headers with its own lengths, identifier, sequence
 * number and flags. For a device that gathers, its payload stays where the super-frame's segments are, and
 * is only summed; otherwise it is copied in the same pass that sums it. What is the same for all pieces is
 * put together and summed once.
 */
#include "net/link/gso.h"

#include "lib/checksum.h"
#include "net/core/pool.h"
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

/* What the next piece has in common with the one before. */
struct shape {
	size_t payload;
	uint32_t ip_sum;  /* of the IPv4 header but for the identifier */
	uint32_t tcp_sum; /* of pseudo header and header but for the sequence number */
	bool hw_csum;
	bool settled;
};

/* The headers of pieces with this much payload. RFC 3168 6.1.2: CWR is said once, by the first. */
static inline void settle(struct gso_run *run, struct shape *s, size_t payload, bool last)
{
	uint8_t *ip = run->header + run->l3_off;
	uint8_t *tcp = run->header + run->l4_off;
	uint32_t ip_len = (uint32_t)(run->hdr_len - run->l3_off + payload);
	uint32_t tcp_len = (uint32_t)(run->hdr_len - run->l4_off + payload);
	uint8_t flags = last ? run->flags : run->flags & (uint8_t) ~(unsigned)(TCP_FIN | TCP_PSH);

	s->payload = payload;
	s->settled = !(flags & TCP_CWR);
	run->flags &= (uint8_t) ~(unsigned)TCP_CWR;
	tcp[13] = flags;
	s->tcp_sum = checksum_add(run->pseudo, tcp_len);
	if (s->hw_csum)
		store_be16(tcp + TCP_CSUM_OFFSET, (uint16_t)~checksum_finish(s->tcp_sum));
	else
		s->tcp_sum = checksum_add(checksum_add(s->tcp_sum, run->tcp_sum), flags);
	if (run->ip6) {
		store_be16(ip + IP6_PAYLOAD_LEN_OFFSET, (uint16_t)tcp_len);
		return;
	}
	store_be16(ip + 2, (uint16_t)ip_len);
	s->ip_sum = checksum_add(run->ip_sum, ip_len);
}

static inline void advance(struct gso_run *run, size_t n)
{
	run->off += n;
	if (unlikely(run->off == run->seg->len)) {
		run->seg++;
		run->off = 0;
	}
}

/* Do the next `len` payload bytes lie in few enough segments to be referred to? */
static bool may_gather(const struct gso_run *run, size_t len)
{
	size_t reach = run->seg->len - run->off;

	if (!run->gathers || len < GATHER_MIN)
		return false;
	for (uint32_t i = 1; reach < len && i < GATHER_SPANS; i++)
		reach += run->seg[i].len;
	return reach >= len;
}

/* Refer to the next `len` payload bytes where they lie; returns their sum if it is ours to compute. */
static uint32_t gather_payload(struct gso_run *run, struct holm_frame *p, size_t len, bool hw_csum)
{
	uint32_t sum = 0;
	size_t done = 0;

	while (done < len) {
		size_t n = min_size(run->seg->len - run->off, len - done);
		uint8_t *src = run->seg->data + run->off;

		if (!hw_csum) {
			uint32_t part = checksum_partial(src, n, 0);

			sum = checksum_add(sum, done % 2 ? checksum_rotate(part) : part);
		}
		holm_frame_append(p, run->seg->buf, src, n);
		done += n;
		advance(run, n);
	}
	p->flags |= run->frame_flags;
	return sum;
}

/* The same where they lie in more than one segment. */
static never_inline uint32_t copy_pieces(struct gso_run *run, uint8_t *dst, size_t len,
					 bool hw_csum)
{
	uint32_t sum = 0;
	size_t done = 0;

	while (done < len) {
		size_t n = min_size(run->seg->len - run->off, len - done);
		const uint8_t *src = run->seg->data + run->off;

		if (hw_csum) {
			memcpy(dst + done, src, n);
		} else if (done % 2 == 0) {
			sum = checksum_copy(dst + done, src, n, sum);
		} else {
			uint32_t part = checksum_copy(dst + done, src, n, 0);

			sum = checksum_add(sum, checksum_rotate(part));
		}
		done += n;
		advance(run, n);
	}
	return sum;
}

/* Copy a piece's payload bytes to `dst`; returns their sum if it is ours to compute. */
static inline uint32_t copy_payload(struct gso_run *run, uint8_t *dst, size_t len, bool hw_csum)
{
	const uint8_t *src = run->seg->data + run->off;
	uint32_t sum = 0;

	if (unlikely(run->seg->len - run->off < len))
		return copy_pieces(run, dst, len, hw_csum);
	if (hw_csum)
		memcpy(dst, src, len);
	else
		sum = checksum_copy(dst, src, len, 0);
	advance(run, len);
	return sum;
}

/* What each piece has of its own. `sum` is its payload's. */
static inline void number(struct gso_run *run, const struct shape *s, uint8_t *data, uint32_t sum)
{
	uint8_t *ip = data + run->l3_off;
	uint8_t *tcp = data + run->l4_off;

	if (likely(!run->ip6)) {
		store_be16(ip + 4, run->ip_id);
		store_be16(ip + 10, checksum_finish(checksum_add(s->ip_sum, run->ip_id)));
		run->ip_id++;
	}
	store_be32(tcp + 4, run->seq);
	if (!s->hw_csum)
		store_be16(tcp + TCP_CSUM_OFFSET,
			   checksum_finish(checksum_add(checksum_add(sum, s->tcp_sum), run->seq)));
	run->seq += (uint32_t)s->payload;
}

static inline void note_layers(const struct gso_run *run, struct holm_frame *p, bool hw_csum)
{
	p->l3_off = run->l3_off;
	p->l4_off = run->l4_off;
	p->payload_off = run->hdr_len;
	p->hdr_len = run->hdr_len;
	p->dev = run->netif->dev;
	if (hw_csum) {
		p->csum = HOLM_CSUM_PARTIAL;
		p->csum_start = run->l4_off;
		p->csum_off = TCP_CSUM_OFFSET;
	}
}

/* All headers; the usual length is known to the compiler, which makes a few moves of it. */
static inline void copy_headers(uint8_t *to, const struct gso_run *run)
{
	if (likely(run->hdr_len == USUAL_HEADERS))
		memcpy(to, run->header, USUAL_HEADERS);
	else
		memcpy(to, run->header, run->hdr_len);
}

/* The next s->payload bytes as a frame of their own. False: the pool is empty. */
static inline bool cut_one(struct gso_run *run, const struct shape *s)
{
	struct holm_frame *p =
		pool_take(run->netif->net->pool, PIECE_HEADROOM - run->hdr_len, false);
	uint8_t *data;
	uint32_t sum;

	if (unlikely(!p))
		return false;
	data = holm_frame_data(p);
	copy_headers(data, run);
	if (unlikely(may_gather(run, s->payload))) {
		holm_frame_put(p, run->hdr_len);
		sum = gather_payload(run, p, s->payload, s->hw_csum);
	} else {
		sum = copy_payload(run, data + run->hdr_len, s->payload, s->hw_csum);
		holm_frame_put(p, run->hdr_len + s->payload);
	}
	number(run, s, data, sum);
	note_layers(run, p, s->hw_csum);
	netif_enqueue(run->netif, p);
	return true;
}

size_t gso_cut(struct gso_run *run, size_t len, size_t size)
{
	const unsigned sums = HOLM_DEV_TX_CSUM | HOLM_DEV_NO_CSUM;
	struct shape s = { .hw_csum = (run->netif->features & sums) != 0 };
	size_t left = len;

	net_count(run->netif->net, HOLM_COUNT_TCP_GSO_CUT);
	while (left > 0) {
		size_t n = min_size(size, left);

		if (unlikely(!s.settled || n == left))
			settle(run, &s, n, n == left);
		if (unlikely(!cut_one(run, &s)))
			break;
		left -= n;
	}
	return len - left;
}

/* The headers of a super-frame, and what they add up to without what differs from piece to piece. */
static void read_headers(struct gso_run *run, const struct holm_frame *f)
{
	uint8_t *ip = run->header + f->l3_off;
	uint8_t *tcp = run->header + f->l4_off;

	memcpy(run->header, holm_frame_data(f), f->hdr_len);
	run->seq = load_be32(tcp + 4);
	run->flags = tcp[13];
	run->pseudo = checksum_sub(load_be16(tcp + TCP_CSUM_OFFSET), f->len - f->l4_off);
	store_be32(tcp + 4, 0);
	tcp[13] = 0;
	store_be16(tcp + TCP_CSUM_OFFSET, 0);
	run->tcp_sum = checksum_partial(tcp, (size_t)(f->hdr_len - f->l4_off), 0);
	run->ip_id = 0;
	run->ip_sum = 0;
	if (run->ip6)
		return;
	run->ip_id = load_be16(ip + 4);
	store_be32(ip + 2, 0);
	store_be16(ip + 10, 0);
	run->ip_sum = checksum_partial(ip, (size_t)(f->l4_off - f->l3_off), 0);
}

void gso_output(struct holm_netif *netif, struct holm_frame *f)
{
	struct holm_net *net = netif->net;
	size_t len = f->len - f->hdr_len;
	size_t size = f->gso_size ? f->gso_size : len;
	struct gso_run run;

	if (f->csum != HOLM_CSUM_PARTIAL || f->hdr_len > PIECE_HEADROOM ||
	    f->segs[0].len < f->hdr_len || size > HOLM_FRAME_BYTES - PIECE_HEADROOM) {
		net_drop(net, f, HOLM_DROP_GSO);
		return;
	}
	run.netif = netif;
	run.seg = f->segs;
	run.off = 0;
	run.frame_flags = f->flags & HOLM_FRAME_LENT;
	run.l3_off = f->l3_off;
	run.l4_off = f->l4_off;
	run.hdr_len = f->hdr_len;
	run.ip6 = f->gso == HOLM_GSO_TCP6;
	run.gathers = netif->segs_max >= HOLM_FRAME_SEGS_INLINE;
	advance(&run, f->hdr_len);
	read_headers(&run, f);
	if (gso_cut(&run, len, size) < len)
		net_drop_note(net, HOLM_DROP_NO_FRAME);
	holm_frame_free(f);
}
