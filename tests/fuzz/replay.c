/*
 * replay.c -- main() of a fuzz target without a fuzzer: runs the inputs of a corpus, so that what was
 * once found stays found on every machine and with every compiler.
 *
 *	replay-TARGET [FILE|FOLDER...]		without arguments: tests/fuzz/corpus/TARGET
 *
 * Prints "ok corpus TARGET: N inputs". An input that fails ends the program; its name is the last
 * thing on stderr before what it did.
 */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

enum { INPUT_BYTES_MAX = 1 << 20, PATH_BYTES = 4096 };

static char running[PATH_BYTES];

/* What every way of dying passes: say which input it was. */
static void name_input(int sig)
{
	static const char text[] = "the input was ";

	(void)!write(2, text, sizeof(text) - 1);
	(void)!write(2, running, strlen(running));
	(void)!write(2, "\n", 1);
	signal(sig, SIG_DFL);
	raise(sig);
}

static unsigned run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(INPUT_BYTES_MAX);
	uint8_t *exact;
	size_t n;

	if (!f || !data) {
		fprintf(stderr, "%s cannot be read\n", path);
		exit(1);
	}
	n = fread(data, 1, INPUT_BYTES_MAX, f);
	fclose(f);
	snprintf(running, sizeof(running), "%s", path);
	/* A block of exactly this size, so that the address sanitizer sees one byte too many. */
	exact = malloc(n > 0 ? n : 1);
	if (!exact)
		exit(1);
	memcpy(exact, data, n);
	free(data);
	(void)fuzz_one(exact, n);
	free(exact);
	return 1;
}

static unsigned run_path(const char *path)
{
	DIR *dir = opendir(path);
	char name[PATH_BYTES];
	struct dirent *e;
	unsigned n = 0;

	if (!dir)
		return run_file(path);
	while ((e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		n += run_file(name);
	}
	closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	const char *target = strrchr(argv[0], '/');
	char corpus[PATH_BYTES];
	unsigned n = 0;

	target = target ? target + 1 : argv[0];
	signal(SIGABRT, name_input);
	(void)fuzz_one((const uint8_t *)"", 0);
	snprintf(corpus, sizeof(corpus), "tests/fuzz/corpus/%s", target);
	for (int i = 1; i < argc; i++)
		n += run_path(argv[i]);
	if (argc == 1)
		n = run_path(corpus);
	printf("ok corpus %s: %u inputs\n", target, n);
	return n == 0;
}
