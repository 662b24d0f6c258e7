/*
 * Where frames come in: parse, checksum, GRO; whom a segment is for; CLOSED, RFC 9293 section 3.10.7.1.
 * Acts upon what the steps want sent.
 */
#include "net/core/proto.h"
#include "net/ip/flow.h"
#include "net/tcp/hot.h"
#include "net/tcp/opening.h"
#include "net/tcp/plain.h"

/* ---- Whom it is for ------------------------------------------------------------------------------ */

/*
 * RFC 9293 3.10.7.1, CLOSED:
 *   An incoming segment containing a RST is discarded. An incoming segment not containing a RST
 *   causes a RST to be sent in response.
 */
static enum tcp_verdict input_nobody(struct tcp_rx *rx)
{
	if (rx->h->flags & TCP_RST)
		return tcp_drop(rx, HOLM_DROP_TCP_RST_STRAY, TCP_REPLY_NONE);
	return tcp_drop(rx, HOLM_DROP_TCP_NO_PORT, TCP_REPLY_RST);
}

static enum tcp_verdict input_new(struct tcp_rx *rx, struct holm_tcp **c)
{
	const struct ip_rx *ip = ip_rx(rx->f);
	struct tcp_bind *bind =
		tcp_find_listener(rx->net->tcp, &ip->dst, rx->h->dport, rx->f->dev, rx->hash);

	return bind ? tcp_input_listen(bind, rx, c) : input_nobody(rx);
}

/* No connection: a record perhaps. TCP_NEXT: it has become one, *c. */
static never_inline enum tcp_verdict input_record(struct tcp_rx *rx, struct holm_tcp **c)
{
	const struct tcp_small_ops *small = tcp_small(rx->net->tcp);
	enum tcp_verdict v = small ? small->input(rx, c) : TCP_NEXT;

	return v == TCP_NEXT && !*c ? input_new(rx, c) : v;
}

/* Its checksum holds. Of several frames, or for more than calm knows of, calm has ended. */
static inline enum tcp_verdict run_expected(struct holm_tcp *c, struct tcp_rx *rx)
{
	const struct tcp_calm_ops *calm = tcp_calm(rx->net->tcp);

	if (unlikely(!calm))
		return TCP_NEXT;
	if (c->flight->calm && !rx->f->chain)
		return calm->input(rx->net, c, rx->f);
	tcp_stir(c);
	return calm->predicted(c, rx) ? TCP_DONE : TCP_NEXT;
}

/* Whom the table has for it; NULL: nobody, as was found out before if that one's hash is given. */
static inline struct holm_tcp *look_up(struct tcp_rx *rx, const uint32_t *nobody)
{
	const struct ip_rx *ip = ip_rx(rx->f);

	rx->ends.remote = ip->src;
	rx->ends.local = ip->dst;
	rx->ends.rport = rx->h->sport;
	rx->ends.lport = rx->h->dport;
	rx->ends.scope = tcp_scope_of(&ip->src, rx->f->dev);
	if (!nobody)
		return tcp_find(rx->net->tcp, &rx->ends, &rx->hash);
	rx->hash = *nobody;
	return NULL;
}

/* TIME-WAIT, as a connection's state. */
static enum tcp_verdict input_time_wait(struct tcp_rx *rx, struct holm_tcp **c)
{
	enum tcp_verdict v;

	tcp_get_ends(*c, &rx->ends);
	rx->hash = (*c)->ep.node.hash;
	v = tcp_input_time_wait(*c, rx);
	if (v != TCP_NEXT)
		return v;
	*c = NULL;
	return input_new(rx, c);
}

/* The segment's steps, by what is there for it; *c is the connection, if it is for one. */
static always_inline enum tcp_verdict dispatch(struct tcp_rx *rx, struct holm_tcp **c,
					       const uint32_t *nobody)
{
	struct holm_tcp *found = *c ? *c : look_up(rx, nobody);
	/* Of whom run() knew, and who had a block, it was not. */
	bool may_be_expected = !*c || !found->flight;
	enum tcp_verdict v;

	if (unlikely(!found)) {
		v = input_record(rx, &found);
		if (v != TCP_NEXT) {
			*c = found; /* opened by its SYN, or NULL */
			return v;
		}
		ASSERT(found);
	}
	/* Nothing is looked at without a block; the peer sends it again. */
	if (unlikely(!tcp_flight_get(found)))
		return tcp_drop(rx, HOLM_DROP_TCP_NO_MEMORY, TCP_REPLY_NONE);
	*c = found;
	v = may_be_expected ? run_expected(found, rx) : TCP_NEXT;
	if (likely(v != TCP_NEXT))
		return v;
	tcp_stir(found);
	if (unlikely(found->state == HOLM_TCP_SYN_SENT))
		return rx->net->tcp->syn_sent(found, rx);
	if (unlikely(found->state == HOLM_TCP_TIME_WAIT))
		return input_time_wait(rx, c);
	return tcp_input_synchronized(found, rx);
}

/* What the steps want sent. `c` is NULL if there is no connection (any more). */
static void act(struct tcp_rx *rx, struct holm_tcp *c)
{
	switch (rx->reply) {
	case TCP_REPLY_NONE:
		break;
	case TCP_REPLY_RST:
		if (rx->f)
			tcp_send_rst(rx);
		break;
	case TCP_REPLY_CHALLENGE:
		if (!c || !tcp_challenge_allowed(c))
			break;
		net_count(rx->net, HOLM_COUNT_TCP_CHALLENGE_ACKS);
		c->flags |= TCP_ACK_NOW;
		break;
	case TCP_REPLY_ACK:
		if (c)
			c->flags |= TCP_ACK_NOW;
		break;
	}
}

/* The segment as it came, before any step. */
static void begin(struct tcp_rx *rx)
{
	rx->orig_seq = seq_of(rx->h->seq);
	rx->seq = rx->orig_seq;
	rx->len = rx->orig_len;
	rx->skip = 0;
	rx->syn = (rx->h->flags & TCP_SYN) != 0;
	rx->fin = (rx->h->flags & TCP_FIN) != 0;
	rx->reply = TCP_REPLY_NONE;
	rx->has_iss = false;
	rx->hash = 0;
}

/*
 * Run a chain through the steps. Ownership of the frames passes. `c` is whom it is for, where that
 * is known.
 */
static always_inline void run_steps(struct tcp_rx *rx, struct holm_tcp *c, const uint32_t *nobody)
{
	enum tcp_verdict v;

	begin(rx);
	v = dispatch(rx, &c, nobody);
	if (unlikely(v == TCP_DROP))
		net_drop_note(rx->net, rx->why);
	if (unlikely(v == TCP_GONE))
		c = NULL;
	if (unlikely(rx->reply != TCP_REPLY_NONE))
		act(rx, c);
	tcp_conclude(rx->f, c);
}

/* The same, but first what was to be expected; NULL: it is not known whom it is for. */
static always_inline void run_for(struct tcp_rx *rx, struct holm_tcp *c)
{
	enum tcp_verdict v = TCP_NEXT;

	if (likely(c && c->flight))
		v = run_expected(c, rx);
	if (likely(v != TCP_NEXT))
		tcp_conclude(rx->f, v == TCP_GONE ? NULL : c);
	else
		run_steps(rx, c, NULL);
}

/* Is it for whom the last segment was for? Those whose scope matters are looked up. */
static always_inline void run_here(struct tcp_rx *rx)
{
	const struct ip_rx *ip = ip_rx(rx->f);
	struct holm_tcp *last = rx->net->tcp->last;

	if (FOR_SIZE ||
	    unlikely(last && !tcp_is_for(last, &ip->src, &ip->dst, rx->h->sport, rx->h->dport, 0)))
		last = NULL;
	run_for(rx, last);
}

static never_inline void run(struct tcp_rx *rx)
{
	run_here(rx);
}

/* ---- Frames -------------------------------------------------------------------------------------- */

/* Does all of a header lie in the first `linear` bytes of the packet? */
static inline bool has_header(const struct holm_frame *f, size_t linear)
{
	return linear >= TCP_HDR_BYTES &&
	       (size_t)(holm_frame_data(f)[f->l4_off + 12] >> 4) << 2 <= linear;
}

/* Of a header in several pieces, make one; returns how much of the packet lies in it now. */
static never_inline size_t pull_header(struct holm_frame *f, size_t linear)
{
	size_t l4_len = ip_rx(f)->l4_len;
	size_t hdr_len;

	if (linear < TCP_HDR_BYTES) {
		if (l4_len < TCP_HDR_BYTES ||
		    !holm_frame_pullup(f, (size_t)f->l4_off + TCP_HDR_BYTES))
			return linear;
		linear = TCP_HDR_BYTES;
	}
	hdr_len = (size_t)(holm_frame_data(f)[f->l4_off + 12] >> 4) << 2;
	if (linear < hdr_len && l4_len >= hdr_len && holm_frame_pullup(f, f->l4_off + hdr_len))
		linear = hdr_len;
	return linear;
}

/* The header in one piece, and what it says. False: dropped and counted. */
static always_inline bool parse_here(struct holm_net *net, struct holm_frame *f,
				     struct tcp_hdr_info *h)
{
	const struct ip_rx *ip = ip_rx(f);
	size_t linear = min_size(f->segs[0].len - f->l4_off, ip->l4_len);
	enum holm_drop why;

	if (net_has_pieces() && unlikely(linear < TCP_HDR_MAX && linear < ip->l4_len) &&
	    !has_header(f, linear))
		linear = pull_header(f, linear);
	if (unlikely(!tcp_parse(holm_frame_data(f) + f->l4_off, linear, h, &why))) {
		net_drop(net, f, why);
		return false;
	}
	f->payload_off = (uint16_t)(f->l4_off + h->hdr_len);
	return true;
}

static never_inline bool parse(struct holm_net *net, struct holm_frame *f, struct tcp_hdr_info *h)
{
	return parse_here(net, f, h);
}

static inline void fill_rx(struct tcp_rx *rx, struct holm_net *net, struct holm_frame *f,
			   const struct tcp_hdr_info *h)
{
	rx->net = net;
	rx->f = f;
	rx->h = h;
	rx->last_seq = seq_of(h->seq);
	rx->orig_len = ip_rx(f)->l4_len - h->hdr_len;
	rx->frame_len = f->gso != HOLM_GSO_NONE && f->gso_size ? f->gso_size : rx->orig_len;
}

static inline void run_one(struct holm_net *net, struct holm_frame *f, const struct tcp_hdr_info *h)
{
	struct tcp_rx rx;

	fill_rx(&rx, net, f, h);
	run(&rx);
}

/* Header and checksum are good. False: dropped and counted. */
static always_inline bool parse_good(struct holm_net *net, struct holm_frame *f,
				     struct tcp_hdr_info *h, bool here)
{
	if (unlikely(!(here && !FOR_SIZE ? parse_here(net, f, h) : parse(net, f, h))))
		return false;
	if (likely(tcp_checksum_holds(f)))
		return true;
	net_drop(net, f, HOLM_DROP_TCP_CSUM);
	return false;
}

/* MUST-57 */
static inline bool is_for_many(struct holm_net *net, struct holm_frame *f)
{
	if (likely(!(ip_rx(f)->flags & (IP_RX_BROADCAST | IP_RX_MULTICAST))))
		return false;
	net_drop(net, f, HOLM_DROP_TCP_ADDRESS);
	return true;
}

/* Frame by frame. */
void tcp_input(struct holm_net *net, struct holm_frame *f)
{
	struct tcp_hdr_info h;

	net_count(net, HOLM_COUNT_TCP_RX_SEGMENTS);
	if (!is_for_many(net, f) && parse_good(net, f, &h, false))
		run_one(net, f, &h);
}

/* ---- Merging ------------------------------------------------------------------------------------- */

/* What GRO held back goes through the steps. */
static void flush(struct tcp_state *ts)
{
	struct gro *g = &ts->gro;
	struct tcp_rx rx;
	const struct holm_frame *head = g->head;

	rx.net = ts->net;
	rx.f = g->head;
	rx.h = gro_info(g);
	rx.orig_len = g->payload_len;
	rx.last_seq = seq_of(g->last_seq);
	rx.frame_len = head->gso != HOLM_GSO_NONE && head->gso_size ? head->gso_size : g->frame_len;
	g->head = NULL;
	run(&rx);
}

/* Does it continue what is held? Then it has been dealt with. */
static inline bool append(struct tcp_state *ts, struct holm_frame *f)
{
	if (!gro_continues(&ts->gro, f))
		return false;
	if (unlikely(!tcp_checksum_holds(f))) {
		net_drop(ts->net, f, HOLM_DROP_TCP_CSUM);
		return true;
	}
	gro_append(&ts->gro, f);
	net_count(ts->net, HOLM_COUNT_TCP_GRO_MERGED);
	return true;
}

static void merge(struct holm_net *net, struct holm_frame *f)
{
	struct tcp_state *ts = net->tcp;
	struct tcp_hdr_info *info = gro_next_info(&ts->gro);

	net_count(net, HOLM_COUNT_TCP_RX_SEGMENTS);
	if (is_for_many(net, f) || (ts->gro.head && append(ts, f)) ||
	    unlikely(!parse_good(net, f, info, false)))
		return;
	if (ts->gro.head)
		flush(ts);
	/* Nothing can continue the last frame of a batch. */
	if (net->last_of_batch || !gro_begin(&ts->gro, f))
		run_one(net, f, info);
	else
		net_hold(net);
}

/* ---- Runs ---------------------------------------------------------------------------------------- */

/* Parsed and found good, of a connection or of nobody, if that is known. */
static always_inline void run_whose(struct holm_net *net, struct holm_frame *f,
				    const struct tcp_hdr_info *h, const struct tcp_whose *whose)
{
	struct tcp_rx rx;

	fill_rx(&rx, net, f, h);
	if (whose->c)
		run_for(&rx, whose->c);
	else if (whose->nobody)
		run_steps(&rx, NULL, &whose->hash);
	else
		run(&rx);
}

/* Of a run, what nobody was calm about; `held`: what follows may continue it. Nothing is held yet. */
static never_inline void input_other(struct holm_net *net, struct holm_frame *f, bool held,
				     const struct tcp_whose *whose)
{
	struct gro *g = &net->tcp->gro;
	struct tcp_hdr_info *info = gro_next_info(g);

	if (unlikely(!parse_good(net, f, info, true)))
		return;
	if (held && gro_begin(g, f))
		net_hold(net);
	else
		run_whose(net, f, info, whose);
}

/*
 * Frames of several connections, as like as not. What continues what is held is appended to it; of the others
 * those that a calm connection expects need no merging, and are dealt with where they lie.
 */
static void merge_run(struct holm_net *net, struct holm_frame **frames, size_t n)
{
	struct tcp_state *ts = net->tcp;
	const struct tcp_calm_ops *calm = tcp_calm(ts);

	net_count_n(net, HOLM_COUNT_TCP_RX_SEGMENTS, n);
	for (size_t i = 0; i < n; i++) {
		struct tcp_whose whose = { 0 };

		if (ts->gro.head) {
			if (append(ts, frames[i]))
				continue;
			flush(ts);
		}
		if (likely(calm))
			i += calm->frames(net, frames + i, n - i, &whose);
		if (i < n)
			input_other(net, frames[i],
				    i + 1 < n ? gro_may_follow(frames[i], frames[i + 1])
					      : !net->last_of_batch,
				    &whose);
	}
}

/* Whose a plain packet is, if its ports are there. */
static always_inline struct tcp_whose whose(struct holm_net *net, struct holm_frame *f)
{
	if (FOR_SIZE || unlikely(!tcp_plain_has_header(f, f->l4_off)))
		return (struct tcp_whose){ 0 };
	return tcp_plain_whose(net, holm_frame_data(f) + f->l4_off, net->flow.ip6);
}

void tcp_input_alone(struct holm_net *net, struct holm_frame *f)
{
	struct tcp_hdr_info h;
	struct tcp_whose w;

	if (unlikely(!ip_flow_take(net, f))) {
		net_input_other(net, f);
		return;
	}
	tcp_count_alone(net, f);
	w = whose(net, f);
	if (w.c && tcp_is_calm(w.c) && net->tcp->calm->frames(net, &f, 1, &w) > 0)
		return;
	if (likely(parse_good(net, f, &h, true)))
		run_whose(net, f, &h, &w);
}

static void merge_done(struct holm_net *net)
{
	if (net->tcp->gro.head)
		flush(net->tcp);
}

static int start(struct holm_net *net)
{
	if (!HOLM_WITH_GRO)
		return -HOLM_EINVAL;
	ip_set_tcp(net, &holm_tcp_gro);
	return 0;
}

static const struct holm_proto *const needs[] = { &holm_tcp, NULL };

/* The part takes the packets in holm_tcp's place. */
const struct holm_proto holm_tcp_gro = {
	.name = "tcp-gro",
	.kind = PROTO_PART,
	.number = IP4_PROTO_TCP,
	.needs = needs,
	.start = start,
	.input = merge,
	.input_run = merge_run,
	.input_done = merge_done,
	.error = tcp_error,
};

/* ---- Set aside ----------------------------------------------------------------------------------- */

bool tcp_hold(struct holm_tcp *c, struct tcp_rx *rx)
{
	struct tcp_flight *fl = c->flight;
	uint32_t frames = 0;

	for (const struct holm_frame *f = rx->f; f; f = f->chain)
		frames++;
	if (fl->held_frames + frames > TCP_HELD_MAX ||
	    fl->held_bytes + rx->orig_len > rx->net->config.tcp_rcvbuf_bytes)
		return false;
	while (rx->f) {
		struct holm_frame *f = rx->f;

		rx->f = f->chain;
		f->chain = NULL;
		f->next = NULL;
		f->csum = HOLM_CSUM_VERIFIED;
		if (fl->held_first)
			fl->held_last->next = f;
		else
			fl->held_first = f;
		fl->held_last = f;
	}
	fl->held_frames += frames;
	fl->held_bytes += rx->orig_len;
	return true;
}

/* The next in order, text alone, for a ring: the seventh step in short. False: nothing has happened. */
static bool take_held(struct holm_tcp *c, struct holm_frame *f)
{
	const uint8_t *p = holm_frame_data(f) + f->l4_off;
	uint32_t len = ip_rx(f)->l4_len - (uint32_t)(f->payload_off - f->l4_off);

	if (!tcp_is_usual(c) || (p[13] & ~TCP_PSH) != TCP_ACK || load_be32(p + 4) != c->rcv_nxt.v ||
	    len > tcp_rcv_wnd(c) || f->gso != HOLM_GSO_NONE ||
	    !tcp_text_short(tcp_net(c), c, f, f->payload_off, len, len))
		return false;
	ip_dst_confirm(tcp_net(c), c->dst);
	holm_frame_free(f);
	return true;
}

/* For the second time: its ACK is old news, its text is not. False: that ended the connection. */
static bool run_again(struct holm_tcp *c, struct holm_frame *f)
{
	struct holm_net *net = tcp_net(c);
	struct tcp_hdr_info h;
	enum tcp_verdict v;
	struct tcp_rx rx;

	if (!parse(net, f, &h))
		return true;
	fill_rx(&rx, net, f, &h);
	begin(&rx);
	v = tcp_input_text_again(c, &rx);
	if (unlikely(v == TCP_DROP))
		net_drop_note(net, rx.why);
	if (unlikely(rx.reply != TCP_REPLY_NONE))
		act(&rx, v == TCP_GONE ? NULL : c);
	holm_frame_free(rx.f);
	return v != TCP_GONE;
}

/* The caller publishes, and notes the connection for output. Its handle is held: it stays. */
void tcp_input_held(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);
	struct holm_frame *f = c->flight ? c->flight->held_first : NULL;
	bool alive = true;

	if (!f)
		return;
	c->flight->held_first = NULL;
	c->flight->held_frames = 0;
	c->flight->held_bytes = 0;
	while (f) {
		struct holm_frame *next = f->next;

		f->next = NULL;
		if (alive)
			alive = take_held(c, f) || run_again(c, f);
		else
			net_drop(net, f, HOLM_DROP_TCP_NO_PORT);
		f = next;
	}
}
