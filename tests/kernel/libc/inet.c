/* inet.c -- addresses as text, by the functions that programs in the image get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* The host's library has these names too, and a sanitizer wants them: ours get others. */
#define inet_pton our_inet_pton
#define inet_ntop our_inet_ntop
#define inet_aton our_inet_aton
#define inet_addr our_inet_addr
#define inet_ntoa our_inet_ntoa
#include "kernel/libc/inet.c"

/* errno in the image is kernel/libc's own; here it is the host's. */
int libc_fail(int error)
{
	errno = error;
	return -1;
}

static void inet_pton_reads_what_it_should(void **state)
{
	static const uint8_t four[4] = { 10, 0, 2, 15 };
	uint8_t got[16];

	(void)state;
	assert_int_equal(inet_pton(AF_INET, "10.0.2.15", got), 1);
	assert_memory_equal(got, four, 4);
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::1", got), 1);
	assert_int_equal(got[0], 0x20);
	assert_int_equal(got[15], 1);
	assert_int_equal(inet_pton(AF_INET6, "::ffff:10.0.2.15", got), 1);
	assert_memory_equal(got + 12, four, 4);
}

static void inet_pton_refuses_the_rest(void **state)
{
	static const char *const bad[] = { "",	       "1.2.3",	   "1.2.3.4.5", "1.2.3.256",
					   "1.2.3.4 ", " 1.2.3.4", "1..2.3",	"::1",
					   "a.b.c.d",  "0x1.2.3.4" };
	uint8_t got[16];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(inet_pton(AF_INET, bad[i], got), 0);
	assert_int_equal(inet_pton(AF_INET6, "1.2.3.4", got), 0);
	assert_int_equal(inet_pton(AF_INET6, "1::2::3", got), 0);
	errno = 0;
	assert_int_equal(inet_pton(AF_UNIX, "1.2.3.4", got), -1);
	assert_int_equal(errno, EAFNOSUPPORT);
}

static void inet_ntop_writes_and_needs_room_for_all_of_it(void **state)
{
	static const uint8_t four[4] = { 192, 168, 178, 120 };
	static const uint8_t mapped[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4 };
	static const uint8_t loopback[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
	char text[INET6_ADDRSTRLEN];

	(void)state;
	assert_string_equal(inet_ntop(AF_INET, four, text, 16), "192.168.178.120");
	assert_string_equal(inet_ntop(AF_INET6, mapped, text, sizeof(text)), "::ffff:1.2.3.4");
	assert_string_equal(inet_ntop(AF_INET6, loopback, text, sizeof(text)), "::1");
	errno = 0;
	assert_null(inet_ntop(AF_INET, four, text, 15));
	assert_int_equal(errno, ENOSPC);
}

static void inet_aton_knows_the_old_forms(void **state)
{
	struct in_addr a;

	(void)state;
	assert_int_equal(inet_aton("127.0.0.1", &a), 1);
	assert_int_equal(ntohl(a.s_addr), 0x7f000001);
	assert_int_equal(inet_aton("127.1", &a), 1);
	assert_int_equal(ntohl(a.s_addr), 0x7f000001);
	assert_int_equal(inet_aton("1.2.258", &a), 1);
	assert_int_equal(ntohl(a.s_addr), 0x01020102);
	assert_int_equal(inet_aton("0x7f000001", &a), 1);
	assert_int_equal(ntohl(a.s_addr), 0x7f000001);
	assert_int_equal(inet_aton("010.0.0.1", &a), 1);
	assert_int_equal(ntohl(a.s_addr), 0x08000001);
	assert_int_equal(inet_aton("4294967295", &a), 1);
	assert_int_equal(inet_aton("1.2.3.4 trailing", &a), 1);
}

static void inet_aton_refuses_what_does_not_fit(void **state)
{
	static const char *const bad[] = { "",		".",	     "1.",	   "256.0.0.1",
					   "1.2.3.256", "1.2.65536", "1.16777216", "4294967296",
					   "1.2.3.4.5", "1.2.3.4x",  "09",	   "0x",
					   "-1" };
	struct in_addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(inet_aton(bad[i], &a), 0);
	assert_int_equal(inet_addr("nonsense"), INADDR_NONE);
}

static void inet_ntoa_writes_an_address(void **state)
{
	struct in_addr a = { .s_addr = htonl(0x0a00020f) };

	(void)state;
	assert_string_equal(inet_ntoa(a), "10.0.2.15");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inet_pton_reads_what_it_should),
		cmocka_unit_test(inet_pton_refuses_the_rest),
		cmocka_unit_test(inet_ntop_writes_and_needs_room_for_all_of_it),
		cmocka_unit_test(inet_aton_knows_the_old_forms),
		cmocka_unit_test(inet_aton_refuses_what_does_not_fit),
		cmocka_unit_test(inet_ntoa_writes_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
