/* cpio archives: opened, listed and looked up; every file's bytes lie in the archive. */
#include "kernel/initrd.h"
#include "tests/fuzz/fuzz.h"

static void *index_memory;

static void *take_memory(size_t bytes)
{
	free(index_memory);
	index_memory = malloc(bytes);
	return index_memory;
}

static void check(const struct initrd *t, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct initrd_entry *e = &t->entries[i];
		const struct initrd_entry *child;
		size_t cursor = 0, steps = 0;

		CHECK(e->size == 0 || (e->data >= data && e->size <= size &&
				       (size_t)(e->data - data) <= size - e->size));
		CHECK(e->path_len == 0 || e->path_len < size);
		(void)initrd_find(t, e->path, e->path_len); /* "a//b" is found as "a/b" only */
		CHECK(initrd_name(e) != NULL);
		while (i < 16 && (child = initrd_next(t, e, &cursor)) != NULL)
			CHECK(steps++ < t->count);
	}
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct initrd t;

	if (initrd_open(&t, data, size, take_memory) == 0)
		check(&t, data, size);
	free(index_memory);
	index_memory = NULL;
	return 0;
}
