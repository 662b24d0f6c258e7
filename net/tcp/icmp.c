/*
 * ICMP errors about segments of ours: RFC 9293 section 3.9.2.2, RFC 5461, RFC 5927, RFC 1191, RFC 8201. An
 * error counts only if the sequence number that it quotes is in flight, or probes a closed window.
 */
#include "net/tcp/hot.h"

#define IP6_MTU_LEAST 1280u

/* Others on this path may have had the news first: what is in flight here was cut for what it took before. */
static void send_smaller(struct holm_tcp *c)
{
	c->flight->cc.mss = tcp_mss(c);
	tcp_recovery_resend(c);
}

/*
 * The path takes no more than `mtu`: send smaller segments, and what was too big again. RFC 8201 4:
 *   If a node receives a Packet Too Big message reporting a next-hop MTU that is less than the IPv6
 *   minimum link MTU, it must discard it.
 */
static void too_big(struct holm_tcp *c, uint32_t mtu)
{
	struct holm_net *net = tcp_net(c);

	if ((c->flags & TCP_IP6) && mtu < IP6_MTU_LEAST)
		net_drop_note(net, HOLM_DROP_ICMP_QUOTE);
	else if (ip_dst_lower_mtu(net, c->dst, mtu) || tcp_mss(c) < c->flight->cc.mss)
		send_smaller(c);
}

/*
 * RFC 9293 3.9.2.2: soft errors MUST NOT abort the connection; hard ones do so in SYN-SENT only
 * (RFC 5461), because anybody can send an ICMP message. What was said is told if it times out.
 */
static void unreachable(struct holm_tcp *c, const struct ip_error *error)
{
	bool hard = error->kind == IP_ERROR_PORT_UNREACHABLE ||
		    error->kind == IP_ERROR_PROTOCOL_UNREACHABLE ||
		    error->kind == IP_ERROR_PROHIBITED;

	if (hard && c->state == HOLM_TCP_SYN_SENT) {
		net_count(tcp_net(c), HOLM_COUNT_TCP_FAILED_OPENS);
		tcp_conn_closed(c, error->error);
		return;
	}
	c->flight->soft_error = (uint8_t)error->error;
	c->flight->soft_rx = c->last_rx;
}

/* As on Linux the last thing said decides: what came from the peer afterwards says that there is a way. */
int tcp_timeout_error(const struct holm_tcp *c)
{
	const struct tcp_flight *fl = c->flight;

	return fl->soft_error && fl->soft_rx == c->last_rx ? fl->soft_error : HOLM_ETIMEDOUT;
}

/* A probe's byte is in flight, too, though SND.NXT does not count it. */
static uint32_t seen_outside(const struct holm_tcp *c)
{
	uint32_t flying = tcp_in_flight(c);

	return flying == 0 && (c->flags & TCP_PERSIST) ? 1 : flying;
}

void tcp_error(struct holm_net *net, const struct ip_error *error)
{
	uint16_t lport = load_be16(error->quote);
	uint16_t rport = load_be16(error->quote + 2);
	struct tcp_seq seq = seq_of(load_be32(error->quote + 4));
	const struct tcp_tuple t = {
		.remote = error->remote,
		.local = error->local,
		.rport = rport,
		.lport = lport,
		.scope = tcp_scope_of(&error->remote, error->frame ? error->frame->dev : NULL),
	};
	uint32_t hash;
	struct holm_tcp *c = tcp_find(net->tcp, &t, &hash);

	if (!c || !seq_in(seq, c->snd_una, seen_outside(c))) {
		net_drop_note(net, HOLM_DROP_ICMP_QUOTE);
		return;
	}
	tcp_stir(c);
	if (error->kind == IP_ERROR_TOO_BIG)
		too_big(c, error->mtu);
	else
		unreachable(c, error);
}
