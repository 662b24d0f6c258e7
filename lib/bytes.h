/*
 * Integers in memory with a stated byte order, at any alignment.
 *
 * struct be16, be32, be64 are wire integers: byte arrays, so a header built from them has no
 * padding, needs no packing attribute and may start anywhere, and mixing byte orders does not
 * compile. load_ and store_ serve fields that have no struct. All of them become one move, with a
 * byte swap where the machine differs; none assumes alignment.
 */
#ifndef LIB_BYTES_H
#define LIB_BYTES_H

#include "lib/compiler.h"
#include "lib/mem.h"

#define HOST_IS_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

struct be16 {
	uint8_t b[2];
};

struct be32 {
	uint8_t b[4];
};

struct be64 {
	uint8_t b[8];
};

_Static_assert(sizeof(struct be16) == 2 && _Alignof(struct be16) == 1, "be16 is two bytes");
_Static_assert(sizeof(struct be32) == 4 && _Alignof(struct be32) == 1, "be32 is four bytes");
_Static_assert(sizeof(struct be64) == 8 && _Alignof(struct be64) == 1, "be64 is eight bytes");

static inline uint16_t load_be16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return HOST_IS_BIG_ENDIAN ? v : __builtin_bswap16(v);
}

static inline uint32_t load_be32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return HOST_IS_BIG_ENDIAN ? v : __builtin_bswap32(v);
}

static inline uint64_t load_be64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return HOST_IS_BIG_ENDIAN ? v : __builtin_bswap64(v);
}

static inline void store_be16(void *p, uint16_t v)
{
	v = HOST_IS_BIG_ENDIAN ? v : __builtin_bswap16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void store_be32(void *p, uint32_t v)
{
	v = HOST_IS_BIG_ENDIAN ? v : __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void store_be64(void *p, uint64_t v)
{
	v = HOST_IS_BIG_ENDIAN ? v : __builtin_bswap64(v);
	memcpy(p, &v, sizeof(v));
}

static inline uint16_t load_le16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return HOST_IS_BIG_ENDIAN ? __builtin_bswap16(v) : v;
}

static inline uint32_t load_le32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return HOST_IS_BIG_ENDIAN ? __builtin_bswap32(v) : v;
}

static inline uint64_t load_le64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return HOST_IS_BIG_ENDIAN ? __builtin_bswap64(v) : v;
}

static inline void store_le16(void *p, uint16_t v)
{
	v = HOST_IS_BIG_ENDIAN ? __builtin_bswap16(v) : v;
	memcpy(p, &v, sizeof(v));
}

static inline void store_le32(void *p, uint32_t v)
{
	v = HOST_IS_BIG_ENDIAN ? __builtin_bswap32(v) : v;
	memcpy(p, &v, sizeof(v));
}

static inline void store_le64(void *p, uint64_t v)
{
	v = HOST_IS_BIG_ENDIAN ? __builtin_bswap64(v) : v;
	memcpy(p, &v, sizeof(v));
}

static inline uint16_t be16_get(struct be16 v)
{
	return load_be16(v.b);
}

static inline uint32_t be32_get(struct be32 v)
{
	return load_be32(v.b);
}

static inline uint64_t be64_get(struct be64 v)
{
	return load_be64(v.b);
}

static inline struct be16 be16_of(uint16_t v)
{
	struct be16 r;

	store_be16(r.b, v);
	return r;
}

static inline struct be32 be32_of(uint32_t v)
{
	struct be32 r;

	store_be32(r.b, v);
	return r;
}

static inline struct be64 be64_of(uint64_t v)
{
	struct be64 r;

	store_be64(r.b, v);
	return r;
}

static inline void be16_put(struct be16 *p, uint16_t v)
{
	store_be16(p->b, v);
}

static inline void be32_put(struct be32 *p, uint32_t v)
{
	store_be32(p->b, v);
}

static inline void be64_put(struct be64 *p, uint64_t v)
{
	store_be64(p->b, v);
}

#endif
