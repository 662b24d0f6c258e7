/*
 * Reading a script: options, then events. The notation is packetdrill's; README.md says which parts
 * of it there are, and what was added.
 */
#include "tests/pkt/script.h"

#include <string.h>

/* "// fails: text" makes a script that passes when it fails with that text. */
static const char *find_fails(const char *text, struct arena *arena)
{
	static const char mark[] = "// fails: ";
	const char *at = strstr(text, mark);

	if (!at)
		return NULL;
	at += sizeof(mark) - 1;
	return arena_text(arena, at, strcspn(at, "\n"));
}

static void parse_option(struct script *s, struct lexer *lx)
{
	struct token t = lx->now;
	const char *equals = memchr(t.at, '=', t.len);
	struct script_option *o = &s->options[s->noptions];

	if (s->noptions == SCRIPT_OPTIONS_MAX)
		fail("too many options");
	s->noptions++;
	o->line = t.line;
	o->value =
		equals ? arena_text(s->arena, equals + 1, (size_t)(t.at + t.len - equals - 1)) : "";
	o->name = arena_text(s->arena, t.at + 2, equals ? (size_t)(equals - t.at - 2) : t.len - 2);
	lexer_next(lx);
}

static void parse_when(struct lexer *lx, struct when *w)
{
	*w = (struct when){ .kind = WHEN_ABSOLUTE };
	if (lexer_take(lx, "*")) {
		w->kind = WHEN_ANY;
		return;
	}
	if (lexer_take(lx, "+"))
		w->kind = WHEN_RELATIVE;
	w->from_ns = lexer_seconds(lx);
	w->to_ns = w->from_ns;
	if (lexer_take(lx, "~")) {
		(void)lexer_take(lx, "+");
		w->to_ns = lexer_seconds(lx);
	}
	if (w->to_ns < w->from_ns)
		fail("the range ends before it begins");
}

static void parse_event(struct script *s, struct lexer *lx)
{
	struct event *e = arena_zalloc(s->arena, sizeof(*e));

	e->line = lx->now.line;
	fail_where(s->path, e->line);
	/* Without a time: at the time of the event before. */
	if (lx->now.kind == TOKEN_CODE)
		e->when = (struct when){ .kind = WHEN_RELATIVE };
	else
		parse_when(lx, &e->when);
	if (lexer_take(lx, "...")) {
		e->call.blocks = true;
		(void)lexer_take(lx, "+");
		e->call.end_ns = lexer_seconds(lx);
	}
	if (lexer_is(lx, "<") || lexer_is(lx, ">")) {
		e->kind = EVENT_PACKET;
		e->packet.inbound = lexer_is(lx, "<");
		lexer_next(lx);
		parse_packet(lx, &e->packet);
	} else if (lx->now.kind == TOKEN_CODE) {
		e->kind = EVENT_CHECK;
		e->code = arena_text(s->arena, lx->now.at + 2, lx->now.len - 4);
		lexer_next(lx);
	} else if (lx->now.kind == TOKEN_NAME) {
		e->kind = EVENT_CALL;
		parse_call(lx, &e->call, s->arena);
	} else {
		fail("neither a packet nor a call: \"%.*s\"", (int)lx->now.len, lx->now.at);
	}
	if (s->last)
		s->last->next = e;
	else
		s->first = e;
	s->last = e;
}

void script_parse(struct script *s, const char *path, const char *text, struct arena *arena)
{
	struct lexer lx;

	*s = (struct script){ .path = path, .arena = arena };
	s->fails = find_fails(text, arena);
	fail_where(path, 1);
	lexer_init(&lx, text);
	while (lx.now.kind == TOKEN_OPTION) {
		fail_where(path, lx.now.line);
		parse_option(s, &lx);
	}
	while (lx.now.kind != TOKEN_END)
		parse_event(s, &lx);
	if (!s->first)
		fail("there is nothing in it");
}
