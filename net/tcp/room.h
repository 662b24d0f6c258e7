/*
 * What the files of the room offer each other, grouped by file.
 */
#ifndef NET_TCP_ROOM_H
#define NET_TCP_ROOM_H

#include "net/core/ip_rx.h"
#include "net/core/net.h"
#include "net/ip/ip.h"
#include "net/core/sum.h"
#include "net/core/table.h"
#include "net/link/netif.h"
#include "net/tcp/cc.h"
#include "net/tcp/instance.h"
#include "net/tcp/parts.h"
#include "net/tcp/records.h"
#include "net/tcp/repair.h"
#include "net/tcp/segment.h"
#include "net/tcp/tcb.h"
#include "net/wire/ip4.h"
#include "net/wire/ip6.h"
#include "net/wire/tcp.h"

/* RFC 9293 3.7.1: the send MSS where the peer announced none, and the least we take seriously. */
#define TCP_MSS_DEFAULT_IP4 536u
#define TCP_MSS_DEFAULT_IP6 1220u
#define TCP_MSS_MIN 88u
/* Frames set aside before a receive buffer is attached: an initial window of 10, and some. */
#define TCP_HELD_MAX 16u
/* A connection acknowledges its first segments at once: the peer's slow start waits for it. */
#define TCP_QUICK_ACKS 10u
/* So many more after an ACK that waited and found nothing to go with: then it is tried again. */
#define TCP_QUICK_AGAIN 100u
/* RFC 9293 3.8.3: R1 and R2, in retransmissions. */
#define TCP_R1 3u
#define TCP_R2 15u
#define TCP_R2_ORPHAN 8u
#define TCP_DELACK_NS 40000000u
/* The same in the stamps of last_rx, rounded up. */
#define TCP_DELACK_STAMPS ((TCP_DELACK_NS >> TCP_STAMP_SHIFT) + 1)

/*
 * Blocks that nobody needs right now are kept for the next request; with more than this many, making
 * one takes up to two others back. Sixty-four are 20 KiB: they stay in the cache.
 */
#define TCP_FLIGHTS_KEPT 64u
/* So many wait for the connections that come next: as many as a busy server has at once in a batch. */
#define TCP_FLIGHTS_SPARE 32u

/* What the steps want sent. Filled by them, acted upon by input.c. */
enum tcp_reply_kind {
	TCP_REPLY_NONE,
	TCP_REPLY_ACK,	     /* an ACK that the peer needs: always sent */
	TCP_REPLY_CHALLENGE, /* RFC 5961: rate-limited */
	TCP_REPLY_RST,	     /* as RFC 9293 3.10.7.1 forms it */
};

/* A segment, or a super-segment, on its way through the steps. On the stack of input.c. */
struct tcp_rx {
	struct holm_net *net;
	/* Its ends and their hash, where it is for no connection (yet). */
	struct tcp_tuple ends;
	uint32_t hash;
	struct holm_frame *f; /* head of the chain */
	const struct tcp_hdr_info *h;
	struct tcp_seq orig_seq; /* as it came */
	struct tcp_seq last_seq; /* of the last frame merged */
	/* What is left of it after step 1. */
	struct tcp_seq seq;
	uint32_t skip; /* payload bytes trimmed off the front */
	uint32_t len;  /* payload bytes */
	bool syn, fin;
	uint32_t orig_len;  /* payload bytes as they came */
	uint32_t frame_len; /* payload bytes of the first frame: the peer's segment size */
	enum tcp_reply_kind reply;
	enum holm_drop why; /* with TCP_DROP */
	/* A SYN that TIME-WAIT let through: the next incarnation begins here. */
	bool has_iss;
	struct tcp_seq iss;
};

/* Why it is dropped, for who counts that. */
static inline void tcp_rx_why(struct tcp_rx *rx, enum holm_drop why)
{
	if (HOLM_WITH_COUNTERS)
		rx->why = why;
}

static inline enum tcp_verdict tcp_drop(struct tcp_rx *rx, enum holm_drop why,
					enum tcp_reply_kind reply)
{
	tcp_rx_why(rx, why);
	rx->reply = reply;
	return TCP_DROP;
}

static inline struct tcp_settings *tcp_settings_get(struct tcp_settings *s)
{
	if (HOLM_WITH_OPTIONS)
		s->refs++;
	return s;
}

/* ---- state.c */
void tcp_set_state(struct holm_tcp *c, enum holm_tcp_state next);
/* Where every control block begins. */
void tcp_init_state(struct holm_tcp *c);
bool tcp_edge_is_legal(enum holm_tcp_state from, enum holm_tcp_state to);

/* ---- demux.c */
uint32_t tcp_hash(const struct holm_net *net, const struct tcp_tuple *t);
/* Which link a link-local address is of that was met on this device; of others 0. */
static inline uint16_t tcp_scope_of(const struct holm_addr *remote, const struct holm_dev *dev)
{
	return unlikely(ip6_is_link_local(remote)) && dev && dev->netif
		       ? (uint16_t)dev->netif->index
		       : 0;
}
/* The way to a remote with this scope, by what an endpoint asks for. */
static inline struct ip_via tcp_via(const struct holm_net *net, const struct ip_via *wanted,
				    uint16_t scope)
{
	return !HOLM_WITH_IPV6 || likely(scope == 0) ? *wanted : ip_via_scope(net, wanted, scope);
}
/* Forget the addresses. */
void tcp_drop_ends(struct holm_tcp *c);
/* The two ends as far as they are known; wildcards for the rest. */
void tcp_get_ends(const struct holm_tcp *c, struct tcp_tuple *t);
/* The connection that a segment is for; NULL: none, and *hash is the tuple's. */
struct holm_tcp *tcp_find(struct tcp_state *ts, const struct tcp_tuple *t, uint32_t *hash);
/* From the unconnected into the table under these ends, and back. False: no memory; it stays where it is. */
must_check bool tcp_table_enter(struct tcp_state *ts, struct holm_tcp *c, const struct tcp_tuple *t,
				uint32_t hash);
void tcp_table_remove(struct tcp_state *ts, struct holm_tcp *c);
/* Out of the table, to be freed. */
static inline void tcp_table_leave(struct tcp_state *ts, struct holm_tcp *c)
{
	if (ts->last == c)
		ts->last = NULL;
	if (unlikely(c->flags & TCP_ECN) && ts->accecn)
		ts->accecn->end(c);
	table_remove(&ts->table, &c->ep.node);
	c->flags &= ~(uint32_t)TCP_HASHED;
}

/* ---- bind.c */
/* -HOLM_EADDRINUSE, -HOLM_ENOMEM. */
int tcp_bind_add(struct tcp_state *ts, struct holm_tcp *c, const struct holm_addr *addr,
		 uint16_t port, unsigned flags);
void tcp_bind_remove(struct tcp_state *ts, struct holm_tcp *c);
/* An entry of somebody who has another one now, or needs none any more. */
void tcp_bind_drop(struct tcp_state *ts, struct tcp_bind *b);
/* Bound without a port: now with one. -HOLM_EADDRINUSE, -HOLM_ENOMEM. */
int tcp_bind_find_port(struct tcp_state *ts, struct holm_tcp *c, struct tcp_bind *b);
struct tcp_bind *tcp_bind_of(struct tcp_state *ts, const struct holm_tcp *c);
/* Does somebody else listen on a port and address that this one means, too? */
bool tcp_bind_is_listened(struct tcp_state *ts, const struct tcp_bind *bind);
/* Whose a record is: by which device its SYN came is taken to be that by which it is answered. */
struct tcp_bind *tcp_find_listener_of(struct tcp_state *ts, const struct tcp_tuple *ends);
/* Somebody has begun to listen, or listens by another device. */
static inline void tcp_bind_listens(struct tcp_state *ts)
{
	ts->heard.bind = NULL;
}
/* May an ephemeral port be this one: is nobody bound to it? */
bool tcp_port_is_bound(struct tcp_state *ts, uint16_t port);

/* ---- port.c */
/*
 * Choose t->lport where it is 0, store the ends in c, choose its ISN (in SND.UNA), and enter it into the
 * table.
 */
int tcp_port_connect(struct tcp_state *ts, struct holm_tcp *c, struct tcp_tuple *t);
/* A port for bind() with port 0; 0: none left. */
uint16_t tcp_port_any(struct tcp_state *ts, const struct holm_addr *addr);

/* ---- isn.c */
struct tcp_seq tcp_isn(const struct holm_net *net, const struct tcp_tuple *t);
uint32_t tcp_ts_offset(const struct holm_net *net, const struct tcp_tuple *t);
static inline uint32_t tcp_tsval(const struct holm_net *net, uint32_t offset)
{
	return tcp_ticks(net->now) + offset;
}

/* ---- conn.c */
int tcp_conn_create(struct holm_net *net, struct tcp_settings *settings, struct holm_tcp **out);
/* Free everything. Not named by the caller any more. */
void tcp_conn_destroy(struct holm_tcp *c);
/* The program has its buffer back; what is lent of the sending one, when that comes back. */
void tcp_release_snd(struct holm_tcp *c);
void tcp_release_rcv(struct holm_tcp *c);
/*
 * Reach CLOSED, with an error (positive errno) or 0: out of the table, no timer, nothing in flight.
 * An orphan is freed. Always: do not touch an orphan afterwards.
 */
void tcp_conn_closed(struct holm_tcp *c, int error);
/* Publish the level state; new bits wake the owner. */
void tcp_publish(struct holm_tcp *c);
/* A writer that had no room: has it some now? Then it is told. */
void tcp_publish_room(struct holm_tcp *c);
/*
 * The same after a segment, without asking the buffers what cannot have changed: bytes that came
 * make it readable, and only a writer that had no room may have got some.
 */
static inline void tcp_publish_input(struct holm_net *net, struct holm_tcp *c)
{
	if (c->flags & TCP_CHANGED) {
		tcp_publish(c);
		return;
	}
	if (c->flags & TCP_NEW_BYTES) {
		c->flags &= ~(uint32_t)TCP_NEW_BYTES;
		c->ep.state |= HOLM_READABLE;
		ep_notify(net, &c->ep);
	}
	if (unlikely(c->snd && !(c->ep.state & HOLM_WRITABLE)))
		tcp_publish_room(c);
}
/* What a program may write now; with a mark, only as much as leaves less than that unsent. */
static inline size_t tcp_send_room(const struct holm_tcp *c)
{
	size_t room = c->snd ? holm_sndbuf_room(c->snd) : 0;
	uint32_t mark = tcp_settings(c)->notsent_lowat, waits;

	if (likely(mark == 0))
		return room;
	waits = tcp_not_sent(c);
	return waits < mark ? min_size(room, mark - waits) : 0;
}
/* A listener's level: children wait or they do not. */
static inline void tcp_publish_listener(struct holm_net *net, struct tcp_bind *b)
{
	unsigned pending = b->owner->ep.state & (unsigned)HOLM_PENDING;

	if (b->nchildren > 0)
		ep_set(net, &b->owner->ep, HOLM_ACCEPTABLE | pending);
	else
		b->owner->ep.state = (uint16_t)pending;
}
/* The connection has something to send, perhaps: have tcp_output_all() look at it. */
void tcp_note_output(struct holm_tcp *c);
/* The block of an active connection, made if it is not there. NULL: no memory. */
struct tcp_flight *tcp_flight_make(struct holm_tcp *c);
static inline struct tcp_flight *tcp_flight_get(struct holm_tcp *c)
{
	return likely(c->flight) ? c->flight : tcp_flight_make(c);
}
/* The instance ends. */
void tcp_flight_spare_free(struct tcp_state *ts);
/* Give it back if nothing in it is in use. */
void tcp_flight_put_if_idle(struct holm_tcp *c);
/* Set up windows once the peer has spoken: its ISN, and its window. */
void tcp_conn_start(struct holm_tcp *c, struct tcp_seq irs, uint32_t snd_wnd);
/* The handshake is complete. */
void tcp_conn_established(struct holm_tcp *c);
/* A handshake took this long: an RTT sample, but a bounded one. */
void tcp_conn_handshake_rtt(struct holm_tcp *c, uint64_t rtt_ns);
/* Nobody holds the handle, and nobody will. */
static inline bool tcp_is_orphan(const struct holm_tcp *c)
{
	return !c->ep.owned && !(c->flags & TCP_CHILD);
}
void tcp_settings_put(struct tcp_settings *s);
/* A block of its own for c, to be changed. NULL: no memory. */
struct tcp_settings *tcp_settings_own(struct holm_tcp *c);
/* The window scale with which a window of so many bytes can be announced. */
uint8_t tcp_wscale_for(size_t wnd);
/* The window scale that we offer, and the window in our SYN. */
static inline uint8_t tcp_offer_wscale(const struct holm_net *net, const struct holm_rcvbuf *rcv)
{
	return unlikely(rcv && holm_rcvbuf_window(rcv) > net->config.tcp_rcvbuf_max_bytes)
		       ? tcp_wscale_for(holm_rcvbuf_window(rcv))
		       : net->tcp->wscale;
}
static inline uint32_t tcp_offer_window(const struct holm_net *net, const struct holm_rcvbuf *rcv)
{
	size_t wnd = rcv ? holm_rcvbuf_window(rcv) : net->config.tcp_rcvbuf_bytes;

	return (uint32_t)min_size(wnd, 65535);
}

/* ---- input.c */
/* One frame; holm_tcp_gro's merges what follows each other. */
void tcp_input(struct holm_net *net, struct holm_frame *f);
/* The same of one that net->alone was shown, a run of one. What may not be TCP's takes its usual way. */
void tcp_input_alone(struct holm_net *net, struct holm_frame *f);
/* Run frames that were set aside through the steps. */
void tcp_input_held(struct holm_tcp *c);
/* Set the chain aside until a receive buffer is attached; false: it does not fit. */
bool tcp_hold(struct holm_tcp *c, struct tcp_rx *rx);

/* ---- steps.c, step5_ack.c, step7_text.c */
enum tcp_verdict tcp_input_synchronized(struct holm_tcp *c, struct tcp_rx *rx);
/* What was set aside: the steps up to the fifth are behind it. */
enum tcp_verdict tcp_input_text_again(struct holm_tcp *c, struct tcp_rx *rx);
enum tcp_verdict tcp_step5_ack(struct holm_tcp *c, struct tcp_rx *rx);
/* Its last part: is our FIN acknowledged? */
enum tcp_verdict tcp_step5_fin(struct holm_tcp *c);
enum tcp_verdict tcp_step7_text(struct holm_tcp *c, struct tcp_rx *rx);
enum tcp_verdict tcp_step8_fin(struct holm_tcp *c, struct tcp_rx *rx);
/* The peer's FIN is next in order. */
enum tcp_verdict tcp_fin_arrived(struct holm_tcp *c);
/* The seventh step of what is next in order, where nothing lies out of order. */
void tcp_text_in_order(struct holm_tcp *c, struct tcp_rx *rx);
/*
 * Hand `len` payload bytes, from `skip` on, to the buffer at stream offset `off`. Returns how many, from the
 * front, it promised to keep.
 */
uint32_t tcp_accept_bytes(const struct holm_tcp *c, struct tcp_rx *rx, uint32_t skip, uint32_t off,
			  uint32_t len);
/* An acceptable ACK of something new: does it tell a round-trip time? */
void tcp_sample_rtt(struct holm_tcp *c, const struct tcp_rx *rx, struct tcp_seq ack);
/* How much of `len` bytes at `off` a buffer takes that is smaller than what was promised for it. */
uint32_t tcp_fitting(struct holm_tcp *c, uint32_t off, uint32_t len);
/* Nothing in flight was sent twice, is announced as received, or thought to be lost. */
static inline bool tcp_is_plain(const struct tcp_flight *fl)
{
	return fl->phase == TCP_OPEN && tcp_score_is_plain(&fl->repair->score) &&
	       !fl->repair->tlp.outstanding;
}

/* ---- predict.c */
/* Is this the segment that was to be expected? Then it has been dealt with. */
bool tcp_predicted_input(struct holm_tcp *c, struct tcp_rx *rx);
/* May this connection send a challenge ACK now? Counts it if so. */
bool tcp_challenge_allowed(struct holm_tcp *c);

/* Cut the segment to the receive window. */
void tcp_trim(struct holm_tcp *c, struct tcp_rx *rx);

static inline uint32_t tcp_search_lost(struct holm_tcp *c, uint32_t bytes)
{
	return unlikely(c->flags & TCP_SEARCH) ? tcp_net(c)->tcp->search->lost(c, bytes) : 0;
}

/* ---- timewait.c */
/* What a new incarnation's ISS is above the old one's SND.NXT where the clock gives no assurance. */
#define TCP_TW_ISS_STEP 65537u
/*
 * Enter TIME-WAIT; `ack`: the peer's FIN is to be answered. TCP_GONE: a record has taken the connection's
 * place (without memory there is none), and it is closed.
 */
enum tcp_verdict tcp_time_wait_enter(struct holm_tcp *c, bool ack);
/* A segment for a connection in that state. TCP_NEXT: it is closed, and the SYN opens the next one. */
enum tcp_verdict tcp_input_time_wait(struct holm_tcp *c, struct tcp_rx *rx);
/* What is to be done with a segment. Where that is no end, rx->why says why it is dropped. */
enum tcp_tw_says {
	TCP_TW_IGNORE,
	TCP_TW_ANSWER,	/* by an ACK */
	TCP_TW_RESTART, /* the same, and wait for 2 * MSL from now on */
	TCP_TW_END,
	TCP_TW_REOPEN, /* end; the SYN is a new incarnation's, which begins at rx->iss */
};
enum tcp_tw_says tcp_time_wait_judge(const struct tcp_tw *tw, struct tcp_rx *rx);
/* What a connection leaves behind. */
static inline void tcp_tw_fill(struct tcp_tw *tw, const struct holm_tcp *c)
{
	tw->snd_nxt = c->flight->snd_nxt;
	tw->rcv_nxt = c->rcv_nxt;
	tw->ts_recent = c->ts_recent;
	tw->has_ts = (c->flags & TCP_TS) != 0;
	tw->tos = tcp_settings(c)->tos;
}

/* ---- timewait_record.c: for half.c's table of operations. */
void tcp_tw_make(struct holm_tcp *c, bool ack);
enum tcp_verdict tcp_input_tw(tcp_ref tw, struct tcp_rx *rx);
bool tcp_tw_may_open(struct tcp_state *ts, const struct tcp_tuple *t, uint32_t hash, bool take_over,
		     struct tcp_taken *taken);
void tcp_tw_timer(struct holm_net *net, struct net_timer *timer);

/* ---- reasm.c, out_of_order.c */
/* What is out of order is kept from now on. */
void tcp_reasm_register(struct holm_net *net);
struct tcp_reasm *tcp_reasm_create(struct holm_net *net);
void tcp_reasm_destroy(struct holm_net *net, struct tcp_reasm *r);
/* The first part of [from, to) that no range covers; false: all of it is there. */
bool tcp_reasm_gap(const struct tcp_reasm *r, struct tcp_seq from, struct tcp_seq to,
		   struct tcp_range *gap);
/* Would one more range, or the growth of one, fit? Asked before bytes are accepted. */
bool tcp_reasm_has_room(const struct tcp_reasm *r, struct tcp_seq left, struct tcp_seq right);
/* [left, right) has been accepted; it covers no byte of a range. */
void tcp_reasm_add(struct tcp_reasm *r, struct tcp_seq left, struct tcp_seq right);
/* The range around `seq` has arrived again: it is news. */
void tcp_reasm_touch(struct tcp_reasm *r, struct tcp_seq seq);
/* RCV.NXT has reached `nxt`: take off what begins there; returns the new RCV.NXT. */
struct tcp_seq tcp_reasm_advance(struct tcp_reasm *r, struct tcp_seq nxt);

/* ---- sack.c */
/* The ranges to announce, most recent first; returns how many. */
uint8_t tcp_sack_blocks(const struct tcp_reasm *r, struct tcp_sack_block *blocks, uint8_t max);
/* Is there a block to announce? */
static inline bool tcp_sack_is_due(const struct holm_tcp *c)
{
	return HOLM_WITH_SACK && c->flight && (c->flight->reasm || c->flight->has_dsack);
}
static inline void tcp_sack_duplicate(struct holm_tcp *c, struct tcp_seq left, struct tcp_seq right)
{
	if (c->flags & TCP_SACK)
		tcp_net(c)->tcp->sack->duplicate(c, left, right);
}

/* ---- output.c */
/* One behind the last data byte that was sent: the FIN's number, if it was. */
static inline struct tcp_seq tcp_sent_data_end(const struct holm_tcp *c)
{
	return c->flags & TCP_FIN_SENT ? seq_sub(c->flight->snd_nxt, 1) : c->flight->snd_nxt;
}
/* Send everything that is due, of every connection noted. True: the budget ended it, there is more. */
size_t tcp_output_all(struct holm_net *net, size_t budget);
/* Its visit to one connection: all that is due. */
void tcp_output_one(struct holm_tcp *c);
/* A search for the path's MTU may have a probe to send. */
void tcp_send_mtu_probe(struct tcp_tx *tx);
/* Payload of a frame that lies in its own memory. */
#define TCP_FRAME_PAYLOAD (HOLM_FRAME_BYTES - HOLM_FRAME_HEADROOM)
/*
 * Effective send MSS now, payload bytes of a full segment: RFC 9293 3.7.1,
 *   Eff.snd.MSS = min(SendMSS+20, MMS_S) - TCPhdrsize - IPoptionsize
 */
static inline uint32_t tcp_mss_now(const struct holm_tcp *c)
{
	const struct ip_dst *dst = c->dst;
	uint32_t headers = c->flags & TCP_IP6 ? 60 : 40;
	uint32_t mss = c->peer_mss;

	if (dst->mtu < mss + headers)
		mss = dst->mtu > headers + TCP_MSS_MIN ? dst->mtu - headers : TCP_MSS_MIN;
	/* A device that cannot gather takes no more than a frame's own memory. */
	if (unlikely(mss > TCP_FRAME_PAYLOAD) && dst->netif && dst->netif->segs_max == 1)
		mss = TCP_FRAME_PAYLOAD;
	return c->flags & TCP_TS ? mss - TCP_OPT_TIMESTAMP_ALIGNED : mss;
}
/* The same, once for who counts bytes. */
uint32_t tcp_mss_shared(const struct holm_tcp *c);
static inline uint32_t tcp_mss(const struct holm_tcp *c)
{
	return FOR_SIZE ? tcp_mss_shared(c) : tcp_mss_now(c);
}
/* The peer's MSS option (0: none), as the settings allow. */
uint16_t tcp_peer_mss(const struct holm_tcp *c, uint16_t option);
/* The MSS that we announce. */
uint16_t tcp_announce_mss(const struct ip_dst *dst, const struct tcp_settings *s);
/* What RCV.WND could be now: what the buffer allows, not less than was promised. */
static always_inline uint32_t tcp_window_whole(const struct holm_tcp *c)
{
	size_t wnd;

	if (unlikely(c->flags & TCP_FIN_RCVD))
		return tcp_rcv_wnd(c);
	wnd = likely(c->rcv) ? holm_rcvbuf_window(c->rcv) : tcp_net(c)->config.tcp_rcvbuf_bytes;
	wnd = min_size(wnd, (size_t)65535 << tcp_rcv_wscale(c));
	/* None wraps round and is no limit. */
	if (unlikely(tcp_settings(c)->window_clamp - 1u < wnd))
		wnd = tcp_settings(c)->window_clamp;
	return (uint32_t)wnd;
}
/* May the announced window grow to `whole` without being silly (RFC 9293 3.8.6.2.2)? */
static always_inline bool tcp_window_opens(const struct holm_tcp *c, uint32_t whole)
{
	uint32_t mss = c->flight ? c->flight->rcv_mss : TCP_MSS_DEFAULT_IP4;
	uint32_t wnd = tcp_rcv_wnd(c);
	size_t buffer = whole;

	if (whole <= wnd)
		return false;
	/* What is unread makes the buffer larger than the window: not asked for where an MSS decides. */
	if (unlikely(buffer / 2 < mss) && c->rcv)
		buffer += holm_rcvbuf_readable(c->rcv);
	return whole - wnd >= min_size(buffer / 2, mss);
}

/* The buffer's window may be cut, never lengthened: usually this says that no update is due. */
static inline bool tcp_window_is_most(const struct holm_tcp *c)
{
	return holm_rcvbuf_window(c->rcv) / 2 < tcp_rcv_wnd(c);
}
/*
 * A window that opened enough is worth an ACK of its own if the peer may be waiting for it. There
 * is a buffer; after a FIN `whole` is what was promised.
 */
static inline bool tcp_window_update_due(const struct holm_tcp *c)
{
	uint32_t whole = tcp_window_whole(c);

	return whole / 2 >= tcp_rcv_wnd(c) && tcp_window_opens(c, whole);
}

/* ---- burst.c */
struct tcp_tx {
	struct holm_net *net;
	struct holm_tcp *c;
	struct tcp_seq end; /* one behind the last byte queued */
	uint32_t mss;
	uint32_t room; /* frames that fit the interface now */
	bool hw_csum;
	uint8_t ecn;	/* enum tcp_tx_ecn */
	bool override;	/* what is held back to fill a segment goes now */
	bool announced; /* SACK blocks went with what was sent */
};
/* How many segments these bytes are on the wire; none are one, too. */
static inline uint32_t tcp_segments_of(const struct tcp_tx *tx, uint32_t len)
{
	return len > tx->mss ? (len + tx->mss - 1) / tx->mss : 1;
}
/* `end` is tcp_snd_end(c): asked once a visit. */
static inline void tcp_tx_init(struct tcp_tx *tx, struct holm_tcp *c, struct tcp_seq end)
{
	const struct holm_netif *netif = c->dst->netif;

	tx->net = tcp_net(c);
	tx->c = c;
	tx->end = end;
	tx->mss = tcp_mss(c);
	tx->override = false;
	tx->ecn = 0;
	tx->room = likely(netif) ? (uint32_t)netif_room(netif) : UINT32_MAX;
	tx->announced = false;
	tx->hw_csum = netif && (netif->features & (HOLM_DEV_TX_CSUM | HOLM_DEV_NO_CSUM));
}
/*
 * Build and send `len` queued bytes from `seq` on, in as many segments and super-segments as they take, or
 * a segment without any. PSH and FIN are the last one's. Returns how many payload bytes went: fewer than
 * len if frames ran out, or where each is marked for ECN by what was sent before it; or -HOLM_ENOBUFS.
 */
int tcp_send_segment(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags);
/* An ACK alone, now; there is a block. False: no room. */
bool tcp_send_ack(struct holm_tcp *c);

/* ---- header.c */
/* Of an IPv6 connection; there is a block. 0: IPv6 has none here. */
uint32_t tcp_find_flow_label(const struct holm_net *net, struct holm_tcp *c);
static inline uint32_t tcp_flow_label(const struct holm_net *net, struct holm_tcp *c)
{
	return likely(c->flight->flow_label) ? c->flight->flow_label : tcp_find_flow_label(net, c);
}
/* A header's sum: most are one of two lengths. */
static inline uint32_t tcp_sum_header(const uint8_t *p, size_t hdr_len, uint32_t sum)
{
	if (!FOR_SIZE && hdr_len == TCP_HDR_BYTES)
		return checksum_20(p, sum);
	return !FOR_SIZE && likely(hdr_len == TCP_HDR_TS_BYTES) ? checksum_32(p, sum)
								: checksum_partial(p, hdr_len, sum);
}

/* ---- run.c, of the part holm_tcp_super */
/*
 * What is more than one segment, or does not fit a frame. -HOLM_ENOBUFS: not this way; a segment may still
 * go by copying.
 */
int tcp_send_super(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags);
/* The kind of super-frames that a connection's are. */
static inline unsigned tcp_gso_kind(const struct holm_tcp *c)
{
	return c->flags & TCP_IP6 ? HOLM_GSO_TCP6 : HOLM_GSO_TCP4;
}
/*
 * Does what this connection sends go to a device that cuts super-frames, or for which software cuts
 * and copies? Then a run is cut out of the send buffer at once, in super-frames or in segments.
 */
static inline bool tcp_is_cut(const struct holm_tcp *c)
{
	const struct holm_netif *netif = c->dst->netif;

	return netif && (netif->direct_gso >> tcp_gso_kind(c) & 1);
}
/* Which of both? */
static inline bool tcp_takes_super(const struct holm_tcp *c)
{
	return c->dst->netif->takes_gso >> tcp_gso_kind(c) & 1;
}
/*
 * Then: a run of plain segments, in super-frames that refer to lent bytes, what is left of them
 * copied; or into frames of their own, whose payload is copied and summed in one pass. As
 * tcp_send_segment(), but that nothing is noted. 0: it is not to go this way now.
 */
int tcp_send_cut(const struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags);

/* ---- reply.c */
void tcp_send_reply(struct holm_net *net, struct tcp_reply *r);
/* RFC 9293 3.10.7.1: the RST that answers a segment; limited in a flood. */
void tcp_send_rst(struct tcp_rx *rx);
/* The RST of ABORT, from the connection's own numbers. */
void tcp_send_abort(struct holm_tcp *c);

/* A server's Fast Open connection that has sent its SYN-ACK may send data before it is answered. */
static inline bool tcp_may_send(const struct holm_tcp *c)
{
	return tcp_is_synchronized(c) ||
	       (c->state == HOLM_TCP_SYN_RECEIVED && tcp_is_fast(c) && !(c->flags & TCP_SYN_DUE));
}

/* ---- recovery.c */
/* RFC 6675's pipe: what is thought to be in the network. */
static inline uint32_t tcp_pipe(const struct holm_tcp *c)
{
	const struct tcp_flight *fl = c->flight;

	if (!fl || !tcp_has_repair(fl))
		return tcp_in_flight(c);
	return tcp_in_flight(c) - fl->repair->score.sacked - fl->repair->score.lost;
}
/*
 * How many bytes may go now, new or again, for all that congestion control and recovery know: what
 * cwnd leaves, or what a timeout, a probe or limited transmit (RFC 3042) allows beyond it.
 */
static inline uint32_t tcp_send_allowance(const struct holm_tcp *c)
{
	const struct tcp_flight *fl = c->flight;
	uint32_t pipe = tcp_pipe(c);
	uint32_t left = c->cwnd > pipe ? c->cwnd - pipe : 0;

	return fl ? max_u32(left, fl->credit) : left;
}
/* New data was acknowledged: `acked` sequence numbers, SND.UNA has moved. */
void tcp_recovery_acked(struct holm_tcp *c, uint32_t acked);
/* A duplicate ACK (RFC 5681 section 2). */
void tcp_recovery_dupack(struct holm_tcp *c);
/* The retransmission timer has expired. False: that was the end of the connection. */
bool tcp_recovery_timeout(struct holm_tcp *c);
/* Send everything from SND.UNA on again without calling it congestion. */
void tcp_recovery_resend(struct holm_tcp *c);

/* ---- congestion.c */
/* A part enters its controller. 0, or -HOLM_ENOSPC. */
int tcp_cc_register(struct holm_net *net, const struct tcp_cc_ops *ops);
/* The controller's state, from now on that of `ops`. False: no memory, nothing has changed. */
must_check bool tcp_cc_begin(struct holm_tcp *c, const struct tcp_cc_ops *ops);
/*
 * The same of a block that was just made. Where all zero is good enough to begin with there is
 * little to do.
 */
must_check static inline bool tcp_cc_begin_new(struct holm_tcp *c, const struct tcp_cc_ops *ops)
{
	struct tcp_flight *fl = c->flight;

	if (FOR_SIZE || unlikely(ops->init || tcp_settings(c)->max_pacing_rate))
		return tcp_cc_begin(c, ops);
	fl->cc_ops = ops;
	fl->round_end = fl->snd_nxt;
	if (c->cwnd > 0)
		fl->cc.mss = tcp_mss(c);
	return true;
}
/* cwnd and ssthresh have been set anew; `mss` is tcp_mss(). There is a block. */
void tcp_cc_restart(struct holm_tcp *c, uint32_t mss);
void tcp_cc_end(struct holm_tcp *c);
/* An ACK that delivered something, or found something lost: see struct tcp_cc_ack. */
void tcp_cc_on_ack(struct holm_tcp *c, struct tcp_cc_ack *ack);
/* The usual one: in order, of what was sent once, outside recovery; SND.UNA has moved by `acked`. */
void tcp_cc_on_plain_ack(struct holm_tcp *c, uint32_t acked, uint32_t rtt_us);
/* Calm has ended in which there were such ACKs, the last at flight->progress_ns. */
void tcp_cc_catch_up(struct holm_tcp *c);
/* Fast recovery begins: ssthresh is set, cwnd is recovery's until tcp_cc_on_recovered(). */
void tcp_cc_on_recovery(struct holm_tcp *c, uint32_t flight_size);
void tcp_cc_on_recovered(struct holm_tcp *c);
/* The retransmission timer; `first`: of this segment. */
void tcp_cc_on_timeout(struct holm_tcp *c, bool first);
/* The last reduction was for nothing. */
void tcp_cc_on_spurious(struct holm_tcp *c);
/* Nothing was sent for a while. */
void tcp_cc_on_idle(struct holm_tcp *c);
/* Is cwnd the controller's in recovery, too? */
static inline bool tcp_cc_owns_cwnd(const struct holm_tcp *c)
{
	return HOLM_WITH_CONTROLLERS && c->settings->cc->owns_cwnd;
}

/* Bytes up to `end` leave for the first time: for who wants to know the rate. */
void tcp_cc_on_sent(struct holm_tcp *c, struct tcp_seq end, uint32_t len);
/* There is nothing more to send, and the window would let it. */
void tcp_cc_on_app_limited(struct holm_tcp *c);

/* The network has marked what we sent: as a loss, without one. */
void tcp_cc_on_ecn(struct holm_tcp *c, uint32_t flight_size);

/* ---- ecn.c */
#define TCP_ECN_SETUP (TCP_ECE | TCP_CWR)
enum ip_ecn { IP_NOT_ECT, IP_ECT1, IP_ECT0, IP_CE, IP_ECN_MASK = 3 };
/* AE, CWR and ECE of a segment as a number: RFC 9768's ACE field. */
static inline unsigned tcp_ace(const struct tcp_rx *rx)
{
	const uint8_t *header = holm_frame_data(rx->f) + rx->f->l4_off;

	return (header[12] & 1u) << 2 | header[13] >> 6;
}
/* How a SYN's or SYN-ACK's own IP-ECN field is fed back: RFC 9768, table 3. */
unsigned tcp_ace_of_syn(unsigned ip_ecn);
/* Marks were reported: as a loss without one, once a round trip. True: the window is smaller. */
bool tcp_ecn_reduce(struct holm_tcp *c, uint32_t flight_size);
static inline uint8_t tcp_ecn_tos(uint8_t tos)
{
	return (uint8_t)((tos & ~(unsigned)IP_ECN_MASK) | IP_ECT0);
}
/* RFC 3168 6.1.4 and 6.1.5: only what is new, within the window, and data. */
static inline bool tcp_ecn_may_be_marked(const struct tcp_tx *tx, struct tcp_seq seq, uint32_t len)
{
	return len > 0 && seq_eq(seq, tx->c->flight->snd_nxt) && tx->c->snd_wnd > 0;
}

/* ---- pacing.c */
static inline bool tcp_is_paced(const struct holm_tcp *c)
{
	return unlikely(c->flight && tcp_has_pacer(c->flight));
}
static inline void tcp_pacing_end(struct holm_tcp *c)
{
	if (tcp_has_pacer(c->flight))
		tcp_net(c)->tcp->pacing->end(c);
}
/* Make or end the pacer, as `ops` and the settings want it. False: no memory. */
must_check static inline bool tcp_pacing_begin(struct holm_tcp *c, const struct tcp_cc_ops *ops)
{
	if ((HOLM_WITH_CONTROLLERS && ops->pacing_rate) || tcp_settings(c)->max_pacing_rate)
		return c->flight->pacer || tcp_net(c)->tcp->pacing->begin(c);
	tcp_pacing_end(c);
	return true;
}
/* These are for connections with a pacer, as in the table. */
static inline void tcp_pacing_update(struct holm_tcp *c)
{
	tcp_net(c)->tcp->pacing->update(c);
}
static inline bool tcp_pacing_waits(struct holm_tcp *c)
{
	return tcp_net(c)->tcp->pacing->waits(c);
}
static inline uint32_t tcp_pacing_burst(const struct holm_tcp *c, uint32_t mss)
{
	return tcp_net(c)->tcp->pacing->burst(c, mss);
}
static inline void tcp_pacing_sent(struct holm_tcp *c, struct tcp_seq right, uint32_t len,
				   bool again)
{
	tcp_net(c)->tcp->pacing->sent(c, right, len, again);
}

/* ---- timer.c */
static inline uint64_t tcp_ns_of_tick(const struct holm_net *net, uint32_t tick)
{
	uint32_t ahead = tick - tcp_ticks(net->now);

	if ((int32_t)ahead <= 0)
		return net->now;
	return ((net->now >> TCP_TICK_SHIFT) + ahead) << TCP_TICK_SHIFT;
}
/* `seconds` after a tcp_stamp(), which is rounded up, so never early. */
static inline uint64_t tcp_after_stamp(const struct holm_net *net, uint32_t stamp, uint64_t seconds)
{
	uint64_t now = net->now >> TCP_STAMP_SHIFT;
	uint64_t ago = (uint32_t)now - stamp;

	return ((now - ago + 1) << TCP_STAMP_SHIFT) + TCP_S(seconds);
}
/* After the last segment came. */
static inline uint64_t tcp_after_last_rx(const struct holm_tcp *c, uint64_t seconds)
{
	return tcp_after_stamp(tcp_net(c), c->last_rx, seconds);
}
void tcp_timer_fire(struct holm_net *net, struct net_timer *timer);
/* Arm for the earliest deadline, lazily. */
void tcp_timer_update(struct holm_tcp *c);
/* The retransmission or probe timer starts anew, `retries` backed off; as of when that was sent. */
void tcp_timer_rexmt(struct holm_tcp *c);
void tcp_timer_rexmt_from(struct holm_tcp *c, uint64_t sent_ns);
/* The same for an ACK of new data that leaves less than this in flight: RFC 7765's rrthresh. */
#define TCP_RESTART_SEGMENTS 4u
void tcp_timer_restart(struct holm_tcp *c);
/* Does a deadline run that needs the block to be there? */
bool tcp_timer_is_needed(const struct holm_tcp *c);
uint32_t tcp_timer_rexmt_age(const struct holm_tcp *c);
void tcp_timer_persist(struct holm_tcp *c);
void tcp_timer_rexmt_stop(struct holm_tcp *c);

/* ---- icmp.c */
void tcp_error(struct holm_net *net, const struct ip_error *error);
/* What a program is told when a connection times out. There is a block. */
int tcp_timeout_error(const struct holm_tcp *c);

#endif
