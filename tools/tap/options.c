/* The TAP program's command line; see options.h. */
#include "tools/tap/options.h"

#include <stdio.h>
#include <string.h>

#include "lib/bytes.h"

/* What may wait for the rate where nobody says. */
#define LINE_BYTES 65536u

const char options_help[] =
	"usage: APP [SETTING...] [-- ARGUMENT...]\n"
	"\n"
	"Runs an application of holm on a TAP device; ARGUMENTs are the application's.\n"
	"\n"
	"  --tap NAME         the device; made when it is not there (holm0)\n"
	"  --address A/LEN    the application's IPv4 address (10.0.5.2/24)\n"
	"  --mask A           its mask, in place of LEN\n"
	"  --gateway A        its default route (none)\n"
	"  --host A/LEN       give this address to the host's side and bring it up\n"
	"  --address6 A/LEN, --gateway6 A, --host6 A/LEN\n"
	"                     the same of IPv6 (none, beside what the link gives by itself)\n"
	"  --mtu N            of both sides (1500)\n"
	"  --no-offload       neither checksums nor segmentation are left to the device\n"
	"  --sndbuf N, --rcvbuf N\n"
	"                     limits of a socket's buffers, with k or M (the stack's defaults)\n"
	"  --pcap FILE        every frame that the application's stack sends and gets\n"
	"  --trace            a line for each of them\n"
	"  --stats            counters and drops by reason at the end\n"
	"\n"
	"What happens to frames, in both directions or the one that --only names:\n"
	"  --loss P           percent that are lost\n"
	"  --duplicate P      percent that come twice\n"
	"  --corrupt P        percent with a bit flipped\n"
	"  --mark P           percent of what knows of ECN that is marked \"congestion experienced\"\n"
	"  --delay T          one way, so a round trip takes twice as long; 20ms, 150us, 1s\n"
	"  --jitter T         up to that much more, evenly spread, in order\n"
	"  --reorder P        percent that overtake: sent without the delay\n"
	"  --rate R           bits per second, with k, M or G\n"
	"  --queue N          bytes that may wait for the rate (64k); what more comes is lost\n"
	"  --only in|out      in is towards the application\n"
	"  --seed N           of all these fates; the same for both runs of a comparison\n";

/* ---- the forms of values ---- */

/* A decimal number below 10^9 with up to six digits behind the point, in millionths; NULL: none. */
static const char *read_millionths(const char *s, uint64_t *value)
{
	uint64_t whole = 0, part = 0, unit = 1000000;
	const char *start = s;

	for (; *s >= '0' && *s <= '9' && whole < 100000000; s++)
		whole = whole * 10 + (uint64_t)(*s - '0');
	if (s == start)
		return NULL;
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9' && unit > 1; s++) {
			unit /= 10;
			part += unit * (uint64_t)(*s - '0');
		}
	*value = whole * 1000000 + part;
	return s;
}

bool options_percent(const char *s, uint32_t *ppm)
{
	uint64_t millionths;

	s = read_millionths(s, &millionths);
	if (!s || strcmp(*s == '%' ? s + 1 : s, "") != 0 || millionths > 100000000)
		return false;
	*ppm = (uint32_t)(millionths / 100);
	return true;
}

/* A unit of a table, or the first one where there is none. */
struct unit {
	const char *name;
	uint64_t factor;
};

static bool find_unit(const char *name, const struct unit *units, size_t n, uint64_t *factor)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(name, units[i].name) == 0) {
			*factor = units[i].factor;
			return true;
		}
	}
	return false;
}

bool options_time(const char *s, uint64_t *ns)
{
	static const struct unit units[] = {
		{ "", 1000000 }, { "ms", 1000000 }, { "us", 1000 }, { "s", 1000000000 }
	};
	uint64_t millionths, factor;

	s = read_millionths(s, &millionths);
	/* An hour, so that nothing overflows and a mistyped unit is noticed. */
	if (!s || !find_unit(s, units, 4, &factor) || millionths / 1000000 > 3600000000000 / factor)
		return false;
	*ns = millionths * (factor / 1000) / 1000;
	return true;
}

bool options_rate(const char *s, uint64_t *bytes_per_s)
{
	static const struct unit units[] = { { "", 1 },		  { "k", 1000 },
					     { "M", 1000000 },	  { "m", 1000000 },
					     { "G", 1000000000 }, { "g", 1000000000 } };
	uint64_t millionths, factor, bits;

	s = read_millionths(s, &millionths);
	if (!s || !find_unit(s, units, 6, &factor) || millionths / 1000000 > 100000000000 / factor)
		return false;
	bits = factor >= 1000000 ? millionths * (factor / 1000000) : millionths * factor / 1000000;
	*bytes_per_s = bits / 8;
	return *bytes_per_s > 0;
}

bool options_bytes(const char *s, uint32_t *bytes)
{
	static const struct unit units[] = { { "", 1 }, { "k", 1024 }, { "M", 1048576 } };
	uint64_t millionths, factor;

	s = read_millionths(s, &millionths);
	if (!s || !find_unit(s, units, 3, &factor) || millionths / 1000000 > 1073741824 / factor)
		return false;
	*bytes = (uint32_t)(millionths * factor / 1000000);
	return *bytes > 0;
}

static bool read_addr(const char *s, size_t len, struct holm_addr *addr)
{
	return holm_addr_parse(addr, s, len) == 0 && holm_addr_is_ip4(addr);
}

static bool read_addr6(const char *s, size_t len, struct holm_addr *addr)
{
	return holm_addr_parse(addr, s, len) == 0 && !holm_addr_is_ip4(addr);
}

static bool read_number(const char *s, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;

	if (*s == '\0')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		uint64_t digit = (uint64_t)(*s - '0');

		if (v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*value = v;
	return *s == '\0';
}

/* "A/LEN", LEN at most `max`; returns how long A is, or 0. */
static size_t read_prefix_len(const char *s, unsigned max, unsigned usual, unsigned *prefix_len)
{
	const char *slash = strchr(s, '/');
	uint64_t bits = usual;

	if (slash && !read_number(slash + 1, max, &bits))
		return 0;
	*prefix_len = (unsigned)bits;
	return slash ? (size_t)(slash - s) : strlen(s);
}

bool options_prefix(const char *s, struct holm_addr *addr, unsigned *prefix_len)
{
	size_t len = read_prefix_len(s, 32, 24, prefix_len);

	return len > 0 && read_addr(s, len, addr);
}

bool options_prefix6(const char *s, struct holm_addr *addr, unsigned *prefix_len)
{
	size_t len = read_prefix_len(s, 128, 64, prefix_len);

	return len > 0 && read_addr6(s, len, addr);
}

/* "255.255.255.0" as 24; ones must come before zeros. */
static bool read_mask(const char *s, unsigned *prefix_len)
{
	struct holm_addr mask;
	uint32_t bits, n = 0;

	if (!read_addr(s, strlen(s), &mask))
		return false;
	bits = load_be32(mask.b + 12);
	while (n < 32 && (bits & 0x80000000u >> n) != 0)
		n++;
	*prefix_len = n;
	return n == 32 || bits << n == 0;
}

/* ---- the settings ---- */

static bool set_tap(struct tap_options *o, const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len >= TAP_NAME_BYTES || strchr(s, '/') || strchr(s, '%'))
		return false;
	memcpy(o->tap, s, len + 1);
	return true;
}

static bool set_address(struct tap_options *o, const char *s)
{
	return options_prefix(s, &o->address, &o->prefix_len);
}

static bool set_mask(struct tap_options *o, const char *s)
{
	return read_mask(s, &o->prefix_len);
}

static bool set_gateway(struct tap_options *o, const char *s)
{
	return read_addr(s, strlen(s), &o->gateway);
}

static bool set_host(struct tap_options *o, const char *s)
{
	return options_prefix(s, &o->host, &o->host_prefix_len);
}

static bool set_address6(struct tap_options *o, const char *s)
{
	return options_prefix6(s, &o->address6, &o->prefix6_len);
}

static bool set_gateway6(struct tap_options *o, const char *s)
{
	return read_addr6(s, strlen(s), &o->gateway6);
}

static bool set_host6(struct tap_options *o, const char *s)
{
	return options_prefix6(s, &o->host6, &o->host6_prefix_len);
}

static bool set_mtu(struct tap_options *o, const char *s)
{
	uint64_t mtu;

	/* Frames are received into one home buffer and one large one; 576 is what IPv4 is sure of. */
	if (!read_number(s, 65521, &mtu) || mtu < 576)
		return false;
	o->mtu = (uint16_t)mtu;
	return true;
}

static bool set_sndbuf(struct tap_options *o, const char *s)
{
	return options_bytes(s, &o->sndbuf_bytes) && o->sndbuf_bytes >= 4096;
}

static bool set_rcvbuf(struct tap_options *o, const char *s)
{
	return options_bytes(s, &o->rcvbuf_bytes) && o->rcvbuf_bytes >= 4096;
}

static bool set_pcap(struct tap_options *o, const char *s)
{
	o->pcap = s;
	return *s != '\0';
}

static bool set_loss(struct tap_options *o, const char *s)
{
	return options_percent(s, &o->impair.drop_ppm);
}

static bool set_duplicate(struct tap_options *o, const char *s)
{
	return options_percent(s, &o->impair.duplicate_ppm);
}

static bool set_corrupt(struct tap_options *o, const char *s)
{
	return options_percent(s, &o->impair.corrupt_ppm);
}

static bool set_mark(struct tap_options *o, const char *s)
{
	return options_percent(s, &o->impair.mark_ppm);
}

static bool set_delay(struct tap_options *o, const char *s)
{
	return options_time(s, &o->impair.delay_ns);
}

static bool set_jitter(struct tap_options *o, const char *s)
{
	return options_time(s, &o->impair.jitter_ns);
}

static bool set_reorder(struct tap_options *o, const char *s)
{
	return options_percent(s, &o->impair.reorder_ppm);
}

static bool set_rate(struct tap_options *o, const char *s)
{
	return options_rate(s, &o->impair.rate_bytes_per_s);
}

static bool set_queue(struct tap_options *o, const char *s)
{
	return options_bytes(s, &o->impair.line_bytes);
}

static bool set_only(struct tap_options *o, const char *s)
{
	o->impairs_in = strcmp(s, "in") == 0;
	o->impairs_out = strcmp(s, "out") == 0;
	return o->impairs_in || o->impairs_out;
}

static bool set_seed(struct tap_options *o, const char *s)
{
	o->has_seed = true;
	return read_number(s, UINT64_MAX, &o->impair.seed);
}

static bool set_no_offload(struct tap_options *o, const char *s)
{
	(void)s;
	o->has_offloads = false;
	return true;
}

static bool set_trace(struct tap_options *o, const char *s)
{
	(void)s;
	o->has_trace = true;
	return true;
}

static bool set_stats(struct tap_options *o, const char *s)
{
	(void)s;
	o->has_stats = true;
	return true;
}

static const struct setting {
	const char *name;
	bool has_value;
	bool (*set)(struct tap_options *o, const char *s);
} settings[] = {
	{ "--tap", true, set_tap },
	{ "--address", true, set_address },
	{ "--mask", true, set_mask },
	{ "--gateway", true, set_gateway },
	{ "--host", true, set_host },
	{ "--address6", true, set_address6 },
	{ "--gateway6", true, set_gateway6 },
	{ "--host6", true, set_host6 },
	{ "--mtu", true, set_mtu },
	{ "--no-offload", false, set_no_offload },
	{ "--sndbuf", true, set_sndbuf },
	{ "--rcvbuf", true, set_rcvbuf },
	{ "--pcap", true, set_pcap },
	{ "--trace", false, set_trace },
	{ "--stats", false, set_stats },
	{ "--loss", true, set_loss },
	{ "--duplicate", true, set_duplicate },
	{ "--corrupt", true, set_corrupt },
	{ "--mark", true, set_mark },
	{ "--delay", true, set_delay },
	{ "--jitter", true, set_jitter },
	{ "--reorder", true, set_reorder },
	{ "--rate", true, set_rate },
	{ "--queue", true, set_queue },
	{ "--only", true, set_only },
	{ "--seed", true, set_seed },
};

static const struct setting *find_setting(const char *name)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (strcmp(settings[i].name, name) == 0)
			return &settings[i];
	return NULL;
}

static void set_defaults(struct tap_options *o)
{
	*o = (struct tap_options){
		.tap = "holm0",
		.address = holm_addr_ip4(10, 0, 5, 2),
		.prefix_len = 24,
		.gateway = holm_addr_ip4(0, 0, 0, 0),
		.host = holm_addr_ip4(0, 0, 0, 0),
		.mtu = 1500,
		.has_offloads = true,
		.impairs_in = true,
		.impairs_out = true,
		.impair = { .queue_frames = HOLM_IMPAIR_QUEUE },
	};
}

bool options_impair(const struct tap_options *o)
{
	const struct holm_impair_config *c = &o->impair;

	return c->drop_ppm > 0 || c->duplicate_ppm > 0 || c->reorder_ppm > 0 ||
	       c->corrupt_ppm > 0 || c->mark_ppm > 0 || c->delay_ns > 0 || c->jitter_ns > 0 ||
	       c->rate_bytes_per_s > 0;
}

/* What goes together, and what nobody has set although another setting asks for it. */
static enum tap_verdict finish(struct tap_options *o, char text[TAP_TEXT_BYTES])
{
	struct holm_impair_config *c = &o->impair;

	if (c->reorder_ppm > 0 && c->delay_ns == 0) {
		snprintf(text, TAP_TEXT_BYTES,
			 "--reorder needs --delay: frames overtake those that are delayed");
		return TAP_BAD;
	}
	if (c->line_bytes > 0 && c->rate_bytes_per_s == 0) {
		snprintf(text, TAP_TEXT_BYTES,
			 "--queue needs --rate: it is where frames wait for the rate");
		return TAP_BAD;
	}
	if (c->line_bytes == 0)
		c->line_bytes = LINE_BYTES;
	return TAP_RUN;
}

enum tap_verdict options_read(struct tap_options *o, int argc, char *const *argv,
			      char text[TAP_TEXT_BYTES])
{
	int i;

	set_defaults(o);
	text[0] = '\0';
	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const struct setting *s = find_setting(argv[i]);

		if (strcmp(argv[i], "--help") == 0)
			return TAP_HELP;
		if (!s) {
			snprintf(text, TAP_TEXT_BYTES, "%.60s: no such setting; see --help",
				 argv[i]);
			return TAP_BAD;
		}
		if (s->has_value && i + 1 >= argc) {
			snprintf(text, TAP_TEXT_BYTES, "%s needs a value; see --help", s->name);
			return TAP_BAD;
		}
		i += s->has_value;
		if (!s->set(o, argv[i])) {
			snprintf(text, TAP_TEXT_BYTES, "%s %.60s: not such a value; see --help",
				 s->name, argv[i]);
			return TAP_BAD;
		}
	}
	o->app_args = i < argc ? i + 1 : argc;
	return finish(o, text);
}
