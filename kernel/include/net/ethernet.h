/* net/ethernet.h -- ethernet as BSD's programs name it. */
#ifndef HOLM_POSIX_ETHERNET_H
#define HOLM_POSIX_ETHERNET_H

#include <netinet/if_ether.h>

#define ETHER_ADDR_LEN ETH_ALEN
#define ETHER_TYPE_LEN 2
#define ETHER_HDR_LEN ETH_HLEN
#define ETHER_MIN_LEN 64
#define ETHER_MAX_LEN 1518
#define ETHERMTU ETH_DATA_LEN

#define ETHERTYPE_IP ETH_P_IP
#define ETHERTYPE_ARP ETH_P_ARP
#define ETHERTYPE_VLAN ETH_P_8021Q
#define ETHERTYPE_IPV6 ETH_P_IPV6

struct ether_addr {
	uint8_t ether_addr_octet[ETH_ALEN];
} __attribute__((packed));

struct ether_header {
	uint8_t ether_dhost[ETH_ALEN];
	uint8_t ether_shost[ETH_ALEN];
	uint16_t ether_type; /* network order */
} __attribute__((packed));

#endif
