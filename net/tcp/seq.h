/*
 * Sequence numbers: RFC 9293 section 3.4. A structure, so that `a < b` does not compile; all
 * comparison is modulo 2^32, and means something for numbers less than 2^31 apart.
 */
#ifndef NET_TCP_SEQ_H
#define NET_TCP_SEQ_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_seq {
	uint32_t v;
};

static inline struct tcp_seq seq_of(uint32_t v)
{
	return (struct tcp_seq){ v };
}

static inline struct tcp_seq seq_add(struct tcp_seq a, uint32_t n)
{
	return (struct tcp_seq){ a.v + n };
}

static inline struct tcp_seq seq_sub(struct tcp_seq a, uint32_t n)
{
	return (struct tcp_seq){ a.v - n };
}

/* How far `a` is behind `b` on the way up: a - b, where the caller knows that a >= b. */
static inline uint32_t seq_diff(struct tcp_seq a, struct tcp_seq b)
{
	return a.v - b.v;
}

/* The order of two numbers of 32 bits on a circle; also of clock ticks and timestamps. */
static inline bool serial_lt(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool seq_eq(struct tcp_seq a, struct tcp_seq b)
{
	return a.v == b.v;
}

static inline bool seq_lt(struct tcp_seq a, struct tcp_seq b)
{
	return serial_lt(a.v, b.v);
}

static inline bool seq_leq(struct tcp_seq a, struct tcp_seq b)
{
	return !serial_lt(b.v, a.v);
}

static inline bool seq_gt(struct tcp_seq a, struct tcp_seq b)
{
	return serial_lt(b.v, a.v);
}

static inline bool seq_geq(struct tcp_seq a, struct tcp_seq b)
{
	return !serial_lt(a.v, b.v);
}

static inline struct tcp_seq seq_min(struct tcp_seq a, struct tcp_seq b)
{
	return seq_lt(a, b) ? a : b;
}

static inline struct tcp_seq seq_max(struct tcp_seq a, struct tcp_seq b)
{
	return seq_lt(a, b) ? b : a;
}

/* from <= s < from + len */
static inline bool seq_in(struct tcp_seq s, struct tcp_seq from, uint32_t len)
{
	return s.v - from.v < len;
}

#endif
