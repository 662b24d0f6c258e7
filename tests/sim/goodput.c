/*
 * Goodput against loss, and fairness, by controller: MTU 1500, timestamps on, data lost and
 * acknowledgements not, the mean of 20 seeds.
 *
 *	goodput		 a test: a few seeds, and that a seed's figure is the same twice
 *	goodput watch CONTROLLER ROW SEED	 one run in steps of 100 ms, and the sender's counters
 *	goodput table	 everything (SEEDS=n: fewer seeds), with the targets; see tests/bench/README.md
 *
 * Over IPv4, and with FAMILY=6 over IPv6, whose segments carry 20 bytes less.
 *
 * Lines: "goodput CONTROLLER BUFFER RTT_MS LOSS KB_PER_S" and "fairness CONTROLLER JAIN".
 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <holm/stats.h>

#include "tests/sim/engine/sim.h"

#define SEEDS 20u
#define MSS 1448u /* 1500 less 40 less timestamps */
#define FAIR_RATE 2500000ull
#define FAIR_RTT_NS (50 * SIM_MS)

static const char *const controllers[] = { "reno", "cubic", "bbr" };
#define CONTROLLERS (sizeof(controllers) / sizeof(controllers[0]))

/* A link, and what is asked for over it: kB/s of payload (1000 bytes), or 0. */
struct row {
	uint32_t buffer;
	uint32_t rtt_ms;
	uint32_t loss_ppm;
	uint64_t rate; /* bytes per second; 0: no limit */
	uint64_t warm_ns, run_ns;
	struct {
		const char *controller;
		double kb;
	} target[3];
};

/* 1.22 * MSS / (RTT * sqrt(p)), of which 85 %; 70 Mbit/s. */
#define RENO_KB (0.85 * 1.22 * MSS / (0.05 * 0.1) / 1000)
#define BIG (4u << 20)

static const struct row rows[] = {
	{ 32768,
	  100,
	  0,
	  0,
	  10 * SIM_S,
	  60 * SIM_S,
	  { { "reno", 312 }, { "cubic", 312 }, { "bbr", 312 } } },
	{ 32768,
	  100,
	  10000,
	  0,
	  10 * SIM_S,
	  60 * SIM_S,
	  { { "reno", 160 }, { "cubic", 175 }, { "bbr", 245 } } },
	{ 32768,
	  100,
	  100000,
	  0,
	  10 * SIM_S,
	  60 * SIM_S,
	  { { "reno", 45 }, { "cubic", 45 }, { "bbr", 120 } } },
	{ BIG,
	  50,
	  10000,
	  12500000,
	  10 * SIM_S,
	  60 * SIM_S,
	  { { "reno", RENO_KB }, { "cubic", RENO_KB }, { "bbr", 8750 } } },
	/* Between those with a target, for the curve. */
	{ 32768, 100, 3000, 0, 10 * SIM_S, 60 * SIM_S, { { NULL, 0 } } },
	{ 32768, 100, 30000, 0, 10 * SIM_S, 60 * SIM_S, { { NULL, 0 } } },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static struct sim_end_plan bulk_end(uint32_t host, const char *controller, uint32_t buffer)
{
	struct sim_end_plan p = sim_end_default(host);

	p.sndbuf = buffer;
	p.rcvbuf = buffer;
	p.finish = SIM_STAY;
	p.controller = controller;
	return p;
}

static struct sim_flow *add_bulk(struct sim *s, uint32_t from, uint32_t to, const char *controller,
				 uint32_t buffer, uint64_t start_ns)
{
	struct sim_flow_plan plan = { .start_ns = start_ns };

	plan.end[0] = bulk_end(from, controller, buffer);
	plan.end[0].bytes = UINT64_MAX;
	plan.end[1] = bulk_end(to, controller, buffer);
	return sim_add_flow(s, &plan);
}

static void add_host(struct sim *s, uint32_t side, uint64_t seed)
{
	struct sim_host_config host = sim_host_default();

	host.side = side;
	host.seed = seed;
	host.frames = 8192;
	sim_add_host(s, &host);
}

/* Every 100 ms of a run on a line of its own: what the sender's windows were. */
static void watch(struct sim *s, const struct sim_flow *f, uint64_t ns)
{
	for (uint64_t until = s->now + ns; s->now < until; sim_run(s, 100 * SIM_MS)) {
		struct holm_tcp_info info = { 0 };

		if (f->end[0].t)
			holm_tcp_get_info(f->end[0].t, &info);
		printf("%9.1f cwnd %8u ssthresh %10u flight %8u srtt %6.1f again %6u read %llu\n",
		       (double)s->now / 1e9, info.cwnd_bytes, info.ssthresh_bytes, info.in_flight,
		       (double)info.srtt_ns / 1e6, info.retrans_total,
		       (unsigned long long)f->end[1].read);
	}
	for (int i = 0; i < HOLM_COUNT_COUNT; i++)
		if (holm_net_counter(s->host[0]->net, (enum holm_counter)i))
			printf("%10llu %s\n",
			       (unsigned long long)holm_net_counter(s->host[0]->net,
								    (enum holm_counter)i),
			       holm_counter_text((enum holm_counter)i));
}

static bool watching;
static bool over_ip6;

static void begin(struct sim *s, uint64_t seed)
{
	sim_init(s, seed);
	s->ip6 = over_ip6;
}

/* Until flows begin. */
static uint64_t ready_ns(void)
{
	return over_ip6 ? SIM_IP6_READY_NS : 0;
}

/* kB/s that the reader got in the run's steady part. */
static double measure(const struct row *r, const char *controller, uint64_t seed)
{
	struct sim_pipe_config trunk[2] = {
		{
			.seed = seed,
			.rate = r->rate,
			.delay_ns = r->rtt_ms * SIM_MS / 2,
			.queue_bytes = (uint32_t)(r->rate * r->rtt_ms / 1000),
			.drop_ppm = r->loss_ppm,
			.data_only = true,
		},
		{ .seed = seed + 1, .delay_ns = r->rtt_ms * SIM_MS / 2 },
	};
	struct sim_flow *f;
	struct sim s;
	uint64_t before;
	double kb;

	begin(&s, seed);
	add_host(&s, 0, 2 * seed);
	add_host(&s, 1, 2 * seed + 1);
	sim_set_trunk(&s, trunk);
	f = add_bulk(&s, 0, 1, controller, r->buffer, 0);
	sim_run(&s, r->warm_ns + ready_ns());
	before = f->end[1].read;
	if (watching)
		watch(&s, f, r->run_ns);
	else
		sim_run(&s, r->run_ns);
	kb = (double)(f->end[1].read - before) / 1000 / ((double)r->run_ns / SIM_S);
	sim_flow_stop(f);
	sim_fini(&s);
	return kb;
}

/* Jain's index of two flows through a queue of one bandwidth-delay product: 1 is fair, 0.5 is not. */
static double measure_fairness(const char *controller, uint64_t seed, uint64_t run_ns)
{
	struct sim_pipe_config trunk[2] = {
		{
			.seed = seed,
			.rate = FAIR_RATE,
			.queue_bytes = (uint32_t)(FAIR_RATE * FAIR_RTT_NS / SIM_S),
		},
		{ .seed = seed + 1, .delay_ns = FAIR_RTT_NS / 2 },
	};
	uint64_t rng = seed;
	struct sim_flow *f[2];
	double rate[2];
	struct sim s;

	begin(&s, seed);
	for (uint32_t i = 0; i < 4; i++) {
		struct sim_host_config host = sim_host_default();

		host.side = i / 2;
		host.seed = sim_random(&rng);
		host.frames = 4096;
		host.up.seed = sim_random(&rng);
		if (i < 2) {
			/* The round trip less and plus a tenth, in order. */
			host.up.delay_ns = FAIR_RTT_NS / 2 - FAIR_RTT_NS / 10;
			host.up.jitter_ns = FAIR_RTT_NS / 5;
		}
		sim_add_host(&s, &host);
	}
	sim_set_trunk(&s, trunk);
	for (uint32_t i = 0; i < 2; i++)
		f[i] = add_bulk(&s, i, i + 2, controller, 1u << 20, i * sim_below(&rng, SIM_S));
	sim_run(&s, run_ns + ready_ns());
	for (uint32_t i = 0; i < 2; i++) {
		rate[i] = (double)f[i]->end[1].read;
		sim_flow_stop(f[i]);
	}
	sim_fini(&s);
	return (rate[0] + rate[1]) * (rate[0] + rate[1]) /
	       (2 * (rate[0] * rate[0] + rate[1] * rate[1]));
}

/* ---- The table ----------------------------------------------------------------------------------- */

/* One measurement of one seed; the last row is fairness. */
struct job {
	uint32_t row, controller;
	uint64_t seed;
	double result;
};

#define JOBS_MAX ((ROWS + 1) * CONTROLLERS * SEEDS)

static void do_job(struct job *j)
{
	const char *controller = controllers[j->controller];

	if (j->row < ROWS)
		j->result = measure(&rows[j->row], controller, j->seed);
	else
		j->result = measure_fairness(controller, j->seed, 120 * SIM_S);
}

static uint32_t seeds_wanted(void)
{
	const char *text = getenv("SEEDS");
	unsigned long n = text ? strtoul(text, NULL, 10) : SEEDS;

	return n > 0 && n < SEEDS ? (uint32_t)n : SEEDS;
}

static double mean(const struct job *jobs, size_t n, uint32_t row, uint32_t controller)
{
	double sum = 0;
	uint32_t seeds = 0;

	for (size_t i = 0; i < n; i++)
		if (jobs[i].row == row && jobs[i].controller == controller) {
			sum += jobs[i].result;
			seeds++;
		}
	return sum / seeds;
}

static double target_of(const struct row *r, const char *controller)
{
	for (size_t i = 0; i < sizeof(r->target) / sizeof(r->target[0]); i++)
		if (r->target[i].controller && strcmp(r->target[i].controller, controller) == 0)
			return r->target[i].kb;
	return 0;
}

static void print_table(const struct job *jobs, size_t n)
{
	for (uint32_t r = 0; r < ROWS; r++)
		for (uint32_t c = 0; c < CONTROLLERS; c++) {
			double kb = mean(jobs, n, r, c);
			double target = target_of(&rows[r], controllers[c]);

			printf("goodput%s %-8s %8u %4u %5.2f %8.1f", over_ip6 ? "6" : "",
			       controllers[c], rows[r].buffer, rows[r].rtt_ms,
			       rows[r].loss_ppm / 10000.0, kb);
			if (target > 0)
				printf("  target %7.1f %s", target, kb >= target ? "" : "missed");
			printf("\n");
		}
	for (uint32_t c = 0; c < CONTROLLERS; c++) {
		double jain = mean(jobs, n, ROWS, c);

		printf("fairness%s %-8s %6.4f  target 0.98 %s\n", over_ip6 ? "6" : "",
		       controllers[c], jain, jain >= 0.98 ? "" : "missed");
	}
}

/* All measurements, each processor taking the next one. */
static int table(void)
{
	uint32_t seeds = seeds_wanted();
	size_t n = (ROWS + 1) * CONTROLLERS * seeds;
	size_t bytes = sizeof(struct job) * JOBS_MAX + sizeof(size_t);
	struct job *jobs =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	size_t *next = (size_t *)(void *)(jobs + JOBS_MAX);
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	int status = 0;
	int worst = 0;

	if (jobs == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < n; i++) {
		/* The longest first. */
		jobs[i].row = (uint32_t)(ROWS - i / (CONTROLLERS * seeds));
		jobs[i].controller = (uint32_t)(i / seeds % CONTROLLERS);
		jobs[i].seed = 1 + i % seeds;
	}
	for (long p = 0; p < processors; p++) {
		if (fork() != 0)
			continue;
		for (;;) {
			size_t i = __atomic_fetch_add(next, 1, __ATOMIC_RELAXED);

			if (i >= n)
				_exit(0);
			do_job(&jobs[i]);
		}
	}
	while (wait(&status) > 0)
		if (status)
			worst = 1;
	if (!worst)
		print_table(jobs, n);
	munmap(jobs, bytes);
	return worst;
}

/* ---- As a test ----------------------------------------------------------------------------------- */

static void a_clean_link_is_filled_by_every_controller(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * CONTROLLERS; i++) {
		struct row r = rows[0];

		over_ip6 = i >= CONTROLLERS;
		r.warm_ns = 2 * SIM_S;
		r.run_ns = 5 * SIM_S;
		assert_true(measure(&r, controllers[i % CONTROLLERS], 1) >= 312);
	}
}

static void a_seed_gives_the_same_figure_twice(void **state)
{
	struct row r = rows[1];

	(void)state;
	over_ip6 = false;
	r.run_ns = 10 * SIM_S;
	for (size_t c = 0; c < CONTROLLERS; c++)
		assert_true(measure(&r, controllers[c], 7) == measure(&r, controllers[c], 7));
}

static void two_flows_share_a_queue(void **state)
{
	(void)state;
	/* In so short a time one seed says little. */
	for (size_t c = 0; c < CONTROLLERS; c++) {
		double sum = 0;

		for (unsigned seed = 1; seed <= 3; seed++) {
			over_ip6 = seed == 2;
			sum += measure_fairness(controllers[c], seed, 20 * SIM_S);
		}
		assert_true(sum / 3 > 0.8);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clean_link_is_filled_by_every_controller),
		cmocka_unit_test(a_seed_gives_the_same_figure_twice),
		cmocka_unit_test(two_flows_share_a_queue),
	};

	over_ip6 = getenv("FAMILY") && strcmp(getenv("FAMILY"), "6") == 0;
	if (argc > 1 && strcmp(argv[1], "table") == 0)
		return table();
	if (argc == 5 && strcmp(argv[1], "watch") == 0) {
		watching = true;
		printf("%.1f kB/s\n", measure(&rows[strtoul(argv[3], NULL, 10) % ROWS], argv[2],
					      strtoull(argv[4], NULL, 0)));
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
