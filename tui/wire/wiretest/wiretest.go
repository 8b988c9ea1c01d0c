// Package wiretest is a terminal for tests: what the wire sends to it must show
// the frames that the renderer drew.
package wiretest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"platter/tui/wire"
)

// Terminal is as much of a terminal as a frame needs.
type Terminal struct {
	Sent []byte // all that it got; for the test to empty

	cells  [][]wire.Cell
	x, y   int
	look   wire.Look
	bottom int // margins: lines from top to bottom, which is not included, scroll
	top    int
	closed bool // the program has ended
}

// New is a terminal of w columns and h rows, all blank.
func New(w, h int) *Terminal {
	t := &Terminal{bottom: h}
	for range h {
		row := make([]wire.Cell, w)
		for x := range row {
			row[x].Rune = ' '
		}
		t.cells = append(t.cells, row)
	}
	return t
}

// Write shows what the wire sends.
func (t *Terminal) Write(b []byte) (int, error) {
	t.Sent = append(t.Sent, b...)
	for text := string(b); text != "" && !t.closed; {
		if codes, ok := strings.CutPrefix(text, "\x1b["); ok {
			end := strings.IndexFunc(codes, func(r rune) bool { return r >= '@' && r <= '~' })
			t.control(codes[:end], codes[end])
			text = codes[end+1:]
			continue
		}
		var r rune
		for _, r = range text {
			break
		}
		t.put(r)
		text = text[len(string(r)):]
	}
	return len(b), nil
}

func (t *Terminal) control(codes string, final byte) {
	switch final {
	case 'm':
		t.look, _ = t.look.Turned(codes)
	case 'K':
		if codes == "2" { // only the renderer's last words
			t.closed = true
			break
		}
		t.erase(t.y, t.x)
	case 'J':
		for y := range t.cells {
			t.erase(y, 0)
		}
	case 'H':
		row, col, _ := strings.Cut(codes, ";")
		t.x, _ = strconv.Atoi(col)
		t.y, _ = strconv.Atoi(row)
		t.x, t.y = max(t.x-1, 0), max(t.y-1, 0)
	case 'C':
		n, _ := strconv.Atoi(codes)
		t.x += max(n, 1)
	case 'r':
		top, bottom, _ := strings.Cut(codes, ";")
		t.top, t.bottom = 0, len(t.cells)
		if codes != "" {
			t.top, _ = strconv.Atoi(top)
			t.bottom, _ = strconv.Atoi(bottom)
			t.top--
		}
		t.x, t.y = 0, 0
	case 'L', 'M':
		n, _ := strconv.Atoi(codes)
		for range max(n, 1) {
			t.scroll(final == 'M')
		}
	case 'l':
		t.closed = codes == "?1049"
	}
}

// scroll moves the lines from the cursor to the bottom margin by one.
func (t *Terminal) scroll(up bool) {
	if t.y < t.top || t.y >= t.bottom {
		return // ignored outside of the margins
	}
	lines := t.cells[t.y:t.bottom]
	if up {
		lines = append(slices.Clone(lines[1:]), lines[0])
		copy(t.cells[t.y:], lines)
		t.erase(t.bottom-1, 0)
		return
	}
	lines = append([][]wire.Cell{lines[len(lines)-1]}, lines[:len(lines)-1]...)
	copy(t.cells[t.y:], lines)
	t.erase(t.y, 0)
}

func (t *Terminal) erase(y, x int) {
	for ; x < len(t.cells[y]); x++ {
		t.cells[y][x] = wire.Cell{Rune: ' '}
	}
}

func (t *Terminal) put(r rune) {
	switch r {
	case '\r':
		t.x = 0
	case '\n':
		t.y++
	default:
		t.cells[t.y][t.x] = wire.Cell{Rune: r, Look: t.look}
		t.x++
	}
}

// Differs finds the first line that is not as the frame has it; -1 for none.
func (t *Terminal) Differs(frame string) int {
	for y, line := range strings.Split(frame, "\n") {
		want, ok := wire.Cells(line)
		for x, c := range want {
			got := t.cells[y][x]
			if got.Rune == ' ' && got.Look.Blank() {
				got.Look = wire.Look{}
			}
			if ok && got != c { // lines with wide characters go through whole
				return y
			}
		}
	}
	return -1
}

// Flush is what the renderer of bubbletea writes for a frame that follows
// another; TestWireKnowsTheRenderer holds that it is.
func Flush(before, after string) []byte {
	b, old, lines := ansi.CursorHomePosition, strings.Split(before, "\n"), strings.Split(after, "\n")
	if before == "" {
		b += "\r"
	}
	for y, l := range lines {
		if before == "" || y >= len(old) || old[y] != l {
			b += l + ansi.EraseLineRight
			if y < len(lines)-1 {
				b += "\r"
			}
		}
		if y < len(lines)-1 {
			b += "\n"
		}
	}
	return []byte(b + ansi.CursorPosition(0, len(lines)))
}

// Other is the first line that looks otherwise than that of another terminal; -1
// for none.
func (t *Terminal) Other(u *Terminal) int {
	seen := func(c wire.Cell) wire.Cell {
		if c.Rune == ' ' && c.Look.Blank() {
			c.Look = wire.Look{}
		}
		return c
	}
	for y := range t.cells {
		for x := range t.cells[y] {
			if seen(t.cells[y][x]) != seen(u.cells[y][x]) {
				return y
			}
		}
	}
	return -1
}

// Row is the text of a line.
func (t *Terminal) Row(y int) string {
	var b strings.Builder
	for _, c := range t.cells[y] {
		b.WriteRune(c.Rune)
	}
	return b.String()
}
