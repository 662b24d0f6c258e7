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
	s = mem_take(&old->net->mem, sizeof(*s));
	if (!s)
		return NULL;
	*s = *old;
	s->refs = 1;
	old->refs--;
	c->settings = s;
	return s;
}

/* ---- What there is to set ------------------------------------------------------------------------ */

/* A part of TCP that an option is about. */
enum option_part { PART_NONE, PART_SACK, PART_ECN, PART_FASTOPEN, PART_SMALL, PART_TIMESTAMPS };

/* What another value means beside itself. */
enum option_effect {
	EFFECT_NONE,
	EFFECT_KEEP_ALIVE,
	EFFECT_KEEP_IDLE,
	EFFECT_PACING,
	EFFECT_LEVEL,
};

/* An option as a field of the settings. */
struct option {
	uint8_t offset, bytes; /* 0 bytes: there is no such option, or it is not the settings' */
	bool in_syn;	       /* the SYN carries it: it can only be changed before */
	uint8_t part;	       /* enum option_part; 0 can be had without */
	bool or_none;	       /* 0 is less than the least, and says that there is none */
	bool in_seconds;       /* how often a SYN-ACK is due in so many seconds is what is kept */
	uint8_t effect;	       /* enum option_effect */
	uint32_t min, max;
};

_Static_assert(sizeof(struct tcp_settings) <= UINT8_MAX, "offsets are bytes");

#define FIELD(name)                                                                                \
	.offset = offsetof(struct tcp_settings, name),                                             \
	.bytes = sizeof(((struct tcp_settings *)NULL)->name)
#define SWITCH(name) FIELD(name), .max = 1

static const struct option options[] = {
	[HOLM_TCP_OPT_NODELAY] = { SWITCH(nodelay) },
	[HOLM_TCP_OPT_KEEPALIVE] = { SWITCH(keepalive), .effect = EFFECT_KEEP_ALIVE },
	[HOLM_TCP_OPT_KEEPIDLE_S] = { FIELD(keepidle_s), .effect = EFFECT_KEEP_IDLE, .min = 1,
				      .max = KEEP_MAX_S },
	[HOLM_TCP_OPT_KEEPINTVL_S] = { FIELD(keepintvl_s), .min = 1, .max = KEEP_MAX_S },
	[HOLM_TCP_OPT_KEEPCNT] = { FIELD(keepcnt), .min = 1, .max = 127 },
	[HOLM_TCP_OPT_MAXSEG] = { FIELD(maxseg), .in_syn = true, .or_none = true,
				  .min = TCP_MSS_MIN, .max = 65495 },
	[HOLM_TCP_OPT_USER_TIMEOUT_MS] = { FIELD(user_timeout_ms), .max = INT32_MAX },
	[HOLM_TCP_OPT_TTL] = { FIELD(ttl), .min = 1, .max = 255 },
	[HOLM_TCP_OPT_TOS] = { FIELD(tos), .max = 255 },
	[HOLM_TCP_OPT_TIMESTAMPS] = { SWITCH(timestamps), .in_syn = true, .part = PART_TIMESTAMPS },
	[HOLM_TCP_OPT_SACK] = { SWITCH(sack), .in_syn = true, .part = PART_SACK },
	[HOLM_TCP_OPT_LINGER2_S] = { FIELD(linger2_s), .min = 1, .max = KEEP_MAX_S },
	[HOLM_TCP_OPT_MAX_PACING_RATE] = { FIELD(max_pacing_rate), .effect = EFFECT_PACING,
					   .max = UINT32_MAX },
	[HOLM_TCP_OPT_CORK] = { SWITCH(cork) },
	[HOLM_TCP_OPT_WINDOW_CLAMP] = { FIELD(window_clamp), .or_none = true,
					.min = WINDOW_CLAMP_MIN, .max = INT32_MAX },
	[HOLM_TCP_OPT_ECN] = { FIELD(ecn), .in_syn = true, .part = PART_ECN,
			       .max = TCP_ECN_OFFER_ACCURATE },
	[HOLM_TCP_OPT_HOLD] = { SWITCH(hold), .part = PART_SMALL },
	[HOLM_TCP_OPT_DEFER_ACCEPT_S] = { FIELD(defer_retries), .part = PART_SMALL,
					  .in_seconds = true, .max = KEEP_MAX_S },
	[HOLM_TCP_OPT_FASTOPEN] = { FIELD(fastopen), .in_syn = true, .part = PART_FASTOPEN,
				    .max = UINT16_MAX },
	[HOLM_TCP_OPT_FASTOPEN_CONNECT] = { SWITCH(fastopen_connect), .in_syn = true,
					    .part = PART_FASTOPEN },
	[HOLM_TCP_OPT_NOTSENT_LOWAT] = { FIELD(notsent_lowat), .effect = EFFECT_LEVEL,
					 .max = UINT32_MAX },
	[HOLM_TCP_OPT_SYNCNT] = { FIELD(syncnt), .min = 1, .max = 127 },
};

static const struct option *option_of(enum holm_tcp_option opt)
{
	const struct option *o = (size_t)opt < ARRAY_LEN(options) ? &options[opt] : NULL;

	return o && o->bytes > 0 ? o : NULL;
}

static uint32_t load(const struct tcp_settings *s, const struct option *o)
{
	const uint8_t *p = (const uint8_t *)s + o->offset;
	uint16_t half;
	uint32_t word;

	if (o->bytes == 1)
		return *p;
	memcpy(&half, p, sizeof(half));
	if (o->bytes == 2)
		return half;
	memcpy(&word, p, sizeof(word));
	return word;
}

static void store(struct tcp_settings *s, const struct option *o, uint32_t value)
{
	uint8_t *p = (uint8_t *)s + o->offset;
	uint16_t half = (uint16_t)value;

	if (o->bytes == 1)
		*p = (uint8_t)value;
	else if (o->bytes == 2)
		memcpy(p, &half, sizeof(half));
	else
		memcpy(p, &value, sizeof(value));
}

/* How often a SYN-ACK is due within so many seconds: after 1, 3, 7, 15 and 31. */
static uint8_t retries_within(uint32_t seconds)
{
	uint8_t n = 0;

	while (n < TCP_HALF_RETRIES && (1u << n) - 1 < seconds)
		n++;
	return n;
}

/* ---- Setting ------------------------------------------------------------------------------------- */

static bool is_allowed(const struct holm_tcp *t, const struct option *o, uint32_t value)
{
	if (value > o->max || (value < o->min && !(value == 0 && o->or_none)))
		return false;
	return !o->in_syn || t->state == HOLM_TCP_CLOSED || t->state == HOLM_TCP_LISTEN;
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
static never_inline int set_quick(struct holm_tcp *t, uint32_t value)
{
	if (value > 1)
		return -HOLM_EINVAL;
	tcp_stir(t);
	t->quick = value ? TCP_QUICK_ACKS : 0;
	if (value && (t->flags & TCP_ACK_DELAYED)) {
		t->flags |= TCP_ACK_NOW;
		tcp_note_output(t);
	}
	return 0;
}

/* Was the instance given the part of TCP that this value needs? */
static bool has_part(const struct tcp_state *ts, const struct option *o, uint32_t value)
{
	if (value == 0 || o->part == PART_NONE)
		return true;
	switch ((enum option_part)o->part) {
	case PART_NONE:
		return true;
	case PART_SACK:
		return ts->sack;
	case PART_ECN:
		return value == TCP_ECN_OFFER_ACCURATE ? ts->accecn != NULL : ts->ecn != NULL;
	case PART_FASTOPEN:
		return ts->fastopen;
	case PART_SMALL:
		return ts->small;
	case PART_TIMESTAMPS:
		return HOLM_WITH_TIMESTAMPS;
	}
	return false;
}

/* As on Linux: who switches it on waits from now on, who says for how long from what came last. */
static void restart_keep_alive(struct holm_tcp *t, uint32_t from)
{
	tcp_net(t)->tcp->keep_alive = &tcp_keep_alive;
	if (tcp_is_synchronized(t) && tcp_flight_get(t))
		t->flight->keep_from = from;
}

/* It has another value now: what follows from it. False: no memory, it has not. */
static bool take_effect(struct holm_tcp *t, struct tcp_settings *s, const struct option *o,
			uint32_t before)
{
	struct tcp_state *ts = tcp_net(t)->tcp;

	switch ((enum option_effect)o->effect) {
	case EFFECT_NONE:
		break;
	case EFFECT_KEEP_ALIVE:
		restart_keep_alive(t, tcp_stamp(tcp_net(t)->now));
		break;
	case EFFECT_KEEP_IDLE:
		restart_keep_alive(t, t->last_rx);
		break;
	case EFFECT_PACING:
		ts->pacing = &tcp_pacing;
		return repace(t, s, before);
	case EFFECT_LEVEL:
		tcp_publish(t);
		break;
	}
	return true;
}

/* From one value to another. */
static never_inline int change(struct holm_tcp *t, const struct option *o, uint32_t before,
			       uint32_t value)
{
	struct tcp_settings *s = tcp_settings_own(t);

	if (!s)
		return -HOLM_ENOMEM;
	tcp_stir(t);
	store(s, o, value);
	if (unlikely(o->effect != EFFECT_NONE) && !take_effect(t, s, o, before))
		return -HOLM_ENOMEM;
	/* A timer may have to run now, Nagle may have nothing to hold back any more. */
	if (t->flags & TCP_HASHED)
		tcp_note_output(t);
	return 0;
}

int holm_tcp_set_option(struct holm_tcp *t, enum holm_tcp_option opt, uint32_t value)
{
	const struct option *o = option_of(opt);
	uint32_t before;

	ASSERT(!tcp_net(t)->callbacks);
	if (!o)
		return opt == HOLM_TCP_OPT_QUICKACK ? set_quick(t, value) : -HOLM_ENOPROTOOPT;
	if (!is_allowed(t, o, value))
		return -HOLM_EINVAL;
	if (!has_part(tcp_net(t)->tcp, o, value))
		return -HOLM_ENOPROTOOPT;
	if (unlikely(o->in_seconds))
		value = retries_within(value);
	before = load(t->settings, o);
	return before == value ? 0 : change(t, o, before, value);
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

/* ---- Asking -------------------------------------------------------------------------------------- */

int holm_tcp_get_option(const struct holm_tcp *t, enum holm_tcp_option opt, uint32_t *value)
{
	const struct option *o = option_of(opt);

	if (opt == HOLM_TCP_OPT_QUICKACK) {
		*value = t->quick > 0;
		return 0;
	}
	if (!o)
		return -HOLM_ENOPROTOOPT;
	*value = load(t->settings, o);
	if (opt == HOLM_TCP_OPT_MAXSEG && *value == 0)
		*value = t->dst ? tcp_mss(t) : TCP_MSS_DEFAULT_IP4;
	else if (o->in_seconds)
		*value = (1u << *value) - 1;
	return 0;
}
