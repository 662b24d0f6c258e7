/* See check.h. The expressions are those of Python without its types: all values are numbers. */
#include "tests/pkt/check.h"

#include <string.h>

#include <holm/stats.h>

#include "lib/fmt.h"
#include "lib/mem.h"
#include "tests/pkt/names.h"

#define DEPTH_MAX 32u
#define INFO_BYTES 256u

/* ---- names ---- */

/* Where Linux's struct tcp_info has what; sizes in bytes. */
static const struct info_field {
	const char *name;
	uint16_t at;
	uint8_t bytes;
} info_fields[] = {
	{ "state", 0, 1 },
	{ "ca_state", 1, 1 },
	{ "retransmits", 2, 1 },
	{ "probes", 3, 1 },
	{ "backoff", 4, 1 },
	{ "options", 5, 1 },
	{ "rto", 8, 4 },
	{ "ato", 12, 4 },
	{ "snd_mss", 16, 4 },
	{ "rcv_mss", 20, 4 },
	{ "unacked", 24, 4 },
	{ "sacked", 28, 4 },
	{ "lost", 32, 4 },
	{ "retrans", 36, 4 },
	{ "fackets", 40, 4 },
	{ "last_data_sent", 44, 4 },
	{ "last_ack_sent", 48, 4 },
	{ "last_data_recv", 52, 4 },
	{ "last_ack_recv", 56, 4 },
	{ "pmtu", 60, 4 },
	{ "rcv_ssthresh", 64, 4 },
	{ "rtt", 68, 4 },
	{ "rttvar", 72, 4 },
	{ "snd_ssthresh", 76, 4 },
	{ "snd_cwnd", 80, 4 },
	{ "advmss", 84, 4 },
	{ "reordering", 88, 4 },
	{ "rcv_rtt", 92, 4 },
	{ "rcv_space", 96, 4 },
	{ "total_retrans", 100, 4 },
	{ "pacing_rate", 104, 8 },
	{ "max_pacing_rate", 112, 8 },
	{ "bytes_acked", 120, 8 },
	{ "bytes_received", 128, 8 },
	{ "segs_out", 136, 4 },
	{ "segs_in", 140, 4 },
	{ "notsent_bytes", 144, 4 },
	{ "min_rtt", 148, 4 },
	{ "data_segs_in", 152, 4 },
	{ "data_segs_out", 156, 4 },
	{ "delivery_rate", 160, 8 },
	{ "busy_time", 168, 8 },
	{ "rwnd_limited", 176, 8 },
	{ "sndbuf_limited", 184, 8 },
	{ "delivered", 192, 4 },
	{ "delivered_ce", 196, 4 },
	{ "bytes_sent", 200, 8 },
	{ "bytes_retrans", 208, 8 },
	{ "dsack_dups", 216, 4 },
	{ "reord_seen", 220, 4 },
	{ "rcv_ooopack", 224, 4 },
	{ "snd_wnd", 228, 4 },
	{ "rcv_wnd", 232, 4 },
};

static const struct counter_name {
	const char *name;
	enum holm_counter counter;
} counters[] = {
#define COUNTER_NAME(name, text) { "count_" #name, HOLM_COUNT_##name },
	HOLM_COUNTERS(COUNTER_NAME)
};

static const struct drop_name {
	const char *name;
	enum holm_drop drop;
} drops[] = {
#define DROP_NAME(name, text) { "drop_" #name, HOLM_DROP_##name },
	HOLM_DROP_REASONS(DROP_NAME)
};

struct checker {
	struct calls *calls;
	struct lexer lx;
	uint8_t info[INFO_BYTES];
	uint32_t info_len; /* 0: not asked for yet */
	char values[512];  /* of the names in this assertion, for who reads that it failed */
	size_t values_len;
};

static void ask_info(struct checker *k)
{
	if (k->info_len)
		return;
	if (!k->calls->latest)
		fail("tcpi_... of which socket?");
	k->info_len = sizeof(k->info);
	if (holm_socket_getsockopt(k->calls->latest->s, HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_INFO,
				   k->info, &k->info_len) != 0)
		fail("TCP_INFO is refused");
}

static int64_t info_value(struct checker *k, const struct info_field *f)
{
	uint32_t word;
	uint64_t value;

	ask_info(k);
	if (k->info_len < (uint32_t)f->at + f->bytes)
		fail("TCP_INFO has %u bytes: there is no tcpi_%s", k->info_len, f->name);
	if (f->bytes == 1)
		return k->info[f->at];
	if (f->bytes == 4) {
		memcpy(&word, k->info + f->at, 4);
		return word;
	}
	memcpy(&value, k->info + f->at, 8);
	return (int64_t)value;
}

static bool find_info(struct checker *k, const struct token *t, int64_t *value)
{
	if (t->len < 5 || memcmp(t->at, "tcpi_", 5) != 0)
		return false;
	for (size_t i = 0; i < sizeof(info_fields) / sizeof(info_fields[0]); i++) {
		const char *name = info_fields[i].name;

		if (strlen(name) != t->len - 5 || memcmp(name, t->at + 5, t->len - 5) != 0)
			continue;
		*value = info_value(k, &info_fields[i]);
		return true;
	}
	return false;
}

static bool find_stat(struct checker *k, const struct token *t, int64_t *value)
{
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		if (token_is(t, counters[i].name)) {
			*value = (int64_t)holm_net_counter(k->calls->net, counters[i].counter);
			return true;
		}
	for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]); i++)
		if (token_is(t, drops[i].name)) {
			*value = (int64_t)holm_net_drops(k->calls->net, drops[i].drop);
			return true;
		}
	return false;
}

static int64_t name_number(struct checker *k, const struct token *t)
{
	int64_t value;

	if (token_is(t, "True"))
		return 1;
	if (token_is(t, "False"))
		return 0;
	if (find_info(k, t, &value) || find_stat(k, t, &value)) {
		k->values_len +=
			fmt_string(k->values + k->values_len, sizeof(k->values) - k->values_len,
				   " %lld", (long long)value);
		k->values_len = min_size(k->values_len, sizeof(k->values) - 1);
		return value;
	}
	if (name_value(t->at, t->len, &value))
		return value;
	fail("unknown name: %.*s", (int)t->len, t->at);
}

/* ---- expressions: the two stacks of an operator-precedence parser ---- */

static const struct op {
	const char *text;
	uint8_t strength;
	bool unary;
} ops[] = {
	{ "or", 1, false }, { "and", 2, false }, { "not", 3, true }, { "==", 4, false },
	{ "!=", 4, false }, { "<=", 4, false },	 { ">=", 4, false }, { "<", 4, false },
	{ ">", 4, false },  { "|", 5, false },	 { "&", 6, false },  { "+", 7, false },
	{ "-", 7, false },  { "*", 8, false },	 { "//", 8, false }, { "/", 8, false },
	{ "%", 8, false },  { "neg", 9, true },	 { "(", 0, true },
};

enum {
	OP_OR,
	OP_AND,
	OP_NOT,
	OP_EQ,
	OP_NE,
	OP_LE,
	OP_GE,
	OP_LT,
	OP_GT,
	OP_BITOR,
	OP_BITAND,
	OP_ADD,
	OP_SUB,
	OP_MUL,
	OP_FLOOR,
	OP_DIV,
	OP_MOD,
	OP_NEG,
	OP_OPEN,
	OP_COUNT
};

struct stacks {
	int64_t value[DEPTH_MAX];
	size_t values;
	uint8_t op[DEPTH_MAX];
	size_t nops;
};

static int64_t apply(unsigned op, int64_t a, int64_t b)
{
	switch (op) {
	case OP_OR:
		return a || b;
	case OP_AND:
		return a && b;
	case OP_EQ:
		return a == b;
	case OP_NE:
		return a != b;
	case OP_LE:
		return a <= b;
	case OP_GE:
		return a >= b;
	case OP_LT:
		return a < b;
	case OP_GT:
		return a > b;
	case OP_BITOR:
		return a | b;
	case OP_BITAND:
		return a & b;
	case OP_ADD:
		return a + b;
	case OP_SUB:
		return a - b;
	case OP_MUL:
		return a * b;
	default:
		if (b == 0)
			fail("division by zero");
		return op == OP_MOD ? a % b : a / b;
	}
}

static void reduce(struct stacks *s)
{
	unsigned op = s->op[--s->nops];
	size_t needs = ops[op].unary ? 1 : 2;

	if (op == OP_OPEN || s->values < needs)
		fail("the expression is not complete");
	if (op == OP_NOT)
		s->value[s->values - 1] = !s->value[s->values - 1];
	else if (op == OP_NEG)
		s->value[s->values - 1] = -s->value[s->values - 1];
	if (needs == 1)
		return;
	s->value[s->values - 2] = apply(op, s->value[s->values - 2], s->value[s->values - 1]);
	s->values--;
}

static void push_op(struct stacks *s, unsigned op)
{
	while (!ops[op].unary && s->nops && s->op[s->nops - 1] != OP_OPEN &&
	       ops[s->op[s->nops - 1]].strength >= ops[op].strength)
		reduce(s);
	if (s->nops == DEPTH_MAX)
		fail("the expression is too deep");
	s->op[s->nops++] = (uint8_t)op;
}

static void push_value(struct stacks *s, int64_t value)
{
	if (s->values == DEPTH_MAX)
		fail("the expression is too deep");
	s->value[s->values++] = value;
}

/* Where a value is expected: one, or what comes in front of one. True: a value was there. */
static bool operand(struct checker *k, struct stacks *s)
{
	struct token t = k->lx.now;

	if (t.kind == TOKEN_NUMBER) {
		push_value(s, (int64_t)lexer_number(&k->lx, INT64_MAX));
		return true;
	}
	lexer_next(&k->lx);
	if (token_is(&t, "(")) {
		push_op(s, OP_OPEN);
	} else if (token_is(&t, "not")) {
		push_op(s, OP_NOT);
	} else if (token_is(&t, "-")) {
		push_op(s, OP_NEG);
	} else if (t.kind == TOKEN_NAME) {
		push_value(s, name_number(k, &t));
		return true;
	} else {
		fail("a value is expected, \"%.*s\" stands there", (int)t.len, t.at);
	}
	return false;
}

static void close_bracket(struct stacks *s)
{
	while (s->nops && s->op[s->nops - 1] != OP_OPEN)
		reduce(s);
	if (s->nops == 0)
		fail("\")\" without \"(\"");
	s->nops--;
}

/* Behind a value: false at the end of the expression. True: *more says whether a value follows. */
static bool operation(struct checker *k, struct stacks *s, bool *more)
{
	*more = true;
	if (lexer_take(&k->lx, ")")) {
		close_bracket(s);
		*more = false;
		return true;
	}
	for (unsigned op = 0; op < OP_NEG; op++)
		if (op != OP_NOT && lexer_take(&k->lx, ops[op].text)) {
			push_op(s, op);
			return true;
		}
	return false;
}

static int64_t expression(struct checker *k)
{
	struct stacks s = { .values = 0 };
	bool wants_value = true;

	for (;;) {
		if (wants_value)
			wants_value = !operand(k, &s);
		else if (!operation(k, &s, &wants_value))
			break;
	}
	while (s.nops)
		reduce(&s);
	return s.value[0];
}

void check_code(struct calls *c, const char *code)
{
	struct checker k = { .calls = c };

	lexer_init(&k.lx, code);
	while (k.lx.now.kind != TOKEN_END) {
		const char *from;

		if (lexer_take(&k.lx, ";"))
			continue;
		lexer_expect(&k.lx, "assert");
		from = k.lx.now.at;
		k.values_len = 0;
		if (!expression(&k)) {
			fail("not so: %.*s\n    it is:%s", (int)strcspn(from, "\n"), from,
			     k.values);
		}
		/* What Python would print. */
		if (lexer_take(&k.lx, ","))
			while (k.lx.now.kind != TOKEN_END && !lexer_is(&k.lx, "assert") &&
			       !lexer_is(&k.lx, ";"))
				lexer_next(&k.lx);
	}
}
