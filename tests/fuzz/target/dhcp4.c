/* DHCP messages, their options by number, and a client's own messages. */
#include "net/wire/dhcp4.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct dhcp4_info *info)
{
	CHECK(info->nrouters <= DHCP4_ROUTERS_MAX && info->ndns <= DHCP4_DNS_MAX);
	CHECK(info->nroutes <= DHCP4_ROUTES_MAX && info->prefix_len <= 32);
	for (unsigned i = 0; i < info->nroutes; i++)
		CHECK(info->routes[i].prefix_len <= 32);
}

/* An address that a host can have, or none. */
static uint32_t some_host(struct fuzz_input *in)
{
	uint8_t number = fuzz_u8(in);

	return number == 0 ? 0 : 0x0a000000u + number;
}

/* A request made of the input is one that can be read. */
static void build(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct dhcp4_request request = {
		.type = DHCP4_REQUEST,
		.broadcast = fuzz_u8(&in) & 1,
		.secs = fuzz_u16(&in),
		.xid = fuzz_u32(&in),
		.ciaddr = some_host(&in),
		.requested = some_host(&in),
		.server_id = some_host(&in),
		.max_size = 576,
		.hostname = { in.p, in.n < 255 ? in.n : 255 },
	};
	uint8_t built[640];
	struct dhcp4_info info;
	size_t n = dhcp4_build(built, sizeof(built), &request);

	CHECK(n >= DHCP4_MESSAGE_MIN && n <= sizeof(built));
	CHECK(dhcp4_parse(built, n, &info) == DHCP4_OK);
	CHECK(info.type == DHCP4_REQUEST && info.xid == request.xid);
	(void)dhcp4_build(built, size % sizeof(built), &request);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	uint8_t value[DHCP4_OPTION_MAX];
	struct dhcp4_info info;
	enum dhcp4_verdict verdict = dhcp4_parse(data, size, &info);
	size_t len;

	CHECK(verdict < DHCP4_VERDICT_COUNT && dhcp4_verdict_text(verdict) != NULL);
	if (verdict == DHCP4_OK)
		check(&info);
	for (unsigned code = 0; code < 256; code += 1 + code / 16) {
		size_t room = size % sizeof(value) + 1;

		if (dhcp4_option(data, size, (uint8_t)code, value, room, &len) == DHCP4_OK)
			CHECK(len <= room);
	}
	build(data, size);
	return 0;
}
