/*
 * tap.c -- runs an application of holm in a Linux process, over a TAP device: the program that
 * `make tap` links around each application. Its settings are in options.c, the application's main() is
 * tap_main() here.
 */
#define TAP_POSIX_HOST
#include "tools/tap/posix.h"

#include <sys/resource.h>

#include <holm_app.h>

#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"
#include "lib/assert.h"
#include "tools/tap/loop.h"
#include "tools/tap/options.h"

static struct world world;

struct process *process_current(void)
{
	return &world.process;
}

void holm_assert_failed(const char *expr, const char *file, int line)
{
	fprintf(stderr, "tap: ASSERT(%s) at %s:%d\n", expr, file, line);
	if (world.capture)
		fflush(world.capture);
	abort();
}

/* ---- <holm_app.h>, what of it has no counterpart in kernel/sys ---- */

ssize_t holm_send_const(int fd, const void *p, size_t n, int flags)
{
	int64_t r = sys_send_const(&world.process, fd, p, n, flags);

	if (r >= 0)
		return (ssize_t)r;
	errno = (int)-r;
	return -1;
}

/* Files are the host's, and stay files. */
const void *holm_map_file(int fd, size_t *len)
{
	(void)fd;
	(void)len;
	errno = EINVAL;
	return NULL;
}

/* ---- starting and ending ---- */

static void end(void)
{
	fflush(stdout);
	loop_close(&world);
}

/* The application's arguments behind its own name. */
static void shift_arguments(int *argc, char **argv, int first)
{
	int n = 1;

	for (int i = first; i < *argc; i++)
		argv[n++] = argv[i];
	argv[n] = NULL;
	*argc = n;
}

int main(int argc, char **argv, char **envp)
{
	struct rlimit files = { TAP_FD_FIRST, TAP_FD_FIRST };
	char text[TAP_TEXT_BYTES];
	struct tap_options options;

	switch (options_read(&options, argc, argv, text)) {
	case TAP_HELP:
		fputs(options_help, stdout);
		return 0;
	case TAP_BAD:
		fprintf(stderr, "tap: %s\n", text);
		return 2;
	case TAP_RUN:
		break;
	}
	setrlimit(RLIMIT_NOFILE, &files);
	shift_arguments(&argc, argv, options.app_args);
	loop_catch_signals();
	if (!world_open(&world, &options, &loop_wait_ops, TAP_FD_FIRST))
		return 1;
	atexit(end);
	exit(tap_main(argc, argv, envp));
}
