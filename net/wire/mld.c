/* MLD messages; see mld.h. */
#include "net/wire/mld.h"

#include "lib/fmt.h"
#include "lib/mem.h"

/* RFC 3810 section 5.1.3: milliseconds, from 32768 on a floating-point number. */
static uint32_t response_of(uint16_t code, bool is_v2)
{
	if (!is_v2 || code < 32768)
		return code;
	return ((code & 0xfffu) | 0x1000u) << ((code >> 12 & 7u) + 3);
}

bool mld_parse(const uint8_t *p, size_t len, size_t total, struct mld_info *out,
	       enum holm_drop *why)
{
	*out = (struct mld_info){ 0 };
	*why = HOLM_DROP_MLD_MALFORMED;
	if (len < MLD_BYTES)
		return false;
	out->type = p[0];
	if (out->type == MLD2_REPORT)
		return true;
	memcpy(out->group.b, p + 8, sizeof(out->group.b));
	if (out->type == MLD_QUERY) {
		/* RFC 3810 section 8.1: the length tells the versions apart; between them is neither. */
		if (total != MLD_BYTES && total < MLD2_QUERY_BYTES)
			return false;
		out->version = total == MLD_BYTES ? 1 : 2;
		out->response_ms = response_of(load_be16(p + 4), out->version == 2);
	}
	/* A query about all groups names none; whatever else is named is a group. */
	return out->group.b[0] == 0xff ||
	       (out->type == MLD_QUERY && (load_be64(p + 8) | load_be64(p + 16)) == 0);
}

void mld_build(uint8_t *p, enum mld_type type, const struct holm_addr *group)
{
	memset(p, 0, MLD_BYTES);
	p[0] = (uint8_t)type;
	memcpy(p + 8, group->b, sizeof(group->b));
}

void mld2_build_report(uint8_t *p, enum mld_record record, const struct holm_addr *group)
{
	memset(p, 0, MLD2_REPORT_BYTES);
	p[0] = MLD2_REPORT;
	store_be16(p + 6, 1);
	p[8] = (uint8_t)record;
	memcpy(p + 12, group->b, sizeof(group->b));
}

static const char *type_text(uint8_t type)
{
	switch (type) {
	case MLD_QUERY:
		return "query";
	case MLD1_REPORT:
		return "report";
	case MLD1_DONE:
		return "done";
	default:
		return "report of version 2";
	}
}

void mld_print(struct fmt_out *out, const uint8_t *p, size_t len, size_t total)
{
	char text[HOLM_ADDR_TEXT_MAX];
	struct mld_info info;
	enum holm_drop why;

	if (!mld_parse(p, len, total, &info, &why)) {
		fmt_puts(out, "multicast listener [malformed]");
		return;
	}
	fmt_printf(out, "multicast listener %s", type_text(info.type));
	if (info.type == MLD2_REPORT)
		return;
	holm_addr_format(&info.group, text, sizeof(text));
	fmt_printf(out, " %s", text);
}
