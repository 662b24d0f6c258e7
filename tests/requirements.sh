#!/bin/sh
# requirements.sh -- the table at the end of net/tcp/README.md has every requirement of RFC 9293, and
# the files, functions and tests that it names exist.
set -u

readme=net/tcp/README.md
failed=0

result()
{
	if [ -z "$2" ]; then
		echo "ok $1"
	else
		echo "not ok $1: $(echo "$2" | tr '\n' ' ')"
		failed=1
	fi
}

rows=$(sed -n '/^## Requirements/,$p' "$readme" | grep '^|')

# Names in backquotes, one a line.
names()
{
	echo "$rows" | grep -o '`[^`]*`' | tr -d '`' | sort -u
}

requirements()
{
	seq -f 'MUST-%g' 69
	seq -f 'SHLD-%g' 31
	seq -f 'MAY-%g' 18
	echo REC-1
}

missing=$(requirements | while read -r r; do
	echo "$rows" | grep -q "^| $r |" || echo "$r"
done)
result "every requirement has a row" "$missing"

missing=$(names | grep '\.pkt$' | while read -r f; do
	[ -f "tests/pkt/$f" ] || echo "$f"
done)
result "the scripts that the table names exist" "$missing"

missing=$(names | grep '\.[ch]$' | while read -r f; do
	[ -f "$f" ] || [ -f "net/tcp/$f" ] || echo "$f"
done)
result "the files that the table names exist" "$missing"

# A definition begins its line with its type.
missing=$(names | sed -n 's/()$//p' | while read -r f; do
	grep -qE "^[a-z].*[ *]$f\(" net/tcp/*.[ch] net/wire/*.[ch] || echo "$f"
done)
result "the functions that the table names exist" "$missing"

missing=$(cd tests/pkt && ls rfc9293/*.pkt | while read -r f; do
	case $f in
	rfc9293/may-* | rfc9293/must-* | rfc9293/shld-* | rfc9293/rec-*)
		echo "$rows" | grep -qF "$f" || echo "$f"
		;;
	esac
done)
result "every script of a requirement is in the table" "$missing"
exit $failed
