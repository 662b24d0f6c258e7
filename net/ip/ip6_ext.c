/*
 * From an IPv6 header over its extension headers to the transport: RFC 8200 section 4. The walk itself
 * is net/wire's; here is what frames need for it, and what becomes of its verdicts.
 */
#include "net/ip/state.h"

void ip6_tell_problem(struct holm_net *net, struct holm_frame *f, uint8_t code, uint32_t pointer,
		      enum holm_drop why)
{
	if (net->ip->send_problem6)
		net->ip->send_problem6(net, f, code, pointer);
	net_drop(net, f, why);
}

/* The bytes that the walk asks for lie in one piece. */
static bool pull_up(struct holm_frame *f, uint32_t need)
{
	size_t want = (size_t)f->l3_off + need;

	return want <= f->len && holm_frame_pullup(f, want);
}

enum ip6_walk ip6_ext_walk(struct holm_frame *f, struct ip6_chain *c)
{
	enum ip6_walk verdict;

	for (;;) {
		verdict = ip6_chain_walk(c, holm_frame_data(f) + f->l3_off,
					 f->segs[0].len - f->l3_off);
		if (verdict != IP6_WALK_SHORT)
			return verdict;
		if (!pull_up(f, c->need)) {
			c->why = HOLM_DROP_IP6_SHORT;
			return IP6_WALK_DROP;
		}
	}
}

static void hand_up(struct holm_net *net, struct holm_frame *f, const struct ip6_chain *c)
{
	const struct holm_proto *transport = ip6_transport(net, c->next);
	struct ip_rx *rx = ip_rx(f);

	rx->proto = c->next;
	rx->l4_len = c->end - c->at;
	f->l4_off = (uint16_t)(f->l3_off + c->at);
	if (ip_has_raw(net->ip) && net->ip->raw_input(net, f) && !transport)
		holm_frame_free(f);
	else if (likely(transport))
		transport->input(net, f);
	else if (c->next == IP6_PROTO_NONE)
		net_drop(net, f, HOLM_DROP_IP6_NO_NEXT);
	else
		ip6_tell_problem(net, f, IP6_PROBLEM_NEXT_HEADER, c->next_at,
				 HOLM_DROP_IP6_PROTOCOL);
}

/*
 * Over a fragment header, if the packet is whole or becomes so. Nobody has a reason to cut a piece in
 * pieces: a second such header ends it.
 */
static enum ip6_walk walk_fragment(struct holm_net *net, struct holm_frame **f, struct ip6_chain *c)
{
	enum ip6_walk verdict;

	*f = ip6_reasm_input(net, *f, c);
	if (!*f)
		return IP6_WALK_DROP;
	verdict = ip6_ext_walk(*f, c);
	if (verdict != IP6_WALK_FRAGMENT)
		return verdict;
	c->why = HOLM_DROP_IP6_CHAIN;
	return IP6_WALK_DROP;
}

void ip6_continue(struct holm_net *net, struct holm_frame *f, struct ip6_chain *chain)
{
	enum ip6_walk verdict = ip6_ext_walk(f, chain);

	if (verdict == IP6_WALK_FRAGMENT)
		verdict = walk_fragment(net, &f, chain);
	if (!f)
		return;
	if (verdict == IP6_WALK_END)
		hand_up(net, f, chain);
	else if (verdict == IP6_WALK_PROBLEM)
		ip6_tell_problem(net, f, chain->code, chain->pointer, chain->why);
	else
		net_drop(net, f, chain->why);
}
