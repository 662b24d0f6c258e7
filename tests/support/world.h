/*
 * world.h -- two hosts for tests of system calls: a duo of instances with a process each, and threads
 * that call in and block. When all wait, frames move, events wake, time passes.
 */
#ifndef TESTS_SUPPORT_WORLD_H
#define TESTS_SUPPORT_WORLD_H

#include "kernel/sys/file.h"
#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"
#include "tests/support/crew.h"
#include "tests/support/sockets.h"

struct world {
	struct duo duo;
	struct crew crew;
	struct process p[2];
	char console[256]; /* what was written, cut */
	size_t console_len;
	uint64_t wall_offset;
	size_t files_in_use; /* bytes of files and tables, both processes */
	uint64_t allocs;     /* made for them so far */
	uint64_t fail_at;    /* the number of the one that fails; 0: none */
	uint64_t poll_seed;  /* != 0: a call looks after the devices first, at random */
	struct holm_memory memory;
};

struct world_options {
	const struct holm_impair_config *impair; /* NULL: a perfect link */
	const struct initrd *tree;
	uint32_t fds_max; /* 0: the default */
	uint64_t seed;	  /* of threads, instances and polls */
};

void world_init(struct world *w, const struct world_options *o);

/* Close everything, let what lingers end; every byte and frame must have come back. */
void world_fini(struct world *w);

/* A world of its own for a test of cmocka's, by world_setup() or with options of its own. */
int world_setup_with(void **state, const struct world_options *o);
int world_setup(void **state);
int world_teardown(void **state);

/* A thread. The functions of tests take the world. */
void world_start(struct world *w, void (*fn)(void *w));
void world_start_with(struct world *w, void (*fn)(void *arg), void *arg);

/* Until all threads have ended. */
void world_run(struct world *w);

/* Start this one thread and run it. */
void world_do(struct world *w, void (*fn)(void *w));

/* ---- for threads ---- */

/* A listening socket of host i. */
int world_listen(struct world *w, int i, uint16_t port);
/* A blocking connect of host i to host j. Fails the test unless it connects. */
int world_connect(struct world *w, int i, int j, uint16_t port);
int world_addr_connect(struct world *w, int i, int fd, struct holm_sockaddr_in sa);
void world_sleep(struct world *w, uint64_t ns);
/* How many descriptors of host i are open, the console's included. */
size_t world_count_fds(struct world *w, int i);

#endif
