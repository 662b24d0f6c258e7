# count.awk -- counts the cases of one test program's output: prints "passed failed".
#
# Understands cmocka ("[==========] Running 3 test(s).", "[       OK ] name", "[  SKIPPED ]") and
# plain lines "ok name", "not ok name: why". A program that stops half-way has failed the cases it
# announced and did not finish; one that fails without saying in which case has failed one.

/^\[==========\] (tests: )?Running [0-9]+ test/ {
	sub(/^.*Running /, "")
	announced += $1
	cases = 1
}
/^\[       OK \] / || /^ok / {
	passed++
	cases = 1
}
/^\[ RUN      \] / {
	running = 1
}
/^\[  SKIPPED \] / && running || /^skip / {
	skipped++
	cases = 1
	running = 0
}
/^not ok / {
	failed++
	cases = 1
}
END {
	if (announced > passed + failed + skipped)
		failed = announced - passed - skipped
	if (!cases && status == 0)
		passed = 1
	if (status != 0 && failed == 0)
		failed = 1
	print passed + 0, failed + 0
}
