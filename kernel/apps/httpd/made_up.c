/*
 * made_up.c -- holm_app.h on a system that is not holm: sending copies, files are read, and the
 * figures are made up: plausible and changing, so that the page can be worked on without an image.
 */
#if !__has_include(<holm_app.h>)

#include "holm.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

ssize_t holm_send_const(int fd, const void *p, size_t n, int flags)
{
	return send(fd, p, n, flags);
}

const void *holm_map_file(int fd, size_t *len)
{
	(void)fd;
	(void)len;
	return NULL;
}

static uint64_t ticks_ms(void)
{
	static uint64_t first;
	struct timespec ts;
	uint64_t now;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	if (first == 0)
		first = now - 4000;
	return now - first;
}

/* A triangle wave between 0 and `high` with this period. */
static uint64_t wave(uint64_t t_ms, uint64_t period_ms, uint64_t high)
{
	uint64_t phase = t_ms % period_ms * 2;

	return high * (phase < period_ms ? phase : 2 * period_ms - phase) / period_ms;
}

static void set(char name[HOLM_APP_NAME_BYTES], const char *text)
{
	size_t len = strlen(text);

	if (len >= HOLM_APP_NAME_BYTES)
		len = HOLM_APP_NAME_BYTES - 1;
	memcpy(name, text, len);
	name[len] = '\0';
}

static void visit_machine(const struct holm_app_stats *v, uint64_t t)
{
	v->figure(v->ctx, "uptime_ms", t);
	v->figure(v->ctx, "boot_us", 8420);
	v->figure(v->ctx, "memory_bytes", 64u << 20);
	v->figure(v->ctx, "memory_free_bytes", (57u << 20) - wave(t, 20000, 6u << 20));
	v->figure(v->ctx, "stack_bytes", (3u << 19) + wave(t, 11000, 1u << 19));
	v->figure(v->ctx, "frames", 1024);
	v->figure(v->ctx, "frames_free", 900 - wave(t, 9000, 600));
}

static void visit_endpoints(const struct holm_app_stats *v, uint64_t t)
{
	static const char *const peers[] = { "10.0.2.2:51022", "10.0.2.2:51024", "10.0.2.2:51030",
					     "192.168.178.120:60110" };
	static const char *const states[] = { "ESTAB", "ESTAB", "TIME-WAIT", "FIN-WAIT-2" };
	struct holm_app_endpoint e = { .proto = "tcp", .state = "LISTEN", .send_q = 128 };

	set(e.local, "0.0.0.0:80");
	set(e.peer, "0.0.0.0:*");
	v->endpoint(v->ctx, &e);
	for (unsigned i = 0; i < 4; i++) {
		e = (struct holm_app_endpoint){ .proto = "tcp", .state = states[i], .mss = 1460 };
		set(e.local, "10.0.2.15:80");
		set(e.peer, peers[i]);
		e.has_flow = i != 2;
		e.cwnd_bytes = (uint32_t)(14600 + wave(t, 8000 + i * 1000, 146000));
		e.rtt_us = (uint32_t)(300 + i * 700 + wave(t, 3000, 200));
		e.rttvar_us = 90;
		e.rto_us = 200000;
		e.send_q = i == 0 ? (uint32_t)wave(t, 6000, 65536) : 0;
		e.retrans = i == 3 ? 2 : 0;
		v->endpoint(v->ctx, &e);
	}
	e = (struct holm_app_endpoint){ .proto = "udp", .state = "UNCONN" };
	set(e.local, "0.0.0.0:68");
	set(e.peer, "0.0.0.0:*");
	v->endpoint(v->ctx, &e);
}

static void visit_counters(const struct holm_app_stats *v, uint64_t t)
{
	/* The integral of the wave, so that the rates on the page are the wave. */
	uint64_t sent = t * 900 + t / 14000 * 14000 * 2000 +
			(t % 14000 < 7000 ? t % 14000 * (t % 14000) / 7 * 2
					  : 14000 * 1000 + (t % 14000 - 7000) * 2000);

	v->counter(v->ctx, "frames received", t / 3);
	v->counter(v->ctx, "bytes received", t * 60 + wave(t, 60000, 2000000));
	v->counter(v->ctx, "frames sent", t / 2);
	v->counter(v->ctx, "bytes sent", sent);
	v->counter(v->ctx, "arp requests sent", 3);
	v->counter(v->ctx, "arp replies sent", 0);
	v->counter(v->ctx, "tcp connections accepted", 12 + t / 1700);
	v->counter(v->ctx, "tcp segments retransmitted", t / 9000);
	v->counter(v->ctx, "tcp resets sent", 0);
}

void holm_stats_read(const struct holm_app_stats *v)
{
	uint64_t t = ticks_ms();

	if (v->figure)
		visit_machine(v, t);
	if (v->endpoint)
		visit_endpoints(v, t);
	if (v->counter)
		visit_counters(v, t);
	if (v->drop) {
		v->drop(v->ctx, "ethernet: destination is another host", t / 2600);
		v->drop(v->ctx, "ipv4: header checksum", 0);
		v->drop(v->ctx, "tcp: no such connection (answered with RST)", 4);
		v->drop(v->ctx, "udp: nobody bound to the port", 17);
		v->drop(v->ctx, "frames: pool empty", 0);
	}
}

#endif
