/*
 * The table of descriptors. The lowest free one is found with two levels of bits: a bit per slot, and a
 * bit per 64 slots that says "all taken", so finding costs at most a look at 16 words and one more.
 */
#include <holm/errno.h>

#include "kernel/sys/file.h"
#include "kernel/sys/process.h"
#include "lib/compiler.h"
#include "lib/mem.h"

/* The first table: two lines of bits, 2 KiB of slots. */
#define CAP_FIRST 128u
#define ALL UINT64_MAX

static bool is_used(const struct fds *t, uint32_t fd)
{
	return (t->used[fd / 64] >> (fd % 64)) & 1;
}

static void mark_used(struct fds *t, uint32_t fd)
{
	uint32_t word = fd / 64;

	t->used[word] |= (uint64_t)1 << (fd % 64);
	if (t->used[word] == ALL)
		t->full[word / 64] |= (uint64_t)1 << (word % 64);
}

static void mark_free(struct fds *t, uint32_t fd)
{
	uint32_t word = fd / 64;

	t->used[word] &= ~((uint64_t)1 << (fd % 64));
	t->full[word / 64] &= ~((uint64_t)1 << (word % 64));
}

/* The lowest free slot from `from` on; t->cap or more: there is none in the table. */
static uint32_t find_free(const struct fds *t, uint32_t from)
{
	uint32_t words = t->cap / 64;
	uint64_t skip = ((uint64_t)1 << (from % 64)) - 1;
	uint32_t word = from / 64;

	if (from >= t->cap)
		return from;
	if ((t->used[word] | skip) != ALL)
		return word * 64 + lowest_bit_u64(~(t->used[word] | skip));
	word++;
	skip = ((uint64_t)1 << (word % 64)) - 1;
	for (uint32_t i = word / 64; i * 64 < words; i++, skip = 0) {
		uint64_t busy = t->full[i] | skip;

		if (busy == ALL)
			continue;
		word = i * 64 + lowest_bit_u64(~busy);
		return word < words ? word * 64 + lowest_bit_u64(~t->used[word]) : t->cap;
	}
	return t->cap;
}

static void *alloc(struct process *p, size_t bytes)
{
	return p->env.memory->alloc(p->env.memory->ctx, bytes);
}

static void release(struct process *p, void *mem, size_t bytes)
{
	if (mem)
		p->env.memory->free(p->env.memory->ctx, mem, bytes);
}

static int grow(struct process *p, uint32_t fd)
{
	struct fds *t = &p->fds;
	uint32_t cap = t->cap ? t->cap : CAP_FIRST;
	struct fd_slot *slots;
	uint64_t *used;

	while (cap <= fd)
		cap *= 2;
	slots = alloc(p, cap * sizeof(*slots));
	used = alloc(p, cap / 64 * sizeof(*used));
	if (!slots || !used) {
		release(p, slots, cap * sizeof(*slots));
		release(p, used, cap / 64 * sizeof(*used));
		return -HOLM_ENOMEM;
	}
	memset(slots, 0, cap * sizeof(*slots));
	memset(used, 0, cap / 64 * sizeof(*used));
	if (t->cap) {
		memcpy(slots, t->slots, t->cap * sizeof(*slots));
		memcpy(used, t->used, t->cap / 64 * sizeof(*used));
	}
	release(p, t->slots, t->cap * sizeof(*slots));
	release(p, t->used, t->cap / 64 * sizeof(*used));
	t->slots = slots;
	t->used = used;
	t->cap = cap;
	return 0;
}

void fds_put(struct process *p, int fd, struct file *f, bool cloexec)
{
	p->fds.slots[fd] = (struct fd_slot){ .file = f, .cloexec = cloexec };
	mark_used(&p->fds, (uint32_t)fd);
}

int fds_find(struct process *p, uint32_t from)
{
	uint32_t fd = find_free(&p->fds, from > p->fds.first ? from : p->fds.first);
	int err;

	if (fd >= p->fds.max)
		return -HOLM_EMFILE;
	if (fd >= p->fds.cap) {
		err = grow(p, fd);
		if (err)
			return err;
	}
	return (int)fd;
}

int fds_add(struct process *p, struct file *f, bool cloexec, uint32_t from)
{
	int fd = fds_find(p, from);

	if (fd >= 0)
		fds_put(p, fd, f, cloexec);
	return fd;
}

int fds_install(struct process *p, struct file *f, bool cloexec)
{
	int fd = fds_add(p, f, cloexec, 0);

	if (fd < 0)
		file_put(f);
	return fd;
}

int fds_install_pair(struct process *p, struct file *const f[2], bool cloexec, int fds[2])
{
	int first = fds_install(p, f[0], cloexec), second;

	if (first < 0) {
		file_put(f[1]);
		return first;
	}
	second = fds_install(p, f[1], cloexec);
	if (second < 0) {
		file_put(fds_take(p, first));
		return second;
	}
	fds[0] = first;
	fds[1] = second;
	return 0;
}

int fds_put_at(struct process *p, uint32_t fd, struct file *f, bool cloexec, struct file **old)
{
	int err;

	if (fd >= p->fds.max)
		return -HOLM_EBADF;
	if (fd >= p->fds.cap) {
		err = grow(p, fd);
		if (err)
			return err;
	}
	*old = p->fds.slots[fd].file;
	fds_put(p, (int)fd, f, cloexec);
	return 0;
}

struct file *fds_take(struct process *p, int fd)
{
	struct fd_slot *slot = fds_slot(p, fd);
	struct file *f;

	if (!slot)
		return NULL;
	f = slot->file;
	*slot = (struct fd_slot){ NULL, false };
	mark_free(&p->fds, (uint32_t)fd);
	return f;
}

void fds_fini(struct process *p)
{
	struct fds *t = &p->fds;

	for (uint32_t fd = 0; fd < t->cap; fd++)
		if (is_used(t, fd))
			file_put(fds_take(p, (int)fd));
	release(p, t->slots, t->cap * sizeof(*t->slots));
	release(p, t->used, t->cap / 64 * sizeof(*t->used));
	memset(t, 0, sizeof(*t));
}
