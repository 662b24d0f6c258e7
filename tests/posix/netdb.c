/*
 * Names of hosts and services: getaddrinfo(3), getnameinfo(3) and the older calls. What a case asks for
 * needs no name server, and no file but an /etc/hosts with localhost in it.
 */
#include "tests/posix/libc.h"

/* A machine may come without /etc/services. */
static bool knows_services(void)
{
	return getservbyname("http", "tcp") != NULL;
}

static struct addrinfo *resolve(const char *host, const char *service, struct addrinfo hints)
{
	struct addrinfo *list = NULL;

	EQ(getaddrinfo(host, service, &hints, &list), 0);
	CHECK(list != NULL);
	return list;
}

static int refused(const char *host, const char *service, struct addrinfo hints)
{
	struct addrinfo *list = NULL;
	int err = getaddrinfo(host, service, &hints, &list);

	CHECK(err != 0);
	return err;
}

static const char *host_of(const struct addrinfo *a)
{
	static char text[INET6_ADDRSTRLEN];
	const struct sockaddr_in *in = (const void *)a->ai_addr;
	const struct sockaddr_in6 *in6 = (const void *)a->ai_addr;

	return inet_ntop(a->ai_family,
			 a->ai_family == AF_INET ? (const void *)&in->sin_addr
						 : (const void *)&in6->sin6_addr,
			 text, sizeof(text));
}

static uint16_t port_in(const struct addrinfo *a)
{
	return ntohs(((const struct sockaddr_in *)(const void *)a->ai_addr)->sin_port);
}

#define HOST(a, expected) CHECK(strcmp(host_of(a), expected) == 0)
#define HINTS(...) ((struct addrinfo){ __VA_ARGS__ })

CASE(a_number_has_an_answer_for_every_kind_of_socket)
{
	struct addrinfo *list = resolve("10.0.2.15", "80", HINTS(0)), *a = list;

	EQ(a->ai_family, AF_INET);
	EQ(a->ai_socktype, SOCK_STREAM);
	EQ(a->ai_protocol, IPPROTO_TCP);
	EQ(a->ai_addrlen, sizeof(struct sockaddr_in));
	HOST(a, "10.0.2.15");
	EQ(port_in(a), 80);
	a = a->ai_next;
	EQ(a->ai_socktype, SOCK_DGRAM);
	EQ(a->ai_protocol, IPPROTO_UDP);
	EQ(port_in(a), 80);
	a = a->ai_next;
	EQ(a->ai_socktype, SOCK_RAW);
	EQ(a->ai_protocol, IPPROTO_IP);
	CHECK(a->ai_next == NULL);
	freeaddrinfo(list);
}

CASE(a_kind_of_socket_that_is_wished_for_is_the_only_one)
{
	struct addrinfo *list = resolve("10.0.2.15", "80", HINTS(.ai_socktype = SOCK_DGRAM));

	EQ(list->ai_socktype, SOCK_DGRAM);
	CHECK(list->ai_next == NULL);
	freeaddrinfo(list);
	list = resolve("10.0.2.15", "80", HINTS(.ai_protocol = IPPROTO_TCP));
	EQ(list->ai_socktype, SOCK_STREAM);
	CHECK(list->ai_next == NULL);
	freeaddrinfo(list);
}

CASE(a_protocol_of_no_kind_is_for_raw_sockets)
{
	struct addrinfo *list = resolve("10.0.2.15", NULL, HINTS(.ai_protocol = 99));

	EQ(list->ai_socktype, SOCK_RAW);
	EQ(list->ai_protocol, 99);
	CHECK(list->ai_next == NULL);
	freeaddrinfo(list);
}

CASE(a_kind_of_socket_that_does_not_exist_is_EAI_SOCKTYPE)
{
	EQ(refused("10.0.2.15", "80", HINTS(.ai_socktype = 99)), EAI_SOCKTYPE);
	EQ(refused("10.0.2.15", "80",
		   HINTS(.ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_UDP)),
	   EAI_SOCKTYPE);
}

CASE(no_host_is_any_address_for_servers)
{
	struct addrinfo *list = resolve(
		NULL, "8080",
		HINTS(.ai_flags = AI_PASSIVE, .ai_family = AF_INET, .ai_socktype = SOCK_STREAM));

	HOST(list, "0.0.0.0");
	EQ(port_in(list), 8080);
	CHECK(list->ai_next == NULL);
	freeaddrinfo(list);
}

CASE(no_host_is_the_loopback_for_clients)
{
	struct addrinfo *list =
		resolve(NULL, "8080", HINTS(.ai_family = AF_INET, .ai_socktype = SOCK_STREAM));

	HOST(list, "127.0.0.1");
	freeaddrinfo(list);
	list = resolve(NULL, "8080", HINTS(.ai_family = AF_INET6, .ai_socktype = SOCK_STREAM));
	HOST(list, "::1");
	freeaddrinfo(list);
}

CASE(no_host_is_both_families_for_who_wishes_none)
{
	struct addrinfo *list =
		resolve(NULL, "8080", HINTS(.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM));

	HOST(list, "0.0.0.0");
	HOST(list->ai_next, "::");
	CHECK(list->ai_next->ai_next == NULL);
	freeaddrinfo(list);
	list = resolve(NULL, "8080", HINTS(.ai_socktype = SOCK_STREAM));
	HOST(list, "::1");
	EQ(list->ai_addrlen, sizeof(struct sockaddr_in6));
	HOST(list->ai_next, "127.0.0.1");
	CHECK(list->ai_next->ai_next == NULL);
	freeaddrinfo(list);
}

/* One that there is: only the loopback has an address of IPv6, which does not count. */
CASE(families_without_an_address_are_left_out_where_that_is_wished)
{
	struct addrinfo *list;

	alone();
	list = resolve(NULL, "80", HINTS(.ai_flags = AI_ADDRCONFIG, .ai_socktype = SOCK_STREAM));
	HOST(list, "127.0.0.1");
	CHECK(list->ai_next == NULL);
	freeaddrinfo(list);
	EQ(refused("::1", "80", HINTS(.ai_flags = AI_ADDRCONFIG)), EAI_ADDRFAMILY);
	EQ(refused("::1", "80", HINTS(.ai_flags = AI_ADDRCONFIG, .ai_family = AF_INET6)),
	   EAI_NONAME);
	EQ(getaddrinfo("::1", "80", NULL, &list), EAI_ADDRFAMILY);
}

CASE(no_service_is_port_0)
{
	struct addrinfo *list = resolve("10.0.2.15", NULL, HINTS(.ai_socktype = SOCK_STREAM));

	EQ(port_in(list), 0);
	freeaddrinfo(list);
}

CASE(neither_host_nor_service_is_EAI_NONAME)
{
	EQ(refused(NULL, NULL, HINTS(0)), EAI_NONAME);
}

CASE(hints_may_be_missing)
{
	struct addrinfo *list;

	EQ(getaddrinfo("127.0.0.1", "7", NULL, &list), 0);
	HOST(list, "127.0.0.1");
	freeaddrinfo(list);
}

CASE(a_family_that_does_not_exist_is_EAI_FAMILY)
{
	EQ(refused("127.0.0.1", "80", HINTS(.ai_family = AF_UNIX)), EAI_FAMILY);
	EQ(refused("127.0.0.1", "80", HINTS(.ai_family = 99)), EAI_FAMILY);
}

CASE(a_flag_that_nobody_knows_is_EAI_BADFLAGS)
{
	EQ(refused("127.0.0.1", "80", HINTS(.ai_flags = 0x8000)), EAI_BADFLAGS);
}

CASE(a_canonical_name_of_nothing_is_EAI_BADFLAGS)
{
	EQ(refused(NULL, "80", HINTS(.ai_flags = AI_CANONNAME)), EAI_BADFLAGS);
}

CASE(numbers_may_be_short_hexadecimal_or_octal)
{
	struct addrinfo *list =
		resolve("127.1", NULL, HINTS(.ai_flags = AI_NUMERICHOST, .ai_family = AF_INET));

	HOST(list, "127.0.0.1");
	freeaddrinfo(list);
	list = resolve("0x7f000002", NULL, HINTS(.ai_flags = AI_NUMERICHOST));
	HOST(list, "127.0.0.2");
	freeaddrinfo(list);
	list = resolve("010.0.0.1", NULL, HINTS(.ai_flags = AI_NUMERICHOST));
	HOST(list, "8.0.0.1");
	freeaddrinfo(list);
}

CASE(a_number_of_six_has_its_family)
{
	struct addrinfo *list = resolve(
		"2001:db8::1", "80", HINTS(.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM));

	EQ(list->ai_family, AF_INET6);
	EQ(list->ai_addrlen, sizeof(struct sockaddr_in6));
	HOST(list, "2001:db8::1");
	EQ(port_in(list), 80);
	freeaddrinfo(list);
}

CASE(a_scope_goes_with_an_address)
{
	struct addrinfo *list = resolve("fe80::1%lo", NULL, HINTS(.ai_flags = AI_NUMERICHOST));

	EQ(((struct sockaddr_in6 *)(void *)list->ai_addr)->sin6_scope_id, 1);
	freeaddrinfo(list);
	list = resolve("fe80::1%7", NULL, HINTS(.ai_flags = AI_NUMERICHOST));
	EQ(((struct sockaddr_in6 *)(void *)list->ai_addr)->sin6_scope_id, 7);
	freeaddrinfo(list);
}

CASE(a_number_of_the_other_family_is_EAI_ADDRFAMILY)
{
	EQ(refused("127.0.0.1", NULL, HINTS(.ai_family = AF_INET6)), EAI_ADDRFAMILY);
	EQ(refused("::1", NULL, HINTS(.ai_family = AF_INET)), EAI_ADDRFAMILY);
}

CASE(a_number_of_four_can_be_mapped_into_six)
{
	struct addrinfo *list = resolve(
		"10.0.2.15", "80",
		HINTS(.ai_flags = AI_V4MAPPED, .ai_family = AF_INET6, .ai_socktype = SOCK_STREAM));

	EQ(list->ai_family, AF_INET6);
	HOST(list, "::ffff:10.0.2.15");
	freeaddrinfo(list);
}

CASE(what_is_no_number_is_EAI_NONAME_where_only_numbers_count)
{
	EQ(refused("localhost", "80", HINTS(.ai_flags = AI_NUMERICHOST)), EAI_NONAME);
	EQ(refused("10.0.2", "80", HINTS(.ai_flags = AI_NUMERICHOST, .ai_family = AF_INET6)),
	   EAI_ADDRFAMILY);
	EQ(refused("10.0.0.256", "80", HINTS(.ai_flags = AI_NUMERICHOST)), EAI_NONAME);
	EQ(refused("", "80", HINTS(.ai_flags = AI_NUMERICHOST)), EAI_NONAME);
}

CASE(a_service_by_name_is_EAI_NONAME_where_only_numbers_count)
{
	EQ(refused("127.0.0.1", "http", HINTS(.ai_flags = AI_NUMERICSERV)), EAI_NONAME);
}

CASE(a_service_that_does_not_exist_is_EAI_SERVICE)
{
	EQ(refused("127.0.0.1", "no-such-service", HINTS(0)), EAI_SERVICE);
	EQ(refused("127.0.0.1", "80x", HINTS(.ai_socktype = SOCK_STREAM)), EAI_SERVICE);
}

CASE(a_service_by_name_is_a_port_for_the_kinds_that_have_it)
{
	struct addrinfo *list;

	if (!knows_services())
		return;
	list = resolve("127.0.0.1", "ssh", HINTS(0));
	EQ(port_in(list), 22);
	EQ(list->ai_socktype, SOCK_STREAM);
	CHECK(list->ai_next == NULL);
	freeaddrinfo(list);
	list = resolve("127.0.0.1", "domain", HINTS(0));
	EQ(port_in(list), 53);
	EQ(list->ai_next->ai_socktype, SOCK_DGRAM);
	EQ(port_in(list->ai_next), 53);
	CHECK(list->ai_next->ai_next == NULL);
	freeaddrinfo(list);
	EQ(refused("127.0.0.1", "tftp", HINTS(.ai_socktype = SOCK_STREAM)), EAI_SERVICE);
	EQ(refused("127.0.0.1", "ssh", HINTS(.ai_socktype = SOCK_RAW)), EAI_SERVICE);
}

CASE(the_canonical_name_of_a_number_is_the_number)
{
	struct addrinfo *list = resolve("127.0.0.1", "80", HINTS(.ai_flags = AI_CANONNAME));

	CHECK(list->ai_canonname && strcmp(list->ai_canonname, "127.0.0.1") == 0);
	CHECK(list->ai_next->ai_canonname == NULL);
	freeaddrinfo(list);
	list = resolve("127.0.0.1", "80", HINTS(0));
	CHECK(list->ai_canonname == NULL);
	freeaddrinfo(list);
}

CASE(localhost_is_the_loopback)
{
	struct addrinfo *list =
		resolve("localhost", "80", HINTS(.ai_family = AF_INET, .ai_socktype = SOCK_STREAM));

	HOST(list, "127.0.0.1");
	EQ(port_in(list), 80);
	freeaddrinfo(list);
}

CASE(localhost_has_a_canonical_name)
{
	struct addrinfo *list = resolve(
		"localhost", "80",
		HINTS(.ai_flags = AI_CANONNAME, .ai_family = AF_INET, .ai_socktype = SOCK_STREAM));

	CHECK(list->ai_canonname && strncmp(list->ai_canonname, "localhost", 9) == 0);
	freeaddrinfo(list);
}

CASE(what_an_answer_says_can_be_connected_to)
{
	char service[8];
	struct addrinfo *list;
	uint16_t port;

	(void)listening(1, &port);
	snprintf(service, sizeof(service), "%u", port);
	list = resolve("localhost", service,
		       HINTS(.ai_family = AF_INET, .ai_socktype = SOCK_STREAM));
	OK(connect((int)OK(socket(list->ai_family, list->ai_socktype, list->ai_protocol)),
		   list->ai_addr, list->ai_addrlen));
	freeaddrinfo(list);
}

CASE(errors_have_texts)
{
	CHECK(strcmp(gai_strerror(EAI_NONAME), "Name or service not known") == 0);
	CHECK(strcmp(gai_strerror(EAI_FAMILY), "ai_family not supported") == 0);
	CHECK(strcmp(gai_strerror(12345), "Unknown error") == 0);
}

/* ---- getnameinfo() ---- */

static int name_of(const char *ip, uint16_t port, char *host, size_t host_len, char *service,
		   size_t service_len, int flags)
{
	struct sockaddr_in sa = at(ip, port);

	return getnameinfo((struct sockaddr *)&sa, sizeof(sa), host, (socklen_t)host_len, service,
			   (socklen_t)service_len, flags);
}

CASE(an_address_and_a_port_are_written_as_numbers)
{
	char host[64], service[16];

	EQ(name_of("10.0.2.15", 8080, host, sizeof(host), service, sizeof(service),
		   NI_NUMERICHOST | NI_NUMERICSERV),
	   0);
	CHECK(strcmp(host, "10.0.2.15") == 0);
	CHECK(strcmp(service, "8080") == 0);
}

CASE(only_the_address_or_only_the_port_may_be_asked_for)
{
	char text[64];

	EQ(name_of("10.0.2.15", 80, text, sizeof(text), NULL, 0, NI_NUMERICHOST), 0);
	CHECK(strcmp(text, "10.0.2.15") == 0);
	EQ(name_of("10.0.2.15", 80, NULL, 0, text, sizeof(text), NI_NUMERICSERV), 0);
	CHECK(strcmp(text, "80") == 0);
}

CASE(a_number_that_does_not_fit_is_EAI_OVERFLOW)
{
	char text[9];

	EQ(name_of("10.0.2.15", 80, text, sizeof(text), NULL, 0, NI_NUMERICHOST), EAI_OVERFLOW);
	EQ(name_of("10.0.2.15", 65000, NULL, 0, text, 5, NI_NUMERICSERV), EAI_OVERFLOW);
}

CASE(an_address_of_no_family_is_EAI_FAMILY)
{
	struct sockaddr_in sa = at("10.0.2.15", 80);
	char text[64];

	EQ(getnameinfo((struct sockaddr *)&sa, sizeof(sa) - 1, text, sizeof(text), NULL, 0,
		       NI_NUMERICHOST),
	   EAI_FAMILY);
	sa.sin_family = 99;
	EQ(getnameinfo((struct sockaddr *)&sa, sizeof(sa), text, sizeof(text), NULL, 0,
		       NI_NUMERICHOST),
	   EAI_FAMILY);
}

CASE(a_flag_of_getnameinfo_that_nobody_knows_is_EAI_BADFLAGS)
{
	char text[64];

	EQ(name_of("10.0.2.15", 80, text, sizeof(text), NULL, 0, 0x8000), EAI_BADFLAGS);
}

CASE(an_address_of_six_is_written_with_its_scope)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_scope_id = 1 };
	char text[64];

	inet_pton(AF_INET6, "fe80::1", &sa.sin6_addr);
	EQ(getnameinfo((struct sockaddr *)&sa, sizeof(sa), text, sizeof(text), NULL, 0,
		       NI_NUMERICHOST),
	   0);
	CHECK(strcmp(text, "fe80::1%lo") == 0);
	sa.sin6_scope_id = 0;
	inet_pton(AF_INET6, "2001:db8::1", &sa.sin6_addr);
	EQ(getnameinfo((struct sockaddr *)&sa, sizeof(sa), text, sizeof(text), NULL, 0,
		       NI_NUMERICHOST),
	   0);
	CHECK(strcmp(text, "2001:db8::1") == 0);
}

CASE(the_loopback_has_the_name_localhost)
{
	char text[64];

	EQ(name_of("127.0.0.1", 80, text, sizeof(text), NULL, 0, NI_NAMEREQD), 0);
	CHECK(strncmp(text, "localhost", 9) == 0);
}

CASE(a_port_has_the_name_of_its_service)
{
	char text[64];

	if (!knows_services())
		return;
	EQ(name_of("127.0.0.1", 22, NULL, 0, text, sizeof(text), 0), 0);
	CHECK(strcmp(text, "ssh") == 0);
	EQ(name_of("127.0.0.1", 69, NULL, 0, text, sizeof(text), NI_DGRAM), 0);
	CHECK(strcmp(text, "tftp") == 0);
	EQ(name_of("127.0.0.1", 64999, NULL, 0, text, sizeof(text), 0), 0);
	CHECK(strcmp(text, "64999") == 0);
}

/* ---- the older calls ---- */

CASE(gethostbyname_knows_numbers_and_localhost)
{
	struct hostent *h = gethostbyname("10.0.2.15");
	char text[INET_ADDRSTRLEN];

	CHECK(h != NULL && h->h_addrtype == AF_INET && h->h_length == 4 &&
	      h->h_addr_list[1] == NULL);
	inet_ntop(AF_INET, h->h_addr_list[0], text, sizeof(text));
	CHECK(strcmp(text, "10.0.2.15") == 0);
	CHECK(strcmp(h->h_name, "10.0.2.15") == 0);
	h = gethostbyname("localhost");
	CHECK(h != NULL);
	inet_ntop(AF_INET, h->h_addr_list[0], text, sizeof(text));
	CHECK(strcmp(text, "127.0.0.1") == 0);
}

CASE(gethostbyname2_knows_either_family)
{
	struct hostent *h = gethostbyname2("2001:db8::15", AF_INET6);
	struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT;
	char text[INET6_ADDRSTRLEN];

	CHECK(h != NULL && h->h_addrtype == AF_INET6 && h->h_length == 16 &&
	      h->h_addr_list[1] == NULL);
	inet_ntop(AF_INET6, h->h_addr_list[0], text, sizeof(text));
	CHECK(strcmp(text, "2001:db8::15") == 0);
	CHECK(strcmp(h->h_name, "2001:db8::15") == 0);
	h = gethostbyname2("10.0.2.15", AF_INET);
	CHECK(h != NULL && h->h_addrtype == AF_INET && h->h_length == 4);
	CHECK(gethostbyname2("2001:db8::15", AF_INET) == NULL);
	if (DIFFERS("glibc returns what it found last for a number of a family that it does not know")) {
		errno = 0;
		CHECK(gethostbyname2("10.0.2.15", AF_UNIX) == NULL);
		EQ(h_errno, NETDB_INTERNAL);
		EQ(errno, EAFNOSUPPORT);
	}
	if (DIFFERS("it is a name without a file that says so; not every machine's file does")) {
		h = gethostbyaddr(&loopback, sizeof(loopback), AF_INET6);
		CHECK(h != NULL && h->h_addrtype == AF_INET6 && h->h_length == 16);
		CHECK(memcmp(h->h_addr_list[0], &loopback, 16) == 0);
	}
}

CASE(gethostbyaddr_knows_the_loopback)
{
	struct in_addr in = { htonl(INADDR_LOOPBACK) };
	struct hostent *h = gethostbyaddr(&in, sizeof(in), AF_INET);

	CHECK(h != NULL && strncmp(h->h_name, "localhost", 9) == 0);
}

CASE(services_are_known_by_name_and_by_port)
{
	struct servent *s;

	if (!knows_services())
		return;
	s = getservbyname("http", "tcp");
	EQ(ntohs((uint16_t)s->s_port), 80);
	CHECK(strcmp(s->s_proto, "tcp") == 0);
	s = getservbyport(htons(53), "udp");
	CHECK(s != NULL && strcmp(s->s_name, "domain") == 0 && strcmp(s->s_proto, "udp") == 0);
	CHECK(getservbyname("no-such-service", "tcp") == NULL);
	CHECK(getservbyname("ssh", "udp") == NULL);
	CHECK(getservbyname("ssh", NULL) != NULL);
}

#ifdef POSIX_ON_HOLM
CASE(protocols_are_known_by_name_and_by_number)
{
	CHECK(getprotobyname("udp")->p_proto == 17);
	CHECK(strcmp(getprotobynumber(6)->p_name, "tcp") == 0);
	CHECK(getprotobyname("no-such-protocol") == NULL);
}

/* Nobody listens at 127.0.0.1:53, which is who is asked when no server is known. */
CASE(a_name_without_a_name_server_is_for_later)
{
	EQ(refused("host.example.org", "80", HINTS(0)), EAI_AGAIN);
	CHECK(gethostbyname("host.example.org") == NULL);
	EQ(h_errno, TRY_AGAIN);
	EQ(refused("no host is called so", "80", HINTS(0)), EAI_NONAME);
}

CASE(a_name_of_a_family_that_the_machine_lacks_is_not_asked_for)
{
	EQ(refused("host.example.org", "80",
		   HINTS(.ai_flags = AI_ADDRCONFIG, .ai_family = AF_INET6)),
	   EAI_NONAME);
}
#endif
