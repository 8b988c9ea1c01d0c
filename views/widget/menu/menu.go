// Package menu is the list that one chooses from by typing: what is typed
// narrows it to the rows that hold those letters in that order, the best
// first. The command palette is one.
package menu

import (
	"strings"

	"github.com/sahilm/fuzzy"

	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

// Item is a row of a menu. Its texts are safe to print.
type Item struct {
	Name string // short, comes first
	Help string // what it does
	Key  string // that does the same; may be empty
	Why  string // it would do nothing now; empty if it would do something
}

// text is what the letters typed are looked for in.
func (i Item) text() string { return i.Name + "  " + i.Help }

// Menu is the menu.
type Menu struct {
	Title string

	items  []Item
	match  []int // of the items, by rank
	typed  string
	scroll grid.Scroll
	grid   grid.Grid
	name   int      // width of the names' column
	key    int      // of the keys'
	foot   []string // below the items: what the chosen row cuts
}

// New makes a menu of the items, in their order.
func New(title string, items []Item) *Menu {
	m := &Menu{Title: title, items: items}
	for _, i := range items {
		m.name, m.key = max(m.name, grid.Width(i.Name)), max(m.key, grid.Width(i.Key))
	}
	m.narrow()
	return m
}

// Len is the number of items.
func (m *Menu) Len() int { return len(m.items) }

// String makes the items a [fuzzy.Source].
func (m *Menu) String(i int) string { return strings.ToLower(m.items[i].text()) }

// narrow keeps the items that match what is typed.
func (m *Menu) narrow() {
	m.match = m.match[:0]
	if m.typed == "" {
		for i := range m.items {
			m.match = append(m.match, i)
		}
	} else {
		for _, hit := range fuzzy.FindFrom(strings.ToLower(m.typed), m) {
			m.match = append(m.match, hit.Index)
		}
	}
	m.fit()
	m.scroll.To(0)
}

// Choice is the item under the cursor; false if nothing matches.
func (m *Menu) Choice() (int, bool) {
	if len(m.match) == 0 {
		return 0, false
	}
	return m.match[m.scroll.Cursor], true
}

// To puts the cursor on an item, by its place in the list that New took, while nothing is typed.
func (m *Menu) To(item int) {
	if m.typed == "" {
		m.scroll.To(int64(item))
	}
}

// Do carries out the moves.
func (m *Menu) Do(a keymap.Action) { m.scroll.Do(a) }

// Type adds to what is typed.
func (m *Menu) Type(text string) {
	m.typed += text
	m.narrow()
}

// Erase takes the last letter back, or all of them; it reports false if there
// was none.
func (m *Menu) Erase(all bool) bool {
	r := []rune(m.typed)
	if len(r) == 0 {
		return false
	}
	m.typed = string(r[:len(r)-1])
	if all {
		m.typed = ""
	}
	m.narrow()
	return true
}

// Mouse scrolls, or puts the cursor on a row; it reports whether a row was
// clicked, which chooses it.
func (m *Menu) Mouse(y int, what views.Mouse) (chosen bool) {
	return what.On(&m.scroll, y-1-headRows)
}

// SetSize tells how many columns and rows the menu covers.
func (m *Menu) SetSize(w, h int) {
	m.grid.Resize(w, h)
	m.fit()
}

// headRows stand over the items: what is typed, and a blank.
const headRows = 2

// footMost is how many rows at most tell the whole of a text that its row cuts.
const footMost = 3

// fit gives the rows to the items, less those below that tell the whole of the chosen one.
func (m *Menu) fit() {
	a := m.grid.Area()
	rows := a.H() - 2 - headRows
	m.scroll.Fit(int64(len(m.match)), max(1, rows))
	m.foot = nil
	if n, ok := m.Choice(); ok && m.cuts(m.items[n], a.W()-2) && rows > 2*footMost {
		lines := grid.Wrap(m.items[n].line(), a.W()-4)
		m.foot = lines[:min(len(lines), footMost)]
		m.scroll.Fit(int64(len(m.match)), rows-len(m.foot))
	}
}

// cuts reports whether a row of a width cuts the text of an item.
func (m *Menu) cuts(i Item, w int) bool { return grid.Width(i.line()) > w-m.textAt()-1 }

// textAt is where the text of a row begins.
func (m *Menu) textAt() int {
	x := 2 + m.name + 2
	if m.key > 0 {
		x += m.key + 2
	}
	return x
}

// line is the text of a row: why it would do nothing, and what it does.
func (i Item) line() string {
	if i.Why != "" {
		return "(" + i.Why + ") " + i.Help
	}
	return i.Help
}

// View is the menu in its frame.
func (m *Menu) View(t *theme.Theme) string {
	m.fit()
	m.grid.Clear()
	in := m.grid.Area().Box(t, m.Title, true)
	x := in.Text(1, 0, "type to find: ", theme.Label)
	x = in.Text(x, 0, m.typed, theme.Strong)
	in.Set(x, 0, ' ', theme.Cursor)
	for y := range m.scroll.Rows {
		if n, ok := m.scroll.At(y); ok {
			m.drawItem(in.Row(headRows+y), m.items[m.match[n]], n == m.scroll.Cursor)
		}
	}
	for y, text := range m.foot {
		in.Text(1, in.H()-len(m.foot)+y, text, theme.Value)
	}
	if len(m.match) == 0 {
		in.Text(1, headRows, "nothing matches", theme.Dim)
	}
	if m.scroll.Top+int64(m.scroll.Rows) < m.scroll.Total {
		in.TextRight(in.W()-1, 0, "more below", theme.Dim)
	}
	return m.grid.String(t)
}

func (m *Menu) drawItem(a grid.Area, i Item, cursor bool) {
	name, key, help := theme.Strong, theme.HintKey, theme.Value
	if i.Why != "" {
		name, key, help = theme.Dim, theme.Dim, theme.Dim
	}
	x := 2
	a.TextFit(x, 0, m.name, i.Name, name)
	x += m.name + 2
	if m.key > 0 {
		a.TextFit(x, 0, m.key, i.Key, key)
	}
	x = m.textAt()
	a.TextFit(x, 0, a.W()-x-1, i.line(), help)
	if cursor {
		a.Paint(0, 0, a.W(), theme.Selected)
		a.Set(0, 0, '>', theme.Selected)
	}
}
