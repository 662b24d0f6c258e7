/* See flow.h. */
#include "tests/pkt/flow.h"

#include <stdlib.h>
#include <string.h>

#include "net/wire/tcp.h"
#include "tests/pkt/token.h"

/* What an ACK of the script says where we have never sent a number. */
#define UNKNOWN_ISN 0x51234567u

void flows_init(struct flows *fs, const struct family *family, const struct holm_addr *local,
		const struct holm_addr *remote)
{
	memset(fs, 0, sizeof(*fs));
	fs->family = family;
	fs->local = *local;
	fs->remote = *remote;
	fs->local_port = FLOW_LOCAL_PORT;
}

void flows_fini(struct flows *fs)
{
	for (size_t i = 0; i < fs->nflows; i++)
		free(fs->flow[i]);
	fs->nflows = 0;
}

static struct flow *find(struct flows *fs, uint8_t proto, uint16_t lport, uint16_t rport)
{
	for (size_t i = 0; i < fs->nflows; i++) {
		struct flow *f = fs->flow[i];

		if (f->proto == proto && f->local_port == lport && f->remote_port == rport)
			return f;
	}
	return NULL;
}

static struct flow *make(struct flows *fs, uint8_t proto, uint16_t lport, uint16_t rport)
{
	struct flow *f;

	if (fs->nflows == FLOWS_MAX)
		fail("more than %u flows", FLOWS_MAX);
	f = calloc(1, sizeof(*f));
	if (!f)
		abort();
	f->proto = proto;
	f->local_port = lport;
	f->remote_port = rport;
	fs->flow[fs->nflows++] = f;
	return f;
}

/* ---- timestamps and cookies ---- */

/* The wire's number for a timestamp of ours in the script: the one learnt, or what is near it. */
static uint32_t stamp_to_wire(const struct flow *f, uint32_t script)
{
	const struct flow_stamp *last = f->nstamps ? &f->stamps[f->nstamps - 1] : NULL;

	for (size_t i = f->nstamps; i-- > 0;)
		if (f->stamps[i].script == script)
			return f->stamps[i].live;
	return last ? last->live + (script - last->script) : script;
}

static uint32_t stamp_to_script(const struct flow *f, uint32_t live)
{
	const struct flow_stamp *last = f->nstamps ? &f->stamps[f->nstamps - 1] : NULL;

	for (size_t i = f->nstamps; i-- > 0;)
		if (f->stamps[i].live == live)
			return f->stamps[i].script;
	return last ? last->script + (live - last->live) : live;
}

/*
 * The script's number for a timestamp that the stack sent: a number that it has seen must be the same
 * again, a new one must not be behind the last.
 */
static uint32_t stamp_learn(struct flow *f, uint32_t script, uint32_t live)
{
	const struct flow_stamp *last = f->nstamps ? &f->stamps[f->nstamps - 1] : NULL;

	for (size_t i = 0; i < f->nstamps; i++)
		if (f->stamps[i].script == script)
			return stamp_to_script(f, live) == script || f->stamps[i].live == live
				       ? script
				       : stamp_to_script(f, live);
	if (last && ((int32_t)(script - last->script) < 0) != ((int32_t)(live - last->live) < 0) &&
	    live != last->live)
		return stamp_to_script(f, live);
	if (f->nstamps == FLOW_STAMPS_MAX)
		fail("more than %u timestamps", FLOW_STAMPS_MAX);
	f->stamps[f->nstamps++] = (struct flow_stamp){ script, live };
	return script;
}

static void cookie_learn(struct flows *fs, const struct packet_opt *spec, struct packet_opt *o)
{
	struct flow_cookie *c;

	for (size_t i = 0; i < fs->ncookies; i++) {
		c = &fs->cookies[i];
		if (c->len == o->n && memcmp(c->live, o->bytes, o->n) == 0) {
			memcpy(o->bytes, c->script, o->n);
			return;
		}
	}
	if (!spec || spec->n != o->n || fs->ncookies == FLOW_COOKIES_MAX)
		return;
	for (size_t i = 0; i < fs->ncookies; i++)
		if (fs->cookies[i].len == o->n &&
		    memcmp(fs->cookies[i].script, spec->bytes, o->n) == 0)
			return;
	c = &fs->cookies[fs->ncookies++];
	c->len = o->n;
	memcpy(c->script, spec->bytes, o->n);
	memcpy(c->live, o->bytes, o->n);
	memcpy(o->bytes, c->script, o->n);
}

static void cookie_to_wire(const struct flows *fs, struct packet_opt *o)
{
	for (size_t i = 0; i < fs->ncookies; i++)
		if (fs->cookies[i].len == o->n &&
		    memcmp(fs->cookies[i].script, o->bytes, o->n) == 0)
			memcpy(o->bytes, fs->cookies[i].live, o->n);
}

/* ---- in ---- */

static bool is_first_syn(const struct packet *p)
{
	return p->proto == PACKET_TCP && (p->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

static struct flow *flow_for_input(struct flows *fs, const struct packet *spec)
{
	uint16_t lport = spec->dport ? spec->dport : fs->local_port;
	uint16_t rport = spec->sport ? spec->sport : FLOW_REMOTE_PORT;
	struct flow *f = fs->current;

	if (!spec->sport && !spec->dport && f && f->proto == spec->proto)
		return f;
	f = find(fs, spec->proto, lport, rport);
	if (!f)
		f = make(fs, spec->proto, lport, rport);
	/* Named ports are those of another flow than the usual one. */
	if (!spec->sport && !spec->dport)
		fs->current = f;
	return f;
}

static void learn_theirs(struct flows *fs, struct flow *f, const struct packet *spec)
{
	if (!f->theirs_known) {
		f->theirs = fs->peer_isn - (spec->flags & TCP_SYN ? spec->seq : 0);
		f->their_syn = spec->flags & TCP_SYN ? spec->seq : 0;
		f->syn_came = !f->ours_known;
	} else if (is_first_syn(spec) && spec->seq != f->their_syn) {
		f->their_syn = spec->seq;
		f->syn_came = true;
	}
	f->theirs_known = true;
	if (spec->has_ack && !f->ours_known) {
		f->ours = UNKNOWN_ISN;
		f->ours_known = true;
		f->syn_came = true;
	}
}

static void opt_to_wire(const struct flows *fs, const struct flow *f, struct packet_opt *o)
{
	switch (o->kind) {
	case OPT_TS:
		o->number[0] += fs->peer_ts;
		if (o->number[1] != 0)
			o->number[1] = stamp_to_wire(f, o->number[1]);
		break;
	case OPT_SACK:
		for (unsigned i = 0; i < 2u * o->n; i++)
			o->number[i] += f->ours;
		break;
	case OPT_FO:
	case OPT_FOEXP:
		cookie_to_wire(fs, o);
		break;
	default:
		break;
	}
}

static int64_t stream_start(const struct packet *p, uint32_t syn)
{
	uint32_t first = p->seq + (p->flags & TCP_SYN ? 1 : 0);

	return (int32_t)(first - (syn + 1));
}

struct flow *flow_to_wire(struct flows *fs, const struct packet *spec, struct packet *wire,
			  int64_t *start)
{
	struct flow *f = flow_for_input(fs, spec);

	*wire = *spec;
	wire->src = spec->has_addrs ? spec->src : fs->remote;
	wire->dst = spec->has_addrs ? spec->dst : fs->local;
	wire->sport = f->remote_port;
	wire->dport = f->local_port;
	*start = 0;
	if (spec->proto != PACKET_TCP)
		return f;
	learn_theirs(fs, f, spec);
	*start = stream_start(spec, f->their_syn);
	wire->seq += f->theirs;
	if (spec->has_ack)
		wire->ack += f->ours;
	for (size_t i = 0; i < wire->nopts; i++)
		opt_to_wire(fs, f, &wire->opts[i]);
	return f;
}

void flow_quote(struct flows *fs, const struct packet *spec, struct wire_quote *q)
{
	uint8_t proto = spec->has_flags ? PACKET_TCP : PACKET_UDP;
	const struct flow *f = fs->current;

	if (spec->sport || spec->dport)
		f = find(fs, proto, spec->sport, spec->dport);
	if (!f || f->proto != proto)
		fail("the error quotes a packet of no flow");
	*q = (struct wire_quote){
		.src = fs->local,
		.dst = fs->remote,
		.sport = f->local_port,
		.dport = f->remote_port,
		.seq = spec->seq + f->ours,
		.proto = proto == PACKET_TCP ? 6 : 17,
		.l4_len = (uint16_t)(spec->len + (proto == PACKET_TCP ? 20 : 8)),
	};
}

/* ---- out ---- */

static struct flow *flow_for_output(struct flows *fs, const struct packet *spec,
				    const struct packet *p)
{
	struct flow *f = find(fs, p->proto, p->sport, p->dport);

	if (f || !spec)
		return f;
	/* The first packet of a flow that we open: its port is whatever the stack has chosen. */
	if (p->proto == PACKET_TCP && !(p->flags & TCP_SYN))
		return NULL;
	f = make(fs, p->proto, p->sport, p->dport);
	f->opened = true;
	if (!spec->sport && !spec->dport)
		fs->current = f;
	return f;
}

static void learn_ours(struct flows *fs, struct flow *f, const struct packet *spec,
		       const struct packet *p)
{
	uint32_t ours = p->seq - spec->seq;

	if (!(p->flags & TCP_SYN) || !(spec->flags & TCP_SYN))
		return;
	if (!fs->have_first_isn) {
		fs->have_first_isn = true;
		fs->first_isn = p->seq;
	}
	/* A new incarnation may begin anew, if the script says so by beginning with 0. */
	if (f->ours_known && (ours == f->ours || spec->seq != 0 || !(f->syn_came || f->opened)))
		return;
	f->ours = ours;
	f->our_syn = spec->seq;
	f->ours_known = true;
	f->syn_came = false;
	f->opened = false;
}

static void opt_to_script(struct flows *fs, struct flow *f, const struct packet_opt *spec,
			  struct packet_opt *o)
{
	if (spec && spec->kind != o->kind)
		spec = NULL;
	switch (o->kind) {
	case OPT_TS:
		o->number[0] = spec ? stamp_learn(f, spec->number[0], o->number[0])
				    : stamp_to_script(f, o->number[0]);
		if (o->number[1] != 0)
			o->number[1] -= fs->peer_ts;
		break;
	case OPT_SACK:
		for (unsigned i = 0; i < 2u * o->n; i++)
			o->number[i] -= f->theirs;
		break;
	case OPT_FO:
	case OPT_FOEXP:
		cookie_learn(fs, spec, o);
		break;
	default:
		break;
	}
}

void flow_to_script(struct flows *fs, const struct packet *spec, struct packet *p, int64_t *start)
{
	/* RFC 9293 3.10.7.1: the RST that answers a segment without ACK is numbered zero. */
	bool numbered = !(p->flags & TCP_RST) || p->seq != 0;
	struct flow *f;

	*start = 0;
	if (p->proto == PACKET_ICMP)
		return;
	f = flow_for_output(fs, spec, p);
	if (!f)
		return;
	/* Ports are for packets of other flows than the usual one. */
	if (f == fs->current && !(spec && (spec->sport || spec->dport)))
		p->sport = p->dport = 0;
	if (p->proto != PACKET_TCP)
		return;
	if (spec)
		learn_ours(fs, f, spec, p);
	if (f->ours_known && numbered)
		p->seq -= f->ours;
	if (p->has_ack && f->theirs_known)
		p->ack -= f->theirs;
	*start = stream_start(p, f->our_syn);
	for (size_t i = 0; i < p->nopts; i++)
		opt_to_script(fs, f, spec && i < spec->nopts ? &spec->opts[i] : NULL, &p->opts[i]);
}
