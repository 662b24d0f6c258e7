/* Multicast listener discovery: what is read of a version 1 message is built the same. */
#include "net/wire/mld.h"
#include "tests/fuzz/fuzz.h"

int fuzz_one(const uint8_t *data, size_t size)
{
	struct mld_info info, again;
	uint8_t built[MLD_SENT_MAX];
	enum holm_drop why;

	if (!mld_parse(data, size, size, &info, &why))
		return 0;
	if (info.type == MLD1_REPORT || info.type == MLD1_DONE) {
		mld_build(built, (enum mld_type)info.type, &info.group);
		CHECK(mld_parse(built, MLD_BYTES, MLD_BYTES, &again, &why));
		CHECK(again.type == info.type && holm_addr_equal(&again.group, &info.group));
	}
	if (info.type == MLD_QUERY)
		CHECK(info.version == 1 || info.version == 2);
	return 0;
}
