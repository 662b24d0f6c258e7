/* Tests of kernel/cmdline.h: keys, the program's words, quotes, what QEMU appends, too much. */
#include "kernel/cmdline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void a_key_has_its_value_and_the_last_one_counts(void **state)
{
	(void)state;
	cmdline_init("ip=10.0.0.1/24 gw= quiet ip=10.0.0.2/24");
	assert_string_equal(cmdline_get("ip"), "10.0.0.2/24");
	assert_string_equal(cmdline_get("gw"), "");
	assert_string_equal(cmdline_get("quiet"), "");
	assert_null(cmdline_get("dns"));
}

static void a_key_is_no_prefix_of_another(void **state)
{
	(void)state;
	cmdline_init("net.trace=1 time=5 timezone=x");
	assert_null(cmdline_get("net"));
	assert_string_equal(cmdline_get("time"), "5");
}

static void a_switch_is_on_alone_or_with_1(void **state)
{
	(void)state;
	cmdline_init("a b=1 c=0 d=yes");
	assert_true(cmdline_flag("a"));
	assert_true(cmdline_flag("b"));
	assert_false(cmdline_flag("c"));
	assert_false(cmdline_flag("d"));
	assert_false(cmdline_flag("e"));
}

static void behind_two_dashes_come_environment_then_arguments(void **state)
{
	char **argv, **env;

	(void)state;
	cmdline_init("time=1 -- HOME=/ _x1=2 --port=80 A=b -- last");
	argv = cmdline_argv();
	env = cmdline_env();
	assert_int_equal(cmdline_argc(), 5);
	assert_string_equal(argv[0], "holm");
	assert_string_equal(argv[1], "--port=80");
	assert_string_equal(argv[2], "A=b");
	assert_string_equal(argv[3], "--");
	assert_string_equal(argv[4], "last");
	assert_null(argv[5]);
	assert_string_equal(env[0], "HOME=/");
	assert_string_equal(env[1], "_x1=2");
	assert_null(env[2]);
	assert_null(cmdline_get("HOME"));
}

static void a_word_that_begins_with_a_digit_is_an_argument(void **state)
{
	(void)state;
	cmdline_init("-- 8080=x =y");
	assert_int_equal(cmdline_argc(), 3);
	assert_null(cmdline_env()[0]);
}

static void without_dashes_the_program_has_only_its_name(void **state)
{
	(void)state;
	cmdline_init("");
	assert_int_equal(cmdline_argc(), 1);
	assert_string_equal(cmdline_argv()[0], "holm");
	assert_null(cmdline_argv()[1]);
	assert_null(cmdline_env()[0]);
}

static void quotes_keep_blanks_and_disappear(void **state)
{
	(void)state;
	cmdline_init("a=\"b c\" -- \"x y\" z\" \"z \"\" \"open end");
	assert_string_equal(cmdline_get("a"), "b c");
	assert_int_equal(cmdline_argc(), 5);
	assert_string_equal(cmdline_argv()[1], "x y");
	assert_string_equal(cmdline_argv()[2], "z z");
	assert_string_equal(cmdline_argv()[3], "");
	assert_string_equal(cmdline_argv()[4], "open end");
}

static void what_the_machine_appends_is_nobodys_argument(void **state)
{
	(void)state;
	cmdline_init(
		"virtio_mmio.device=512@0xfeb00c00:11 a -- x virtio_mmio.device=512@0xfeb00e00:12");
	assert_int_equal(cmdline_argc(), 2);
	assert_string_equal(cmdline_argv()[1], "x");
	cmdline_get("a");
	assert_null(cmdline_unused(0));
}

static void words_nobody_asked_for_are_reported(void **state)
{
	(void)state;
	cmdline_init("tiem=1 loglevel=debug spelt=wrong");
	cmdline_get("time");
	cmdline_get("loglevel");
	assert_string_equal(cmdline_unused(0), "tiem=1");
	assert_string_equal(cmdline_unused(1), "spelt=wrong");
	assert_null(cmdline_unused(2));
}

static void too_many_words_are_counted_and_dropped(void **state)
{
	char text[2 * CMDLINE_WORDS_MAX + 64] = "";

	(void)state;
	for (int i = 0; i < CMDLINE_WORDS_MAX + 5; i++)
		memcpy(text + 2 * i, "w ", 2);
	cmdline_init(text);
	assert_int_equal(cmdline_dropped(), 5);
	text[0] = '-';
	text[1] = '-';
	text[2] = ' ';
	cmdline_init(text);
	assert_int_equal(cmdline_argc(), CMDLINE_WORDS_MAX + 1);
	assert_null(cmdline_argv()[CMDLINE_WORDS_MAX + 1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_has_its_value_and_the_last_one_counts),
		cmocka_unit_test(a_key_is_no_prefix_of_another),
		cmocka_unit_test(a_switch_is_on_alone_or_with_1),
		cmocka_unit_test(behind_two_dashes_come_environment_then_arguments),
		cmocka_unit_test(a_word_that_begins_with_a_digit_is_an_argument),
		cmocka_unit_test(without_dashes_the_program_has_only_its_name),
		cmocka_unit_test(quotes_keep_blanks_and_disappear),
		cmocka_unit_test(what_the_machine_appends_is_nobodys_argument),
		cmocka_unit_test(words_nobody_asked_for_are_reported),
		cmocka_unit_test(too_many_words_are_counted_and_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
