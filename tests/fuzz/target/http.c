/* Heads of HTTP requests as httpd reads them: byte by byte as all at once, paths without ways out. */
#include "kernel/apps/httpd/request.h"
#include "tests/fuzz/fuzz.h"

/* Decoded paths begin with a slash and have no part that is "." or "..". */
static void check_path(const char *path)
{
	CHECK(path[0] == '/');
	for (const char *s = path; (s = strchr(s, '/')) != NULL; s++) {
		size_t len = strcspn(s + 1, "/");

		CHECK(!(len == 1 && s[1] == '.'));
		CHECK(!(len == 2 && s[1] == '.' && s[2] == '.'));
	}
}

int fuzz_one(const uint8_t *data, size_t size)
{
	char *head = malloc(size + 1);
	size_t at_once = 0, scanned = 0, len = 0, whole;
	struct request r;
	uint64_t value;

	CHECK(head != NULL);
	if (size > 0)
		memcpy(head, data, size);
	CHECK(request_leading_bytes(head, size) <= size);
	whole = request_head_bytes(head, size, &at_once);
	for (size_t n = 0; n <= size && len == 0; n++)
		len = request_head_bytes(head, n, &scanned);
	CHECK(len == whole && whole <= size);
	if (whole > 0) {
		int status = request_parse(head, whole, &r);

		CHECK(status == 0 || status == 400 || status == 501 || status == 505);
		if (status == 0) {
			check_path(r.path);
			(void)request_query_u64(r.query, "bytes", &value);
		}
	}
	free(head);
	return 0;
}
