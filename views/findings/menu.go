package findings

import (
	"errors"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

// menu is the list of repairs of a finding that takes the place of the lower
// pane. The zero menu is closed.
type menu struct {
	about   about
	repairs []disk.Repair
	cursor  int   // -1 for none
	drawn   []int // the repair of each line that shows
}

func (m *menu) open() bool { return len(m.repairs) > 0 }

func (m *menu) close() { *m = menu{} }

// do carries an action of the menu out.
func (m *menu) do(a keymap.Action) tea.Cmd {
	switch a {
	case keymap.Down:
		m.cursor = min(m.cursor+1, len(m.repairs)-1)
	case keymap.Up:
		m.cursor = max(m.cursor-1, 0)
	case keymap.Cancel, keymap.Escape:
		m.close()
	case keymap.Accept:
		return m.stage()
	}
	return nil
}

// mouse puts the cursor on the repair in a line; twice stages it.
func (m *menu) mouse(line int, what views.Mouse) tea.Cmd {
	switch {
	case what == views.WheelUp:
		return m.do(keymap.Up)
	case what == views.WheelDown:
		return m.do(keymap.Down)
	case line < 0 || line >= len(m.drawn):
		return nil
	}
	m.cursor = m.drawn[line]
	if what == views.DoubleClick {
		return m.stage()
	}
	return nil
}

// stage closes the menu and asks for the repair under the cursor to be staged.
func (m *menu) stage() tea.Cmd {
	if m.cursor < 0 {
		return views.Send(views.Failed{Err: errors.New("nothing tells which of these repairs is right: choose one")})
	}
	r, of := m.repairs[m.cursor], m.about
	m.close()
	return views.Send(views.Stage{Image: of.image, Title: "repair " + of.code + ": " + r.Title, Repair: &r, Note: "u undoes it"})
}

// openMenu opens the list of repairs of the finding under the cursor, as soon as
// it is known.
func (v *View) openMenu() tea.Cmd {
	if why := v.noRepair(); why != "" {
		return views.Send(views.Failed{Err: errors.New(why)})
	}
	if v.offer.here {
		return v.showOffer()
	}
	v.offer.wanted = true
	return nil
}

// noRepair says why there is nothing to choose from; empty if there is.
func (v *View) noRepair() string {
	f, ok := v.current()
	switch {
	case !ok:
		return "there is no finding to repair"
	case !f.Repairable || v.offer.by == nil:
		return "no in-place repair is known for this finding"
	case v.editor != nil:
		return ""
	case v.why != "":
		return v.why
	}
	return "this image is open read-only"
}

// repairWords says in the finding's headline that there are repairs.
func (v *View) repairWords(f disk.Finding) string {
	n := len(v.offered(f))
	if n == 0 {
		return ""
	}
	words := "; " + decode.Plural(n, "repair", "repairs")
	switch all := slices.ContainsFunc(v.offered(f), func(r disk.Repair) bool { return r.All }); {
	case all:
		words += " of all of them, or of the first"
	case f.Count > 1:
		words += " of the first of them"
	}
	if v.noRepair() == "" {
		words += ": press f"
	}
	return words
}

// menuLine is a line of the list of repairs.
type menuLine struct {
	text  string
	style theme.Style
	item  int
}

// lines are all repairs with their risks, in w columns.
func (m *menu) lines(w int) []menuLine {
	var list []menuLine
	for i, r := range m.repairs {
		for _, l := range grid.Wrap(decode.Printable(r.Title), w) {
			list = append(list, menuLine{l, theme.Strong, i})
		}
		risk := "no risk"
		style := theme.Label
		if r.Risk != "" {
			risk, style = "risk: "+r.Risk, theme.Warn
		}
		for _, l := range grid.Wrap(decode.Printable(risk), w-2) {
			list = append(list, menuLine{"  " + l, style, i})
		}
	}
	return list
}

func (v *View) drawMenu(a grid.Area) {
	m := &v.menu
	in := a.Box(v.theme, "Repairs of "+decode.Printable(m.about.code)+": enter stages one, nothing is written yet", true)
	lines := m.lines(in.W() - 4)
	last := 0
	for i, l := range lines {
		if l.item == m.cursor {
			last = i
		}
	}
	top := max(0, last+1-in.H())
	a.Extent(&grid.Scroll{Top: int64(top), Total: int64(len(lines)), Rows: in.H()}, "")
	m.drawn = m.drawn[:0]
	for y := range min(in.H(), len(lines)-top) {
		l := lines[top+y]
		m.drawn = append(m.drawn, l.item)
		in.TextFit(3, y, in.W()-4, l.text, l.style)
		if l.item == m.cursor {
			in.Paint(0, y, in.W(), theme.Selected)
			in.Set(1, y, '>', theme.Selected)
		}
	}
}
