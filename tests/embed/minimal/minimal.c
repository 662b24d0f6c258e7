/*
 * Embedding, the least of it: only ARP, IPv4, ICMP and TCP are named, so that is all that is linked.
 * A device that loses everything, a listener, one round; an end, if the library has one. Its size with -Os
 * and --gc-sections is the benchmark's text_bytes.
 */
#include <holm/build.h>
#include <holm/ip.h>
#include <holm/net.h>
#include <holm/stats.h>
#include <holm/tcp.h>

#include <stdlib.h>

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
	for (size_t i = 0; i < len; i++)
		((unsigned char *)dst)[i] = (unsigned char)rand();
}

static size_t lose(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	(void)dev;
	holm_frame_free_batch(frames, n);
	return n;
}

static const struct holm_dev_ops ops = { .tx = lose };
static struct holm_dev dev = { .ops = &ops,
			       .name = "net0",
			       .link_up = true,
			       .mac = { { 2, 0, 0, 0, 0, 1 } },
			       .caps = { .mtu = 1500, .segs_max = 1 } };

int main(void)
{
	static const struct holm_proto *const protos[] = {
		&holm_arp, &holm_ipv4, &holm_icmp4, &holm_tcp, NULL,
	};
	struct holm_env env = { sizeof(env), NULL, env_alloc, env_free, env_random, NULL };
	struct holm_endpoint local = { .addr = holm_addr_ip4(10, 0, 0, 1), .port = 80 };
	struct holm_config config;
	struct holm_net *net;
	struct holm_tcp *listener;
	void *frames = aligned_alloc(HOLM_FRAME_BYTES, 128 * HOLM_FRAME_BYTES);

	holm_config_default(&config);
	if (holm_net_create(&net, &config, &env, protos) != 0)
		return 1;
	holm_pool_add(holm_net_pool(net), frames, 128 * HOLM_FRAME_BYTES);
	if (holm_net_add_dev(net, &dev) < 0 || holm_addr_add(net, &dev, &local.addr, 24) != 0)
		return 1;
	if (holm_tcp_open(net, &listener) != 0 || holm_tcp_bind(listener, &local, 0) != 0 ||
	    holm_tcp_listen(listener, 8) != 0)
		return 1;
	while (holm_net_poll(net, 1000000000, 64))
		continue;
	if (HOLM_WITH_COUNTERS && holm_net_counter(net, HOLM_COUNT_TX_FRAMES) == 0)
		return 1;
	holm_tcp_close(listener);
	if (HOLM_WITH_END) {
		holm_net_destroy(net);
		free(frames);
	}
	return 0;
}
