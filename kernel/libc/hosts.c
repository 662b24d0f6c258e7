/* hosts.c -- the text of a hosts(5): an address, a name, more names; "#" to the end of the line. Pure. */
#include "kernel/libc/lookup.h"

#include <string.h>
#include <strings.h>

#include <holm/types.h>

struct text {
	const char *at, *end;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of the line; empty at its end. */
static struct holm_span next_word(struct text *t)
{
	const char *from;

	while (t->at < t->end && is_blank(*t->at))
		t->at++;
	from = t->at;
	while (t->at < t->end && !is_blank(*t->at) && *t->at != '\n' && *t->at != '#')
		t->at++;
	return (struct holm_span){ (const uint8_t *)from, (size_t)(t->at - from) };
}

static bool next_line(struct text *t)
{
	while (t->at < t->end && *t->at != '\n')
		t->at++;
	if (t->at < t->end)
		t->at++;
	return t->at < t->end;
}

static bool is_word(struct holm_span word, const char *name)
{
	return word.len == strlen(name) &&
	       strncasecmp((const char *)word.data, name, word.len) == 0;
}

/* The line's address and first name; false: it has none. */
static bool read_line(struct text *t, struct holm_addr *addr, struct holm_span *first)
{
	struct holm_span word = next_word(t);

	if (word.len == 0 || holm_addr_parse(addr, (const char *)word.data, word.len) != 0)
		return false;
	*first = next_word(t);
	return first->len > 0;
}

static void put(struct holm_span word, char *out, size_t room)
{
	size_t n = word.len < room - 1 ? word.len : room - 1;

	memcpy(out, word.data, n);
	out[n] = '\0';
}

/* One of the names on the rest of the line? */
static bool has_name(struct text *t, struct holm_span first, const char *name)
{
	struct holm_span word = first;

	while (word.len > 0 && !is_word(word, name))
		word = next_word(t);
	return word.len > 0;
}

bool hosts_find(const char *text, size_t len, const char *name, unsigned families,
		struct lookup *out)
{
	struct text t = { text, text + len };
	size_t before = out->n;

	if (len == 0)
		return false;
	do {
		struct holm_span first;
		struct holm_addr addr;

		if (!read_line(&t, &addr, &first) || !has_name(&t, first, name) ||
		    (families & (holm_addr_is_ip4(&addr) ? HOSTS_IP4 : HOSTS_IP6)) == 0 ||
		    out->n == sizeof(out->addrs) / sizeof(out->addrs[0]))
			continue;
		if (out->n == before)
			put(first, out->canonical, sizeof(out->canonical));
		out->addrs[out->n++] = addr;
	} while (next_line(&t));
	return out->n > before;
}

bool hosts_find_addr(const char *text, size_t len, const struct holm_addr *addr, char *name,
		     size_t room)
{
	struct text t = { text, text + len };

	if (len == 0)
		return false;
	do {
		struct holm_span first;
		struct holm_addr a;

		if (!read_line(&t, &a, &first) || !holm_addr_equal(&a, addr))
			continue;
		put(first, name, room);
		return true;
	} while (next_line(&t));
	return false;
}
