/*
 * env.h -- what an instance needs from the world: memory, randomness and a place for log lines.
 *
 * The program fills a struct holm_env and gives it to holm_net_create(), which copies it. Every
 * callback is called only from within a holm function, on the instance's own thread, and must not
 * call back into the instance.
 */
#ifndef HOLM_ENV_H
#define HOLM_ENV_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum holm_log_level {
	HOLM_LOG_ERROR = 0,
	HOLM_LOG_WARN = 1,
	HOLM_LOG_INFO = 2,
	HOLM_LOG_TRACE = 3, /* one line per frame, with net.trace */
};

struct holm_env {
	size_t size; /* sizeof(struct holm_env) as the program was compiled */
	void *ctx;   /* handed to every callback */

	/*
	 * Memory, asked for in chunks of at least HOLM_ALLOC_MIN bytes; by a library that was built without
	 * its own memory (<holm/build.h>), object by object. `align` is a power of two, at most 4096. NULL
	 * means "none left": the instance then sheds load and goes on.
	 */
	void *(*alloc)(void *ctx, size_t size, size_t align);
	/* Give back exactly what alloc() returned, with the size that was asked for. */
	void (*free)(void *ctx, void *p, size_t size);

	/*
	 * Fill `dst` with `len` unpredictable bytes. Called once, at creation, to seed the
	 * instance's own generator (ISNs, ports, hash keys hang on it): it must be good entropy, or
	 * a fixed seed where a run is to be repeated. A library that was built without a generator asks
	 * whenever it needs a number.
	 */
	void (*random)(void *ctx, void *dst, size_t len);

	/* One line without its newline, not NUL-terminated. May be NULL. */
	void (*log)(void *ctx, enum holm_log_level level, const char *line, size_t len);
};

/* The smallest chunk that alloc() is asked for. */
#define HOLM_ALLOC_MIN 4096u

/*
 * Where a mistake of the program ends (an ASSERT, in every build): a call from a callback, a buffer that
 * breaks its contract, a handle that was given up. The library's own definition is weak and traps without
 * a word. Define it to hear what was wrong, in a kernel as its panic; it must not return. A library that
 * was compiled for size (-Os) does not say what, only that.
 */
#if defined(__GNUC__)
__attribute__((noreturn))
#endif
void holm_assert_failed(const char *expr, const char *file, int line);

#ifdef __cplusplus
}
#endif

#endif
