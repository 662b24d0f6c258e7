/*
 * The image's instance: which protocols, how much memory, which devices, and the poller that drives it
 * whenever threads are waiting. Addresses are net_config.c's.
 */
#include "kernel/net.h"

#include "kernel/clock.h"
#include "kernel/cmdline.h"
#include "kernel/devices.h"
#include "kernel/entropy.h"
#include "kernel/idle.h"
#include "kernel/log.h"
#include "kernel/main.h"
#include "kernel/mem.h"
#include "kernel/panic.h"
#include "kernel/process.h"
#include "kernel/sys/file.h"
#include "kernel/thread.h"
#include "lib/compiler.h"

/*
 * At most a quarter of free RAM is for frames, and no more than are ever in flight. Boot takes what two
 * rings need and little more, as touching fresh memory takes time; the rest comes when it is wanted.
 */
#define FRAMES_MIN 256u
#define FRAMES_FIRST 512u
#define FRAMES_MAX 2048u
/* Below so many free ones it is time for more: a ring of them may be wanted within a turn. */
#define FRAMES_LOW 256u
/* A region of so many: what the page allocator can give in one piece even when RAM is in pieces. */
#define FRAMES_PER_REGION 128u
/* Frames per device and bursts out, per turn of the poller. */
#define TURN 64u

/* A program that has not waited for anything by then is not about to listen. */
#define START_NS UINT64_C(50000000)

static struct holm_net *instance;
/* Addresses may be asked for; until when that waits at most. */
static bool configuring;
static uint64_t configure_ns;
static size_t frames_max; /* that the pool may grow to */

struct holm_net *kernel_net(void)
{
	return instance;
}

/* ---- what the instance needs ---- */

static void *env_alloc(void *ctx, size_t size, size_t align)
{
	(void)ctx;
	(void)align; /* never above a page */
	return mem_pages_alloc(mem_pages_for(size));
}

static void env_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	mem_pages_free(p, mem_pages_for(size));
}

static void env_random(void *ctx, void *dst, size_t len)
{
	(void)ctx;
	entropy_fill(dst, len);
}

static void env_log(void *ctx, enum holm_log_level level, const char *line, size_t len)
{
	/* The trace is there because somebody asked to see it. */
	static const enum log_level levels[] = {
		[HOLM_LOG_ERROR] = LOG_ERROR,
		[HOLM_LOG_WARN] = LOG_WARN,
		[HOLM_LOG_INFO] = LOG_INFO,
		[HOLM_LOG_TRACE] = LOG_INFO,
	};

	(void)ctx;
	log_text(levels[level], line, len);
}

/* One region more; false: there is no memory for it. */
static bool add_region(void)
{
	size_t bytes = holm_pool_region_bytes(FRAMES_PER_REGION);
	void *region = mem_pages_alloc(mem_pages_for(bytes));

	if (!region)
		return false;
	(void)holm_pool_add(holm_net_pool(instance), region, bytes);
	return true;
}

static void add_first_frames(void)
{
	size_t frame_bytes = holm_pool_region_bytes(FRAMES_PER_REGION) / FRAMES_PER_REGION;
	struct holm_pool_stats pool;
	struct mem_stats ram;

	mem_get_stats(&ram);
	frames_max = ram.free_pages * PAGE_BYTES / 4 / frame_bytes;
	frames_max = frames_max > FRAMES_MAX ? FRAMES_MAX : frames_max;
	do {
		bool added = add_region();

		holm_pool_get_stats(holm_net_pool(instance), &pool);
		if (!added)
			break;
	} while (pool.frames < FRAMES_FIRST && pool.frames < frames_max);
	if (pool.frames < FRAMES_MIN)
		panic("not enough memory for the network: %u frames of %u", pool.frames,
		      FRAMES_MIN);
	log_debug("network: %u frames, at most %zu", pool.frames, frames_max);
}

/* Grow the pool while traffic wants more than there is. */
static void add_frames_if_low(void)
{
	struct holm_pool_stats pool;

	holm_pool_get_stats(holm_net_pool(instance), &pool);
	if (likely(pool.free >= FRAMES_LOW) || pool.frames + FRAMES_PER_REGION > frames_max)
		return;
	if (!add_region())
		frames_max = 0; /* do not ask again at every turn */
}

/* A buffer that grows by itself may have a sixteenth of the memory. */
static void bound_windows(struct holm_config *config)
{
	struct mem_stats ram;
	uint64_t most;

	mem_get_stats(&ram);
	most = (uint64_t)ram.free_pages * PAGE_BYTES / 16;
	if (most < config->tcp_rcvbuf_bytes)
		most = config->tcp_rcvbuf_bytes;
	if (config->tcp_rcvbuf_max_bytes > most)
		config->tcp_rcvbuf_max_bytes = (uint32_t)most;
	if (config->tcp_sndbuf_max_bytes > most)
		config->tcp_sndbuf_max_bytes = (uint32_t)most;
}

static struct holm_net *create(void)
{
	static const struct holm_proto *const all[] = {
		&holm_arp,  &holm_ipv4,	    HOLM_IP_PARTS, &holm_icmp4,	      &holm_igmp,
		&holm_ipv6, &holm_icmp6,    &holm_nd,	   &holm_mld,	      &holm_udp,
		&holm_tcp,  HOLM_TCP_PARTS, &holm_sockets, HOLM_SOCKET_PARTS, &holm_sockets6,
		&holm_raw6, NULL,
	};
	/* With ip6=off. */
	static const struct holm_proto *const ip4[] = {
		&holm_arp, &holm_ipv4,	   HOLM_IP_PARTS, &holm_icmp4,	     &holm_igmp, &holm_udp,
		&holm_tcp, HOLM_TCP_PARTS, &holm_sockets, HOLM_SOCKET_PARTS, NULL,
	};
	/* Sequence numbers that can be guessed are worse than no TCP. */
	static const struct holm_proto *const unsafe[] = {
		&holm_arp, &holm_ipv4, HOLM_IP_PARTS, &holm_icmp4, &holm_udp, NULL,
	};
	const struct holm_env env = {
		.size = sizeof(env),
		.alloc = env_alloc,
		.free = env_free,
		.random = env_random,
		.log = env_log,
	};
	bool has_secrets = entropy_status() != ENTROPY_NONE;
	const struct holm_proto *const *protos = !has_secrets ? unsafe : net_has_ip6() ? all : ip4;
	const char *problem, *what = "";
	struct holm_config config;
	struct holm_net *net;
	int err;

	if (!has_secrets)
		log_error("network: no source of entropy (RDRAND, virtio-rng), so TCP is not "
			  "started; with entropy=unsafe it is");
	holm_config_default(&config);
	bound_windows(&config);
	err = holm_net_create(&net, &config, &env, protos);
	if (err) {
		problem = holm_net_explain(&config, &env, protos, &what);
		if (problem)
			panic("the network stack does not start: %s %s", what, problem);
		panic("the network stack does not start (error %d)", -err);
	}
	return net;
}

static size_t attach_devices(struct holm_net *net, struct holm_dev **devs)
{
	struct holm_dev *found[DEVICES_NET_MAX];
	size_t n = devices_net(found, DEVICES_NET_MAX);
	size_t attached = 0;

	for (size_t i = 0; i < n && i < DEVICES_NET_MAX; i++) {
		int err = holm_net_add_dev(net, found[i]);

		if (err < 0)
			log_error("%s: not attached (error %d)", found[i]->name, -err);
		else if (devices_net_start(found[i], holm_net_pool(net)) == 0)
			devs[attached++] = found[i];
	}
	if (n == 0)
		log_warn("network: no device; only 127.0.0.1 answers");
	return attached;
}

/* ---- the poller ---- */

/* Wake who waits for what has happened. True: configuration has something to do. */
static bool dispatch(void)
{
	struct holm_event ev;
	bool configure = false;

	while (holm_net_next_event(instance, &ev)) {
		if (net_config_owns(&ev))
			configure = true;
		else
			sys_event(&ev);
	}
	return configure;
}

void net_hear(struct holm_net *net)
{
	(void)net;
	(void)dispatch(); /* configuration remembers what is for it, and runs with the next turn */
}

/*
 * Asking for an address waits until the program waits, normally on what it has opened: who is told of
 * the address tries it at once, and would be refused by a machine whose program is about to listen.
 */
static uint64_t configure(uint64_t now_ns)
{
	if (!configuring) {
		bool waits = !thread_self() && !thread_is_any_runnable();

		configuring = waits || now_ns >= configure_ns;
		if (!configuring)
			return configure_ns;
	}
	return net_config_poll(now_ns);
}

/*
 * One turn: frames in, who waits is woken, timers and output. What threads make of it leaves with the
 * next turn, which comes when they wait again. Devices are armed only when nobody is left to run.
 */
static uint64_t poll(void *ctx, uint64_t now_ns)
{
	uint64_t config_ns, next_ns;
	bool more;

	(void)ctx;
	devices_take_interrupts();
	add_frames_if_low();
	more = holm_net_poll_devs(instance, now_ns, TURN);
	(void)dispatch();
	config_ns = configure(now_ns);
	more |= holm_net_poll(instance, now_ns, TURN);
	/* Looped frames and timers have had their say since. */
	more |= dispatch();
	if (more)
		return now_ns;
	next_ns = holm_net_next_deadline(instance);
	if (config_ns < next_ns)
		next_ns = config_ns;
	if (!thread_self() && !thread_is_any_runnable() && devices_arm())
		return now_ns;
	return next_ns;
}

void net_start(void)
{
	struct holm_dev *devs[DEVICES_NET_MAX];
	size_t n;

	instance = create();
	add_first_frames();
	if (cmdline_flag("net.trace"))
		holm_net_set_trace(instance, true);
	n = attach_devices(instance, devs);
	net_config_start(instance, devs, n);
	configure_ns = clock_now() + START_NS;
	process_start(instance);
	idle_register(poll, NULL);
}
