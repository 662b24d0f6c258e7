/*
 * What the compiler offers beyond C11, under short names, and the smallest arithmetic helpers.
 *
 * Works with gcc and clang. Macros stand only where a function cannot: everything that can be typed
 * is a static inline function, so a wrong argument is an error message and not a surprise.
 */
#ifndef LIB_COMPILER_H
#define LIB_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For branches whose direction is known from the protocol, not guessed: errors, slow paths. */
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* The result is an error or a resource; ignoring it is a bug that the compiler reports. */
#define must_check __attribute__((warn_unused_result))

/*
 * always_inline: once for each constant argument, or where a call costs more than the work; -Os decides
 * itself. FOR_SIZE: of two ways to the same end, the short one in front of the one that always works, only
 * the latter is wanted.
 */
#ifdef __OPTIMIZE_SIZE__
#define always_inline inline
#define FOR_SIZE true
#else
#define always_inline inline __attribute__((always_inline))
#define FOR_SIZE false
#endif

/* Kept out of line, so that a rare path does not cost the frequent one its registers. */
#define never_inline __attribute__((noinline))
/* Its result is all that it does. */
#define pure_function __attribute__((pure))

/* Checks arguments against a format string: the n-th is the format, the m-th the first value. */
#define format_printf(n, m) __attribute__((format(printf, n, m)))

/*
 * From a pointer to a member to the structure around it. The conditional is never evaluated; it
 * makes the compiler compare the two pointer types. A pointer to const is refused (-Wcast-qual):
 * container_of_const takes those and gives a pointer to const back.
 */
#define container_of(ptr, type, member)                                                            \
	((type *)(void *)((char *)(1 ? (ptr) : &((type *)0)->member) - offsetof(type, member)))
#define container_of_const(ptr, type, member)                                                      \
	((const type *)(const void *)((const char *)(1 ? (ptr) : &((const type *)0)->member) -     \
				      offsetof(type, member)))

/* Elements of an array. A pointer gives a negative array size, hence an error. */
#define ARRAY_LEN(a)                                                                               \
	(sizeof(a) / sizeof((a)[0]) +                                                              \
	 0 * sizeof(char[1 -                                                                       \
			 2 * __builtin_types_compatible_p(__typeof__(a), __typeof__(&(a)[0]))]))

static inline uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static inline size_t max_size(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* Zero is not a power of two. */
static inline bool is_pow2_u64(uint64_t v)
{
	return v != 0 && (v & (v - 1)) == 0;
}

/* `align` is a power of two; the caller knows that v + align does not overflow. */
static inline size_t align_up_size(size_t v, size_t align)
{
	return (v + align - 1) & ~(align - 1);
}

/* The number of the highest set bit. `v` is not 0. */
static inline unsigned ilog2_u32(uint32_t v)
{
	return 31u - (unsigned)__builtin_clz(v);
}

static inline unsigned ilog2_u64(uint64_t v)
{
	return 63u - (unsigned)__builtin_clzll(v);
}

/* The number of the lowest set bit. `v` is not 0. */
static inline unsigned lowest_bit_u64(uint64_t v)
{
	return (unsigned)__builtin_ctzll(v);
}

/* Compilers turn these into one instruction. `n` is below the width. */
static inline uint32_t rotl_u32(uint32_t v, unsigned n)
{
	return (v << n) | (v >> ((32u - n) & 31u));
}

static inline uint64_t rotl_u64(uint64_t v, unsigned n)
{
	return (v << n) | (v >> ((64u - n) & 63u));
}

#endif
