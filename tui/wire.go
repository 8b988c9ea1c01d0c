package tui

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"platter/views/grid"
)

// wire is the way to the terminal. The renderer writes whole lines where a
// cell has changed; over a slow line that lags, so that of a line that is there
// already only what changed is sent on. Words stay whole. Whatever does not
// look like a frame goes through as it is.
type wire struct {
	*os.File          // asked for its size and state
	out      writer   // File, but in tests
	shown    []string // lines of the last frame; empty where they are not known
	buf      []byte
	old, new []wireCell // of the lines being compared
}

type writer interface {
	Write([]byte) (int, error)
}

func newWire(f *os.File) *wire { return &wire{File: f, out: f} }

// wireCell is a cell of a line and how it looks.
type wireCell struct {
	r    rune
	look wireLook
}

// wireLook is what the SGR codes of package theme add up to.
type wireLook struct {
	attr   uint8
	fg, bg string // codes; empty for the terminal's own
}

// Write sends a frame on, or anything else.
func (w *wire) Write(b []byte) (int, error) {
	w.buf = w.buf[:0]
	if !w.takes(b) {
		w.shown = nil
		w.buf = append(w.buf[:0], b...)
	}
	_, err := w.out.Write(w.buf)
	if err != nil {
		w.shown = nil // nobody knows how much of it got there
	}
	return len(b), err
}

// WriteString is Write: control sequences that came past it would change what
// shows unnoticed.
func (w *wire) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

// takes is frame, but that a frame which it fails on goes through as it is: a
// screen that is drawn slowly is better than none.
func (w *wire) takes(b []byte) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return w.frame(b)
}

// frame takes a frame of the renderer apart: the way home, then lines of which
// those are empty that have not changed, then the way to the last line. It
// reports false for anything else.
func (w *wire) frame(b []byte) bool {
	rest, ok := bytes.CutPrefix(b, []byte(ansi.CursorHomePosition))
	n := bytes.Count(rest, []byte{'\n'}) + 1
	tail := []byte(ansi.CursorPosition(0, n))
	if !ok || n == 1 || !bytes.HasSuffix(rest, tail) || bytes.Contains(rest, []byte(ansi.EraseScreenBelow)) {
		return false
	}
	afresh := rest[0] == '\r' // nothing is known to show
	if len(w.shown) != n || afresh {
		w.shown = make([]string, n)
	}
	lines := strings.Split(string(rest[:len(rest)-len(tail)]), "\n")
	if afresh {
		lines[0] = lines[0][1:]
	}
	for y, line := range lines {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\r"), ansi.EraseLineRight)
		if line == "" && !afresh {
			continue
		}
		w.line(y, line)
		w.shown[y] = line
	}
	w.buf = append(w.buf, tail...)
	return true
}

// line sends what a line has that the one before it had not.
func (w *wire) line(y int, line string) {
	var known, fits bool
	w.old, known = cells(w.old[:0], w.shown[y])
	w.new, fits = cells(w.new[:0], line)
	if !known || !fits || w.shown[y] == "" || len(w.old) != len(w.new) {
		w.buf = append(w.goTo(y, 0), line...)
		w.buf = append(w.buf, ansi.EraseLineRight...)
		return
	}
	start := len(w.buf)
	for x := 0; x < len(w.new); x++ {
		if w.old[x] == w.new[x] {
			continue
		}
		from, to := w.run(x)
		w.buf = w.goTo(y, from)
		look := wireLook{}
		for _, c := range w.new[from:to] {
			if c.look != look && (c.r != ' ' || !look.blank() || !c.look.blank()) {
				w.buf = c.look.append(w.buf, look)
				look = c.look
			}
			w.buf = append(w.buf, string(c.r)...)
		}
		if look != (wireLook{}) {
			w.buf = append(w.buf, "\x1b[0m"...)
		}
		x = to - 1
	}
	if len(w.buf)-start > len(line)+len("\x1b[00;1H") { // all is new
		w.buf = w.buf[:start]
		w.buf = append(w.goTo(y, 0), line...)
	}
}

// run is the words around a cell that has changed: up to two blanks on either
// side.
func (w *wire) run(x int) (from, to int) {
	gap := func(x int) bool { return w.new[x].r == ' ' && w.old[x] == w.new[x] }
	from, to = x, x+1
	for from > 0 && !(gap(from-1) && (from == 1 || gap(from-2))) {
		from--
	}
	for to < len(w.new) && !(gap(to) && (to+1 == len(w.new) || gap(to+1))) {
		to++
	}
	return from, to
}

func (w *wire) goTo(y, x int) []byte {
	b := append(w.buf, "\x1b["...)
	b = strconv.AppendInt(b, int64(y)+1, 10)
	b = append(b, ';')
	b = strconv.AppendInt(b, int64(x)+1, 10)
	return append(b, 'H')
}

// cells reads a line as package grid writes it; false for what is more than
// SGR codes and characters of one column.
func cells(list []wireCell, line string) ([]wireCell, bool) {
	look, ok := wireLook{}, true
	for len(line) > 0 {
		if codes, is := strings.CutPrefix(line, "\x1b["); is {
			end := strings.IndexByte(codes, 'm')
			if end < 0 {
				return list, false
			}
			if look, ok = look.turned(codes[:end]); !ok {
				return list, false
			}
			line = codes[end+1:]
			continue
		}
		var c wireCell
		for _, c.r = range line {
			break
		}
		text := string(c.r)
		if !strings.HasPrefix(line, text) || grid.Width(text) != 1 {
			return list, false
		}
		if c.look = look; c.r == ' ' && look.blank() {
			c.look = wireLook{} // a blank shows no ink
		}
		list, line = append(list, c), line[len(text):]
	}
	return list, true
}

// turned is the look after some SGR codes.
func (l wireLook) turned(codes string) (wireLook, bool) {
	list := strings.Split(codes, ";")
	for i := 0; i < len(list); i++ {
		n, err := strconv.Atoi(list[i])
		switch {
		case err != nil:
			return l, false
		case n == 0:
			l = wireLook{}
		case n == 1 || n == 2 || n == 4 || n == 7:
			l.attr |= 1 << n
		case n == 39:
			l.fg = ""
		case n == 49:
			l.bg = ""
		case (n == 38 || n == 48) && i+2 < len(list) && list[i+1] == "5":
			code := ";" + strings.Join(list[i:i+3], ";")
			if i += 2; n == 38 {
				l.fg = code
			} else {
				l.bg = code
			}
		case n >= 30 && n <= 37 || n >= 90 && n <= 97:
			l.fg = ";" + list[i]
		case n >= 40 && n <= 47 || n >= 100 && n <= 107:
			l.bg = ";" + list[i]
		default:
			return l, false
		}
	}
	return l, true
}

// blank reports whether a blank in this look shows nothing.
func (l wireLook) blank() bool { return l.attr&(1<<4|1<<7) == 0 && l.bg == "" }

// append writes the codes that turn another look into this one.
func (l wireLook) append(b []byte, was wireLook) []byte {
	if l.attr == was.attr && l.bg == was.bg && l.fg != "" {
		return append(append(append(b, "\x1b["...), l.fg[1:]...), 'm')
	}
	b = append(b, "\x1b[0"...)
	for _, n := range []int{1, 2, 4, 7} {
		if l.attr&(1<<n) != 0 {
			b = append(b, ';', byte('0'+n))
		}
	}
	return append(append(append(b, l.fg...), l.bg...), 'm')
}
