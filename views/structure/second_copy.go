package structure

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

// second is the comparison of a structure with its second copy.
type second struct {
	place decode.Place // of the structure that is compared
	names [2]string
	rows  []secondRow
	more  bool // there are more rows than were read
}

type secondRow struct {
	name   string
	values [2]string
	differ bool
}

// secondRows bounds the fields that are compared.
const secondRows = 128

// secondRead is a comparison that was asked for.
type secondRead struct {
	gen    views.Gen
	second second
}

// readSecondCopy asks for the comparison of the current structure with its second copy.
func (v *View) readSecondCopy() tea.Cmd {
	trail := v.trail()
	i := len(trail) - 1
	for ; i >= 0; i-- {
		if n := trail[i]; n.Field == nil && n.SecondCopy != nil && n.Len() > 0 {
			break
		}
	}
	if i < 0 {
		v.second = second{}
		return nil
	}
	n, root := trail[i], trail[0]
	if !v.lay.second.Shows() || v.second.place == n.Place {
		return nil
	}
	v.second = second{place: n.Place}
	gen := v.gen
	return func() tea.Msg { return secondRead{gen, compare(root, n)} }
}

// compare finds the second copy in the tree and sets its fields against the
// first one's.
func compare(root, n decode.Node) second {
	t := second{place: n.Place, names: [2]string{n.Name, ""}}
	s := seek{file: n.SecondCopy.File, off: n.SecondCopy.Offset, length: n.Place.Length}
	_, nodes := s.run(root)
	other := nodes[len(nodes)-1]
	if other.Place.Length != n.Place.Length || other.Place.Offset != n.SecondCopy.Offset {
		return t
	}
	t.names[1] = other.Name
	for i := range min(n.Len(), other.Len(), secondRows) {
		a, b := n.Child(i), other.Child(i)
		t.rows = append(t.rows, secondRow{a.Name, [2]string{value(a), value(b)}, a.Value != b.Value || !slices.Equal(a.Raw, b.Raw)})
	}
	t.more = n.Len() > secondRows
	return t
}

func (v *View) secondRead(msg secondRead) {
	if msg.gen == v.gen && msg.second.place == v.second.place {
		v.second, v.canvas.Dirty = msg.second, true
	}
}

func (t *second) draw(a grid.Area, th *theme.Theme) {
	if t.names[1] == "" {
		a.Box(th, "Second copy", false).TextFit(0, 0, a.W()-2, "This structure has no second copy.", theme.Dim)
		return
	}
	a = a.Box(th, "Second copy  "+decode.Printable(t.names[0])+" | "+decode.Printable(t.names[1]), false)
	name := 0
	for _, r := range t.rows {
		name = max(name, grid.Width(r.name))
	}
	name = min(name+2, a.W()/3)
	column := (a.W() - name - 2) / 2
	for y, r := range t.rows {
		if y == a.H()-1 && y < len(t.rows)-1 {
			a.Text(0, y, "..", theme.Dim)
			return
		}
		style, mark := theme.Value, ' '
		if r.differ {
			style, mark = theme.Warn, '#'
		}
		a.Set(0, y, mark, style)
		a.TextFit(2, y, name-2, decode.Printable(r.name), theme.Label)
		a.TextFit(name+1, y, column-1, r.values[0], style)
		a.TextFit(name+1+column, y, column, r.values[1], style)
	}
}
