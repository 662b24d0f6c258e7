/* See protos.h. */
#include "tests/pkt/protos.h"

#include <stddef.h>

const struct holm_proto *const pkt_protos[] = {
	&holm_arp, &holm_ipv4, &holm_icmp4, &holm_udp, &holm_tcp, &holm_sockets, NULL,
};
