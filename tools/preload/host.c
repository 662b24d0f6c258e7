/* The host's calls by name; see host.h. */
#include "tools/preload/host.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static struct host_calls calls;

/* POSIX gives functions as data pointers; ISO C has no cast between the two. */
static void find(void *slot, const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(slot, &found, sizeof(found));
}

static void find_sockets(void)
{
	find(&calls.socket, "socket");
	find(&calls.bind, "bind");
	find(&calls.listen, "listen");
	find(&calls.accept, "accept");
	find(&calls.accept4, "accept4");
	find(&calls.connect, "connect");
	find(&calls.shutdown, "shutdown");
	find(&calls.getsockname, "getsockname");
	find(&calls.getpeername, "getpeername");
	find(&calls.setsockopt, "setsockopt");
	find(&calls.getsockopt, "getsockopt");
}

static void find_transfers(void)
{
	find(&calls.read, "read");
	find(&calls.write, "write");
	find(&calls.readv, "readv");
	find(&calls.writev, "writev");
	find(&calls.pread, "pread");
	find(&calls.send, "send");
	find(&calls.recv, "recv");
	find(&calls.sendto, "sendto");
	find(&calls.recvfrom, "recvfrom");
	find(&calls.sendmsg, "sendmsg");
	find(&calls.recvmsg, "recvmsg");
	find(&calls.sendmmsg, "sendmmsg");
	find(&calls.recvmmsg, "recvmmsg");
	find(&calls.sendfile, "sendfile");
	find(&calls.splice, "splice");
}

static void find_descriptors(void)
{
	find(&calls.close, "close");
	find(&calls.close_range, "close_range");
	find(&calls.dup, "dup");
	find(&calls.dup2, "dup2");
	find(&calls.dup3, "dup3");
	find(&calls.fcntl, "fcntl");
	find(&calls.ioctl, "ioctl");
	find(&calls.fdopen, "fdopen");
	find(&calls.poll, "poll");
	find(&calls.ppoll, "ppoll");
	find(&calls.select, "select");
	find(&calls.pselect, "pselect");
	find(&calls.epoll_ctl, "epoll_ctl");
	find(&calls.exit_now, "_exit");
}

/* Threads that come here at the same time find the same. */
const struct host_calls *host(void)
{
	if (!calls.exit_now) {
		find_sockets();
		find_transfers();
		find_descriptors();
	}
	return &calls;
}
