/*
 * request.c -- see request.h.
 *
 * Where RFC 9112 lets a server be lenient, this one is strict, unless real clients need the
 * leniency: a lone LF ends a line, and that is all. What two parsers could read differently (obs-fold,
 * blanks before a colon, two lengths, a length and a transfer coding) is refused, because
 * that is how requests are smuggled.
 */
#include "request.h"

#include <string.h>
#include <strings.h>

enum { STATUS_OK = 0, STATUS_BAD = 400, STATUS_CODING = 501, STATUS_VERSION = 505 };

/* What the header fields said, before it is clear what that means together. */
struct fields {
	unsigned hosts;
	bool has_length, has_coding;
	bool close, keep_alive, expects_continue;
	uint64_t length;
};

size_t request_head_bytes(const char *buf, size_t len, size_t *scanned)
{
	size_t i = *scanned;

	for (; i < len; i++) {
		if (buf[i] != '\n')
			continue;
		if (i >= 1 && buf[i - 1] == '\n')
			return i + 1;
		if (i >= 2 && buf[i - 1] == '\r' && buf[i - 2] == '\n')
			return i + 1;
	}
	*scanned = i;
	return 0;
}

size_t request_leading_bytes(const char *buf, size_t len)
{
	size_t n = 0;

	while (n < len && buf[n] == '\n')
		n++;
	while (len - n >= 2 && buf[n] == '\r' && buf[n + 1] == '\n')
		n += 2;
	return n;
}

/* RFC 9110 5.6.2 */
static bool is_token_char(char c)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is_token(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_token_char(s[i]))
			return false;
	return len > 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool equals(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(s, word, len) == 0;
}

bool request_u64(const char *s, const char *end, uint64_t *value)
{
	uint64_t v = 0;

	if (s == end || *s == '\0')
		return false;
	for (; s != end && *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		if (v > (UINT64_MAX - 9) / 10)
			return false;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	*value = v;
	return true;
}

bool request_query_u64(const char *query, const char *name, uint64_t *value)
{
	size_t len = strlen(name);

	while (*query) {
		const char *end = query + strcspn(query, "&");

		if ((size_t)(end - query) > len && query[len] == '=' &&
		    strncmp(query, name, len) == 0)
			return request_u64(query + len + 1, end, value);
		query = *end ? end + 1 : end;
	}
	return false;
}

static enum method method_of(const char *s, size_t len)
{
	static const char *const known[] = { "POST",	"PUT",	 "DELETE", "OPTIONS",
					     "CONNECT", "TRACE", "PATCH" };

	if (len == 3 && memcmp(s, "GET", 3) == 0)
		return METHOD_GET;
	if (len == 4 && memcmp(s, "HEAD", 4) == 0)
		return METHOD_HEAD;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i]) == len && memcmp(s, known[i], len) == 0)
			return METHOD_KNOWN;
	return METHOD_UNKNOWN;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Percent-decoding in place. A NUL, encoded or not, has no business in a path. */
static bool decode(char *s)
{
	char *out = s;

	for (; *s; s++) {
		int hi, lo;

		if (*s != '%') {
			*out++ = *s;
			continue;
		}
		hi = hex_value(s[1]);
		lo = hi < 0 ? -1 : hex_value(s[2]);
		if (lo < 0 || (hi == 0 && lo == 0))
			return false;
		*out++ = (char)(hi << 4 | lo);
		s += 2;
	}
	*out = '\0';
	return true;
}

/*
 * RFC 3986 5.2.4 on a decoded path, in place: "." and empty segments go, ".." takes the segment
 * before it. One ".." more than there are segments is refused: nobody asks for that in good faith.
 */
static bool remove_dot_segments(char *path)
{
	char *in = path, *out = path;

	while (*in) {
		size_t len;

		in += strspn(in, "/");
		len = strcspn(in, "/");
		if (len == 2 && in[0] == '.' && in[1] == '.') {
			if (out == path)
				return false;
			while (*--out != '/')
				continue;
		} else if (len > 0 && !(len == 1 && in[0] == '.')) {
			*out++ = '/';
			memmove(out, in, len);
			out += len;
		}
		if (in[len] == '\0' && (len == 0 || in[0] == '.') &&
		    (len <= 1 || (len == 2 && in[1] == '.')))
			*out++ = '/'; /* it ended in '/', "." or "..": a directory */
		in += len;
	}
	*out = '\0';
	return true;
}

/* The request-target in origin-form or absolute-form (RFC 9112 3.2), NUL-terminated. */
static int parse_target(char *s, struct request *r)
{
	char *query;

	if (strncasecmp(s, "http://", 7) == 0) {
		size_t host = strcspn(s + 7, "/?");

		if (host == 0)
			return STATUS_BAD;
		s += 7 + host - 1; /* a byte of the host makes room for a missing '/' */
		if (s[1] != '/')
			s[0] = '/';
		else
			s++;
	}
	if (s[0] != '/')
		return STATUS_BAD;
	query = strchr(s, '?');
	r->query = "";
	if (query) {
		*query = '\0';
		r->query = query + 1;
	}
	if (!decode(s) || !remove_dot_segments(s))
		return STATUS_BAD;
	r->path = s;
	return STATUS_OK;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "HTTP/" DIGIT "." DIGIT */
static int parse_version(const char *s, size_t len, bool *is_1_0)
{
	if (len != 8 || memcmp(s, "HTTP/", 5) != 0 || s[6] != '.' || !is_digit(s[5]) ||
	    !is_digit(s[7]))
		return STATUS_BAD;
	if (s[5] != '1')
		return STATUS_VERSION;
	*is_1_0 = s[7] == '0';
	return STATUS_OK;
}

static int parse_request_line(char *line, size_t len, struct request *r, bool *is_1_0)
{
	char *end = line + len, *target, *version;
	int status;

	target = memchr(line, ' ', len);
	if (!target || !is_token(line, (size_t)(target - line)))
		return STATUS_BAD;
	r->method = method_of(line, (size_t)(target - line));
	target++;
	version = memchr(target, ' ', (size_t)(end - target));
	if (!version)
		return STATUS_BAD;
	status = parse_version(version + 1, (size_t)(end - version - 1), is_1_0);
	if (status != STATUS_OK)
		return status;
	for (const char *p = target; p < version; p++)
		if ((unsigned char)*p <= 0x20 || *p == 0x7f)
			return STATUS_BAD;
	*version = '\0';
	if (r->method == METHOD_KNOWN && strcmp(target, "*") == 0)
		*target = '/'; /* OPTIONS * is answered as any other: 405 */
	return parse_target(target, r);
}

/* The elements of "Connection: a, b". */
static void parse_connection(const char *v, size_t len, struct fields *f)
{
	while (len > 0) {
		const char *comma = memchr(v, ',', len);
		size_t all = comma ? (size_t)(comma - v) : len;
		size_t from = 0, n = all;

		while (from < n && is_blank(v[from]))
			from++;
		while (n > from && is_blank(v[n - 1]))
			n--;
		f->close |= equals(v + from, n - from, "close");
		f->keep_alive |= equals(v + from, n - from, "keep-alive");
		all += comma != NULL;
		v += all;
		len -= all;
	}
}

static int parse_length(const char *v, size_t len, struct fields *f)
{
	uint64_t length;

	if (len == 0 || !request_u64(v, v + len, &length))
		return STATUS_BAD;
	if (f->has_length && f->length != length)
		return STATUS_BAD;
	f->has_length = true;
	f->length = length;
	return STATUS_OK;
}

static int parse_field(const char *line, size_t len, struct fields *f)
{
	const char *colon = memchr(line, ':', len);
	const char *v;
	size_t name, n;

	if (!colon)
		return STATUS_BAD;
	name = (size_t)(colon - line);
	if (!is_token(line, name)) /* also what begins with a blank: obs-fold */
		return STATUS_BAD;
	v = colon + 1;
	n = len - name - 1;
	while (n > 0 && is_blank(*v)) {
		v++;
		n--;
	}
	while (n > 0 && is_blank(v[n - 1]))
		n--;
	if (memchr(v, '\0', n) || memchr(v, '\r', n))
		return STATUS_BAD;
	if (equals(line, name, "Content-Length"))
		return parse_length(v, n, f);
	if (equals(line, name, "Connection"))
		parse_connection(v, n, f);
	else if (equals(line, name, "Host"))
		f->hosts++;
	else if (equals(line, name, "Transfer-Encoding"))
		f->has_coding = true;
	else if (equals(line, name, "Expect"))
		f->expects_continue |= equals(v, n, "100-continue");
	return STATUS_OK;
}

/* The line at *pos without its line end; *pos moves behind it. */
static char *next_line(char *head, size_t len, size_t *pos, size_t *line_len)
{
	char *line = head + *pos;
	const char *lf = memchr(line, '\n', len - *pos);
	size_t n = lf ? (size_t)(lf - line) : len - *pos;

	*pos += n + (lf != NULL);
	*line_len = n > 0 && line[n - 1] == '\r' ? n - 1 : n;
	return line;
}

static int conclude(const struct fields *f, bool is_1_0, struct request *r)
{
	if (f->hosts > 1 || (f->hosts == 0 && !is_1_0))
		return STATUS_BAD;
	if (f->has_coding && (f->has_length || is_1_0))
		return STATUS_BAD;
	if (f->has_coding)
		return STATUS_CODING;
	r->keep_alive = !f->close && (!is_1_0 || f->keep_alive);
	r->expects_continue = f->expects_continue && !is_1_0;
	r->body_bytes = f->length;
	return STATUS_OK;
}

int request_parse(char *head, size_t len, struct request *r)
{
	struct fields f = { 0 };
	size_t pos = 0, n;
	bool is_1_0 = false;
	char *line;
	int status;

	*r = (struct request){ 0 };
	line = next_line(head, len, &pos, &n);
	status = parse_request_line(line, n, r, &is_1_0);
	while (status == STATUS_OK && pos < len) {
		line = next_line(head, len, &pos, &n);
		if (n == 0)
			return conclude(&f, is_1_0, r);
		status = parse_field(line, n, &f);
	}
	return status == STATUS_OK ? STATUS_BAD : status;
}
