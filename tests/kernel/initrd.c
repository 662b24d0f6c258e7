/* Tests of kernel/initrd.h: archives made here, looked up, listed, cut and damaged everywhere. */
#include "kernel/initrd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <holm/errno.h>

#include "lib/rng.h"

struct archive {
	char bytes[8192];
	size_t len;
};

static void *memory;
static bool memory_refused;

static void *take_memory(size_t bytes)
{
	if (memory_refused)
		return NULL;
	free(memory);
	memory = malloc(bytes);
	return memory;
}

static int teardown(void **state)
{
	(void)state;
	free(memory);
	memory = NULL;
	memory_refused = false;
	return 0;
}

static void pad(struct archive *a)
{
	while (a->len % 4 != 0)
		a->bytes[a->len++] = '\0';
}

static void add_link(struct archive *a, unsigned ino, unsigned mode, unsigned nlink,
		     const char *path, const char *data)
{
	a->len += (size_t)snprintf(a->bytes + a->len, sizeof(a->bytes) - a->len,
				   "070701%08X%08X%08X%08X%08x%08x%08X%08X%08X%08X%08X%08zX%08X",
				   ino, mode, 0u, 0u, nlink, 0x65000000u, (unsigned)strlen(data),
				   0u, 0u, 0u, 0u, strlen(path) + 1, 0u);
	a->len += (size_t)snprintf(a->bytes + a->len, sizeof(a->bytes) - a->len, "%s", path) + 1;
	pad(a);
	memcpy(a->bytes + a->len, data, strlen(data));
	a->len += strlen(data);
	pad(a);
}

static void add(struct archive *a, unsigned mode, const char *path, const char *data)
{
	static unsigned ino = 1000;

	add_link(a, ino++, mode, 1, path, data);
}

static void add_trailer(struct archive *a)
{
	add_link(a, 0, 0, 1, "TRAILER!!!", "");
}

static struct archive site(void)
{
	struct archive a = { .len = 0 };

	add(&a, INITRD_DIR | 0755, ".", "");
	add(&a, INITRD_FILE | 0644, "./index.html", "hello");
	add(&a, INITRD_DIR | 0755, "./img", "");
	add(&a, INITRD_FILE | 0644, "./img/b.png", "bb");
	add(&a, INITRD_FILE | 0644, "./img-old", "x");
	add(&a, INITRD_FILE | 0600, "./img/a.png", "aaa");
	add(&a, INITRD_DIR | 0755, "./img/deep", "");
	add(&a, INITRD_FILE | 0644, "./img/deep/c", "");
	add(&a, INITRD_LINK | 0777, "./link", "index.html");
	add_trailer(&a);
	return a;
}

static const struct initrd_entry *find(const struct initrd *t, const char *path)
{
	return initrd_find(t, path, strlen(path));
}

static void files_are_found_by_any_spelling_of_their_path(void **state)
{
	static const char *const spellings[] = {
		"img/a.png",	"/img/a.png",  "./img/a.png",
		"//img//a.png", "img/./a.png", "/./img/a.png/",
	};
	struct archive a = site();
	struct initrd t;

	(void)state;
	assert_int_equal(initrd_open(&t, a.bytes, a.len, take_memory), 0);
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		const struct initrd_entry *e = find(&t, spellings[i]);

		assert_non_null(e);
		assert_int_equal(e->size, 3);
		assert_memory_equal(e->data, "aaa", 3);
		assert_int_equal(e->mode, INITRD_FILE | 0600);
		assert_int_equal(e->mtime, 0x65000000);
		assert_string_equal(initrd_name(e), "a.png");
	}
}

static void what_is_not_there_is_not_found(void **state)
{
	static const char *const missing[] = {
		"nothing", "img/a.pn", "img/a.pngx", "img/../index.html", "im", "index.html/x",
	};
	struct archive a = site();
	struct initrd t;

	(void)state;
	assert_int_equal(initrd_open(&t, a.bytes, a.len, take_memory), 0);
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++)
		assert_null(find(&t, missing[i]));
	assert_null(find(&t, "TRAILER!!!"));
}

static void the_root_has_every_spelling_too(void **state)
{
	struct archive a = site();
	struct initrd t;

	(void)state;
	assert_int_equal(initrd_open(&t, a.bytes, a.len, take_memory), 0);
	assert_ptr_equal(find(&t, ""), &t.entries[0]);
	assert_ptr_equal(find(&t, "/"), &t.entries[0]);
	assert_ptr_equal(find(&t, "."), &t.entries[0]);
	assert_ptr_equal(find(&t, "/./"), &t.entries[0]);
	assert_int_equal(t.entries[0].mode, INITRD_DIR | 0755);
}

static void expect_listing(const struct initrd *t, const char *dir, const char *expected)
{
	const struct initrd_entry *e;
	char names[256] = "";
	size_t cursor = 0;
	size_t len = 0;

	while ((e = initrd_next(t, find(t, dir), &cursor)) != NULL) {
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s ", initrd_name(e));
	}
	assert_null(initrd_next(t, find(t, dir), &cursor));
	assert_string_equal(names, expected);
}

static void a_directory_lists_its_own_entries_only(void **state)
{
	struct archive a = site();
	struct initrd t;

	(void)state;
	assert_int_equal(initrd_open(&t, a.bytes, a.len, take_memory), 0);
	expect_listing(&t, "", "img img-old index.html link ");
	expect_listing(&t, "img", "a.png b.png deep ");
	expect_listing(&t, "img/deep", "c ");
	expect_listing(&t, "img/a.png", "");
}

static void an_archive_without_a_root_gets_one(void **state)
{
	struct archive a = { .len = 0 };
	struct initrd t;

	(void)state;
	add(&a, INITRD_FILE | 0644, "only", "1");
	add_trailer(&a);
	assert_int_equal(initrd_open(&t, a.bytes, a.len, take_memory), 0);
	assert_int_equal(find(&t, "/")->mode & INITRD_TYPE, INITRD_DIR);
	expect_listing(&t, "/", "only ");
}

static void a_link_has_its_target_as_data(void **state)
{
	struct archive a = site();
	const struct initrd_entry *e;
	struct initrd t;

	(void)state;
	assert_int_equal(initrd_open(&t, a.bytes, a.len, take_memory), 0);
	e = find(&t, "link");
	assert_int_equal(e->mode & INITRD_TYPE, INITRD_LINK);
	assert_memory_equal(e->data, "index.html", e->size);
}

static void hard_links_share_the_data_of_the_last(void **state)
{
	struct archive a = { .len = 0 };
	struct initrd t;

	(void)state;
	add_link(&a, 7, INITRD_FILE | 0644, 2, "one", "");
	add_link(&a, 8, INITRD_FILE | 0644, 1, "empty", "");
	add_link(&a, 7, INITRD_FILE | 0644, 2, "two", "same");
	add_trailer(&a);
	assert_int_equal(initrd_open(&t, a.bytes, a.len, take_memory), 0);
	assert_int_equal(find(&t, "one")->size, 4);
	assert_ptr_equal(find(&t, "one")->data, find(&t, "two")->data);
	assert_int_equal(find(&t, "empty")->size, 0);
}

static void an_archive_cut_anywhere_is_refused(void **state)
{
	struct archive a = site();
	struct initrd t;
	/* Padding behind the trailer may be missing. */
	size_t whole = a.len - 1;

	(void)state;
	while (a.bytes[whole - 1] == '\0')
		whole--;
	for (size_t n = 0; n <= whole; n++) {
		/* A copy of exactly that size, so that a read beyond it is seen. */
		char *copy = malloc(n != 0 ? n : 1);

		memcpy(copy, a.bytes, n);
		assert_int_equal(initrd_open(&t, copy, n, take_memory), -HOLM_EINVAL);
		assert_int_equal(t.count, 0);
		free(copy);
	}
}

static void damage_is_refused_or_harmless(void **state)
{
	uint8_t seed[RNG_SEED_BYTES] = { 99 };
	struct rng rng;

	(void)state;
	rng_init(&rng, seed);
	for (int i = 0; i < 3000; i++) {
		struct archive a = site();
		char *copy = malloc(a.len);
		struct initrd t;

		for (uint32_t k = 1 + rng_below(&rng, 3); k > 0; k--)
			a.bytes[rng_below(&rng, (uint32_t)a.len)] ^=
				(char)(1 << rng_below(&rng, 8));
		memcpy(copy, a.bytes, a.len);
		if (initrd_open(&t, copy, a.len, take_memory) == 0) {
			const struct initrd_entry *e;
			size_t cursor = 0;

			find(&t, "img/a.png");
			while ((e = initrd_next(&t, &t.entries[0], &cursor)) != NULL)
				assert_true((const char *)e->data + e->size <= copy + a.len);
		}
		free(copy);
	}
}

static void without_memory_for_the_index_it_says_so(void **state)
{
	struct archive a = site();
	struct initrd t;

	(void)state;
	memory_refused = true;
	assert_int_equal(initrd_open(&t, a.bytes, a.len, take_memory), -HOLM_ENOMEM);
}

static void many_files_are_sorted_whatever_their_order(void **state)
{
	static char bytes[400000];
	struct archive a = { .len = 0 };
	uint8_t seed[RNG_SEED_BYTES] = { 3 };
	struct rng rng;
	struct initrd t;
	size_t len = 0;
	char path[32];

	(void)state;
	rng_init(&rng, seed);
	for (int i = 0; i < 2000; i++) {
		a.len = 0;
		snprintf(path, sizeof(path), "f%u", (unsigned)rng_below(&rng, 100000) * 2);
		add(&a, INITRD_FILE | 0644, path, path);
		memcpy(bytes + len, a.bytes, a.len);
		len += a.len;
	}
	a.len = 0;
	add_trailer(&a);
	memcpy(bytes + len, a.bytes, a.len);
	len += a.len;
	assert_int_equal(initrd_open(&t, bytes, len, take_memory), 0);
	for (size_t i = 2; i < t.count; i++)
		assert_true(strcmp(t.entries[i - 1].path, t.entries[i].path) <= 0);
	for (size_t i = 1; i < t.count; i++) {
		const struct initrd_entry *e = find(&t, t.entries[i].path);

		assert_non_null(e);
		assert_memory_equal(e->data, e->path, e->size);
	}
	assert_null(find(&t, "f3"));
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, NULL, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(files_are_found_by_any_spelling_of_their_path),
		CASE(what_is_not_there_is_not_found),
		CASE(the_root_has_every_spelling_too),
		CASE(a_directory_lists_its_own_entries_only),
		CASE(an_archive_without_a_root_gets_one),
		CASE(a_link_has_its_target_as_data),
		CASE(hard_links_share_the_data_of_the_last),
		CASE(an_archive_cut_anywhere_is_refused),
		CASE(damage_is_refused_or_harmless),
		CASE(without_memory_for_the_index_it_says_so),
		CASE(many_files_are_sorted_whatever_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
