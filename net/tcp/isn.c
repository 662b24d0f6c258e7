/*
 * Initial sequence numbers (RFC 6528) and timestamp offsets (RFC 7323 section 5.4): a clock, and a
 * keyed hash of the four-tuple that nobody outside can compute.
 */
#include "net/tcp/room.h"

#include "lib/siphash.h"
#include "net/wire/ip4.h"

/* The four-tuple and what the hash is for, as words; IPv4 has fewer. Returns how many. */
static size_t tuple_words(const struct tcp_tuple *t, uint64_t use, uint64_t words[5])
{
	uint64_t ports = use << 32 | (uint32_t)t->lport << 16 | t->rport;

	if (likely(ip4_is_addr(&t->remote))) {
		words[0] = (uint64_t)ip4_from_addr(&t->local) << 32 | ip4_from_addr(&t->remote);
		words[1] = ports;
		return 2;
	}
	memcpy(&words[0], t->local.b, 16);
	memcpy(&words[2], t->remote.b, 16);
	words[4] = ports;
	return 5;
}

/*
 * RFC 9293 3.4.1:
 *   ISN = M + F(localip, localport, remoteip, remoteport, secretkey)
 * M ticks every 4.096 microseconds.
 */
struct tcp_seq tcp_isn(const struct holm_net *net, const struct tcp_tuple *t)
{
	uint64_t words[5];
	size_t n = tuple_words(t, 0, words);

	return seq_of((uint32_t)(net->now >> 12) +
		      (uint32_t)siphash24_words(&net->secrets.isn, words, n));
}

/* Per four-tuple, so that timestamps go on rising from one incarnation to the next (RFC 6191). */
uint32_t tcp_ts_offset(const struct holm_net *net, const struct tcp_tuple *t)
{
	uint64_t words[5];
	size_t n = tuple_words(t, 1, words);

	return (uint32_t)siphash13_words(&net->secrets.isn, words, n);
}
