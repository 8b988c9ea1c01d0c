package start

import (
	"path/filepath"

	"platter/decode"
	"platter/views/grid"
	"platter/views/theme"
)

// sideWidth is the width from which on the picker stands beside the lists.
const sideWidth = 109

// arrange gives each list its room: the lists above the picker, or beside it.
func (v *View) arrange() {
	recent := min(len(v.cfg.Recent), max(2, v.h/5)) + 2
	if len(v.cfg.Recent) == 0 {
		recent = 3
	}
	v.story = storyRows
	samples := len(v.cfg.Samples) + 2 + v.story
	if len(v.cfg.Samples) == 0 {
		samples, v.story = 0, 0
	}
	if v.w >= sideWidth {
		left := v.w / 2
		v.story += 2 // the lines are shorter
		samples = max(0, min(samples+2, v.h-recent))
		v.lay = [panes]grid.Rect{
			recentPane: grid.At(0, 0, left, min(recent, v.h)),
			samplePane: grid.At(0, recent, left, samples),
			filePane:   grid.At(left, 0, v.w-left, v.h),
		}
		v.about = grid.At(0, recent+samples, left, max(0, v.h-recent-samples))
	} else {
		v.about = grid.Rect{}
		samples = min(samples, max(0, v.h-recent-4))
		v.lay = [panes]grid.Rect{
			recentPane: grid.At(0, 0, v.w, min(recent, v.h)),
			samplePane: grid.At(0, recent, v.w, samples),
			filePane:   grid.At(0, recent+samples, v.w, max(0, v.h-recent-samples)),
		}
	}
	v.story = max(0, min(v.story, samples-2-3)) // some samples show in any case
	for p := range panes {
		rows := v.lay[p].H - 2
		if p == samplePane {
			rows -= v.story
		}
		v.lists[p].Fit(int64(v.count(p)), rows)
	}
}

// View paints the screen, or gives the last one again.
func (v *View) View() string { return v.canvas.Paint(v.cfg.Theme, v.w, v.h, v.draw) }

func (v *View) draw(a grid.Area) {
	titles := [panes]string{"Recent files", "Built-in samples", "Files in " + decode.Printable(v.folder)}
	for p, title := range titles {
		r := v.lay[p]
		if r.H < 2 || r.W < 2 {
			continue
		}
		if pane(p) == filePane {
			title = "Files in " + grid.FitLeft(decode.Printable(v.folder), r.W-16)
		}
		in := r.In(a).Box(v.cfg.Theme, title, v.focus == pane(p))
		if pane(p) == samplePane && v.story > 0 {
			list := in.H() - v.story
			v.drawStory(in.Sub(0, list, in.W(), v.story))
			in = in.Sub(0, 0, in.W(), list)
		}
		v.drawList(in, pane(p))
	}
	if r := v.about; r.H >= len(about)+2 {
		in := r.In(a).Box(v.cfg.Theme, "Platter", false)
		for y, line := range about {
			in.TextFit(2, y, in.W()-2, line, theme.Dim)
		}
	}
}

// storyRows is how many lines tell of the selected sample.
const storyRows = 3

// drawStory tells what happened to the selected sample.
func (v *View) drawStory(a grid.Area) {
	i := int(v.lists[samplePane].Cursor)
	if i >= len(v.cfg.Samples) {
		return
	}
	for y, line := range grid.Wrap(decode.Printable(v.cfg.Samples[i].Story), a.W()-4) {
		if y < a.H() {
			a.TextFit(2, y, a.W()-3, line, theme.Dim)
		}
	}
}

// about tells a newcomer what this is, where there is room.
var about = []string{
	"Shows the disk images of virtual machines:",
	"VHD, VHDX and VMDK, down to the last byte.",
	"",
	"Images are opened read-only: looking changes nothing.",
	"No image at hand? Open a sample, or make one: C.",
	"? lists the keys.",
}

func (v *View) drawList(a grid.Area, p pane) {
	if v.count(p) == 0 {
		text := "none yet"
		if p == filePane {
			text = "no files here"
		}
		a.Text(2, 0, text, theme.Dim)
	}
	for y := range a.H() {
		i, ok := v.lists[p].At(y)
		if !ok {
			return
		}
		row := a.Row(y)
		v.drawRow(row, p, int(i))
		if i == v.lists[p].Cursor && p == v.focus {
			row.Paint(0, 0, row.W(), theme.Selected)
			row.Set(0, 0, '>', theme.Selected)
		}
	}
}

// nameWidth is the column of what is said about a sample.
const nameWidth = 10

func (v *View) drawRow(a grid.Area, p pane, i int) {
	switch p {
	case recentPane:
		path := decode.Printable(v.cfg.Recent[i])
		name := filepath.Base(path)
		x := a.TextFit(2, 0, a.W()-2, name, theme.Strong)
		if room := a.W() - x - 3; room > 8 {
			a.Text(x+2, 0, grid.FitLeft(filepath.Dir(path), room), theme.Dim)
		}
	case samplePane:
		s := v.cfg.Samples[i]
		x := a.TextFit(2, 0, nameWidth, decode.Printable(s.Name), theme.Strong)
		x = max(x, 2+nameWidth) + 1
		a.TextFit(x, 0, a.W()-x, decode.Printable(s.About), theme.Value)
	default:
		e := v.entries[i]
		style := theme.Dim
		switch {
		case e.folder:
			style = theme.Label
		case e.image:
			style = theme.Strong
		}
		name := decode.Printable(e.name)
		if e.folder {
			name += "/"
		}
		a.TextFit(2, 0, a.W()-14, name, style)
		a.TextRight(a.W()-1, 0, e.sizeText(), theme.Dim)
	}
}
