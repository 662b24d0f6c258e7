/*
 * TCP Fast Open, RFC 7413: data in the SYN, for peers that have shown a cookie. A part of TCP.
 *
 * Server: a cookie is a hash of the client's address. A SYN that asks for one gets it with the SYN-ACK; a
 * SYN that shows it becomes a connection at once (child.c), as long as not too many of these still
 * wait for their handshake. Client: cookies, and where Fast Open has failed, are remembered for a bounded
 * number of servers; what fails is retried after an hour, then two, and so on.
 */
#include "net/tcp/opening.h"

#include "lib/mem.h"
#include "lib/siphash.h"
#include "net/core/proto.h"

#define COOKIE_BYTES 8u
/* Servers that a client remembers; a newer one takes an older one's place. */
#define SERVERS 64u
/* RFC 7413 4.1.3.1, and Linux's first time after a black hole: one hour, doubled at each failure. */
#define BACK_OFF_NS 3600000000000u
#define FAILURES_MAX 7u

struct tcp_fast_server {
	struct holm_addr addr;
	uint64_t not_before_ns;
	uint16_t mss;
	uint8_t failures;
	uint8_t len; /* of the cookie; 0: none */
	uint8_t cookie[TCP_FAST_COOKIE_MAX];
};

struct tcp_fast_cache {
	struct tcp_fast_server servers[SERVERS];
};

/* ---- Server -------------------------------------------------------------------------------------- */

static size_t make_cookie(const struct holm_net *net, const struct holm_addr *client, uint8_t *out)
{
	uint64_t words[3];

	memcpy(words, client->b, 16);
	words[2] =
		UINT64_MAX; /* another number of words than a SYN cookie's: another use of the key */
	store_be64(out, siphash24_words(&net->secrets.cookie, words, ARRAY_LEN(words)));
	return COOKIE_BYTES;
}

static enum tcp_fast_syn syn(const struct tcp_rx *rx)
{
	const uint8_t *header = holm_frame_data(rx->f) + rx->f->l4_off;
	const uint8_t *opt = tcp_option_find(header, rx->h->hdr_len, TCP_OPT_FASTOPEN);
	uint8_t good[COOKIE_BYTES];

	if (!opt)
		return TCP_FAST_NOT;
	make_cookie(rx->net, &rx->ends.remote, good);
	if (opt[1] != 2 + COOKIE_BYTES || memcmp(opt + 2, good, COOKIE_BYTES) != 0)
		return TCP_FAST_ASKED;
	return TCP_FAST_SHOWN;
}

/* ---- Client -------------------------------------------------------------------------------------- */

/* The place for a server, which another one may have now. NULL: no memory, and none was there. */
static struct tcp_fast_server *place_of_addr(const struct holm_net *net,
					     const struct holm_addr *addr)
{
	struct tcp_fast_cache *cache = net->tcp->fast_cache;
	const struct tcp_tuple t = { .remote = *addr, .local = *addr };

	return cache ? &cache->servers[tcp_hash(net, &t) % SERVERS] : NULL;
}

static struct tcp_fast_server *place_of(const struct holm_tcp *c)
{
	struct tcp_tuple t;

	tcp_get_ends(c, &t);
	return place_of_addr(tcp_net(c), &t.remote);
}

static bool knows(const struct holm_net *net, const struct holm_addr *addr)
{
	const struct tcp_fast_server *s = place_of_addr(net, addr);

	return s && holm_addr_equal(&s->addr, addr) && s->len > 0 && net->now >= s->not_before_ns;
}

static bool is_of(const struct tcp_fast_server *s, const struct holm_tcp *c)
{
	struct tcp_tuple t;

	tcp_get_ends(c, &t);
	return holm_addr_equal(&s->addr, &t.remote);
}

static struct tcp_fast_server *find(const struct holm_tcp *c)
{
	struct tcp_fast_server *s = place_of(c);

	return s && is_of(s, c) ? s : NULL;
}

/* The entry of this server, a new one if need be. */
static struct tcp_fast_server *make(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);
	struct tcp_fast_server *s;
	struct tcp_tuple t;

	if (!net->tcp->fast_cache)
		net->tcp->fast_cache = mem_zalloc(&net->mem, sizeof(struct tcp_fast_cache));
	s = place_of(c);
	if (!s || is_of(s, c))
		return s;
	tcp_get_ends(c, &t);
	*s = (struct tcp_fast_server){ .addr = t.remote };
	return s;
}

static int option(const struct holm_tcp *c, uint8_t cookie[static TCP_FAST_COOKIE_MAX])
{
	const struct tcp_fast_server *s;

	/* A SYN that is sent again does without: something may drop it for what it carries. */
	if (c->state != HOLM_TCP_SYN_SENT || !c->settings->fastopen_connect ||
	    (c->flags & TCP_SYN_AGAIN))
		return -1;
	s = find(c);
	if (!s)
		return 0;
	if (tcp_net(c)->now < s->not_before_ns)
		return -1;
	memcpy(cookie, s->cookie, s->len);
	return s->len;
}

static uint16_t mss(const struct holm_tcp *c)
{
	const struct tcp_fast_server *s = find(c);

	return s && s->len ? s->mss : 0;
}

/* RFC 7413 4.1.3: the cookie that came, and whether the data was taken. */
static void answered(struct holm_tcp *c, const struct tcp_rx *rx)
{
	const uint8_t *header = holm_frame_data(rx->f) + rx->f->l4_off;
	const uint8_t *opt = tcp_option_find(header, rx->h->hdr_len, TCP_OPT_FASTOPEN);
	struct tcp_fast_server *s;

	if (opt && opt[1] >= 2 + 4 && opt[1] <= 2 + TCP_FAST_COOKIE_MAX && opt[1] % 2 == 0) {
		s = make(c);
		if (!s)
			return;
		s->len = opt[1] - 2;
		memcpy(s->cookie, opt + 2, s->len);
		s->mss = c->peer_mss;
	} else {
		s = find(c);
	}
	if (s && c->flight->syn_data > 0 && !(c->flags & TCP_SYN_AGAIN))
		s->failures = 0;
}

static void failed(struct holm_tcp *c)
{
	struct tcp_fast_server *s;

	if (!c->settings->fastopen_connect)
		return;
	s = make(c);
	if (!s)
		return;
	s->len = 0;
	s->not_before_ns = tcp_net(c)->now + (BACK_OFF_NS << s->failures);
	if (s->failures < FAILURES_MAX)
		s->failures++;
}

static void forget(struct holm_net *net)
{
	mem_free(&net->mem, net->tcp->fast_cache, sizeof(struct tcp_fast_cache));
	net->tcp->fast_cache = NULL;
}

static void fill(const struct holm_tcp *c, struct tcp_extra *x)
{
	int cookie = option(c, x->value);

	x->kind = cookie < 0 ? 0 : TCP_OPT_FASTOPEN;
	x->len = (uint8_t)cookie;
}

/* RFC 7413 4.2.1: data goes with the SYN where the server has given a cookie, once. */
static uint32_t syn_data(const struct tcp_tx *tx)
{
	const struct holm_tcp *c = tx->c;
	uint8_t cookie[TCP_FAST_COOKIE_MAX];
	uint32_t max;

	if (c->state != HOLM_TCP_SYN_SENT || option(c, cookie) <= 0)
		return 0;
	max = min_u32(mss(c), c->dst->mtu - (c->flags & TCP_IP6 ? 60u : 40u));
	max = min_u32(max, TCP_FRAME_PAYLOAD);
	/* Behind the options that a SYN has, which may leave no room in the smallest packets. */
	max -= min_u32(max, TCP_HDR_MAX - TCP_HDR_BYTES);
	return min_u32(max, seq_diff(tx->end, c->flight->buf_seq));
}

static const struct tcp_fast_ops ops = {
	.syn = syn,
	.make_cookie = make_cookie,
	.fill = fill,
	.syn_data = syn_data,
	.answered = answered,
	.failed = failed,
	.child = tcp_child_fast,
	.forget = forget,
	.knows = knows,
};

static int start(struct holm_net *net)
{
	net->tcp->fastopen = &ops;
	return 0;
}

static const struct holm_proto *const needs[] = { &holm_tcp, &holm_tcp_records, NULL };

const struct holm_proto holm_tcp_fastopen = {
	.name = "tcp-fastopen",
	.kind = PROTO_PART,
	.needs = needs,
	.start = start,
};
