package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode/glossary"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

// help is the overlay that lists the keys of a context, and the words of the formats.
// What is typed filters it.
type help struct {
	ctx    keymap.Context
	rows   []helpRow // that match
	all    []helpRow
	filter line
	scroll grid.Scroll
	grid   grid.Grid
}

// helpRow is a binding, a heading, or a blank between groups.
type helpRow struct {
	head, keys, text string
	key              string // that a click on the row presses
	why              string // it does nothing now
}

// mouseRows stand at the end of every help.
var mouseRows = []helpRow{
	{head: "Mouse"},
	{keys: "click", text: "Give a pane the focus, place the cursor, choose a tab; press a button, a hint, a badge, a key in this help"},
	{keys: "double click", text: "Open or follow"},
	{keys: "drag", text: "Select bytes"},
	{keys: "wheel", text: "Scroll; with ctrl zoom the map"},
	{keys: "shift+drag", text: "Select text for the terminal's own copy"},
}

func (m *model) openHelp() {
	ctx := m.context()
	h := &help{ctx: ctx}
	group := ""
	for _, b := range keymap.Bindings(ctx) {
		if m.needsImage(b.Action) {
			continue
		}
		if g := b.Group; g != group {
			group = g
			h.all = append(h.all, helpRow{head: g})
		}
		row := helpRow{keys: strings.Join(b.Keys, " "), text: b.Help}
		if len(b.Keys) > 0 {
			row.key = b.Keys[0]
		}
		if m.over == nil && m.prompt == nil {
			row.why = m.disabled(b.Action)
		}
		h.all = append(h.all, row)
	}
	h.all = append(append(regroup(h.all), mouseRows...), wordRows()...)
	m.help = h
	h.match()
	m.resize()
}

// wordRows is the glossary.
func wordRows() []helpRow {
	rows := []helpRow{{head: "Words"}}
	for _, e := range glossary.Entries() {
		rows = append(rows, helpRow{keys: e.Term, text: e.Text})
	}
	return rows
}

// regroup brings the rows of a group together, in the order in which groups
// first come up.
func regroup(rows []helpRow) []helpRow {
	var order []string
	groups := map[string][]helpRow{}
	head := ""
	for _, r := range rows {
		if r.head != "" {
			if head = r.head; groups[head] == nil {
				order = append(order, head)
			}
			continue
		}
		groups[head] = append(groups[head], r)
	}
	var out []helpRow
	for _, name := range order {
		out = append(append(out, helpRow{head: name}), groups[name]...)
	}
	return out
}

// match keeps the rows that hold all words of the filter.
func (h *help) match() {
	h.rows = h.rows[:0]
	words := strings.Fields(strings.ToLower(string(h.filter)))
	for _, r := range h.all {
		text := strings.ToLower(r.keys + " " + r.text)
		keep := r.head == "" || len(words) == 0
		for _, w := range words {
			keep = keep && strings.Contains(text, w)
		}
		if keep {
			h.rows = append(h.rows, h.wrapped(r)...)
		}
	}
	h.scroll.To(0)
}

// wrapped breaks a row whose sentence is longer than its column.
func (h *help) wrapped(r helpRow) []helpRow {
	if r.head != "" {
		return []helpRow{r}
	}
	text := r.text
	if r.why != "" {
		text += " (not here: " + r.why + ")"
	}
	start := max(keyColumn, 3+grid.Width(r.keys)+2)
	lines := grid.Wrap(text, max(10, h.width()-start-1))
	out := []helpRow{{keys: r.keys, key: r.key, text: lines[0], why: r.why}}
	for _, line := range lines[1:] {
		out = append(out, helpRow{key: r.key, text: strings.Repeat(" ", start-keyColumn) + line, why: r.why})
	}
	return out
}

func (h *help) resize(w, hh int) {
	h.grid.Resize(w, hh)
	h.match()
	h.scroll.Fit(int64(len(h.rows)), h.capacity())
}

// helpColumn is how wide a column of keys and their sentences is at least.
const helpColumn = 78

func (h *help) columns() int { return max(1, (h.grid.Area().W()-2)/helpColumn) }

// width is that of one of the columns.
func (h *help) width() int { return (h.grid.Area().W() - 2) / h.columns() }

// helpHead is the rows over the keys: the filter and a blank.
const helpHead = 2

// lines is how many rows a column has.
func (h *help) lines() int { return max(1, h.grid.Area().H()-2-helpHead) }

// capacity is how many rows fit at once.
func (h *help) capacity() int { return h.lines() * h.columns() }

func (h *help) view(t *theme.Theme) string {
	h.grid.Clear()
	a := h.grid.Area()
	title := "Keys: " + h.ctx.Title()
	in := a.Box(t, title, true)
	x := in.Text(1, 0, "filter: ", theme.Label)
	x = in.Text(x, 0, string(h.filter), theme.Strong)
	in.Set(x, 0, ' ', theme.Cursor)
	if h.filter == "" {
		in.Text(x+2, 0, "type what to find: save, or chunk", theme.Dim)
	}
	h.scroll.Fit(int64(len(h.rows)), h.capacity())
	rows := h.lines()
	for i := range h.capacity() {
		if n := int(h.scroll.Top) + i; n < len(h.rows) {
			h.drawRow(in.Sub(i/rows*h.width(), helpHead+i%rows, h.width(), 1), h.rows[n])
		}
	}
	if len(h.rows) == 0 {
		in.Text(1, 2, "no key matches, and no word", theme.Dim)
	}
	if h.scroll.Top+int64(h.capacity()) < int64(len(h.rows)) {
		in.TextRight(in.W()-1, 0, "more below", theme.Dim)
	}
	return h.grid.String(t)
}

// keyColumn is where the sentences start.
const keyColumn = 22

func (h *help) drawRow(a grid.Area, r helpRow) {
	if r.head != "" {
		a.Text(1, 0, r.head, theme.FrameTitle)
		return
	}
	keys, text := theme.HintKey, theme.Value
	if r.why != "" {
		keys, text = theme.Dim, theme.Dim
	}
	x := keyColumn
	if r.keys != "" {
		x = max(x, a.TextFit(3, 0, a.W()-3, r.keys, keys)+2)
	}
	a.TextFit(x, 0, a.W()-x-1, r.text, text)
}

// helpKey acts on the help; runes go into the filter.
func (m *model) helpKey(a keymap.Action, p press) {
	h := m.help
	switch a {
	case keymap.Cancel:
		if h.filter != "" && p.name == "esc" {
			h.filter = ""
			h.match()
			return
		}
		m.help = nil
	case keymap.Down:
		h.scroll.Wheel(1)
	case keymap.Up:
		h.scroll.Wheel(-1)
	case keymap.PageDown:
		h.scroll.Wheel(int64(h.scroll.Rows))
	case keymap.PageUp:
		h.scroll.Wheel(-int64(h.scroll.Rows))
	default:
		if (p.name == "?" || p.name == "q") && h.filter == "" {
			m.help = nil
			return
		}
		was := h.filter
		if h.filter.edit(p); h.filter != was {
			h.match()
		}
	}
}

// typed adds pasted text to the filter.
func (h *help) typed(msg tea.KeyMsg) {
	h.filter.typed(msg)
	h.match()
}

// mouseHelp scrolls, or closes the help and presses the key under the mouse.
func (m *model) mouseHelp(x, y int, what views.Mouse) tea.Cmd {
	h := m.help
	switch what {
	case views.WheelUp:
		h.scroll.Wheel(-3)
	case views.WheelDown:
		h.scroll.Wheel(3)
	default:
		if key := h.at(x-1, y-1-helpHead); key != "" {
			m.help = nil
			return m.pressKey(key)
		}
	}
	return nil
}

// at is the key whose row shows in a cell under the help's head.
func (h *help) at(x, y int) string {
	column := x / h.width()
	n := int(h.scroll.Top) + column*h.lines() + y
	if x < 0 || y < 0 || y >= h.lines() || column >= h.columns() || n >= len(h.rows) {
		return ""
	}
	return h.rows[n].key
}
