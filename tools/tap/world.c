/* The world; see world.h. */
#include "tools/tap/world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <holm/ip.h>
#include <holm/stats.h>

#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "lib/bytes.h"
#include "tools/tap/report.h"

#define NS_PER_S 1000000000u
/* Frames and bursts per turn. */
#define TURN 256u
/* As long as it takes to ask others about an address and be answered, and more. */
#define IP6_READY_NS (10 * (uint64_t)NS_PER_S)
#define MOMENT_NS 1000000

enum {
	FRAMES_PER_REGION = 512,
	FRAMES_LOW = 512,
	REGIONS_FIRST = 4,
	SNAP_BYTES = 65535 + 14,
};

uint64_t world_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static uint64_t wall_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* ---- what the instance needs ---- */

static void *env_alloc(void *ctx, size_t size, size_t align)
{
	(void)ctx;
	return aligned_alloc(align, (size + align - 1) / align * align);
}

static void env_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

static void env_random(void *ctx, void *dst, size_t len)
{
	(void)ctx;
	if (getrandom(dst, len, 0) != (ssize_t)len)
		abort();
}

static void env_log(void *ctx, enum holm_log_level level, const char *line, size_t len)
{
	(void)ctx;
	(void)level;
	fprintf(stderr, "%.*s\n", (int)len, line);
}

static bool add_region(struct world *w)
{
	size_t bytes = holm_pool_region_bytes(FRAMES_PER_REGION);
	void *p;

	if (w->nregions == sizeof(w->regions) / sizeof(w->regions[0]))
		return false;
	p = aligned_alloc(HOLM_FRAME_BYTES,
			  (bytes + HOLM_FRAME_BYTES - 1) / HOLM_FRAME_BYTES * HOLM_FRAME_BYTES);
	if (!p)
		return false;
	w->regions[w->nregions++] = p;
	(void)holm_pool_add(holm_net_pool(w->net), p, bytes);
	return true;
}

static void add_frames_if_low(struct world *w)
{
	struct holm_pool_stats pool;

	holm_pool_get_stats(holm_net_pool(w->net), &pool);
	if (pool.free < FRAMES_LOW)
		(void)add_region(w);
}

/* ---- turning ---- */

bool world_output(struct world *w, uint64_t now)
{
	bool more;

	add_frames_if_low(w);
	more = holm_net_poll(w->net, now, TURN);
	sys_dispatch_events(w->net);
	return more;
}

uint64_t world_turn(struct world *w)
{
	uint64_t now = world_now();
	bool more;

	w->turned_ns = now;
	add_frames_if_low(w);
	more = holm_net_poll_devs(w->net, now, TURN);
	sys_dispatch_events(w->net);
	more |= world_output(w, now);
	return more ? now : holm_net_next_deadline(w->net);
}

/* ---- building ---- */

static bool complain(const char *what, const char *name, int err)
{
	fprintf(stderr, "tap: %s%s%s: %s\n", what, *name ? " " : "", name, strerror(-err));
	return false;
}

static bool open_device(struct world *w)
{
	const struct tap_options *o = &w->options;
	bool impairs = options_impair(o);
	/* A frame on the wire is to have a fate of its own, and damage is to be noticed. */
	struct tap_device_config config = {
		.name = o->tap,
		.mtu = o->mtu,
		.has_csum = o->has_offloads && o->impair.corrupt_ppm == 0,
		.has_tso = o->has_offloads && !impairs,
	};
	int err = tap_device_open(&w->tap, &config);

	if (err)
		return complain("device", o->tap, err);
	if (!holm_addr_is_any(&o->host))
		err = tap_device_configure_host(o->tap, load_be32(o->host.b + 12),
						o->host_prefix_len);
	if (!err && !holm_addr_is_any(&o->host6))
		err = tap_device_configure_host6(o->tap, o->host6.b, o->host6_prefix_len);
	if (err) {
		tap_device_close(&w->tap);
		return complain("--host on", o->tap, err);
	}
	return true;
}

/* Locally administered, and different for every address of a network. */
static struct holm_mac mac_of(const struct holm_addr *addr)
{
	uint32_t a = load_be32(addr->b + 12);
	struct holm_mac mac = { { 2, 0, (uint8_t)(a >> 24), (uint8_t)(a >> 16), (uint8_t)(a >> 8),
				  (uint8_t)a } };

	return mac;
}

static bool create_net(struct world *w)
{
	static const struct holm_proto *const protos[] = {
		&holm_arp,  &holm_ipv4,	    HOLM_IP_PARTS, &holm_icmp4,	      &holm_igmp,
		&holm_ipv6, &holm_icmp6,    &holm_nd,	   &holm_mld,	      &holm_udp,
		&holm_tcp,  HOLM_TCP_PARTS, &holm_sockets, HOLM_SOCKET_PARTS, &holm_sockets6,
		&holm_raw6, NULL,
	};
	const struct holm_env env = {
		.size = sizeof(env),
		.alloc = env_alloc,
		.free = env_free,
		.random = env_random,
		.log = env_log,
	};
	const char *problem, *what;
	struct holm_config config;
	int err;

	holm_config_default(&config);
	if (w->options.sndbuf_bytes > 0)
		config.tcp_sndbuf_bytes = w->options.sndbuf_bytes;
	if (w->options.rcvbuf_bytes > 0)
		config.tcp_rcvbuf_bytes = w->options.rcvbuf_bytes;
	err = holm_net_create(&w->net, &config, &env, protos);
	if (err) {
		problem = holm_net_explain(&config, &env, protos, &what);
		if (problem)
			fprintf(stderr, "tap: %s %s\n", what, problem);
		return complain("the stack does not start", "", err);
	}
	for (unsigned i = 0; i < REGIONS_FIRST; i++)
		if (!add_region(w))
			return complain("frames", "", -ENOMEM);
	if (w->options.has_trace)
		holm_net_set_trace(w->net, true);
	/* It learns what time it is, before anything waits for a second of it. */
	(void)holm_net_poll(w->net, world_now(), TURN);
	return true;
}

static void capture_write(void *ctx, const void *data, size_t len)
{
	fwrite(data, 1, len, ctx);
}

/* Each direction has a seed of its own, so that what is lost one way says nothing of the other. */
static void add_impairment(struct world *w)
{
	struct holm_impair_config config = w->options.impair;

	if (!w->options.has_seed)
		env_random(NULL, &config.seed, 4); /* short, because it may have to be typed */
	fprintf(stderr, "tap: --seed %llu\n", (unsigned long long)config.seed);
	if (w->options.impairs_out) {
		holm_impair_init(&w->out, w->top, holm_net_pool(w->net), &config);
		w->top = &w->out.dev;
	}
	if (w->options.impairs_in) {
		config.inbound = true;
		config.seed = ~config.seed;
		holm_impair_init(&w->in, w->top, holm_net_pool(w->net), &config);
		w->top = &w->in.dev;
	}
}

static bool add_capture(struct world *w)
{
	w->capture = fopen(w->options.pcap, "wb");
	if (!w->capture)
		return complain("--pcap", w->options.pcap, -errno);
	holm_pcap_init(&w->pcap, w->top, capture_write, w->capture, wall_now() - world_now(),
		       SNAP_BYTES);
	w->top = &w->pcap.dev;
	return true;
}

static bool attach_ip6(struct world *w)
{
	struct holm_route route = { .dst = holm_addr_any6(), .gateway = w->options.gateway6 };
	int err = 0;

	if (!holm_addr_is_any(&w->options.address6))
		err = holm_addr_add(w->net, w->top, &w->options.address6, w->options.prefix6_len);
	if (err)
		return complain("--address6", "", err);
	if (!holm_addr_is_any(&w->options.gateway6))
		err = holm_route_add(w->net, &route);
	return err == 0 || complain("--gateway6", "", err);
}

static bool attach(struct world *w)
{
	struct holm_route route = { .gateway = w->options.gateway };
	int err = holm_net_add_dev(w->net, w->top);

	if (err < 0)
		return complain("the device is not attached", "", err);
	err = holm_addr_add(w->net, w->top, &w->options.address, w->options.prefix_len);
	if (err)
		return complain("--address", "", err);
	route.dst = holm_addr_ip4(0, 0, 0, 0);
	if (!holm_addr_is_any(&w->options.gateway))
		err = holm_route_add(w->net, &route);
	if (err)
		return complain("--gateway", "", err);
	return attach_ip6(w);
}

static bool start_process(struct world *w, const struct wait_ops *wait, uint32_t fds_first)
{
	const struct sys_env env = {
		.wait = { wait, w },
		.memory = holm_net_memory(w->net),
		.net = w->net,
		.wall = wall_now,
		.fds_first = fds_first,
	};
	int err = process_init(&w->process, &env);

	if (err)
		return complain("descriptors", "", err);
	/* The console is the host's. */
	for (int fd = 0; fd < 3; fd++)
		(void)sys_close(&w->process, fd);
	return true;
}

/* A program may use an address of IPv6 at once: nobody on the link has said that it is his (RFC 4862 5.4). */
static bool wait_for_ip6(struct world *w)
{
	const struct timespec moment = { .tv_nsec = MOMENT_NS };
	const struct holm_addr *addr = &w->options.address6;
	uint64_t deadline_ns = world_now() + IP6_READY_NS;
	int state = HOLM_ADDR_PREFERRED;

	while (!holm_addr_is_any(addr) && world_now() < deadline_ns) {
		(void)world_turn(w);
		state = holm_addr_state(w->net, w->top, addr);
		if (state != HOLM_ADDR_TENTATIVE)
			break;
		nanosleep(&moment, NULL);
	}
	return state < HOLM_ADDR_TENTATIVE || complain("--address6", "", -EADDRNOTAVAIL);
}

static bool build(struct world *w, const struct wait_ops *wait, uint32_t fds_first)
{
	if (!create_net(w))
		return false;
	if (!world_has_device(w))
		return start_process(w, wait, fds_first);
	w->tap.pool = holm_net_pool(w->net);
	w->tap.dev.mac = mac_of(&w->options.address);
	w->top = &w->tap.dev;
	if (options_impair(&w->options))
		add_impairment(w);
	return (!w->options.pcap || add_capture(w)) && attach(w) && wait_for_ip6(w) &&
	       start_process(w, wait, fds_first);
}

void world_take_down(struct world *w)
{
	if (w->net)
		holm_net_destroy(w->net);
	if (w->capture)
		fclose(w->capture);
	for (unsigned i = 0; i < w->nregions; i++)
		free(w->regions[i]);
	if (world_has_device(w))
		tap_device_close(&w->tap);
}

bool world_open(struct world *w, const struct tap_options *options, const struct wait_ops *wait,
		uint32_t fds_first)
{
	memset(w, 0, sizeof(*w));
	w->options = *options;
	w->started_ns = world_now();
	w->tap.fd = -1;
	if (world_has_device(w) && !open_device(w))
		return false;
	if (!build(w, wait, fds_first)) {
		world_take_down(w);
		return false;
	}
	w->is_open = true;
	(void)world_turn(w); /* the address is announced */
	return true;
}

/* ---- the end ---- */

/* Are there bytes or a FIN that the peer has not acknowledged? Stops at the first. */
static bool visit_unfinished(void *found, const struct holm_ep_info *info)
{
	if (info->kind != HOLM_EP_TCP)
		return true;
	switch ((enum holm_tcp_state)info->tcp.state) {
	case HOLM_TCP_ESTABLISHED:
	case HOLM_TCP_CLOSE_WAIT:
	case HOLM_TCP_FIN_WAIT_1:
	case HOLM_TCP_CLOSING:
	case HOLM_TCP_LAST_ACK:
		*(bool *)found = true;
		return false;
	default:
		return true;
	}
}

bool world_has_unfinished(struct world *w)
{
	bool found = false;

	holm_net_each_endpoint(w->net, visit_unfinished, &found);
	return found;
}
