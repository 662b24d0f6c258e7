/*
 * holm.h -- <holm_app.h>: from the image's headers, or by its place in the tree where httpd is
 * compiled for another system; made_up.c then stands in for what it declares.
 */
#ifndef HTTPD_HOLM_H
#define HTTPD_HOLM_H

#if __has_include(<holm_app.h>)
#include <holm_app.h>
#else
#include "../../include/holm_app.h"
#endif

#endif
