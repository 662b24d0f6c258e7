/*
 * When bytes may leave: at the controller's rate, or at one that follows from window and round-trip
 * time, never above the program's limit. A connection that is paced has a struct tcp_pacer beside
 * its flight; others pay a test of a pointer. Who names neither BBR nor that option links nothing
 * of it. Deadlines are the instance's fine timers, a burst is about a millisecond's worth.
 */
#include "net/tcp/room.h"

#include "net/tcp/rate.h"

#define NS_PER_S 1000000000u
/* Bursts: a millisecond and a bit at the current rate, as Linux has it ... */
#define BURST_SHIFT 10
/* ... and on short paths more, halved for each 512 us, unless the rate is the program's. */
#define BURST_RTT_SHIFT 9
#define BURST_MAX 65536u
/*
 * Who is late may catch up: by a millisecond, or a sixteenth of the round-trip time where rounds of
 * polling are coarser than that.
 */
#define CREDIT_MIN_NS 1000000u
#define CREDIT_MAX_NS 10000000u
#define CREDIT_SRTT_SHIFT 4

static void fire(struct holm_net *net, struct net_timer *timer)
{
	struct tcp_pacer *p = container_of(timer, struct tcp_pacer, timer);

	(void)net;
	tcp_note_output(p->conn);
}

static bool begin(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);
	struct tcp_flight *fl = c->flight;

	if (net_fine_start(net) != 0)
		return false;
	fl->pacer = mem_zalloc(&net->mem, sizeof(*fl->pacer));
	if (!fl->pacer)
		return false;
	fl->pacer->conn = c;
	net_timer_init(&fl->pacer->timer, fire);
	return true;
}

static void end(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;

	net_fine_cancel(tcp_net(c), &fl->pacer->timer);
	mem_free(&tcp_net(c)->mem, fl->pacer, sizeof(*fl->pacer));
	fl->pacer = NULL;
}

/* Twice the window per round trip while it doubles, a fifth more than it afterwards. */
static uint64_t rate_of_window(const struct holm_tcp *c)
{
	uint64_t srtt_ns = rtt_srtt_ns(&c->rtt);
	uint64_t window = c->cwnd < c->ssthresh / 2 ? 2ull * c->cwnd : c->cwnd + c->cwnd / 5ull;

	return srtt_ns ? window * NS_PER_S / srtt_ns : 0;
}

static void update(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;
	uint64_t most = c->settings->max_pacing_rate;
	uint64_t rate =
		fl->cc_ops->pacing_rate ? fl->cc_ops->pacing_rate(&fl->cc) : rate_of_window(c);

	if (most && (rate == 0 || rate > most))
		rate = most;
	fl->pacer->rate = rate;
}

static bool waits(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);
	struct tcp_pacer *p = c->flight->pacer;

	if (p->release_ns <= net->now)
		return false;
	net_fine_arm(net, &p->timer, p->release_ns);
	return true;
}

static uint32_t burst_of(const struct holm_tcp *c, uint32_t mss)
{
	const struct tcp_pacer *p = c->flight->pacer;
	uint64_t shift = (rtt_srtt_ns(&c->rtt) / 1000u) >> BURST_RTT_SHIFT;
	uint64_t burst = p->rate >> BURST_SHIFT;

	if (p->rate == 0)
		return UINT32_MAX;
	if (shift < 16 && p->rate != c->settings->max_pacing_rate)
		burst += BURST_MAX >> shift;
	burst = min_u64(burst, BURST_MAX);
	return max_u32((uint32_t)burst - (uint32_t)burst % mss, 2 * mss);
}

static void sent(struct holm_tcp *c, struct tcp_seq right, uint32_t len, bool again)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_pacer *p = fl->pacer;
	uint64_t now = tcp_net(c)->now;
	uint64_t credit = min_u64(max_u64(rtt_srtt_ns(&c->rtt) >> CREDIT_SRTT_SHIFT, CREDIT_MIN_NS),
				  CREDIT_MAX_NS);

	if (!again)
		tcp_cc_on_sent(c, right, len);
	if (p->rate == 0)
		return;
	if (p->release_ns + credit < now)
		p->release_ns = now - credit;
	p->release_ns += (uint64_t)len * NS_PER_S / p->rate;
}

const struct tcp_pacing_ops tcp_pacing = {
	.begin = begin,
	.end = end,
	.update = update,
	.waits = waits,
	.burst = burst_of,
	.sent = sent,
};
