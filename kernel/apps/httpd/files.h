/* files.h -- files of a directory as responses, with index.html for directories. */
#ifndef HTTPD_FILES_H
#define HTTPD_FILES_H

#include "response.h"

/* `path` begins with '/' and holds no dot segments. Status 200, 301 (a directory without '/'), 404, 500. */
struct response files_answer(const char *root, const char *path);

#endif
