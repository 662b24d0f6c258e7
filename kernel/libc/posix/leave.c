/*
 * leave.c -- the end of a program's connections.
 *
 * Elsewhere a kernel outlives its programs and goes on delivering what they have sent. Here the
 * machine ends with the program, so the program's last bytes are waited for.
 */
#include <stdbool.h>
#include <stdint.h>

#include "kernel/clock.h"
#include "kernel/libc/start.h"
#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"
#include "kernel/thread.h"

#include <holm/stats.h>

enum {
	FIRST_FD = 3, /* the console stays */
	LEAVE_MS =
		1000, /* three retransmissions on an ordinary path; a dead peer is not waited for */
	LOOK_MS = 1,
};

/* Are there bytes or a FIN that the peer has not acknowledged? */
static bool is_unfinished(const struct holm_ep_info *info)
{
	if (info->kind != HOLM_EP_TCP)
		return false;
	switch ((enum holm_tcp_state)info->tcp.state) {
	case HOLM_TCP_ESTABLISHED:
	case HOLM_TCP_CLOSE_WAIT:
	case HOLM_TCP_FIN_WAIT_1:
	case HOLM_TCP_CLOSING:
	case HOLM_TCP_LAST_ACK:
		return true;
	default:
		return false;
	}
}

/* Stops at the first one. */
static bool visit(void *found, const struct holm_ep_info *info)
{
	*(bool *)found = is_unfinished(info);
	return !*(bool *)found;
}

static bool has_unfinished(struct holm_net *net)
{
	bool found = false;

	holm_net_each_endpoint(net, visit, &found);
	return found;
}

void libc_leave(void)
{
	struct process *p = process_current();
	uint64_t deadline = clock_now() + LEAVE_MS * UINT64_C(1000000);

	for (int fd = FIRST_FD; fd < (int)p->fds.cap; fd++)
		if (fds_slot(p, fd) != NULL)
			(void)sys_close(p, fd);
	while (p->env.net != NULL && has_unfinished(p->env.net) && clock_now() < deadline)
		thread_sleep_until(clock_now() + LOOK_MS * UINT64_C(1000000));
}
