/* The names of the machine: uname(2), gethostname(2), getdomainname(2). */
#include "tests/posix/libc.h"

CASE(uname_has_all_names)
{
	struct utsname u;

	OK(uname(&u));
	CHECK(u.sysname[0] && u.nodename[0] && u.release[0] && u.version[0] && u.machine[0]);
}

#if defined(__x86_64__)
#define MACHINE "x86_64"
#elif defined(__aarch64__)
#define MACHINE "aarch64"
#else
#define MACHINE "riscv64"
#endif

CASE(the_machine_is_the_one_that_was_compiled_for)
{
	struct utsname u;

	OK(uname(&u));
	CHECK(strcmp(u.machine, MACHINE) == 0);
}

CASE(the_host_name_is_the_node_name_of_uname)
{
	struct utsname u;
	char name[65];

	OK(uname(&u));
	OK(gethostname(name, sizeof(name)));
	CHECK(strcmp(name, u.nodename) == 0);
}

CASE(a_host_name_that_does_not_fit_is_cut_and_said_to_be)
{
	char name[65], cut[3] = "??";

	OK(gethostname(name, sizeof(name)));
	CHECK(strlen(name) > 1);
	FAILS(gethostname(cut, 1), ENAMETOOLONG);
	EQ(cut[0], name[0]);
	EQ(cut[1], '?');
}

CASE(a_host_name_can_be_changed)
{
	struct utsname u;
	char name[65];

	if (!own_names())
		return;
	OK(sethostname("harbour", 7));
	OK(gethostname(name, sizeof(name)));
	CHECK(strcmp(name, "harbour") == 0);
	OK(sethostname("pierside", 4));
	OK(uname(&u));
	CHECK(strcmp(u.nodename, "pier") == 0);
}

CASE(a_host_name_may_be_as_long_as_64)
{
	char longest[65], name[65];

	if (!own_names())
		return;
	memset(longest, 'x', sizeof(longest));
	OK(sethostname(longest, 64));
	OK(gethostname(name, sizeof(name)));
	EQ(strlen(name), 64);
	FAILS(sethostname(longest, 65), EINVAL);
	OK(gethostname(name, sizeof(name)));
	EQ(strlen(name), 64);
}

CASE(a_host_name_may_be_empty)
{
	char name[65] = "?";

	if (!own_names())
		return;
	OK(sethostname("", 0));
	OK(gethostname(name, sizeof(name)));
	EQ(name[0], 0);
}

CASE(a_domain_name_can_be_changed)
{
	struct utsname u;
	char name[65];

	if (!own_names())
		return;
	OK(setdomainname("example.org", 11));
	OK(getdomainname(name, sizeof(name)));
	CHECK(strcmp(name, "example.org") == 0);
	OK(uname(&u));
	CHECK(strcmp(u.domainname, "example.org") == 0);
	FAILS(setdomainname(name, 65), EINVAL);
}

CASE(a_domain_name_that_does_not_fit_is_cut)
{
	char cut[5] = "????";

	if (!own_names())
		return;
	OK(setdomainname("example.org", 11));
	OK(getdomainname(cut, 3));
	CHECK(memcmp(cut, "exa?", 4) == 0);
}

CASE(changing_a_name_of_the_machine_needs_a_right)
{
	static const char too_long[100];

	alone();
	give_up(RIGHT_NAMES);
	FAILS(sethostname("harbour", 7), EPERM);
	FAILS(setdomainname("example.org", 11), EPERM);
	FAILS(sethostname(too_long, sizeof(too_long)), EPERM);
}
