/* ARP packets: read, and what was read builds a packet that reads the same. */
#include "net/wire/arp.h"
#include "tests/fuzz/fuzz.h"

int fuzz_one(const uint8_t *data, size_t size)
{
	uint8_t built[ARP_BYTES];
	struct arp_info info, again;
	enum holm_drop why;

	if (!arp_parse(data, size, &info, &why))
		return 0;
	CHECK(info.op == ARP_REQUEST || info.op == ARP_REPLY);
	arp_build(built, &info);
	CHECK(arp_parse(built, sizeof(built), &again, &why));
	CHECK(memcmp(&info.sender_mac, &again.sender_mac, sizeof(info.sender_mac)) == 0);
	CHECK(info.op == again.op && info.sender == again.sender && info.target == again.target);
	return 0;
}
