package chain

import (
	"fmt"
	"iter"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views/grid"
	"platter/views/theme"
	"platter/views/widget/parts"
)

// holding is what a layer stores of a part of the disk.
type holding uint8

const (
	unknown   holding = iota
	nothing           // the layer stores nothing
	answering         // the layer stores all, and that is what the disk shows
	partly            // the layer stores some of it, and that is what the disk shows
	covered           // a newer layer hides some of what it stores
)

// holdingLooks are their signs.
var holdingLooks = [...]struct {
	r     rune
	style theme.Style
	words string
}{
	unknown:   {' ', theme.Plain, ""},
	nothing:   {'.', theme.StateNone, "not stored in this layer"},
	answering: {'#', theme.StateFull, "stored, and shown"},
	partly:    {'+', theme.StatePartial, "stored in part"},
	covered:   {'o', theme.StateUnmapped, "stored, but a newer layer hides it"},
}

// ownScan looks through what one layer stores, also where a newer one hides
// it.
type ownScan struct {
	parts.Scan[holding]
	layer int
	img   disk.Image // of the layer
}

// overlay shows what the layer under the cursor stores, or the answers again.
func (v *View) overlay() tea.Cmd {
	if v.own.img != nil {
		v.own = ownScan{}
		return nil
	}
	return v.showOwn()
}

// showOwn begins to look through the layer under the cursor.
func (v *View) showOwn() tea.Cmd {
	img := v.image
	for range v.rows.Cursor {
		img = img.Parent()
	}
	top, layer := v.image, int(v.rows.Cursor)
	look := func(off, n int64) (holding, error) { return holdingOf(img, top, layer, off, n) }
	v.own = ownScan{parts.New(top, look), layer, img}
	return v.own.Step()
}

func (v *View) takeOwn(msg parts.Found[holding]) tea.Cmd {
	v.canvas.Dirty = true
	_, next := v.own.Take(msg)
	return next
}

// holdingOf compares what a layer stores of a range with what the whole chain
// takes from it.
func holdingOf(img, top disk.Image, layer int, off, n int64) (holding, error) {
	if n = min(n, img.Info().VirtualSize-off); n <= 0 {
		return nothing, nil
	}
	own, err := stored(disk.MapOwn(img, off, n), 0)
	if err != nil || own == 0 {
		return nothing, err
	}
	shown, err := stored(top.Map(off, n), layer)
	switch {
	case shown < own:
		return covered, err
	case own < n:
		return partly, err
	}
	return answering, err
}

// stored counts the bytes of mapped spans that a layer answers for.
func stored(mapped iter.Seq2[disk.Span, error], layer int) (sum int64, err error) {
	for s, err := range mapped {
		if err != nil {
			return sum, err
		}
		if s.State == disk.Data && s.Layer == layer {
			sum += s.Length
		}
	}
	return sum, nil
}

// cell is what shows in one of n cells: what is hidden wins.
func (o *ownScan) cell(i, n int) holding {
	h := unknown
	for _, p := range o.Cell(i, n) {
		h = max(h, p)
	}
	return h
}

// words tell about a cell.
func (o *ownScan) words(i, n int) string {
	if h := o.cell(i, n); h != unknown {
		return holdingLooks[h].words
	}
	return "not scanned yet"
}

func (v *View) ownTitle() string {
	s := fmt.Sprintf("What layer %d stores, %s", v.own.layer, v.layers[v.own.layer].name())
	switch {
	case v.own.Err != nil:
		s += "  ! unknown"
	case v.own.Running:
		s += fmt.Sprintf("  %d %%", v.own.Percent())
	}
	return s
}

// drawOwn draws the cells of the strip and explains their signs.
func (v *View) drawOwn(strip, legend grid.Area) {
	n := v.cells()
	for i := range n {
		l := holdingLooks[v.own.cell(i, n)]
		style := l.style
		if i == v.cell && v.focus == stripPane {
			style = theme.Cursor
		}
		strip.Set(i%strip.W(), i/strip.W(), l.r, style)
	}
	x := 1
	for _, l := range holdingLooks[nothing:] {
		if x+3+grid.Width(l.words) <= legend.W() {
			legend.Set(x, 0, l.r, l.style)
			x = legend.Text(x+2, 0, l.words, theme.Dim) + 3
		}
	}
}
