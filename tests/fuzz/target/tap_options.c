/* The TAP program's command line: one word a line. */
#include "tests/fuzz/fuzz.h"
#include "tools/tap/options.h"

enum { WORDS_MAX = 64 };

static void check(const struct tap_options *o, int argc)
{
	const struct holm_impair_config *c = &o->impair;

	CHECK(o->app_args >= 1 && o->app_args <= argc);
	CHECK(c->drop_ppm <= 1000000 && c->duplicate_ppm <= 1000000);
	CHECK(c->reorder_ppm <= 1000000 && c->corrupt_ppm <= 1000000);
	CHECK(c->delay_ns <= 3600000000000 && c->jitter_ns <= 3600000000000);
	CHECK(c->rate_bytes_per_s <= 12500000000);
	CHECK(o->prefix_len <= 32 && o->host_prefix_len <= 32 && o->mtu >= 576);
	CHECK(o->prefix6_len <= 128 && o->host6_prefix_len <= 128);
	CHECK(strlen(o->tap) > 0 && strlen(o->tap) < sizeof(o->tap));
}

int fuzz_one(const uint8_t *data, size_t size)
{
	char *words[WORDS_MAX + 1] = { "app" };
	char *text = malloc(size + 1), *word, *rest;
	char why[TAP_TEXT_BYTES];
	struct tap_options o;
	int argc = 1;

	CHECK(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	for (word = text; word && argc < WORDS_MAX; word = rest) {
		rest = strchr(word, '\n');
		if (rest)
			*rest++ = '\0';
		words[argc++] = word;
	}
	switch (options_read(&o, argc, words, why)) {
	case TAP_RUN:
		check(&o, argc);
		break;
	case TAP_BAD:
		CHECK(strlen(why) > 0);
		break;
	case TAP_HELP:
		break;
	}
	free(text);
	return 0;
}
