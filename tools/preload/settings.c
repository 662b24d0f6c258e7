/*
 * HOLM_ADDR=10.0.5.2/24 stands for `--address 10.0.5.2/24`, and so on: what values mean, and what is
 * wrong with them, is tools/tap/options.c's. Without HOLM_TAP there is the loopback only.
 */
#include "tools/preload/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct setting {
	const char *variable;
	const char *option;
	bool is_switch; /* set to anything but 0 */
} settings[] = {
	{ "HOLM_TAP", "--tap", false },
	{ "HOLM_ADDR", "--address", false },
	{ "HOLM_GATEWAY", "--gateway", false },
	{ "HOLM_HOST", "--host", false },
	{ "HOLM_ADDR6", "--address6", false },
	{ "HOLM_GATEWAY6", "--gateway6", false },
	{ "HOLM_HOST6", "--host6", false },
	{ "HOLM_MTU", "--mtu", false },
	{ "HOLM_NO_OFFLOAD", "--no-offload", true },
	{ "HOLM_SNDBUF", "--sndbuf", false },
	{ "HOLM_RCVBUF", "--rcvbuf", false },
	{ "HOLM_PCAP", "--pcap", false },
	{ "HOLM_TRACE", "--trace", true },
	{ "HOLM_STATS", "--stats", true },
	{ "HOLM_LOSS", "--loss", false },
	{ "HOLM_DUPLICATE", "--duplicate", false },
	{ "HOLM_CORRUPT", "--corrupt", false },
	{ "HOLM_DELAY", "--delay", false },
	{ "HOLM_JITTER", "--jitter", false },
	{ "HOLM_REORDER", "--reorder", false },
	{ "HOLM_RATE", "--rate", false },
	{ "HOLM_QUEUE", "--queue", false },
	{ "HOLM_ONLY", "--only", false },
	{ "HOLM_SEED", "--seed", false },
};

#define COUNT (sizeof(settings) / sizeof(settings[0]))

/* options.c changes no word, but takes them as main() does. */
static char *word(const char *s)
{
	union {
		const char *in;
		char *out;
	} same = { .in = s };

	return same.out;
}

bool settings_read(struct tap_options *o)
{
	char *argv[1 + 2 * COUNT + 1] = { word("holm") };
	char text[TAP_TEXT_BYTES];
	int argc = 1;

	for (size_t i = 0; i < COUNT; i++) {
		char *value = getenv(settings[i].variable);

		if (!value || !*value || (settings[i].is_switch && strcmp(value, "0") == 0))
			continue;
		argv[argc++] = word(settings[i].option);
		if (!settings[i].is_switch)
			argv[argc++] = value;
	}
	if (options_read(o, argc, argv, text) != TAP_RUN) {
		fprintf(stderr, "holm: HOLM_... stands for the option: %s\n", text);
		return false;
	}
	if (!getenv("HOLM_TAP"))
		o->tap[0] = '\0';
	return true;
}
