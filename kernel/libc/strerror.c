/* strerror.c -- Linux's errors as text, in place of the library's, which has other numbers. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/fmt.h"

/* Not in any header under this name: what POSIX's strerror_r() is called by the linker. */
int __xpg_strerror_r(int error, char *buf, size_t len);

struct text {
	int error;
	const char *text;
};

#define TEXT(name, number, text) { number, text },
static const struct text texts[] = { __ERRNO_LIST(TEXT) };
#undef TEXT

/* Every name has the number that the list says. */
#define CHECK(name, number, text) _Static_assert(name == number, #name);
__ERRNO_LIST(CHECK)
#undef CHECK

static const char *find(int error)
{
	if (error == 0)
		return "Success";
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].error == error)
			return texts[i].text;
	return NULL;
}

/* POSIX lets it return a pointer to something that the next call overwrites. */
char *strerror(int error)
{
	static char unknown[32];
	const char *text = find(error);

	if (text == NULL) {
		fmt_string(unknown, sizeof(unknown), "Unknown error %d", error);
		return unknown;
	}
	return (char *)(size_t)text;
}

int __xpg_strerror_r(int error, char *buf, size_t len)
{
	const char *text = strerror(error);
	size_t n = strlen(text);

	if (len == 0)
		return ERANGE;
	memcpy(buf, text, n < len ? n : len - 1);
	buf[n < len ? n : len - 1] = '\0';
	return n < len ? 0 : ERANGE;
}

void perror(const char *what)
{
	char *text = strerror(errno);
	struct iovec line[4] = {
		{ (void *)(size_t)what, what != NULL ? strlen(what) : 0 },
		{ (void *)(size_t) ": ", what != NULL && *what != '\0' ? 2 : 0 },
		{ text, strlen(text) },
		{ (void *)(size_t) "\n", 1 },
	};

	(void)writev(STDERR_FILENO, line, 4);
}
