/* stats_text.c -- /stats: a row per endpoint, then counters, drops and figures that are not zero. */
#include "stats.h"
#include "holm.h"

struct listing {
	struct text *t;
	unsigned rows, hidden;
};

static void column(struct text *t, const char *s, size_t width)
{
	size_t start = t->len;

	text_add(t, s);
	text_column(t, start, width);
}

static void number_column(struct text *t, uint64_t value, size_t width)
{
	size_t start = t->len;

	text_u64(t, value);
	text_column(t, start, width);
}

static void add_flow(struct text *t, const struct holm_app_endpoint *e)
{
	text_add(t, "rtt:");
	text_thousandths(t, e->rtt_us);
	text_char(t, '/');
	text_thousandths(t, e->rttvar_us);
	text_add(t, " rto:");
	text_thousandths(t, e->rto_us);
	text_add(t, " mss:");
	text_u64(t, e->mss);
	text_add(t, " cwnd:");
	text_u64(t, e->mss > 0 ? e->cwnd_bytes / e->mss : 0);
	text_add(t, " retrans:");
	text_u64(t, e->retrans);
}

static void on_endpoint(void *ctx, const struct holm_app_endpoint *e)
{
	struct listing *l = ctx;

	if (l->rows == STATS_ROWS_MAX) {
		l->hidden++;
		return;
	}
	l->rows++;
	column(l->t, e->proto, 6);
	column(l->t, e->state, 11);
	number_column(l->t, e->recv_q, 8);
	number_column(l->t, e->send_q, 8);
	column(l->t, e->local, 24);
	column(l->t, e->peer, 24);
	if (e->has_flow)
		add_flow(l->t, e);
	text_char(l->t, '\n');
}

static void add_value(struct text *t, const char *name, uint64_t value)
{
	text_add(t, "  ");
	number_column(t, value, 14);
	text_add(t, name);
	text_char(t, '\n');
}

static void on_value(void *ctx, const char *name, uint64_t value)
{
	struct listing *l = ctx;

	if (value > 0)
		add_value(l->t, name, value);
}

static void on_figure(void *ctx, const char *name, uint64_t value)
{
	struct listing *l = ctx;

	add_value(l->t, name, value);
}

static void add_hidden(struct listing *l)
{
	if (l->hidden == 0)
		return;
	text_add(l->t, "... and ");
	text_u64(l->t, l->hidden);
	text_add(l->t, " more\n");
}

void stats_print_text(struct text *t)
{
	struct listing l = { .t = t };
	struct holm_app_stats v = { .ctx = &l };

	text_add(t, "Netid State      Recv-Q  Send-Q  Local Address:Port      "
		    "Peer Address:Port       (times in ms)\n");
	v.endpoint = on_endpoint;
	holm_stats_read(&v);
	add_hidden(&l);
	v.endpoint = NULL;

	text_add(t, "\ncounters\n");
	v.counter = on_value;
	holm_stats_read(&v);
	v.counter = NULL;

	text_add(t, "\ndrops\n");
	v.drop = on_value;
	holm_stats_read(&v);
	v.drop = NULL;

	text_add(t, "\nmachine\n");
	v.figure = on_figure;
	holm_stats_read(&v);
}
