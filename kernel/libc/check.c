/* check.c -- holds the headers of kernel/include to the numbers and layouts of <holm/...>. No code. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <netpacket/packet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/select.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <holm/errno.h>
#include <holm/socket.h>
#include <holm/tcp.h>

#include "kernel/sys/sys.h"

#define SAME(a, b) _Static_assert((long)(a) == (long)(b), #a " is not " #b)
#define ERROR(name) SAME(name, HOLM_##name)

ERROR(EPERM);
ERROR(ENOENT);
ERROR(EINTR);
ERROR(EIO);
ERROR(ENXIO);
ERROR(EBADF);
ERROR(EAGAIN);
ERROR(ENOMEM);
ERROR(EACCES);
ERROR(EFAULT);
ERROR(EBUSY);
ERROR(EEXIST);
ERROR(ENODEV);
ERROR(ENOTDIR);
ERROR(EISDIR);
ERROR(EINVAL);
ERROR(ENFILE);
ERROR(EMFILE);
ERROR(ENOTTY);
ERROR(EFBIG);
ERROR(ENOSPC);
ERROR(ESPIPE);
ERROR(EROFS);
ERROR(EPIPE);
ERROR(ERANGE);
ERROR(ENAMETOOLONG);
ERROR(ENOSYS);
ERROR(EPROTO);
ERROR(EOVERFLOW);
ERROR(ENOTSOCK);
ERROR(EDESTADDRREQ);
ERROR(EMSGSIZE);
ERROR(EPROTOTYPE);
ERROR(ENOPROTOOPT);
ERROR(EPROTONOSUPPORT);
ERROR(ESOCKTNOSUPPORT);
ERROR(EOPNOTSUPP);
ERROR(EAFNOSUPPORT);
ERROR(EADDRINUSE);
ERROR(EADDRNOTAVAIL);
ERROR(ENETDOWN);
ERROR(ENETUNREACH);
ERROR(ECONNABORTED);
ERROR(ECONNRESET);
ERROR(ENOBUFS);
ERROR(EISCONN);
ERROR(ENOTCONN);
ERROR(ETIMEDOUT);
ERROR(ECONNREFUSED);
ERROR(EHOSTDOWN);
ERROR(EHOSTUNREACH);
ERROR(EALREADY);
ERROR(EINPROGRESS);

SAME(AF_UNSPEC, HOLM_AF_UNSPEC);
SAME(AF_UNIX, HOLM_AF_UNIX);
SAME(AF_INET, HOLM_AF_INET);
SAME(AF_INET6, HOLM_AF_INET6);

SAME(SOCK_STREAM, HOLM_SOCK_STREAM);
SAME(SOCK_DGRAM, HOLM_SOCK_DGRAM);
SAME(SOCK_RAW, HOLM_SOCK_RAW);
SAME(SOCK_SEQPACKET, HOLM_SOCK_SEQPACKET);
SAME(SOCK_NONBLOCK, O_NONBLOCK);
SAME(SOCK_CLOEXEC, O_CLOEXEC);

SAME(IPPROTO_IP, HOLM_IPPROTO_IP);
SAME(IPPROTO_ICMP, HOLM_IPPROTO_ICMP);
SAME(IPPROTO_TCP, HOLM_IPPROTO_TCP);
SAME(IPPROTO_UDP, HOLM_IPPROTO_UDP);
SAME(IPPROTO_IPV6, HOLM_IPPROTO_IPV6);
SAME(IPPROTO_RAW, HOLM_IPPROTO_RAW);
SAME(AF_PACKET, HOLM_AF_PACKET);

SAME(MSG_OOB, HOLM_MSG_OOB);
SAME(MSG_PEEK, HOLM_MSG_PEEK);
SAME(MSG_DONTROUTE, HOLM_MSG_DONTROUTE);
SAME(MSG_CTRUNC, HOLM_MSG_CTRUNC);
SAME(MSG_TRUNC, HOLM_MSG_TRUNC);
SAME(MSG_DONTWAIT, HOLM_MSG_DONTWAIT);
SAME(MSG_EOR, HOLM_MSG_EOR);
SAME(MSG_WAITALL, HOLM_MSG_WAITALL);
SAME(MSG_NOSIGNAL, HOLM_MSG_NOSIGNAL);
SAME(MSG_MORE, HOLM_MSG_MORE);

SAME(SHUT_RD, HOLM_SHUT_RD);
SAME(SHUT_WR, HOLM_SHUT_WR);
SAME(SHUT_RDWR, HOLM_SHUT_RDWR);

SAME(SOL_SOCKET, HOLM_SOL_SOCKET);
SAME(SO_REUSEADDR, HOLM_SO_REUSEADDR);
SAME(SO_TYPE, HOLM_SO_TYPE);
SAME(SO_ERROR, HOLM_SO_ERROR);
SAME(SO_BROADCAST, HOLM_SO_BROADCAST);
SAME(SO_SNDBUF, HOLM_SO_SNDBUF);
SAME(SO_RCVBUF, HOLM_SO_RCVBUF);
SAME(SO_KEEPALIVE, HOLM_SO_KEEPALIVE);
SAME(SO_LINGER, HOLM_SO_LINGER);
SAME(SO_REUSEPORT, HOLM_SO_REUSEPORT);
SAME(SO_RCVTIMEO, HOLM_SO_RCVTIMEO);
SAME(SO_SNDTIMEO, HOLM_SO_SNDTIMEO);
SAME(SO_ACCEPTCONN, HOLM_SO_ACCEPTCONN);
SAME(SO_PROTOCOL, HOLM_SO_PROTOCOL);
SAME(SO_DOMAIN, HOLM_SO_DOMAIN);
SAME(SO_DONTROUTE, HOLM_SO_DONTROUTE);
SAME(SO_PRIORITY, HOLM_SO_PRIORITY);
SAME(SO_BINDTODEVICE, HOLM_SO_BINDTODEVICE);
SAME(SO_BINDTOIFINDEX, HOLM_SO_BINDTOIFINDEX);
SAME(SO_SNDLOWAT, HOLM_SO_SNDLOWAT);
SAME(SO_COOKIE, HOLM_SO_COOKIE);
SAME(SO_BUF_LOCK, HOLM_SO_BUF_LOCK);
SAME(SO_TIMESTAMP, HOLM_SO_TIMESTAMP);
SAME(SO_TIMESTAMPNS, HOLM_SO_TIMESTAMPNS);
SAME(SO_SNDBUFFORCE, HOLM_SO_SNDBUFFORCE);
SAME(SO_RCVBUFFORCE, HOLM_SO_RCVBUFFORCE);
SAME(SO_MARK, HOLM_SO_MARK);
SAME(SOL_RAW, HOLM_SOL_RAW);
SAME(SOL_PACKET, HOLM_SOL_PACKET);
SAME(ICMP_FILTER, HOLM_SOCKOPT_ICMP_FILTER);
SAME(PACKET_ADD_MEMBERSHIP, HOLM_SOCKOPT_PACKET_ADD_MEMBERSHIP);
SAME(PACKET_STATISTICS, HOLM_SOCKOPT_PACKET_STATISTICS);
SAME(PACKET_IGNORE_OUTGOING, HOLM_SOCKOPT_PACKET_IGNORE_OUTGOING);
SAME(IP_HDRINCL, HOLM_SOCKOPT_IP_HDRINCL);

SAME(TCP_NODELAY, HOLM_SOCKOPT_TCP_NODELAY);
SAME(TCP_MAXSEG, HOLM_SOCKOPT_TCP_MAXSEG);
SAME(TCP_KEEPIDLE, HOLM_SOCKOPT_TCP_KEEPIDLE);
SAME(TCP_KEEPINTVL, HOLM_SOCKOPT_TCP_KEEPINTVL);
SAME(TCP_KEEPCNT, HOLM_SOCKOPT_TCP_KEEPCNT);
SAME(TCP_LINGER2, HOLM_SOCKOPT_TCP_LINGER2);
SAME(TCP_INFO, HOLM_SOCKOPT_TCP_INFO);
SAME(TCP_CORK, HOLM_SOCKOPT_TCP_CORK);
SAME(TCP_QUICKACK, HOLM_SOCKOPT_TCP_QUICKACK);
SAME(TCP_WINDOW_CLAMP, HOLM_SOCKOPT_TCP_WINDOW_CLAMP);
SAME(TCP_CONGESTION, HOLM_SOCKOPT_TCP_CONGESTION);
SAME(TCP_USER_TIMEOUT, HOLM_SOCKOPT_TCP_USER_TIMEOUT);
SAME(TCP_SYNCNT, HOLM_SOCKOPT_TCP_SYNCNT);
SAME(TCP_FASTOPEN, HOLM_SOCKOPT_TCP_FASTOPEN);
SAME(TCP_NOTSENT_LOWAT, HOLM_SOCKOPT_TCP_NOTSENT_LOWAT);
SAME(TCP_FASTOPEN_CONNECT, HOLM_SOCKOPT_TCP_FASTOPEN_CONNECT);
SAME(TCP_INQ, HOLM_SOCKOPT_TCP_INQ);
SAME(IP_TOS, HOLM_SOCKOPT_IP_TOS);
SAME(IP_TTL, HOLM_SOCKOPT_IP_TTL);

SAME(TCP_ESTABLISHED, HOLM_TCP_ESTABLISHED);
SAME(TCP_TIME_WAIT, HOLM_TCP_TIME_WAIT);
SAME(TCP_LISTEN, HOLM_TCP_LISTEN);
SAME(TCP_CLOSING, HOLM_TCP_CLOSING);

SAME(POLLIN, HOLM_POLLIN);
SAME(POLLPRI, HOLM_POLLPRI);
SAME(POLLOUT, HOLM_POLLOUT);
SAME(POLLERR, HOLM_POLLERR);
SAME(POLLHUP, HOLM_POLLHUP);
SAME(POLLNVAL, HOLM_POLLNVAL);
SAME(POLLRDNORM, HOLM_POLLRDNORM);
SAME(POLLWRNORM, HOLM_POLLWRNORM);
SAME(POLLRDHUP, HOLM_POLLRDHUP);

SAME(sizeof(struct sockaddr_in), sizeof(struct holm_sockaddr_in));
SAME(offsetof(struct sockaddr_in, sin_port), offsetof(struct holm_sockaddr_in, port));
SAME(offsetof(struct sockaddr_in, sin_addr), offsetof(struct holm_sockaddr_in, addr));
SAME(sizeof(struct sockaddr_ll), sizeof(struct holm_sockaddr_ll));
SAME(offsetof(struct sockaddr_ll, sll_addr), offsetof(struct holm_sockaddr_ll, addr));
SAME(offsetof(struct sockaddr_ll, sll_pkttype), offsetof(struct holm_sockaddr_ll, pkttype));
SAME(sizeof(struct packet_mreq), sizeof(struct holm_packet_mreq));
SAME(sizeof(struct tpacket_stats), sizeof(struct holm_packet_stats));
SAME(sizeof(struct ethhdr), 14);
SAME(sizeof(struct ether_header), 14);
SAME(sizeof(struct ether_arp), 28);
SAME(sizeof(struct iphdr), 20);
SAME(sizeof(struct ip), 20);
SAME(sizeof(struct icmphdr), 8);
SAME(sizeof(struct icmp), 28);
SAME(sizeof(struct udphdr), 8);
SAME(sizeof(struct linger), sizeof(struct holm_linger));
SAME(sizeof(struct timeval), sizeof(struct holm_timeval));
SAME(offsetof(struct timeval, tv_usec), offsetof(struct holm_timeval, usec));
SAME(sizeof(struct iovec), sizeof(struct holm_iov));
SAME(offsetof(struct iovec, iov_len), offsetof(struct holm_iov, len));

/* Layouts that Linux's programs rely on. */
SAME(sizeof(struct sockaddr), 16);
SAME(sizeof(struct sockaddr_in6), 28);
SAME(sizeof(struct sockaddr_storage), 128);
SAME(sizeof(struct msghdr), 56);
SAME(sizeof(struct msghdr), sizeof(struct sys_msghdr));
SAME(offsetof(struct msghdr, msg_controllen), offsetof(struct sys_msghdr, control_len));
SAME(offsetof(struct msghdr, msg_flags), offsetof(struct sys_msghdr, flags));
SAME(sizeof(struct mmsghdr), sizeof(struct sys_mmsghdr));
SAME(sizeof(struct ucred), sizeof(struct holm_cred));
SAME(sizeof(struct epoll_event), sizeof(struct sys_epoll_event));
SAME(EPOLLET, SYS_EPOLLET);
SAME(EPOLLONESHOT, SYS_EPOLLONESHOT);
SAME(EPOLLEXCLUSIVE, SYS_EPOLLEXCLUSIVE);
SAME(EPOLL_CTL_ADD, SYS_EPOLL_CTL_ADD);
SAME(EPOLL_CTL_MOD, SYS_EPOLL_CTL_MOD);
SAME(EFD_SEMAPHORE, SYS_EFD_SEMAPHORE);
SAME(sizeof(struct itimerspec), sizeof(struct sys_itimerspec));
SAME(sizeof(struct pollfd), 8);
SAME(sizeof(struct tcp_info), 240);
SAME(offsetof(struct tcp_info, tcpi_rto), 8);
SAME(offsetof(struct tcp_info, tcpi_notsent_bytes), 144);
SAME(offsetof(struct tcp_info, tcpi_delivery_rate), 160);
SAME(offsetof(struct tcp_info, tcpi_bytes_sent), 200);
SAME(offsetof(struct tcp_info, tcpi_snd_wnd), 228);
SAME(sizeof(fd_set), 128);
