/*
 * types.h -- the small value types that every public header shares: spans of bytes, hardware
 * addresses, network addresses, transport addresses.
 */
#ifndef HOLM_TYPES_H
#define HOLM_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that may be read, lent by whoever returned the span for as long as that call says. */
struct holm_span {
	const uint8_t *data;
	size_t len;
};

/* Bytes that may be written. */
struct holm_mspan {
	uint8_t *data;
	size_t len;
};

struct holm_mac {
	uint8_t b[6];
};

/*
 * A network address of either family: 16 bytes in network order; IPv4 is held as an IPv4-mapped
 * IPv6 address (RFC 4291 section 2.5.5.2), so that one table and one comparison serve both.
 */
struct holm_addr {
	uint8_t b[16];
};

/* The end of a flow. A zero address is the wildcard of its family, port 0 means "not chosen". */
struct holm_endpoint {
	struct holm_addr addr;
	uint32_t scope; /* interface index of a link-local IPv6 address, otherwise 0 */
	uint16_t port;	/* host order */
	uint16_t reserved;
};

/* The IPv4 address a.b.c.d. */
static inline struct holm_addr holm_addr_ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	struct holm_addr addr = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d } };

	return addr;
}

/* The IPv6 wildcard "::". The IPv4 wildcard is holm_addr_ip4(0, 0, 0, 0). */
static inline struct holm_addr holm_addr_any6(void)
{
	struct holm_addr addr = { { 0 } };

	return addr;
}

/* Is this an IPv4 address, wildcard included? */
bool holm_addr_is_ip4(const struct holm_addr *a);

/* Is this the wildcard of either family? */
bool holm_addr_is_any(const struct holm_addr *a);

/* Is this a loopback address: 127.0.0.0/8 or ::1? */
bool holm_addr_is_loopback(const struct holm_addr *a);

/* Is this a multicast address, or the IPv4 limited broadcast 255.255.255.255? */
bool holm_addr_is_multicast(const struct holm_addr *a);

bool holm_addr_equal(const struct holm_addr *a, const struct holm_addr *b);

/* Room for the longest text of an address, and of an endpoint ("[addr%scope]:port"), with its NUL. */
#define HOLM_ADDR_TEXT_MAX 46
#define HOLM_ENDPOINT_TEXT_MAX 60

/*
 * Write the address as text ("10.0.2.15", RFC 5952 for IPv6), NUL-terminated.
 * Returns the length without the NUL; at least HOLM_ADDR_TEXT_MAX bytes must be there.
 */
size_t holm_addr_format(const struct holm_addr *a, char *text, size_t text_bytes);
size_t holm_endpoint_format(const struct holm_endpoint *e, char *text, size_t text_bytes);

/*
 * Read an address from `len` characters, all of which must belong to it: dotted IPv4, or RFC 4291
 * section 2.2 for IPv6. Returns 0, or -HOLM_EINVAL and leaves *a alone.
 */
int holm_addr_parse(struct holm_addr *a, const char *text, size_t len);

#ifdef __cplusplus
}
#endif

#endif
