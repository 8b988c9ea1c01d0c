package wire

import (
	"slices"

	"github.com/charmbracelet/x/ansi"
)

// scroll is lines that a frame shows at another place than the frame before
// it: from top to bottom (not included), by rows upwards, or downwards if that is
// negative.
type scroll struct {
	top, bottom, by int
}

// allMargins has the whole screen scroll again.
const allMargins = "\x1b[r"

// has reports whether a line is one of those.
func (s scroll) has(y int) bool { return s.top <= y && y < s.bottom }

// exposed is the lines that a scroll leaves empty, from one to another that is
// not included.
func (s scroll) exposed() (from, to int) {
	if s.by > 0 {
		return s.bottom - s.by, s.bottom
	}
	return s.top, s.top - s.by
}

// scroll has the terminal scroll if that brings lines of the next frame into
// place, and returns what it did. Lines are deleted and inserted between margins:
// every terminal can do that, and none keeps what it deletes in its history.
func (w *Wire) scroll(next []line) scroll {
	if slices.ContainsFunc(next, func(l line) bool { return !l.known }) {
		return scroll{}
	}
	s := bestScroll(w.shown, next)
	if s.by == 0 {
		return s
	}
	w.buf = append(w.buf, ansi.SetModeSynchronizedOutput+ansi.SetTopBottomMargins(s.top+1, s.bottom)...)
	w.goTo(s.top, 0)
	from, to := s.exposed()
	if s.by > 0 {
		w.buf = append(w.buf, ansi.DeleteLine(s.by)...)
		copy(w.shown[s.top:from], w.shown[s.top+s.by:s.bottom])
	} else {
		w.buf = append(w.buf, ansi.InsertLine(-s.by)...)
		copy(w.shown[to:s.bottom], w.shown[s.top:])
	}
	clear(w.shown[from:to])
	w.buf = append(w.buf, allMargins...)
	return s
}

// stripWidth is how many cells are looked at as one when scrolled lines are
// looked for: panes that stay, beside one that scrolls, must not hide it.
const stripWidth = 8

// scrollGain is how many strips a scroll must save: below that its own codes
// cost as much.
const scrollGain = 8

// strips is a number for each strip of a line.
func strips(line []Cell) (list []uint64) {
	for len(line) > 0 {
		n := min(stripWidth, len(line))
		sum := uint64(14695981039346656037)
		for _, c := range line[:n] {
			for _, v := range [2]uint64{uint64(c.Rune), uint64(c.Look.Attr)<<32 | uint64(c.Look.FG)<<16 | uint64(c.Look.BG)} {
				sum = (sum ^ v) * 1099511628211
				sum ^= sum >> 29
			}
		}
		list, line = append(list, sum), line[n:]
	}
	return list
}

// bestScroll is the scroll after which least must be sent, measured in strips: those
// that it brings into place, less those that it moves out of theirs.
func bestScroll(old, new []line) (best scroll) {
	stay := make([]int, len(new)+1) // strips in place above a line
	for y := range new {
		stay[y+1] = stay[y] + same(new[y].strips, old[y].strips)
	}
	most := scrollGain
	for by := 1 - len(new); by < len(new); by++ {
		gain, top := 0, 0
		for y := max(0, -by); by != 0 && y < min(len(new), len(new)-by); y++ {
			if gain <= 0 {
				gain, top = 0, y
			}
			gain += same(new[y].strips, old[y+by].strips) - (stay[y+1] - stay[y])
			s := scroll{min(top, top+by), max(y, y+by) + 1, by}
			if from, to := s.exposed(); gain-(stay[to]-stay[from]) > most {
				most, best = gain-(stay[to]-stay[from]), s
			}
		}
	}
	return best
}

// same counts the strips that two lines have in common.
func same(a, b []uint64) (n int) {
	if len(a) != len(b) {
		return 0
	}
	for i := range a {
		if a[i] == b[i] {
			n++
		}
	}
	return n
}
