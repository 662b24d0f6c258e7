/* dirs.c -- directories of the read-only tree. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/libc/error.h"
#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"

struct holm_dir {
	int fd;
	struct dirent entry;
};

DIR *opendir(const char *path)
{
	DIR *dir = calloc(1, sizeof(*dir));

	if (dir == NULL)
		return NULL;
	dir->fd = open(path, O_RDONLY | O_DIRECTORY);
	if (dir->fd < 0) {
		free(dir);
		return NULL;
	}
	return dir;
}

struct dirent *readdir(DIR *dir)
{
	struct sys_dirent e;
	int result = sys_readdir(process_current(), dir->fd, &e);
	size_t len;

	if (result <= 0) { /* 0: the end, which leaves errno alone */
		if (result < 0)
			libc_fail(-result);
		return NULL;
	}
	len = e.name_len;
	if (len >= sizeof(dir->entry.d_name))
		len = sizeof(dir->entry.d_name) - 1;
	memcpy(dir->entry.d_name, e.name, len);
	dir->entry.d_name[len] = '\0';
	dir->entry.d_ino = (ino_t)e.ino;
	dir->entry.d_type = e.type;
	return &dir->entry;
}

void rewinddir(DIR *dir)
{
	(void)lseek(dir->fd, 0, SEEK_SET);
}

int closedir(DIR *dir)
{
	int result = close(dir->fd);

	free(dir);
	return result;
}
