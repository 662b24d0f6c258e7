/*
 * Multicast listener discovery: RFC 2710 (version 1) and RFC 3810 (version 2), as far as hosts speak
 * it. Checksums, the hop limit and the source are for whoever has the packet.
 */
#ifndef NET_WIRE_MLD_H
#define NET_WIRE_MLD_H

#include <holm/stats.h>

#include "lib/bytes.h"

struct fmt_out;

enum {
	MLD_BYTES = 24,		/* of version 1 */
	MLD2_QUERY_BYTES = 28,	/* without sources */
	MLD2_REPORT_BYTES = 28, /* of one record without sources */
	MLD_SENT_MAX = 28
};

enum mld_type { MLD_QUERY = 130, MLD1_REPORT = 131, MLD1_DONE = 132, MLD2_REPORT = 143 };

/* Of a version 2 record: RFC 3810 section 5.2.12. Lists of sources are empty here. */
enum mld_record {
	MLD_IS_EXCLUDE = 2, /* a listener, to all sources */
	MLD_TO_INCLUDE = 3, /* no listener any more */
	MLD_TO_EXCLUDE = 4  /* a listener from now on */
};

struct mld_info {
	uint8_t type;		/* enum mld_type, or whatever was there */
	uint8_t version;	/* of a query: 1 or 2 */
	uint32_t response_ms;	/* of a query: when everybody is to have answered */
	struct holm_addr group; /* not of a version 2 report; ::, of a query: all */
};

/* `len` bytes at p lie in one piece; the message has `total`. False: MLD_MALFORMED. */
bool mld_parse(const uint8_t *p, size_t len, size_t total, struct mld_info *out,
	       enum holm_drop *why);

/* A report or done of version 1: MLD_BYTES, with a zero checksum. */
void mld_build(uint8_t *p, enum mld_type type, const struct holm_addr *group);
/* A version 2 report of one record: MLD2_REPORT_BYTES, with a zero checksum. */
void mld2_build_report(uint8_t *p, enum mld_record record, const struct holm_addr *group);

void mld_print(struct fmt_out *out, const uint8_t *p, size_t len, size_t total);

#endif
