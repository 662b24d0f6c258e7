# json.awk -- ends with status 0 when the input is one JSON value: literals become letters, then arrays
# and objects of letters become letters, until one letter is left.
{ text = text $0 "\n" }
END {
	gsub(/"([^"\\]|\\.)*"/, "s", text)
	gsub(/-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?/, "n", text)
	gsub(/true|false|null/, "n", text)
	gsub(/[ \t\r\n]/, "", text)
	do {
		before = text
		gsub(/\{(s:[sn](,s:[sn])*)?\}|\[([sn](,[sn])*)?\]/, "n", text)
	} while (text != before)
	if (text !~ /^[sn]$/) {
		print "not JSON near: " substr(text, 1, 60)
		exit 1
	}
}
