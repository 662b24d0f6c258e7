/*
 * token.h -- the words of a packet script, memory for what is made of them, and the way out when
 * something is wrong: fail_at() names file and line and ends the script, not the program.
 */
#ifndef TESTS_PKT_TOKEN_H
#define TESTS_PKT_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- memory that is given back all at once */
struct arena_block;
struct arena {
	struct arena_block *blocks;
};
void *arena_zalloc(struct arena *a, size_t bytes);
char *arena_text(struct arena *a, const char *text, size_t len);
void arena_free(struct arena *a);

/* ---- failing */
#define FAIL_TEXT_MAX 4096u

/* Where fail() returns to. One script at a time is played by a program. */
struct failure {
	char text[FAIL_TEXT_MAX];
};
/* Run fn(arg); true if it came to its end, false if it failed, and then why. */
bool fail_guard(struct failure *f, void (*fn)(void *arg), void *arg);
/* What is being worked at: put in front of the text. */
void fail_where(const char *path, int line);
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- words */
enum token_kind {
	TOKEN_END,    /* of the file */
	TOKEN_NAME,   /* letters, digits, underscores */
	TOKEN_NUMBER, /* decimal, hexadecimal, or with a fraction */
	TOKEN_STRING,
	TOKEN_CODE,   /* %{ ... }% */
	TOKEN_OPTION, /* --name=value, the whole of it */
	TOKEN_SIGN,   /* one character, or "..." or "==" and the like as one */
};

struct token {
	enum token_kind kind;
	const char *at;
	size_t len;
	int line;
	bool glued; /* nothing stands between it and the token before */
};

struct lexer {
	const char *at;
	int line;
	struct token now; /* the one looked at */
};

void lexer_init(struct lexer *lx, const char *text);
/* Go on to the next one. */
void lexer_next(struct lexer *lx);
/* Is it this name or sign? */
bool lexer_is(const struct lexer *lx, const char *text);
/* If it is, go on. */
bool lexer_take(struct lexer *lx, const char *text);
/* It must be. */
void lexer_expect(struct lexer *lx, const char *text);
/* A number without fraction, in 0..max; decimal or hexadecimal. */
uint64_t lexer_number(struct lexer *lx, uint64_t max);
/*
 * From the token now on all characters up to a blank or one of `stop`: for words that are no names,
 * such as flags. Goes on behind it.
 */
struct token lexer_word(struct lexer *lx, const char *stop);
/* "3.5" seconds in nanoseconds. */
int64_t lexer_seconds(struct lexer *lx);

/* Is the token this text? */
bool token_is(const struct token *t, const char *text);

#endif
