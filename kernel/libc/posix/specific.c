/*
 * specific.c -- values that each thread has of its own under a key. A thread's table is made when it
 * sets the first one. A key that is deleted leaves values behind: their generation tells them.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "kernel/libc/thread.h"

struct libc_specific {
	const void *value;
	unsigned generation;
};

static struct {
	bool used;
	unsigned generation;
	void (*destructor)(void *);
} keys[PTHREAD_KEYS_MAX];

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
	for (unsigned i = 0; i < PTHREAD_KEYS_MAX; i++) {
		if (keys[i].used)
			continue;
		keys[i].used = true;
		keys[i].generation++;
		keys[i].destructor = destructor;
		*key = i;
		return 0;
	}
	return EAGAIN;
}

static bool is_key(pthread_key_t key)
{
	return key < PTHREAD_KEYS_MAX && keys[key].used;
}

int pthread_key_delete(pthread_key_t key)
{
	if (!is_key(key))
		return EINVAL;
	keys[key].used = false;
	return 0;
}

void *pthread_getspecific(pthread_key_t key)
{
	const struct libc_specific *table = libc_thread()->specific;

	if (table == NULL || !is_key(key) || table[key].generation != keys[key].generation)
		return NULL;
	return (void *)(uintptr_t)table[key].value;
}

int pthread_setspecific(pthread_key_t key, const void *value)
{
	struct libc_thread *t = libc_thread();

	if (!is_key(key))
		return EINVAL;
	if (t->specific == NULL)
		t->specific = calloc(PTHREAD_KEYS_MAX, sizeof(*t->specific));
	if (t->specific == NULL)
		return ENOMEM;
	t->specific[key] = (struct libc_specific){ value, keys[key].generation };
	return 0;
}

/* One round over the values that are left; did any have a destructor? */
static bool run_destructors(void)
{
	bool ran = false;

	for (pthread_key_t key = 0; key < PTHREAD_KEYS_MAX; key++) {
		void *value = pthread_getspecific(key);

		if (value == NULL || keys[key].destructor == NULL)
			continue;
		(void)pthread_setspecific(key, NULL);
		keys[key].destructor(value);
		ran = true;
	}
	return ran;
}

void libc_specific_end(void)
{
	struct libc_thread *t = libc_thread();

	for (int i = 0; t->specific != NULL && i < PTHREAD_DESTRUCTOR_ITERATIONS; i++)
		if (!run_destructors())
			break;
	free(t->specific);
	t->specific = NULL;
}
