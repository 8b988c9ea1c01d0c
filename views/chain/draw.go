package chain

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/views/grid"
	"platter/views/theme"
)

// layout is where the panes lie; strip is the inside of answers, where the
// cells are.
type layout struct{ layers, link, answers, strip grid.Rect }

// sideWidth is the width from which on the link stands beside the layers.
const sideWidth = 109

// underStrip is the rows of a legend and of the ways through the layers.
const underStrip = 2

// stripHeight is the height from which on the strip shows: in less the layers and their links
// take its rows.
const stripHeight = 14

func (v *View) arrange() {
	answers := max(7, v.h/3)
	if v.h < stripHeight {
		answers = 0
	}
	above := v.h - answers
	l := layout{answers: grid.At(0, above, v.w, answers)}
	if v.w >= sideWidth {
		half := v.w * 55 / 100
		l.layers, l.link = grid.At(0, 0, half, above), grid.At(half, 0, v.w-half, above)
	} else {
		list := min(len(v.layers)+3, above/2)
		if answers == 0 {
			list = min(len(v.layers)+3, above*2/3)
		}
		l.layers, l.link = grid.At(0, 0, v.w, list), grid.At(0, list, v.w, above-list)
	}
	rows := answers - 2 - 1 - underStrip
	if answers < 8 {
		rows = answers - 2 - 2
	}
	l.strip = grid.At(2, above+1, max(0, v.w-4), max(0, rows))
	if v.lay = l; answers == 0 && v.focus == stripPane {
		v.focus = layersPane
	}
	v.rows.Fit(int64(len(v.layers)), l.layers.H-3)
	v.cell = max(0, min(v.cell, v.cells()-1))
	v.rewrap()
}

// cells is how many the strip has.
func (v *View) cells() int {
	if len(v.scan.List) == 0 {
		return 0
	}
	return v.lay.strip.W * v.lay.strip.H
}

// View paints the screen, or gives the last one again if nothing changed.
func (v *View) View() string { return v.canvas.Paint(v.theme, v.w, v.h, v.draw) }

func (v *View) draw(a grid.Area) {
	v.drawLayers(v.lay.layers.In(a))
	v.drawLink(v.lay.link.In(a))
	v.drawAnswers(a)
}

func (v *View) drawLayers(a grid.Area) {
	in := a.Box(v.theme, "Chain  the image first, its base last", v.focus == layersPane)
	c := [4]int{4, max(20, in.W()-44), max(34, in.W()-30), max(46, in.W()-12)}
	for i, name := range []string{"file", "type", "link to parent", "answers for"} {
		in.Text(c[i], 0, name, theme.Label)
	}
	in.Text(1, 0, "#", theme.Label)
	for y := range v.rows.Rows {
		i, ok := v.rows.At(y)
		if !ok {
			continue
		}
		l, row := v.layers[i], in.Row(y+1)
		words, style := l.words()
		row.Text(1, 0, string(layerGlyph(int(i))), theme.Strong)
		row.TextFit(c[0], 0, c[1]-c[0]-1, l.name(), theme.Value)
		row.TextFit(c[1], 0, c[2]-c[1]-1, decode.Printable(l.info.Type), theme.Dim)
		row.TextFit(c[2], 0, c[3]-c[2]-1, words, style)
		row.TextFit(c[3], 0, row.W()-c[3], v.share(int(i)), theme.Value)
		if i == v.rows.Cursor {
			row.Paint(0, 0, row.W(), theme.Selected)
			row.Set(0, 0, '>', theme.Selected)
		}
	}
}

// share is how much of the disk comes from a layer.
func (v *View) share(i int) string {
	more := ""
	if v.scan.At < v.scan.Size {
		more = " .."
	}
	return decode.FormatSize(uint64(v.scan.layers[i])) + more
}

// line is a line of the link's pane.
type line struct {
	label, text string
	style       theme.Style
}

// rewrap words the link of the layer under the cursor again.
func (v *View) rewrap() {
	v.lines = nil
	const indent = 10
	add := func(label, text string, style theme.Style) {
		for _, part := range grid.Wrap(text, v.lay.link.W-4-indent) {
			v.lines = append(v.lines, line{label, part, style})
			label = ""
		}
	}
	if l := v.current(); l.link.Term == "" {
		add("", "This layer has no parent: it is the base of the chain.", theme.Label)
	} else {
		v.words(l.link, add)
	}
	v.about.Fit(int64(len(v.lines)), v.lay.link.H-2)
}

// words tells what a child wants of its parent and what was found.
func (v *View) words(l disk.LinkInfo, add func(label, text string, style theme.Style)) {
	wanted := "an identity that the image does not give"
	if len(l.Wanted) > 0 {
		wanted = strings.Join(l.Wanted, " or ")
	}
	add("expects", decode.Printable(l.Term+" "+wanted), theme.Value)
	switch {
	case l.Found == "" && l.Fault != nil:
		add("found", "no file that could be the parent", theme.Error)
	case l.Found == "":
		add("found", "a parent without an identity", theme.Note)
	case (layer{link: l}).matches():
		add("found", decode.Printable(l.Term+" "+l.Found), theme.Value)
		add("", "matches", theme.Good)
	default:
		add("found", decode.Printable(l.Term+" "+l.Found), theme.Value)
		add("", "MISMATCH", theme.Error)
	}
	if l.Fault != nil {
		add("so", decode.Printable(l.Fault.Error()), theme.Warn)
	}
	for i, n := range l.Names {
		label := "names"
		if i > 0 {
			label = ""
		}
		add(label, fmt.Sprintf("%s: %s", decode.Printable(n.Label), decode.InQuotes(n.Name)), theme.Value)
		style := theme.Dim
		if n.Fate == "found, used" {
			style = theme.Good
		}
		add("", "  "+n.Fate, style)
	}
}

func (v *View) drawLink(a grid.Area) {
	title := "Link"
	if i := v.rows.Cursor; v.current().link.Term != "" {
		title = fmt.Sprintf("Link  %d -> %d", i, i+1)
	}
	in := a.Box(v.theme, title, v.focus == linkPane)
	for y := range v.about.Rows {
		if i, ok := v.about.At(y); ok {
			in.Text(1, y, v.lines[i].label, theme.Label)
			in.Text(11, y, v.lines[i].text, v.lines[i].style)
		}
	}
}

// layerGlyph is the sign of a layer: its number, then letters, as far as they
// go.
func layerGlyph(i int) rune {
	const signs = "0123456789abcdefghijklmnopqrstuvwxy"
	if i < len(signs) {
		return rune(signs[i])
	}
	return '*'
}

// restLooks are the signs of what no layer stores.
var restLooks = [disk.Missing + 1]struct {
	r     rune
	style theme.Style
	words string
}{
	disk.Zero:        {'z', theme.StateZero, "zeros"},
	disk.Unallocated: {'.', theme.StateNone, "none: reads as zeros"},
	disk.FromParent:  {'^', theme.StateParent, "a parent that is not there"},
	disk.Unmapped:    {'-', theme.StateUnmapped, "unmapped"},
	disk.Missing:     {'!', theme.StateMissing, "missing"},
}

func look(a answer) (rune, theme.Style) {
	switch {
	case !a.known:
		return ' ', theme.Plain
	case a.state == disk.Data && a.mixed:
		return layerGlyph(a.layer), theme.StatePartial
	case a.state == disk.Data:
		return layerGlyph(a.layer), theme.StateFull
	}
	return restLooks[a.state].r, restLooks[a.state].style
}

func (v *View) drawAnswers(a grid.Area) {
	in := v.lay.answers.In(a).Box(v.theme, v.answersTitle(), v.focus == stripPane)
	n := v.cells()
	if n == 0 {
		in.TextFit(1, 0, in.W()-2, "The disk can't be read.", theme.Label)
		return
	}
	strip := v.lay.strip.In(a)
	if v.own.img != nil {
		v.drawOwn(strip, in.Row(strip.H()))
		v.drawTrail(in, strip.H()+1)
		return
	}
	seen, mixed := map[disk.State]bool{}, false
	for i := range n {
		at := v.scan.cell(i, n)
		r, style := look(at)
		if i == v.cell && v.focus == stripPane {
			style = theme.Cursor
		}
		strip.Set(i%strip.W(), i/strip.W(), r, style)
		seen[at.state] = seen[at.state] || at.known
		mixed = mixed || at.mixed && at.state == disk.Data
	}
	v.drawLegend(in.Row(strip.H()), seen, mixed)
	v.drawTrail(in, strip.H()+1)
}

// drawTrail tells how the bytes of the cell under the cursor are found.
func (v *View) drawTrail(in grid.Area, y int) {
	for i, text := range v.trail.lines {
		in.TextFit(1, y+i, in.W()-2, text, theme.Status)
	}
}

func (v *View) answersTitle() string {
	if v.own.img != nil {
		return v.ownTitle()
	}
	s := "The topmost layer that stores any of each part of the disk"
	switch {
	case v.scan.Err != nil:
		s += "  ! " + decode.Printable(v.scan.Err.Error())
	case v.scan.Running:
		s += fmt.Sprintf("  %d %%", v.scan.Percent())
	}
	return s
}

// drawLegend explains the signs that show.
func (v *View) drawLegend(a grid.Area, seen map[disk.State]bool, mixed bool) {
	x := 1
	put := func(r rune, style theme.Style, words string) {
		if x+3+grid.Width(words) <= a.W() {
			a.Set(x, 0, r, style)
			x = a.Text(x+2, 0, words, theme.Dim) + 3
		}
	}
	for i, l := range v.layers {
		if v.scan.layers[i] > 0 {
			put(layerGlyph(i), theme.StateFull, l.name())
		}
	}
	if mixed {
		put('n', theme.StatePartial, "in this colour: it stores only some of the part")
	}
	for state, l := range restLooks {
		if seen[disk.State(state)] && disk.State(state) != disk.Data {
			put(l.r, l.style, l.words)
		}
	}
}
