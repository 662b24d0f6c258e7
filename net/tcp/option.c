/*
 * Per-connection settings. Shared blocks: a change copies what others use, too.
 */
#include "net/tcp/hot.h"

/* 2^15 - 1 seconds, Linux's bound for keep-alive times. */
#define KEEP_MAX_S 32767u
/* Linux's SOCK_MIN_RCVBUF / 2 */
#define WINDOW_CLAMP_MIN 1152u

struct tcp_settings *tcp_settings_own(struct holm_tcp *c)
{
	struct tcp_settings *old = c->settings;
	struct tcp_settings *s;

	if (old->refs == 1)
		return old;
	s = mem_alloc(&old->net->mem, sizeof(*s));
	if (!s)
		return NULL;
	*s = *old;
	s->refs = 1;
	old->refs--;
	c->settings = s;
	return s;
}

/* Settings that the SYN carries can only be changed before it. */
static bool is_too_late(const struct holm_tcp *c, enum holm_tcp_option opt)
{
	bool in_syn = opt == HOLM_TCP_OPT_MAXSEG || opt == HOLM_TCP_OPT_TIMESTAMPS ||
		      opt == HOLM_TCP_OPT_SACK || opt == HOLM_TCP_OPT_ECN ||
		      opt == HOLM_TCP_OPT_FASTOPEN_CONNECT;

	return in_syn && c->state != HOLM_TCP_CLOSED && c->state != HOLM_TCP_LISTEN;
}

static bool is_in_range(enum holm_tcp_option opt, uint32_t value)
{
	switch (opt) {
	case HOLM_TCP_OPT_NODELAY:
	case HOLM_TCP_OPT_KEEPALIVE:
	case HOLM_TCP_OPT_TIMESTAMPS:
	case HOLM_TCP_OPT_SACK:
	case HOLM_TCP_OPT_HOLD:
	case HOLM_TCP_OPT_FASTOPEN_CONNECT:
		return value <= 1;
	case HOLM_TCP_OPT_FASTOPEN:
		return value <= UINT16_MAX;
	case HOLM_TCP_OPT_KEEPIDLE_S:
	case HOLM_TCP_OPT_KEEPINTVL_S:
	case HOLM_TCP_OPT_LINGER2_S:
		return value >= 1 && value <= KEEP_MAX_S;
	case HOLM_TCP_OPT_DEFER_ACCEPT_S:
		return value <= KEEP_MAX_S;
	case HOLM_TCP_OPT_KEEPCNT:
	case HOLM_TCP_OPT_SYNCNT:
		return value >= 1 && value <= 127;
	case HOLM_TCP_OPT_MAXSEG:
		return value >= TCP_MSS_MIN && value <= 65495;
	case HOLM_TCP_OPT_USER_TIMEOUT_MS:
		return value <= INT32_MAX;
	case HOLM_TCP_OPT_CORK:
	case HOLM_TCP_OPT_QUICKACK:
		return value <= 1;
	case HOLM_TCP_OPT_ECN:
		return value <= TCP_ECN_OFFER_ACCURATE;
	case HOLM_TCP_OPT_WINDOW_CLAMP:
		return value == 0 || (value >= WINDOW_CLAMP_MIN && value <= INT32_MAX);
	case HOLM_TCP_OPT_MAX_PACING_RATE:
	case HOLM_TCP_OPT_NOTSENT_LOWAT:
		return true;
	case HOLM_TCP_OPT_TTL:
		return value >= 1 && value <= 255;
	case HOLM_TCP_OPT_TOS:
		return value <= 255;
	}
	return false;
}

/* How often a SYN-ACK is due within so many seconds: after 1, 3, 7, 15 and 31. */
static uint8_t retries_within(uint32_t seconds)
{
	uint8_t n = 0;

	while (n < TCP_HALF_RETRIES && (1u << n) - 1 < seconds)
		n++;
	return n;
}

static void store(struct tcp_settings *s, enum holm_tcp_option opt, uint32_t value)
{
	switch (opt) {
	case HOLM_TCP_OPT_NODELAY:
		s->nodelay = value != 0;
		break;
	case HOLM_TCP_OPT_KEEPALIVE:
		s->keepalive = value != 0;
		break;
	case HOLM_TCP_OPT_KEEPIDLE_S:
		s->keepidle_s = value;
		break;
	case HOLM_TCP_OPT_KEEPINTVL_S:
		s->keepintvl_s = value;
		break;
	case HOLM_TCP_OPT_KEEPCNT:
		s->keepcnt = (uint8_t)value;
		break;
	case HOLM_TCP_OPT_MAXSEG:
		s->maxseg = (uint16_t)value;
		break;
	case HOLM_TCP_OPT_USER_TIMEOUT_MS:
		s->user_timeout_ms = value;
		break;
	case HOLM_TCP_OPT_TTL:
		s->ttl = (uint8_t)value;
		break;
	case HOLM_TCP_OPT_TOS:
		s->tos = (uint8_t)value;
		break;
	case HOLM_TCP_OPT_TIMESTAMPS:
		s->timestamps = value != 0;
		break;
	case HOLM_TCP_OPT_SACK:
		s->sack = value != 0;
		break;
	case HOLM_TCP_OPT_LINGER2_S:
		s->linger2_s = value;
		break;
	case HOLM_TCP_OPT_FASTOPEN:
		s->fastopen = (uint16_t)value;
		break;
	case HOLM_TCP_OPT_FASTOPEN_CONNECT:
		s->fastopen_connect = value != 0;
		break;
	case HOLM_TCP_OPT_HOLD:
		s->hold = value != 0;
		break;
	case HOLM_TCP_OPT_DEFER_ACCEPT_S:
		s->defer_retries = retries_within(value);
		break;
	case HOLM_TCP_OPT_MAX_PACING_RATE:
		s->max_pacing_rate = value;
		break;
	case HOLM_TCP_OPT_NOTSENT_LOWAT:
		s->notsent_lowat = value;
		break;
	case HOLM_TCP_OPT_SYNCNT:
		s->syncnt = (uint8_t)value;
		break;
	case HOLM_TCP_OPT_CORK:
		s->cork = value != 0;
		break;
	case HOLM_TCP_OPT_WINDOW_CLAMP:
		s->window_clamp = value;
		break;
	case HOLM_TCP_OPT_ECN:
		s->ecn = (uint8_t)value;
		break;
	case HOLM_TCP_OPT_QUICKACK: /* the connection's, not the settings' */
		break;
	}
}

/* The flight may need a pacer now, or none any more. False: no memory, all is as it was. */
static bool repace(struct holm_tcp *t, struct tcp_settings *s, uint32_t before)
{
	if (!t->flight)
		return true;
	if (!tcp_pacing_begin(t, t->flight->cc_ops)) {
		s->max_pacing_rate = before;
		return false;
	}
	t->flight->cc.paced = t->flight->pacer != NULL;
	if (t->flight->pacer)
		tcp_pacing_update(t);
	return true;
}

/* An ACK that is delayed now goes at once. */
static void set_quick(struct holm_tcp *t, bool quick)
{
	tcp_stir(t);
	t->quick = quick ? TCP_QUICK_ACKS : 0;
	if (quick && (t->flags & TCP_ACK_DELAYED)) {
		t->flags |= TCP_ACK_NOW;
		tcp_note_output(t);
	}
}

/* Was the instance given the part of TCP that this option is about? */
static bool has_part(const struct tcp_state *ts, enum holm_tcp_option opt, uint32_t value)
{
	if (opt == HOLM_TCP_OPT_ECN && value == TCP_ECN_OFFER_ACCURATE)
		return ts->accecn != NULL;
	if (opt == HOLM_TCP_OPT_ECN)
		return ts->ecn != NULL;
	if (opt == HOLM_TCP_OPT_SACK)
		return ts->sack != NULL;
	if (opt == HOLM_TCP_OPT_FASTOPEN || opt == HOLM_TCP_OPT_FASTOPEN_CONNECT)
		return ts->fastopen != NULL;
	if (opt == HOLM_TCP_OPT_HOLD || opt == HOLM_TCP_OPT_DEFER_ACCEPT_S)
		return ts->small != NULL;
	return true;
}

int holm_tcp_set_option(struct holm_tcp *t, enum holm_tcp_option opt, uint32_t value)
{
	uint32_t now;
	struct tcp_settings *s;

	ASSERT(!tcp_net(t)->callbacks);
	if (holm_tcp_get_option(t, opt, &now) != 0)
		return -HOLM_ENOPROTOOPT;
	if (!is_in_range(opt, value) || is_too_late(t, opt))
		return -HOLM_EINVAL;
	if (value && !has_part(tcp_net(t)->tcp, opt, value))
		return -HOLM_ENOPROTOOPT;
	if (opt == HOLM_TCP_OPT_QUICKACK) {
		set_quick(t, value != 0);
		return 0;
	}
	if (now == value)
		return 0;
	s = tcp_settings_own(t);
	if (!s)
		return -HOLM_ENOMEM;
	tcp_stir(t);
	tcp_net(t)->tcp->pacing = &tcp_pacing;
	tcp_net(t)->tcp->keep_alive = &tcp_keep_alive;
	store(s, opt, value);
	if (opt == HOLM_TCP_OPT_MAX_PACING_RATE && !repace(t, s, now))
		return -HOLM_ENOMEM;
	if (opt == HOLM_TCP_OPT_NOTSENT_LOWAT)
		tcp_publish(t);
	/* A timer may have to run now, Nagle may have nothing to hold back any more. */
	if (t->flags & TCP_HASHED)
		tcp_note_output(t);
	return 0;
}

int holm_tcp_set_way(struct holm_tcp *t, struct holm_dev *dev, uint32_t mark, bool onlink)
{
	struct tcp_settings *s = tcp_settings_own(t);
	struct holm_net *net = tcp_net(t);
	struct ip_dst *dst;
	struct ip_via via;

	ASSERT(!net->callbacks);
	if (!s)
		return -HOLM_ENOMEM;
	tcp_stir(t);
	s->via = (struct ip_via){ .dev = dev, .mark = mark, .onlink = onlink };
	tcp_bind_listens(net->tcp);
	via = tcp_via(net, &s->via, t->scope);
	if (t->dst && ip_dst_get_via(net, &t->dst->remote, &via, &dst) == 0) {
		ip_dst_put(net, t->dst);
		t->dst = dst;
	}
	return 0;
}

/* What the settings hold as it was set. */
static int get(const struct tcp_settings *s, enum holm_tcp_option opt, uint32_t *value)
{
	switch (opt) {
	case HOLM_TCP_OPT_NODELAY:
		*value = s->nodelay;
		return 0;
	case HOLM_TCP_OPT_KEEPALIVE:
		*value = s->keepalive;
		return 0;
	case HOLM_TCP_OPT_KEEPIDLE_S:
		*value = s->keepidle_s;
		return 0;
	case HOLM_TCP_OPT_KEEPINTVL_S:
		*value = s->keepintvl_s;
		return 0;
	case HOLM_TCP_OPT_KEEPCNT:
		*value = s->keepcnt;
		return 0;
	case HOLM_TCP_OPT_USER_TIMEOUT_MS:
		*value = s->user_timeout_ms;
		return 0;
	case HOLM_TCP_OPT_TTL:
		*value = s->ttl;
		return 0;
	case HOLM_TCP_OPT_TOS:
		*value = s->tos;
		return 0;
	case HOLM_TCP_OPT_TIMESTAMPS:
		*value = s->timestamps;
		return 0;
	case HOLM_TCP_OPT_SACK:
		*value = s->sack;
		return 0;
	case HOLM_TCP_OPT_LINGER2_S:
		*value = s->linger2_s;
		return 0;
	case HOLM_TCP_OPT_FASTOPEN:
		*value = s->fastopen;
		return 0;
	case HOLM_TCP_OPT_FASTOPEN_CONNECT:
		*value = s->fastopen_connect;
		return 0;
	case HOLM_TCP_OPT_HOLD:
		*value = s->hold;
		return 0;
	case HOLM_TCP_OPT_DEFER_ACCEPT_S:
		*value = (1u << s->defer_retries) - 1;
		return 0;
	case HOLM_TCP_OPT_MAX_PACING_RATE:
		*value = s->max_pacing_rate;
		return 0;
	case HOLM_TCP_OPT_NOTSENT_LOWAT:
		*value = s->notsent_lowat;
		return 0;
	case HOLM_TCP_OPT_SYNCNT:
		*value = s->syncnt;
		return 0;
	case HOLM_TCP_OPT_CORK:
		*value = s->cork;
		return 0;
	case HOLM_TCP_OPT_WINDOW_CLAMP:
		*value = s->window_clamp;
		return 0;
	case HOLM_TCP_OPT_ECN:
		*value = s->ecn;
		return 0;
	case HOLM_TCP_OPT_MAXSEG:
	case HOLM_TCP_OPT_QUICKACK:
		break;
	}
	return -HOLM_ENOPROTOOPT;
}

int holm_tcp_get_option(const struct holm_tcp *t, enum holm_tcp_option opt, uint32_t *value)
{
	const struct tcp_settings *s = t->settings;

	if (opt == HOLM_TCP_OPT_MAXSEG)
		*value = s->maxseg ? s->maxseg : t->dst ? tcp_mss(t) : TCP_MSS_DEFAULT_IP4;
	else if (opt == HOLM_TCP_OPT_QUICKACK)
		*value = t->quick > 0;
	else
		return get(s, opt, value);
	return 0;
}
