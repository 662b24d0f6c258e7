/*
 * pkt -- play packet scripts against the stack, in this process, under virtual time.
 *
 *	pkt [-v] [-4|-6] [FILE.pkt|FOLDER]...		tests/pkt if nothing is named
 *
 * Each script is played over IPv4 and over IPv6 (family.h), unless -4 or -6 asks for one of them. For
 * each "ok path" or "not ok path: why"; the status says whether all passed. T in the environment: only
 * scripts whose path contains it. A folder stands for all scripts below it.
 */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/assert.h"
#include "tests/pkt/run.h"

#define PATHS_MAX 4096u

struct paths {
	char *path[PATHS_MAX];
	size_t n;
};

/* Instead of the library's: the script that is played has failed, the others go on. */
void holm_assert_failed(const char *expr, const char *file, int line)
{
	fail("ASSERT(%s) failed in %s:%d", expr, file, line);
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text;
	long size;

	if (!f)
		return NULL;
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	text = size >= 0 ? calloc(1, (size_t)size + 1) : NULL;
	if (text && fread(text, 1, (size_t)size, f) != (size_t)size) {
		free(text);
		text = NULL;
	}
	fclose(f);
	return text;
}

static void add(struct paths *paths, const char *path)
{
	if (paths->n == PATHS_MAX) {
		fprintf(stderr, "more than %u paths\n", PATHS_MAX);
		exit(2);
	}
	paths->path[paths->n++] = strdup(path);
}

static bool is_script(const char *path)
{
	size_t len = strlen(path);

	return len > 4 && strcmp(path + len - 4, ".pkt") == 0;
}

/* Put what is in a folder at the end of the list; false: it is none. */
static bool add_folder(struct paths *paths, const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	char name[1024];

	if (!d)
		return false;
	while ((e = readdir(d))) {
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		/* Files without a dot are folders; they come to nothing if they are not. */
		if (is_script(name) || !strchr(e->d_name, '.'))
			add(paths, name);
	}
	closedir(d);
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct how {
	bool verbose;
	bool family[2]; /* IPv4, IPv6 */
};

static bool play(const char *path, const struct how *how)
{
	static const char *const names[2] = { "", " over IPv6" };
	char *text = read_file(path);
	bool ok = true;

	if (!text) {
		printf("not ok %s: cannot be read\n", path);
		return false;
	}
	for (int i = 0; i < 2; i++) {
		struct failure why = { "" };
		enum run_verdict v = RUN_NOT_FOR;

		if (how->family[i])
			v = run_script(path, text, i == 1, how->verbose, &why);
		if (v == RUN_OK)
			printf("ok %s%s\n", path, names[i]);
		else if (v == RUN_FAILED)
			printf("not ok %s%s: %s\n", path, names[i], why.text);
		ok &= v != RUN_FAILED;
		fflush(stdout);
	}
	free(text);
	return ok;
}

/* What stands in front of the paths; returns where these begin. */
static int options(int argc, char **argv, struct how *how)
{
	int i = 1;

	*how = (struct how){ false, { true, true } };
	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "-v") == 0)
			how->verbose = true;
		else if (strcmp(argv[i], "-4") == 0)
			how->family[1] = false;
		else if (strcmp(argv[i], "-6") == 0)
			how->family[0] = false;
		else
			exit(2);
	}
	return i;
}

int main(int argc, char **argv)
{
	static struct paths all, scripts;
	const char *only = getenv("T");
	struct how how;
	bool ok = true;

	for (int i = options(argc, argv, &how); i < argc; i++)
		add(&all, argv[i]);
	if (all.n == 0)
		add(&all, "tests/pkt");
	for (size_t i = 0; i < all.n; i++)
		if (!add_folder(&all, all.path[i]) &&
		    (is_script(all.path[i]) || i + 1 < (size_t)argc) &&
		    (!only || strstr(all.path[i], only)))
			add(&scripts, all.path[i]);
	qsort(scripts.path, scripts.n, sizeof(scripts.path[0]), compare);
	for (size_t i = 0; i < scripts.n; i++)
		ok &= play(scripts.path[i], &how);
	for (size_t i = 0; i < scripts.n; i++)
		free(scripts.path[i]);
	for (size_t i = 0; i < all.n; i++)
		free(all.path[i]);
	return ok && scripts.n > 0 ? 0 : 1;
}
