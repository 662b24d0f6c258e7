/*
 * An instance, composed: the one file that includes every room of net/. Creates the instance from the
 * protocols it is given, attaches devices, takes batches of frames, and drives the rounds that
 * net/README.md describes. Owns no protocol's behaviour.
 */
#include <holm/net.h>
#include <holm/version.h>

#include "lib/mem.h"
#include "net/core/config.h"
#include "net/core/ep.h"
#include "net/core/net.h"
#include "net/core/proto.h"
#include "net/core/proto_list.h"
#include "net/core/random.h"
#include "net/ip/flow.h"
#include "net/link/eth.h"
#include "net/link/loopback.h"
#include "net/link/netif.h"

/* Head-room that the stack's own headers may need; a device may ask for what is left. */
#define STACK_HEADERS 118u
/* The smallest MTU of IPv4 (RFC 791). */
#define MTU_MIN 68u

uint32_t holm_version(void)
{
	return HOLM_VERSION;
}

/* ---- Creation ---------------------------------------------------------------------------------- */

/* The rank of a protocol in starting: what it needs comes earlier. Kinds are ordered that way. */
static const enum proto_kind start_order[] = { PROTO_LINK, PROTO_TRANSPORT, PROTO_PART,
					       PROTO_LAYER };

static void stop_protos(struct holm_net *net)
{
	for (size_t k = ARRAY_LEN(start_order); k-- > 0;)
		for (size_t i = 0; net->protos[i]; i++)
			if (net->protos[i]->kind == start_order[k] && net->protos[i]->stop)
				net->protos[i]->stop(net);
}

static int start_protos(struct holm_net *net)
{
	for (size_t k = 0; k < ARRAY_LEN(start_order); k++)
		for (size_t i = 0; net->protos[i]; i++) {
			const struct holm_proto *p = net->protos[i];
			int err;

			if (p->kind != start_order[k] || !p->start)
				continue;
			/* A transport is carried by IPv4, by IPv6, or by both. */
			err = k == 1 && !net->ip ? -HOLM_EINVAL : p->start(net);
			if (err)
				return err;
		}
	return 0;
}

/*
 * Most protocols have nothing to do at the ends of batches: only those that do are asked, by way of a list,
 * which the instance owns.
 */
static int list_hooks(struct holm_net *net)
{
	uint32_t done = 0;

	if (!HOLM_WITH_GRO)
		return 0;
	for (size_t i = 0; net->protos[i]; i++)
		net->ninput_done += net->protos[i]->input_done != NULL;
	net->input_done = mem_zalloc(&net->mem, (net->ninput_done + 1) * sizeof(*net->input_done));
	if (!net->input_done)
		return -HOLM_ENOMEM;
	for (size_t i = 0; net->protos[i]; i++)
		if (net->protos[i]->input_done)
			net->input_done[done++] = net->protos[i]->input_done;
	return 0;
}

static void forget_hooks(struct holm_net *net)
{
	if (HOLM_WITH_GRO)
		mem_free(&net->mem, net->input_done,
			 (net->ninput_done + 1) * sizeof(*net->input_done));
}

static void draw_secrets(struct holm_net *net)
{
	uint8_t seed[RNG_SEED_BYTES];

	if (HOLM_WITH_RANDOM) {
		net->env.random(net->env.ctx, seed, sizeof(seed));
		rng_init(&net->rng, seed);
	}
	net_random_fill(net, &net->secrets, sizeof(net->secrets));
}

/* Nobody is named who takes notes. */
static size_t output_nothing(struct holm_net *net, size_t budget)
{
	(void)net;
	return budget;
}

int holm_net_create(struct holm_net **out, const struct holm_config *config,
		    const struct holm_env *env, const struct holm_proto *const protos[])
{
	size_t pool_at = align_up_size(sizeof(struct holm_net), 16);
	const struct holm_proto *culprit;
	struct holm_net *net;
	int err = -HOLM_ENOMEM;

	if (HOLM_WITH_CHECKS && (!config_is_valid(config) || !env_is_valid(env) ||
				 proto_list_check(protos, &culprit) != PROTO_LIST_GOOD))
		return -HOLM_EINVAL;
	net = env->alloc(env->ctx, pool_at + holm_pool_bytes(), 64);
	if (!net)
		return -HOLM_ENOMEM;
	memset(net, 0, sizeof(*net));
	net->config = *config;
	net->env = *env;
	net->protos = protos;
	net->pool = holm_pool_init((uint8_t *)net + pool_at, config->frame_reserve);
	mem_init(&net->mem, &net->env);
	list_init(&net->ready);
	list_init(&net->taps);
	timers_init(&net->timers);
	net->due_ns = WHEEL_NEVER;
	net->output = output_nothing;
	draw_secrets(net);

	net->netifs = mem_zalloc(&net->mem, (config->devices_max + 1) * sizeof(*net->netifs));
	if (net->netifs)
		err = list_hooks(net);
	if (!err)
		err = start_protos(net);
	if (err) {
		if (HOLM_WITH_END)
			holm_net_destroy(net);
		return err;
	}
	*out = net;
	return 0;
}

void holm_net_destroy(struct holm_net *net)
{
	struct holm_env env = net->env;

	ASSERT(HOLM_WITH_END);
	if (net->netifs) {
		for (uint32_t i = net->nnetifs; i-- > 1;)
			if (net->netifs[i])
				holm_net_remove_dev(net, net->netifs[i]->dev);
		stop_protos(net);
		mem_free(&net->mem, net->netifs,
			 (net->config.devices_max + 1) * sizeof(*net->netifs));
	}
	if (net_has_fine(net))
		mem_free(&net->mem, net->fine, sizeof(*net->fine));
	forget_hooks(net);
	mem_fini(&net->mem);
	env.free(env.ctx, net, align_up_size(sizeof(struct holm_net), 16) + holm_pool_bytes());
}

struct holm_pool *holm_net_pool(struct holm_net *net)
{
	return net->pool;
}

const struct holm_memory *holm_net_memory(struct holm_net *net)
{
	return &net->mem.memory;
}

uint64_t holm_net_now(const struct holm_net *net)
{
	return net->now;
}

uint32_t holm_net_random(struct holm_net *net)
{
	return net_random_u32(net);
}

/* ---- Devices ----------------------------------------------------------------------------------- */

static void tell_protos(struct holm_net *net, struct holm_netif *netif)
{
	for (size_t i = 0; net->protos[i]; i++)
		if (net->protos[i]->netif_changed)
			net->protos[i]->netif_changed(net, netif);
}

/* The slot for a device: 0 is the loopback's. UINT32_MAX: none free. */
static uint32_t find_slot(struct holm_net *net, const struct holm_dev *dev)
{
	if (dev->caps.features & HOLM_DEV_LOOPBACK)
		return UINT32_MAX;
	for (uint32_t i = 1; i <= net_devices_max(net); i++)
		if (!net->netifs[i])
			return i;
	return UINT32_MAX;
}

/* One device beside the loopback is what most instances have. */
static void note_only(struct holm_net *net)
{
	net->only = net->nnetifs == 2 ? net->netifs[1] : NULL;
}

int holm_net_add_dev(struct holm_net *net, struct holm_dev *dev)
{
	uint32_t slot = find_slot(net, dev);
	struct holm_netif *netif;
	int err;

	ASSERT(!net->callbacks && !dev->netif && dev->ops->tx);
	if (dev->caps.mtu < MTU_MIN || dev->caps.segs_max == 0 ||
	    dev->caps.headroom > HOLM_FRAME_HEADROOM - STACK_HEADERS)
		return -HOLM_EINVAL;
	if (slot == UINT32_MAX)
		return -HOLM_ENOSPC;
	err = netif_create(net, dev, slot, &netif);
	if (err)
		return err;
	net->netifs[slot] = netif;
	net->nnetifs = max_u32(net->nnetifs, slot + 1);
	note_only(net);
	dev->net = net;
	dev->netif = netif;
	holm_dev_attach(dev);
	netif_note_link(netif);
	tell_protos(net, netif);
	return (int)slot;
}

void holm_net_remove_dev(struct holm_net *net, struct holm_dev *dev)
{
	struct holm_netif *netif = dev->netif;
	struct holm_addr addr;
	unsigned prefix_len;

	ASSERT(HOLM_WITH_END);
	ASSERT(!net->callbacks);
	ASSERT(netif && netif->net == net);
	dev->link_up = false;
	netif_note_link(netif);
	while (holm_addr_get(net, dev, 0, &addr, &prefix_len))
		holm_addr_del(net, dev, &addr);
	net->netifs[netif->index] = NULL;
	note_only(net);
	tell_protos(net, netif);
	netif_destroy(netif);
	holm_dev_detach(dev);
	dev->net = NULL;
	dev->netif = NULL;
}

struct holm_dev *holm_net_dev(struct holm_net *net, size_t i)
{
	for (uint32_t slot = 1; slot < net->nnetifs; slot++)
		if (net->netifs[slot] && i-- == 0)
			return net->netifs[slot]->dev;
	return NULL;
}

struct holm_dev *holm_net_dev_at(struct holm_net *net, uint32_t index)
{
	return index < net->nnetifs && net->netifs[index] ? net->netifs[index]->dev : NULL;
}

uint32_t holm_dev_index(const struct holm_dev *dev)
{
	return dev->netif ? dev->netif->index : 0;
}

void holm_net_link_changed(struct holm_net *net, struct holm_dev *dev)
{
	ASSERT(!net->callbacks);
	dev = holm_dev_top(dev);
	netif_link_changed(dev->netif);
	tell_protos(net, dev->netif);
}

/* ---- Input ------------------------------------------------------------------------------------- */

static inline void advance_now(struct holm_net *net, uint64_t now)
{
	net->now = max_u64(net->now, now);
}

/* Frames that are like the last one. */
static inline void input_run(struct holm_net *net, struct holm_frame **frames, size_t n, bool last)
{
	if (!FOR_SIZE)
		proto_input_run(net, net->flow.transport, frames, n, last);
}

/* Frames like the last one go to its transport together; any other one takes its way by itself. */
static never_inline void input_batch(struct holm_net *net, struct holm_dev *dev,
				     struct holm_frame **frames, size_t n)
{
	uint64_t bytes = 0;
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		struct holm_frame *f = frames[i];

		f->dev = dev;
		f->time_ns = net->now;
		bytes += f->len;
		if (net_is_tapped(net))
			net->tap(net, dev, TAP_IN, f);
		if (likely(ip_flow_takes(net, dev, f)))
			continue;
		input_run(net, frames + done, i - done, false);
		net->last_of_batch = i + 1 == n;
		eth_input(net, f);
		done = i + 1;
	}
	input_run(net, frames + done, n - done, true);
	net_count_n(net, HOLM_COUNT_RX_FRAMES, n);
	net_count_n(net, HOLM_COUNT_RX_BYTES, bytes);
	net_finish_batch(net);
}

void net_input_other(struct holm_net *net, struct holm_frame *f)
{
	input_batch(net, f->dev, &f, 1);
}

/* A frame by itself that begins like the last goes to who may take it as it is, and counts it. */
static inline void input_frames(struct holm_net *net, struct holm_dev *dev,
				struct holm_frame **frames, size_t n)
{
	const struct net_flow *flow = &net->flow;

	if (FOR_SIZE || n != 1 || unlikely(!flow->alone || !ip_flow_looks(flow, dev, frames[0]))) {
		input_batch(net, dev, frames, n);
		return;
	}
	frames[0]->dev = dev;
	frames[0]->time_ns = net->now;
	flow->alone(net, frames[0]);
}

void holm_net_input(struct holm_net *net, struct holm_dev *dev, struct holm_frame **frames,
		    size_t n, uint64_t now)
{
	ASSERT(!net->callbacks);
	advance_now(net, now);
	if (unlikely(dev->upper))
		dev = holm_dev_rx_top(dev, frames, &n, net->now);
	input_frames(net, dev, frames, n);
}

void holm_net_tx_done(struct holm_net *net, struct holm_dev *dev, struct holm_frame **frames,
		      size_t n)
{
	ASSERT(!net->callbacks);
	holm_frame_free_batch(frames, n);
	netif_tx_done(holm_dev_top(dev)->netif);
}

void holm_net_tx_ready(struct holm_net *net, struct holm_dev *dev)
{
	ASSERT(!net->callbacks);
	holm_dev_top(dev)->netif->device_full = false;
	net->queued = true;
}

/* ---- Rounds ------------------------------------------------------------------------------------ */

/* What waits at one device. True: more does. */
static inline bool poll_dev(struct holm_net *net, struct holm_dev *dev, size_t budget)
{
	struct holm_dev_inbox *in = dev->inbox;
	struct holm_frame **frames;
	uint32_t n;

	if (!in || unlikely(in->call || in->tail - in->head > budget))
		return holm_dev_poll(dev, net->now, budget);
	n = in->tail - in->head;
	if (n == 0)
		return false;
	frames = in->frames + in->head;
	/* Nobody brings more before the round is over. */
	in->head = 0;
	in->tail = 0;
	input_frames(net, dev, frames, n);
	return false;
}

static never_inline bool poll_several(struct holm_net *net, size_t budget)
{
	bool more = false;

	for (uint32_t i = 1; i < net_slots_end(net); i++)
		if (net->netifs[i] && poll_dev(net, net->netifs[i]->dev, budget))
			more = true;
	return more;
}

bool holm_net_poll_devs(struct holm_net *net, uint64_t now, size_t budget)
{
	ASSERT(!net->callbacks);
	advance_now(net, now);
	return !FOR_SIZE && likely(net->only) ? poll_dev(net, net->only->dev, budget)
					      : poll_several(net, budget);
}

static void run_those(struct holm_net *net, struct timers *timers, uint64_t now)
{
	struct wheel_timer *due;

	while ((due = timers_pop_due(timers, now)) != NULL) {
		struct net_timer *t = container_of(due, struct net_timer, wheel);

		t->fire(net, t);
	}
}

void net_timers_moved(struct holm_net *net)
{
	uint64_t fine = net_has_fine(net) ? timers_due_from(net->fine) : WHEEL_NEVER;

	net->due_ns = timers_due_from(&net->timers);
	if (fine != WHEEL_NEVER)
		net->due_ns = min_u64(net->due_ns, net->fine_from + (fine >> NET_FINE_SHIFT));
}

void net_timer_begin(struct net_timer *t, net_timer_fn *fire)
{
	wheel_timer_init(&t->wheel);
	t->fire = fire;
}

void net_timer_file(struct holm_net *net, struct net_timer *t, uint64_t deadline)
{
	if (timers_arm(&net->timers, &t->wheel, deadline))
		net_timers_moved(net);
}

static never_inline void run_timers(struct holm_net *net)
{
	run_those(net, &net->timers, net->now);
	if (net_has_fine(net))
		run_those(net, net->fine, net_fine_units(net, net->now));
	net_timers_moved(net);
}

int net_fine_start(struct holm_net *net)
{
	if (net->fine)
		return 0;
	net->fine = mem_alloc(&net->mem, sizeof(*net->fine));
	if (!net->fine)
		return -HOLM_ENOMEM;
	net->fine_from = net->now;
	timers_init(net->fine);
	return 0;
}

void net_fine_recount(struct holm_net *net)
{
	uint64_t by = net->now - net->fine_from;
	struct wheel_timer *armed = NULL;
	struct wheel_timer *t;

	while ((t = timers_pop_due(net->fine, UINT64_MAX)) != NULL) {
		t->next = armed;
		armed = t;
	}
	net->fine_from = net->now;
	timers_init(net->fine);
	while ((t = armed) != NULL) {
		uint64_t at = t->deadline_ns >> NET_FINE_SHIFT;

		armed = t->next;
		t->next = NULL;
		timers_arm(net->fine, t, (at > by ? at - by : 0) << NET_FINE_SHIFT);
	}
}

static never_inline void flush_several(struct holm_net *net)
{
	for (uint32_t i = 1; i < net_slots_end(net); i++)
		if (net->netifs[i])
			netif_flush(net, net->netifs[i]);
}

static inline void flush_devices(struct holm_net *net)
{
	net->queued = false;
	if (!FOR_SIZE && likely(net->only))
		netif_flush(net, net->only);
	else
		flush_several(net);
}

static never_inline size_t run_looped(struct holm_net *net, size_t budget)
{
	net->looped = net->loopback->ops->run(net, &budget);
	net->work |= net->looped;
	return budget;
}

/* What loopback delivers causes output, and the other way round: until both are quiet. */
static inline void run_work(struct holm_net *net, size_t budget)
{
	do {
		net->work = false;
		budget = net->output(net, budget);
		if (likely(!net->work && !net->looped))
			return;
		if (HOLM_WITH_LOOPBACK && net->looped)
			budget = run_looped(net, budget);
	} while (net->work && budget > 0);
}

bool holm_net_poll(struct holm_net *net, uint64_t now, size_t budget)
{
	ASSERT(!net->callbacks);
	advance_now(net, now);
	if (unlikely(net->now >= net->due_ns))
		run_timers(net);
	if (net->work)
		run_work(net, budget);
	if (net->queued)
		flush_devices(net);
	/* A timer that was armed for a moment that has passed is due, too. */
	return net->work || net->queued || net->now >= net->due_ns;
}

/* Of both wheels. */
static uint64_t next_timer(const struct holm_net *net)
{
	uint64_t next = timers_next(&net->timers);
	uint64_t fine = net_has_fine(net) ? timers_next(net->fine) : WHEEL_NEVER;

	if (fine == WHEEL_NEVER)
		return next;
	return min_u64(next, net->fine_from + (fine >> NET_FINE_SHIFT));
}

uint64_t holm_net_next_deadline(struct holm_net *net)
{
	uint64_t next = next_timer(net);

	if (net->work || net->queued)
		return net->now;
	for (uint32_t i = 1; i < net_slots_end(net); i++)
		if (net->netifs[i])
			next = min_u64(next, holm_dev_next_deadline(net->netifs[i]->dev));
	return next;
}

/* ---- Readiness --------------------------------------------------------------------------------- */

bool holm_net_next_event(struct holm_net *net, struct holm_event *ev)
{
	struct list_node *n = list_pop_front(&net->ready);
	struct ep *e;

	if (!n)
		return false;
	e = container_of(n, struct ep, ready);
	*ev = (struct holm_event){
		.cookie = e->cookie,
		.endpoint = e,
		.kind = e->kind,
		.state = e->state,
	};
	return true;
}

void holm_net_each_endpoint(struct holm_net *net,
			    bool (*visit)(void *ctx, const struct holm_ep_info *info), void *ctx)
{
	net->callbacks++;
	for (size_t i = 0; net->protos[i]; i++)
		if (net->protos[i]->each && !net->protos[i]->each(net, visit, ctx))
			break;
	net->callbacks--;
}
