/* Entropy; see entropy.h. Everything goes through one ChaCha20 generator (lib/rng.h). */
#include "kernel/entropy.h"

#include <stdbool.h>
#include <stdint.h>

#include "arch/entropy.h"
#include "kernel/cmdline.h"
#include "kernel/log.h"
#include "lib/rng.h"

/* Twice the 256 bits of the generator's key, in case the processor's numbers are a little biased. */
#define HARDWARE_WORDS 8u

static struct rng rng;
static bool begun;
static bool has_device;
static enum entropy_status status;

/* Whatever differs from boot to boot goes in first; alone it is not enough. */
static void begin(void)
{
	static const uint8_t zero[RNG_SEED_BYTES];
	uint64_t weak = hwentropy_weak();

	if (begun)
		return;
	begun = true;
	rng_init(&rng, zero);
	rng_add(&rng, &weak, sizeof(weak));
}

void entropy_add(const void *p, size_t n)
{
	begin();
	rng_add(&rng, p, n);
	if (n >= ENTROPY_MIN_BYTES)
		has_device = true;
}

static bool add_hardware(void)
{
	uint64_t words[HARDWARE_WORDS];

	for (unsigned i = 0; i < HARDWARE_WORDS; i++) {
		if (!hwentropy_u64(&words[i]))
			return false;
	}
	rng_add(&rng, words, sizeof(words));
	return true;
}

void entropy_init(void)
{
	const char *word = cmdline_get("entropy");
	bool unsafe = word != NULL && word[0] == 'u';
	bool hardware;

	begin();
	hardware = add_hardware();
	status = hardware || has_device ? ENTROPY_GOOD : unsafe ? ENTROPY_UNSAFE : ENTROPY_NONE;
	if (status == ENTROPY_GOOD)
		log_debug("entropy: %s", hardware ? "processor" : "virtio-rng");
	else
		log_warn("no entropy: neither RDRAND nor virtio-rng%s",
			 unsafe ? "; running with guessable secrets, as told" : "");
}

enum entropy_status entropy_status(void)
{
	return status;
}

void entropy_fill(void *p, size_t n)
{
	begin();
	rng_fill(&rng, p, n);
}
