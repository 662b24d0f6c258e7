/* files.c -- see files.h. */
#include "files.h"

#include "media.h"
#include "holm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 1024 };

static struct response failed(int error)
{
	switch (error) {
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return response_status(503);
	case EIO:
		return response_status(500);
	default: /* not there, or not for reading: for the client the same */
		return response_status(404);
	}
}

/* An open regular file. Memory wherever the system has it as memory, otherwise the descriptor. */
static struct response opened(int fd, uint64_t bytes, const char *path)
{
	struct response r = {
		.status = 200, .type = media_type(path), .kind = BODY_FILE, .bytes = bytes, .fd = fd
	};
	size_t len = 0;
	const void *memory = holm_map_file(fd, &len);

	if (memory) {
		close(fd);
		r = response_const(r.type, memory, len);
	}
	return r;
}

static struct response redirect(const char *path)
{
	struct response r = response_status(301);

	r.location = path;
	return r;
}

struct response files_answer(const char *root, const char *path)
{
	char name[PATH_BYTES_MAX];
	struct text t = text_over(name, sizeof(name) - 1);
	bool is_dir = path[strlen(path) - 1] == '/';
	struct stat st;
	int fd;

	text_add(&t, root);
	text_add(&t, path);
	if (is_dir)
		text_add(&t, "index.html");
	if (t.failed)
		return response_status(404);
	name[t.len] = '\0';
	fd = open(name, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return failed(errno);
	if (fstat(fd, &st) == 0) {
		if (S_ISREG(st.st_mode))
			return opened(fd, (uint64_t)st.st_size, name);
		if (S_ISDIR(st.st_mode) && !is_dir) {
			close(fd);
			return redirect(path);
		}
	}
	close(fd);
	return response_status(404);
}
