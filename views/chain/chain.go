// Package chain is the screen of a differencing image: its layers down to the
// base, how each is tied to its parent and why that holds or not, and which
// layer answers for each part of the disk.
package chain

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
	"platter/views/widget/parts"
)

// pane is one that can have the focus.
type pane uint8

const (
	layersPane pane = iota
	linkPane
	stripPane
	panes
)

// layer is one image of the chain.
type layer struct {
	info disk.Info
	link disk.LinkInfo
	more bool   // there is a layer below it
	path string // to open it with
}

// View is the chain screen. It implements [views.View].
type View struct {
	image disk.Image
	theme *theme.Theme

	w, h  int
	lay   layout
	focus pane

	layers []layer
	rows   grid.Scroll
	lines  []line // of the link under the cursor, broken for its pane
	about  grid.Scroll
	scan   scan
	own    ownScan // of the overlay; without an image the answers show
	cell   int     // of the strip
	trail  trail

	canvas grid.Canvas
}

// Lacks says why an image has no chain to show; empty if it has one.
func Lacks(img disk.Image) string {
	if img.Parent() == nil && img.Info().Parent == "" {
		return "this image has no parent: it is the whole chain by itself"
	}
	return ""
}

// New makes the screen of an image. Start looks which layer answers for what.
func New(env views.Env) *View {
	v := &View{theme: env.Theme}
	v.take(env.Image)
	return v
}

// take walks down the chain; nothing is read for that.
func (v *View) take(img disk.Image) {
	v.image, v.layers, v.canvas.Dirty = img, nil, true
	for at := img; at != nil; at = at.Parent() {
		l := layer{info: at.Info(), more: at.Parent() != nil}
		if linked, ok := at.(disk.Linked); ok {
			l.link = linked.Link()
		}
		l.path = l.info.Path
		v.layers = append(v.layers, l)
	}
	v.scan = newScan(img, len(v.layers))
	v.trail, v.own = trail{}, ownScan{}
	v.arrange()
}

// Start scans the map.
func (v *View) Start() tea.Cmd { return v.scan.Step() }

// Stop ends the scan.
func (v *View) Stop() bool {
	v.canvas.Dirty = true
	own := v.own.Stop()
	return v.scan.Stop() || own
}

// Title is the word on the tab.
func (v *View) Title() string { return "Chain" }

// Context is the screen's own.
func (v *View) Context() keymap.Context { return keymap.Chain }

// SetSize arranges the panes again.
func (v *View) SetSize(w, h int) {
	v.w, v.h, v.canvas.Dirty = w, h, true
	v.arrange()
}

// Update takes answers in.
func (v *View) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case parts.Found[share]:
		v.canvas.Dirty = true
		return v.scan.take(msg)
	case parts.Found[holding]:
		return v.takeOwn(msg)
	case trailed:
		if msg.gen == v.trail.gen {
			v.trail, v.canvas.Dirty = msg.trail, true
		}
	case views.Changed:
		v.scan.Stop()
		v.take(msg.Image)
		return v.Start()
	}
	return nil
}

// current is the layer under the cursor.
func (v *View) current() layer {
	if i := v.rows.Cursor; i >= 0 && i < int64(len(v.layers)) {
		return v.layers[i]
	}
	return layer{}
}

// broken counts the links that do not hold.
func (v *View) broken() (n int) {
	for _, l := range v.layers {
		if l.link.Fault != nil {
			n++
		}
	}
	return n
}

// Status counts layers and broken links, or tells about the cell under the
// cursor.
func (v *View) Status() string {
	if v.focus == stripPane {
		return v.cellWords()
	}
	s := decode.Plural(len(v.layers), "layer", "layers")
	switch n := v.broken(); {
	case n > 0:
		s += fmt.Sprintf(" | %s: what the parent holds can't be read", decode.Plural(n, "broken link", "broken links"))
	default:
		s += " | all links hold"
	}
	if v.scan.Running {
		s += fmt.Sprintf(" | map scanned %d %%  (esc stops)", v.scan.Percent())
	}
	return s
}

// name is a layer's file without its folder, printable.
func (l layer) name() string {
	return decode.BaseName(l.info.Path)
}

// words say how a layer is tied to the one below it.
func (l layer) words() (string, theme.Style) {
	switch {
	case l.link.Fault != nil && l.link.Found != "" && !l.matches():
		return "! MISMATCH", theme.Error
	case l.link.Fault != nil && l.link.Found == "":
		return "! parent missing", theme.Error
	case l.link.Fault != nil:
		return "! not usable", theme.Error
	case l.more:
		return "ok", theme.Good
	case l.info.Parent != "":
		return "! parent missing", theme.Error
	}
	return "base", theme.Label
}

// matches reports whether the parent found is one that the child accepts.
func (l layer) matches() bool {
	for _, w := range l.link.Wanted {
		if w == l.link.Found {
			return true
		}
	}
	return false
}
