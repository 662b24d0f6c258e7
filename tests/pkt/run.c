/*
 * Playing a script; see run.h. Events happen in their order, each at its time; what the stack sends is
 * kept with the time at which it left and compared when the script comes to it. At the end nothing may
 * be left: no packet, no call, no frame, no byte.
 */
#include "tests/pkt/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <holm/buf.h>

#include "lib/bytes.h"
#include "tests/pkt/calls.h"
#include "tests/pkt/check.h"
#include "tests/pkt/flow.h"
#include "tests/pkt/options.h"
#include "tests/pkt/script.h"
#include "tests/pkt/stage.h"

#define NS_PER_S 1000000000ll
#define START_NS (100000 * NS_PER_S)
/* What a packet at an unknown time may take: longer than anything that lingers. */
#define PATIENCE_NS (100000 * NS_PER_S)
/* A tick of the clock in initial sequence numbers: RFC 9293 3.4.1, as <net/tcp/isn.c> has it. */
#define ISN_TICK_SHIFT 12

/* How a script is played. */
struct variant {
	const char *name;
	uint32_t peer_isn, peer_ts;
	uint64_t start_ns;
	bool unpredicted;
};

struct run {
	const char *path, *text;
	bool verbose;
	struct variant variant;
	struct family family;
	bool have_isn; /* results, for the next variant */
	uint32_t isn;

	struct arena arena;
	struct script script;
	struct run_options options;
	struct stage stage;
	struct flows flows;
	struct calls calls;
	int64_t event_ns; /* script time of the event before */
	bool batching;	  /* packets wait to arrive with the next one */
	uint8_t bytes[WIRE_MAX];
};

/* ---- time ---- */

static int64_t script_now(const struct run *r)
{
	return (int64_t)(r->stage.now - r->variant.start_ns);
}

static double seconds(int64_t ns)
{
	return (double)ns / (double)NS_PER_S;
}

static int64_t tolerance(const struct run *r)
{
	return r->options.tolerance_ns;
}

/* A call that has blocked is over: at the right time? */
static void check_end(struct run *r, const struct event *e)
{
	int64_t now = script_now(r);

	if (e->call.end_ns - tolerance(r) > now || now > e->call.end_ns + tolerance(r)) {
		fail_where(r->path, e->line);
		fail("%s() ends at %.6f, expected %.6f", e->call.name, seconds(now),
		     seconds(e->call.end_ns));
	}
}

/* Let calls that wait go on, until there is nothing more to do at this time. */
static void pump(struct run *r)
{
	const struct event *over;

	stage_settle(&r->stage);
	r->calls.now = r->stage.now;
	while (calls_continue(&r->calls, &over)) {
		check_end(r, over);
		stage_settle(&r->stage);
	}
	stage_settle(&r->stage);
}

/* One step: to the next thing that happens by itself, at most to `until`. False: `until` is now. */
static bool step(struct run *r, uint64_t until)
{
	uint64_t deadline = calls_deadline(&r->calls);
	uint64_t target = deadline < until ? deadline : until;
	bool more = stage_advance(&r->stage, target);

	pump(r);
	return more || target < until;
}

static void advance(struct run *r, int64_t script_ns)
{
	uint64_t until = r->variant.start_ns + (uint64_t)script_ns;

	if (until < r->stage.now)
		until = r->stage.now;
	while (step(r, until))
		continue;
}

/* ---- packets ---- */

static uint8_t *payload_of(const struct packet *p, int64_t start)
{
	uint8_t *bytes = malloc(p->len + 1);

	if (!bytes)
		abort();
	for (uint32_t i = 0; i < p->len; i++) {
		bytes[i] = holm_pattern_byte((uint64_t)(start + i));
		if (p->own_bytes)
			bytes[i] ^= 0xff;
	}
	return bytes;
}

static void say_packet(const struct run *r, const struct packet *p)
{
	char text[PACKET_TEXT_MAX];

	if (r->verbose)
		printf("%12.6f %s\n", seconds(script_now(r)), packet_print(p, text));
}

/* Does a packet arrive together with the one before? */
static bool comes_with(const struct event *next)
{
	return next && next->kind == EVENT_PACKET && next->packet.inbound &&
	       next->when.kind == WHEN_RELATIVE && next->when.from_ns == 0;
}

static void play_inbound(struct run *r, const struct event *e)
{
	const struct packet *spec = &e->packet;
	struct wire_quote quote;
	struct packet wire;
	uint8_t *payload;
	int64_t start = 0;
	size_t len;

	say_packet(r, spec);
	if (spec->proto == PACKET_ICMP) {
		wire = *spec;
		wire.src = spec->has_addrs ? spec->src : r->flows.remote;
		wire.dst = spec->has_addrs ? spec->dst : r->flows.local;
		wire.len = 0;
		if (spec->has_quote)
			flow_quote(&r->flows, spec, &quote);
		len = wire_build(&wire, NULL, spec->has_quote ? &quote : NULL, r->bytes);
	} else {
		flow_to_wire(&r->flows, spec, &wire, &start);
		payload = payload_of(spec, start);
		len = wire_build(&wire, payload, NULL, r->bytes);
		free(payload);
	}
	r->batching = r->options.batch && comes_with(e->next);
	stage_inject(&r->stage, r->bytes, len, r->batching);
	if (!r->batching)
		pump(r);
}

static void check_payload(const struct packet *p, const uint8_t *payload, int64_t start)
{
	if (p->proto == PACKET_ICMP)
		return;
	for (uint32_t i = 0; i < p->len; i++)
		if (payload[i] != holm_pattern_byte((uint64_t)(start + i)))
			fail("byte %u of the payload is not that of the stream", i);
}

/* As `got` would stand in a script that says no more than this one. */
static const char *print_like(const struct packet *spec, const struct packet *got,
			      char text[static PACKET_TEXT_MAX])
{
	struct packet p = *got;

	p.ecn = spec && spec->ecn >= 0 ? p.tos & 3 : -1;
	p.tos = spec && spec->tos >= 0 ? p.tos : -1;
	p.ttl = spec && spec->ttl >= 0 ? p.ttl : -1;
	p.df = spec && spec->df >= 0 ? p.df : -1;
	p.has_addrs = spec && spec->has_addrs;
	return packet_print(&p, text);
}

static void fail_packet(const struct packet *spec, const struct packet *got, const char *why,
			int64_t from_ns, int64_t to_ns, int64_t at_ns)
{
	char want_text[PACKET_TEXT_MAX], got_text[PACKET_TEXT_MAX];

	fail("%s\n    expected %.6f~%.6f %s\n    got      %.6f          %s", why, seconds(from_ns),
	     seconds(to_ns), packet_print(spec, want_text), seconds(at_ns),
	     print_like(spec, got, got_text));
}

/* Wait for a packet until `until`; NULL: none came. */
static struct stage_sent *await(struct run *r, int64_t until)
{
	uint64_t limit = r->variant.start_ns + (uint64_t)until;
	struct stage_sent *sent = stage_take(&r->stage);

	while (!sent) {
		bool more = step(r, limit > r->stage.now ? limit : r->stage.now);

		sent = stage_take(&r->stage);
		if (!more && !sent)
			return NULL;
	}
	return sent;
}

static void play_outbound(struct run *r, const struct event *e, int64_t from_ns, int64_t to_ns)
{
	const struct packet *spec = &e->packet;
	bool any_time = e->when.kind == WHEN_ANY;
	struct stage_sent *sent =
		await(r, any_time ? script_now(r) + PATIENCE_NS : to_ns + tolerance(r));
	char text[PACKET_TEXT_MAX];
	const uint8_t *payload;
	struct packet got;
	int64_t start, at_ns;
	const char *why;

	if (!sent)
		fail("nothing was sent\n    expected %.6f~%.6f %s", seconds(from_ns),
		     seconds(to_ns), packet_print(spec, text));
	at_ns = (int64_t)(sent->at_ns - r->variant.start_ns);
	memcpy(r->bytes, sent->bytes, sent->len);
	wire_read(r->bytes, sent->len, r->stage.sums, &got, &payload);
	free(sent);
	flow_to_script(&r->flows, spec, &got, &start);
	if (r->verbose)
		printf("%12.6f %s\n", seconds(at_ns), print_like(spec, &got, text));
	why = packet_mismatch(spec, &got);
	if (!why && !any_time && (at_ns < from_ns - tolerance(r) || at_ns > to_ns + tolerance(r)))
		why = "time";
	if (why)
		fail_packet(spec, &got, why, from_ns, to_ns, at_ns);
	if (!spec->own_bytes)
		check_payload(&got, payload, start);
	if (any_time || from_ns != to_ns)
		r->event_ns = at_ns;
}

/* ---- events ---- */

static void play_call(struct run *r, struct event *e, int64_t base_ns)
{
	if (r->verbose)
		printf("%12.6f %s()\n", seconds(script_now(r)), e->call.name);
	if (e->when.kind == WHEN_RELATIVE)
		e->call.end_ns += base_ns;
	r->calls.now = r->stage.now;
	if (calls_begin(&r->calls, e, true)) {
		if (e->call.blocks)
			check_end(r, e);
	} else if (!e->call.blocks) {
		fail("%s() blocks", e->call.name);
	}
	pump(r);
}

static void play(struct run *r, struct event *e)
{
	int64_t base_ns = e->when.kind == WHEN_RELATIVE ? r->event_ns : 0;
	int64_t from_ns = base_ns + e->when.from_ns, to_ns = base_ns + e->when.to_ns;

	fail_where(r->path, e->line);
	if (e->when.kind == WHEN_ANY) {
		from_ns = script_now(r);
		to_ns = from_ns + PATIENCE_NS;
	}
	if (from_ns < r->event_ns)
		fail("the time goes backwards, from %.6f to %.6f", seconds(r->event_ns),
		     seconds(from_ns));
	r->event_ns = from_ns;
	if (e->kind == EVENT_PACKET && !e->packet.inbound) {
		play_outbound(r, e, from_ns, to_ns);
		return;
	}
	if (!r->batching)
		advance(r, from_ns);
	fail_where(r->path, e->line);
	if (e->kind == EVENT_PACKET)
		play_inbound(r, e);
	else if (e->kind == EVENT_CALL)
		play_call(r, e, base_ns);
	else
		check_code(&r->calls, e->code);
}

/* Calls that the script has left behind have until the time that it gave them. */
static void await_calls(struct run *r)
{
	const struct event *e;

	while ((e = calls_pending(&r->calls)) && script_now(r) < e->call.end_ns + tolerance(r))
		advance(r, e->call.end_ns + tolerance(r));
}

/* Nothing may be left. */
static void check_end_of_script(struct run *r)
{
	const struct event *pending = calls_pending(&r->calls);
	struct stage_sent *sent;
	char text[PACKET_TEXT_MAX];
	const uint8_t *payload;
	struct packet got;
	int64_t start, at_ns;

	if (pending) {
		fail_where(r->path, pending->line);
		fail("%s() still blocks at the end of the script", pending->call.name);
	}
	sent = stage_take(&r->stage);
	if (!sent)
		return;
	at_ns = (int64_t)(sent->at_ns - r->variant.start_ns);
	memcpy(r->bytes, sent->bytes, sent->len);
	wire_read(r->bytes, sent->len, r->stage.sums, &got, &payload);
	free(sent);
	flow_to_script(&r->flows, NULL, &got, &start);
	fail("at the end of the script a packet is left\n    got      %.6f          %s",
	     seconds(at_ns), print_like(NULL, &got, text));
}

static void play_all(void *arg)
{
	struct run *r = arg;

	script_parse(&r->script, r->path, r->text, &r->arena);
	family_script(&r->family, &r->script);
	options_read(&r->script, &r->family, &r->options);
	r->options.stage.seed = 1;
	r->options.stage.start_ns = r->variant.start_ns;
	r->options.stage.unpredicted = r->variant.unpredicted;
	stage_init(&r->stage, &r->options.stage);
	flows_init(&r->flows, &r->family, &r->options.stage.local, &r->options.stage.remote);
	r->flows.peer_isn = r->variant.peer_isn;
	r->flows.peer_ts = r->variant.peer_ts;
	calls_init(&r->calls, r->stage.net, &r->flows);
	for (struct event *e = r->script.first; e; e = e->next)
		play(r, e);
	pump(r);
	await_calls(r);
	check_end_of_script(r);
}

static void finish(void *arg)
{
	struct run *r = arg;

	fail_where(r->path, 0);
	if (r->calls.net)
		calls_fini(&r->calls);
	stage_fini(&r->stage, true);
}

/* ---- variants ---- */

static bool play_variant(struct run *r, struct failure *why)
{
	struct failure later;
	bool ok;

	memset(&r->arena, 0, sizeof(r->arena));
	memset(&r->stage, 0, sizeof(r->stage));
	memset(&r->flows, 0, sizeof(r->flows));
	memset(&r->calls, 0, sizeof(r->calls));
	r->event_ns = 0;
	r->batching = false;
	ok = fail_guard(why, play_all, r);
	if (ok)
		ok = fail_guard(why, finish, r);
	else
		(void)fail_guard(&later, finish, r);
	r->have_isn = r->flows.have_first_isn;
	r->isn = r->flows.first_isn;
	flows_fini(&r->flows);
	arena_free(&r->arena);
	return ok;
}

/* A start at which the stack's first initial sequence number will be `want`, having been `isn`. */
static uint64_t start_for(uint32_t isn, uint32_t want)
{
	return START_NS + ((uint64_t)(want - isn) << ISN_TICK_SHIFT);
}

static bool play_near(struct run *r, uint32_t edge, const char *name, uint32_t isn, bool have_isn,
		      bool unpredicted, struct failure *why)
{
	/* How far below the edge: the same for a script every time, and another for each. */
	uint32_t hash = 2166136261u;

	for (const char *p = r->path; *p; p++)
		hash = (hash ^ (uint8_t)*p) * 16777619u;
	r->variant = (struct variant){ .name = name,
				       .peer_isn = edge - 1 - hash % 4000,
				       .peer_ts = edge - 1 - hash % 300,
				       .start_ns = START_NS,
				       .unpredicted = unpredicted };
	if (have_isn)
		r->variant.start_ns = start_for(isn, edge - 1 - (hash >> 16) % 4000);
	return play_variant(r, why);
}

/* A script that says how it fails must fail so. */
static bool judge(const struct run *r, bool ok, struct failure *why)
{
	static const char mark[] = "// fails: ";
	const char *text = strstr(r->text, mark);
	char want[256];
	size_t len;

	if (!text)
		return ok;
	text += sizeof(mark) - 1;
	len = strcspn(text, "\n");
	snprintf(want, sizeof(want), "%.*s", (int)len, text);
	if (!ok && strstr(why->text, want))
		return true;
	if (ok)
		snprintf(why->text, sizeof(why->text), "%s: does not fail: \"%s\"", r->path, want);
	return false;
}

static void add_variant(struct failure *why, const char *name)
{
	size_t len = strlen(why->text);

	snprintf(why->text + len, sizeof(why->text) - len, "\n    (with numbers %s)", name);
}

/* A script over one family, with several numbers. */
static bool play_family(struct run *r, bool ip6, bool translated, struct failure *why)
{
	uint32_t isn;
	bool ok, have_isn;

	r->family = (struct family){ ip6, translated ? FAMILY_EXTRA_BYTES : 0 };
	r->variant = (struct variant){ .name = "", .peer_isn = 0x3a7e1234, .start_ns = START_NS };
	ok = play_variant(r, why);
	isn = r->isn;
	have_isn = r->have_isn;
	if (!ok || strstr(r->text, "// fails: "))
		return judge(r, ok, why);
	if (!play_near(r, 0, "just below 2^32", isn, have_isn, false, why) ||
	    !play_near(r, UINT32_C(1) << 31, "just below 2^31, and nothing predicted", isn,
		       have_isn, true, why)) {
		add_variant(why, r->variant.name);
		return false;
	}
	return true;
}

enum run_verdict run_script(const char *path, const char *text, bool ip6, bool verbose,
			    struct failure *why)
{
	static struct run r;
	enum script_family meant_for = family_of_script(text);

	if (meant_for == (ip6 ? FAMILY_IP4 : FAMILY_IP6))
		return RUN_NOT_FOR;
	memset(&r, 0, sizeof(r));
	r.path = path;
	r.text = text;
	r.verbose = verbose;
	return play_family(&r, ip6, ip6 && meant_for == FAMILY_ANY, why) ? RUN_OK : RUN_FAILED;
}
