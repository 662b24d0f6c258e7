/* The kernel's command line. */
#include "kernel/cmdline.h"
#include "tests/fuzz/fuzz.h"

int fuzz_one(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	CHECK(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	cmdline_init(text);
	free(text); /* it has made a copy */
	(void)cmdline_get("ip");
	(void)cmdline_flag("net.trace");
	CHECK(cmdline_argc() >= 1 && cmdline_argv()[cmdline_argc()] == NULL);
	for (int i = 0; i < cmdline_argc(); i++)
		CHECK(strlen(cmdline_argv()[i]) <= size + 4);
	for (char **e = cmdline_env(); *e; e++)
		CHECK(strchr(*e, '=') != NULL);
	for (unsigned i = 0; cmdline_unused(i); i++)
		CHECK(i < CMDLINE_WORDS_MAX);
	return 0;
}
