package chain

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
)

// spansShown bounds the ways through the layers that are told of one cell.
const spansShown = 2

// way finds out how the first bytes of the cell under the cursor are found,
// through which entries and bits of which layers.
func (v *View) way() tea.Cmd {
	v.trail = trail{gen: views.NewGen()}
	n := v.cells()
	if n == 0 || !v.image.Info().Readable() {
		return nil
	}
	img, gen := v.image, v.trail.gen
	off, end := v.scan.Bounds(v.cell, n)
	return func() tea.Msg {
		t := trail{gen: gen}
		for s, err := range img.Map(off, end-off) {
			if err != nil {
				t.lines = append(t.lines, decode.Printable(err.Error()))
				break
			}
			if len(t.lines) == spansShown {
				t.lines[spansShown-1] += "  ..."
				break
			}
			t.lines = append(t.lines, spanWords(s))
		}
		return trailed{gen, t}
	}
}

// spanWords tells the way to a span's bytes in a line.
func spanWords(s disk.Span) string {
	text := fmt.Sprintf("0x%x, %s: %s", s.Start, decode.FormatSize(uint64(s.Length)), s.State)
	if s.State == disk.Data {
		text = fmt.Sprintf("0x%x, %s: layer %d, %s at 0x%x", s.Start, decode.FormatSize(uint64(s.Length)), s.Layer, s.File, s.Offset)
	}
	layer := -1
	for _, via := range s.Via {
		if via.Layer != layer {
			layer = via.Layer
			text += fmt.Sprintf(" | layer %d", layer)
		}
		if via.IsBit {
			text += fmt.Sprintf(" %s bit %d = %d", via.Table, via.Index, via.Raw)
		} else {
			text += fmt.Sprintf(" %s[%d] = 0x%x", via.Table, via.Index, via.Raw)
		}
	}
	return decode.Printable(text)
}
