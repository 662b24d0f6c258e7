/* The command line; see cmdline.h. The text is copied and cut in place: values point into the copy. */
#include "kernel/cmdline.h"

#include <stddef.h>

#include "arch/boot.h"
#include "lib/mem.h"

static char text[BOOT_CMDLINE_MAX];
static char *words[CMDLINE_WORDS_MAX];
static bool asked[CMDLINE_WORDS_MAX];
static unsigned word_count;
static unsigned dropped;

/* Both end with NULL. */
static char image_name[] = "holm";
static char *args[CMDLINE_WORDS_MAX + 2];
static int arg_count;
static char *env[CMDLINE_WORDS_MAX + 1];
static unsigned env_count;

/* What follows the prefix, or NULL. */
static const char *after_prefix(const char *s, const char *prefix)
{
	while (*prefix != '\0' && *s == *prefix) {
		s++;
		prefix++;
	}
	return *prefix == '\0' ? s : NULL;
}

/*
 * One word, cut out at *out and moved together over its quotes; returns where the next begins, or
 * NULL at the end. A quote that is not closed reaches to the end.
 */
static char *cut_word(char *s, char **out)
{
	bool quoted = false;
	char *to;

	while (*s == ' ' || *s == '\t' || *s == '\n')
		s++;
	if (*s == '\0')
		return NULL;
	*out = to = s;
	for (; *s != '\0' && (quoted || (*s != ' ' && *s != '\t' && *s != '\n')); s++) {
		if (*s == '"')
			quoted = !quoted;
		else
			*to++ = *s;
	}
	if (*s != '\0')
		s++;
	*to = '\0';
	return s;
}

/* NAME=value, as env(1) takes it. */
static bool is_assignment(const char *w)
{
	const char *s = w;

	while ((*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z') || *s == '_' ||
	       (s != w && *s >= '0' && *s <= '9'))
		s++;
	return s != w && *s == '=';
}

static void add_program_word(char *w)
{
	if (arg_count == 1 && is_assignment(w))
		env[env_count++] = w;
	else
		args[arg_count++] = w;
}

static void reset(const char *from)
{
	size_t n = 0;

	while (n < sizeof(text) - 1 && from[n] != '\0') {
		text[n] = from[n];
		n++;
	}
	text[n] = '\0';
	memset(words, 0, sizeof(words));
	memset(asked, 0, sizeof(asked));
	memset(args, 0, sizeof(args));
	memset(env, 0, sizeof(env));
	word_count = 0;
	dropped = 0;
	env_count = 0;
	args[0] = image_name;
	arg_count = 1;
}

void cmdline_init(const char *from)
{
	bool program = false;
	unsigned total = 0;
	char *w;

	reset(from);
	for (char *s = cut_word(text, &w); s != NULL; s = cut_word(s, &w)) {
		/* QEMU appends these behind everything, arguments included; platform.c has read them. */
		if (after_prefix(w, "virtio_mmio.device=") != NULL)
			continue;
		if (!program && w[0] == '-' && w[1] == '-' && w[2] == '\0') {
			program = true;
			continue;
		}
		if (total++ >= CMDLINE_WORDS_MAX)
			dropped++;
		else if (program)
			add_program_word(w);
		else
			words[word_count++] = w;
	}
}

const char *cmdline_get(const char *key)
{
	const char *found = NULL;

	for (unsigned i = 0; i < word_count; i++) {
		const char *rest = after_prefix(words[i], key);

		if (rest == NULL || (*rest != '=' && *rest != '\0'))
			continue;
		asked[i] = true;
		found = *rest == '=' ? rest + 1 : rest;
	}
	return found;
}

bool cmdline_flag(const char *key)
{
	const char *v = cmdline_get(key);

	return v != NULL && (v[0] == '\0' || (v[0] == '1' && v[1] == '\0'));
}

int cmdline_argc(void)
{
	return arg_count;
}

char **cmdline_argv(void)
{
	return args;
}

char **cmdline_env(void)
{
	return env;
}

const char *cmdline_unused(unsigned i)
{
	for (unsigned w = 0; w < word_count; w++) {
		if (!asked[w] && i-- == 0)
			return words[w];
	}
	return NULL;
}

unsigned cmdline_dropped(void)
{
	return dropped;
}
