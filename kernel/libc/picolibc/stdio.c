/*
 * stdio.c -- picolibc's three standard streams, which it leaves to its user: descriptors 0, 1 and 2.
 *
 * Output gathers in a line, because each write is a trip to the console.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINE_BYTES = 128 };

static char line[LINE_BYTES];
static size_t line_len;

static int flush_line(FILE *f)
{
	size_t done = 0;

	(void)f;
	while (done < line_len) {
		ssize_t n = write(STDOUT_FILENO, line + done, line_len - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	line_len = 0;
	return 0;
}

static void flush_at_exit(void)
{
	(void)flush_line(NULL);
}

static int put_out(char c, FILE *f)
{
	static int is_registered;

	if (!is_registered)
		is_registered = atexit(flush_at_exit) == 0;
	line[line_len++] = c;
	if (c == '\n' || line_len == sizeof(line))
		(void)flush_line(f);
	return (unsigned char)c;
}

static int put_error(char c, FILE *f)
{
	(void)f;
	return write(STDERR_FILENO, &c, 1) == 1 ? (unsigned char)c : EOF;
}

static int get_in(FILE *f)
{
	unsigned char c;

	(void)flush_line(f);
	return read(STDIN_FILENO, &c, 1) == 1 ? c : EOF;
}

static FILE in_stream = FDEV_SETUP_STREAM(NULL, get_in, NULL, _FDEV_SETUP_READ);
static FILE out_stream = FDEV_SETUP_STREAM(put_out, NULL, flush_line, _FDEV_SETUP_WRITE);
static FILE error_stream = FDEV_SETUP_STREAM(put_error, NULL, NULL, _FDEV_SETUP_WRITE);

FILE *const stdin = &in_stream;
FILE *const stdout = &out_stream;
FILE *const stderr = &error_stream;
