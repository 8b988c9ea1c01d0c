package structure

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
	"platter/views/widget/explain"
)

// crumbs names the current node with up to n of those above it: "header
// 2.Checksum".
func (v *View) crumbs(n int) string {
	trail := v.trail()
	if len(trail) == 0 {
		return ""
	}
	if len(trail) > 1 {
		trail = trail[1:]
	}
	trail = trail[max(0, len(trail)-n):]
	names := make([]string, len(trail))
	for i, t := range trail {
		names[i] = decode.Printable(t.Name)
	}
	return strings.Join(names, ".")
}

// notes is all there is to say about a node.
func (v *View) notes(n decode.Node) []explain.Note {
	var second *decode.Place
	if place, ok := v.secondPlace(); ok {
		second = &place
	}
	return explain.Notes(n, v.crumbs(4), second)
}

func (v *View) drawExplain(a grid.Area) {
	n, ok := v.current()
	if !ok {
		a.Text(0, 0, "..", theme.Dim)
		return
	}
	notes := v.betweenNotes
	if !v.outside() {
		notes = func() []explain.Note { return v.notes(n) }
	}
	total := int64(explain.Draw(a, notes(), int(v.lines.Top)))
	v.lines.Fit(total, a.H())
	if v.lines.Top+int64(a.H()) < total {
		a.TextRight(a.W(), a.H()-1, " more (tab, j) ", theme.Dim)
	}
}

// statusCrumbs is how many names the status line has.
const statusCrumbs = 3

// Crumb goes to the structure that a name in the status line stands for.
func (v *View) Crumb(x int) tea.Cmd {
	trail := v.trail()
	above := max(min(len(trail), 2)-1, len(trail)-statusCrumbs)
	at := v.crumbsAt
	for i, n := range trail[min(above, len(trail)):] {
		w := grid.Width(decode.Printable(n.Name))
		if x >= at && x < at+w && v.seek.number == 0 {
			c := v.tree.cursor
			path := c.in.path(c.index)[1 : above+i+1]
			return views.Send(views.Goto{To: views.Spot{Place: n.Place, Path: path}})
		}
		at += w + 1
	}
	return nil
}

// Status is where the cursors are.
func (v *View) Status() string {
	parts := []string{}
	if v.edit.On() {
		parts = append(parts, v.edit.Words())
	}
	if src := v.hex.Source(); src.Size > 0 {
		parts = append(parts, decode.Printable(src.Name)+" "+v.hex.FormatOffset(v.hex.Cursor()))
	}
	if v.seek.number != 0 {
		return strings.Join(append(parts, ".."), " | ")
	}
	if v.outside() {
		return strings.Join(append(parts, v.betweenName()), " | ")
	}
	v.crumbsAt = grid.Width(strings.Join(append(parts, ""), " | "))
	parts = append(parts, v.crumbs(statusCrumbs))
	if n, ok := v.current(); ok && n.Field != nil {
		c := v.tree.cursor
		parts = append(parts, fmt.Sprintf("field %d of %d", c.index+1, c.in.node.Len()))
	}
	return strings.Join(parts, " | ")
}
