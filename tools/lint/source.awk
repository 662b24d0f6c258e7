# source.awk FILE... -- prints lines that break a rule which one line of C, or its place, can show.
#
# -v rule=NAME chooses the rule:
#   head        a file begins with a comment that says what it is
#   conditional no #if inside a function
#   words       no marks of unfinished work
#   calls       no call that cannot know how much room there is
#   state       only net/tcp/state.c writes the state of a connection

function report(text)
{
	printf "%s:%d: %s\n", FILENAME, FNR, text
}

FNR == 1 {
	inside = 0
	if (rule == "head" && $0 !~ /^(\/\*|\/\/|#!|# )/)
		report("does not begin with a comment")
}
/^\{/ {
	inside = 1
}
/^\}/ {
	inside = 0
}
rule == "conditional" && inside && /^[ \t]*#[ \t]*(if|ifdef|ifndef|else|elif)/ {
	report("a preprocessor condition inside a function")
}
rule == "words" && /(^|[^A-Za-z0-9_])(TODO|FIXME|XXX|HACK)([^A-Za-z0-9_]|$)/ {
	report("a mark of unfinished work")
}
rule == "calls" && /(^|[^A-Za-z0-9_])(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca)[ \t]*\(/ {
	report("a call that does not bound what it writes")
}
rule == "state" && FILENAME ~ /^net\/tcp\// && FILENAME != "net/tcp/state.c" &&
/(->|[A-Za-z0-9_)\]]\.)state[ \t]*([-+|&^]?=[^=]|=$)/ && !/(info->|ep\.|tcp\.)state/ {
	report("writes the state; tcp_set_state() does")
}
