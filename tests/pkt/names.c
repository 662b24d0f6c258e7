/* See names.h. */
#include "tests/pkt/names.h"

#include <string.h>

#include <holm/errno.h>
#include <holm/socket.h>
#include <holm/tcp.h>

struct name {
	const char *text;
	int64_t value;
};

#define HOLM(name)                                                                                 \
	{                                                                                          \
#name, HOLM_##name                                                                 \
	}
#define TCP_OPTION(name)                                                                           \
	{                                                                                          \
#name, HOLM_SOCKOPT_##name                                                         \
	}

static const struct name errors[] = {
	HOLM(EPERM),
	HOLM(ENOENT),
	HOLM(EINTR),
	HOLM(EIO),
	HOLM(EBADF),
	HOLM(EAGAIN),
	HOLM(ENOMEM),
	HOLM(EACCES),
	HOLM(EFAULT),
	HOLM(EBUSY),
	HOLM(EEXIST),
	HOLM(ENODEV),
	HOLM(EINVAL),
	HOLM(EMFILE),
	HOLM(ENOSPC),
	HOLM(EPIPE),
	HOLM(EDOM),
	HOLM(EPROTO),
	HOLM(EOVERFLOW),
	HOLM(ENOTSOCK),
	HOLM(EDESTADDRREQ),
	HOLM(EMSGSIZE),
	HOLM(ENOPROTOOPT),
	HOLM(EPROTONOSUPPORT),
	HOLM(ESOCKTNOSUPPORT),
	HOLM(EOPNOTSUPP),
	HOLM(EAFNOSUPPORT),
	HOLM(EADDRINUSE),
	HOLM(EADDRNOTAVAIL),
	HOLM(ENETDOWN),
	HOLM(ENETUNREACH),
	HOLM(ECONNABORTED),
	HOLM(ECONNRESET),
	HOLM(ENOBUFS),
	HOLM(EISCONN),
	HOLM(ENOTCONN),
	HOLM(ETIMEDOUT),
	HOLM(ECONNREFUSED),
	HOLM(EHOSTDOWN),
	HOLM(EHOSTUNREACH),
	HOLM(EALREADY),
	HOLM(EINPROGRESS),
};

static const struct name names[] = {
	HOLM(AF_UNSPEC),
	HOLM(AF_INET),
	HOLM(AF_INET6),
	HOLM(SOCK_STREAM),
	HOLM(SOCK_DGRAM),
	HOLM(IPPROTO_IP),
	HOLM(IPPROTO_TCP),
	HOLM(IPPROTO_UDP),
	HOLM(MSG_OOB),
	HOLM(MSG_PEEK),
	HOLM(MSG_TRUNC),
	HOLM(MSG_DONTWAIT),
	HOLM(MSG_WAITALL),
	HOLM(MSG_NOSIGNAL),
	HOLM(MSG_MORE),
	HOLM(MSG_FASTOPEN),
	HOLM(SHUT_RD),
	HOLM(SHUT_WR),
	HOLM(SHUT_RDWR),
	HOLM(SOL_SOCKET),
	{ "SOL_TCP", HOLM_IPPROTO_TCP },
	{ "SOL_IP", HOLM_IPPROTO_IP },
	{ "SOL_HOLM", SOL_HOLM_ },
	HOLM(SO_REUSEADDR),
	HOLM(SO_TYPE),
	HOLM(SO_ERROR),
	HOLM(SO_BROADCAST),
	HOLM(SO_SNDBUF),
	HOLM(SO_RCVBUF),
	HOLM(SO_KEEPALIVE),
	HOLM(SO_LINGER),
	HOLM(SO_REUSEPORT),
	HOLM(SO_RCVTIMEO),
	HOLM(SO_SNDTIMEO),
	HOLM(SO_ACCEPTCONN),
	HOLM(SO_PROTOCOL),
	HOLM(SO_DOMAIN),
	{ "SO_OOBINLINE", 10 },
	TCP_OPTION(TCP_NODELAY),
	TCP_OPTION(TCP_MAXSEG),
	{ "TCP_CORK", 3 },
	TCP_OPTION(TCP_KEEPIDLE),
	TCP_OPTION(TCP_KEEPINTVL),
	TCP_OPTION(TCP_KEEPCNT),
	{ "TCP_SYNCNT", 7 },
	TCP_OPTION(TCP_LINGER2),
	{ "TCP_DEFER_ACCEPT", 9 },
	{ "TCP_WINDOW_CLAMP", 10 },
	TCP_OPTION(TCP_INFO),
	{ "TCP_QUICKACK", 12 },
	{ "TCP_CONGESTION", 13 },
	TCP_OPTION(TCP_USER_TIMEOUT),
	{ "TCP_FASTOPEN", 23 },
	{ "TCP_NOTSENT_LOWAT", 25 },
	{ "TCP_FASTOPEN_CONNECT", 30 },
	{ "IP_TOS", HOLM_SOCKOPT_IP_TOS },
	{ "IP_TTL", HOLM_SOCKOPT_IP_TTL },
	{ "IP_RECVERR", 11 },
	{ "IP_MTU_DISCOVER", 10 },
	{ "IP_MTU", 14 },
	HOLM(TCP_OPT_TIMESTAMPS),
	HOLM(TCP_OPT_HOLD),
	HOLM(TCP_OPT_DEFER_ACCEPT_S),
	HOLM(TCP_OPT_MAX_PACING_RATE),
	HOLM(TCP_ACCEPT),
	HOLM(TCP_REFUSE),
	HOLM(TCP_IGNORE),
	HOLM(TCP_OPT_SACK),
	HOLM(TCP_OPT_ECN),
	HOLM(POLLIN),
	HOLM(POLLPRI),
	HOLM(POLLOUT),
	HOLM(POLLERR),
	HOLM(POLLHUP),
	HOLM(POLLRDHUP),
	{ "F_GETFL", F_GETFL_ },
	{ "F_SETFL", F_SETFL_ },
	{ "O_RDWR", O_RDWR_ },
	{ "O_NONBLOCK", O_NONBLOCK_ },
	{ "SOCK_NONBLOCK", SOCK_NONBLOCK_ },
	{ "SOCK_CLOEXEC", SOCK_CLOEXEC_ },
	{ "SIOCINQ", SIOCINQ_ },
	{ "FIONREAD", SIOCINQ_ },
	{ "SIOCOUTQ", SIOCOUTQ_ },
	{ "SIOCATMARK", 0x8905 },
	{ "FIONBIO", FIONBIO_ },
	{ "INADDR_ANY", 0 },
	{ "NULL", 0 },
	{ "TCP_ESTABLISHED", HOLM_TCP_ESTABLISHED },
	{ "TCP_SYN_SENT", HOLM_TCP_SYN_SENT },
	{ "TCP_SYN_RECV", HOLM_TCP_SYN_RECEIVED },
	{ "TCP_FIN_WAIT1", HOLM_TCP_FIN_WAIT_1 },
	{ "TCP_FIN_WAIT2", HOLM_TCP_FIN_WAIT_2 },
	{ "TCP_TIME_WAIT", HOLM_TCP_TIME_WAIT },
	{ "TCP_CLOSE", HOLM_TCP_CLOSED },
	{ "TCP_CLOSE_WAIT", HOLM_TCP_CLOSE_WAIT },
	{ "TCP_LAST_ACK", HOLM_TCP_LAST_ACK },
	{ "TCP_LISTEN", HOLM_TCP_LISTEN },
	{ "TCP_CLOSING", HOLM_TCP_CLOSING },
	{ "TCP_CA_Open", 0 },
	{ "TCP_CA_Disorder", 1 },
	{ "TCP_CA_CWR", 2 },
	{ "TCP_CA_Recovery", 3 },
	{ "TCP_CA_Loss", 4 },
	{ "TCPI_OPT_TIMESTAMPS", 1 },
	{ "TCPI_OPT_SACK", 2 },
	{ "TCPI_OPT_WSCALE", 4 },
	{ "TCPI_OPT_ECN", 8 },
	{ "TCPI_OPT_ECN_SEEN", 16 },
	{ "TCPI_OPT_SYN_DATA", 32 },
	{ "TCP_INFINITE_SSTHRESH", 0x7fffffff },
};

static const struct name *find(const struct name *list, size_t n, const char *text, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(list[i].text) == len && memcmp(list[i].text, text, len) == 0)
			return &list[i];
	return NULL;
}

bool name_value(const char *name, size_t len, int64_t *value)
{
	const struct name *n = find(names, sizeof(names) / sizeof(names[0]), name, len);

	if (!n)
		n = find(errors, sizeof(errors) / sizeof(errors[0]), name, len);
	if (n)
		*value = n->value;
	return n != NULL;
}

const char *name_of_errno(int err)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].value == err)
			return errors[i].text;
	return "?";
}
