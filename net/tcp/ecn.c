/*
 * Explicit congestion notification: RFC 3168. Who negotiates it is in syn.c, child.c and input.c; here,
 * what a connection does with it: marks that arrived are echoed until the peer says that it has
 * reduced its window, echoes reduce ours once a round trip. Not here: accurate ECN; a SYN that offers
 * it gets this form, which it must also be ready for.
 */
#include "net/tcp/room.h"

enum { IP_ECT0 = 2, IP_CE = 3, IP_ECN_MASK = 3 };

/*
 * RFC 3168 6.1.2:
 *   The indication of congestion should be treated just as a congestion loss in non-ECN-capable TCP. [...]
 *   TCP should not react to congestion indications more than once every window of data.
 */
static void echoed(struct holm_tcp *c, uint32_t flight_size)
{
	struct tcp_flight *fl = c->flight;

	if ((fl->ecn & TCP_ECN_REDUCED) && !seq_gt(c->snd_una, fl->ecn_end))
		return;
	if (flight_size == 0)
		return;
	/* In recovery the window has been reduced already. */
	if (fl->phase == TCP_OPEN) {
		tcp_cc_on_ecn(c, flight_size);
		net_count(tcp_net(c), HOLM_COUNT_TCP_ECN_REDUCTIONS);
	}
	fl->ecn |= TCP_ECN_REDUCED | TCP_ECN_CWR_DUE;
	fl->ecn_end = fl->snd_nxt;
}

/*
 * RFC 3168 6.1.3:
 *   the TCP receiver sends an ECN-Echo acknowledgement [...] the TCP receiver continues to set the
 *   ECN-Echo flag in ACK packets until it receives a CWR packet
 */
void tcp_ecn_input(struct holm_tcp *c, const struct tcp_rx *rx, uint32_t flight_size)
{
	struct tcp_flight *fl = c->flight;

	if (rx->h->flags & TCP_CWR)
		fl->ecn &= (uint8_t) ~(unsigned)TCP_ECN_ECE_DUE;
	if ((ip_rx(rx->f)->tos & IP_ECN_MASK) == IP_CE) {
		fl->ecn |= TCP_ECN_ECE_DUE;
		c->flags |= TCP_ACK_NOW;
		net_count(rx->net, HOLM_COUNT_TCP_ECN_MARKS);
	}
	if (rx->h->flags & TCP_ECE)
		echoed(c, flight_size);
}

/*
 * RFC 3168 6.1.4 and 6.1.5: no ECT on bare ACKs, on what is sent again, on window probes. 6.1.2: CWR on
 * the first new data after the reduction.
 */
uint8_t tcp_ecn_mark(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	struct tcp_flight *fl = tx->c->flight;

	tx->ect = len > 0 && seq_eq(seq, fl->snd_nxt) && tx->c->snd_wnd > 0 && !(flags & TCP_SYN);
	if (flags & TCP_SYN)
		return flags;
	if (fl->ecn & TCP_ECN_ECE_DUE)
		flags |= TCP_ECE;
	if (tx->ect && (fl->ecn & TCP_ECN_CWR_DUE)) {
		fl->ecn &= (uint8_t) ~(unsigned)TCP_ECN_CWR_DUE;
		flags |= TCP_CWR;
	}
	return flags;
}

uint8_t tcp_ecn_tos(uint8_t tos)
{
	return (uint8_t)((tos & ~(unsigned)IP_ECN_MASK) | IP_ECT0);
}
