/* Packet scripts as tests/pkt reads them: any text is a script or is refused with a reason. */
#include "tests/fuzz/fuzz.h"
#include "tests/pkt/script.h"

struct work {
	const char *text;
	struct arena arena;
	struct script script;
};

static void parse(void *arg)
{
	struct work *w = arg;

	script_parse(&w->script, "fuzz.pkt", w->text, &w->arena);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct work w = { .text = text };
	struct failure failure;

	CHECK(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (fail_guard(&failure, parse, &w))
		CHECK(w.script.first != NULL);
	else
		CHECK(failure.text[0] != '\0');
	arena_free(&w.arena);
	free(text);
	return 0;
}
