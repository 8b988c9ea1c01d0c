// Package listing is the list that covers the screen with what was found: rows
// in columns, of which one has the cursor. It may grow while it shows. What
// its rows lead to is the business of whoever made it.
package listing

import (
	"strings"

	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

// Row is a row of a list. Its texts are safe to print.
type Row struct {
	Cells []string
	Lead  int         // columns of the last cell before Mark
	Mark  string      // a part of the last cell that is shown strong
	Style theme.Style // of the last cell; 0 for the usual
	Plain string      // what copying the row gives, if that is not all cells
}

// Text is the row in one line, columns apart by two blanks.
func (r Row) Text() string { return strings.TrimSpace(strings.Join(r.Cells, "  ")) }

// List is the list. Title, Note and Empty are safe to print.
type List struct {
	Title string
	Note  string   // at the right end of the title
	Head  []string // over the columns; may be nil
	Empty string   // shown where there are no rows

	rows    []Row
	widths  []int // of the columns' longest cells
	columns []int // the widths that are drawn
	scroll  grid.Scroll
	grid    grid.Grid
}

// Add adds rows at the end.
func (l *List) Add(rows ...Row) {
	for _, r := range rows {
		l.measure(r.Cells)
	}
	l.rows = append(l.rows, rows...)
}

// Set replaces the rows and keeps the cursor where it is.
func (l *List) Set(rows []Row) {
	l.rows, l.widths = nil, nil
	l.Add(rows...)
}

// Rows are all rows.
func (l *List) Rows() []Row { return l.rows }

// measure makes the columns wide enough.
func (l *List) measure(cells []string) {
	for i, c := range cells {
		if i == len(l.widths) {
			l.widths = append(l.widths, 0)
		}
		l.widths[i] = max(l.widths[i], grid.Width(c))
	}
}

// Cursor is the number of the row under the cursor; false if there is none.
func (l *List) Cursor() (int, bool) {
	l.fit()
	return int(l.scroll.Cursor), len(l.rows) > 0
}

// Go puts the cursor on a row.
func (l *List) Go(row int) {
	l.fit()
	l.scroll.Center(int64(row))
}

// Do carries out the moves; it reports false for anything else.
func (l *List) Do(a keymap.Action) bool {
	l.fit()
	return l.scroll.Do(a)
}

// Mouse scrolls, or puts the cursor on a row; it reports whether a row was
// double-clicked.
func (l *List) Mouse(y int, what views.Mouse) (chosen bool) {
	l.fit()
	return what.On(&l.scroll, y-1-l.headRows()) && what == views.DoubleClick
}

// SetSize tells how many columns and rows the list covers.
func (l *List) SetSize(w, h int) {
	l.grid.Resize(w, h)
	l.fit()
}

func (l *List) headRows() int { return min(len(l.Head), 1) }

func (l *List) fit() {
	l.scroll.Fit(int64(len(l.rows)), max(1, l.grid.Area().H()-2-l.headRows()))
}

// View is the list in its frame.
func (l *List) View(t *theme.Theme) string {
	l.fit()
	l.grid.Clear()
	a := l.grid.Area()
	in := a.Box(t, l.Title, true)
	l.fitColumns(in.W())
	if w := grid.Width(l.Note); l.Note != "" && w+grid.Width(l.Title)+9 < a.W() {
		a.TextRight(a.W()-2, 0, " "+l.Note+" ", theme.FrameTitle)
	}
	if len(l.rows) == 0 {
		in.TextWrap(1, l.headRows(), l.Empty, theme.Dim)
	}
	if l.headRows() > 0 {
		l.draw(in.Row(0), l.Head, theme.Label, theme.Label)
	}
	for y := range l.scroll.Rows {
		if n, ok := l.scroll.At(y); ok {
			l.drawRow(in.Row(l.headRows()+y), l.rows[n], n == l.scroll.Cursor)
		}
	}
	return l.grid.String(t)
}

func (l *List) drawRow(a grid.Area, r Row, cursor bool) {
	last := theme.Value
	if r.Style != theme.Plain {
		last = r.Style
	}
	x := l.draw(a, r.Cells, theme.Value, last)
	a.TextFit(x+r.Lead, 0, a.W()-x-r.Lead-1, r.Mark, theme.Strong)
	if cursor {
		a.Paint(0, 0, a.W(), theme.Selected)
		a.Set(0, 0, '>', theme.Selected)
	}
}

// draw writes cells into the columns and returns where the last one starts.
func (l *List) draw(a grid.Area, cells []string, style, last theme.Style) int {
	x := indent
	for i, c := range cells {
		if i == len(cells)-1 {
			a.TextFit(x, 0, a.W()-x-1, c, last)
			break
		}
		a.TextFit(x, 0, l.columns[i], c, style)
		x += l.columns[i] + gap
	}
	return x
}

// indent is where the first column starts, gap lies between columns.
const indent, gap = 2, 2

// fitColumns makes the columns as wide as their cells; where the last one
// would not fit, the widest of the others give way, but not below a third of
// all.
func (l *List) fitColumns(w int) {
	l.columns = append(l.columns[:0], l.widths...)
	for i, h := range l.Head {
		if i == len(l.columns) {
			l.columns = append(l.columns, 0)
		}
		l.columns[i] = max(l.columns[i], grid.Width(h))
	}
	over := indent + 1 - gap - w
	for _, c := range l.columns {
		over += c + gap
	}
	for ; over > 0; over-- {
		widest := 0
		for i := range max(0, len(l.columns)-1) {
			if l.columns[i] > l.columns[widest] {
				widest = i
			}
		}
		if len(l.columns) == 0 || l.columns[widest] <= w/3 {
			return
		}
		l.columns[widest]--
	}
}
