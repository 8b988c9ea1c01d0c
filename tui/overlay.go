package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/keymap"
	"platter/views"
	"platter/views/theme"
	"platter/views/widget/listing"
	"platter/views/widget/menu"
)

// overlay covers the screen between the tabs and the status line, and takes
// all keys.
type overlay interface {
	context() keymap.Context
	SetSize(w, h int)
	View(*theme.Theme) string
	do(*model, keymap.Action, press) tea.Cmd
	mouse(m *model, x, y int, what views.Mouse) tea.Cmd // in its own cells
	typed(tea.KeyMsg)
	skip(keymap.Action) bool // the action would do nothing here
}

// cover shows an overlay. A list that comes over the review goes away from it
// again.
func (m *model) cover(o overlay) {
	if r, ok := o.(*results); ok && r != m.over {
		r.below = nil
		switch old := m.over.(type) {
		case staging:
			r.below = old
		case *results:
			if old.Title == r.Title { // the same list as it is by now
				r.below = old.below
			}
		}
	}
	if c, ok := o.(*choice); ok {
		if s, over := m.over.(staging); over {
			c.below = s
		}
	}
	m.over = o
	m.resize()
}

// results is a list of what was found. Its functions may be nil.
type results struct {
	listing.List
	open   func(row int) tea.Cmd
	remove func(row int) tea.Cmd
	shift  func(row, by int) tea.Cmd // moves the row up (-1) or down
	part   func(row int) part        // what can be saved or hashed
	below  overlay                   // what the list covers

	compare bool // the list leads on to a comparison with another image
}

func (*results) context() keymap.Context { return keymap.Results }

func (*results) typed(tea.KeyMsg) {}

func (r *results) skip(a keymap.Action) bool {
	_, any := r.Cursor()
	switch a {
	case keymap.Accept:
		return r.open == nil || !any
	case keymap.Remove:
		return r.remove == nil || !any
	case keymap.Earlier, keymap.Later:
		return r.shift == nil || !any
	case keymap.Copy, keymap.CopyAll:
		return !any
	case keymap.SaveBytes, keymap.HashThis:
		return r.part == nil || !any
	case keymap.CompareImage:
		return !r.compare
	}
	return false
}

func (r *results) do(m *model, a keymap.Action, p press) tea.Cmd {
	row, any := r.Cursor()
	switch {
	case a == "" && any && len(p.name) == 1 && p.name >= "1" && p.name <= "9":
		r.Go(min(int(p.name[0]-'1'), len(r.Rows())-1)) // the row of that number
	case r.Do(a):
	case a == keymap.Cancel:
		m.cover(r.below)
	case a == keymap.ShowHelp:
		m.openHelp()
	case a == keymap.CompareImage && r.compare:
		return m.comparison.open()
	case !any:
	case a == keymap.Accept && r.open != nil:
		return r.open(row)
	case a == keymap.Remove && r.remove != nil:
		return r.remove(row)
	case a == keymap.Earlier && r.shift != nil:
		return r.shift(row, -1)
	case a == keymap.Later && r.shift != nil:
		return r.shift(row, 1)
	case a == keymap.SaveBytes && r.part != nil:
		p := r.part(row)
		return m.export.askName(m.export.saveBytes(p.what, p.place), m.export.defaultName(p.what, p.place.Offset, "bin"))
	case a == keymap.HashThis && r.part != nil:
		return m.export.hash(r.part(row))
	case a == keymap.Copy:
		text := r.Rows()[row].Plain
		if text == "" {
			text = r.Rows()[row].Text()
		}
		return m.export.clip(text, "the row")
	case a == keymap.CopyAll:
		return m.export.clip(r.text(), "all rows")
	}
	return nil
}

// text is the whole list.
func (r *results) text() string {
	var lines []string
	for _, row := range r.Rows() {
		lines = append(lines, row.Text())
	}
	return strings.Join(lines, "\n")
}

func (r *results) mouse(_ *model, _, y int, what views.Mouse) tea.Cmd {
	chosen := r.Mouse(y, what)
	if row, ok := r.Cursor(); ok && chosen && r.open != nil {
		return r.open(row)
	}
	return nil
}

// choice is a menu and what its items do.
type choice struct {
	*menu.Menu
	choose func(item int) tea.Cmd
	below  overlay // the review, where the menu came over that
}

func (*choice) context() keymap.Context { return keymap.Menu }

func (*choice) skip(keymap.Action) bool { return false }

// typed narrows the menu. Pasted text is made harmless.
func (c *choice) typed(msg tea.KeyMsg) {
	if msg.Type == tea.KeyRunes || msg.Type == tea.KeySpace {
		c.Type(plainText(string(msg.Runes)))
	}
}

func (c *choice) do(m *model, a keymap.Action, p press) tea.Cmd {
	switch {
	case a == keymap.Accept:
		return c.take(m)
	case a == keymap.Cancel && p.name == "esc" && c.Erase(true):
	case a == keymap.Cancel:
		m.cover(c.below)
	case a == keymap.ShowHelp:
		m.openHelp()
	case a != "":
		c.Do(a)
	case p.name == "backspace" || p.name == "ctrl+h":
		c.Erase(false)
	case p.name == "ctrl+u":
		c.Erase(true)
	default:
		c.typed(p.msg)
	}
	return nil
}

// take closes the menu and does what was chosen.
func (c *choice) take(m *model) tea.Cmd {
	item, ok := c.Choice()
	if !ok {
		return nil
	}
	m.cover(c.below)
	return c.choose(item)
}

func (c *choice) mouse(m *model, _, y int, what views.Mouse) tea.Cmd {
	if c.Mouse(y, what) {
		return c.take(m)
	}
	return nil
}
