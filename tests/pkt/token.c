/* The words of a script, its memory, and failing; see token.h. */
#include "tests/pkt/token.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX 3155760000
#define NS_PER_S 1000000000ll

/* ---- memory ---- */

struct arena_block {
	struct arena_block *next;
	_Alignas(16) char bytes[];
};

void *arena_zalloc(struct arena *a, size_t bytes)
{
	struct arena_block *b = calloc(1, sizeof(*b) + bytes);

	if (!b)
		abort();
	b->next = a->blocks;
	a->blocks = b;
	return b->bytes;
}

char *arena_text(struct arena *a, const char *text, size_t len)
{
	char *copy = arena_zalloc(a, len + 1);

	memcpy(copy, text, len);
	return copy;
}

void arena_free(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
}

/* ---- failing ---- */

static struct {
	jmp_buf back;
	struct failure *failure;
	const char *path;
	int line;
} guard;

bool fail_guard(struct failure *f, void (*fn)(void *arg), void *arg)
{
	bool ok = false;

	guard.failure = f;
	guard.path = "";
	guard.line = 0;
	if (setjmp(guard.back) == 0) {
		fn(arg);
		ok = true;
	}
	guard.failure = NULL;
	return ok;
}

void fail_where(const char *path, int line)
{
	guard.path = path;
	guard.line = line;
}

void fail(const char *format, ...)
{
	struct failure *f = guard.failure;
	va_list args;
	int n;

	if (!f)
		abort();
	n = snprintf(f->text, sizeof(f->text), "%s:%d: ", guard.path, guard.line);
	va_start(args, format);
	vsnprintf(f->text + n, sizeof(f->text) - (size_t)n, format, args);
	va_end(args);
	longjmp(guard.back, 1);
}

/* ---- words ---- */

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Comments begin with // or are between the usual signs. */
static void skip_blanks(struct lexer *lx)
{
	for (;;) {
		if (*lx->at == '\n') {
			lx->line++;
			lx->at++;
		} else if (isspace((unsigned char)*lx->at)) {
			lx->at++;
		} else if (strncmp(lx->at, "//", 2) == 0) {
			lx->at += strcspn(lx->at, "\n");
		} else if (strncmp(lx->at, "/*", 2) == 0) {
			const char *end = strstr(lx->at, "*/");

			if (!end)
				fail("a comment without an end");
			for (; lx->at < end + 2; lx->at++)
				lx->line += *lx->at == '\n';
		} else {
			return;
		}
	}
}

static size_t number_len(const char *p)
{
	size_t n = 0;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		return 2 + strspn(p + 2, "0123456789abcdefABCDEF");
	n = strspn(p, "0123456789");
	if (p[n] == '.' && isdigit((unsigned char)p[n + 1]))
		n += 1 + strspn(p + n + 1, "0123456789");
	return n;
}

static size_t enclosed_len(const char *p, size_t opening, const char *closing)
{
	const char *end = strstr(p + opening, closing);

	if (!end)
		fail("there is no %s", closing);
	return (size_t)(end - p) + strlen(closing);
}

static enum token_kind token_at(const char *p, size_t *len)
{
	if (*p == '\0') {
		*len = 0;
		return TOKEN_END;
	}
	if (isdigit((unsigned char)*p) || (*p == '.' && isdigit((unsigned char)p[1]))) {
		*len = number_len(p);
		return TOKEN_NUMBER;
	}
	if (is_name(*p)) {
		for (*len = 1; is_name(p[*len]);)
			++*len;
		return TOKEN_NAME;
	}
	if (*p == '"') {
		*len = enclosed_len(p, 1, "\"");
		return TOKEN_STRING;
	}
	if (strncmp(p, "%{", 2) == 0) {
		*len = enclosed_len(p, 2, "}%");
		return TOKEN_CODE;
	}
	if (strncmp(p, "--", 2) == 0 && isalpha((unsigned char)p[2])) {
		*len = strcspn(p, " \t\r\n");
		return TOKEN_OPTION;
	}
	*len = strncmp(p, "...", 3) == 0 ? 3 : 1;
	if (strchr("=!<>", *p) && p[1] == '=')
		*len = 2;
	if (strncmp(p, "//", 2) == 0)
		*len = 2;
	return TOKEN_SIGN;
}

void lexer_next(struct lexer *lx)
{
	const char *before = lx->at;

	skip_blanks(lx);
	lx->now.glued = lx->at == before;
	lx->now.at = lx->at;
	lx->now.line = lx->line;
	lx->now.kind = token_at(lx->at, &lx->now.len);
	for (size_t i = 0; i < lx->now.len; i++)
		lx->line += lx->at[i] == '\n';
	lx->at += lx->now.len;
}

void lexer_init(struct lexer *lx, const char *text)
{
	*lx = (struct lexer){ .at = text, .line = 1 };
	lexer_next(lx);
}

bool token_is(const struct token *t, const char *text)
{
	return t->len == strlen(text) && memcmp(t->at, text, t->len) == 0;
}

bool lexer_is(const struct lexer *lx, const char *text)
{
	return token_is(&lx->now, text);
}

bool lexer_take(struct lexer *lx, const char *text)
{
	bool is = lexer_is(lx, text);

	if (is)
		lexer_next(lx);
	return is;
}

void lexer_expect(struct lexer *lx, const char *text)
{
	if (!lexer_take(lx, text))
		fail("\"%s\" is expected, \"%.*s\" stands there", text, (int)lx->now.len,
		     lx->now.at);
}

uint64_t lexer_number(struct lexer *lx, uint64_t max)
{
	struct token t = lx->now;
	char *end;
	uint64_t n;

	if (t.kind != TOKEN_NUMBER)
		fail("a number is expected, \"%.*s\" stands there", (int)t.len, t.at);
	n = strtoull(t.at, &end, t.len > 1 && (t.at[1] == 'x' || t.at[1] == 'X') ? 16 : 10);
	if (end != t.at + t.len || n > max)
		fail("\"%.*s\" is not a whole number up to %llu", (int)t.len, t.at,
		     (unsigned long long)max);
	lexer_next(lx);
	return n;
}

struct token lexer_word(struct lexer *lx, const char *stop)
{
	struct token t = lx->now;

	t.len = 0;
	while (t.at[t.len] && !isspace((unsigned char)t.at[t.len]) && !strchr(stop, t.at[t.len]))
		t.len++;
	/* Blanks are no part of a word: the line is still that of the token. */
	lx->at = t.at + t.len;
	lx->line = t.line;
	lexer_next(lx);
	return t;
}

/* The value of a decimal digit of a time, which may not be longer than a hundred years. */
static int64_t digit_of_time(const struct token *t, size_t i, int64_t seconds)
{
	if (!isdigit((unsigned char)t->at[i]) || seconds > SECONDS_MAX)
		fail("\"%.*s\" is not a time", (int)t->len, t->at);
	return t->at[i] - '0';
}

int64_t lexer_seconds(struct lexer *lx)
{
	struct token t = lx->now;
	int64_t seconds = 0, ns = 0, unit = NS_PER_S;
	size_t i = 0;

	if (t.kind != TOKEN_NUMBER)
		fail("a time is expected, \"%.*s\" stands there", (int)t.len, t.at);
	for (; i < t.len && t.at[i] != '.'; i++)
		seconds = seconds * 10 + digit_of_time(&t, i, seconds);
	for (i++; i < t.len; i++) {
		unit /= 10;
		ns += digit_of_time(&t, i, seconds) * unit;
	}
	if (seconds > SECONDS_MAX)
		fail("\"%.*s\" is not a time", (int)t.len, t.at);
	ns += seconds * NS_PER_S;
	lexer_next(lx);
	return ns;
}
