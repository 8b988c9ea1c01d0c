package overview

import (
	"fmt"

	"platter/decode"
	"platter/engine/disk"
	"platter/views/grid"
	"platter/views/theme"
)

func (v *View) stripTitle() string {
	title := "Allocation"
	if n := v.total[disk.Data]; v.scan.Size > 0 {
		title += fmt.Sprintf("  %s of %s stored (%.1f %%)", decode.FormatSize(uint64(n)), decode.FormatSize(uint64(v.scan.Size)), float64(n)/float64(v.scan.Size)*100)
	}
	switch {
	case v.scan.Err != nil:
		title += "  ! " + decode.Printable(v.scan.Err.Error())
	case v.scan.Running:
		title += fmt.Sprintf("  %d %% scanned", v.scan.Percent())
	case v.scan.At < v.scan.Size:
		title += fmt.Sprintf("  stopped at %d %%", v.scan.Percent())
	}
	return title
}

func (v *View) drawStrip(a grid.Area) {
	rows := a.H()
	if rows >= 3 {
		rows -= 2
		v.drawLegend(a.Row(a.H() - 1))
	}
	if a.W() == 0 || rows == 0 || len(v.scan.List) == 0 {
		return
	}
	for i := range a.W() * rows {
		var t tally
		for _, u := range v.scan.Cell(i, a.W()*rows) {
			t.add(u)
		}
		r, style := v.glyph(t)
		a.Set(i%a.W(), i/a.W(), r, style)
	}
}

// glyph is how a part of the disk looks: what is missing wins, then how much
// is stored, then what the rest is.
func (v *View) glyph(t tally) (rune, theme.Style) {
	g := v.env.Theme.Glyphs
	states := g.States()
	of := func(cell int) (rune, theme.Style) { return states[cell].Glyph, states[cell].Style }
	sum := t.sum()
	switch data := t[disk.Data]; {
	case sum == 0:
		return ' ', theme.Plain
	case t[disk.Missing] > 0:
		return of(theme.CellMissing)
	case data == sum:
		return of(theme.CellFull)
	case data > 0:
		return g.Density(density(data, sum)), theme.StatePartial
	}
	most := disk.Unallocated
	for _, s := range []disk.State{disk.Zero, disk.FromParent, disk.Unmapped} {
		if t[s] > 0 && t[s] >= t[most] {
			most = s
		}
	}
	return of(cellOf[most])
}

// cellOf is how a state shows on a map.
var cellOf = [...]int{
	disk.Data: theme.CellFull, disk.Zero: theme.CellZero, disk.Unallocated: theme.CellNone,
	disk.FromParent: theme.CellParent, disk.Unmapped: theme.CellUnmapped, disk.Missing: theme.CellMissing,
}

// density grades what is stored: 1 up to half, 2 up to three quarters, 3 up
// to less than all.
func density(data, sum int64) int {
	switch part := float64(data) / float64(sum); {
	case part > 0.75:
		return 3
	case part > 0.5:
		return 2
	}
	return 1
}

// drawLegend explains the marks that show.
func (v *View) drawLegend(a grid.Area) {
	g := v.env.Theme.Glyphs
	x := 0
	put := func(r rune, style theme.Style, text string) {
		if x+4+len(text) > a.W() {
			return
		}
		a.Set(x, 0, r, style)
		x = a.Text(x+2, 0, text, theme.Dim) + 3
	}
	states := g.States()
	put(states[theme.CellFull].Glyph, states[theme.CellFull].Style, "present")
	for part, text := range []string{"some", ">50 %", ">75 %"} {
		put(g.Density(part+1), theme.StatePartial, text)
	}
	for state, cell := range cellOf {
		if state != int(disk.Data) && v.total[state] > 0 {
			put(states[cell].Glyph, states[cell].Style, states[cell].Name)
		}
	}
}
