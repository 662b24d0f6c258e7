/* Files and directories of the read-only tree: opening, reading, links, listing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/initrd.h"
#include "tests/support/world.h"

#define E(path, data, mode, ino)                                                                   \
	{                                                                                          \
		path, sizeof(path) - 1, (const uint8_t *)(data), sizeof(data) - 1, mode,           \
			1700000000, ino, 1                                                         \
	}

/* As an archive's index: sorted by path. */
static struct initrd_entry entries[] = {
	E("", "", INITRD_DIR | 0755, 1),
	E("a.txt", "0123456789", INITRD_FILE | 0644, 2),
	E("abs", "/dir/b.txt", INITRD_LINK | 0777, 3),
	E("dir", "", INITRD_DIR | 0755, 4),
	E("dir/b.txt", "inside", INITRD_FILE | 0644, 5),
	E("dir/up", "../a.txt", INITRD_LINK | 0777, 6),
	E("empty", "", INITRD_FILE | 0600, 7),
	E("loop", "loop", INITRD_LINK | 0777, 8),
	E("to-dir", "dir", INITRD_LINK | 0777, 9),
};
static const struct initrd tree = { entries, sizeof(entries) / sizeof(entries[0]) };

static int setup(void **state)
{
	return world_setup_with(state, &(struct world_options){ .seed = 3, .tree = &tree });
}

static struct process *process_of(void **state)
{
	struct world *w = *state;

	return &w->p[0];
}

static void expect_content(struct process *p, const char *path, const char *text)
{
	int fd = sys_open(p, path, SYS_O_RDONLY);
	char buf[32];

	assert_true(fd >= 0);
	assert_int_equal(sys_read(p, fd, buf, sizeof(buf)), strlen(text));
	assert_memory_equal(buf, text, strlen(text));
	assert_int_equal(sys_read(p, fd, buf, sizeof(buf)), 0);
	assert_int_equal(sys_close(p, fd), 0);
}

static void files_are_found_however_the_path_is_written(void **state)
{
	struct process *p = process_of(state);

	expect_content(p, "/a.txt", "0123456789");
	expect_content(p, "a.txt", "0123456789");
	expect_content(p, "//dir/./b.txt", "inside");
	expect_content(p, "/dir/../../a.txt", "0123456789");
	expect_content(p, "/empty", "");
}

static void links_lead_where_they_say(void **state)
{
	struct process *p = process_of(state);

	expect_content(p, "/abs", "inside");
	expect_content(p, "/dir/up", "0123456789");
	expect_content(p, "/to-dir/b.txt", "inside");
	expect_content(p, "/to-dir/up", "0123456789");
	assert_int_equal(sys_open(p, "/loop", 0), -HOLM_ELOOP);
	assert_int_equal(sys_open(p, "/loop/x", 0), -HOLM_ELOOP);
	assert_int_equal(sys_open(p, "/abs", SYS_O_NOFOLLOW), -HOLM_ELOOP);
}

static void what_cannot_be_opened_is_told_apart(void **state)
{
	struct process *p = process_of(state);
	char longest[2000];

	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(sys_open(p, "/none", 0), -HOLM_ENOENT);
	assert_int_equal(sys_open(p, "", 0), -HOLM_ENOENT);
	assert_int_equal(sys_open(p, NULL, 0), -HOLM_EFAULT);
	assert_int_equal(sys_open(p, longest, 0), -HOLM_ENAMETOOLONG);
	assert_int_equal(sys_open(p, "/none/x", 0), -HOLM_ENOENT);
	assert_int_equal(sys_open(p, "/a.txt/x", 0), -HOLM_ENOTDIR);
	assert_int_equal(sys_open(p, "/a.txt/", 0), -HOLM_ENOTDIR);
	assert_int_equal(sys_open(p, "/a.txt", SYS_O_DIRECTORY), -HOLM_ENOTDIR);
	assert_int_equal(sys_open(p, "/a.txt", SYS_O_WRONLY), -HOLM_EROFS);
	assert_int_equal(sys_open(p, "/a.txt", SYS_O_RDWR), -HOLM_EROFS);
	assert_int_equal(sys_open(p, "/a.txt", SYS_O_TRUNC), -HOLM_EROFS);
	assert_int_equal(sys_open(p, "/new", SYS_O_WRONLY | SYS_O_CREAT), -HOLM_EROFS);
	assert_int_equal(sys_open(p, "/a.txt", SYS_O_CREAT | SYS_O_EXCL), -HOLM_EEXIST);
	assert_int_equal(sys_open(p, "/dir", SYS_O_RDWR), -HOLM_EISDIR);
}

static void a_file_has_a_position(void **state)
{
	struct process *p = process_of(state);
	int fd = sys_open(p, "/a.txt", 0), copy = sys_dup(p, fd), left;
	char a[3], b[4];
	struct holm_iov iov[2] = { { a, 3 }, { b, 4 } };

	assert_int_equal(sys_readv(p, fd, iov, 2), 7);
	assert_memory_equal(a, "012", 3);
	assert_memory_equal(b, "3456", 4);
	assert_int_equal(sys_lseek(p, copy, 0, SYS_SEEK_CUR), 7); /* one position for both */
	assert_int_equal(sys_ioctl(p, fd, SYS_FIONREAD, &left), 0);
	assert_int_equal(left, 3);
	assert_int_equal(sys_lseek(p, fd, -2, SYS_SEEK_END), 8);
	assert_int_equal(sys_read(p, fd, b, 4), 2);
	assert_int_equal(sys_lseek(p, fd, 100, SYS_SEEK_SET), 100);
	assert_int_equal(sys_read(p, fd, b, 4), 0);
	assert_int_equal(sys_lseek(p, fd, -1, SYS_SEEK_SET), -HOLM_EINVAL);
	assert_int_equal(sys_lseek(p, fd, INT64_MAX, SYS_SEEK_CUR), -HOLM_EINVAL);
	assert_int_equal(sys_lseek(p, fd, 0, 9), -HOLM_EINVAL);
	assert_int_equal(sys_lseek(p, 1, 0, SYS_SEEK_SET), -HOLM_ESPIPE);
	assert_int_equal(sys_write(p, fd, b, 4), -HOLM_EINVAL);
	sys_close(p, fd);
	sys_close(p, copy);
}

static void a_file_can_be_had_as_memory(void **state)
{
	struct process *p = process_of(state);
	int fd = sys_open(p, "/a.txt", 0), dir = sys_open(p, "/dir", 0);
	const void *data;
	size_t len;

	assert_int_equal(sys_map_file(p, fd, &data, &len), 0);
	assert_ptr_equal(data, entries[1].data);
	assert_int_equal(len, 10);
	assert_int_equal(sys_map_file(p, dir, &data, &len), -HOLM_EINVAL);
	assert_int_equal(sys_map_file(p, 1, &data, &len), -HOLM_EINVAL);
	assert_int_equal(sys_map_file(p, 99, &data, &len), -HOLM_EBADF);
	sys_close(p, fd);
	sys_close(p, dir);
}

static void stat_tells_what_a_file_is(void **state)
{
	struct process *p = process_of(state);
	int fd = sys_open(p, "/dir", SYS_O_DIRECTORY);
	struct sys_stat st;

	assert_int_equal(sys_stat(p, "/abs", &st), 0);
	assert_int_equal(st.mode, SYS_S_IFREG | 0644);
	assert_int_equal(st.size, 6);
	assert_int_equal(st.ino, 5);
	assert_int_equal(st.mtime, 1700000000);
	assert_int_equal(sys_fstat(p, fd, &st), 0);
	assert_int_equal(st.mode & SYS_S_IFMT, SYS_S_IFDIR);
	assert_int_equal(sys_fstat(p, 1, &st), 0);
	assert_int_equal(st.mode & SYS_S_IFMT, SYS_S_IFCHR);
	assert_int_equal(sys_stat(p, "/none", &st), -HOLM_ENOENT);
	assert_int_equal(sys_fstat(p, 99, &st), -HOLM_EBADF);
	sys_close(p, fd);
}

static void a_directory_is_listed_and_rewound(void **state)
{
	struct process *p = process_of(state);
	int fd = sys_open(p, "/dir", 0), file = sys_open(p, "/a.txt", 0);
	struct sys_dirent e;
	char byte;

	for (int round = 0; round < 2; round++) {
		assert_int_equal(sys_readdir(p, fd, &e), 1);
		assert_string_equal(e.name, "b.txt");
		assert_int_equal(e.type, 8);
		assert_int_equal(e.ino, 5);
		assert_int_equal(sys_readdir(p, fd, &e), 1);
		assert_string_equal(e.name, "up");
		assert_int_equal(e.type, 10);
		assert_int_equal(sys_readdir(p, fd, &e), 0);
		assert_int_equal(sys_lseek(p, fd, 0, SYS_SEEK_SET), 0);
	}
	assert_int_equal(sys_read(p, fd, &byte, 1), -HOLM_EISDIR);
	assert_int_equal(sys_readdir(p, file, &e), -HOLM_ENOTDIR);
	assert_int_equal(sys_readdir(p, 1, &e), -HOLM_ENOTDIR);
	sys_close(p, fd);
	sys_close(p, file);
}

/* Whatever is to be done with it, and whoever is to do it: it is always ready. */
static void an_epoll_watches_no_file_of_the_tree(void **state)
{
	struct process *p = process_of(state);
	int fd = sys_open(p, "/a.txt", SYS_O_RDONLY), ep = sys_epoll_create1(p, 0);
	struct sys_epoll_event ev = { HOLM_POLLIN, 0 };

	for (int op = SYS_EPOLL_CTL_ADD; op <= SYS_EPOLL_CTL_MOD; op++)
		assert_int_equal(sys_epoll_ctl(p, ep, op, fd, &ev), -HOLM_EPERM);
	assert_int_equal(sys_epoll_ctl(p, fd, SYS_EPOLL_CTL_ADD, fd, &ev), -HOLM_EPERM);
	assert_int_equal(sys_close(p, ep), 0);
	assert_int_equal(sys_close(p, fd), 0);
}

static void without_memory_open_says_so(void **state)
{
	struct world *w = *state;

	w->fail_at = w->allocs + 1;
	assert_int_equal(sys_open(&w->p[0], "/a.txt", 0), -HOLM_ENOMEM);
	assert_int_equal(world_count_fds(w, 0), 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_are_found_however_the_path_is_written),
		TEST(links_lead_where_they_say),
		TEST(what_cannot_be_opened_is_told_apart),
		TEST(a_file_has_a_position),
		TEST(a_file_can_be_had_as_memory),
		TEST(stat_tells_what_a_file_is),
		TEST(a_directory_is_listed_and_rewound),
		TEST(an_epoll_watches_no_file_of_the_tree),
		TEST(without_memory_open_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
