package tui

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode/reference"
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
	more   []helpRow // that are looked through only when something is typed: structures, fields
	filter line
	scroll grid.Scroll
	grid   grid.Grid
}

// helpRow is a binding, a heading, or a blank between groups.
type helpRow struct {
	head, keys, text string
	key              string // that a click on the row presses
	why              string // it does nothing now
	find             string // what it is called besides, for the filter: the action's name
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
		row := helpRow{keys: strings.Join(b.Keys, " "), text: b.Help, find: string(b.Action) + " " + b.Label}
		if len(b.Keys) > 0 {
			row.key = b.Keys[0]
		}
		if m.over == nil && m.prompt == nil {
			row.why = m.disabled(b.Action)
		}
		h.all = append(h.all, row)
	}
	h.all = append(regroup(h.all), mouseRows...)
	words, declared := wordRows()
	h.all, h.more = append(h.all, words...), declared
	m.help = h
	h.match()
	m.resize()
}

// wordRows is the reference: the words of the formats, and what they declare.
func wordRows() (words, declared []helpRow) {
	words = []helpRow{{head: "Words"}}
	format := ""
	for _, e := range reference.Entries() {
		if e.Format == "" {
			words = append(words, helpRow{keys: e.Name, text: e.Text})
			continue
		}
		if e.Format != format {
			format = e.Format
			declared = append(declared, helpRow{head: format + ": structures and fields"})
		}
		declared = append(declared, entryRow(e, e.Name))
	}
	return words, declared
}

// entryRow is the row of a thing with a name.
func entryRow(e reference.Entry, name string) helpRow {
	text := e.Text
	if e.Field != nil {
		text += " (" + strings.Join(append([]string{e.Field.Type()}, e.Field.Rules()...), "; ") + ")"
	}
	return helpRow{keys: name, text: text}
}

// named are the rows of what is called as the filter says, or nearly so if nothing is and no
// row holds its words.
func named(term string, matches int) []helpRow {
	found, near := reference.Find(term)
	var rows []helpRow
	if len(found) > 0 {
		rows = append(rows, helpRow{head: "Called " + strings.TrimSpace(term)})
	} else if found = near; matches == 0 && len(near) > 0 {
		rows = append(rows, helpRow{head: "Nothing has all these words. Names that are near"})
	} else {
		return nil
	}
	for _, e := range found {
		rows = append(rows, entryRow(e, e.Title()))
	}
	return rows
}

// lookUp shows in the help what the field or structure under the cursor means, and what else
// has its name.
func (m *model) lookUp() tea.Cmd {
	p, _ := m.pointed()
	n, ok := p.Node()
	if !ok {
		m.say("no structure holds this byte", false)
		return nil
	}
	term := n.Name
	if n.Field != nil {
		term = n.Field.Layout().Name() + "." + n.Field.Name()
	} else if found, _ := reference.Find(term); len(found) == 0 {
		term = strings.TrimRight(term, " 0123456789") // "header 2"
	}
	m.openHelp()
	m.help.filter = line(term)
	m.help.match()
	return nil
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
	rows := h.all
	if len(words) > 0 {
		rows = slices.Concat(h.all, h.more)
	}
	head := -1 // of h.rows: a heading with nothing under it yet
	for _, r := range rows {
		text := strings.ToLower(r.keys + " " + r.text + " " + r.find)
		keep := true
		for _, w := range words {
			keep = keep && (r.head != "" || strings.Contains(text, w))
		}
		if !keep {
			continue
		}
		if r.head != "" && head == len(h.rows)-1 && head >= 0 && len(words) > 0 {
			h.rows = h.rows[:head]
		}
		if r.head != "" {
			head = len(h.rows)
		}
		h.rows = append(h.rows, h.wrapped(r)...)
	}
	if len(words) == 0 {
		h.scroll.To(0)
		return
	}
	if head >= 0 && head == len(h.rows)-1 {
		h.rows = h.rows[:head]
	}
	var first []helpRow
	for _, r := range named(string(h.filter), len(h.rows)) {
		first = append(first, h.wrapped(r)...)
	}
	h.rows = append(first, h.rows...)
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
			return pointer{m}.pressKey(key)
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
