# help.awk -- prints what the "##" comments of the Makefile say about targets and variables.
#
# "## name: text" is a target; "## text" right above an assignment is a variable.

/^## [a-z0-9.-]+: / {
	name = $2
	sub(/:$/, "", name)
	text = $0
	sub(/^## [^ ]+ /, "", text)
	targets = targets sprintf("  make %-14s %s\n", name, text)
	next
}
/^## / {
	about = substr($0, 4)
	next
}
/^[A-Z]+ [?:]?=/ && about != "" {
	value = $0
	sub(/^[A-Z]+ [?:]?= ?/, "", value)
	variables = variables sprintf("  %-19s %s\n", $1 "=" value, about)
}
{
	about = ""
}
END {
	printf "targets:\n%s\nvariables, as in make run PORT=8081, with their defaults:\n%s", targets, variables
}
