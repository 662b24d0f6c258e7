/*
 * tcp_fixture.h -- one TCP connection of an instance, the test being its peer: segments go in and
 * come out, as in a packet transcript. The peer is 10.0.0.2, the instance 10.0.0.1.
 *
 *	struct tcp_fixture t;
 *	established(&t, .rcvbuf = 500);
 *	rx(&t, .flags = TCP_RST, .seq = 2);
 *	expect_tx(&t, .flags = TCP_ACK, .seq = 1, .ack = 1);
 *	expect_silence(&t);
 *	finish(&t);
 *
 * Sequence numbers are relative: 0 is the SYN, 1 the first byte, on either side. Byte i of either
 * stream is holm_pattern_byte(i - 1), in and out, and is checked.
 */
#ifndef TESTS_SUPPORT_TCP_FIXTURE_H
#define TESTS_SUPPORT_TCP_FIXTURE_H

#include <holm/tcp.h>

#include "net/tcp/room.h"
#include "tests/support/lab.h"

#define FIX_PORT 80u
#define FIX_PEER_PORT 4000u
#define FIX_ANY 0xffffffffu

struct tcp_options {
	uint32_t iss;	   /* ours; FIX_ANY: as it comes */
	uint32_t peer_iss; /* the peer's */
	uint64_t rcvbuf;   /* 0: 65535 */
	uint64_t sndbuf;   /* 0: 262144 */
	bool peer_ts, peer_sack, peer_wscale;
	uint8_t wscale;
	uint16_t peer_mss; /* 0: 1000 */
	uint32_t peer_wnd; /* of all its segments, unscaled; 0: 65535 */
	bool nodelay, no_ts, no_attach, slow_acks;
	const struct holm_config *config;
	uint32_t features;
	uint16_t segs_max, mtu;
	uint64_t fail_from;
	const struct holm_proto *const *protos; /* NULL: with all parts of TCP */
	const char *cc; /* the congestion controller; NULL: "reno", whose windows tests foretell */
};

struct tcp_fixture {
	struct lab lab;
	struct holm_tcp *t;
	struct holm_tcp *listener;
	struct holm_pattern_sndbuf snd;
	struct holm_pattern_rcvbuf rcv;
	struct tcp_options o;
	uint32_t iss, peer_iss;
	uint32_t peer_nxt;  /* relative: what the peer sends next */
	uint32_t peer_seen; /* relative: the highest of ours that the peer has seen */
	uint32_t tsval;	    /* of the peer */
	uint32_t our_ts;    /* the last that we sent */
	size_t cursor;	    /* frames looked at */
	unsigned snd_released, rcv_released;
};

/* A segment from the peer, and what is expected of ours. */
struct probe {
	uint8_t flags;
	uint32_t seq, ack; /* relative */
	uint32_t len;	   /* payload */
	uint32_t wnd;	   /* expected: FIX_ANY for any */
	uint16_t sport, dport, mss;
	bool ts, no_ts, ts_any;
	uint32_t tsval, tsecr;
	bool sack_permitted, has_wscale;
	uint8_t wscale;
	uint8_t nsack;
	struct tcp_sack_block sack[4]; /* relative, as acknowledgments are */
	bool fast;		       /* with a Fast Open option: this cookie */
	uint8_t fast_len;
	const uint8_t *fast_cookie;
	bool bad_sum;
	uint32_t src;  /* 0: the peer */
	bool absolute; /* seq and ack are not relative */
	bool quiet;    /* do not poll afterwards */
};

#define established(t, ...)                                                                        \
	fixture_passive((t), &(struct tcp_options){ .iss = FIX_ANY, __VA_ARGS__ })
#define connected(t, ...) fixture_active((t), &(struct tcp_options){ .iss = FIX_ANY, __VA_ARGS__ })
#define fixture_only(t, ...) fixture_init((t), &(struct tcp_options){ .iss = FIX_ANY, __VA_ARGS__ })

#define rx(t, ...)                                                                                 \
	fixture_rx((t), &(struct probe){ .flags = TCP_ACK,                                         \
					 .seq = (t)->peer_nxt,                                     \
					 .ack = (t)->peer_seen,                                    \
					 .wnd = (t)->o.peer_wnd,                                   \
					 .sport = FIX_PEER_PORT,                                   \
					 .dport = FIX_PORT,                                        \
					 .tsval = (t)->tsval,                                      \
					 .tsecr = (t)->our_ts,                                     \
					 __VA_ARGS__ })
/* The next segment that we sent. Acknowledgment and window are checked where they are given. */
#define expect_tx(t, ...)                                                                          \
	fixture_expect((t), __FILE__, __LINE__,                                                    \
		       &(struct probe){ .flags = TCP_ACK,                                          \
					.ack = FIX_ANY,                                            \
					.wnd = FIX_ANY,                                            \
					.sport = FIX_PORT,                                         \
					.dport = FIX_PEER_PORT,                                    \
					__VA_ARGS__ })
#define expect_silence(t) fixture_silence((t), __FILE__, __LINE__)

/* An instance with a listener on FIX_PORT, nothing more. */
void fixture_init(struct tcp_fixture *t, const struct tcp_options *o);
/* Half-open records of IPv4: how many, and the i-th. */
uint32_t fixture_halves(const struct tcp_fixture *t);
struct tcp_half *fixture_half(const struct tcp_fixture *t, uint32_t i);
/* The connection in SYN-RECEIVED, of an instance without records; NULL: there is none. */
struct holm_tcp *fixture_opened(const struct tcp_fixture *t);
/* A connection that the peer opened and the program accepted; or one that we opened. */
void fixture_passive(struct tcp_fixture *t, const struct tcp_options *o);
void fixture_active(struct tcp_fixture *t, const struct tcp_options *o);
/* The same up to the SYN: t->t is in SYN-SENT, the SYN has been looked at. */
void fixture_syn_sent(struct tcp_fixture *t, const struct tcp_options *o);
/* Take the next connection from the listener and give it its buffers. */
void fixture_accept(struct tcp_fixture *t);
void fixture_attach(struct tcp_fixture *t);

void fixture_rx(struct tcp_fixture *t, const struct probe *p);
void fixture_expect(struct tcp_fixture *t, const char *file, int line, const struct probe *p);
void fixture_silence(struct tcp_fixture *t, const char *file, int line);
/* How many segments were sent that nobody has looked at? They count as looked at then. */
size_t fixture_skip(struct tcp_fixture *t);

/* The program writes, reads; time passes. */
void fixture_write(struct tcp_fixture *t, size_t n);
size_t fixture_read(struct tcp_fixture *t, size_t n);
void fixture_wait_ms(struct tcp_fixture *t, uint64_t ms);
/* Let time pass until a segment was sent, at most `ms`; which of lab.sent it is. */
size_t fixture_wait_sent(struct tcp_fixture *t, uint64_t ms);
uint64_t fixture_drops(const struct tcp_fixture *t, enum holm_drop reason);
uint64_t fixture_counted(const struct tcp_fixture *t, enum holm_counter counter);
/* The connection has measured round trips of `ms`, that vary by an eighth. */
void fixture_knows_rtt(struct tcp_fixture *t, uint32_t ms);

/* Give up what is held, let everything end; all memory and frames must come back. */
void finish(struct tcp_fixture *t);

#endif
