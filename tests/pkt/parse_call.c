/*
 * Reading a system call: "getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0". Arguments are numbers,
 * names of numbers joined with |, "...", strings, lists and records, one inside the other.
 */
#include <string.h>

#include "lib/bytes.h"
#include "tests/pkt/names.h"
#include "tests/pkt/script.h"

#include <holm/types.h>

static uint64_t parse_quoted_address(struct lexer *lx)
{
	struct token t = lx->now;
	struct holm_addr a;

	if (t.kind != TOKEN_STRING || holm_addr_parse(&a, t.at + 1, t.len - 2) != 0)
		fail("\"%.*s\" is not an address", (int)t.len, t.at);
	lexer_next(lx);
	return load_be32(a.b + 12);
}

/* htons(8080) and inet_addr("1.2.3.4") are numbers in host order here. */
static int64_t parse_function(struct lexer *lx, struct token name)
{
	int64_t n;

	lexer_expect(lx, "(");
	if (token_is(&name, "inet_addr"))
		n = (int64_t)parse_quoted_address(lx);
	else if (token_is(&name, "htons") || token_is(&name, "htonl"))
		n = (int64_t)lexer_number(lx, UINT32_MAX);
	else
		fail("unknown function: %.*s", (int)name.len, name.at);
	lexer_expect(lx, ")");
	return n;
}

static int64_t parse_atom(struct lexer *lx)
{
	struct token t = lx->now;
	bool negative = lexer_take(lx, "-");
	int64_t n;

	if (lx->now.kind == TOKEN_NUMBER) {
		n = (int64_t)lexer_number(lx, INT64_MAX);
		return negative ? -n : n;
	}
	t = lx->now;
	if (t.kind != TOKEN_NAME)
		fail("a value is expected, \"%.*s\" stands there", (int)t.len, t.at);
	lexer_next(lx);
	if (lexer_is(lx, "("))
		return parse_function(lx, t);
	if (!name_value(t.at, t.len, &n))
		fail("unknown name: %.*s", (int)t.len, t.at);
	return n;
}

static int64_t parse_number(struct lexer *lx)
{
	int64_t n = parse_atom(lx);

	while (lexer_take(lx, "|"))
		n |= parse_atom(lx);
	return n;
}

static struct value *add_value(struct value *parent, struct arena *arena)
{
	struct value *v = arena_zalloc(arena, sizeof(*v));

	v->parent = parent;
	if (parent->last)
		parent->last->next = v;
	else
		parent->first = v;
	parent->last = v;
	return v;
}

/* The name of a field of a record: "fd=" or, of messages, "msg_iov(1)=". */
static void parse_field_name(struct lexer *lx, struct value *v, struct arena *arena)
{
	v->name = arena_text(arena, lx->now.at, lx->now.len);
	lexer_next(lx);
	if (lexer_take(lx, "(")) {
		if (!lexer_take(lx, "..."))
			(void)lexer_number(lx, UINT32_MAX);
		lexer_expect(lx, ")");
	}
	lexer_expect(lx, "=");
}

/* A value that has no values inside; or, opened, one that has. Returns what to go on in. */
static struct value *parse_value(struct lexer *lx, struct value *parent, struct arena *arena)
{
	struct value *v = add_value(parent, arena);

	if (parent->kind == VALUE_RECORD)
		parse_field_name(lx, v, arena);
	if (lexer_take(lx, "[")) {
		v->kind = VALUE_LIST;
		return v;
	}
	if (lexer_take(lx, "{")) {
		v->kind = VALUE_RECORD;
		return v;
	}
	if (lexer_take(lx, "...")) {
		v->kind = VALUE_ELLIPSIS;
	} else if (lx->now.kind == TOKEN_STRING) {
		v->kind = VALUE_STRING;
		v->text = arena_text(arena, lx->now.at + 1, lx->now.len - 2);
		v->len = lx->now.len - 2;
		lexer_next(lx);
	} else {
		v->number = parse_number(lx);
	}
	return parent;
}

static const char *closing(const struct value *v, const struct value *all)
{
	if (v == all)
		return ")";
	return v->kind == VALUE_LIST ? "]" : "}";
}

static void parse_args(struct lexer *lx, struct value *all, struct arena *arena)
{
	struct value *in = all;

	all->kind = VALUE_LIST;
	lexer_expect(lx, "(");
	for (;;) {
		const char *end = closing(in, all);

		if (lexer_take(lx, end)) {
			if (in == all)
				return;
			in = in->parent;
			continue;
		}
		if (in->first)
			lexer_expect(lx, ",");
		in = parse_value(lx, in, arena);
	}
}

/* What stands in parentheses behind a result is for the reader. */
static void skip_remark(struct lexer *lx)
{
	if (!lexer_take(lx, "("))
		return;
	while (!lexer_take(lx, ")")) {
		if (lx->now.kind == TOKEN_END)
			fail("\")\" is missing");
		lexer_next(lx);
	}
}

void parse_call(struct lexer *lx, struct call *c, struct arena *arena)
{
	int64_t err;

	c->name = arena_text(arena, lx->now.at, lx->now.len);
	lexer_next(lx);
	parse_args(lx, &c->args, arena);
	lexer_expect(lx, "=");
	if (lexer_take(lx, "?")) {
		c->any_result = true;
		return;
	}
	c->result = parse_number(lx);
	if (lx->now.kind == TOKEN_NAME && lx->now.at[0] == 'E') {
		if (!name_value(lx->now.at, lx->now.len, &err))
			fail("unknown error: %.*s", (int)lx->now.len, lx->now.at);
		c->err = (int)err;
		lexer_next(lx);
	}
	skip_remark(lx);
}
