/*
 * signal.c -- signals of a program to itself: raise(), kill(), and SIGPIPE. They arrive at once, in the
 * thread that caused them; handlers and the mask are the process's, not each thread's.
 *
 * What has no handler and is not ignored ends the program as a shell reports it: 128 + its number.
 */
#include <signal.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "kernel/libc/error.h"
#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"

#undef sigaddset
#undef sigdelset
#undef sigismember
#undef sigemptyset
#undef sigfillset

enum { OWN_PID = 1, SIGNALS = 32 };

static struct sigaction actions[SIGNALS];
static sigset_t blocked, waiting;

static bool is_signal(int sig)
{
	return sig > 0 && sig < SIGNALS;
}

static sigset_t bit(int sig)
{
	return (sigset_t)1 << sig;
}

/* ---- sets ---- */

int sigemptyset(sigset_t *set)
{
	*set = 0;
	return 0;
}

int sigfillset(sigset_t *set)
{
	*set = ~(sigset_t)0;
	return 0;
}

int sigaddset(sigset_t *set, const int sig)
{
	if (!is_signal(sig))
		return libc_fail(EINVAL);
	*set |= bit(sig);
	return 0;
}

int sigdelset(sigset_t *set, const int sig)
{
	if (!is_signal(sig))
		return libc_fail(EINVAL);
	*set &= ~bit(sig);
	return 0;
}

int sigismember(const sigset_t *set, int sig)
{
	return is_signal(sig) ? (*set & bit(sig)) != 0 : libc_fail(EINVAL);
}

/* ---- arriving ---- */

static bool is_ignored_by_default(int sig)
{
	return sig == SIGCHLD || sig == SIGURG || sig == SIGCONT || sig == SIGWINCH;
}

static void arrive(int sig)
{
	struct sigaction action = actions[sig];
	sigset_t before = blocked;

	if (action.sa_handler == SIG_IGN ||
	    (action.sa_handler == SIG_DFL && is_ignored_by_default(sig)))
		return;
	if (action.sa_handler == SIG_DFL)
		_exit(128 + sig);
	if ((action.sa_flags & SA_RESETHAND) != 0)
		actions[sig].sa_handler = SIG_DFL;
	blocked |= action.sa_mask;
	if ((action.sa_flags & SA_NODEFER) == 0)
		blocked |= bit(sig);
	action.sa_handler(sig);
	blocked = before;
}

/* What has waited and is not blocked any more, the lowest first. */
static void let_in(void)
{
	for (int sig = 1; sig < SIGNALS; sig++) {
		if ((waiting & ~blocked & bit(sig)) == 0)
			continue;
		waiting &= ~bit(sig);
		arrive(sig);
		sig = 0; /* its handler may have raised others */
	}
}

int raise(int sig)
{
	if (!is_signal(sig))
		return libc_fail(EINVAL);
	waiting |= bit(sig);
	let_in();
	return 0;
}

/* Nobody else is there. */
int kill(pid_t pid, int sig)
{
	if (pid != OWN_PID && pid != 0)
		return libc_fail(ESRCH);
	return sig == 0 ? 0 : raise(sig);
}

/* ---- what is to happen ---- */

int sigaction(int sig, const struct sigaction *new, struct sigaction *old)
{
	if (!is_signal(sig) || (new != NULL && (sig == SIGKILL || sig == SIGSTOP)))
		return libc_fail(EINVAL);
	if (old != NULL)
		*old = actions[sig];
	if (new != NULL)
		actions[sig] = *new;
	return 0;
}

_sig_func_ptr signal(int sig, _sig_func_ptr handler)
{
	struct sigaction new = { .sa_handler = handler }, old = { 0 };

	return sigaction(sig, &new, &old) == 0 ? old.sa_handler : SIG_ERR;
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	if (old != NULL)
		*old = blocked;
	if (set == NULL)
		return 0;
	if (how == SIG_BLOCK)
		blocked |= *set;
	else if (how == SIG_UNBLOCK)
		blocked &= ~*set;
	else if (how == SIG_SETMASK)
		blocked = *set;
	else
		return libc_fail(EINVAL);
	let_in();
	return 0;
}

/* Returns the error, as functions of threads do. */
int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	if (set != NULL && how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK)
		return EINVAL;
	return sigprocmask(how, set, old);
}

int sigpending(sigset_t *set)
{
	*set = waiting;
	return 0;
}

/* ---- SIGPIPE ---- */

/* Of datagrams and packets Linux only returns the error. */
static bool is_stream(int fd)
{
	int type = 0;
	uint32_t len = sizeof(type);
	int err = sys_getsockopt(process_current(), fd, HOLM_SOL_SOCKET, HOLM_SO_TYPE, &type, &len);

	return err == -ENOTSOCK || (err == 0 && type == HOLM_SOCK_STREAM);
}

int64_t libc_result_sent(int64_t result, int fd, int flags)
{
	if (result == -EPIPE && (flags & HOLM_MSG_NOSIGNAL) == 0 && is_stream(fd))
		(void)raise(SIGPIPE);
	return libc_result64(result);
}
