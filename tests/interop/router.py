"""router.py DEVICE ROUTER PREFIX -- a router of IPv6 for the cases of nd.sh, as far as a host sees one.

Looks at every frame that comes from DEVICE, whose other end is a host to be tried, says what the host says,
a line each, and answers its router solicitations with an advertisement (RFC 4861 section 4.2) from ROUTER,
a link-local address of the device's: PREFIX/64 on the link and for addresses, an MTU of 1400, a name server.

    probe ADDRESS       it asks whether somebody has this address
    wanted GROUP        in which the question went, the address's (RFC 4291 section 2.7.1)
    solicit ADDRESS     it looks for routers
    report GROUP        it listens to this group
"""

import fcntl
import ipaddress
import socket
import struct
import sys

ETH_P_IPV6 = 0x86DD
SIOCGIFHWADDR = 0x8927
GROUPS = ipaddress.IPv6Address("ff02::1:ff00:0").packed[:13]
ALL_NODES = ipaddress.IPv6Address("ff02::1")
HOP_BY_HOP, ICMPV6 = 0, 58
ROUTER_SOLICIT, ROUTER_ADVERT, NEIGHBOUR_SOLICIT, MLD2_REPORT = 133, 134, 135, 143


def checksum(data):
    """RFC 1071."""
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def advertisement(mac, source, prefix):
    """A frame for everybody on the link."""
    message = struct.pack("!BBHBBHII", ROUTER_ADVERT, 0, 0, 64, 0, 1800, 0, 0)
    message += struct.pack("!BB6s", 1, 1, mac)
    message += struct.pack("!BBHI", 5, 1, 0, 1400)
    message += struct.pack("!BBBBIII16s", 3, 4, 64, 0xC0, 7200, 3600, 0, prefix.packed)
    message += struct.pack("!BBHI16s", 25, 3, 0, 1800, source.packed)
    pseudo = source.packed + ALL_NODES.packed + struct.pack("!II", len(message), ICMPV6)
    message = message[:2] + struct.pack("!H", checksum(pseudo + message)) + message[4:]
    header = struct.pack("!IHBB", 6 << 28, len(message), ICMPV6, 255)
    ethernet = b"\x33\x33\x00\x00\x00\x01" + mac + struct.pack("!H", ETH_P_IPV6)
    return ethernet + header + source.packed + ALL_NODES.packed + message


def message_of(frame):
    """The source and the ICMPv6 message of a frame; None: it has none."""
    packet = frame[14:]
    following, source, rest = packet[6], packet[8:24], packet[40:]
    if following == HOP_BY_HOP:
        following, rest = rest[0], rest[8 + 8 * rest[1] :]
    if following != ICMPV6 or len(rest) < 8:
        return None, None
    return ipaddress.IPv6Address(source), rest


def main():
    """For ever."""
    device, router, prefix = sys.argv[1], *map(ipaddress.IPv6Address, sys.argv[2:4])
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IPV6))
    wire.bind((device, ETH_P_IPV6))
    named = struct.pack("16s240x", device.encode())
    mac = fcntl.ioctl(wire.fileno(), SIOCGIFHWADDR, named)[18:24]
    print("listening", flush=True)
    while True:
        frame, (_, _, kind, _, _) = wire.recvfrom(65536)
        if kind == socket.PACKET_OUTGOING:
            continue
        source, message = message_of(frame)
        if message is None:
            continue
        if message[0] == NEIGHBOUR_SOLICIT and source.is_unspecified:
            print("probe", ipaddress.IPv6Address(message[8:24]), flush=True)
            print("wanted", ipaddress.IPv6Address(GROUPS + message[21:24]), flush=True)
        elif message[0] == ROUTER_SOLICIT:
            print("solicit", source, flush=True)
            wire.send(advertisement(mac, router, prefix))
        elif message[0] == MLD2_REPORT:
            print("report", ipaddress.IPv6Address(message[12:28]), flush=True)


main()
