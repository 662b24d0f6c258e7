/*
 * pthread.c -- a program that uses threads, locks, conditions and semaphores as POSIX has them, and
 * signals to itself. Prints a line per behaviour.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void check(const char *name, bool passed)
{
	printf("%s %s\n", passed ? "ok" : "not ok", name);
}

static struct timespec in_ms(clockid_t clock, int ms)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	ts.tv_nsec += ms * 1000000L;
	ts.tv_sec += ts.tv_nsec / 1000000000;
	ts.tv_nsec %= 1000000000;
	return ts;
}

/* ---- beginning and end ---- */

static void *twice(void *arg)
{
	return (void *)((uintptr_t)arg * 2);
}

static void *leave_early(void *arg)
{
	pthread_exit(arg);
	return NULL;
}

static void *wait_a_little(void *arg)
{
	usleep(2000);
	*(bool *)arg = true;
	return NULL;
}

static void check_threads(void)
{
	pthread_t t[40];
	uintptr_t sum = 0;
	bool ended = false;
	void *value;

	for (uintptr_t i = 0; i < 40; i++)
		if (pthread_create(&t[i], NULL, twice, (void *)i) != 0)
			check("a thread can be made", false);
	for (size_t i = 0; i < 40; i++)
		if (pthread_join(t[i], &value) == 0)
			sum += (uintptr_t)value;
	check("join hands over what a thread returned", sum == 39 * 40);
	(void)pthread_create(&t[0], NULL, leave_early, &sum);
	check("pthread_exit ends a thread with a value",
	      pthread_join(t[0], &value) == 0 && value == &sum);
	(void)pthread_create(&t[0], NULL, wait_a_little, &ended);
	check("join waits for the end", pthread_join(t[0], NULL) == 0 && ended);
	check("a thread cannot join itself", pthread_join(pthread_self(), NULL) == EDEADLK);
	check("a thread is equal to itself", pthread_equal(pthread_self(), pthread_self()));
}

static void check_attributes(void)
{
	pthread_attr_t attr;
	size_t bytes = 0;
	bool ended = false;
	pthread_t t;
	int state;

	pthread_attr_init(&attr);
	check("a stack that is too small is EINVAL",
	      pthread_attr_setstacksize(&attr, 100) == EINVAL);
	check("so is one that is too large",
	      pthread_attr_setstacksize(&attr, (size_t)64 << 20) == EINVAL);
	check("a stack size can be chosen", pthread_attr_setstacksize(&attr, 128 * 1024) == 0 &&
						    pthread_attr_getstacksize(&attr, &bytes) == 0 &&
						    bytes == 128 * 1024);
	check("a thread can begin detached",
	      pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0 &&
		      pthread_attr_getdetachstate(&attr, &state) == 0 &&
		      state == PTHREAD_CREATE_DETACHED &&
		      pthread_create(&t, &attr, wait_a_little, &ended) == 0);
	check("a detached thread cannot be joined", pthread_join(t, NULL) == EINVAL);
	while (!ended)
		usleep(1000);
	(void)pthread_create(&t, NULL, twice, NULL);
	check("a thread can be detached", pthread_detach(t) == 0);
	pthread_attr_destroy(&attr);
}

/* ---- mutexes ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned counter;

static void *count(void *arg)
{
	(void)arg;
	for (int i = 0; i < 100; i++) {
		unsigned seen;

		pthread_mutex_lock(&lock);
		seen = counter;
		if (i % 10 == 0)
			sched_yield();
		counter = seen + 1;
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

static void *try_it(void *arg)
{
	*(int *)arg = pthread_mutex_trylock(&lock);
	return NULL;
}

static void *unlock_it(void *m)
{
	return (void *)(intptr_t)pthread_mutex_unlock(m);
}

static void check_mutexes(void)
{
	struct timespec soon = in_ms(CLOCK_REALTIME, 2), bad = { .tv_nsec = -1 };
	pthread_mutexattr_t attr;
	pthread_mutex_t m;
	pthread_t t[8];
	void *value;
	int result;

	for (size_t i = 0; i < 8; i++)
		(void)pthread_create(&t[i], NULL, count, NULL);
	for (size_t i = 0; i < 8; i++)
		(void)pthread_join(t[i], NULL);
	check("a mutex keeps threads apart that yield inside it", counter == 800);
	pthread_mutex_lock(&lock);
	(void)pthread_create(&t[0], NULL, try_it, &result);
	(void)pthread_join(t[0], NULL);
	check("trylock of another's mutex is EBUSY", result == EBUSY);
	check("a lock that does not come in time is ETIMEDOUT",
	      pthread_mutex_timedlock(&lock, &soon) == ETIMEDOUT);
	check("a time that is none is EINVAL", pthread_mutex_timedlock(&lock, &bad) == EINVAL);
	check("a locked mutex cannot be destroyed", pthread_mutex_destroy(&lock) == EBUSY);
	pthread_mutex_unlock(&lock);
	check("timedlock takes a free mutex whatever the time",
	      pthread_mutex_timedlock(&lock, &bad) == 0 && pthread_mutex_unlock(&lock) == 0);

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&m, &attr);
	pthread_mutex_lock(&m);
	check("an errorcheck mutex cannot be locked twice", pthread_mutex_lock(&m) == EDEADLK);
	(void)pthread_create(&t[0], NULL, unlock_it, &m);
	(void)pthread_join(t[0], &value);
	check("nor unlocked by another", (intptr_t)value == EPERM);
	pthread_mutex_unlock(&m);
	check("nor when it is not locked", pthread_mutex_unlock(&m) == EPERM);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&m, &attr);
	check("a recursive mutex can be locked again",
	      pthread_mutex_lock(&m) == 0 && pthread_mutex_lock(&m) == 0);
	pthread_mutex_unlock(&m);
	(void)pthread_create(&t[0], NULL, unlock_it, &m);
	(void)pthread_join(t[0], &value);
	check("and stays locked until the last unlock", (intptr_t)value == EPERM);
	check("which is its owner's",
	      pthread_mutex_unlock(&m) == 0 && pthread_mutex_destroy(&m) == 0);
	check("a kind that is none is EINVAL", pthread_mutexattr_settype(&attr, 9) == EINVAL);
}

/* ---- conditions ---- */

static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned tickets, served;

static void *take_ticket(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	while (tickets == 0)
		pthread_cond_wait(&changed, &lock);
	tickets--;
	served++;
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void check_conditions(void)
{
	struct timespec soon;
	pthread_condattr_t attr;
	pthread_cond_t c;
	pthread_t t[6];
	int result;

	for (size_t i = 0; i < 6; i++)
		(void)pthread_create(&t[i], NULL, take_ticket, NULL);
	usleep(1000);
	pthread_mutex_lock(&lock);
	tickets = 1;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
	usleep(1000);
	check("a signal lets one go on", served == 1);
	pthread_mutex_lock(&lock);
	tickets = 5;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	for (size_t i = 0; i < 6; i++)
		(void)pthread_join(t[i], NULL);
	check("a broadcast lets all go on", served == 6 && tickets == 0);

	pthread_mutex_lock(&lock);
	soon = in_ms(CLOCK_REALTIME, 2);
	result = pthread_cond_timedwait(&changed, &lock, &soon);
	check("a condition that does not come is ETIMEDOUT", result == ETIMEDOUT);
	check("and the mutex is held again", pthread_mutex_trylock(&lock) == EBUSY);
	soon.tv_nsec = 1000000000;
	check("a time that is none is EINVAL for a condition",
	      pthread_cond_timedwait(&changed, &lock, &soon) == EINVAL);
	pthread_condattr_init(&attr);
	check("a condition can be timed by the monotonic clock",
	      pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
		      pthread_cond_init(&c, &attr) == 0);
	soon = in_ms(CLOCK_MONOTONIC, 2);
	check("and ends by it", pthread_cond_timedwait(&c, &lock, &soon) == ETIMEDOUT);
	pthread_mutex_unlock(&lock);
	check("a condition without waiters can be destroyed", pthread_cond_destroy(&c) == 0);
}

/* ---- once, keys ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static unsigned ran;

static void run_slowly(void)
{
	usleep(1000);
	ran++;
}

static void *run_once(void *arg)
{
	(void)arg;
	pthread_once(&once, run_slowly);
	return (void *)(uintptr_t)ran;
}

static pthread_key_t key;
static unsigned destroyed;

static void destroy(void *value)
{
	destroyed += (unsigned)(uintptr_t)value;
}

static void *keep(void *value)
{
	if (pthread_getspecific(key) != NULL)
		return NULL;
	pthread_setspecific(key, value);
	sched_yield();
	return pthread_getspecific(key);
}

static void check_once_and_keys(void)
{
	pthread_t t[4];
	uintptr_t sum = 0;
	void *value;

	for (size_t i = 0; i < 4; i++)
		(void)pthread_create(&t[i], NULL, run_once, NULL);
	for (size_t i = 0; i < 4; i++)
		if (pthread_join(t[i], &value) == 0)
			sum += (uintptr_t)value;
	check("what runs once has run when any of its callers goes on", sum == 4 && ran == 1);

	check("a key can be made", pthread_key_create(&key, destroy) == 0);
	pthread_setspecific(key, &key);
	for (uintptr_t i = 0; i < 4; i++)
		(void)pthread_create(&t[i], NULL, keep, (void *)(i + 1));
	for (size_t i = 0; i < 4; i++)
		if (pthread_join(t[i], &value) == 0)
			sum += (uintptr_t)value;
	check("each thread has its own value under a key",
	      sum == 4 + 10 && pthread_getspecific(key) == &key);
	check("a thread's end runs destructors", destroyed == 10);
	check("a key can be deleted", pthread_key_delete(key) == 0);
	check("a deleted key has no values",
	      pthread_getspecific(key) == NULL && pthread_setspecific(key, &key) == EINVAL);
	check("a new key begins empty",
	      pthread_key_create(&key, NULL) == 0 && pthread_getspecific(key) == NULL);
}

/* ---- semaphores ---- */

static sem_t items;

static void *post_three(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++) {
		usleep(500);
		sem_post(&items);
	}
	return NULL;
}

static void check_semaphores(void)
{
	struct timespec soon;
	pthread_t t;
	int value;

	sem_init(&items, 0, 1);
	check("a semaphore counts down", sem_wait(&items) == 0);
	errno = 0;
	check("and is EAGAIN at nothing", sem_trywait(&items) == -1 && errno == EAGAIN);
	soon = in_ms(CLOCK_REALTIME, 2);
	errno = 0;
	check("a post that does not come is ETIMEDOUT",
	      sem_timedwait(&items, &soon) == -1 && errno == ETIMEDOUT);
	(void)pthread_create(&t, NULL, post_three, NULL);
	check("posts of another thread arrive", sem_wait(&items) == 0 && sem_wait(&items) == 0);
	(void)pthread_join(t, NULL);
	check("what nobody waited for is counted", sem_getvalue(&items, &value) == 0 && value == 1);
	check("a semaphore can be destroyed", sem_destroy(&items) == 0);
}

/* ---- signals ---- */

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	signals += sig;
}

static void check_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal }, old;
	sigset_t set;
	int fd[2];

	check("a handler can be set", sigaction(SIGPIPE, &action, NULL) == 0);
	(void)socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	close(fd[1]);
	errno = 0;
	check("a write that nobody reads is EPIPE", write(fd[0], "x", 1) == -1 && errno == EPIPE);
	check("and a SIGPIPE", signals == SIGPIPE);
	check("MSG_NOSIGNAL is only EPIPE",
	      send(fd[0], "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE && signals == SIGPIPE);
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
	(void)write(fd[0], "x", 1);
	check("a blocked signal waits", signals == SIGPIPE);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	check("until it is not blocked any more", signals == 2 * SIGPIPE);
	check("the handler can be asked for",
	      sigaction(SIGPIPE, NULL, &old) == 0 && old.sa_handler == on_signal);
	check("signal returns the handler before", signal(SIGPIPE, SIG_IGN) == on_signal);
	check("an ignored signal is ignored",
	      write(fd[0], "x", 1) == -1 && errno == EPIPE && signals == 2 * SIGPIPE);
	close(fd[0]);
	check("SIGKILL has no handler", sigaction(SIGKILL, &action, NULL) == -1 && errno == EINVAL);
}

static void *leave_last(void *arg)
{
	(void)arg;
	usleep(2000);
	printf("ok the program goes on when the main thread leaves\n");
	return NULL;
}

/* What the image's exit status is to be: of the signal that ends it, or of a clean end. */
int main(int argc, char **argv)
{
	pthread_t t;

	if (argc > 1 && strcmp(argv[1], "sigpipe") == 0) {
		int fd[2];

		(void)pipe(fd);
		close(fd[0]);
		(void)write(fd[1], "x", 1);
		printf("not ok nobody reads and nobody cares\n");
		return 1;
	}
	check_threads();
	check_attributes();
	check_mutexes();
	check_conditions();
	check_once_and_keys();
	check_semaphores();
	check_signals();
	(void)pthread_create(&t, NULL, leave_last, NULL);
	pthread_detach(t);
	pthread_exit(NULL);
}
