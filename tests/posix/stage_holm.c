/*
 * Each case in an instance of its own, with the loopback and one device that loses everything. One thread:
 * where it would sleep, the instance runs, and time passes until it is woken.
 */
#ifdef POSIX_ON_HOLM
#include <holm/ip.h>
#include <holm/net.h>
#include <holm/tcp.h>
#include <holm/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/initrd.h"
#include "kernel/sys/file.h"
#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"
#include "tests/posix/stage.h"

#define FRAMES 1024u
/* Frames that have left and nobody has looked at yet: the newest are lost. */
#define SENT_MAX 64u
/* Of virtual time: no case waits longer. */
#define TOO_LONG_NS 100000000000ull

static struct {
	struct holm_net *net;
	struct process process;
	struct holm_dev dev;
	void *frames;
	uint64_t now, began;
	size_t in_use;
	uint64_t random;
	bool woken;
	unsigned denied; /* bits of enum sys_capability */
	struct holm_frame *sent[SENT_MAX];
	uint32_t nsent;
	jmp_buf out;
	char *why;
	size_t why_len;
} stage;

struct process *process_current(void)
{
	return &stage.process;
}

/* ---- the environment ---- */

static void *env_alloc(void *ctx, size_t size, size_t align)
{
	(void)ctx;
	stage.in_use += size;
	return aligned_alloc(align, (size + align - 1) / align * align);
}

static void env_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	stage.in_use -= size;
	free(p);
}

static void env_random(void *ctx, void *dst, size_t len)
{
	(void)ctx;
	for (size_t i = 0; i < len; i++) {
		stage.random = stage.random * 6364136223846793005u + 1442695040888963407u;
		((unsigned char *)dst)[i] = (unsigned char)(stage.random >> 56);
	}
}

/* Nobody hears it, but the case may ask what it was. */
static size_t lose(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	(void)dev;
	for (size_t i = 0; i < n; i++) {
		struct holm_frame *copy = NULL;

		if (stage.nsent < SENT_MAX)
			copy = holm_frame_copy(holm_net_pool(stage.net), frames[i]);
		if (copy)
			stage.sent[stage.nsent++] = copy;
	}
	holm_frame_free_batch(frames, n);
	return n;
}

/* ---- time and waiting ---- */

static void settle(void)
{
	do
		sys_dispatch_events(stage.net);
	while (holm_net_poll(stage.net, stage.now, 256));
	sys_dispatch_events(stage.net);
}

static uint64_t ops_now(void *ctx)
{
	(void)ctx;
	return stage.now;
}

static void *ops_self(void *ctx)
{
	(void)ctx;
	return &stage;
}

static int ops_sleep(void *ctx, uint64_t deadline_ns)
{
	(void)ctx;
	for (;;) {
		uint64_t next;

		settle();
		if (stage.woken) {
			stage.woken = false;
			return 0;
		}
		if (stage.now >= deadline_ns)
			return -HOLM_ETIMEDOUT;
		next = holm_net_next_deadline(stage.net);
		next = next < deadline_ns ? next : deadline_ns;
		if (next - stage.began > TOO_LONG_NS)
			stage_fail(__FILE__, __LINE__, "the case waits for what will never come");
		stage.now = next > stage.now ? next : stage.now + 1;
	}
}

static void ops_wake(void *ctx, void *thread)
{
	(void)ctx;
	(void)thread;
	stage.woken = true;
}

static void ops_yield(void *ctx)
{
	(void)ctx;
}

/* As the host's loopback: what was sent is there when the next call looks. */
static void ops_enter(void *ctx)
{
	(void)ctx;
	settle();
}

static const struct wait_ops ops = { ops_now, ops_self, ops_sleep, ops_wake, ops_yield, ops_enter };

static uint64_t wall(void)
{
	return 1700000000000000000u + stage.now;
}

/* ---- the file ---- */

static uint8_t file_bytes[STAGE_FILE_BYTES];
static struct initrd_entry entries[] = {
	{ "", 0, NULL, 0, INITRD_DIR | 0755, 0, 1, 1 },
	{ "data", 4, file_bytes, sizeof(file_bytes), INITRD_FILE | 0644, 0, 2, 1 },
};
static const struct initrd tree = { entries, 2 };

int stage_open_file(void)
{
	for (size_t i = 0; i < sizeof(file_bytes); i++)
		file_bytes[i] = stage_file_byte(i);
	return sys_open(&stage.process, "/data", SYS_O_RDONLY);
}

static bool permits(enum sys_capability cap)
{
	return !(stage.denied & 1u << cap);
}

/* ---- a network of the case's own: every case has one ---- */

bool stage_alone(const char **why)
{
	(void)why;
	return true;
}

/* In the order of enum right. */
void stage_give_up(int right)
{
	static const enum sys_capability caps[] = { SYS_CAP_NET_BIND, SYS_CAP_NET_RAW,
						    SYS_CAP_NET_ADMIN, SYS_CAP_ADMIN,
						    SYS_CAP_PING };

	stage.denied |= 1u << caps[right];
}

void stage_wire_in(const void *frame, size_t len)
{
	struct holm_frame *f = holm_frame_alloc(holm_net_pool(stage.net), 0, true);

	if (!f || !holm_frame_append_copy(f, frame, len))
		abort();
	holm_net_input(stage.net, &stage.dev, &f, 1, stage.now);
	settle();
}

size_t stage_wire_out(void *frame, size_t len)
{
	struct holm_frame *f;
	size_t n;

	settle();
	if (stage.nsent == 0)
		return 0;
	f = stage.sent[0];
	n = f->len < len ? f->len : len;
	holm_frame_read(f, 0, frame, n);
	holm_frame_free(f);
	memmove(stage.sent, stage.sent + 1, --stage.nsent * sizeof(stage.sent[0]));
	return n;
}

void stage_own_mac(unsigned char mac[6])
{
	memcpy(mac, stage.dev.mac.b, 6);
}

void stage_skip(const char *why)
{
	stage_fail(__FILE__, __LINE__, why);
}

/* ---- a case ---- */

static void begin(void)
{
	static const struct holm_dev_ops dev_ops = { .tx = lose };
	static const struct holm_proto *const protos[] = {
		&holm_arp,     &holm_ipv4,	  HOLM_IP_PARTS,  &holm_icmp4, &holm_igmp,
		&holm_ipv6,    &holm_icmp6,	  &holm_udp,	  &holm_tcp,   HOLM_TCP_PARTS,
		&holm_sockets, HOLM_SOCKET_PARTS, &holm_sockets6, &holm_raw6,  NULL,
	};
	struct holm_env env = { sizeof(env), NULL, env_alloc, env_free, env_random, NULL };
	const struct holm_addr addr = holm_addr_ip4(10, 0, 0, 1);
	struct holm_config config;
	struct sys_env sys = { .wait = { &ops, NULL },
			       .wall = wall,
			       .tree = &tree,
			       .cred = { .pid = 1 },
			       .permits = permits };

	stage.now = stage.began = 1000000000;
	stage.random = 42;
	stage.woken = false;
	stage.in_use = 0;
	stage.denied = 0;
	holm_config_default(&config);
	if (holm_net_create(&stage.net, &config, &env, protos) != 0)
		abort();
	stage.frames = aligned_alloc(HOLM_FRAME_BYTES, FRAMES * HOLM_FRAME_BYTES);
	holm_pool_add(holm_net_pool(stage.net), stage.frames, FRAMES * HOLM_FRAME_BYTES);
	stage.dev = (struct holm_dev){ .ops = &dev_ops,
				       .name = "eth0",
				       .link_up = true,
				       .mac = { { 2, 0, 0, 0, 0, 1 } },
				       .caps = { .mtu = 1500, .segs_max = 4 } };
	if (holm_net_add_dev(stage.net, &stage.dev) < 0 ||
	    holm_addr_add(stage.net, &stage.dev, &addr, 24) != 0)
		abort();
	sys.net = stage.net;
	sys.memory = holm_net_memory(stage.net);
	if (process_init(&stage.process, &sys) != 0)
		abort();
}

static bool finish(void)
{
	process_fini(&stage.process);
	settle();
	holm_frame_free_batch(stage.sent, stage.nsent);
	stage.nsent = 0;
	holm_net_destroy(stage.net);
	free(stage.frames);
	if (stage.in_use == 0)
		return true;
	snprintf(stage.why, stage.why_len, "%zu bytes were not given back", stage.in_use);
	return false;
}

bool stage_run(void (*run)(void), char *why, size_t len)
{
	volatile bool passed = false;

	stage.why = why;
	stage.why_len = len;
	begin();
	if (setjmp(stage.out) == 0) {
		run();
		passed = true;
	}
	return finish() && passed;
}

void stage_fail(const char *file, int line, const char *text)
{
	snprintf(stage.why, stage.why_len, "%s:%d: %s", file, line, text);
	longjmp(stage.out, 1);
}
#endif
