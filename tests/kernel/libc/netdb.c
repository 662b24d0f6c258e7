/* netdb.c -- names to addresses, by the functions that programs in the image get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* The host's library has these names too, and a sanitizer wants them: ours get others. */
#define getaddrinfo our_getaddrinfo
#define freeaddrinfo our_freeaddrinfo
#define gai_strerror our_gai_strerror
#define getnameinfo our_getnameinfo
#include "kernel/libc/netdb.c"

static uint32_t address(const struct addrinfo *a)
{
	return ntohl(((const struct sockaddr_in *)(const void *)a->ai_addr)->sin_addr.s_addr);
}

static void a_number_gives_one_answer_per_kind_of_socket(void **state)
{
	struct addrinfo *list;

	(void)state;
	assert_int_equal(getaddrinfo("10.0.2.15", "80", NULL, &list), 0);
	assert_int_equal(list->ai_socktype, SOCK_STREAM);
	assert_int_equal(list->ai_protocol, IPPROTO_TCP);
	assert_int_equal(list->ai_addrlen, sizeof(struct sockaddr_in));
	assert_int_equal(address(list), 0x0a00020f);
	assert_non_null(list->ai_next);
	assert_int_equal(list->ai_next->ai_socktype, SOCK_DGRAM);
	assert_null(list->ai_next->ai_next);
	freeaddrinfo(list);
}

static void no_host_is_any_for_servers_and_loopback_for_clients(void **state)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;

	(void)state;
	assert_int_equal(getaddrinfo(NULL, "8080", &hints, &list), 0);
	assert_int_equal(address(list), 0);
	assert_null(list->ai_next);
	freeaddrinfo(list);
	hints.ai_flags = 0;
	assert_int_equal(getaddrinfo(NULL, "8080", &hints, &list), 0);
	assert_int_equal(address(list), 0x7f000001);
	freeaddrinfo(list);
}

static void what_cannot_be_answered_says_why(void **state)
{
	struct addrinfo hints = { .ai_family = AF_UNIX };
	struct addrinfo *list;

	(void)state;
	assert_int_equal(getaddrinfo("example.org", "80", NULL, &list), EAI_NONAME);
	assert_null(list);
	assert_int_equal(getaddrinfo("10.0.2.15", "http", NULL, &list), EAI_SERVICE);
	assert_int_equal(getaddrinfo("10.0.2.15", "65536", NULL, &list), EAI_SERVICE);
	assert_int_equal(getaddrinfo(NULL, NULL, NULL, &list), EAI_NONAME);
	assert_int_equal(getaddrinfo("10.0.2.15", NULL, &hints, &list), EAI_FAMILY);
	hints = (struct addrinfo){ .ai_socktype = SOCK_RAW };
	assert_int_equal(getaddrinfo("10.0.2.15", NULL, &hints, &list), EAI_SOCKTYPE);
}

static void an_ipv6_number_answers_in_its_family(void **state)
{
	struct addrinfo *list;

	(void)state;
	assert_int_equal(getaddrinfo("2001:db8::1", "53", NULL, &list), 0);
	assert_int_equal(list->ai_family, AF_INET6);
	freeaddrinfo(list);
	assert_string_equal(gai_strerror(EAI_NONAME), "Name or service not known");
}

static void getnameinfo_writes_numbers(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(80) };
	char host[64], service[16];

	(void)state;
	in.sin_addr.s_addr = htonl(0x0a00020f);
	assert_int_equal(getnameinfo((const struct sockaddr *)&in, sizeof(in), host, sizeof(host),
				     service, sizeof(service), 0),
			 0);
	assert_string_equal(host, "10.0.2.15");
	assert_string_equal(service, "80");
	assert_int_equal(getnameinfo((const struct sockaddr *)&in, sizeof(in), host, 4, NULL, 0, 0),
			 EAI_OVERFLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_gives_one_answer_per_kind_of_socket),
		cmocka_unit_test(no_host_is_any_for_servers_and_loopback_for_clients),
		cmocka_unit_test(what_cannot_be_answered_says_why),
		cmocka_unit_test(an_ipv6_number_answers_in_its_family),
		cmocka_unit_test(getnameinfo_writes_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
