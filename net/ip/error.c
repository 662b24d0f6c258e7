/*
 * Errors between the layers: which transport a packet belonged to, and how it hears that the packet
 * did not arrive. What comes off the wire as an error is ICMP's to check.
 */
#include "net/ip/state.h"

#include "net/link/eth.h"
#include "net/link/neigh.h"

bool ip_report_error(struct holm_net *net, const struct ip_error *error)
{
	bool ip4 = ip4_is_addr(&error->local);
	const struct holm_proto *transport =
		ip4 ? ip_transport(net, error->proto) : ip6_transport(net, error->proto);
	bool concerned = ip_has_raw(net->ip) && net->ip->raw_error(net, error);

	if (error->proto == (ip4 ? (unsigned)IP4_PROTO_ICMP : (unsigned)IP6_PROTO_ICMP) &&
	    ip_has_echo(net->ip))
		concerned |= net->ip->echo_error(net, error);
	if (!transport || !transport->error)
		return concerned;
	transport->error(net, error);
	return true;
}

void ip_send_error(struct holm_net *net, struct holm_frame *f, enum ip_error_kind kind)
{
	unsigned family = ip_family_index(&ip_rx(f)->dst);

	if ((HOLM_WITH_ERRORS || HOLM_WITH_IPV6) && net->ip->send_error[family])
		net->ip->send_error[family](net, f, kind);
}

void ip_send_port_unreachable(struct holm_net *net, struct holm_frame *f)
{
	ip_send_error(net, f, IP_ERROR_PORT_UNREACHABLE);
}

void ip_watch_neighbours(struct holm_net *net)
{
	if (net->neigh)
		net->neigh->unreachable = net->ip->neighbour_unreachable;
}

/* ---- Nobody answers. */

/* What the transport had written first, from `at` on. */
static bool read_quote(struct ip_error *error, const struct holm_frame *f, size_t at)
{
	if (f->len < at + sizeof(error->quote))
		return false;
	holm_frame_read(f, at, error->quote, sizeof(error->quote));
	at += sizeof(error->quote);
	error->frame = f;
	error->payload_off = (uint32_t)at;
	error->payload_len = (uint32_t)(f->len - at);
	return true;
}

/* The neighbour did not answer: whoever sent this hears that the host is unreachable. */
static void neighbour_unreachable(struct holm_net *net, struct holm_frame *f)
{
	struct ip_error error = {
		.kind = IP_ERROR_HOST_UNREACHABLE,
		.error = HOLM_EHOSTUNREACH,
	};
	uint16_t type = load_be16(holm_frame_data(f) + ETH_HDR_BYTES - 2);
	ip_quote_fn *quote =
		net->ip->quote[HOLM_WITH_IPV6 && type == ETH_TYPE_IP6 ? IP_FAMILY_6 : IP_FAMILY_4];
	size_t at = quote ? quote(f, &error) : 0;

	if (at > 0 && read_quote(&error, f, at)) {
		bool ip4 = ip4_is_addr(&error.local);

		/* As Linux tells itself. */
		error.offender = error.local;
		error.type = ip4 ? 3 : 1;
		error.code = ip4 ? 1 : 3;
		ip_report_error(net, &error);
	}
	net_drop(net, f, HOLM_DROP_NEIGH_UNREACHABLE);
}

void ip_tell_unreachable(struct holm_net *net, unsigned family, ip_quote_fn *quote)
{
	net->ip->neighbour_unreachable = neighbour_unreachable;
	net->ip->quote[family] = quote;
}
