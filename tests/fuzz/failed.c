/* A failed ASSERT ends a fuzz target as a failed CHECK does: with its place, and with abort(). */
#include "lib/assert.h"
#include "tests/fuzz/fuzz.h"

void holm_assert_failed(const char *expr, const char *file, int line)
{
	fprintf(stderr, "ASSERT(%s): ", expr);
	fuzz_failed("it", file, line);
}
