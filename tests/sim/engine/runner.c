/*
 * Running seeds: one process per processor, each taking every n-th seed, so that a seed may fail,
 * crash or hang and the others still run. What failed is run once more with a capture.
 */
#define _DEFAULT_SOURCE
#include "tests/sim/engine/sim.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX 64u
/* Processor time after which a seed hangs. */
#define SEED_SECONDS 30u
#define FAILURES_MAX 5u

const char *sim_pcap_path;

void sim_fail(struct sim *s, const char *format, ...)
{
	char why[256];
	va_list args;

	fflush(stdout);
	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	/* In one piece: seeds that run beside it fail, too. */
	fprintf(stderr, "seed %llu at %.6f s: %s\n", (unsigned long long)s->seed,
		(double)s->now / 1e9, why);
	if (s->pcap)
		fclose(s->pcap);
	_exit(1);
}

/* Not what a handler may do, but what is wanted of a run that hangs: what it was doing. */
static void hangs(int signal)
{
	(void)signal;
	if (!sim_current)
		_exit(1);
	sim_flow_describe_all(sim_current);
	sim_fail(sim_current, "no end after %u seconds, %zu events under way", SEED_SECONDS,
		 sim_current->nheap);
}

static uint64_t number(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : fallback;
}

bool sim_seed_is_ip6(uint64_t seed)
{
	uint64_t family = number("FAMILY", 0);

	return family ? family == 6 : seed / 4 % 2 != 0;
}

/* What the processes tell the one that watches. */
struct board {
	uint64_t seed[JOBS_MAX]; /* that runs now */
	uint64_t done[JOBS_MAX];
};

static void run_one(const char *program, void (*scenario)(uint64_t), uint64_t seed)
{
	static char path[128];
	const char *build = getenv("BUILD");

	snprintf(path, sizeof(path), "%s/sim", build ? build : "build");
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/sim/%s-%llu.pcap", build ? build : "build", program,
		 (unsigned long long)seed);
	sim_pcap_path = path;
	signal(SIGALRM, hangs);
	alarm(SEED_SECONDS);
	scenario(seed);
	alarm(0);
	printf("seed %llu passes; frames in %s\n", (unsigned long long)seed, path);
}

static pid_t start_job(void (*scenario)(uint64_t), struct board *b, unsigned job, unsigned jobs,
		       uint64_t end)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid != 0)
		return pid;
	signal(SIGALRM, hangs);
	for (; b->seed[job] < end; b->seed[job] += jobs) {
		alarm(SEED_SECONDS);
		scenario(b->seed[job]);
		b->done[job]++;
	}
	_exit(0);
}

static void report(const char *program, void (*scenario)(uint64_t), uint64_t seed)
{
	pid_t pid;
	int status = 0;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		run_one(program, scenario, seed);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed,
			strsignal(WTERMSIG(status)));
	fprintf(stderr,
		"frames: %s/sim/%s-%llu.pcap\nrepeat: FAMILY=%d SEED=%llu %s/host/tests/sim/%s\n",
		getenv("BUILD") ? getenv("BUILD") : "build", program, (unsigned long long)seed,
		sim_seed_is_ip6(seed) ? 6 : 4, (unsigned long long)seed,
		getenv("BUILD") ? getenv("BUILD") : "build", program);
}

static void show_progress(const struct board *b, unsigned jobs, uint64_t n, time_t *last)
{
	time_t now = time(NULL);
	uint64_t done = 0;

	if (now - *last < 10)
		return;
	*last = now;
	for (unsigned i = 0; i < jobs; i++)
		done += b->done[i];
	printf("  %llu of %llu seeds\n", (unsigned long long)done, (unsigned long long)n);
	fflush(stdout);
}

static unsigned watch(const char *program, void (*scenario)(uint64_t), struct board *b,
		      pid_t pids[], unsigned jobs, uint64_t first, uint64_t n)
{
	unsigned running = jobs;
	unsigned failures = 0;
	time_t last = time(NULL);

	while (running > 0) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid == 0) {
			usleep(20000);
			show_progress(b, jobs, n, &last);
			continue;
		}
		for (unsigned i = 0; i < jobs; i++) {
			if (pids[i] != pid)
				continue;
			running--;
			if (status == 0)
				break;
			failures++;
			report(program, scenario, b->seed[i]);
			b->seed[i] += jobs;
			if (failures < FAILURES_MAX) {
				pids[i] = start_job(scenario, b, i, jobs, first + n);
				running++;
			}
			break;
		}
	}
	return failures;
}

unsigned sim_seeds(const char *program, void (*scenario)(uint64_t seed), uint64_t n)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned jobs = (unsigned)number("JOBS", processors > 0 ? (uint64_t)processors : 1);
	uint64_t first = number("FIRST", 1);
	struct board *b;
	pid_t pids[JOBS_MAX];
	unsigned failures;

	if (getenv("SEED")) {
		run_one(program, scenario, number("SEED", 1));
		return 0;
	}
	n = number("SEEDS", n);
	if (jobs > JOBS_MAX)
		jobs = JOBS_MAX;
	b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (b == MAP_FAILED)
		abort();
	for (unsigned i = 0; i < jobs; i++) {
		b->seed[i] = first + i;
		pids[i] = start_job(scenario, b, i, jobs, first + n);
	}
	failures = watch(program, scenario, b, pids, jobs, first, n);
	munmap(b, sizeof(*b));
	if (!failures)
		printf("%llu seeds from %llu on\n", (unsigned long long)n,
		       (unsigned long long)first);
	return failures;
}
