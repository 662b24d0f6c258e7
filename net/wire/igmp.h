/*
 * IGMP: RFC 2236 (version 2, and how version 1 is told apart) and RFC 3376 (version 3), as far as hosts
 * speak it. The checksum covers the whole message: whoever has the frame verifies it.
 */
#ifndef NET_WIRE_IGMP_H
#define NET_WIRE_IGMP_H

#include <holm/stats.h>

#include "lib/bytes.h"
#include "lib/checksum.h"

enum {
	IGMP_BYTES = 8,		/* of versions 1 and 2 */
	IGMP3_QUERY_BYTES = 12, /* without sources */
	IGMP3_REPORT_BYTES = 16 /* of one record without sources */
};

enum igmp_type {
	IGMP_QUERY = 0x11,
	IGMP1_REPORT = 0x12,
	IGMP2_REPORT = 0x16,
	IGMP2_LEAVE = 0x17,
	IGMP3_REPORT = 0x22
};

/* Of a version 3 record: RFC 3376 section 4.2.12. Lists of sources are empty here. */
enum igmp_record {
	IGMP_IS_EXCLUDE = 2, /* a member, of all sources */
	IGMP_TO_INCLUDE = 3, /* no member any more */
	IGMP_TO_EXCLUDE = 4  /* a member from now on */
};

struct igmp_info {
	uint8_t type;	      /* enum igmp_type, or whatever was there */
	uint8_t version;      /* of a query: 1 to 3 */
	uint32_t response_ms; /* of a query: when everybody is to have answered */
	uint32_t group;	      /* 0: all */
};

/* `len` bytes at p lie in one piece; the message has `total`. False: IGMP_MALFORMED. */
bool igmp_parse(const uint8_t *p, size_t len, size_t total, struct igmp_info *out,
		enum holm_drop *why);

/* A report or leave of version 1 or 2: IGMP_BYTES, checksum included. */
void igmp_build(uint8_t *p, enum igmp_type type, uint32_t group);
/* A version 3 report of one record: IGMP3_REPORT_BYTES, checksum included. */
void igmp3_build_report(uint8_t *p, enum igmp_record record, uint32_t group);

#endif
