// Package wire is the way to the terminal. The renderer writes whole lines where
// a cell has changed; over a slow line that lags, so that of a line that is there
// already only what changed is sent on, and lines that scroll are scrolled by
// the terminal. Words stay whole. Whatever does not look like a frame goes
// through as it is.
package wire

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// Wire takes what the renderer writes and sends on what the terminal needs.
type Wire struct {
	*os.File        // asked for its size and state
	Out      writer // File, but in tests

	shown []line // the last frame
	lost  []line // the one that may not have got there; nil: none
	buf   []byte
	look  Look // at the end of buf
}

type writer interface {
	Write([]byte) (int, error)
}

// New is the wire to a terminal.
func New(f *os.File) *Wire { return &Wire{File: f, Out: f} }

// Write sends a frame on, or anything else.
func (w *Wire) Write(b []byte) (int, error) {
	w.buf, w.look = w.buf[:0], Look{}
	if !w.takes(b) {
		w.shown = nil
		w.buf = append(w.buf[:0], b...)
	}
	_, err := w.Out.Write(w.buf)
	if err != nil { // nobody knows how much of it got there
		w.lost, w.shown = w.shown, nil
	}
	return len(b), err
}

// WriteString is Write: control sequences that came past it would change what
// shows unnoticed.
func (w *Wire) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

// takes calls frame; a frame that it can't parse is passed through unchanged: a
// screen that is drawn slowly is better than none.
func (w *Wire) takes(b []byte) (ok bool) {
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
func (w *Wire) frame(b []byte) bool {
	rest, ok := bytes.CutPrefix(b, []byte(ansi.CursorHomePosition))
	n := bytes.Count(rest, []byte{'\n'}) + 1
	tail := []byte(ansi.CursorPosition(0, n))
	if !ok || n == 1 || !bytes.HasSuffix(rest, tail) || bytes.Contains(rest, []byte(ansi.EraseScreenBelow)) {
		return false
	}
	afresh := rest[0] == '\r' // nothing is known to show
	if len(w.shown) != n || afresh {
		w.shown = make([]line, n)
	}
	lines := strings.Split(string(rest[:len(rest)-len(tail)]), "\n")
	if afresh {
		lines[0] = lines[0][1:]
	}
	next, sent := slices.Clone(w.shown), make([]bool, n)
	if len(w.lost) == n { // the renderer takes it for what shows
		copy(next, w.lost)
		for y, l := range w.lost {
			sent[y] = l.known
		}
	}
	w.lost = nil
	for y, line := range lines {
		line = strings.TrimSuffix(line, "\r")
		if line != "" || afresh {
			next[y], sent[y] = newLine(strings.TrimSuffix(line, ansi.EraseLineRight)), true
		}
	}
	moved := w.scroll(next)
	for y := range next {
		if sent[y] || moved.has(y) {
			w.line(y, w.shown[y], next[y])
		}
	}
	w.shown = next
	w.turn(Look{})
	w.buf = append(w.buf, tail...)
	if moved.by != 0 {
		w.buf = append(w.buf, ansi.ResetModeSynchronizedOutput...)
	}
	return true
}

// line sends what a line has that the one before it had not.
func (w *Wire) line(y int, old, new line) {
	if len(new.cells) == 0 || len(old.cells) != len(new.cells) {
		w.whole(y, new)
		return
	}
	start, look, at := len(w.buf), w.look, -1
	for x := 0; x < len(new.cells); x++ {
		if old.cells[x] == new.cells[x] {
			continue
		}
		from, to := run(x, old.cells, new.cells)
		if at < 0 {
			w.goTo(y, from)
		} else if from > at {
			w.buf = append(w.buf, ansi.CursorForward(from-at)...)
		}
		for _, c := range new.cells[from:to] {
			if c.Rune != ' ' || !w.look.Blank() || !c.Look.Blank() {
				w.turn(c.Look)
			}
			w.buf = append(w.buf, string(c.Rune)...)
		}
		at, x = to, to-1
	}
	if len(w.buf)-start > len(new.text)+len("\x1b[00;1H") { // all is new
		w.buf, w.look = w.buf[:start], look
		w.whole(y, new)
	}
}

// whole sends a line as the renderer did.
func (w *Wire) whole(y int, l line) {
	w.turn(Look{})
	w.goTo(y, 0)
	w.buf = append(w.buf, l.text...)
	w.buf = append(w.buf, ansi.EraseLineRight...)
}

// turn has what follows look so.
func (w *Wire) turn(look Look) {
	if look != w.look {
		w.buf = look.append(w.buf, w.look)
		w.look = look
	}
}

// join is how many cells that have not changed are sent again with those on
// either side of them: as many as going past them costs.
const join = 4

// run is the words around a cell that has changed, and those that follow closely.
func run(x int, old, new []Cell) (from, to int) {
	word := func(x int) bool { return unicode.IsLetter(new[x].Rune) || unicode.IsDigit(new[x].Rune) }
	from, to = x, x+1
	for from > 0 && word(from) && word(from-1) {
		from--
	}
	for near := 0; to+near < len(new) && near <= join; {
		if old[to+near] != new[to+near] || near == 0 && word(to-1) && word(to) {
			to, near = to+near+1, 0
		} else {
			near++
		}
	}
	return from, to
}

func (w *Wire) goTo(y, x int) {
	w.buf = append(w.buf, ansi.CursorPosition(x+1, y+1)...)
}
