/* Tests of lib/assert: a true expression is silent, a false one reaches the owner's function. */
#include "lib/assert.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static jmp_buf back;
static const char *failed_expr;
static const char *failed_file;
static int failed_line;

/* Takes the place of the library's weak one, as a kernel's panic does. */
void holm_assert_failed(const char *expr, const char *file, int line)
{
	failed_expr = expr;
	failed_file = file;
	failed_line = line;
	longjmp(back, 1);
}

static void a_true_expression_does_nothing_but_is_evaluated_once(void **state)
{
	volatile int evaluated = 0;

	(void)state;
	if (setjmp(back) == 0)
		ASSERT(++evaluated == 1);
	else
		fail_msg("%s", "a true expression failed");
	assert_int_equal(evaluated, 1);
}

static void a_false_expression_names_itself_and_its_place(void **state)
{
	volatile int line = 0;

	(void)state;
	if (setjmp(back) == 0) {
		line = __LINE__ + 1;
		ASSERT(line == 0);
		fail_msg("%s", "a false expression passed");
	}
	assert_string_equal(failed_expr, "line == 0");
	assert_string_equal(failed_file, __FILE__);
	assert_int_equal(failed_line, line);
}

static void without_words_it_reaches_the_same_function(void **state)
{
	(void)state;
	failed_line = 1;
	if (setjmp(back) == 0) {
		assert_failed_silently();
		fail_msg("%s", "it came back");
	}
	assert_string_equal(failed_expr, "");
	assert_string_equal(failed_file, "");
	assert_int_equal(failed_line, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_true_expression_does_nothing_but_is_evaluated_once),
		cmocka_unit_test(a_false_expression_names_itself_and_its_place),
		cmocka_unit_test(without_words_it_reaches_the_same_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
