/*
 * response.h -- what a connection sends back: a head and one of several kinds of body.
 */
#ifndef HTTPD_RESPONSE_H
#define HTTPD_RESPONSE_H

#include "text.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum body_kind {
	BODY_NONE,
	BODY_CONST,   /* memory that never changes: sent without a copy */
	BODY_PATTERN, /* the pattern of pattern.h, for as long as is asked */
	BODY_TEXT,    /* made for this request, freed with it */
	BODY_FILE,    /* a file that is not memory: read piece by piece, closed with the response */
};

struct response {
	int status;
	const char *type;     /* media type, NULL for none */
	const char *location; /* of a redirect, in the request's memory; NULL for none */
	bool fresh;	      /* not to be stored: Cache-Control: no-store */
	enum body_kind kind;
	uint64_t bytes;	  /* of the body */
	const char *data; /* BODY_CONST */
	struct text text; /* BODY_TEXT */
	int fd;		  /* BODY_FILE */
};

/* An answer of one line that names the status, "404 Not Found". */
struct response response_status(int status);

/* A body of constant memory. */
struct response response_const(const char *type, const void *data, size_t bytes);

/*
 * Write status line and header fields. `now_s` is Unix time in seconds, 0 while unknown (RFC 9110
 * 6.6.1 has a server without a clock send no Date).
 */
void response_head(const struct response *r, bool close, uint64_t now_s, struct text *t);

/*
 * Send some of the body from `offset` on. Returns the bytes sent, or -1 with errno; 0 when a file
 * turned out shorter than it was.
 */
ssize_t response_send(const struct response *r, int fd, uint64_t offset);

/* Give back what the response holds. Any number of times. */
void response_free(struct response *r);

#endif
