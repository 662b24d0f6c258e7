/* date.h -- Unix time as HTTP writes it: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7). */
#ifndef HTTPD_DATE_H
#define HTTPD_DATE_H

#include "text.h"

void date_http(struct text *t, uint64_t unix_s);

#endif
