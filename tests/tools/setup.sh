#!/bin/sh
# setup.sh -- tools/setup.sh installs only what is missing, and says in one line what it cannot do.
# It runs against programs of ours in place of apt-get, id and sudo.
set -u

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# fake NAME: a program whose text is on standard input.
fake()
{
	{
		echo '#!/bin/sh'
		cat
	} >"$dir/bin/$1"
	chmod +x "$dir/bin/$1"
}

# Runs set-up for the group "one" in a world that holds a few real programs and the fakes. The
# output is in $said, the status in $status.
set_up()
{
	said=$(PATH=$dir/bin HOLM_PACKAGES=$dir/packages tools/setup.sh one 2>&1)
	status=$?
}

# expect NAME STATUS PATTERN: what the last set_up did; the output is one line, or none for "".
expect()
{
	if [ "$status" = "$2" ] && [ "$(echo "$said" | wc -l)" = 1 ] &&
		echo "$said" | grep -q -x -e "$3"; then
		echo "ok $1"
	else
		echo "not ok $1: status $status, said: $said"
		failed=1
	fi
}

mkdir -p "$dir/bin"
for program in env ln sh awk grep cut tr sed uname dirname mktemp rm tail cat ls; do
	ln -s "$(command -v $program)" "$dir/bin/$program"
done
cat >"$dir/packages" <<EOF
# A comment.
one  shell    sh                -
one  files    $dir/pack*        -
one  tool     no-such-tool-9    -
one  foreign  no-such-tool-8    nowhere
two  other    no-such-tool-7    -
EOF

fake id <<'EOF'
echo 1000
EOF
set_up
expect "without apt-get it names the missing programs" 1 \
	"set-up: this is no Debian; please install what provides: no-such-tool-9 "

fake apt-get <<EOF
echo "\$*" >>"$dir/calls"
case "\$*" in *" install "*) ln -s "$dir/bin/sh" "$dir/bin/no-such-tool-9" ;; esac
EOF
set_up
expect "without root and sudo it says what to type" 1 \
	"set-up: please type, as root: apt-get install --no-install-recommends tool"

fake id <<'EOF'
echo 0
EOF
set_up
expect "root gets it installed, with one line" 0 "set-up: installing tool .*"
said=$(grep -c install "$dir/calls") status=$?
expect "apt-get installed once" 0 1
set_up
expect "a second time there is nothing to say" 0 ""

rm "$dir/bin/no-such-tool-9"
fake apt-get <<'EOF'
echo "E: no network" >&2
exit 100
EOF
set_up
said=$(echo "$said" | grep -c -e 'installing tool' -e 'E: no network' -e 'could not install')
[ "$said" -ge 3 ] && said=all
expect "a failing apt-get is reported with its own reason" 1 all
exit $failed
