/* stats_json.c -- /stats.json: everything that holm_app.h tells, zeros included. */
#include "stats.h"
#include "holm.h"

struct listing {
	struct text *t;
	bool has_element; /* the next one needs a comma */
	unsigned rows, hidden;
};

static void separate(struct listing *l)
{
	if (l->has_element)
		text_char(l->t, ',');
	l->has_element = true;
}

static void member(struct text *t, const char *name, uint64_t value)
{
	text_char(t, ',');
	text_json(t, name);
	text_char(t, ':');
	text_u64(t, value);
}

static void string_member(struct text *t, const char *name, const char *value)
{
	text_char(t, ',');
	text_json(t, name);
	text_char(t, ':');
	text_json(t, value);
}

static void on_endpoint(void *ctx, const struct holm_app_endpoint *e)
{
	struct listing *l = ctx;
	struct text *t = l->t;

	if (l->rows == STATS_ROWS_MAX) {
		l->hidden++;
		return;
	}
	l->rows++;
	separate(l);
	text_add(t, "\n{\"proto\":");
	text_json(t, e->proto);
	string_member(t, "state", e->state);
	string_member(t, "local", e->local);
	string_member(t, "peer", e->peer);
	member(t, "recv_q", e->recv_q);
	member(t, "send_q", e->send_q);
	if (e->has_flow) {
		member(t, "mss", e->mss);
		member(t, "cwnd_bytes", e->cwnd_bytes);
		member(t, "rtt_us", e->rtt_us);
		member(t, "rttvar_us", e->rttvar_us);
		member(t, "rto_us", e->rto_us);
		member(t, "retrans", e->retrans);
	}
	text_char(t, '}');
}

static void on_value(void *ctx, const char *name, uint64_t value)
{
	struct listing *l = ctx;

	separate(l);
	text_char(l->t, '\n');
	text_json(l->t, name);
	text_char(l->t, ':');
	text_u64(l->t, value);
}

void stats_print_json(struct text *t)
{
	struct listing l = { .t = t };
	struct holm_app_stats v = { .ctx = &l };

	text_add(t, "{\"machine\":{");
	v.figure = on_value;
	holm_stats_read(&v);
	v.figure = NULL;

	l.has_element = false;
	text_add(t, "},\n\"counters\":{");
	v.counter = on_value;
	holm_stats_read(&v);
	v.counter = NULL;

	l.has_element = false;
	text_add(t, "},\n\"drops\":{");
	v.drop = on_value;
	holm_stats_read(&v);
	v.drop = NULL;

	l.has_element = false;
	text_add(t, "},\n\"endpoints\":[");
	v.endpoint = on_endpoint;
	holm_stats_read(&v);
	text_add(t, "],\n\"hidden\":");
	text_u64(t, l.hidden);
	text_add(t, "}\n");
}
