/*
 * The neighbour cache: table, machine and queues; see neigh.h. RFC 4861 section 7.3 and appendix C;
 * rates and the order of broadcast and unicast requests for ARP as RFC 1122 section 2.3.2 wants.
 */
#include "net/link/neigh.h"

#include "net/core/pool.h"
#include "net/core/random.h"
#include "net/core/table.h"
#include "net/link/neigh_small.h"
#include "net/wire/ip4.h"

static uint32_t bucket_of(const struct holm_net *net, const struct holm_netif *netif,
			  const struct holm_addr *addr)
{
	uint64_t high = load_be64(addr->b) ^ netif->index;

	return table_hash_2(&net->secrets.flow, high, load_be64(addr->b + 8)) & net->neigh->mask;
}

const struct neigh_ops *neigh_ops_of(const struct holm_net *net, const struct holm_addr *addr)
{
	if (!net->neigh)
		return NULL;
	if (!HOLM_WITH_IPV6)
		return &arp_neigh_ops;
	return net->neigh->ops[ip4_is_addr(addr) ? NEIGH_FAMILY_IP4 : NEIGH_FAMILY_IP6];
}

struct neigh *neigh_find(const struct holm_net *net, const struct holm_netif *netif,
			 const struct holm_addr *addr)
{
	struct neigh *n;

	if (!net->neigh)
		return NULL;
	for (n = net->neigh->buckets[bucket_of(net, netif, addr)]; n; n = n->hash_next)
		if (n->netif == netif && holm_addr_equal(&n->addr, addr))
			return n;
	return NULL;
}

/* ---- The table. */

static void idle_insert(struct neigh_table *table, struct neigh *n)
{
	list_push_back(n->known ? &table->settled : &table->noise, &n->idle);
}

/* Its place among the entries without holder, after a sign of life. */
static void idle_touch(struct neigh_table *table, struct neigh *n)
{
	if (!list_is_linked(&n->idle))
		return;
	list_remove(&n->idle);
	idle_insert(table, n);
}

/* The waiting frames become the caller's. */
static struct holm_frame *take_queue(struct holm_net *net, struct neigh *n)
{
	struct holm_frame *first = n->first;

	net->neigh->parked -= n->nqueued;
	n->first = NULL;
	n->nqueued = 0;
	return first;
}

static void drop_queue(struct holm_net *net, struct neigh *n, enum holm_drop why)
{
	struct holm_frame *f = take_queue(net, n);

	while (f) {
		struct holm_frame *next = f->next;

		net_drop(net, f, why);
		f = next;
	}
}

static void unlink_entry(struct holm_net *net, struct neigh *n)
{
	struct neigh **link = &net->neigh->buckets[bucket_of(net, n->netif, &n->addr)];

	while (*link != n)
		link = &(*link)->hash_next;
	*link = n->hash_next;
	net->neigh->count--;
	net->neigh->removals++;
}

/* Out of the table: gone at once, or DEAD until the last holder has noticed. */
static void remove_entry(struct holm_net *net, struct neigh *n, enum holm_drop why)
{
	net_timer_cancel(net, &n->timer);
	drop_queue(net, n, why);
	unlink_entry(net, n);
	if (list_is_linked(&n->idle))
		list_remove(&n->idle);
	n->state = NEIGH_DEAD;
	n->fresh_until_ns = 0;
	n->netif = NULL;
	if (n->refs == 0)
		mem_free(&net->mem, n, sizeof(*n));
}

/*
 * May it go to make room? An entry that was asked for keeps its second, so that a storm of strangers
 * cannot make us ask more than the table's size in a second; what is fresh stays.
 */
static bool is_evictable(const struct holm_net *net, const struct neigh *n)
{
	if (n->state == NEIGH_INCOMPLETE)
		return net->now - n->asked_ns >= NEIGH_RETRANS_NS;
	return n->state != NEIGH_REACHABLE || net->now >= n->fresh_until_ns;
}

static bool make_room(struct holm_net *net)
{
	struct neigh_table *table = net->neigh;
	struct list_node *candidates[2];

	if (table->count < net->config.neighbours_max)
		return true;
	candidates[0] = list_first(&table->noise);
	candidates[1] = list_first(&table->settled);
	for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
		struct neigh *n;

		if (!candidates[i])
			continue;
		n = container_of(candidates[i], struct neigh, idle);
		if (is_evictable(net, n)) {
			remove_entry(net, n, HOLM_DROP_NEIGH_TABLE_FULL);
			return true;
		}
	}
	return false;
}

static void timer_fired(struct holm_net *net, struct net_timer *timer);

static int create(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr,
		  struct neigh **out)
{
	const struct neigh_ops *ops = neigh_ops_of(net, addr);
	struct neigh *n;
	uint32_t b;

	if (!ops)
		return -HOLM_ENETUNREACH;
	if (!make_room(net)) {
		net_drop_note(net, HOLM_DROP_NEIGH_TABLE_FULL);
		return -HOLM_ENOBUFS;
	}
	n = mem_zalloc(&net->mem, sizeof(*n));
	if (!n)
		return -HOLM_ENOMEM;
	n->netif = netif;
	n->addr = *addr;
	n->ops = ops;
	n->state = NEIGH_NONE;
	memcpy(n->header + 6, &netif->dev->mac, sizeof(netif->dev->mac));
	store_be16(n->header + 12, ops->ethertype);
	net_timer_init(&n->timer, timer_fired);
	b = bucket_of(net, netif, addr);
	n->hash_next = net->neigh->buckets[b];
	net->neigh->buckets[b] = n;
	net->neigh->count++;
	idle_insert(net->neigh, n);
	*out = n;
	return 0;
}

static void hold(struct neigh *n)
{
	if (n->refs++ == 0)
		list_remove(&n->idle);
}

int neigh_get(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr,
	      struct neigh **out)
{
	struct neigh *n = neigh_find(net, netif, addr);

	if (!n) {
		int err = create(net, netif, addr, &n);

		if (err)
			return err;
	}
	hold(n);
	*out = n;
	return 0;
}

void neigh_put(struct holm_net *net, struct neigh *n)
{
	ASSERT(n->refs > 0);
	if (--n->refs > 0)
		return;
	if (n->state == NEIGH_DEAD)
		mem_free(&net->mem, n, sizeof(*n));
	else
		idle_insert(net->neigh, n);
}

struct neigh_memo neigh_put_memo(struct holm_net *net, struct neigh *n)
{
	struct neigh_memo memo = { 0 };

	/* What is DEAD was counted before: it may be freed right here, and the table may be gone. */
	if (n->state != NEIGH_DEAD)
		memo = (struct neigh_memo){ n, net->neigh->removals };
	neigh_put(net, n);
	return memo;
}

struct neigh *neigh_take(struct holm_net *net, const struct neigh_memo *memo)
{
	if (!memo->n || memo->removals != net->neigh->removals)
		return NULL;
	hold(memo->n);
	return memo->n;
}

/* ---- The machine. */

static const struct neigh_ops *ops_of(const struct neigh *n)
{
	return HOLM_WITH_IPV6 ? n->ops : &arp_neigh_ops;
}

static struct neigh_times times_of(const struct holm_net *net, const struct neigh *n)
{
	if (ops_of(n)->times)
		return *ops_of(n)->times(net, n->netif);
	return (struct neigh_times){ NEIGH_REACHABLE_NS, NEIGH_RETRANS_NS };
}

static void tell(struct holm_net *net, const struct neigh *n, bool reachable)
{
	if (ops_of(n)->reachable)
		ops_of(n)->reachable(net, n, reachable);
}

/* Ask now if the interface has room; false: it has none, try again shortly. */
static bool ask(struct holm_net *net, struct neigh *n, bool broadcast)
{
	struct holm_mac mac;

	if (netif_queue_room(n->netif) == 0)
		return false;
	memcpy(&mac, n->header, sizeof(mac));
	n->asked_ns = net->now;
	n->asked = true;
	n->probes++;
	ops_of(n)->solicit(net, n, broadcast ? NULL : &mac);
	return true;
}

static void ask_and_wait(struct holm_net *net, struct neigh *n, bool broadcast)
{
	uint64_t wait = ask(net, n, broadcast) ? times_of(net, n).retrans_ns : NEIGH_BUSY_NS;

	net_timer_arm(net, &n->timer, net->now + wait);
}

/* Begin to ask, but no more than once a second whatever the entry went through before. */
static void start_asking(struct holm_net *net, struct neigh *n, enum neigh_state state)
{
	uint64_t next = n->asked_ns + NEIGH_RETRANS_NS;

	n->state = (uint8_t)state;
	n->fresh_until_ns = 0;
	n->probes = 0;
	if (n->asked && net->now < next)
		net_timer_arm(net, &n->timer, next);
	else
		ask_and_wait(net, n, state == NEIGH_INCOMPLETE);
}

static void fail(struct holm_net *net, struct neigh *n)
{
	struct holm_frame *f = take_queue(net, n);

	n->state = NEIGH_FAILED;
	while (f) {
		struct holm_frame *next = f->next;

		f->next = NULL;
		f->dev = n->netif->dev; /* of whose link its addresses may be */
		if ((HOLM_WITH_ERRORS || HOLM_WITH_IPV6) && net->neigh->unreachable)
			net->neigh->unreachable(net, f);
		else
			net_drop(net, f, HOLM_DROP_NEIGH_UNREACHABLE);
		f = next;
	}
	tell(net, n, false);
}

static void timer_fired(struct holm_net *net, struct net_timer *timer)
{
	struct neigh *n = container_of(timer, struct neigh, timer);

	switch ((enum neigh_state)n->state) {
	case NEIGH_INCOMPLETE:
		if (n->probes >= NEIGH_SOLICIT_MAX)
			fail(net, n);
		else
			ask_and_wait(net, n, true);
		break;
	case NEIGH_DELAY:
		start_asking(net, n, NEIGH_PROBE);
		break;
	case NEIGH_PROBE:
		if (n->probes >= NEIGH_PROBE_MAX + NEIGH_SOLICIT_MAX)
			fail(net, n);
		else
			ask_and_wait(net, n, n->probes >= NEIGH_PROBE_MAX);
		break;
	case NEIGH_NONE:
	case NEIGH_REACHABLE:
	case NEIGH_STALE:
	case NEIGH_FAILED:
	case NEIGH_DEAD:
		break;
	}
}

static void park(struct holm_net *net, struct neigh *n, struct holm_frame *f)
{
	if (net->neigh->parked >= max_u32(net->pool->total / NEIGH_POOL_PART, 1)) {
		net_drop(net, f, HOLM_DROP_NEIGH_QUEUE_FULL);
		return;
	}
	/* The type is there already; the address is filled in when it is known. */
	memcpy(holm_frame_push(f, ETH_HDR_BYTES), n->header, ETH_HDR_BYTES);
	f->next = NULL;
	if (n->nqueued >= net->config.neighbour_frames_max) {
		struct holm_frame *oldest = n->first;

		n->first = oldest->next;
		n->nqueued--;
		net->neigh->parked--;
		net_drop(net, oldest, HOLM_DROP_NEIGH_QUEUE_FULL);
	}
	if (n->first)
		n->last->next = f;
	else
		n->first = f;
	n->last = f;
	n->nqueued++;
	net->neigh->parked++;
}

static void transmit(struct neigh *n, struct holm_frame *f)
{
	memcpy(holm_frame_push(f, ETH_HDR_BYTES), n->header, ETH_HDR_BYTES);
	netif_output(n->netif, f);
}

/*
 * Used without being known to be there: a transport has NEIGH_DELAY_NS to confirm it before we ask. Until
 * then nothing is to be done for a frame.
 */
static void used_stale(struct holm_net *net, struct neigh *n)
{
	n->state = NEIGH_DELAY;
	n->fresh_until_ns = net->now + NEIGH_DELAY_NS;
	net_timer_arm(net, &n->timer, n->fresh_until_ns);
}

void neigh_output_slow(struct holm_net *net, struct neigh *n, struct holm_frame *f)
{
	if (neigh_is_small()) {
		neigh_small_output(net, n, f);
		return;
	}
	if (FOR_SIZE && net->now < n->fresh_until_ns) {
		transmit(n, f);
		return;
	}
	switch ((enum neigh_state)n->state) {
	case NEIGH_REACHABLE:
	case NEIGH_STALE:
		used_stale(net, n);
		transmit(n, f);
		break;
	case NEIGH_DELAY:
	case NEIGH_PROBE:
		transmit(n, f);
		break;
	case NEIGH_NONE:
	case NEIGH_FAILED:
		park(net, n, f);
		start_asking(net, n, NEIGH_INCOMPLETE);
		break;
	case NEIGH_INCOMPLETE:
		park(net, n, f);
		break;
	case NEIGH_DEAD:
		net_drop(net, f, HOLM_DROP_IP_NO_DEVICE);
		break;
	}
}

static void flush_queue(struct holm_net *net, struct neigh *n)
{
	struct holm_frame *f = take_queue(net, n);

	if (!f)
		return;
	if (n->state == NEIGH_STALE)
		used_stale(net, n);
	while (f) {
		struct holm_frame *next = f->next;

		f->next = NULL;
		memcpy(holm_frame_data(f), n->header, ETH_HDR_BYTES);
		netif_output(n->netif, f);
		f = next;
	}
}

/* RFC 4861 section 6.3.2: between half and one and a half of the base, so that hosts do not fall in
 * step. */
static uint64_t reachable_ns(struct holm_net *net, const struct neigh *n)
{
	uint64_t base_ms = times_of(net, n).reachable_ns / 1000000;

	return (base_ms / 2 + net_random_below(net, (uint32_t)base_ms)) * 1000000ull;
}

static void become_reachable(struct holm_net *net, struct neigh *n)
{
	net_timer_cancel(net, &n->timer);
	n->state = NEIGH_REACHABLE;
	n->known = true;
	n->fresh_until_ns = net->now + reachable_ns(net, n);
	idle_touch(net->neigh, n);
	flush_queue(net, n);
	tell(net, n, true);
}

static void become_stale(struct holm_net *net, struct neigh *n)
{
	net_timer_cancel(net, &n->timer);
	n->state = NEIGH_STALE;
	n->fresh_until_ns = 0;
	flush_queue(net, n);
}

static bool has_address(const struct neigh *n)
{
	return n->state == NEIGH_REACHABLE || n->state == NEIGH_STALE || n->state == NEIGH_DELAY ||
	       n->state == NEIGH_PROBE;
}

void neigh_heard(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr,
		 const struct holm_mac *mac, enum neigh_evidence evidence)
{
	struct neigh *n;
	bool same;

	if (neigh_is_small()) {
		neigh_small_heard(net, netif, addr, mac, evidence);
		return;
	}
	n = neigh_find(net, netif, addr);
	if (!n) {
		if (evidence != NEIGH_ASKED_US || create(net, netif, addr, &n) != 0)
			return;
	}
	same = has_address(n) && memcmp(n->header, mac, sizeof(*mac)) == 0;
	memcpy(n->header, mac, sizeof(*mac));
	if (evidence == NEIGH_ANSWER && (n->state == NEIGH_INCOMPLETE || n->state == NEIGH_PROBE))
		become_reachable(net, n);
	else if (!same)
		become_stale(net, n);
}

/* The first address of a neighbour that was asked for: override means nothing here. */
static void first_advert(struct holm_net *net, struct neigh *n, const struct neigh_advert *advert)
{
	memcpy(n->header, advert->mac, sizeof(*advert->mac));
	if (advert->solicited)
		become_reachable(net, n);
	else
		become_stale(net, n);
}

/* RFC 4861 section 7.2.5, where an address is known already. */
static void next_advert(struct holm_net *net, struct neigh *n, const struct neigh_advert *advert)
{
	bool other = advert->mac && memcmp(n->header, advert->mac, sizeof(*advert->mac)) != 0;

	/*
	 *   I. If the Override flag is clear and the supplied link-layer address differs from that
	 *      in the cache, then one of two actions takes place: a. If the state of the entry is
	 *      REACHABLE, set it to STALE [...]. b. Otherwise, the received advertisement should be
	 *      ignored
	 */
	if (other && !advert->override) {
		if (n->state == NEIGH_REACHABLE)
			become_stale(net, n);
		return;
	}
	if (other)
		memcpy(n->header, advert->mac, sizeof(*advert->mac));
	if (advert->solicited)
		become_reachable(net, n);
	else if (other)
		become_stale(net, n);
}

bool neigh_advertised(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr,
		      const struct neigh_advert *advert, bool *no_router)
{
	struct neigh *n = neigh_find(net, netif, addr);

	*no_router = false;
	if (!n)
		return false;
	if (!has_address(n) && (n->state != NEIGH_INCOMPLETE || !advert->mac))
		return false;
	/* An address that is not believed says nothing of its sender either. */
	if (!has_address(n) || advert->override || !advert->mac ||
	    memcmp(n->header, advert->mac, sizeof(*advert->mac)) == 0) {
		*no_router = n->router && !advert->router;
		n->router = advert->router;
	}
	if (has_address(n))
		next_advert(net, n, advert);
	else
		first_advert(net, n, advert);
	return true;
}

void neigh_confirm_anew(struct holm_net *net, struct neigh *n)
{
	if (neigh_is_small())
		neigh_small_confirm(net, n);
	else if (has_address(n))
		become_reachable(net, n);
}

void neigh_doubt(struct holm_net *net, struct neigh *n)
{
	if (neigh_is_small())
		n->fresh_until_ns = 0;
	else if (n->state == NEIGH_REACHABLE || n->state == NEIGH_STALE || n->state == NEIGH_DELAY)
		start_asking(net, n, NEIGH_PROBE);
}

/* ---- Life of the table. */

void neigh_flush_some(struct holm_net *net, const struct holm_netif *netif,
		      bool (*goes)(const struct holm_addr *addr, const void *ctx), const void *ctx)
{
	if (!net->neigh)
		return;
	if (neigh_is_small()) {
		neigh_small_flush_some(net, netif, goes, ctx);
		return;
	}
	for (uint32_t b = 0; b <= net->neigh->mask; b++) {
		struct neigh *n = net->neigh->buckets[b];

		while (n) {
			struct neigh *next = n->hash_next;

			if (n->netif == netif && (!goes || goes(&n->addr, ctx)))
				remove_entry(net, n, HOLM_DROP_IP_NO_DEVICE);
			n = next;
		}
	}
}

static bool make_buckets(struct holm_net *net, struct neigh_table *table)
{
	uint32_t buckets = 1;

	while (buckets < net->config.neighbours_max)
		buckets *= 2;
	table->buckets = mem_zalloc(&net->mem, buckets * sizeof(struct neigh *));
	table->mask = buckets - 1;
	return table->buckets != NULL;
}

static int make_table(struct holm_net *net)
{
	struct neigh_table *table = mem_zalloc(&net->mem, sizeof(*table));

	if (!table)
		return -HOLM_ENOMEM;
	if (!neigh_is_small() && !make_buckets(net, table)) {
		mem_free(&net->mem, table, sizeof(*table));
		return -HOLM_ENOMEM;
	}
	list_init(&table->noise);
	list_init(&table->settled);
	net->neigh = table;
	return 0;
}

int neigh_start(struct holm_net *net, unsigned family, const struct neigh_ops *ops)
{
	if (!net->neigh) {
		int err = make_table(net);

		if (err)
			return err;
	}
	net->neigh->ops[family] = ops;
	return 0;
}

static void free_buckets(struct holm_net *net, struct neigh_table *table)
{
	for (uint32_t b = 0; b <= table->mask; b++)
		while (table->buckets[b])
			remove_entry(net, table->buckets[b], HOLM_DROP_IP_NO_DEVICE);
	mem_free(&net->mem, table->buckets, ((size_t)table->mask + 1) * sizeof(struct neigh *));
}

void neigh_stop(struct holm_net *net, unsigned family)
{
	struct neigh_table *table = net->neigh;

	if (!table)
		return;
	table->ops[family] = NULL;
	for (size_t i = 0; i < NEIGH_FAMILIES; i++)
		if (table->ops[i])
			return;
	/* Without them devices are gone, and who was entered with them. */
	if (!neigh_is_small())
		free_buckets(net, table);
	mem_free(&net->mem, table, sizeof(*table));
	net->neigh = NULL;
}
