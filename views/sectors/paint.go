package sectors

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/views/grid"
	"platter/views/hexgrid"
	"platter/views/theme"
)

// View paints the screen, or gives the last one again if nothing changed.
func (v *View) View() string { return v.canvas.Paint(v.theme, v.w, v.h, v.draw) }

func (v *View) draw(a grid.Area) {
	if r := v.lay.bytes; r.Shows() {
		v.paintBytes(v.frame(r.In(a)))
	}
	if r := v.lay.list; r.Shows() {
		v.paintList(r.In(a).Box(v.theme, "Partitions", v.focus == listPane))
	}
	if r := v.lay.where; r.Shows() {
		v.paintWhere(r.In(a))
	}
	if r := v.lay.inspect; r.Shows() {
		v.read()
		v.inspector.Draw(r.In(a).Box(v.theme, v.inspector.Title(), false))
	}
	if r := v.lay.explain; r.Shows() {
		v.paintExplain(r.In(a).Box(v.theme, "Explain", false))
	}
}

// frame draws the frame of the bytes, another one while they are overwritten.
func (v *View) frame(a grid.Area) grid.Area {
	if v.edit.On() {
		return a.EditBox(v.theme, v.edit.Words()+"  "+v.title())
	}
	return a.Box(v.theme, v.title(), v.focus == bytesPane)
}

// title says where the cursor is in the guest's terms.
func (v *View) title() string {
	parts := []string{"Virtual disk" + v.foreign.words()}
	if v.ground.size > 0 {
		parts = append(parts, fmt.Sprintf("LBA %d", v.hex.Cursor()/v.hex.Source().Sector))
	}
	var inside []string
	if p, ok := v.partition(v.hex.Cursor()); ok {
		inside = append(inside, fmt.Sprintf("partition %d", p.Number))
	}
	if n, ok := v.fact.structure(); ok && v.known() && len(v.fact.nodes) > 0 && n.Ref != "" {
		inside = append(inside, decode.Printable(n.Name))
	}
	if len(inside) > 0 {
		parts = append(parts, "("+strings.Join(inside, ", ")+")")
	}
	if v.volume {
		parts = append(parts, "offsets from the partition's start")
	}
	return strings.Join(parts, "  ")
}

func (v *View) paintBytes(a grid.Area) {
	if v.ground.size == 0 {
		v.paintRefused(a)
		return
	}
	v.mark()
	v.hex.Draw(a, v.focus == bytesPane)
}

// paintRefused says why there is nothing to show.
func (v *View) paintRefused(a grid.Area) {
	text := "The virtual disk is empty."
	if err := v.info.Refused; err != nil {
		text = "The virtual disk can't be read" + v.foreign.words() + ": " + decode.Printable(err.Error())
	}
	for y, l := range grid.Wrap(text, a.W()-2) {
		a.Text(1, y+1, l, theme.Message)
	}
}

// mark collects what is marked among the bytes that show.
func (v *View) mark() {
	m := &v.hex.Marks
	m.InText = v.edit.InText()
	m.High, m.Half = v.edit.Half()
	m.Staged = append(v.ground.staged(m.Staged[:0], v.staged, v.hex.Shown()), v.foreign.list...)
	v.hex.Frame(0, 0, false)
	if n, ok := v.current(); ok {
		v.hex.Frame(n.Place.Offset, n.Place.Length, false)
	}
	v.hex.Origin = hexgrid.Range{}
	if p, ok := v.volumeHere(); ok {
		v.hex.Origin = hexgrid.Range{Start: p.Start, End: p.End()}
	}
}

// volumeHere is the partition whose addresses are shown.
func (v *View) volumeHere() (disk.Partition, bool) {
	if !v.volume {
		return disk.Partition{}, false
	}
	return v.partition(v.hex.Cursor())
}
