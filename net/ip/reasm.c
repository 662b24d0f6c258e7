/*
 * Putting datagrams together; see reasm.h. Pieces wait as the frames they came in, in order, and are
 * copied into one dense frame when all are there. What is missing at the end of the time is told to the
 * sender (RFC 1122 section 3.3.2, RFC 8200 section 4.5), if the first piece has come.
 */
#include "net/ip/reasm.h"

#include "net/core/random.h"
#include "net/ip/state.h"
#include "net/link/netif.h"

/* What pieces of one datagram have in common. */
struct name {
	struct holm_addr src, dst;
	uint32_t netif_index;
	uint32_t id;
	uint8_t proto; /* 0 with IPv6, where it does not count */
};

/* One per datagram in pieces. */
struct datagram {
	struct htab_node node;
	struct list_node age;
	const struct ip_reasm_family *family;
	struct name name;
	uint8_t ecn;	       /* bit n: a piece came with code point n of RFC 3168 */
	uint32_t len;	       /* of what was cut; 0: the last piece is missing */
	uint32_t have;	       /* bytes that are there */
	uint32_t pinned_bytes; /* by its pieces */
	uint64_t deadline_ns;
	struct holm_frame *first; /* by offset, linked by next */
};

/* Code points of RFC 3168 section 5, and the set of one. */
enum { ECN_NOT = 0, ECN_CE = 3, ECN_MASK = 3 };
#define ECN_BIT(code) ((uint8_t)(1u << (code)))

/* Where a piece belongs: kept, while it waits, where its transport will say what it carries. */
static uint32_t off_of(const struct holm_frame *f)
{
	return f->payload_off;
}

static uint32_t pinned_by(const struct holm_frame *f)
{
	uint32_t bytes = 0;

	for (uint32_t i = 0; i < f->nsegs; i++)
		bytes += f->segs[i].buf->bytes;
	return bytes;
}

/* ---- Datagrams. */

static uint32_t hash_of(const struct holm_net *net, const struct name *name)
{
	const struct hash_key *key = &net->secrets.flow;
	uint64_t h =
		fold_hash_mix(key, name->id, load_be64(name->src.b), load_be64(name->src.b + 8));

	h = fold_hash_mix(key, h, load_be64(name->dst.b), load_be64(name->dst.b + 8));
	return fold_hash_end(key, h ^ (uint64_t)name->netif_index << 8 ^ name->proto);
}

static bool is_of(const struct datagram *d, const struct name *name)
{
	return d->name.id == name->id && d->name.proto == name->proto &&
	       d->name.netif_index == name->netif_index &&
	       holm_addr_equal(&d->name.src, &name->src) &&
	       holm_addr_equal(&d->name.dst, &name->dst);
}

/* May both be one sender's? A host has all addresses of an IPv6 network of its own. */
static bool is_same_source(const struct holm_addr *a, const struct holm_addr *b)
{
	return ip_prefix_match(a, b, holm_addr_is_ip4(a) ? 128 : 64);
}

/* The pieces go, one by one, for this reason. */
static void drop_pieces(struct holm_net *net, struct datagram *d, enum holm_drop why)
{
	while (d->first) {
		struct holm_frame *f = d->first;

		d->first = f->next;
		f->next = NULL;
		net_drop(net, f, why);
	}
}

static void forget(struct holm_net *net, struct datagram *d)
{
	struct ip_reasm *r = &net->ip->reasm;

	r->pinned_bytes -= d->pinned_bytes;
	table_remove(&r->datagrams, &d->node);
	list_remove(&d->age);
	mem_free(&net->mem, d, sizeof(*d));
}

static void give_up(struct holm_net *net, struct datagram *d, enum holm_drop why)
{
	drop_pieces(net, d, why);
	forget(net, d);
}

/* The `pick`th of those from `src`; of all, if that is NULL. */
static struct datagram *pick_victim(const struct ip_reasm *r, const struct holm_addr *src,
				    uint32_t pick)
{
	struct list_node *n;

	for (n = list_first(&r->oldest_first); n; n = list_next(&r->oldest_first, n)) {
		struct datagram *d = container_of(n, struct datagram, age);

		if ((!src || is_same_source(&d->name.src, src)) && pick-- == 0)
			return d;
	}
	return NULL;
}

static uint32_t count_from(const struct ip_reasm *r, const struct holm_addr *src)
{
	struct list_node *n;
	uint32_t count = 0;

	for (n = list_first(&r->oldest_first); n; n = list_next(&r->oldest_first, n))
		count += is_same_source(&container_of(n, struct datagram, age)->name.src, src);
	return count;
}

/* One more datagram: who has too many loses one; beyond that, chance decides. */
static void make_room(struct holm_net *net, const struct holm_addr *src)
{
	struct ip_reasm *r = &net->ip->reasm;
	uint32_t from = count_from(r, src);
	struct datagram *victim = NULL;

	if (from >= IP_REASM_SOURCE_MAX)
		victim = pick_victim(r, src, net_random_below(net, from));
	else if (table_nodes(&r->datagrams) >= IP_REASM_DATAGRAMS_MAX)
		victim = pick_victim(r, NULL, net_random_below(net, table_nodes(&r->datagrams)));
	if (victim)
		give_up(net, victim, HOLM_DROP_IP_REASM_FULL);
}

/* More buffer memory than all may hold: random ones yield. */
static void make_bytes(struct holm_net *net, uint32_t pinned)
{
	struct ip_reasm *r = &net->ip->reasm;

	while (r->pinned_bytes + pinned > net->config.ip_reasm_bytes_max &&
	       table_nodes(&r->datagrams) > 0)
		give_up(net,
			pick_victim(r, NULL, net_random_below(net, table_nodes(&r->datagrams))),
			HOLM_DROP_IP_REASM_FULL);
}

static struct datagram *create(struct holm_net *net, const struct name *name,
			       const struct ip_reasm_family *family)
{
	struct ip_reasm *r = &net->ip->reasm;
	struct datagram *d;

	make_room(net, &name->src);
	d = mem_zalloc(&net->mem, sizeof(*d));
	if (!d)
		return NULL;
	d->name = *name;
	d->family = family;
	d->deadline_ns = net->now + IP_REASM_NS;
	if (!table_insert(&r->datagrams, &d->node, hash_of(net, name))) {
		mem_free(&net->mem, d, sizeof(*d));
		return NULL;
	}
	if (list_is_empty(&r->oldest_first))
		net_timer_arm(net, &r->timer, d->deadline_ns);
	list_push_back(&r->oldest_first, &d->age);
	return d;
}

static struct datagram *find(struct holm_net *net, const struct name *name,
			     const struct ip_reasm_family *family)
{
	struct htab_node *n;

	for (n = table_first(&net->ip->reasm.datagrams, hash_of(net, name)); n;
	     n = table_next(&net->ip->reasm.datagrams, n)) {
		struct datagram *d = container_of(n, struct datagram, node);

		if (is_of(d, name))
			return d;
	}
	return create(net, name, family);
}

/* ---- Pieces. */

enum verdict { PIECE_TAKEN, PIECE_AGAIN, PIECE_OVERLAPS };

/* The length of the whole, which the last piece tells, must be the same for all. */
static bool agrees_on_the_end(struct datagram *d, uint32_t end, bool is_last)
{
	struct holm_frame *f;

	if (!is_last)
		return d->len == 0 || end <= d->len;
	if (d->len != 0)
		return d->len == end;
	for (f = d->first; f; f = f->next)
		if (off_of(f) + ip_rx(f)->l4_len > end)
			return false;
	d->len = end;
	return true;
}

static enum verdict insert(struct datagram *d, struct holm_frame *f)
{
	uint32_t off = off_of(f), end = off + ip_rx(f)->l4_len;
	struct holm_frame **at = &d->first;

	while (*at && off_of(*at) < off) {
		if (off_of(*at) + ip_rx(*at)->l4_len > off)
			return PIECE_OVERLAPS;
		at = &(*at)->next;
	}
	if (*at && off_of(*at) < end) {
		bool same = off_of(*at) == off && ip_rx(*at)->l4_len == ip_rx(f)->l4_len;

		return same ? PIECE_AGAIN : PIECE_OVERLAPS;
	}
	f->next = *at;
	*at = f;
	d->have += end - off;
	return PIECE_TAKEN;
}

/* ---- The whole. */

/* A frame that is being filled, and how much room is behind its last byte. */
struct filler {
	struct holm_frame *whole;
	size_t room;
};

/* Another buffer at the end, empty yet. */
static bool add_buffer(struct holm_net *net, struct filler *to)
{
	struct holm_frame *more = holm_frame_alloc(net->pool, 0, false);
	bool ok;

	if (!more)
		return false;
	ok = holm_frame_append(to->whole, &more->home, holm_frame_data(more), 0);
	holm_frame_free(more); /* its buffer stays, if the whole refers to it */
	to->room = HOLM_FRAME_BYTES;
	return ok;
}

static bool fill(struct holm_net *net, struct filler *to, const struct holm_frame *from, size_t off,
		 size_t len)
{
	while (len > 0) {
		size_t n = min_size(len, to->room);
		struct holm_seg *last;

		if (n == 0) {
			if (!add_buffer(net, to))
				return false;
			continue;
		}
		last = &to->whole->segs[to->whole->nsegs - 1];
		holm_frame_read(from, off, last->data + last->len, n);
		last->len += (uint32_t)n;
		to->whole->len += (uint32_t)n;
		to->room -= n;
		off += n;
		len -= n;
	}
	return true;
}

/*
 * RFC 3168 section 5.3: a mark on one piece is a mark on the whole, unless another piece was not to be
 * marked. False: somebody has tampered with them.
 */
static bool merge_ecn(const struct datagram *d, struct ip_rx *rx)
{
	if ((d->ecn & ECN_BIT(ECN_NOT)) && d->ecn != ECN_BIT(ECN_NOT))
		return false;
	if (d->ecn & ECN_BIT(ECN_CE))
		rx->tos |= ECN_CE;
	return true;
}

/* Of the first piece's headers, what the whole has. */
static size_t hdr_len_of(const struct datagram *d)
{
	return (size_t)d->first->l4_off - d->first->l3_off - d->family->piece_hdr_bytes;
}

/*
 * What is in front of the pieces may be more in the first than in the others, which alone were asked
 * whether they reach too far.
 */
static bool is_possible(const struct datagram *d)
{
	return hdr_len_of(d) + d->len <= d->family->packet_max;
}

/* The frame of the whole, with the headers of the first piece as if nothing had been cut. NULL: no frame. */
static struct holm_frame *begin_whole(struct holm_net *net, const struct datagram *d,
				      struct filler *to)
{
	struct holm_frame *f = d->first;
	size_t hdr_len = hdr_len_of(d);
	struct holm_frame *whole = holm_frame_alloc(net->pool, HOLM_FRAME_HEADROOM, false);

	if (!whole)
		return NULL;
	*to = (struct filler){ whole, HOLM_FRAME_BYTES - HOLM_FRAME_HEADROOM };
	if (!fill(net, to, f, f->l3_off, hdr_len)) {
		holm_frame_free(whole);
		return NULL;
	}
	whole->l4_off = (uint16_t)hdr_len;
	whole->dev = f->dev;
	whole->flags = f->flags & (uint16_t)~HOLM_FRAME_LENT;
	whole->time_ns = net->now;
	*ip_rx(whole) = *ip_rx(f);
	ip_rx(whole)->l4_len = d->len;
	return whole;
}

static struct holm_frame *join(struct holm_net *net, const struct datagram *d)
{
	struct filler to;
	struct holm_frame *f = d->first, *whole = begin_whole(net, d, &to);
	enum holm_drop why = HOLM_DROP_NO_FRAME;
	bool ok = whole != NULL;

	if (ok && (!is_possible(d) || !merge_ecn(d, ip_rx(whole)))) {
		why = HOLM_DROP_IP_FRAGMENT;
		ok = false;
	}
	if (ok)
		d->family->mend(holm_frame_data(whole), whole->l4_off, ip_rx(whole));
	for (; ok && f; f = f->next)
		ok = fill(net, &to, f, f->l4_off, ip_rx(f)->l4_len);
	if (ok)
		return whole;
	if (whole)
		holm_frame_free(whole);
	net_drop_note(net, why);
	return NULL;
}

static struct holm_frame *finish(struct holm_net *net, struct datagram *d)
{
	struct holm_frame *whole = join(net, d);

	while (d->first) {
		struct holm_frame *f = d->first;

		d->first = f->next;
		holm_frame_free(f);
	}
	if (whole)
		net_count(net, HOLM_COUNT_IP_REASSEMBLED);
	forget(net, d);
	return whole;
}

static struct datagram *datagram_of(struct holm_net *net, struct holm_frame *f,
				    const struct ip_piece *info)
{
	const struct ip_rx *rx = ip_rx(f);
	const struct name name = {
		.src = rx->src,
		.dst = rx->dst,
		.netif_index = f->dev->netif->index,
		.id = info->id,
		.proto = info->proto,
	};

	return pool_available(net->pool) > 0 ? find(net, &name, info->family) : NULL;
}

/* ---- Time, life. */

static void expire(struct holm_net *net, struct net_timer *timer)
{
	struct ip_reasm *r = container_of(timer, struct ip_reasm, timer);
	struct list_node *n;

	while ((n = list_first(&r->oldest_first)) != NULL) {
		struct datagram *d = container_of(n, struct datagram, age);

		if (d->deadline_ns > net->now) {
			net_timer_arm(net, timer, d->deadline_ns);
			return;
		}
		if (d->first && off_of(d->first) == 0)
			ip_send_error(net, d->first, IP_ERROR_TTL);
		give_up(net, d, HOLM_DROP_IP_REASM_TIME);
	}
}

static void netif_gone(struct holm_net *net, const struct holm_netif *netif)
{
	struct list *all = &net->ip->reasm.oldest_first;
	struct list_node *n = list_first(all);

	while (n) {
		struct datagram *d = container_of(n, struct datagram, age);

		n = list_next(all, n);
		if (d->name.netif_index == netif->index)
			give_up(net, d, HOLM_DROP_IP_NO_DEVICE);
	}
}

static void stop(struct holm_net *net)
{
	struct ip_reasm *r = &net->ip->reasm;
	struct list_node *n;

	net_timer_cancel(net, &r->timer);
	while ((n = list_first(&r->oldest_first)) != NULL)
		give_up(net, container_of(n, struct datagram, age), HOLM_DROP_IP_NO_DEVICE);
	table_fini(&r->datagrams);
}

static void start(struct holm_net *net)
{
	struct ip_reasm *r = &net->ip->reasm;

	table_init(&r->datagrams, &net->ip->allocator);
	list_init(&r->oldest_first);
	net_timer_init(&r->timer, expire);
	r->keeper.netif_gone = netif_gone;
	r->keeper.stop = stop;
	list_push_back(&net->ip->keepers, &r->keeper.node);
}

/* ---- Input. */

struct holm_frame *ip_reasm_input(struct holm_net *net, struct holm_frame *f,
				  const struct ip_piece *info)
{
	struct ip_reasm *r = &net->ip->reasm;
	uint32_t pinned = pinned_by(f);
	struct datagram *d;
	enum verdict verdict;

	if (!r->keeper.stop)
		start(net);
	make_bytes(net, pinned);
	d = datagram_of(net, f, info);
	if (!d || r->pinned_bytes + pinned > net->config.ip_reasm_bytes_max) {
		net_drop(net, f, HOLM_DROP_IP_REASM_FULL);
		return NULL;
	}
	f->payload_off = (uint16_t)info->off;
	verdict = agrees_on_the_end(d, info->off + ip_rx(f)->l4_len, !info->more) ? insert(d, f)
										  : PIECE_OVERLAPS;
	if (verdict != PIECE_TAKEN) {
		net_drop(net, f, HOLM_DROP_IP_FRAGMENT);
		if (verdict == PIECE_OVERLAPS)
			give_up(net, d, HOLM_DROP_IP_FRAGMENT);
		return NULL;
	}
	d->ecn |= ECN_BIT(ip_rx(f)->tos & ECN_MASK);
	d->pinned_bytes += pinned;
	r->pinned_bytes += pinned;
	return d->len != 0 && d->have == d->len ? finish(net, d) : NULL;
}
