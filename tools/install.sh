#!/bin/sh
# install.sh DESTDIR PREFIX VERSION LIBRARY... -- copy libraries and public headers, write holm.pc.
set -eu

prefix=$2 version=$3
root=$1$prefix
shift 3

mkdir -p "$root/lib/pkgconfig" "$root/include/holm"
cp "$@" "$root/lib/"
cp net/include/holm/*.h "$root/include/holm/"
chmod 644 "$root"/lib/libholm*.a "$root"/include/holm/*.h
cat >"$root/lib/pkgconfig/holm.pc" <<EOF
prefix=$prefix
includedir=\${prefix}/include
libdir=\${prefix}/lib

Name: holm
Description: freestanding TCP/IP stack
Version: $version
Cflags: -I\${includedir}
Libs: -L\${libdir} -lholm
EOF
chmod 644 "$root/lib/pkgconfig/holm.pc"
echo "installed: $root/lib, $root/include/holm, $root/lib/pkgconfig/holm.pc"
