# pcap.awk -- od -An -v -tu1 -w1 FILE | awk -f pcap.awk: is this a readable capture of Ethernet frames?
# Prints "FRAMES frames, N SYN to port 80, N answers" and fails when something does not fit: the header
# (classic format, little-endian, link type 1), a record longer than the file, an unknown ether type.
{ byte[NR - 1] = $1 }
function le32(at) { return byte[at] + 256 * (byte[at + 1] + 256 * (byte[at + 2] + 256 * byte[at + 3])) }
function be16(at) { return byte[at] * 256 + byte[at + 1] }
function fail(why) { print "not a capture: " why; failed = 1; exit 1 }
END {
	if (failed)
		exit 1
	if (NR < 24 || le32(0) != 2712847316)
		fail("its magic number")
	if (le32(20) != 1)
		fail("its link type is " le32(20))
	for (at = 24; at < NR; at += 16 + len) {
		len = le32(at + 8)
		eth = at + 16
		if (eth + len > NR)
			fail("frame " frames " ends behind the file")
		frames++
		type = be16(eth + 12)
		if (type != 2048 && type != 2054 && type != 34525)
			fail("frame " frames " has the ether type " type)
		if (type != 2048 || byte[eth + 23] != 6)
			continue
		tcp = eth + 14 + byte[eth + 14] % 16 * 4
		flags = byte[tcp + 13] % 32
		syn += flags == 2 && be16(tcp + 2) == 80
		answers += flags == 18 && be16(tcp) == 80
	}
	printf "%d frames, %d SYN to port 80, %d answers\n", frames, syn, answers
	exit !(syn > 0 && answers > 0)
}
