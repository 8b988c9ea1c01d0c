package findings

import (
	"fmt"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

// View paints the screen, or gives the last one again if nothing changed.
func (v *View) View() string { return v.canvas.Paint(v.theme, v.w, v.h, v.draw) }

func (v *View) draw(a grid.Area) {
	below := detailRows(v.h)
	v.drawList(a.Sub(0, 0, v.w, v.h-below))
	if lower := a.Sub(0, v.h-below, v.w, below); v.menu.open() {
		v.drawMenu(lower)
	} else {
		v.drawDetail(lower)
	}
}

// The columns of the list.
const (
	codeAt  = 5
	whereAt = codeAt + 11
	textAt  = whereAt + 15
)

func (v *View) drawList(a grid.Area) {
	in := a.Box(v.theme, v.title(), !v.menu.open() && !v.reading)
	a.Extent(&v.rows, "")
	if len(v.shown) == 0 {
		for i, line := range grid.Wrap(v.nothing(), in.W()-2) {
			in.TextFit(1, 1+i, in.W()-2, line, theme.Label)
		}
		return
	}
	in.Text(1, 0, "sev", theme.Label)
	in.Text(codeAt, 0, "code", theme.Label)
	in.Text(whereAt, 0, "where", theme.Label)
	in.Text(textAt, 0, "what", theme.Label)
	for y := range v.rows.Rows {
		if i, ok := v.rows.At(y); ok {
			v.drawRow(in.Row(y+1), v.shown[i], i == v.rows.Cursor)
		}
	}
}

func (v *View) title() string {
	s := fmt.Sprintf("Findings  %d", v.rowCount)
	switch v.least {
	case disk.SeverityWarning:
		s = fmt.Sprintf("Findings  %d of %d: warnings and errors", len(v.shown), v.rowCount)
	case disk.SeverityError:
		s = fmt.Sprintf("Findings  %d of %d: errors only", len(v.shown), v.rowCount)
	}
	if v.profile != "" {
		s += "  profile: " + v.profile + v.answer()
	}
	switch n := v.countReviewed(); {
	case n > 0 && v.hide:
		s += fmt.Sprintf("  %d reviewed, hidden", n)
	case n > 0:
		s += fmt.Sprintf("  %d reviewed", n)
	}
	return s
}

// answer is whether the image is fit for the profile, once all is known.
func (v *View) answer() string {
	verdict, asked := disk.VerdictOf(v.profile, v.all)
	switch {
	case !asked || !v.complete:
		return ""
	case verdict.Fit:
		return " (fit)"
	}
	return " (not fit)"
}

func (v *View) nothing() string {
	switch {
	case len(v.all) > 0:
		if v.hide && v.countReviewed() > 0 {
			return "All of these are reviewed. Press a to see them, o for other severities."
		}
		return "Nothing of this severity. Press o for the others."
	case v.foreign:
		return "This is not a VHD, VHDX or VMDK image, so there is nothing to check it against."
	case v.complete && v.staged:
		return "No problems found, with what is staged: on disk the image is as it was. s shows what a write would change."
	case v.complete:
		return "No problems found: all structures and tables follow the format."
	}
	return "No problems found so far; the check is still running."
}

// mark is the shape and the style of a severity.
func mark(s disk.Severity) (string, theme.Style) {
	switch s {
	case disk.SeverityError:
		return "!!", theme.Error
	case disk.SeverityWarning:
		return "! ", theme.Warn
	}
	return "i ", theme.Note
}

func (v *View) drawRow(row grid.Area, f disk.Finding, selected bool) {
	sign, style := mark(f.Severity)
	row.Text(1, 0, sign, style)
	row.TextFit(codeAt, 0, whereAt-codeAt-1, decode.Printable(f.Code), theme.Strong)
	if len(f.Where) > 0 {
		row.TextFit(whereAt, 0, textAt-whereAt-1, fmt.Sprintf("0x%x", f.Where[0].Offset), theme.Offset)
	}
	row.TextFit(textAt, 0, row.W()-textAt, views.Headline(f), theme.Value)
	if v.isReviewed(f) {
		row.Paint(0, 0, row.W(), theme.Dim)
		row.Set(3, 0, 'v', theme.Good)
	}
	if selected {
		row.Paint(0, 0, row.W(), theme.Selected)
		row.Set(0, 0, '>', theme.Selected)
	}
}
