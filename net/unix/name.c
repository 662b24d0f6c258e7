/*
 * The namespace of Unix sockets: bytes to endpoints. A name that begins with a NUL is abstract and
 * means all of its bytes; another is a path and ends at its first NUL. Nothing here knows files.
 */
#include "net/unix/unix.h"

#include "lib/mem.h"

/* An automatic name: a NUL and five hexadecimal digits, as Linux makes them. */
#define AUTO_DIGITS 5u
#define AUTO_NAMES 0x100000u

/* A name as it is compared: a path without what follows its end. */
static size_t significant(const uint8_t *name, size_t len)
{
	size_t n = 0;

	if (len == 0 || name[0] == 0)
		return len;
	while (n < len && name[n] != 0)
		n++;
	return n;
}

/* As on Linux, each type of socket has abstract names of its own; paths are everybody's. */
static uint8_t kind_of(const uint8_t *name, uint8_t type)
{
	return name[0] == 0 ? type : 0;
}

static uint32_t hash_of(const struct holm_net *net, const uint8_t *name, size_t len, uint8_t kind)
{
	uint64_t state = len << 8 | kind;

	for (size_t i = 0; i < len; i += 8) {
		uint64_t word = 0;

		memcpy(&word, name + i, min_size(8, len - i));
		state = fold_hash_mix(&net->secrets.flow, state, word, i);
	}
	return fold_hash_end(&net->secrets.flow, state);
}

static struct unix_name *find(const struct holm_net *net, const uint8_t *bytes, size_t len,
			      uint8_t kind, uint32_t hash)
{
	struct htab_node *n;

	for (n = table_first(&net->unixes->names, hash); n;
	     n = table_next(&net->unixes->names, n)) {
		struct unix_name *name = container_of(n, struct unix_name, node);

		if (name->len == len && name->type == kind && memcmp(name->bytes, bytes, len) == 0)
			return name;
	}
	return NULL;
}

static struct unix_name *lookup(const struct holm_net *net, const uint8_t *bytes, size_t len,
				uint8_t type)
{
	uint8_t kind = kind_of(bytes, type);

	return find(net, bytes, len, kind, hash_of(net, bytes, len, kind));
}

void unix_name_put(struct holm_net *net, struct unix_name *name)
{
	if (name && --name->refs == 0)
		mem_free(&net->mem, name, sizeof(*name));
}

/* Out of the table, with the reference that it had there. */
static void unbind(struct holm_net *net, struct unix_name *name)
{
	table_remove(&net->unixes->names, &name->node);
	name->bound = false;
	unix_name_put(net, name);
}

int unix_bind(struct unix_end *e, const uint8_t *bytes, size_t len)
{
	struct holm_net *net = e->net;
	size_t n = significant(bytes, len);
	struct unix_name *name;
	uint32_t hash;
	uint8_t kind;

	if (n == 0 || len > UNIX_NAME_MAX || e->name)
		return -HOLM_EINVAL;
	kind = kind_of(bytes, e->type);
	hash = hash_of(net, bytes, n, kind);
	if (find(net, bytes, n, kind, hash))
		return -HOLM_EADDRINUSE;
	name = mem_zalloc(&net->mem, sizeof(*name));
	if (!name)
		return -HOLM_ENOMEM;
	memcpy(name->bytes, bytes, n);
	name->len = (uint8_t)n;
	name->type = kind;
	if (table_nodes(&net->unixes->names) >= net->config.sockets_max ||
	    !table_insert(&net->unixes->names, &name->node, hash)) {
		mem_free(&net->mem, name, sizeof(*name));
		return -HOLM_ENOMEM;
	}
	name->bound = true;
	name->refs = 2; /* the table's and the endpoint's */
	name->end = e;
	e->name = name;
	return 0;
}

int unix_autobind(struct unix_end *e)
{
	static const char digits[] = "0123456789abcdef";
	struct unix_state_table *st = e->net->unixes;

	if (e->name)
		return 0;
	for (uint32_t tries = 0; tries < AUTO_NAMES; tries++) {
		uint32_t number = st->autobound++ % AUTO_NAMES;
		uint8_t name[1 + AUTO_DIGITS] = { 0 };
		int err;

		for (unsigned i = 0; i < AUTO_DIGITS; i++)
			name[AUTO_DIGITS - i] = (uint8_t)digits[number >> 4 * i & 15];
		err = unix_bind(e, name, sizeof(name));
		if (err != -HOLM_EADDRINUSE)
			return err;
	}
	return -HOLM_ENOSPC;
}

int unix_lookup(const struct unix_end *e, const uint8_t *bytes, size_t len, struct unix_end **out)
{
	size_t n = significant(bytes, len);
	const struct unix_name *name;

	if (n == 0 || len > UNIX_NAME_MAX)
		return -HOLM_EINVAL;
	name = lookup(e->net, bytes, n, e->type);
	if (!name)
		return bytes[0] == 0 ? -HOLM_ECONNREFUSED : -HOLM_ENOENT;
	if (!name->end)
		return -HOLM_ECONNREFUSED;
	*out = name->end;
	return 0;
}

bool unix_path_exists(struct holm_net *net, const uint8_t *bytes, size_t len)
{
	size_t n = significant(bytes, len);

	return n > 0 && n <= UNIX_NAME_MAX && bytes[0] != 0 && lookup(net, bytes, n, 0);
}

int unix_unlink(struct holm_net *net, const uint8_t *bytes, size_t len)
{
	size_t n = significant(bytes, len);
	struct unix_name *name;

	if (n == 0 || n > UNIX_NAME_MAX || bytes[0] == 0)
		return -HOLM_ENOENT;
	name = lookup(net, bytes, n, 0);
	if (!name)
		return -HOLM_ENOENT;
	unbind(net, name);
	return 0;
}

void unix_name_leave(struct unix_end *e)
{
	struct unix_name *name = e->name;

	if (!name)
		return;
	e->name = NULL;
	/* The name may also be a child's: only whom it was bound to takes it out. */
	if (name->end == e) {
		name->end = NULL;
		if (name->bound && name->bytes[0] == 0)
			unbind(e->net, name);
	}
	unix_name_put(e->net, name);
}
