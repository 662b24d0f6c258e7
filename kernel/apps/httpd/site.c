/*
 * site.c -- see site.h.
 *
 *	/stats, /stats.json		figures of the stack
 *	/generate?bytes=N, /bytes/N	N bytes of the pattern of pattern.h
 *	/holm				the compiled-in page, whatever the tree holds
 *	anything else			the file of the tree, then the compiled-in one
 */
#include "site.h"

#include "assets.h"
#include "files.h"
#include "stats.h"

#include <string.h>

/* A download of this size takes hours; a larger number is a mistake. */
static const uint64_t pattern_bytes_max = (uint64_t)1 << 40;

static const char *root = "";

void site_set_root(const char *dir)
{
	root = dir;
}

static struct response pattern(uint64_t bytes)
{
	struct response r = { .status = 200,
			      .type = "application/octet-stream",
			      .kind = BODY_PATTERN,
			      .bytes = bytes };

	return bytes <= pattern_bytes_max ? r : response_status(400);
}

static struct response figures(const char *type, void (*print)(struct text *))
{
	struct response r = { .status = 200, .type = type, .fresh = true, .kind = BODY_TEXT };

	r.text = text_growing(STATS_BYTES_MAX);
	print(&r.text);
	r.bytes = r.text.len;
	if (r.text.failed) {
		text_free(&r.text);
		r = response_status(503);
	}
	return r;
}

static struct response generated(const struct request *r)
{
	uint64_t bytes;
	bool ok;

	if (strncmp(r->path, "/bytes/", 7) == 0)
		ok = request_u64(r->path + 7, NULL, &bytes);
	else
		ok = request_query_u64(r->query, "bytes", &bytes);
	return ok ? pattern(bytes) : response_status(400);
}

static struct response stored(const char *path)
{
	struct response r = files_answer(root, path);

	if (r.status == 404)
		r = assets_answer(path);
	return r;
}

struct response site_answer(const struct request *r)
{
	if (strcmp(r->path, "/stats") == 0)
		return figures("text/plain; charset=utf-8", stats_print_text);
	if (strcmp(r->path, "/stats.json") == 0)
		return figures("application/json", stats_print_json);
	if (strcmp(r->path, "/generate") == 0 || strncmp(r->path, "/bytes/", 7) == 0)
		return generated(r);
	if (strcmp(r->path, "/holm") == 0)
		return assets_answer("/");
	return stored(r->path);
}
