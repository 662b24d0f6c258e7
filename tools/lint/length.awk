# length.awk FILE... -- prints functions over 70 lines, files over 800 (tests: 1000) and lines over 110 columns.
#
# A function is what stands between braces in column 0. Code is wrapped at 100 columns by clang-format, comments
# are by their writers, who may finish a word.

function file_ends()
{
	if (lines > (file ~ /^tests\// ? 1000 : 800))
		printf "%s:%d: the file has %d lines\n", file, lines, lines
}

function columns(line,    i, at)
{
	at = 0
	for (i = 1; i <= length(line); i++)
		at = substr(line, i, 1) == "\t" ? at + 8 - at % 8 : at + 1
	return at
}

FNR == 1 {
	file_ends()
	file = FILENAME
	start = 0
}
{
	lines = FNR
	if (length($0) > 54 && columns($0) > 110)
		printf "%s:%d: a line of %d columns\n", FILENAME, FNR, columns($0)
}
/^\{/ {
	start = FNR
}
/^\}/ {
	if (start && FNR - start - 1 > 70)
		printf "%s:%d: a function of %d lines\n", FILENAME, start, FNR - start - 1
	start = 0
}
END {
	file_ends()
}
