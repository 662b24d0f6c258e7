/* assets.h -- the pages that are compiled in. */
#ifndef HTTPD_ASSETS_H
#define HTTPD_ASSETS_H

#include "response.h"

/* 200 or 404. */
struct response assets_answer(const char *path);

#endif
