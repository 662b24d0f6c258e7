# length.awk FILE... -- prints functions over 70 lines and files over 800 (tests: 1000).
#
# A function is what stands between braces in column 0.

function file_ends()
{
	if (lines > (file ~ /^tests\// ? 1000 : 800))
		printf "%s:%d: the file has %d lines\n", file, lines, lines
}

FNR == 1 {
	file_ends()
	file = FILENAME
	start = 0
}
{
	lines = FNR
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
