# awk -f plot.awk DESCRIPTION: draws curves as SVG, panels side by side, one legend below.
#
#	title TEXT
#	panel YLABEL|XLABEL|log or linear	a panel; what follows belongs to it
#	series NAME [dashed]			a curve; the same name has the same colour in all panels
#	point X Y				X is a word, and the words of a panel stand at equal distances
#
# Y at a logarithmic scale is ticked at 1, 2 and 5 of each decade.

function text(x, y, anchor, more, s)
{
	gsub(/&/, "\\&amp;", s)
	gsub(/</, "\\&lt;", s)
	printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>%s</text>\n", x, y, anchor, more, s
}

function line(x1, y1, x2, y2, colour)
{
	printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n", x1, y1, x2,
		y2, colour
}

function log10(v)
{
	return log(v) / log(10)
}

# Where value v of panel p stands.
function y_of(p, v)
{
	if (scale[p] == "log")
		v = (log10(v) - log10(low[p])) / (log10(high[p]) - log10(low[p]))
	else
		v = v / high[p]
	return TOP + HEIGHT * (1 - v)
}

function x_of(p, i)
{
	return left + WIDTH * (i - 0.5) / xs[p]
}

# The largest of 1, 2, 5 times a power of ten that is not above v (or the smallest not below it).
function round_step(v, up, decade, i)
{
	decade = 10 ^ int(log10(v) + (v < 1 ? -0.999999 : 0.000001))
	split("1 2 5 10", step, " ")
	if (up) {
		for (i = 1; i <= 4; i++)
			if (step[i] * decade >= v * 0.999999)
				return step[i] * decade
	}
	for (i = 4; i > 1 && step[i] * decade > v * 1.000001; i--)
		;
	return step[i] * decade
}

# 20000 as 20 000.
function grouped(v, s)
{
	s = v ""
	while (match(s, /[0-9][0-9][0-9][0-9]($| )/) && s !~ /[.]/)
		s = substr(s, 1, RSTART) " " substr(s, RSTART + 1)
	return s
}

function tick(p, v)
{
	line(left, y_of(p, v), left + WIDTH, y_of(p, v), "#dddddd")
	text(left - 8, y_of(p, v) + 4, "end", "", grouped(v))
}

function draw_axes(p, i, v, step_size)
{
	if (scale[p] == "log") {
		low[p] = round_step(low[p] * 0.999, 0)
		high[p] = round_step(high[p] * 1.001, 1)
		for (v = low[p]; v <= high[p] * 1.001; v = round_step(v * 1.5, 1))
			tick(p, v)
	} else {
		step_size = round_step(high[p] / 5, 1)
		high[p] = step_size * int(high[p] / step_size + 1)
		for (v = 0; v <= high[p] * 1.001; v += step_size)
			tick(p, v)
	}
	for (i = 1; i <= xs[p]; i++) {
		line(x_of(p, i), TOP + HEIGHT, x_of(p, i), TOP + HEIGHT + 5, "#444444")
		text(x_of(p, i), TOP + HEIGHT + 20, "middle", "", grouped(x_name[p, i]))
	}
	line(left, TOP + HEIGHT, left + WIDTH, TOP + HEIGHT, "#444444")
	text(left, TOP - 12, "start", " font-weight=\"bold\"", y_label[p])
	text(left + WIDTH / 2, TOP + HEIGHT + 42, "middle", "", x_label[p])
}

function draw_curve(p, s, i, path, marks, x, y)
{
	for (i = 1; i <= xs[p]; i++) {
		if (!((p, s, x_name[p, i]) in value))
			continue
		x = x_of(p, i)
		y = y_of(p, value[p, s, x_name[p, i]])
		path = path sprintf("%s%.1f %.1f", path == "" ? "M" : " L", x, y)
		marks = marks sprintf("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"/>\n", x, y,
				      colour[s])
	}
	if (path == "")
		return
	printf "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s/>\n%s", path, colour[s],
		dashed[s] ? " stroke-dasharray=\"5 4\"" : "", marks
}

function draw_legend(s, x, y)
{
	x = MARGIN
	y = TOP + HEIGHT + 72
	for (s = 1; s <= nseries; s++) {
		if (x + 36 + 7.2 * length(name[s]) > width) {
			x = MARGIN
			y += 24
		}
		printf "<path d=\"M%d %d h28\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s/>\n", x, y,
			colour[s], dashed[s] ? " stroke-dasharray=\"5 4\"" : ""
		printf "<circle cx=\"%d\" cy=\"%d\" r=\"3.5\" fill=\"%s\"/>\n", x + 14, y, colour[s]
		text(x + 36, y + 4, "start", "", name[s])
		x += 60 + 7.2 * length(name[s])
	}
}

BEGIN {
	HEIGHT = 300
	TOP = 78
	MARGIN = 70
	split("#0072b2 #d55e00 #009e73 #a3478f #777777", palette, " ")
}

function rest(from)
{
	return substr($0, index($0, $from))
}

/^title / { title = rest(2) }

/^panel / {
	panels++
	split(rest(2), field, "|")
	y_label[panels] = field[1]
	x_label[panels] = field[2]
	scale[panels] = field[3]
}

/^series / {
	is_dashed = $NF == "dashed"
	wanted = rest(2)
	sub(/ dashed$/, "", wanted)
	for (current = 1; current <= nseries && name[current] != wanted; current++)
		;
	if (current > nseries) {
		name[++nseries] = wanted
		dashed[current] = is_dashed
		colour[current] = palette[(current - 1) % 5 + 1]
	}
}

/^point / {
	if (!((panels, $2) in known)) {
		known[panels, $2]
		x_name[panels, ++xs[panels]] = $2
	}
	value[panels, current, $2] = $3 + 0
	if (high[panels] == "" || $3 > high[panels])
		high[panels] = $3 + 0
	if (low[panels] == "" || $3 < low[panels])
		low[panels] = $3 + 0
}

END {
	WIDTH = panels > 1 ? 360 : 640
	width = panels * (WIDTH + MARGIN + 20) + 20
	height = TOP + HEIGHT + 120
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" " \
		"viewBox=\"0 0 %d %d\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\" " \
		"fill=\"#222222\">\n<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n", width, height,
		width, height, width, height
	text(20, 30, "start", " font-size=\"16\"", title)
	for (p = 1; p <= panels; p++) {
		left = MARGIN + (p - 1) * (WIDTH + MARGIN + 20)
		draw_axes(p)
		for (s = 1; s <= nseries; s++)
			draw_curve(p, s)
	}
	draw_legend()
	print "</svg>"
}
