package overview

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

// View paints the screen, or gives the last one again.
func (v *View) View() string { return v.canvas.Paint(v.env.Theme, v.w, v.h, v.draw) }

func (v *View) draw(a grid.Area) {
	for _, p := range []struct {
		where grid.Rect
		title string
		focus bool
		draw  func(grid.Area)
		rows  *grid.Scroll // nil: all that there is room for
	}{
		{v.lay.identity, "Identity", v.focus == identityPane, v.drawIdentity, &v.facts},
		{v.lay.next, v.nextTitle(), false, v.drawNext, nil},
		{v.lay.findings, v.findingsTitle(), v.focus == findingsPane, v.drawFindings, &v.list},
		{v.lay.strip, v.stripTitle(), false, v.drawStrip, nil},
		{v.lay.guest, "Partitions", false, v.drawGuest, nil},
	} {
		if p.where.W > 1 && p.where.H > 1 {
			p.draw(p.where.In(a).Box(v.env.Theme, p.title, p.focus))
			if p.rows != nil {
				p.where.In(a).Extent(p.rows, v.more(p.focus))
			}
		}
	}
}

// more says how to see the rows of a pane that do not fit.
func (v *View) more(focus bool) string {
	down := keymap.Key(keymap.Overview, keymap.Down)
	if focus {
		return " (" + down + ")"
	}
	return " (" + keymap.Key(keymap.Overview, keymap.NextPane) + ", " + down + ")"
}

func (v *View) nextTitle() string {
	if f, ok := v.selected(); ok {
		return decode.Printable(f.Code)
	}
	return "Next steps"
}

// drawNext explains the selected finding, then what one can do here.
func (v *View) drawNext(a grid.Area) {
	y := 0
	write := func(text string, style theme.Style) {
		for _, line := range grid.Wrap(decode.Printable(text), a.W()) {
			a.Text(0, y, line, style)
			y++
		}
	}
	if f, ok := v.selected(); ok {
		word, style := severity(f.Severity)
		write(word+" "+f.Severity.String()+": "+f.Text, style)
		if f.Detail != "" {
			write(f.Detail, theme.Value)
		}
		for _, p := range f.Where[:min(len(f.Where), 4)] {
			write("  "+where(p), theme.Dim)
		}
		y++
	}
	if v.info.Dirty {
		write("This disk was not closed cleanly.", theme.Warn)
	}
	for _, s := range v.steps() {
		x := a.Text(0, y, s[0], theme.HintKey)
		a.TextFit(max(x+2, 8), y, a.W(), s[1], theme.Value)
		y++
	}
}

// steps are what one can do from here, with the keys for it.
func (v *View) steps() [][2]string {
	key := func(a keymap.Action) string { return keymap.Key(keymap.Overview, a) }
	steps := [][2]string{}
	if v.Disabled(keymap.Open) == "" {
		steps = append(steps, [2]string{key(keymap.Open), "go to the bytes of this finding"})
	}
	return append(steps,
		[2]string{key(keymap.Screen2), "walk the structures and their bytes"},
		[2]string{key(keymap.GoTo), "go to an offset, a structure or a field"},
		[2]string{key(keymap.ShowHelp), "all keys of this screen"},
	)
}

func where(p decode.Place) string {
	text := fmt.Sprintf("%s 0x%x", p.File, p.Offset)
	if p.Length > 0 {
		text += fmt.Sprintf(" + %d", p.Length)
	}
	return text
}

func (v *View) findingsTitle() string {
	title := fmt.Sprintf("Findings  %d", len(v.findings.List))
	switch {
	case v.findings.Err != nil:
		title += ", not complete: " + decode.Printable(v.findings.Err.Error())
	case !v.findings.Complete:
		title += " ..."
	}
	return title
}

func (v *View) drawFindings(a grid.Area) {
	if len(v.findings.List) == 0 {
		text, style := "checking ..", theme.Dim
		switch {
		case !v.info.Readable():
			text, style = "!  the virtual disk can't be read; structures and bytes can", theme.Warn
		case v.findings.Complete:
			text, style = "ok  nothing deserves attention", theme.Good
		}
		a.TextFit(1, 0, a.W()-1, text, style)
		return
	}
	code := 0
	for _, f := range v.findings.List {
		code = max(code, min(grid.Width(decode.Printable(f.Code)), 16))
	}
	for y := range a.H() {
		i, ok := v.list.At(y)
		if !ok {
			break
		}
		v.drawFinding(a.Row(y), v.findings.List[i], code, i == v.list.Cursor)
	}
}

// place is where the evidence of a finding lies; the name of an only file
// would say nothing.
func (v *View) place(f disk.Finding) string {
	if len(f.Where) == 0 {
		return ""
	}
	p := f.Where[0]
	if v.files == 1 {
		p.File = ""
	}
	return strings.TrimSpace(where(p))
}

// placeWidth is the column of the places.
func (v *View) placeWidth() int {
	if v.files == 1 {
		return 20
	}
	return 36
}

func (v *View) drawFinding(a grid.Area, f disk.Finding, code int, cursor bool) {
	mark, style := severity(f.Severity)
	a.Text(1, 0, mark, style)
	a.TextFit(4, 0, code, decode.Printable(f.Code), theme.Label)
	x := 4 + code + 2
	if a.W() >= 100 {
		a.TextFit(x, 0, v.placeWidth(), decode.Printable(v.place(f)), theme.Dim)
		x += v.placeWidth() + 2
	}
	a.TextFit(x, 0, a.W()-x, views.Headline(f), theme.Value)
	if cursor && v.focus == findingsPane {
		a.Paint(0, 0, a.W(), theme.Selected)
		a.Set(0, 0, '>', theme.Selected)
	}
}
