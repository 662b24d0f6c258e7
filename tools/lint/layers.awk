# layers.awk LAYERS FILE... -- prints every #include that the table does not allow.
#
# A file belongs to the longest room of the table that its path begins with. A quoted include is a
# path from the root of the tree; it may name the file's own room (and rooms below it that the
# table does not list by themselves) and whatever the room's line allows.

function parent(path)
{
	return sub(/\/[^\/]*$/, "", path) ? path : ""
}

# The room that a path belongs to, "" for none.
function room_of(path)
{
	for (path = parent(path); path != "" && !(path in room); path = parent(path))
		;
	return path
}

function may_quote(from, path,    dir)
{
	if (path !~ /\//)
		return (from, "./") in may
	if (room_of(path) == from || (from, parent(path) "/*.h") in may)
		return 1
	for (dir = parent(path); dir != ""; dir = parent(dir))
		if ((from, dir) in may)
			return 1
	return 0
}

function may_angle(from, header)
{
	if (header ~ /^holm\//)
		return (from, "<holm>") in may
	if ((from, "<any>") in may)
		return 1
	if (header ~ /^linux\//)
		return (from, "<linux>") in may
	return (from, "<c>") in may &&
		header ~ /^(stdint|stddef|stdbool|stdarg|limits|stdalign|stdnoreturn|float|iso646)\.h$/
}

FNR == NR {
	if ($1 !~ /^#/ && NF) {
		room[$1]
		for (i = 2; i <= NF; i++)
			may[$1, $i]
	}
	next
}
FNR == 1 {
	from = room_of(FILENAME)
	if (from == "")
		printf "%s:1: in no room of the include table\n", FILENAME
	if (from == "net" && FILENAME ~ /^net\/.*\//)
		printf "%s:1: folder of net/ that the include table does not name\n", FILENAME
}
from == "" {
	next
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, part, "\"")
	if (!may_quote(from, part[2]))
		printf "%s:%d: %s may not include \"%s\"\n", FILENAME, FNR, from, part[2]
}
/^[ \t]*#[ \t]*include[ \t]*</ {
	split($0, part, /[<>]/)
	if (!may_angle(from, part[2]))
		printf "%s:%d: %s may not include <%s>\n", FILENAME, FNR, from, part[2]
}
