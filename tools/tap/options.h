/*
 * The settings of the TAP program, and reading them from the command line. Reading touches nothing
 * but its result, so that it can be tested and fuzzed.
 */
#ifndef TAP_OPTIONS_H
#define TAP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <holm/impair.h>
#include <holm/types.h>

/* An interface's name with its NUL, as Linux bounds it (IFNAMSIZ). */
#define TAP_NAME_BYTES 16

struct tap_options {
	char tap[TAP_NAME_BYTES];
	struct holm_addr address;
	unsigned prefix_len;
	struct holm_addr gateway; /* wildcard: none */
	struct holm_addr host;	  /* wildcard: the host's side is configured by somebody else */
	unsigned host_prefix_len;
	struct holm_addr address6, gateway6, host6; /* the same of IPv6; wildcard: none */
	unsigned prefix6_len, host6_prefix_len;
	uint16_t mtu;
	bool has_offloads;
	uint32_t sndbuf_bytes, rcvbuf_bytes; /* 0: the stack's defaults */
	const char *pcap;		     /* NULL: no capture */
	bool has_trace, has_stats;
	bool has_seed;
	bool impairs_in, impairs_out;
	struct holm_impair_config impair; /* for both directions; inbound is not set */
	int app_args;			  /* index in argv of the application's first argument */
};

enum tap_verdict {
	TAP_RUN,
	TAP_HELP,
	TAP_BAD, /* what is wrong is in the text */
};

/* Room for what options_read() finds wrong, with its NUL. */
#define TAP_TEXT_BYTES 160

enum tap_verdict options_read(struct tap_options *o, int argc, char *const *argv,
			      char text[TAP_TEXT_BYTES]);

/* Does any frame have another fate than arriving at once? */
bool options_impair(const struct tap_options *o);

extern const char options_help[];

/* ---- the forms of values; each takes all of the text or fails ---- */

/* "2.5" or "2.5%" of 100, in parts per million. */
bool options_percent(const char *s, uint32_t *ppm);
/* "20ms", "150us", "1s"; a bare number is milliseconds. */
bool options_time(const char *s, uint64_t *ns);
/* "10M": bits per second with k, M or G, in bytes per second. */
bool options_rate(const char *s, uint64_t *bytes_per_s);
/* "256k": bytes with k or M. */
bool options_bytes(const char *s, uint32_t *bytes);
/* "10.0.5.2/24"; without a length 24. */
bool options_prefix(const char *s, struct holm_addr *addr, unsigned *prefix_len);
/* "fd00::2/64"; without a length 64. */
bool options_prefix6(const char *s, struct holm_addr *addr, unsigned *prefix_len);

#endif
