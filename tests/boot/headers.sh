#!/bin/sh
# headers.sh -- the headers that programs in the image include: every number that they share with the
# host's has the host's value, every structure its layout; each header stands alone.
. tools/test/qemu.sh

image="gcc -std=gnu11 -fsyntax-only -Wall -Wextra -Werror -D_GNU_SOURCE -D_DEFAULT_SOURCE -D__DYNAMIC_REENT__ -Ikernel/include"
image="$image -nostdinc -isystem $(gcc -print-file-name=include) -isystem $BUILD/x86_64/newlib/include"

# Not the host's: what programs are compiled for.
own='holm_app.h|holm_library.h|sys/_pthreadtypes.h'
headers=$(cd kernel/include && find . -name '*.h' | sed 's,^\./,,' | grep -v -E "^($own)$" | sort)

for h in $headers; do
	echo "#include <$h>"
done >"$qemu_dir/all.h"

# each_alone: a program may begin with any of them, and include all twice.
each_alone()
{
	for alone in $headers; do
		printf '#include <%s>\n#include <%s>\n' "$alone" "$alone" >"$qemu_dir/alone.c"
		$image "$qemu_dir/alone.c" || return 1
	done
	cat "$qemu_dir/all.h" "$qemu_dir/all.h" >"$qemu_dir/twice.c"
	$image "$qemu_dir/twice.c"
}

# Names of numbers, and not of types, initialisers or functions.
numbers='^(SO_|SOL_|MSG_|TCP_|IP_|IPV6_|AF_|PF_|SOCK_|IPPROTO_|IPPORT_|EPOLL|EFD_|TFD_|POLL|SIOC|FION|TIOC|IFF_|IF_NAMESIZE|IFNAMSIZ|SCM_'
numbers="$numbers|NI_|AI_|EAI_|INADDR_|INET|IN_CLASS[ABC]_|MCAST_|SHUT_|F_|O_|FD_|CLOCK_|TIMER_|SOMAXCONN|UIO_|E[A-Z0-9]+\$|GRND_|HOST_NOT|TRY_A|NO_|ICMP|ETH_P|ND_|MLD_|IP6F_|IP6OPT_"
numbers="$numbers|TCPI_OPT)"
names_of()
{
	awk '/^#define [A-Z][A-Z0-9_]* ./ { print $2 }' | grep -E "$numbers" | sort -u
}

collect()
{
	gcc -D_GNU_SOURCE -E -dM -x c "$qemu_dir/all.h" | names_of >"$qemu_dir/host" &&
	$image -E -dM -x c "$qemu_dir/all.h" | names_of >"$qemu_dir/image" &&
	comm -12 "$qemu_dir/host" "$qemu_dir/image" >"$qemu_dir/both" && test "$(wc -l <"$qemu_dir/both")" -gt 300
}

layouts='sockaddr:sa_family,sa_data sockaddr_in:sin_family,sin_port,sin_addr sockaddr_in6:sin6_family,sin6_port,sin6_flowinfo,sin6_addr,sin6_scope_id
sockaddr_un:sun_family,sun_path sockaddr_storage:ss_family msghdr:msg_name,msg_namelen,msg_iov,msg_iovlen,msg_control,msg_controllen,msg_flags
mmsghdr:msg_hdr,msg_len cmsghdr:cmsg_len,cmsg_level,cmsg_type iovec:iov_base,iov_len pollfd:fd,events,revents linger:l_onoff,l_linger
epoll_event:events,data ucred:pid,uid,gid ip_mreq:imr_multiaddr,imr_interface ip_mreqn:imr_multiaddr,imr_address,imr_ifindex
ip_mreq_source:imr_multiaddr,imr_interface,imr_sourceaddr in_pktinfo:ipi_ifindex,ipi_spec_dst,ipi_addr in6_pktinfo:ipi6_addr,ipi6_ifindex
group_req:gr_interface,gr_group group_source_req:gsr_interface,gsr_group,gsr_source ipv6_mreq:ipv6mr_multiaddr,ipv6mr_interface
ifreq:ifr_name,ifr_addr,ifr_flags,ifr_ifindex,ifr_mtu,ifr_hwaddr ifconf:ifc_len,ifc_buf
ifaddrs:ifa_next,ifa_name,ifa_flags,ifa_addr,ifa_netmask,ifa_broadaddr,ifa_data if_nameindex:if_index,if_name
addrinfo:ai_flags,ai_family,ai_socktype,ai_protocol,ai_addrlen,ai_addr,ai_canonname,ai_next hostent:h_name,h_aliases,h_addrtype,h_length,h_addr_list
servent:s_name,s_aliases,s_port,s_proto utsname:sysname,nodename,release,version,machine timespec:tv_sec,tv_nsec timeval:tv_sec,tv_usec
itimerspec:it_interval,it_value
ip6_mtuinfo:ip6m_addr,ip6m_mtu ip6_hdr:ip6_flow,ip6_plen,ip6_nxt,ip6_hlim,ip6_src,ip6_dst ip6_frag:ip6f_nxt,ip6f_offlg,ip6f_ident
ip6_rthdr:ip6r_nxt,ip6r_len,ip6r_type,ip6r_segleft icmp6_filter:icmp6_filt icmp6_hdr:icmp6_type,icmp6_code,icmp6_cksum,icmp6_data32
nd_router_advert:nd_ra_hdr,nd_ra_reachable,nd_ra_retransmit nd_neighbor_solicit:nd_ns_hdr,nd_ns_target nd_neighbor_advert:nd_na_hdr,nd_na_target
nd_redirect:nd_rd_hdr,nd_rd_target,nd_rd_dst nd_opt_prefix_info:nd_opt_pi_prefix_len,nd_opt_pi_valid_time,nd_opt_pi_prefix
nd_opt_mtu:nd_opt_mtu_type,nd_opt_mtu_mtu mld_hdr:mld_icmp6_hdr,mld_addr'

# What the host says, as assertions for the image's compiler.
ask_host()
{
	{
		echo '#define _GNU_SOURCE'
		echo '#include <stddef.h>'
		echo '#include <stdio.h>'
		cat "$qemu_dir/all.h"
		echo 'int main(void) {'
		while read -r n; do
			printf '%s\n' "printf(\"_Static_assert((long)($n) == %ldL, \\\"$n\\\");\\n\", (long)($n));"
		done <"$qemu_dir/both"
		for l in $layouts; do
			s=${l%%:*}
			printf '%s\n' "printf(\"_Static_assert(sizeof(struct $s) == %zu, \\\"$s\\\");\\n\", sizeof(struct $s));"
			for m in $(echo "${l#*:}" | tr ',' ' '); do
				printf '%s\n' "printf(\"_Static_assert(offsetof(struct $s, $m) == %zu, \\\"$s.$m\\\");\\n\", offsetof(struct $s, $m));"
			done
		done
		echo '}'
	} >"$qemu_dir/ask.c"
	gcc -std=gnu11 -w "$qemu_dir/ask.c" -o "$qemu_dir/ask" && {
		echo '#include <stddef.h>'
		cat "$qemu_dir/all.h"
		"$qemu_dir/ask"
	} >"$qemu_dir/asserts.c"
}

make -s "$BUILD/x86_64/newlib/lib/libc.a" >/dev/null 2>&1
check "every header of the image stands alone" each_alone
check "the host's headers have most of its numbers" collect
check "the host tells its numbers and layouts" ask_host
check "the image's are the same" $image "$qemu_dir/asserts.c"
finish
