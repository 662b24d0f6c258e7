/* stats.c -- <holm_app.h>'s figures: from the stack's own, in the words of `ss`. */
#include <holm_app.h>

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "kernel/clock.h"
#include "kernel/libc/start.h"
#include "kernel/mem.h"
#include "kernel/sys/process.h"

#include <holm/frame.h>
#include <holm/net.h>
#include <holm/stats.h>

_Static_assert(HOLM_APP_NAME_BYTES >= HOLM_ENDPOINT_TEXT_MAX, "names must fit");

static const char *state_name(const struct holm_ep_info *info)
{
	if (info->kind != HOLM_EP_TCP)
		return "UNCONN";
	switch ((enum holm_tcp_state)info->tcp.state) {
	case HOLM_TCP_ESTABLISHED:
		return "ESTAB";
	case HOLM_TCP_SYN_SENT:
		return "SYN-SENT";
	case HOLM_TCP_SYN_RECEIVED:
		return "SYN-RECV";
	case HOLM_TCP_FIN_WAIT_1:
		return "FIN-WAIT-1";
	case HOLM_TCP_FIN_WAIT_2:
		return "FIN-WAIT-2";
	case HOLM_TCP_TIME_WAIT:
		return "TIME-WAIT";
	case HOLM_TCP_CLOSED:
		return "UNCONN";
	case HOLM_TCP_CLOSE_WAIT:
		return "CLOSE-WAIT";
	case HOLM_TCP_LAST_ACK:
		return "LAST-ACK";
	case HOLM_TCP_LISTEN:
		return "LISTEN";
	case HOLM_TCP_CLOSING:
		return "CLOSING";
	}
	return "?";
}

/*
 * As holm_endpoint_format() writes it, but port 0 is "*": none in particular. A wildcard address is
 * shown in the family of the endpoint it belongs to.
 */
static void name(char out[HOLM_APP_NAME_BYTES], const struct holm_endpoint *e, bool is_ip4)
{
	struct holm_endpoint shown = *e;
	size_t len;

	if (is_ip4 && holm_addr_is_any(&shown.addr))
		shown.addr = holm_addr_ip4(0, 0, 0, 0);
	len = holm_endpoint_format(&shown, out, HOLM_APP_NAME_BYTES);
	if (e->port == 0 && len > 0)
		out[len - 1] = '*';
}

static uint32_t us(uint64_t ns)
{
	return (uint32_t)(ns / 1000);
}

static bool has_flow(const struct holm_ep_info *info)
{
	return info->kind == HOLM_EP_TCP && info->tcp.snd_mss > 0 &&
	       info->tcp.state != HOLM_TCP_LISTEN && info->tcp.state != HOLM_TCP_CLOSED &&
	       info->tcp.state != HOLM_TCP_TIME_WAIT;
}

static bool visit_endpoint(void *ctx, const struct holm_ep_info *info)
{
	const struct holm_app_stats *v = ctx;
	const struct holm_tcp_info *t = &info->tcp;
	struct holm_app_endpoint e = {
		.proto = info->kind == HOLM_EP_TCP ? "tcp" : "udp",
		.state = state_name(info),
		.recv_q = t->rcv_queue,
		.send_q = t->snd_queue,
		.has_flow = has_flow(info),
		.mss = t->snd_mss,
		.cwnd_bytes = t->cwnd_bytes,
		.rtt_us = us(t->srtt_ns),
		.rttvar_us = us(t->rttvar_ns),
		.rto_us = us(t->rto_ns),
		.retrans = t->retrans_total,
	};

	name(e.local, &t->local, holm_addr_is_ip4(&t->local.addr));
	name(e.peer, &t->remote, holm_addr_is_ip4(&t->local.addr));
	v->endpoint(v->ctx, &e);
	return true;
}

static void visit_machine(const struct holm_app_stats *v)
{
	struct mem_stats mem;

	mem_get_stats(&mem);
	v->figure(v->ctx, "uptime_ms", clock_now() / 1000000);
	v->figure(v->ctx, "boot_us", libc_started_ns() / 1000);
	v->figure(v->ctx, "memory_bytes", (uint64_t)mem.total_pages * PAGE_BYTES);
	v->figure(v->ctx, "memory_free_bytes", (uint64_t)mem.free_pages * PAGE_BYTES);
	v->figure(v->ctx, "heap_bytes", (uint64_t)mem.heap_pages * PAGE_BYTES);
}

static void visit_stack(const struct holm_app_stats *v, struct holm_net *net)
{
	struct holm_memory_stats memory;
	struct holm_pool_stats pool;

	holm_net_memory_stats(net, &memory);
	holm_pool_get_stats(holm_net_pool(net), &pool);
	v->figure(v->ctx, "stack_bytes", memory.from_env);
	v->figure(v->ctx, "stack_used_bytes", memory.in_use);
	v->figure(v->ctx, "stack_refused", memory.failures);
	v->figure(v->ctx, "frames", pool.frames);
	v->figure(v->ctx, "frames_free", pool.free);
	v->figure(v->ctx, "frames_free_min", pool.free_min);
}

void holm_stats_read(const struct holm_app_stats *v)
{
	struct holm_net *net = process_current()->env.net;

	if (v->figure != NULL)
		visit_machine(v);
	if (net == NULL)
		return;
	if (v->figure != NULL)
		visit_stack(v, net);
	if (v->endpoint != NULL)
		holm_net_each_endpoint(net, visit_endpoint, (void *)(uintptr_t)v);
	for (unsigned i = 0; v->counter != NULL && i < HOLM_COUNT_COUNT; i++)
		v->counter(v->ctx, holm_counter_text((enum holm_counter)i),
			   holm_net_counter(net, (enum holm_counter)i));
	for (unsigned i = 0; v->drop != NULL && i < HOLM_DROP_COUNT; i++)
		v->drop(v->ctx, holm_drop_text((enum holm_drop)i),
			holm_net_drops(net, (enum holm_drop)i));
}
