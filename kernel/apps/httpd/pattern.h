/*
 * pattern.h -- bytes for download tests: with j = i mod 65521, byte i is (j + j / 256) mod 256.
 *
 * The period is a prime, so that a piece that is lost, doubled or moved shows, whatever its size.
 */
#ifndef HTTPD_PATTERN_H
#define HTTPD_PATTERN_H

#include <stddef.h>
#include <stdint.h>

enum { PATTERN_PERIOD = 65521 };

/* Fill the table; once, before anything is sent. It never changes again. */
void pattern_init(void);

/* The bytes from offset `i` on; *n is cut to what lies there in one piece. */
const void *pattern_at(uint64_t i, size_t *n);

#endif
