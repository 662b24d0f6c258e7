/*
 * The read-only file tree that the boot loader hands over: a cpio archive in "newc" form, not
 * compressed (find . | cpio -o -H newc). Files are not copied: their data are the archive's.
 *
 * Paths have no leading slash; "" is the root. The index is sorted, so a lookup costs O(log files). A
 * directory exists when the archive has an entry for it. Symbolic links are entries like others,
 * whose data are the target; following them is the caller's business.
 */
#ifndef KERNEL_INITRD_H
#define KERNEL_INITRD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Type bits of the mode, with Linux's values. */
#define INITRD_TYPE 0170000u
#define INITRD_DIR 0040000u
#define INITRD_FILE 0100000u
#define INITRD_LINK 0120000u

struct initrd_entry {
	const char *path; /* NUL-terminated */
	size_t path_len;
	const uint8_t *data;
	size_t size;
	uint32_t mode;
	uint32_t mtime; /* seconds since 1970 */
	uint32_t ino;
	uint32_t nlink;
};

/* Owned by the caller. Entry 0 is the root. */
struct initrd {
	struct initrd_entry *entries;
	size_t count;
};

/*
 * Index an archive, which must stay where it is. `alloc` gives memory for the index, once. 0;
 * -HOLM_EINVAL: not such an archive, or a damaged one; -HOLM_ENOMEM.
 */
int initrd_open(struct initrd *t, const void *image, size_t len, void *(*alloc)(size_t bytes));

/* The entry at a path, or NULL. Slashes at either end, doubled ones and "." parts do not matter. */
const struct initrd_entry *initrd_find(const struct initrd *t, const char *path, size_t path_len);

/* The entries directly in `dir`: *cursor starts at 0; NULL behind the last. */
const struct initrd_entry *initrd_next(const struct initrd *t, const struct initrd_entry *dir,
				       size_t *cursor);

/* The last part of an entry's path. */
const char *initrd_name(const struct initrd_entry *e);

/* The image's own tree, empty but for the root when the loader gave none. */
struct boot_info;
void initrd_init(const struct boot_info *boot);
const struct initrd *initrd_root(void);

#endif
