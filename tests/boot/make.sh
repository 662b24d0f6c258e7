#!/bin/sh
# make.sh -- make run with an application from outside the tree: what main returns is make's status.
set -u

. tools/test/qemu.sh
make="make -s BUILD=$BUILD"
apps=$qemu_dir/apps

# An application in folder $1 that returns $2.
application()
{
	mkdir -p "$apps/$1"
	echo "int main(void) { return $2; }" >"$apps/$1/given.c"
}

run_returns()
{
	status=$1 folder=$2
	PORT=$(port_free) timeout 300 $make run APP="$apps/$folder/given.c" </dev/null
	[ $? = "$status" ]
}

refused()
{
	said=$($make run APP="$1" 2>&1 </dev/null)
	[ $? = 2 ] && [ "$(echo "$said" | wc -l)" = 1 ] && echo "$said" | grep -q "APP=$1: "
}

application one 7
application two 0
check "make run ends with what main returns" run_returns 7 one
check "another file of the same name is another application" run_returns 0 two
check "and the first one again" run_returns 7 one
check "an APP that is not there is one line" refused "$apps/none.c"
finish
