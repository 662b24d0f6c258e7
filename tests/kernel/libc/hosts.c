/* hosts.c -- what the text of a hosts(5) says about names and addresses. */
#include "kernel/libc/lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/exact.h"

static const char usual[] = "# the table\n"
			    "127.0.0.1\tlocalhost localhost.localdomain\n"
			    "\n"
			    "10.0.0.7  mail.example.org mail   # and its alias\n"
			    "  10.0.0.8 www\tmail\r\n"
			    "2001:db8::7 mail.example.org\n"
			    "not.an.address mail\n"
			    "10.0.0.9\n"
			    "10.0.0.10 last";

static size_t find(const char *text, const char *name, unsigned families, struct lookup *out)
{
	size_t len = strlen(text);
	uint8_t *exact = exact_copy(text, len);

	memset(out, 0, sizeof(*out));
	(void)hosts_find((const char *)exact, len, name, families, out);
	free(exact);
	return out->n;
}

static void a_name_may_stand_on_several_lines(void **state)
{
	struct lookup l;

	(void)state;
	assert_int_equal(find(usual, "mail", HOSTS_IP4, &l), 2);
	assert_int_equal(l.addrs[0].b[15], 7);
	assert_int_equal(l.addrs[1].b[15], 8);
	assert_string_equal(l.canonical, "mail.example.org");
}

static void a_line_is_for_its_family(void **state)
{
	struct lookup l;

	(void)state;
	assert_int_equal(find(usual, "mail.example.org", HOSTS_IP6, &l), 1);
	assert_int_equal(l.addrs[0].b[0], 0x20);
	assert_int_equal(find(usual, "mail.example.org", HOSTS_IP4 | HOSTS_IP6, &l), 2);
	assert_int_equal(find(usual, "www", HOSTS_IP6, &l), 0);
}

static void names_are_the_same_whatever_their_case(void **state)
{
	struct lookup l;

	(void)state;
	assert_int_equal(find(usual, "LocalHost", HOSTS_IP4, &l), 1);
	assert_string_equal(l.canonical, "localhost");
}

static void what_is_no_name_is_not_found(void **state)
{
	struct lookup l;

	(void)state;
	assert_int_equal(find(usual, "and", HOSTS_IP4, &l), 0);
	assert_int_equal(find(usual, "mai", HOSTS_IP4, &l), 0);
	assert_int_equal(find(usual, "maill", HOSTS_IP4, &l), 0);
	assert_int_equal(find(usual, "10.0.0.7", HOSTS_IP4, &l), 0);
	assert_int_equal(find(usual, "", HOSTS_IP4, &l), 0);
	assert_int_equal(find("", "mail", HOSTS_IP4, &l), 0);
}

static void the_last_line_needs_no_end(void **state)
{
	struct lookup l;

	(void)state;
	assert_int_equal(find(usual, "last", HOSTS_IP4, &l), 1);
	assert_int_equal(l.addrs[0].b[15], 10);
	assert_int_equal(find("10.0.0.1 a\n", "a", HOSTS_IP4, &l), 1);
	assert_int_equal(find("\n\n#\n10.0.0.1 a", "a", HOSTS_IP4, &l), 1);
}

static void more_lines_than_fit_are_left_out(void **state)
{
	static const char line[] = "10.0.0.1 a\n";
	char text[100 * sizeof(line)] = "";
	struct lookup l;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		memcpy(text + i * (sizeof(line) - 1), line, sizeof(line));
	assert_int_equal(find(text, "a", HOSTS_IP4, &l), sizeof(l.addrs) / sizeof(l.addrs[0]));
}

static void an_address_has_the_first_name_of_its_line(void **state)
{
	struct holm_addr addr = holm_addr_ip4(10, 0, 0, 8);
	char name[64];

	(void)state;
	assert_true(hosts_find_addr(usual, strlen(usual), &addr, name, sizeof(name)));
	assert_string_equal(name, "www");
	addr.b[15] = 9;
	assert_false(hosts_find_addr(usual, strlen(usual), &addr, name, sizeof(name)));
	assert_false(hosts_find_addr("", 0, &addr, name, sizeof(name)));
	addr.b[15] = 10;
	assert_true(hosts_find_addr(usual, strlen(usual), &addr, name, 3));
	assert_string_equal(name, "la");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_may_stand_on_several_lines),
		cmocka_unit_test(a_line_is_for_its_family),
		cmocka_unit_test(names_are_the_same_whatever_their_case),
		cmocka_unit_test(what_is_no_name_is_not_found),
		cmocka_unit_test(the_last_line_needs_no_end),
		cmocka_unit_test(more_lines_than_fit_are_left_out),
		cmocka_unit_test(an_address_has_the_first_name_of_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
