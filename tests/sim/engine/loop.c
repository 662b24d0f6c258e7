/*
 * The simulation's loop: a binary heap of events by (time, order), and the world's beginning and
 * end.
 */
#include "tests/sim/engine/sim.h"

#include <stdlib.h>
#include <string.h>

/* TIME-WAIT, neighbours that are asked once more, blocks that wait for another use. */
#define AFTERLIFE (400 * SIM_S)
/* Seconds more for what is still on its way: over IPv6 routers are looked for without end (RFC 7559). */
#define LAST_PACKETS 10u

struct sim *sim_current;

static bool is_before(const struct sim_heap_entry *a, const struct sim_heap_entry *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void sim_at(struct sim *s, uint64_t at, void (*fn)(struct sim *s, void *arg), void *arg)
{
	struct sim_heap_entry e = { at, s->order++, fn, arg };
	size_t i = s->nheap++;

	if (s->nheap > s->heap_room) {
		s->heap_room = s->heap_room ? 2 * s->heap_room : 256;
		s->heap = realloc(s->heap, s->heap_room * sizeof(*s->heap));
		if (!s->heap)
			abort();
	}
	while (i > 0 && is_before(&e, &s->heap[(i - 1) / 2])) {
		s->heap[i] = s->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	s->heap[i] = e;
}

static struct sim_heap_entry pop(struct sim *s)
{
	struct sim_heap_entry first = s->heap[0];
	struct sim_heap_entry last = s->heap[--s->nheap];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < s->nheap && is_before(&s->heap[child + 1], &s->heap[child]))
			child++;
		if (child >= s->nheap || is_before(&last, &s->heap[child]))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = last;
	return first;
}

bool sim_step(struct sim *s, uint64_t until)
{
	struct sim_heap_entry e;

	if (s->nheap == 0 || s->heap[0].at > until) {
		s->now = until;
		return false;
	}
	e = pop(s);
	s->now = e.at;
	e.fn(s, e.arg);
	return true;
}

void sim_run(struct sim *s, uint64_t ns)
{
	uint64_t until = s->now + ns;

	while (sim_step(s, until))
		continue;
}

/* pcap's header: nanoseconds, ethernet. */
static void start_capture(struct sim *s)
{
	const uint32_t header[6] = { 0xa1b23c4d, 4u << 16 | 2u, 0, 0, 65535 + 32, 1 };

	s->pcap = fopen(sim_pcap_path, "wb");
	if (s->pcap)
		fwrite(header, sizeof(header), 1, s->pcap);
}

void sim_init(struct sim *s, uint64_t seed)
{
	static const struct sim_pipe_config perfect;

	memset(s, 0, sizeof(*s));
	sim_current = s;
	s->seed = seed;
	s->trace = getenv("TRACE") != NULL;
	sim_pipe_init(&s->trunk[0], &perfect);
	sim_pipe_init(&s->trunk[1], &perfect);
	if (sim_pcap_path)
		start_capture(s);
}

void sim_set_trunk(struct sim *s, const struct sim_pipe_config trunk[2])
{
	sim_pipe_init(&s->trunk[0], &trunk[0]);
	sim_pipe_init(&s->trunk[1], &trunk[1]);
}

void sim_fail_memory(struct sim *s, bool on)
{
	for (uint32_t i = 0; i < s->nhosts; i++) {
		const struct sim_host_config *c = &s->host[i]->config;
		struct sim_books *b = &s->host[i]->books;

		b->fail_ppm = on ? c->alloc_fail_ppm : 0;
		b->fail_from = b->calls + c->alloc_fail_from;
		b->fail_end = on ? b->fail_from + c->alloc_fail_for : 0;
	}
}

static void free_host(struct sim *s, struct sim_host *h)
{
	struct holm_pool_stats pool;

	while (h->rx) {
		struct sim_packet *p = h->rx;

		h->rx = p->next;
		sim_packet_free(s, p);
	}
	holm_net_remove_dev(h->net, &h->dev);
	holm_pool_get_stats(holm_net_pool(h->net), &pool);
	if (pool.free != pool.frames)
		sim_fail(s, "%s: %u of %u frames did not come back", h->dev.name,
			 pool.frames - pool.free, pool.frames);
	holm_net_destroy(h->net);
	if (h->books.in_use)
		sim_fail(s, "%s: %zu bytes did not come back", h->dev.name, h->books.in_use);
	free(h->region);
	free(h);
}

void sim_fini(struct sim *s)
{
	sim_fail_memory(s, false);
	for (uint32_t i = 0; i < s->nhosts; i++)
		if (s->host[i]->listener)
			holm_tcp_close(s->host[i]->listener);
	sim_run(s, AFTERLIFE);
	for (uint32_t i = 0; i < LAST_PACKETS && s->packets_out; i++)
		sim_run(s, SIM_S);
	sim_flow_free_all(s);
	for (uint32_t i = 0; i < s->nhosts; i++)
		free_host(s, s->host[i]);
	if (s->packets_out)
		sim_fail(s, "%llu packets are nowhere", (unsigned long long)s->packets_out);
	while (s->free_packets) {
		struct sim_packet *p = s->free_packets;

		s->free_packets = p->next;
		free(p);
	}
	free(s->heap);
	sim_current = NULL;
	if (s->pcap)
		fclose(s->pcap);
}
