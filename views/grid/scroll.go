package grid

import (
	"fmt"

	"platter/keymap"
	"platter/views/theme"
)

// Scroll is the state of a virtual list: which of Total rows has the cursor,
// and which is the first to show. Rows that do not show cost nothing.
type Scroll struct {
	Top, Cursor int64
	Total       int64
	Rows        int // that fit
}

// Fit tells how many rows there are and how many fit, and keeps the cursor
// among them and in sight.
func (s *Scroll) Fit(total int64, rows int) {
	s.Total, s.Rows = max(total, 0), max(rows, 0)
	s.To(s.Cursor)
}

// To puts the cursor on a row and scrolls as little as need be.
func (s *Scroll) To(row int64) {
	s.Cursor = max(0, min(row, s.Total-1))
	s.Top = max(s.Top, s.Cursor-int64(s.Rows)+1)
	s.Top = min(s.Top, s.Cursor)
	s.Top = max(0, min(s.Top, s.Total-int64(s.Rows)))
}

// Move moves the cursor by n rows, up if n is negative.
func (s *Scroll) Move(n int64) { s.To(s.Cursor + n) }

// Page moves the cursor and the view by n pages.
func (s *Scroll) Page(n int64) {
	step := n * int64(max(1, s.Rows-1))
	s.Top = max(0, min(s.Top+step, s.Total-int64(s.Rows)))
	s.To(s.Cursor + step)
}

// Wheel moves the view by n rows and the cursor only if it would leave it.
func (s *Scroll) Wheel(n int64) {
	s.Top = max(0, min(s.Top+n, s.Total-int64(s.Rows)))
	s.To(max(s.Top, min(s.Cursor, s.Top+int64(s.Rows)-1)))
}

// Center puts the cursor on a row and shows it with as much before as after.
func (s *Scroll) Center(row int64) {
	s.Top = max(0, min(row-int64(s.Rows)/2, s.Total-int64(s.Rows)))
	s.To(row)
}

// At is the row at line y of the view; false if there is none.
func (s *Scroll) At(y int) (int64, bool) {
	row := s.Top + int64(y)
	return row, y >= 0 && y < s.Rows && row < s.Total
}

// Do carries out the actions that move the cursor of a list; it reports false
// for all others.
func (s *Scroll) Do(a keymap.Action) bool {
	half := int64(max(1, s.Rows/2))
	switch a {
	case keymap.Down:
		s.Move(1)
	case keymap.Up:
		s.Move(-1)
	case keymap.PageDown:
		s.Page(1)
	case keymap.PageUp:
		s.Page(-1)
	case keymap.HalfDown:
		s.Move(half)
	case keymap.HalfUp:
		s.Move(-half)
	case keymap.First:
		s.To(0)
	case keymap.Last:
		s.To(s.Total - 1)
	default:
		return false
	}
	return true
}

// Roll carries out the same actions on a text: there is no cursor to see, so
// that the view itself moves.
func (s *Scroll) Roll(a keymap.Action) bool {
	page, half := int64(max(1, s.Rows-1)), int64(max(1, s.Rows/2))
	step, ok := map[keymap.Action]int64{
		keymap.Down: 1, keymap.Up: -1, keymap.PageDown: page, keymap.PageUp: -page,
		keymap.HalfDown: half, keymap.HalfUp: -half, keymap.First: -s.Total, keymap.Last: s.Total,
	}[a]
	if ok {
		s.Wheel(step)
	}
	return ok
}

// Extent says on the lower edge of the frame around the area which rows of a
// list or text show, and how to see the others, if these are not all.
func (a Area) Extent(s *Scroll, how string) {
	if s.Total <= int64(s.Rows) || s.Rows < 1 {
		return
	}
	text := fmt.Sprintf(" %d-%d of %d%s ", s.Top+1, min(s.Top+int64(s.Rows), s.Total), s.Total, how)
	if Width(text) <= a.w-4 {
		a.TextRight(a.w-2, a.h-1, text, theme.FrameTitle)
	}
}
