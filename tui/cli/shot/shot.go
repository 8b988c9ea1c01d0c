// Shot turns a captured terminal screen into a picture: it reads text with
// colour codes, as `tmux capture-pane -e -p` gives it, from standard input and
// writes SVG to standard output. The README's pictures are made with it.
package main

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
)

// The measures of the picture in pixels: a cell, the size of the letters in
// it, and the margin around all cells.
const (
	cellWidth  = 8.43 // DejaVu Sans Mono at this size; other fonts are stretched
	cellHeight = 16
	fontSize   = 14
	margin     = 10
)

// The terminal's own colours.
const (
	paper = "#16181d"
	ink   = "#d5d8df"
)

func main() {
	if err := draw(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "shot:", err)
		os.Exit(1)
	}
}

// look is how a cell is painted.
type look struct {
	fg, bg                                        string // empty: the terminal's own
	bold, dim, italic, underline, strike, inverse bool
}

// run is a stretch of cells in one row that look alike.
type run struct {
	look
	column, width int
	text          string
}

// draw writes the picture of a screen.
func draw(r io.Reader, w io.Writer) error {
	var rows [][]run
	columns := 0
	var now look
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var row []run
		row, now = parse(lines.Text(), now)
		for _, s := range row {
			columns = max(columns, s.column+s.width)
		}
		rows = append(rows, row)
	}
	if err := lines.Err(); err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	width, height := float64(columns)*cellWidth+2*margin, len(rows)*cellHeight+2*margin
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.1f %d" width="%.0f" height="%d">`+"\n", width, height, width, height)
	fmt.Fprintf(out, `<rect width="100%%" height="100%%" rx="6" fill="%s"/>`+"\n", paper)
	fmt.Fprintf(out, `<g font-family="'DejaVu Sans Mono','Cascadia Mono',Menlo,Consolas,monospace" font-size="%d" xml:space="preserve">`+"\n", fontSize)
	for y, row := range rows {
		for _, s := range row {
			s.write(out, y)
		}
	}
	fmt.Fprintln(out, "</g>\n</svg>")
	return out.Flush()
}

// write draws a run in row y: its background, then its letters, stretched to
// their cells whatever font the reader has.
func (s run) write(w io.Writer, y int) {
	fg, bg := or(s.fg, ink), or(s.bg, paper)
	if s.inverse {
		fg, bg = bg, fg
	}
	x, top := margin+float64(s.column)*cellWidth, margin+y*cellHeight
	wide := float64(s.width) * cellWidth
	if bg != paper {
		fmt.Fprintf(w, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", x, top, wide, cellHeight, bg)
	}
	if strings.TrimSpace(s.text) == "" && !s.underline {
		return
	}
	fmt.Fprintf(w, `<text x="%.1f" y="%d" textLength="%.1f" fill="%s"%s>%s</text>`+"\n", x, top+fontSize-1, wide, fg, s.attributes(), html.EscapeString(s.text))
}

func or(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

func (l look) attributes() string {
	s := ""
	if l.bold {
		s += ` font-weight="bold"`
	}
	if l.dim {
		s += ` opacity="0.6"`
	}
	if l.italic {
		s += ` font-style="italic"`
	}
	switch {
	case l.underline:
		s += ` text-decoration="underline"`
	case l.strike:
		s += ` text-decoration="line-through"`
	}
	return s
}

// parse cuts a line at its colour codes. It returns how the next line starts.
func parse(line string, now look) ([]run, look) {
	var row []run
	column := 0
	add := func(text string) {
		if text != "" {
			n := runewidth.StringWidth(text)
			row = append(row, run{now, column, n, text})
			column += n
		}
	}
	for {
		before, rest, ok := strings.Cut(line, "\x1b")
		add(before)
		if !ok {
			return row, now
		}
		codes, after, ok := strings.Cut(strings.TrimPrefix(rest, "["), "m")
		if !ok || !strings.HasPrefix(rest, "[") || strings.Trim(codes, "0123456789;:") != "" {
			line = strings.TrimLeft(rest, "()0123456789B") // a change of character set
			continue
		}
		now = now.with(codes)
		line = after
	}
}

// with applies the numbers of one colour code.
func (l look) with(codes string) look {
	list := strings.FieldsFunc(codes, func(r rune) bool { return r == ';' || r == ':' })
	if len(list) == 0 {
		return look{}
	}
	for i := 0; i < len(list); i++ {
		n, err := strconv.Atoi(list[i])
		if err != nil {
			continue
		}
		if (n == 38 || n == 48) && i+2 < len(list) && list[i+1] == "5" {
			if c, err := strconv.Atoi(list[i+2]); err == nil {
				l = l.coloured(n == 48, colour(c))
			}
			i += 2
			continue
		}
		l = l.code(n)
	}
	return l
}

func (l look) coloured(back bool, c string) look {
	if back {
		l.bg = c
	} else {
		l.fg = c
	}
	return l
}

func (l look) code(n int) look {
	switch {
	case n == 0:
		return look{}
	case n == 1:
		l.bold = true
	case n == 2:
		l.dim = true
	case n == 3:
		l.italic = true
	case n == 4:
		l.underline = true
	case n == 7:
		l.inverse = true
	case n == 9:
		l.strike = true
	case n == 22:
		l.bold, l.dim = false, false
	case n == 23:
		l.italic = false
	case n == 24:
		l.underline = false
	case n == 27:
		l.inverse = false
	case n == 29:
		l.strike = false
	case n >= 30 && n <= 37:
		l.fg = colour(n - 30)
	case n == 39:
		l.fg = ""
	case n >= 40 && n <= 47:
		l.bg = colour(n - 40)
	case n == 49:
		l.bg = ""
	case n >= 90 && n <= 97:
		l.fg = colour(n - 90 + 8)
	case n >= 100 && n <= 107:
		l.bg = colour(n - 100 + 8)
	}
	return l
}

// basic are the first sixteen colours of the palette.
var basic = [16]string{
	"#16181d", "#d8595f", "#7fb86a", "#d2a850", "#5f97d8", "#b884cf", "#57b3b8", "#c7ccd6",
	"#676e7b", "#ec7f83", "#a3d491", "#e8c67c", "#8ab8ec", "#d2aae4", "#86d2d6", "#f2f4f8",
}

// colour is one of the 256 colours that terminals have.
func colour(n int) string {
	switch {
	case n < 0 || n > 255:
		return ink
	case n < 16:
		return basic[n]
	case n >= 232:
		v := 8 + (n-232)*10
		return fmt.Sprintf("#%02x%02x%02x", v, v, v)
	}
	step := func(v int) int {
		if v == 0 {
			return 0
		}
		return 55 + 40*v
	}
	n -= 16
	return fmt.Sprintf("#%02x%02x%02x", step(n/36), step(n/6%6), step(n%6))
}
