/*
 * The protocol's table, and the room's part of an instance: made at creation, freed at the end.
 */
#include "net/tcp/room.h"

#include "net/core/proto.h"
#include "net/core/random.h"
#include "net/wire/ip4.h"

static void *table_alloc(void *ctx, size_t size)
{
	return mem_alloc(ctx, size);
}

static void table_free(void *ctx, void *p, size_t size)
{
	mem_free(ctx, p, size);
}

/* Those who waited are looked at again. */
static void wake_all(struct holm_net *net, struct queue *from)
{
	if (queue_is_empty(from))
		return;
	queue_append(&net->tcp->output, from);
	net_kick(net);
}

static void wake_blocked(struct holm_net *net, struct netif_waiter *waiter)
{
	struct tcp_blocked *b = container_of(waiter, struct tcp_blocked, waiter);

	wake_all(net, &b->conns);
}

static void wake_starved(struct holm_net *net, struct net_timer *timer)
{
	struct tcp_state *ts = container_of(timer, struct tcp_state, retry);

	wake_all(net, &ts->starved);
}

static size_t blocked_bytes(const struct holm_net *net)
{
	return (net->config.devices_max + 1) * sizeof(struct tcp_blocked);
}

static int start(struct holm_net *net)
{
	struct tcp_state *ts = mem_zalloc(&net->mem, sizeof(*ts));

	if (!ts)
		return -HOLM_ENOMEM;
	ts->blocked = mem_zalloc(&net->mem, blocked_bytes(net));
	if (!ts->blocked) {
		mem_free(&net->mem, ts, sizeof(*ts));
		return -HOLM_ENOMEM;
	}
	for (uint32_t i = 0; i <= net->config.devices_max; i++)
		ts->blocked[i].waiter.wake = wake_blocked;
	ts->net = net;
	ts->memory = (struct allocator){ table_alloc, table_free, &net->mem };
	table_init(&ts->table, &ts->memory);
	table_init(&ts->binds, &ts->memory);
	if (HOLM_WITH_ECN)
		table_init(&ts->accecns, &ts->memory);
	list_init(&ts->unconnected);
	if (HOLM_WITH_GROWTH)
		list_init(&ts->flights);
	net_timer_init(&ts->retry, wake_starved);
	ts->rst_tokens = net->config.icmp_rate_per_s;
	ts->wscale = tcp_wscale_for(net->config.tcp_rcvbuf_max_bytes);
	for (size_t i = 0; i < TCP_PORT_COUNTERS; i++)
		ts->port_counters[i] = net_random_u32(net);
	/* Else the compiler knows the others: tcp_settings(). */
	if (HOLM_WITH_OPTIONS || HOLM_WITH_RECORDS || !FOR_SIZE)
		ts->defaults = tcp_default_settings;
	else
		ts->defaults.cc = &tcp_cc_newreno;
	ts->defaults.net = net;
	ts->cc[ts->ncc++] = &tcp_cc_newreno;
	net->tcp = ts;
	net->output = tcp_output_all;
	return 0;
}

/* ---- The end ------------------------------------------------------------------------------------- */

/* Connections come out of the table and among the unconnected. */
static void empty_table(struct tcp_state *ts)
{
	struct htab_node *n;

	while ((n = table_any(&ts->table)) != NULL)
		tcp_table_remove(ts, container_of(n, struct holm_tcp, ep.node));
}

static void free_connections(struct tcp_state *ts)
{
	struct list_node *n;

	for (n = list_first(&ts->unconnected); n; n = list_next(&ts->unconnected, n)) {
		struct holm_tcp *c = container_of(n, struct holm_tcp, free);

		ep_disown(&c->ep); /* off the ready list, or off its listener's queue */
	}
	while ((n = list_first(&ts->unconnected)) != NULL)
		tcp_conn_destroy(container_of(n, struct holm_tcp, free));
}

static void free_dead(struct holm_net *net, struct queue *q)
{
	struct queue_node *n;

	while ((n = queue_pop(q)) != NULL)
		mem_free(&net->mem, container_of(n, struct holm_tcp, out), sizeof(struct holm_tcp));
}

static void stop(struct holm_net *net)
{
	struct tcp_state *ts = net->tcp;

	if (!ts)
		return;
	if (ts->gro.head)
		holm_frame_free(ts->gro.head);
	empty_table(ts);
	free_connections(ts);
	free_dead(net, &ts->output);
	free_dead(net, &ts->starved);
	for (uint32_t i = 0; i <= net->config.devices_max; i++) {
		netif_unwait(&ts->blocked[i].waiter);
		free_dead(net, &ts->blocked[i].conns);
	}
	if (HOLM_WITH_RECORDS && ts->fast_cache)
		ts->fastopen->forget(net);
	tcp_flight_spare_free(ts);
	net_timer_cancel(net, &ts->retry);
	table_fini(&ts->table);
	table_fini(&ts->binds);
	if (HOLM_WITH_ECN)
		table_fini(&ts->accecns);
	mem_free(&net->mem, ts->blocked, blocked_bytes(net));
	mem_free(&net->mem, ts, sizeof(*ts));
	net->tcp = NULL;
}

/*
 * An interface came, went or changed, or its routes did. Whoever waits for one looks again: its way may be
 * another one now, and the one that it waits for may never have room.
 */
static void netif_changed(struct holm_net *net, struct holm_netif *netif)
{
	(void)netif;
	for (uint32_t i = 0; i <= net->config.devices_max; i++)
		wake_all(net, &net->tcp->blocked[i].conns);
}

const struct holm_proto holm_tcp = {
	.name = "tcp",
	.kind = PROTO_TRANSPORT,
	.number = IP4_PROTO_TCP,
	.start = start,
	.stop = PROTO_STOP(stop),
	.input = tcp_input,
	.error = tcp_error,
	.netif_changed = netif_changed,
};
