/*
 * pkt -- play packet scripts against the stack, in this process, under virtual time.
 *
 *	pkt [-v] [FILE.pkt|FOLDER]...		tests/pkt if nothing is named
 *
 * For each script "ok path" or "not ok path: why"; the status says whether all passed. T in the
 * environment: only scripts whose path contains it. A folder stands for all scripts below it.
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

static bool play(const char *path, bool verbose)
{
	struct failure why = { "" };
	char *text = read_file(path);
	bool ok;

	if (!text) {
		printf("not ok %s: cannot be read\n", path);
		return false;
	}
	ok = run_script(path, text, verbose, &why);
	free(text);
	if (ok)
		printf("ok %s\n", path);
	else
		printf("not ok %s: %s\n", path, why.text);
	fflush(stdout);
	return ok;
}

int main(int argc, char **argv)
{
	static struct paths all, scripts;
	const char *only = getenv("T");
	bool verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	bool ok = true;

	for (int i = verbose ? 2 : 1; i < argc; i++)
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
		ok &= play(scripts.path[i], verbose);
	for (size_t i = 0; i < scripts.n; i++)
		free(scripts.path[i]);
	for (size_t i = 0; i < all.n; i++)
		free(all.path[i]);
	return ok && scripts.n > 0 ? 0 : 1;
}
