/*
 * ICMP errors about segments of ours: RFC 9293 section 3.9.2.2, RFC 5461, RFC 5927, RFC 1191. An
 * error counts only if the sequence number that it quotes is in flight.
 */
#include "net/tcp/room.h"

/* RFC 1191 section 7.1: plateaus, for routers that do not say. */
static const uint16_t plateaus[] = { 32000, 17914, 8166, 4352, 2002, 1492, 1006, 552 };
/* Smaller paths exist on paper (RFC 791: 68); believing in them would be an attacker's gain. */
#define MTU_FLOOR_IP4 552u
#define MTU_FLOOR_IP6 1280u

static uint32_t plateau_below(uint32_t mtu)
{
	for (size_t i = 0; i < ARRAY_LEN(plateaus); i++)
		if (plateaus[i] < mtu)
			return plateaus[i];
	return mtu;
}

/* The path takes no more than `mtu`: send smaller segments, and what was too big again. */
static void too_big(struct holm_tcp *c, uint32_t mtu)
{
	uint32_t floor = c->flags & TCP_IP6 ? MTU_FLOOR_IP6 : MTU_FLOOR_IP4;

	if (mtu == 0)
		mtu = plateau_below(c->dst->mtu);
	mtu = max_u32(mtu, floor);
	if (mtu >= c->dst->mtu)
		return;
	c->dst->mtu = (uint16_t)mtu;
	tcp_recovery_resend(c);
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
	};
	uint32_t hash;
	struct holm_tcp *c = tcp_find(net->tcp, &t, &hash);

	if (!c || !seq_in(seq, c->snd_una, tcp_in_flight(c))) {
		net_drop_note(net, HOLM_DROP_ICMP_QUOTE);
		return;
	}
	if (error->kind == IP_ERROR_TOO_BIG)
		too_big(c, error->mtu);
	else
		unreachable(c, error);
}
