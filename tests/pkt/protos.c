/* See protos.h. */
#include "tests/pkt/protos.h"

#include <stddef.h>
#include <string.h>

#include "net/core/proto.h"
#include "tests/pkt/token.h"

static const struct holm_proto *const all[] = {
	&holm_arp, &holm_ipv4, HOLM_IP_PARTS, &holm_icmp4,    &holm_ipv6,    &holm_icmp6,
	&holm_nd,  &holm_udp,  &holm_tcp,     HOLM_TCP_PARTS, &holm_sockets, &holm_sockets6,
};

#define ALL (sizeof(all) / sizeof(all[0]))

static bool is_named(const char *names, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = strstr(names, name); at; at = strstr(at + 1, name))
		if ((at == names || at[-1] == ',') && (at[len] == '\0' || at[len] == ','))
			return true;
	return false;
}

static void check_names(const char *names)
{
	for (const char *at = names; *at;) {
		size_t len = strcspn(at, ","), i = 0;

		while (i < ALL && (strlen(all[i]->name) != len || memcmp(all[i]->name, at, len)))
			i++;
		if (i == ALL)
			fail("there is no protocol %.*s", (int)len, at);
		at += len + (at[len] == ',');
	}
}

void protos_list(const struct holm_proto *list[static PROTOS_MAX], const char *without)
{
	size_t n = 0;

	check_names(without);
	for (size_t i = 0; i < ALL; i++)
		if (!is_named(without, all[i]->name))
			list[n++] = all[i];
	list[n] = NULL;
}

_Static_assert(ALL < PROTOS_MAX, "the list has an end");
