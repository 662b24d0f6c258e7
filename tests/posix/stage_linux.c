/* Each case in a process of its own, in front of the host's kernel. */
#ifndef POSIX_ON_HOLM
#include <signal.h>
#include <stdio.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/posix/stage.h"

static int report;

void stage_fail(const char *file, int line, const char *text)
{
	dprintf(report, "%s:%d: %s", file, line, text);
	_exit(1);
}

int stage_open_file(void)
{
	char path[] = "/tmp/holm-posix-XXXXXX";
	int fd = mkstemp(path), reading = open(path, O_RDONLY);

	unlink(path);
	for (size_t i = 0; i < STAGE_FILE_BYTES; i += 1000) {
		unsigned char part[1000];

		for (size_t j = 0; j < sizeof(part); j++)
			part[j] = stage_file_byte(i + j);
		if (write(fd, part, sizeof(part)) != sizeof(part))
			abort();
	}
	close(fd);
	return reading;
}

bool stage_run(void (*run)(void), char *why, size_t len)
{
	int fd[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe(fd) != 0)
		abort();
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(fd[0]);
		report = fd[1];
		signal(SIGPIPE, SIG_IGN);
		alarm(10);
		run();
		_exit(0);
	}
	close(fd[1]);
	n = read(fd[0], why, len - 1);
	why[n > 0 ? n : 0] = 0;
	close(fd[0]);
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		snprintf(why, len, "ended by signal %d", WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
#endif
