/* IGMP messages; see igmp.h. */
#include "net/wire/igmp.h"

#include "lib/mem.h"

/* What a version 1 router means, which has no field for it: RFC 2236 section 4. */
#define RESPONSE1_MS 10000u

/* RFC 3376 section 4.1.1: tenths of a second, from 128 on a floating-point number. */
static uint32_t response_of(uint8_t code, bool is_v3)
{
	uint32_t tenths = code;

	if (is_v3 && code >= 128)
		tenths = ((code & 0xfu) | 0x10u) << ((code >> 4 & 7u) + 3);
	return tenths * 100;
}

static void read_query(const uint8_t *p, size_t total, struct igmp_info *out)
{
	/* RFC 3376 section 7.1: the length tells the versions apart, then the code. */
	out->version = total >= IGMP3_QUERY_BYTES ? 3 : p[1] == 0 ? 1 : 2;
	out->response_ms = out->version == 1 ? RESPONSE1_MS : response_of(p[1], out->version == 3);
}

bool igmp_parse(const uint8_t *p, size_t len, size_t total, struct igmp_info *out,
		enum holm_drop *why)
{
	*out = (struct igmp_info){ 0 };
	*why = HOLM_DROP_IGMP_MALFORMED;
	if (len < IGMP_BYTES)
		return false;
	out->type = p[0];
	out->group = load_be32(p + 4);
	if (p[0] != IGMP_QUERY)
		return true;
	/* RFC 3376 section 7.1: between the lengths of two versions it is of neither. */
	if (total != IGMP_BYTES && total < IGMP3_QUERY_BYTES)
		return false;
	read_query(p, total, out);
	return true;
}

void igmp_build(uint8_t *p, enum igmp_type type, uint32_t group)
{
	memset(p, 0, IGMP_BYTES);
	p[0] = (uint8_t)type;
	store_be32(p + 4, group);
	store_be16(p + 2, checksum_finish(checksum_partial(p, IGMP_BYTES, 0)));
}

void igmp3_build_report(uint8_t *p, enum igmp_record record, uint32_t group)
{
	memset(p, 0, IGMP3_REPORT_BYTES);
	p[0] = IGMP3_REPORT;
	store_be16(p + 6, 1);
	p[8] = (uint8_t)record;
	store_be32(p + 12, group);
	store_be16(p + 2, checksum_finish(checksum_partial(p, IGMP3_REPORT_BYTES, 0)));
}
