#!/bin/sh
# build-newlib.sh DIR CC AR RANLIB -- newlib's libc and libm for the image, in DIR/include and DIR/lib.
#
# From the newest newlib-*.tar.xz in /usr/src/newlib (Debian's package newlib-source). The tree is
# configured directly and not through its top directory, which would want a whole cross toolchain:
# the compiler is the one given, told to see no headers but newlib's and its own.
#
# What the options are for:
#   no __OPTIMIZE_SIZE__      strings go by words, and printf("%s", NULL) prints (null) as elsewhere
#   __DYNAMIC_REENT__         the library's state is found through __getreent(), one per thread
#   global-stdio-streams      ... but stdout is one for all threads
#   no supplied syscalls      read, write, sbrk... are kernel/libc's, under their POSIX names
#   io-c99-formats, long-long everything that printf has
set -eu
dir=$1 cc=$2 ar=$3 ranlib=$4
here=$(cd "$(dirname "$0")" && pwd)

source=$(ls /usr/src/newlib/newlib-*.tar.xz 2>/dev/null | tail -n 1)
if [ -z "$source" ]; then
	echo "the C library's source is missing: apt-get install newlib-source, or give PICOLIBC=" >&2
	exit 1
fi

# Two makes at once: the second waits, and then finds the work done.
mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
if [ "$dir/lib/libc.a" -nt "$here/build-newlib.sh" ]; then
	exit 0
fi

rm -rf "$dir/work"
mkdir -p "$dir/work/source" "$dir/work/build"
cd "$dir/work"
log=$PWD/log
tar -xJf "$source" -C source --strip-components=1 --exclude='*/libgloss' --exclude='*/testsuite'
top=$PWD/source/newlib
[ -d "$top/libc" ] || { echo "$source does not look like newlib" >&2; exit 1; }

flags="-Os -g0 -w -std=gnu11 -ffreestanding -ffunction-sections -fdata-sections -fno-pic -fno-pie"
flags="$flags -mno-red-zone -fno-stack-protector -fno-asynchronous-unwind-tables"
flags="$flags -U__OPTIMIZE_SIZE__ -D__DYNAMIC_REENT__ -D_READ_WRITE_RETURN_TYPE=_ssize_t"
flags="$flags -nostdinc -isystem $("$cc" -print-file-name=include)"
flags="$flags -isystem $PWD/build/targ-include -isystem $top/libc/include"

build()
{
	# A make above must not hand its own flags and variables down to newlib's makefiles.
	unset MAKEFLAGS MAKELEVEL MFLAGS MAKEOVERRIDES
	cd build
	"$top/configure" --host=x86_64-elf --prefix=/none --cache-file="$PWD/config.cache" \
		CC="$cc" AR="$ar" RANLIB="$ranlib" AS="$cc -c" READELF=readelf \
		CFLAGS="$flags" CCASFLAGS="$flags" \
		--disable-multilib --disable-dependency-tracking --disable-newlib-supplied-syscalls \
		--enable-newlib-global-stdio-streams --enable-newlib-global-atexit \
		--enable-newlib-io-c99-formats --enable-newlib-io-long-long \
		--enable-newlib-long-time_t --disable-newlib-wide-orient
	make -j"$(nproc 2>/dev/null || echo 1)" all SUBDIRS="libc libm" MAKEINFO=:
}

if ! (build) >log 2>&1; then
	tail -n 20 log >&2
	echo "newlib does not build; the whole log is $log" >&2
	exit 1
fi

# What the machine's directory has goes over what all machines have.
rm -rf "$dir/include" "$dir/lib"
mkdir -p "$dir/include" "$dir/lib"
cp -R "$top/libc/include/." "$dir/include/"
cp -R build/targ-include/. "$dir/include/"
# libc.a last and whole: it is what tells that all is there.
cp build/libm.a "$dir/lib/"
cp build/libc.a "$dir/lib/libc.a.new"
mv "$dir/lib/libc.a.new" "$dir/lib/libc.a"
cd "$here"
rm -rf "$dir/work"
