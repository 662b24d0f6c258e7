/*
 * Initial sequence numbers (RFC 6528) and timestamp offsets (RFC 7323 section 5.4): a clock, and a
 * keyed hash of the four-tuple that nobody outside can compute.
 */
#include "net/tcp/room.h"

#include "lib/siphash.h"
#include "net/wire/ip4.h"

/* The ports, and what the hash is for. */
static uint64_t last_word(const struct tcp_tuple *t, uint64_t use)
{
	return use << 32 | (uint32_t)t->lport << 16 | t->rport;
}

/* The addresses of IPv4, as one word. */
static uint64_t ends_word(const struct tcp_tuple *t)
{
	return (uint64_t)ip4_from_addr(&t->local) << 32 | ip4_from_addr(&t->remote);
}

/* Those of IPv6, and the last word. */
static void tuple_words(const struct tcp_tuple *t, uint64_t use, uint64_t words[5])
{
	memcpy(&words[0], t->local.b, 16);
	memcpy(&words[2], t->remote.b, 16);
	words[4] = last_word(t, use);
}

/* Between these two hosts; begun once for connections that follow each other. */
static uint64_t isn_hash4(const struct holm_net *net, const struct tcp_tuple *t)
{
	struct tcp_between *b = &net->tcp->between;
	uint64_t ends = ends_word(t);

	if (FOR_SIZE)
		return siphash24_short(&net->secrets.isn, ends, last_word(t, 0));
	if (unlikely(b->ends != ends)) {
		b->ends = ends;
		siphash24_short_begin(&b->begun, &net->secrets.isn, ends);
	}
	return siphash24_short_end(&b->begun, last_word(t, 0));
}

static uint64_t isn_hash(const struct holm_net *net, const struct tcp_tuple *t)
{
	uint64_t words[5];

	if (likely(ip4_is_addr(&t->remote)))
		return isn_hash4(net, t);
	tuple_words(t, 0, words);
	return siphash24_words(&net->secrets.isn, words, 5);
}

/*
 * RFC 9293 3.4.1:
 *   ISN = M + F(localip, localport, remoteip, remoteport, secretkey)
 * M ticks every 4.096 microseconds.
 */
struct tcp_seq tcp_isn(const struct holm_net *net, const struct tcp_tuple *t)
{
	return seq_of((uint32_t)(net->now >> 12) + (uint32_t)isn_hash(net, t));
}

/* Per four-tuple, so that timestamps go on rising from one incarnation to the next (RFC 6191). */
uint32_t tcp_ts_offset(const struct holm_net *net, const struct tcp_tuple *t)
{
	const struct siphash_key *key = &net->secrets.isn;
	uint64_t words[5];

	if (likely(ip4_is_addr(&t->remote)))
		return (uint32_t)siphash13_short(key, ends_word(t), last_word(t, 1));
	tuple_words(t, 1, words);
	return (uint32_t)siphash13_words(key, words, 5);
}
