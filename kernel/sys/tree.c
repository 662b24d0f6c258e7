/*
 * Files and directories of the read-only tree. Their bytes are the archive's: reading copies, mapping
 * does not. Symbolic links are followed, a bounded number of times.
 */
#include "kernel/initrd.h"
#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "lib/mem.h"

/* As on Linux; a loop of links ends here. */
#define LINKS_MAX 40
#define PATH_BYTES_MAX 1024u

enum { DT_DIR = 4, DT_REG = 8, DT_LNK = 10 };

struct tree_file {
	struct file base;
	const struct initrd_entry *entry;
	uint64_t pos;  /* of a file */
	size_t cursor; /* of a directory */
};

static struct tree_file *tree_of(struct file *f)
{
	return container_of(f, struct tree_file, base);
}

static bool is_kind(const struct initrd_entry *e, uint32_t kind)
{
	return (e->mode & INITRD_TYPE) == kind;
}

/* ---- finding ---- */

static size_t text_len(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n] != '\0')
		n++;
	return n;
}

/* A path without "." and "..", relative to the root, is built here. */
struct path {
	char text[PATH_BYTES_MAX];
	size_t len;
};

static void up(struct path *p)
{
	while (p->len > 0 && p->text[p->len - 1] != '/')
		p->len--;
	if (p->len > 0)
		p->len--;
}

static int append(struct path *p, const char *part, size_t n)
{
	size_t slash = p->len > 0;

	if (n == 0 || (n == 1 && part[0] == '.'))
		return 0;
	if (n == 2 && part[0] == '.' && part[1] == '.') {
		up(p);
		return 0;
	}
	if (p->len + slash + n > sizeof(p->text))
		return -HOLM_ENAMETOOLONG;
	if (slash)
		p->text[p->len++] = '/';
	memcpy(p->text + p->len, part, n);
	p->len += n;
	return 0;
}

/*
 * Walk `rest` from `p` on until it is used up or a link is met: then *link is its entry, `p` its
 * directory and *used how much of the text has been walked, the link included.
 */
static int walk(const struct initrd *tree, struct path *p, const char *rest, size_t len,
		const struct initrd_entry **link, size_t *used)
{
	size_t at = 0;

	*link = NULL;
	while (at < len) {
		const struct initrd_entry *e = initrd_find(tree, p->text, p->len);
		size_t begin = at;
		int err;

		if (rest[at] == '/') {
			at++;
			continue;
		}
		if (!e)
			return -HOLM_ENOENT;
		if (!is_kind(e, INITRD_DIR))
			return -HOLM_ENOTDIR;
		while (at < len && rest[at] != '/')
			at++;
		err = append(p, rest + begin, at - begin);
		if (err)
			return err;
		e = initrd_find(tree, p->text, p->len);
		if (e && is_kind(e, INITRD_LINK)) {
			up(p);
			*link = e;
			break;
		}
	}
	*used = at;
	return 0;
}

/* Put a link's target in front of what is left of the path. */
static int splice(struct path *todo, size_t used, const struct initrd_entry *link)
{
	size_t left = todo->len - used;

	if (link->size + 1 + left > sizeof(todo->text))
		return -HOLM_ENAMETOOLONG;
	memmove(todo->text + link->size + 1, todo->text + used, left);
	memcpy(todo->text, link->data, link->size);
	todo->text[link->size] = '/';
	todo->len = link->size + 1 + left;
	return 0;
}

static int resolve(const struct initrd *tree, struct path *todo, bool follow,
		   const struct initrd_entry **out)
{
	struct path done = { .len = 0 };
	const struct initrd_entry *link;
	size_t used;

	for (int links = 0; links <= LINKS_MAX; links++) {
		int err = walk(tree, &done, todo->text, todo->len, &link, &used);

		if (err)
			return err;
		if (!link || (used == todo->len && !follow)) {
			*out = link ? link : initrd_find(tree, done.text, done.len);
			return *out ? 0 : -HOLM_ENOENT;
		}
		if (link->size > 0 && link->data[0] == '/')
			done.len = 0;
		err = splice(todo, used, link);
		if (err)
			return err;
	}
	return -HOLM_ELOOP;
}

/* There is no current directory but the root: every path begins there. */
static int find(const struct process *p, const char *path, bool follow,
		const struct initrd_entry **out)
{
	struct path todo;
	int err;

	if (!path)
		return -HOLM_EFAULT;
	if (path[0] == '\0')
		return -HOLM_ENOENT;
	todo.len = text_len(path, sizeof(todo.text));
	if (todo.len == sizeof(todo.text))
		return -HOLM_ENAMETOOLONG;
	if (!p->env.tree)
		return -HOLM_ENOENT;
	memcpy(todo.text, path, todo.len);
	err = resolve(p->env.tree, &todo, follow, out);
	if (!err && path[text_len(path, PATH_BYTES_MAX) - 1] == '/' && !is_kind(*out, INITRD_DIR))
		return -HOLM_ENOTDIR;
	return err;
}

/* ---- operations ---- */

static int64_t tree_read(struct file *f, const struct holm_iov *iov, size_t n)
{
	struct tree_file *t = tree_of(f);
	size_t done = 0;

	if (is_kind(t->entry, INITRD_DIR))
		return -HOLM_EISDIR;
	for (size_t i = 0; i < n && t->pos < t->entry->size; i++) {
		size_t k = t->entry->size - (size_t)t->pos;

		if (k > iov[i].len)
			k = iov[i].len;
		if (k > 0)
			memcpy(iov[i].base, t->entry->data + t->pos, k);
		t->pos += k;
		done += k;
	}
	return (int64_t)done;
}

static void fill_stat(const struct initrd_entry *e, struct sys_stat *st)
{
	*st = (struct sys_stat){
		.mode = e->mode,
		.nlink = e->nlink,
		.ino = e->ino,
		.size = e->size,
		.mtime = e->mtime,
	};
}

static void tree_file_stat(struct file *f, struct sys_stat *st)
{
	fill_stat(tree_of(f)->entry, st);
}

static int64_t tree_seek(struct file *f, int64_t off, int whence)
{
	struct tree_file *t = tree_of(f);
	int64_t base;

	switch (whence) {
	case SYS_SEEK_SET:
		base = 0;
		break;
	case SYS_SEEK_CUR:
		base = (int64_t)t->pos;
		break;
	case SYS_SEEK_END:
		base = (int64_t)t->entry->size;
		break;
	default:
		return -HOLM_EINVAL;
	}
	if (off > INT64_MAX - base || base + off < 0)
		return -HOLM_EINVAL;
	t->pos = (uint64_t)(base + off);
	if (t->pos == 0)
		t->cursor = 0;
	return (int64_t)t->pos;
}

static uint8_t type_of(const struct initrd_entry *e)
{
	if (is_kind(e, INITRD_DIR))
		return DT_DIR;
	return is_kind(e, INITRD_LINK) ? DT_LNK : DT_REG;
}

static int tree_readdir(struct file *f, struct sys_dirent *out)
{
	struct tree_file *t = tree_of(f);
	const struct initrd_entry *e;

	if (!is_kind(t->entry, INITRD_DIR))
		return -HOLM_ENOTDIR;
	e = initrd_next(f->process->env.tree, t->entry, &t->cursor);
	if (!e)
		return 0;
	t->pos++;
	out->ino = e->ino;
	out->type = type_of(e);
	out->name = initrd_name(e);
	out->name_len = text_len(out->name, e->path_len);
	return 1;
}

static int tree_map(struct file *f, const void **data, size_t *len)
{
	const struct initrd_entry *e = tree_of(f)->entry;

	if (!is_kind(e, INITRD_FILE))
		return -HOLM_EINVAL;
	*data = e->data;
	*len = e->size;
	return 0;
}

static int64_t tree_readable(struct file *f)
{
	const struct tree_file *t = tree_of(f);

	return t->pos < t->entry->size ? (int64_t)(t->entry->size - t->pos) : 0;
}

static const struct file_ops tree_ops = {
	.read = tree_read,
	.stat = tree_file_stat,
	.seek = tree_seek,
	.readdir = tree_readdir,
	.map = tree_map,
	.readable = tree_readable,
};

int tree_open(struct process *p, const char *path, int flags, struct file **out)
{
	const struct initrd_entry *e;
	bool writes = (flags & SYS_O_ACCMODE) != SYS_O_RDONLY || (flags & SYS_O_TRUNC);
	int err = find(p, path, !(flags & SYS_O_NOFOLLOW), &e);
	struct file *f;

	if (err == -HOLM_ENOENT && (flags & SYS_O_CREAT))
		return -HOLM_EROFS;
	if (err)
		return err;
	if ((flags & SYS_O_CREAT) && (flags & SYS_O_EXCL))
		return -HOLM_EEXIST;
	if (is_kind(e, INITRD_LINK))
		return -HOLM_ELOOP;
	if (writes)
		return is_kind(e, INITRD_DIR) ? -HOLM_EISDIR : -HOLM_EROFS;
	if ((flags & SYS_O_DIRECTORY) && !is_kind(e, INITRD_DIR))
		return -HOLM_ENOTDIR;
	f = file_new(p, &tree_ops, sizeof(struct tree_file),
		     flags & (SYS_O_ACCMODE | SYS_O_NONBLOCK));
	if (!f)
		return -HOLM_ENOMEM;
	tree_of(f)->entry = e;
	*out = f;
	return 0;
}

int tree_stat(struct process *p, const char *path, struct sys_stat *st)
{
	const struct initrd_entry *e;
	int err = find(p, path, true, &e);

	if (!err)
		fill_stat(e, st);
	return err;
}
