/* sys/un.h -- names of local sockets. */
#ifndef HOLM_POSIX_UN_H
#define HOLM_POSIX_UN_H

#include <sys/socket.h>

struct sockaddr_un {
	sa_family_t sun_family;
	char sun_path[108];
};

#endif
