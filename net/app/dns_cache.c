/*
 * What the resolver remembers: answers, and that there is none (RFC 2308), for as long as they said. A
 * list in order of use; `cache_max` keeps looking through it cheap beside a question to a server.
 */
#include "net/app/dns.h"

#include "lib/compiler.h"
#include "lib/mem.h"

static struct dns_entry *entry_of(struct list_node *n)
{
	return container_of(n, struct dns_entry, node);
}

static void remove(struct holm_dns *dns, struct dns_entry *e)
{
	const struct holm_memory *memory = holm_net_memory(dns->net);

	list_remove(&e->node);
	dns->nentries--;
	memory->free(memory->ctx, e, sizeof(*e));
}

static struct dns_entry *find(struct holm_dns *dns, const struct dns_key *key)
{
	for (struct list_node *n = list_first(&dns->entries); n; n = list_next(&dns->entries, n))
		if (dns_key_equal(&entry_of(n)->key, key))
			return entry_of(n);
	return NULL;
}

bool dns_cache_find(struct holm_dns *dns, const struct dns_key *key, uint64_t now,
		    struct holm_dns_result *result)
{
	struct dns_entry *e = find(dns, key);

	if (!e)
		return false;
	if (now >= e->expire_ns) {
		remove(dns, e);
		return false;
	}
	list_remove(&e->node);
	list_push_front(&dns->entries, &e->node);
	*result = e->result;
	return true;
}

static uint32_t bounded(const struct holm_dns *dns, uint32_t ttl_s, enum holm_dns_outcome outcome)
{
	uint32_t most = dns->config.ttl_max_s;

	if (outcome != HOLM_DNS_FOUND && most > DNS_NEGATIVE_TTL_MAX_S)
		most = DNS_NEGATIVE_TTL_MAX_S;
	return ttl_s < most ? ttl_s : most;
}

void dns_cache_add(struct holm_dns *dns, const struct dns_key *key, uint64_t now, uint32_t ttl_s,
		   const struct holm_dns_result *result)
{
	const struct holm_memory *memory = holm_net_memory(dns->net);
	uint64_t expire_ns = now + (uint64_t)bounded(dns, ttl_s, result->outcome) * DNS_SECOND_NS;
	struct dns_entry *e = find(dns, key);

	if (e)
		remove(dns, e);
	if (expire_ns == now || dns->config.cache_max == 0)
		return;
	if (dns->nentries >= dns->config.cache_max)
		remove(dns, entry_of(list_last(&dns->entries)));
	e = memory->alloc(memory->ctx, sizeof(*e));
	if (!e)
		return;
	memset(e, 0, sizeof(*e));
	e->key = *key;
	e->expire_ns = expire_ns;
	e->result = *result;
	list_push_front(&dns->entries, &e->node);
	dns->nentries++;
}

void dns_cache_clear(struct holm_dns *dns)
{
	while (!list_is_empty(&dns->entries))
		remove(dns, entry_of(list_first(&dns->entries)));
}
