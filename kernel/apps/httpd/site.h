/* site.h -- what there is to serve: figures, the pattern, files of the tree, compiled-in pages. */
#ifndef HTTPD_SITE_H
#define HTTPD_SITE_H

#include "request.h"
#include "response.h"

/* Where files are looked for: "" for the root of the file system. Not copied. */
void site_set_root(const char *dir);

/* The response to a GET or HEAD request. */
struct response site_answer(const struct request *r);

#endif
