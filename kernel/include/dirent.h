/* dirent.h -- reading directories of the read-only tree. */
#ifndef HOLM_POSIX_DIRENT_H
#define HOLM_POSIX_DIRENT_H

#include <sys/cdefs.h>
#include <sys/types.h>

#define DT_UNKNOWN 0
#define DT_DIR 4
#define DT_REG 8
#define DT_LNK 10

struct dirent {
	ino_t d_ino;
	unsigned char d_type;
	char d_name[256];
};

typedef struct holm_dir DIR;

__BEGIN_DECLS
DIR *opendir(const char *path);
struct dirent *readdir(DIR *dir);
void rewinddir(DIR *dir);
int closedir(DIR *dir);
__END_DECLS

#endif
