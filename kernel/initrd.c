/*
 * Reading cpio archives; see initrd.h. Spec: cpio(5), "New ASCII Format".
 *
 * A header is a magic number and thirteen fields of eight hexadecimal digits; then the name, then the
 * data, each padded to four bytes. The archive is input: every length is checked against its end.
 */
#include "kernel/initrd.h"

#include <holm/errno.h>

#include "lib/mem.h"

#define HEADER_BYTES 110u
#define MAGIC_BYTES 6u
/* Linux's PATH_MAX: longer names are no names. */
#define NAME_MAX_BYTES 4096u
/* The root, when the archive does not have one, and nobody's file. */
#define ROOT_MODE (INITRD_DIR | 0555u)

enum {
	FIELD_INO = 0,
	FIELD_MODE = 1,
	FIELD_NLINK = 4,
	FIELD_MTIME = 5,
	FIELD_SIZE = 6,
	FIELD_NAME = 11
};

struct reader {
	const char *image;
	size_t len;
	size_t at;
};

static bool hex_field(const char *header, unsigned field, uint32_t *out)
{
	const char *s = header + MAGIC_BYTES + field * 8;

	*out = 0;
	for (unsigned i = 0; i < 8; i++) {
		char c = s[i];

		if (c >= '0' && c <= '9')
			*out = *out << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			*out = *out << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return false;
	}
	return true;
}

static bool is_magic(const char *h)
{
	return memcmp(h, "070701", MAGIC_BYTES) == 0 || memcmp(h, "070702", MAGIC_BYTES) == 0;
}

static size_t pad4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* "./a/b" is "a/b", "." is "". */
static void strip(const char **path, size_t *len)
{
	for (;;) {
		if (*len >= 1 && **path == '/') {
			(*path)++;
			(*len)--;
		} else if (*len >= 2 && (*path)[0] == '.' && (*path)[1] == '/') {
			*path += 2;
			*len -= 2;
		} else {
			break;
		}
	}
	if (*len == 1 && **path == '.')
		*len = 0;
}

/* The next entry: 1, 0 at the trailer, or -HOLM_EINVAL. */
static int read_entry(struct reader *r, struct initrd_entry *e)
{
	const char *h = r->image + r->at;
	uint32_t name_bytes, size;
	size_t data_at;

	if (r->len - r->at < HEADER_BYTES || !is_magic(h))
		return -HOLM_EINVAL;
	if (!hex_field(h, FIELD_INO, &e->ino) || !hex_field(h, FIELD_MODE, &e->mode) ||
	    !hex_field(h, FIELD_NLINK, &e->nlink) || !hex_field(h, FIELD_MTIME, &e->mtime) ||
	    !hex_field(h, FIELD_SIZE, &size) || !hex_field(h, FIELD_NAME, &name_bytes))
		return -HOLM_EINVAL;
	if (name_bytes == 0 || name_bytes > NAME_MAX_BYTES)
		return -HOLM_EINVAL;
	data_at = pad4(r->at + HEADER_BYTES + name_bytes);
	if (data_at > r->len || size > r->len - data_at || h[HEADER_BYTES + name_bytes - 1] != '\0')
		return -HOLM_EINVAL;
	e->path = h + HEADER_BYTES;
	e->path_len = name_bytes - 1;
	e->data = (const uint8_t *)r->image + data_at;
	e->size = size;
	r->at = pad4(data_at + size);
	if (r->at > r->len)
		r->at = r->len;
	if (e->path_len == 10 && memcmp(e->path, "TRAILER!!!", 10) == 0)
		return 0;
	strip(&e->path, &e->path_len);
	return 1;
}

static int compare_paths(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int c = memcmp(a, b, a_len < b_len ? a_len : b_len);

	if (c != 0)
		return c;
	return a_len < b_len ? -1 : a_len > b_len;
}

static bool is_after(const struct initrd_entry *a, const struct initrd_entry *b)
{
	return compare_paths(a->path, a->path_len, b->path, b->path_len) > 0;
}

/* Heap sort: no recursion, no extra memory, no bad case. */
static void sift_down(struct initrd_entry *v, size_t i, size_t n)
{
	struct initrd_entry e = v[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= n)
			break;
		if (child + 1 < n && is_after(&v[child + 1], &v[child]))
			child++;
		if (!is_after(&v[child], &e))
			break;
		v[i] = v[child];
		i = child;
	}
	v[i] = e;
}

static void sort(struct initrd_entry *v, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift_down(v, i, n);
	for (size_t last = n; last-- > 1;) {
		struct initrd_entry e = v[0];

		v[0] = v[last];
		v[last] = e;
		sift_down(v, 0, last);
	}
}

/* newc stores the data of hard-linked files with the last of their names only. */
static void resolve_hard_links(struct initrd *t)
{
	for (size_t i = 0; i < t->count; i++) {
		struct initrd_entry *e = &t->entries[i];

		if ((e->mode & INITRD_TYPE) != INITRD_FILE || e->nlink < 2 || e->size != 0)
			continue;
		for (size_t j = 0; j < t->count; j++) {
			const struct initrd_entry *o = &t->entries[j];

			if (o->ino == e->ino && o->size != 0 && o->nlink == e->nlink) {
				e->data = o->data;
				e->size = o->size;
			}
		}
	}
}

/* How many entries, or a negative error. */
static int count_entries(struct reader r, size_t *n)
{
	struct initrd_entry e;
	int more;

	*n = 0;
	while ((more = read_entry(&r, &e)) > 0)
		(*n)++;
	return more;
}

int initrd_open(struct initrd *t, const void *image, size_t len, void *(*alloc)(size_t bytes))
{
	struct reader r = { image, len, 0 };
	struct initrd_entry e;
	size_t n;
	int err = count_entries(r, &n);

	*t = (struct initrd){ 0 };
	if (err != 0)
		return err;
	t->entries = alloc((n + 1) * sizeof(*t->entries));
	if (t->entries == NULL)
		return -HOLM_ENOMEM;
	t->entries[t->count++] = (struct initrd_entry){ .path = "", .mode = ROOT_MODE, .nlink = 2 };
	while (read_entry(&r, &e) > 0) {
		/* The archive's own root replaces ours. */
		if (e.path_len == 0)
			t->entries[0] = e;
		else
			t->entries[t->count++] = e;
	}
	sort(t->entries + 1, t->count - 1);
	resolve_hard_links(t);
	return 0;
}

/* The first entry whose path is not before this one. */
static size_t lower_bound(const struct initrd *t, const char *path, size_t len)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct initrd_entry *e = &t->entries[middle];

		if (compare_paths(e->path, e->path_len, path, len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A path without doubled slashes, "." parts and a slash at its end. SIZE_MAX: too long. */
static size_t normalise(const char *path, size_t len, char *out)
{
	size_t n = 0;

	strip(&path, &len);
	if (len >= NAME_MAX_BYTES)
		return SIZE_MAX;
	while (len != 0) {
		while (len != 0 && *path != '/') {
			out[n++] = *path++;
			len--;
		}
		strip(&path, &len);
		if (len != 0)
			out[n++] = '/';
	}
	return n;
}

const struct initrd_entry *initrd_find(const struct initrd *t, const char *path, size_t path_len)
{
	static char clean[NAME_MAX_BYTES];
	size_t len = normalise(path, path_len, clean);
	size_t i;

	if (len == SIZE_MAX)
		return NULL;
	i = lower_bound(t, clean, len);
	if (i == t->count ||
	    compare_paths(t->entries[i].path, t->entries[i].path_len, clean, len) != 0)
		return NULL;
	return &t->entries[i];
}

static bool is_inside(const struct initrd_entry *e, const struct initrd_entry *dir)
{
	if (dir->path_len == 0)
		return e->path_len != 0;
	return e->path_len > dir->path_len + 1 && memcmp(e->path, dir->path, dir->path_len) == 0 &&
	       e->path[dir->path_len] == '/';
}

static bool is_direct_child(const struct initrd_entry *e, const struct initrd_entry *dir)
{
	size_t i = dir->path_len == 0 ? 0 : dir->path_len + 1;

	while (i < e->path_len && e->path[i] != '/')
		i++;
	return i == e->path_len;
}

/* Everything below a directory lies together, though not right behind it: "a-b" sorts before "a/b". */
const struct initrd_entry *initrd_next(const struct initrd *t, const struct initrd_entry *dir,
				       size_t *cursor)
{
	size_t i = *cursor != 0 ? *cursor : (size_t)(dir - t->entries) + 1;

	while (i < t->count && *cursor == 0 && !is_inside(&t->entries[i], dir) &&
	       t->entries[i].path_len >= dir->path_len &&
	       memcmp(t->entries[i].path, dir->path, dir->path_len) == 0)
		i++;
	for (; i < t->count && is_inside(&t->entries[i], dir); i++) {
		if (is_direct_child(&t->entries[i], dir)) {
			*cursor = i + 1;
			return &t->entries[i];
		}
	}
	*cursor = t->count;
	return NULL;
}

const char *initrd_name(const struct initrd_entry *e)
{
	size_t i = e->path_len;

	while (i > 0 && e->path[i - 1] != '/')
		i--;
	return e->path + i;
}
